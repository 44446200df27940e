{{- define "codeartifact-operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Name of what is cluster-scoped, so that releases in several namespaces do not meet. */}}
{{- define "codeartifact-operator.clusterScopedName" -}}
{{- $name := include "codeartifact-operator.fullname" . -}}
{{- if eq $name .Release.Namespace -}}{{- $name -}}{{- else -}}{{- printf "%s-%s" $name .Release.Namespace -}}{{- end -}}
{{- end -}}

{{- define "codeartifact-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "codeartifact-operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is needed when serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "codeartifact-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "codeartifact-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "codeartifact-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Names of what the hooks make. */}}
{{- define "codeartifact-operator.crdHookName" -}}
{{- printf "%s-crds" (include "codeartifact-operator.fullname" . | trunc 58 | trimSuffix "-") -}}
{{- end -}}

{{- define "codeartifact-operator.releaseHookName" -}}
{{- printf "%s-release" (include "codeartifact-operator.fullname" . | trunc 55 | trimSuffix "-") -}}
{{- end -}}

{{- define "codeartifact-operator.labels" -}}
{{ include "codeartifact-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "codeartifact-operator.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* What the values say; else several replicas keep apart. */}}
{{- define "codeartifact-operator.affinity" -}}
{{- if .Values.affinity -}}
{{ toYaml .Values.affinity }}
{{- else if gt (int .Values.replicas) 1 -}}
podAntiAffinity:
  preferredDuringSchedulingIgnoredDuringExecution:
  - weight: 100
    podAffinityTerm:
      topologyKey: kubernetes.io/hostname
      labelSelector:
        matchLabels:
          {{- include "codeartifact-operator.selectorLabels" . | nindent 10 }}
{{- end -}}
{{- end -}}

{{- define "codeartifact-operator.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
# The projected tokens of IRSA and Pod Identity must be readable.
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "codeartifact-operator.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Whom the process works for and as whom it leads: the same for every command that works on objects. */}}
{{- define "codeartifact-operator.scopeArguments" -}}
{{- with .Values.namespaces -}}
- --namespaces={{ uniq . | join "," }}
{{ end -}}
{{- with .Values.clusterName -}}
- --cluster-name={{ . }}
{{ end -}}
- --operator-namespace=$(POD_NAMESPACE)
- --lease-name={{ include "codeartifact-operator.fullname" . }}
- --log-format={{ .Values.logFormat }}
- --log-level={{ .Values.logLevel }}
{{- end -}}

{{- define "codeartifact-operator.environment" -}}
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- if .Values.caBundle }}
- name: SSL_CERT_FILE
  value: /etc/codeartifact-operator/ca/{{ required "caBundle.key is needed" .Values.caBundle.key }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Where the process finds certificates, and what else the values mount. Empty without either. */}}
{{- define "codeartifact-operator.volumeMounts" -}}
{{- if .Values.caBundle -}}
- name: ca-bundle
  mountPath: /etc/codeartifact-operator/ca
  readOnly: true
{{ end -}}
{{- with .Values.extraVolumeMounts -}}
{{ toYaml . }}
{{- end -}}
{{- end -}}

{{- define "codeartifact-operator.volumes" -}}
{{- with .Values.caBundle -}}
- name: ca-bundle
  {{- if .configMap }}
  configMap:
    name: {{ .configMap }}
  {{- else }}
  secret:
    secretName: {{ required "caBundle needs configMap or secret" .secret }}
  {{- end }}
{{ end -}}
{{- with .Values.extraVolumes -}}
{{ toYaml . }}
{{- end -}}
{{- end -}}

{{/* What the operator does with the objects of a namespace, wherever it works. */}}
{{- define "codeartifact-operator.namespacedRules" -}}
- apiGroups: [codeartifact-operator.dev]
  resources: [domains, repositories, packagepolicies, registrycredentials]
  verbs: [get, list, watch]
- apiGroups: [codeartifact-operator.dev]
  # Those that carry a finalizer.
  resources: [domains, repositories]
  verbs: [patch]
- apiGroups: [codeartifact-operator.dev]
  resources: [domains/status, repositories/status, packagepolicies/status, registrycredentials/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{- define "codeartifact-operator.subjects" -}}
subjects:
- kind: ServiceAccount
  name: {{ include "codeartifact-operator.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}


{{/* How Prometheus reads a pod, from a monitor of the values. */}}
{{- define "codeartifact-operator.scrape" -}}
port: http
path: /metrics
{{- with .interval }}
interval: {{ . }}
{{- end }}
{{- with .scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- with .relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
