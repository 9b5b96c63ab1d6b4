{{/* What the pods of one service share. Call with dict "root" $ "name" "invoice" "service" <values> "role" "api". */}}
{{- define "encours.pod" -}}
metadata:
  labels:
    app.kubernetes.io/name: {{ .name }}-svc
    app.kubernetes.io/component: {{ .role }}
    app.kubernetes.io/instance: {{ .root.Release.Name }}
spec:
  terminationGracePeriodSeconds: 45
  automountServiceAccountToken: false
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    fsGroup: 10001
    seccompProfile: { type: RuntimeDefault }
  containers:
    - name: {{ .role }}
      image: "{{ .root.Values.image.registry }}/{{ .name }}-svc:{{ .root.Values.image.tag }}"
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args: [{{ .role | quote }}]
      envFrom:
        - secretRef: { name: {{ .service.secret }} }
      env:
        - { name: ENCOURS_LOG_LEVEL, value: {{ .root.Values.logLevel | quote }} }
        - { name: ENCOURS_PORT, value: {{ .service.port | quote }} }
        - { name: ENCOURS_HOST, value: "0.0.0.0" }
        {{- if eq .name "reporting" }}
        - { name: ENCOURS_WEBHOOK_ALLOW, value: {{ .root.Values.webhookAllow | quote }} }
        {{- end }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL] }
      resources: {{- toYaml (index .root.Values.resources .role) | nindent 8 }}
      volumeMounts:
        - { name: var, mountPath: /var/lib/encours }
        - { name: tmp, mountPath: /tmp }
      {{- if eq .role "api" }}
      ports:
        - { name: http, containerPort: {{ .service.port }} }
      readinessProbe:
        httpGet: { path: /readyz, port: http }
        periodSeconds: 5
      livenessProbe:
        httpGet: { path: /livez, port: http }
        periodSeconds: 10
        failureThreshold: 6
      {{- end }}
  volumes:
    - name: tmp
      emptyDir: {}
    - name: var
      {{- if eq .name "dunning" }}
      persistentVolumeClaim: { claimName: {{ .root.Values.letters.existingClaim }} }
      {{- else }}
      emptyDir: {}
      {{- end }}
{{- end }}
