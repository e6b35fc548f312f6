{{- define "activity-session.name" -}}
{{- (contains .Chart.Name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name)) | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "activity-session.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "activity-session.labels" -}}
{{ include "activity-session.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "activity-session.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* What server and migration have in common: nothing of the cluster's, no rights, no root. */}}
{{- define "activity-session.pod" -}}
automountServiceAccountToken: false
# Else each Service of the namespace would be a variable.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  # Readers of the files of secrets.
  fsGroup: 10001
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "activity-session.container" -}}
image: {{ include "activity-session.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
resources: {{- toYaml .Values.resources | nindent 2 }}
{{- end }}

{{/* A volume with one Secret, given the Secret's name: whole folders, since a single file would never change. */}}
{{- define "activity-session.secret" -}}
secret: { secretName: {{ . | quote }}, defaultMode: 0440 }
{{- end }}

{{/* A probe of a service, empty for the process: over TLS the kubelet cannot ask by itself. */}}
{{- define "activity-session.probe" -}}
{{- $service := .service -}}
{{- with .root.Values -}}
{{- if .tls.existingSecret -}}
exec:
  command: [activity-session, health, --tls-server-name, {{ .tls.serverName | quote }}, --service, {{ $service | quote }}]
{{- else -}}
grpc: { port: 50051, service: {{ $service | quote }} }
{{- end }}
timeoutSeconds: 6
{{- end }}
{{- end }}
