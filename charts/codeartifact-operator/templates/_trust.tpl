{{/* Who may assume the operator's IAM role, for the notes. */}}

{{- define "codeartifact-operator.roleArn" -}}
{{- get .Values.serviceAccount.annotations "eks.amazonaws.com/role-arn" -}}
{{- end -}}

{{/* The account of the role: from its ARN, else the account that the operator works in. */}}
{{- define "codeartifact-operator.roleAccount" -}}
{{- $arn := include "codeartifact-operator.roleArn" . -}}
{{- if $arn -}}{{ index (splitList ":" $arn) 4 }}{{- else -}}{{ .Values.account.accountId | default "ACCOUNT" }}{{- end -}}
{{- end -}}

{{- define "codeartifact-operator.partition" -}}
{{- $arn := include "codeartifact-operator.roleArn" . -}}
{{- if $arn -}}{{ index (splitList ":" $arn) 1 }}
{{- else if hasPrefix "cn-" .Values.account.region -}}aws-cn
{{- else if hasPrefix "us-gov-" .Values.account.region -}}aws-us-gov
{{- else -}}aws
{{- end -}}
{{- end -}}

{{- define "codeartifact-operator.irsaTrustPolicy" -}}
{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Allow",
    "Principal": {"Federated": "arn:{{ include "codeartifact-operator.partition" . }}:iam::{{ include "codeartifact-operator.roleAccount" . }}:oidc-provider/OIDC_PROVIDER"},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {"StringEquals": {
      "OIDC_PROVIDER:sub": "system:serviceaccount:{{ .Release.Namespace }}:{{ include "codeartifact-operator.serviceAccountName" . }}",
      "OIDC_PROVIDER:aud": "sts.amazonaws.com"
    }}
  }]
}
{{- end -}}

{{- define "codeartifact-operator.podIdentityTrustPolicy" -}}
{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Allow",
    "Principal": {"Service": "pods.eks.amazonaws.com"},
    "Action": ["sts:AssumeRole", "sts:TagSession"],
    "Condition": {"StringEquals": {
      "aws:RequestTag/kubernetes-namespace": "{{ .Release.Namespace }}",
      "aws:RequestTag/kubernetes-service-account": "{{ include "codeartifact-operator.serviceAccountName" . }}"
    }}
  }]
}
{{- end -}}
