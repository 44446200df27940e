{{/* Two operators in one namespace would undo each other's work. The API server is asked; `helm template` asks nobody. */}}
{{- define "codeartifact-operator.refuseOverlap" -}}
{{- range (lookup "rbac.authorization.k8s.io/v1" "ClusterRole" "" "").items -}}
{{- $annotations := .metadata.annotations | default dict -}}
{{- $where := index $annotations "codeartifact-operator.dev/works-in" -}}
{{- $release := index $annotations "meta.helm.sh/release-name" -}}
{{- $namespace := index $annotations "meta.helm.sh/release-namespace" -}}
{{- if and $where (or (ne $release $.Release.Name) (ne $namespace $.Release.Namespace)) -}}
{{- $other := printf "the release %s in the namespace %s works" $release $namespace -}}
{{- if eq $where "*" -}}
{{- fail (printf "%s in the whole cluster already: give that release `namespaces`, or uninstall it first" $other) -}}
{{- end -}}
{{- if not $.Values.namespaces -}}
{{- fail (printf "%s in %s already: set `namespaces` to others, or uninstall it first" $other $where) -}}
{{- end -}}
{{- range $.Values.namespaces -}}
{{- if has . (splitList "," $where) -}}
{{- fail (printf "%s in the namespace %s already: leave it out of `namespaces`, or uninstall that release first" $other .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
