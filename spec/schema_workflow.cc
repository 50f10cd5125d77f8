// The registry's text: the kinds a user writes, their specs, templates, steps, tasks and all that belongs
// to Argo alone.
//
// The notation is explained in schema_text.h.
#include "spec/schema_text.h"

namespace skiff::spec {

// clang-format off
const TypeText kWorkflowTypes[] = {
    {"Arguments", 'M', "artifacts:[]Artifact parameters:[]Parameter"},
    {"Backoff", 'M', "cap:string duration:string factor:int_or_string maxDuration:string"},
    {"Cache", 'E', "configMap:k8s.LocalObjectReference"},
    {"ClusterWorkflowTemplate", 'E',
     "apiVersion:string kind:string metadata:k8s.ObjectMeta spec:WorkflowSpec"},
    {"ContainerNode", 'E',
     "args/M:[]string command/M:[]string dependencies:[]string env/M:[]k8s.EnvVar "
     "envFrom:[]k8s.EnvFromSource image/M:string imagePullPolicy/M:string lifecycle:k8s.Lifecycle "
     "livenessProbe:k8s.Probe name/M:string ports/I:[]k8s.ContainerPort readinessProbe:k8s.Probe "
     "resizePolicy/I:[]k8s.ContainerResizePolicy resources/M:k8s.ResourceRequirements "
     "restartPolicy:string restartPolicyRules:[]k8s.ContainerRestartRule "
     "securityContext/M:k8s.SecurityContext startupProbe:k8s.Probe stdin:bool stdinOnce:bool "
     "terminationMessagePath:string terminationMessagePolicy:string tty:bool "
     "volumeDevices/N:[]k8s.VolumeDevice volumeMounts/M:[]k8s.VolumeMount workingDir/M:string"},
    {"ContainerSetRetryStrategy", 'E', "duration:string retries:int_or_string"},
    {"ContainerSetTemplate", 'E',
     "containers:[]ContainerNode retryStrategy:ContainerSetRetryStrategy volumeMounts:[]k8s.VolumeMount"},
    {"ContinueOn", 'M', "error:bool failed:bool"},
    {"Counter", 'E', "value:string"},
    {"CronWorkflow", 'E',
     "apiVersion:string kind:string metadata:k8s.ObjectMeta spec:CronWorkflowSpec "
     "status:CronWorkflowStatus"},
    {"CronWorkflowSpec", 'E',
     "concurrencyPolicy:string failedJobsHistoryLimit:int32 schedules:[]string "
     "startingDeadlineSeconds:int64 stopStrategy:StopStrategy successfulJobsHistoryLimit:int32 "
     "suspend:bool timezone:string when:string workflowMetadata:k8s.ObjectMeta workflowSpec:WorkflowSpec"},
    {"DAGTask", 'M',
     "arguments:Arguments continueOn:ContinueOn dependencies:[]string depends:string "
     "hooks:{}LifecycleHook inline:Template name:string onExit:string template:string "
     "templateRef:TemplateRef when:string withItems:[]json withParam:string withSequence:Sequence"},
    {"DAGTemplate", 'M', "failFast:bool target:string tasks:[]DAGTask"},
    {"Event", 'E', "selector:string"},
    {"ExecutorConfig", 'I', "serviceAccountName:string"},
    {"ExecutorPlugin", 'N', "metadata:k8s.ObjectMeta spec:ExecutorPluginSpec"},
    {"ExecutorPluginSidecar", 'N', "automountServiceAccountToken:bool container:k8s.Container"},
    {"ExecutorPluginSpec", 'N', "sidecar:ExecutorPluginSidecar"},
    {"Gauge", 'E', "operation:string realtime:bool value:string"},
    {"HTTP", 'E',
     "body:string bodyFrom:HTTPBodySource headers:[]HTTPHeader insecureSkipVerify:bool method:string "
     "successCondition:string timeoutSeconds:int64 url:string"},
    {"HTTPBodySource", 'E', "bytes:bytes"},
    {"HTTPHeader", 'E', "name:string value:string valueFrom:HTTPHeaderSource"},
    {"HTTPHeaderSource", 'E', "secretKeyRef:k8s.SecretKeySelector"},
    {"Histogram", 'E', "buckets:[]number value:string"},
    {"Inputs", 'M', "artifacts:[]Artifact parameters:[]Parameter"},
    {"LabelValueFrom", 'M', "expression:string"},
    {"LifecycleHook", 'M', "arguments:Arguments expression:string template:string templateRef:TemplateRef"},
    {"ManifestFrom", 'N', "artifact:Artifact"},
    {"Memoize", 'M', "cache/E:Cache key:string maxAge:string"},
    {"Metadata", 'M', "annotations:{}string labels:{}string"},
    {"MetricLabel", 'E', "key:string value:string"},
    {"Metrics", 'E', "prometheus:[]Prometheus"},
    {"Mutex", 'E', "database:bool name/M:string namespace:string"},
    {"Outputs", 'M', "artifacts:[]Artifact exitCode:string parameters:[]Parameter result:string"},
    {"Parameter", 'M',
     "default:any_string description:any_string enum:[]any_string globalName:string name:string "
     "value:any_string valueFrom:ValueFrom"},
    {"PodGC", 'E', "deleteDelayDuration:string labelSelector:k8s.LabelSelector strategy:string"},
    {"Prometheus", 'E',
     "counter:Counter gauge:Gauge help:string histogram:Histogram labels:[]MetricLabel name:string "
     "when:string"},
    {"ResourceTemplate", 'N',
     "action:string failureCondition:string flags:[]string manifest:string manifestFrom:ManifestFrom "
     "mergeStrategy:string setOwnerReference:bool successCondition:string"},
    {"RetryAffinity", 'I', "nodeAntiAffinity:RetryNodeAntiAffinity"},
    {"RetryNodeAntiAffinity", 'I', ""},
    {"RetryStrategy", 'M',
     "affinity/I:RetryAffinity backoff:Backoff expression:string limit:int_or_string retryPolicy:string"},
    {"ScriptTemplate", 'E',
     "args/M:[]string command/M:[]string env/M:[]k8s.EnvVar envFrom:[]k8s.EnvFromSource image/M:string "
     "imagePullPolicy/M:string lifecycle:k8s.Lifecycle livenessProbe:k8s.Probe name/M:string "
     "ports/I:[]k8s.ContainerPort readinessProbe:k8s.Probe resizePolicy/I:[]k8s.ContainerResizePolicy "
     "resources/M:k8s.ResourceRequirements restartPolicy:string "
     "restartPolicyRules:[]k8s.ContainerRestartRule securityContext/M:k8s.SecurityContext "
     "source/M:string startupProbe:k8s.Probe stdin:bool stdinOnce:bool terminationMessagePath:string "
     "terminationMessagePolicy:string tty:bool volumeDevices/N:[]k8s.VolumeDevice "
     "volumeMounts/M:[]k8s.VolumeMount workingDir/M:string"},
    {"SemaphoreRef", 'E',
     "configMapKeyRef:k8s.ConfigMapKeySelector database:SyncDatabaseRef namespace:string"},
    {"Sequence", 'M', "count:int_or_string end:int_or_string format:string start:int_or_string"},
    {"StopStrategy", 'E', "expression:string"},
    {"Submit", 'E', "arguments:Arguments metadata:k8s.ObjectMeta workflowTemplateRef:WorkflowTemplateRef"},
    {"SuppliedValueFrom", 'M', ""},
    {"SuspendTemplate", 'M', "duration:string"},
    {"SyncDatabaseRef", 'E', "key:string"},
    {"Synchronization", 'M', "mutexes:[]Mutex semaphores:[]SemaphoreRef"},
    {"TTLStrategy", 'E',
     "secondsAfterCompletion:int32 secondsAfterFailure:int32 secondsAfterSuccess:int32"},
    {"Template", 'M',
     "activeDeadlineSeconds:int_or_string affinity/I:k8s.Affinity annotations:{}string "
     "archiveLocation/E:ArtifactLocation automountServiceAccountToken/I:bool container:k8s.Container "
     "containerSet/E:ContainerSetTemplate daemon:bool dag:DAGTemplate data/E:Data "
     "executor/I:ExecutorConfig failFast:bool hostAliases:[]k8s.HostAlias http/E:HTTP "
     "initContainers:[]UserContainer inputs:Inputs memoize:Memoize metadata/E:Metadata metrics/E:Metrics "
     "name:string nodeSelector/I:{}string outputs:Outputs parallelism:int64 pendingTimeout/E:string "
     "plugin/N:plugin podResources/E:k8s.ResourceRequirements podSpecPatch/E:string "
     "priorityClassName/I:string resource/N:ResourceTemplate resourceClaims/I:[]k8s.PodResourceClaim "
     "retryStrategy:RetryStrategy schedulerName/I:string script:ScriptTemplate "
     "securityContext/E:k8s.PodSecurityContext serviceAccountName/I:string sidecars:[]UserContainer "
     "steps:[][]WorkflowStep suspend:SuspendTemplate synchronization:Synchronization timeout:string "
     "tolerations/I:[]k8s.Toleration volumes:[]k8s.Volume"},
    {"TemplateRef", 'M', "clusterScope:bool name:string template:string"},
    {"UserContainer", 'E',
     "args/M:[]string command/M:[]string env/M:[]k8s.EnvVar envFrom:[]k8s.EnvFromSource image/M:string "
     "imagePullPolicy/M:string lifecycle:k8s.Lifecycle livenessProbe:k8s.Probe mirrorVolumeMounts/M:bool "
     "name/M:string ports/I:[]k8s.ContainerPort readinessProbe:k8s.Probe "
     "resizePolicy/I:[]k8s.ContainerResizePolicy resources/M:k8s.ResourceRequirements "
     "restartPolicy:string restartPolicyRules:[]k8s.ContainerRestartRule "
     "securityContext/M:k8s.SecurityContext startupProbe:k8s.Probe stdin:bool stdinOnce:bool "
     "terminationMessagePath:string terminationMessagePolicy:string tty:bool "
     "volumeDevices/N:[]k8s.VolumeDevice volumeMounts/M:[]k8s.VolumeMount workingDir/M:string"},
    {"ValueFrom", 'M',
     "configMapKeyRef/E:k8s.ConfigMapKeySelector default:any_string event/E:string expression:string "
     "jqFilter/N:string jsonPath/N:string parameter:string path:string supplied:SuppliedValueFrom"},
    {"VolumeClaimGC", 'E', "strategy:string"},
    {"Workflow", 'M',
     "apiVersion:string kind:string metadata:k8s.ObjectMeta spec:WorkflowSpec status:WorkflowStatus"},
    {"WorkflowEventBinding", 'E',
     "apiVersion:string kind:string metadata:k8s.ObjectMeta spec:WorkflowEventBindingSpec"},
    {"WorkflowEventBindingSpec", 'E', "event:Event submit:Submit"},
    {"WorkflowMetadata", 'M', "annotations:{}string labels:{}string labelsFrom:{}LabelValueFrom"},
    {"WorkflowSpec", 'M',
     "activeDeadlineSeconds:int64 affinity/I:k8s.Affinity archiveLogs:bool arguments:Arguments "
     "artifactGC/E:WorkflowLevelArtifactGC artifactRepositoryRef/E:ArtifactRepositoryRef "
     "automountServiceAccountToken/I:bool dnsConfig/E:k8s.PodDNSConfig dnsPolicy/E:string "
     "entrypoint:string executor/I:ExecutorConfig executorPlugins/N:[]ExecutorPlugin "
     "hooks:{}LifecycleHook hostAliases:[]k8s.HostAlias hostNetwork/E:bool "
     "imagePullSecrets/E:[]k8s.LocalObjectReference metrics/E:Metrics nodeSelector/I:{}string "
     "onExit:string parallelism:int64 podDisruptionBudget/I:k8s.PodDisruptionBudgetSpec podGC/E:PodGC "
     "podMetadata/E:Metadata podPriorityClassName/I:string podResources/E:k8s.ResourceRequirements "
     "podSpecPatch/E:string priority:int32 resourceClaims/I:[]k8s.PodResourceClaim "
     "retryStrategy:RetryStrategy schedulerName/I:string securityContext/E:k8s.PodSecurityContext "
     "serviceAccountName/I:string shutdown:string suspend:bool synchronization:Synchronization "
     "templateDefaults:Template templates:[]Template tolerations/I:[]k8s.Toleration "
     "ttlStrategy/E:TTLStrategy volumeClaimGC/E:VolumeClaimGC "
     "volumeClaimTemplates/E:[]k8s.PersistentVolumeClaim volumes:[]k8s.Volume "
     "workflowMetadata:WorkflowMetadata workflowTemplateRef:WorkflowTemplateRef"},
    {"WorkflowStep", 'M',
     "arguments:Arguments continueOn:ContinueOn hooks:{}LifecycleHook inline:Template name:string "
     "onExit:string template:string templateRef:TemplateRef when:string withItems:[]json "
     "withParam:string withSequence:Sequence"},
    {"WorkflowTemplate", 'M', "apiVersion:string kind:string metadata:k8s.ObjectMeta spec:WorkflowSpec"},
    {"WorkflowTemplateRef", 'M', "clusterScope:bool name:string"},
};
// clang-format on
const std::size_t kWorkflowTypesCount = std::size(kWorkflowTypes);

}  // namespace skiff::spec
