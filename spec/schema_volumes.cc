// The registry's text: the Kubernetes types of volumes, claims and projections.
//
// The notation is explained in schema_text.h.
#include "spec/schema_text.h"

namespace skiff::spec {

// clang-format off
const TypeText kVolumeTypes[] = {
    {"k8s.AWSElasticBlockStoreVolumeSource", 'N',
     "fsType:string partition:int32 readOnly:bool volumeID:string"},
    {"k8s.AzureDiskVolumeSource", 'N',
     "cachingMode:string diskName:string diskURI:string fsType:string kind:string readOnly:bool"},
    {"k8s.AzureFileVolumeSource", 'N', "readOnly:bool secretName:string shareName:string"},
    {"k8s.CSIVolumeSource", 'N',
     "driver:string fsType:string nodePublishSecretRef:k8s.LocalObjectReference readOnly:bool "
     "volumeAttributes:{}string"},
    {"k8s.CephFSVolumeSource", 'N',
     "monitors:[]string path:string readOnly:bool secretFile:string secretRef:k8s.LocalObjectReference "
     "user:string"},
    {"k8s.CinderVolumeSource", 'N',
     "fsType:string readOnly:bool secretRef:k8s.LocalObjectReference volumeID:string"},
    {"k8s.ClusterTrustBundleProjection", 'N',
     "labelSelector:k8s.LabelSelector name:string optional:bool path:string signerName:string"},
    {"k8s.ConfigMapProjection", 'E', "items:[]k8s.KeyToPath name:string optional:bool"},
    {"k8s.ConfigMapVolumeSource", 'E', "defaultMode:int32 items:[]k8s.KeyToPath name:string optional:bool"},
    {"k8s.DownwardAPIProjection", 'E', "items:[]k8s.DownwardAPIVolumeFile"},
    {"k8s.DownwardAPIVolumeFile", 'E',
     "fieldRef:k8s.ObjectFieldSelector mode:int32 path:string resourceFieldRef:k8s.ResourceFieldSelector"},
    {"k8s.DownwardAPIVolumeSource", 'E', "defaultMode:int32 items:[]k8s.DownwardAPIVolumeFile"},
    {"k8s.EmptyDirVolumeSource", 'M', "medium:string sizeLimit/I:quantity"},
    {"k8s.EphemeralVolumeSource", 'E', "volumeClaimTemplate:k8s.PersistentVolumeClaimTemplate"},
    {"k8s.FCVolumeSource", 'N', "fsType:string lun:int32 readOnly:bool targetWWNs:[]string wwids:[]string"},
    {"k8s.FlexVolumeSource", 'N',
     "driver:string fsType:string options:{}string readOnly:bool secretRef:k8s.LocalObjectReference"},
    {"k8s.FlockerVolumeSource", 'N', "datasetName:string datasetUUID:string"},
    {"k8s.GCEPersistentDiskVolumeSource", 'N', "fsType:string partition:int32 pdName:string readOnly:bool"},
    {"k8s.GitRepoVolumeSource", 'N', "directory:string repository:string revision:string"},
    {"k8s.GlusterfsVolumeSource", 'N', "endpoints:string path:string readOnly:bool"},
    {"k8s.HostPathVolumeSource", 'M', "path:string type:string"},
    {"k8s.ISCSIVolumeSource", 'N',
     "chapAuthDiscovery:bool chapAuthSession:bool fsType:string initiatorName:string iqn:string "
     "iscsiInterface:string lun:int32 portals:[]string readOnly:bool secretRef:k8s.LocalObjectReference "
     "targetPortal:string"},
    {"k8s.ImageVolumeSource", 'N', "pullPolicy:string reference:string"},
    {"k8s.KeyToPath", 'M', "key:string mode:int32 path:string"},
    {"k8s.ModifyVolumeStatus", 'I', "status:string targetVolumeAttributesClassName:string"},
    {"k8s.NFSVolumeSource", 'E', "path:string readOnly:bool server:string"},
    {"k8s.PersistentVolumeClaim", 'E',
     "apiVersion:string kind:string metadata:k8s.ObjectMeta spec:k8s.PersistentVolumeClaimSpec "
     "status:k8s.PersistentVolumeClaimStatus"},
    {"k8s.PersistentVolumeClaimCondition", 'I',
     "lastProbeTime:time lastTransitionTime:time message:string reason:string status:string type:string"},
    {"k8s.PersistentVolumeClaimSpec", 'I',
     "accessModes:[]string dataSource:k8s.TypedLocalObjectReference "
     "dataSourceRef:k8s.TypedObjectReference resources:k8s.VolumeResourceRequirements "
     "selector:k8s.LabelSelector storageClassName:string volumeAttributesClassName:string "
     "volumeMode:string volumeName/E:string"},
    {"k8s.PersistentVolumeClaimStatus", 'I',
     "accessModes:[]string allocatedResourceStatuses:{}string allocatedResources:{}quantity "
     "capacity:{}quantity conditions:[]k8s.PersistentVolumeClaimCondition "
     "currentVolumeAttributesClassName:string modifyVolumeStatus:k8s.ModifyVolumeStatus phase:string"},
    {"k8s.PersistentVolumeClaimTemplate", 'E',
     "metadata:k8s.ObjectMeta spec:k8s.PersistentVolumeClaimSpec"},
    {"k8s.PersistentVolumeClaimVolumeSource", 'E', "claimName:string readOnly:bool"},
    {"k8s.PhotonPersistentDiskVolumeSource", 'N', "fsType:string pdID:string"},
    {"k8s.PodCertificateProjection", 'N',
     "certificateChainPath:string credentialBundlePath:string keyPath:string keyType:string "
     "maxExpirationSeconds:int32 signerName:string userAnnotations:{}string"},
    {"k8s.PortworxVolumeSource", 'N', "fsType:string readOnly:bool volumeID:string"},
    {"k8s.ProjectedVolumeSource", 'E', "defaultMode:int32 sources:[]k8s.VolumeProjection"},
    {"k8s.QuobyteVolumeSource", 'N',
     "group:string readOnly:bool registry:string tenant:string user:string volume:string"},
    {"k8s.RBDVolumeSource", 'N',
     "fsType:string image:string keyring:string monitors:[]string pool:string readOnly:bool "
     "secretRef:k8s.LocalObjectReference user:string"},
    {"k8s.ScaleIOVolumeSource", 'N',
     "fsType:string gateway:string protectionDomain:string readOnly:bool "
     "secretRef:k8s.LocalObjectReference sslEnabled:bool storageMode:string storagePool:string "
     "system:string volumeName:string"},
    {"k8s.SecretProjection", 'E', "items:[]k8s.KeyToPath name:string optional:bool"},
    {"k8s.SecretVolumeSource", 'E',
     "defaultMode:int32 items:[]k8s.KeyToPath optional:bool secretName:string"},
    {"k8s.ServiceAccountTokenProjection", 'I', "audience:string expirationSeconds:int64 path:string"},
    {"k8s.StorageOSVolumeSource", 'N',
     "fsType:string readOnly:bool secretRef:k8s.LocalObjectReference volumeName:string "
     "volumeNamespace:string"},
    {"k8s.TypedLocalObjectReference", 'I', "apiGroup:string kind:string name:string"},
    {"k8s.TypedObjectReference", 'I', "apiGroup:string kind:string name:string namespace:string"},
    {"k8s.Volume", 'N',
     "awsElasticBlockStore:k8s.AWSElasticBlockStoreVolumeSource azureDisk:k8s.AzureDiskVolumeSource "
     "azureFile:k8s.AzureFileVolumeSource cephfs:k8s.CephFSVolumeSource cinder:k8s.CinderVolumeSource "
     "configMap/E:k8s.ConfigMapVolumeSource csi:k8s.CSIVolumeSource "
     "downwardAPI/E:k8s.DownwardAPIVolumeSource emptyDir/M:k8s.EmptyDirVolumeSource "
     "ephemeral/E:k8s.EphemeralVolumeSource fc:k8s.FCVolumeSource flexVolume:k8s.FlexVolumeSource "
     "flocker:k8s.FlockerVolumeSource gcePersistentDisk:k8s.GCEPersistentDiskVolumeSource "
     "gitRepo:k8s.GitRepoVolumeSource glusterfs:k8s.GlusterfsVolumeSource "
     "hostPath/M:k8s.HostPathVolumeSource image:k8s.ImageVolumeSource iscsi:k8s.ISCSIVolumeSource "
     "name/M:string nfs/E:k8s.NFSVolumeSource "
     "persistentVolumeClaim/E:k8s.PersistentVolumeClaimVolumeSource "
     "photonPersistentDisk:k8s.PhotonPersistentDiskVolumeSource portworxVolume:k8s.PortworxVolumeSource "
     "projected/E:k8s.ProjectedVolumeSource quobyte:k8s.QuobyteVolumeSource rbd:k8s.RBDVolumeSource "
     "scaleIO:k8s.ScaleIOVolumeSource secret/E:k8s.SecretVolumeSource "
     "storageos:k8s.StorageOSVolumeSource vsphereVolume:k8s.VsphereVirtualDiskVolumeSource"},
    {"k8s.VolumeDevice", 'N', "devicePath:string name:string"},
    {"k8s.VolumeMount", 'M',
     "mountPath:string mountPropagation:string name:string readOnly:bool recursiveReadOnly:string "
     "subPath:string subPathExpr:string"},
    {"k8s.VolumeProjection", 'I',
     "clusterTrustBundle:k8s.ClusterTrustBundleProjection configMap/E:k8s.ConfigMapProjection "
     "downwardAPI/E:k8s.DownwardAPIProjection podCertificate:k8s.PodCertificateProjection "
     "secret/E:k8s.SecretProjection serviceAccountToken:k8s.ServiceAccountTokenProjection"},
    {"k8s.VolumeResourceRequirements", 'E', "limits:{}quantity requests:{}quantity"},
    {"k8s.VsphereVirtualDiskVolumeSource", 'N',
     "fsType:string storagePolicyID:string storagePolicyName:string volumePath:string"},
};
// clang-format on
const std::size_t kVolumeTypesCount = std::size(kVolumeTypes);

}  // namespace skiff::spec
