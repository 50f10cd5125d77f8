// The registry's text: the Kubernetes types of a pod (without volumes), of object metadata, ConfigMap and
// Secret.
//
// The notation is explained in schema_text.h.
#include "spec/schema_text.h"

namespace skiff::spec {

// clang-format off
const TypeText kPodTypes[] = {
    {"k8s.Affinity", 'I',
     "nodeAffinity:k8s.NodeAffinity podAffinity:k8s.PodAffinity podAntiAffinity:k8s.PodAntiAffinity"},
    {"k8s.AppArmorProfile", 'E', "localhostProfile:string type:string"},
    {"k8s.Capabilities", 'M', "add:[]string drop:[]string"},
    {"k8s.ConfigMap", 'E',
     "apiVersion:string binaryData:{}bytes data:{}string immutable/I:bool kind:string "
     "metadata:k8s.ObjectMeta"},
    {"k8s.ConfigMapEnvSource", 'E', "name:string optional:bool"},
    {"k8s.ConfigMapKeySelector", 'E', "key:string name:string optional:bool"},
    {"k8s.Container", 'E',
     "args/M:[]string command/M:[]string env/M:[]k8s.EnvVar envFrom:[]k8s.EnvFromSource image/M:string "
     "imagePullPolicy/M:string lifecycle:k8s.Lifecycle livenessProbe:k8s.Probe name/M:string "
     "ports/I:[]k8s.ContainerPort readinessProbe:k8s.Probe resizePolicy/I:[]k8s.ContainerResizePolicy "
     "resources/M:k8s.ResourceRequirements restartPolicy:string "
     "restartPolicyRules:[]k8s.ContainerRestartRule securityContext/M:k8s.SecurityContext "
     "startupProbe:k8s.Probe stdin:bool stdinOnce:bool terminationMessagePath:string "
     "terminationMessagePolicy:string tty:bool volumeDevices/N:[]k8s.VolumeDevice "
     "volumeMounts/M:[]k8s.VolumeMount workingDir/M:string"},
    {"k8s.ContainerPort", 'I',
     "containerPort:int32 hostIP:string hostPort:int32 name:string protocol:string"},
    {"k8s.ContainerResizePolicy", 'I', "resourceName:string restartPolicy:string"},
    {"k8s.ContainerRestartRule", 'E', "action:string exitCodes:k8s.ContainerRestartRuleOnExitCodes"},
    {"k8s.ContainerRestartRuleOnExitCodes", 'E', "operator:string values:[]int32"},
    {"k8s.EnvFromSource", 'E',
     "configMapRef:k8s.ConfigMapEnvSource prefix:string secretRef:k8s.SecretEnvSource"},
    {"k8s.EnvVar", 'M', "name:string value:string valueFrom:k8s.EnvVarSource"},
    {"k8s.EnvVarSource", 'E',
     "configMapKeyRef:k8s.ConfigMapKeySelector fieldRef:k8s.ObjectFieldSelector "
     "fileKeyRef:k8s.FileKeySelector resourceFieldRef:k8s.ResourceFieldSelector "
     "secretKeyRef:k8s.SecretKeySelector"},
    {"k8s.ExecAction", 'E', "command:[]string"},
    {"k8s.FileKeySelector", 'E', "key:string optional:bool path:string volumeName:string"},
    {"k8s.GRPCAction", 'E', "port:int32 service:string"},
    {"k8s.HTTPGetAction", 'E',
     "host:string httpHeaders:[]k8s.HTTPHeader path:string port:int_or_string scheme:string"},
    {"k8s.HTTPHeader", 'E', "name:string value:string"},
    {"k8s.HostAlias", 'M', "hostnames:[]string ip:string"},
    {"k8s.LabelSelector", 'M', "matchExpressions:[]k8s.LabelSelectorRequirement matchLabels:{}string"},
    {"k8s.LabelSelectorRequirement", 'M', "key:string operator:string values:[]string"},
    {"k8s.Lifecycle", 'E', "postStart:k8s.LifecycleHandler preStop:k8s.LifecycleHandler stopSignal:string"},
    {"k8s.LifecycleHandler", 'E',
     "exec:k8s.ExecAction httpGet:k8s.HTTPGetAction sleep:k8s.SleepAction tcpSocket:k8s.TCPSocketAction"},
    {"k8s.List", 'E', "apiVersion:string items:[]json kind:string metadata:json_object"},
    {"k8s.LocalObjectReference", 'E', "name:string"},
    {"k8s.ManagedFieldsEntry", 'I',
     "apiVersion:string fieldsType:string fieldsV1:json_object manager:string operation:string "
     "subresource:string time:time"},
    {"k8s.NodeAffinity", 'I',
     "preferredDuringSchedulingIgnoredDuringExecution:[]k8s.PreferredSchedulingTerm "
     "requiredDuringSchedulingIgnoredDuringExecution:k8s.NodeSelector"},
    {"k8s.NodeSelector", 'I', "nodeSelectorTerms:[]k8s.NodeSelectorTerm"},
    {"k8s.NodeSelectorRequirement", 'I', "key:string operator:string values:[]string"},
    {"k8s.NodeSelectorTerm", 'I',
     "matchExpressions:[]k8s.NodeSelectorRequirement matchFields:[]k8s.NodeSelectorRequirement"},
    {"k8s.ObjectFieldSelector", 'E', "apiVersion:string fieldPath:string"},
    {"k8s.ObjectMeta", 'I',
     "annotations/M:{}string creationTimestamp/E:time deletionGracePeriodSeconds:int64 "
     "deletionTimestamp:time finalizers:[]string generateName/M:string generation:int64 "
     "labels/M:{}string managedFields:[]k8s.ManagedFieldsEntry name/M:string namespace/E:string "
     "ownerReferences:[]k8s.OwnerReference resourceVersion/E:string selfLink:string uid/E:string"},
    {"k8s.ObjectReference", 'M',
     "apiVersion:string fieldPath:string kind:string name:string namespace:string resourceVersion:string "
     "uid:string"},
    {"k8s.OwnerReference", 'I',
     "apiVersion:string blockOwnerDeletion:bool controller:bool kind:string name:string uid:string"},
    {"k8s.PodAffinity", 'I',
     "preferredDuringSchedulingIgnoredDuringExecution:[]k8s.WeightedPodAffinityTerm "
     "requiredDuringSchedulingIgnoredDuringExecution:[]k8s.PodAffinityTerm"},
    {"k8s.PodAffinityTerm", 'I',
     "labelSelector:k8s.LabelSelector matchLabelKeys:[]string mismatchLabelKeys:[]string "
     "namespaceSelector:k8s.LabelSelector namespaces:[]string topologyKey:string"},
    {"k8s.PodAntiAffinity", 'I',
     "preferredDuringSchedulingIgnoredDuringExecution:[]k8s.WeightedPodAffinityTerm "
     "requiredDuringSchedulingIgnoredDuringExecution:[]k8s.PodAffinityTerm"},
    {"k8s.PodDNSConfig", 'E', "nameservers:[]string options:[]k8s.PodDNSConfigOption searches:[]string"},
    {"k8s.PodDNSConfigOption", 'E', "name:string value:string"},
    {"k8s.PodDisruptionBudgetSpec", 'I',
     "maxUnavailable:int_or_string minAvailable:int_or_string selector:k8s.LabelSelector "
     "unhealthyPodEvictionPolicy:string"},
    {"k8s.PodResourceClaim", 'I', "name:string resourceClaimName:string resourceClaimTemplateName:string"},
    {"k8s.PodSecurityContext", 'E',
     "appArmorProfile:k8s.AppArmorProfile fsGroup:int64 fsGroupChangePolicy/I:string runAsGroup:int64 "
     "runAsNonRoot:bool runAsUser:int64 seLinuxChangePolicy/I:string seLinuxOptions/I:k8s.SELinuxOptions "
     "seccompProfile:k8s.SeccompProfile supplementalGroups:[]int64 supplementalGroupsPolicy/I:string "
     "sysctls:[]k8s.Sysctl windowsOptions/I:k8s.WindowsSecurityContextOptions"},
    {"k8s.PreferredSchedulingTerm", 'I', "preference:k8s.NodeSelectorTerm weight:int32"},
    {"k8s.Probe", 'E',
     "exec:k8s.ExecAction failureThreshold:int32 grpc:k8s.GRPCAction httpGet:k8s.HTTPGetAction "
     "initialDelaySeconds:int32 periodSeconds:int32 successThreshold:int32 tcpSocket:k8s.TCPSocketAction "
     "terminationGracePeriodSeconds:int64 timeoutSeconds:int32"},
    {"k8s.ResourceClaim", 'I', "name:string request:string"},
    {"k8s.ResourceFieldSelector", 'E', "containerName:string divisor:quantity resource:string"},
    {"k8s.ResourceRequirements", 'I',
     "claims:[]k8s.ResourceClaim limits/M:{}quantity requests/E:{}quantity"},
    {"k8s.SELinuxOptions", 'I', "level:string role:string type:string user:string"},
    {"k8s.SeccompProfile", 'E', "localhostProfile:string type:string"},
    {"k8s.Secret", 'E',
     "apiVersion:string data:{}bytes immutable/I:bool kind:string metadata:k8s.ObjectMeta "
     "stringData:{}string type:string"},
    {"k8s.SecretEnvSource", 'E', "name:string optional:bool"},
    {"k8s.SecretKeySelector", 'E', "key:string name:string optional:bool"},
    {"k8s.SecurityContext", 'M',
     "allowPrivilegeEscalation:bool appArmorProfile/E:k8s.AppArmorProfile capabilities:k8s.Capabilities "
     "privileged:bool procMount/E:string readOnlyRootFilesystem:bool runAsGroup:int64 "
     "runAsNonRoot/E:bool runAsUser:int64 seLinuxOptions/I:k8s.SELinuxOptions "
     "seccompProfile/E:k8s.SeccompProfile windowsOptions/I:k8s.WindowsSecurityContextOptions"},
    {"k8s.SleepAction", 'E', "seconds:int64"},
    {"k8s.Sysctl", 'E', "name:string value:string"},
    {"k8s.TCPSocketAction", 'E', "host:string port:int_or_string"},
    {"k8s.Toleration", 'I',
     "effect:string key:string operator:string tolerationSeconds:int64 value:string"},
    {"k8s.WeightedPodAffinityTerm", 'I', "podAffinityTerm:k8s.PodAffinityTerm weight:int32"},
    {"k8s.WindowsSecurityContextOptions", 'I',
     "gmsaCredentialSpec:string gmsaCredentialSpecName:string hostProcess:bool runAsUserName:string"},
};
// clang-format on
const std::size_t kPodTypesCount = std::size(kPodTypes);

}  // namespace skiff::spec
