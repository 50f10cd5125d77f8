// The registry's text: Argo's artifacts: where they lie, how they are packed, repositories, and `data`
// templates.
//
// The notation is explained in schema_text.h.
#include "spec/schema_text.h"

namespace skiff::spec {

// clang-format off
const TypeText kArtifactTypes[] = {
    {"ArchiveStrategy", 'M', "none:NoneStrategy tar:TarStrategy zip:ZipStrategy"},
    {"Artifact", 'M',
     "archive:ArchiveStrategy archiveLogs:bool artifactGC/E:ArtifactGC artifactory/E:ArtifactoryArtifact "
     "azure/E:AzureArtifact deleted/E:bool from:string fromExpression:string gcs/E:GCSArtifact "
     "git/E:GitArtifact globalName:string hdfs/E:HDFSArtifact http/E:HTTPArtifact mode:int32 name:string "
     "optional:bool oss/E:OSSArtifact path:string plugin/N:PluginArtifact raw:RawArtifact "
     "recurseMode:bool s3/E:S3Artifact subPath:string"},
    {"ArtifactGC", 'I', "podMetadata:Metadata serviceAccountName:string strategy/E:string"},
    {"ArtifactLocation", 'E',
     "archiveLogs/M:bool artifactory:ArtifactoryArtifact azure:AzureArtifact gcs:GCSArtifact "
     "git:GitArtifact hdfs/E:HDFSArtifact http:HTTPArtifact oss:OSSArtifact plugin/N:PluginArtifact "
     "raw/M:RawArtifact s3:S3Artifact"},
    {"ArtifactPaths", 'E',
     "archive:ArchiveStrategy archiveLogs:bool artifactGC:ArtifactGC artifactory:ArtifactoryArtifact "
     "azure:AzureArtifact deleted:bool from:string fromExpression:string gcs:GCSArtifact git:GitArtifact "
     "globalName:string hdfs/E:HDFSArtifact http:HTTPArtifact mode:int32 name:string optional:bool "
     "oss:OSSArtifact path:string plugin/N:PluginArtifact raw:RawArtifact recurseMode:bool s3:S3Artifact "
     "subPath:string"},
    {"ArtifactRepository", 'E',
     "archiveLogs:bool artifactory:ArtifactoryArtifactRepository azure:AzureArtifactRepository "
     "gcs:GCSArtifactRepository hdfs/E:HDFSArtifactRepository oss:OSSArtifactRepository "
     "plugin/N:PluginArtifactRepository s3:S3ArtifactRepository"},
    {"ArtifactRepositoryRef", 'E', "configMap:string key:string"},
    {"ArtifactoryArtifact", 'E',
     "passwordSecret:k8s.SecretKeySelector url:string usernameSecret:k8s.SecretKeySelector"},
    {"ArtifactoryArtifactRepository", 'E',
     "keyFormat:string passwordSecret:k8s.SecretKeySelector repoURL:string "
     "usernameSecret:k8s.SecretKeySelector"},
    {"AzureArtifact", 'E',
     "accountKeySecret:k8s.SecretKeySelector blob:string container:string endpoint:string "
     "useSDKCreds:bool"},
    {"AzureArtifactRepository", 'E',
     "accountKeySecret:k8s.SecretKeySelector blobNameFormat:string container:string endpoint:string "
     "useSDKCreds:bool"},
    {"BasicAuth", 'E', "passwordSecret:k8s.SecretKeySelector usernameSecret:k8s.SecretKeySelector"},
    {"ClientCertAuth", 'E', "clientCertSecret:k8s.SecretKeySelector clientKeySecret:k8s.SecretKeySelector"},
    {"CreateS3BucketOptions", 'I', "objectLocking:bool"},
    {"Data", 'E', "source:DataSource transformation:[]TransformationStep"},
    {"DataSource", 'E', "artifactPaths:ArtifactPaths"},
    {"GCSArtifact", 'E', "bucket:string key:string serviceAccountKeySecret:k8s.SecretKeySelector"},
    {"GCSArtifactRepository", 'E',
     "bucket:string keyFormat:string serviceAccountKeySecret:k8s.SecretKeySelector"},
    {"GitArtifact", 'E',
     "branch:string depth:int64 disableSubmodules:bool fetch:[]string insecureIgnoreHostKey:bool "
     "insecureSkipTLS:bool passwordSecret:k8s.SecretKeySelector repo:string revision:string "
     "singleBranch:bool sshPrivateKeySecret:k8s.SecretKeySelector usernameSecret:k8s.SecretKeySelector"},
    {"HDFSArtifact", 'E',
     "addresses:[]string dataTransferProtection:string force:bool hdfsUser:string "
     "krbCCacheSecret:k8s.SecretKeySelector krbConfigConfigMap:k8s.ConfigMapKeySelector "
     "krbKeytabSecret:k8s.SecretKeySelector krbRealm:string krbServicePrincipalName:string "
     "krbUsername:string path:string"},
    {"HDFSArtifactRepository", 'E',
     "addresses:[]string dataTransferProtection:string force:bool hdfsUser:string "
     "krbCCacheSecret:k8s.SecretKeySelector krbConfigConfigMap:k8s.ConfigMapKeySelector "
     "krbKeytabSecret:k8s.SecretKeySelector krbRealm:string krbServicePrincipalName:string "
     "krbUsername:string pathFormat:string"},
    {"HTTPArtifact", 'E', "auth:HTTPAuth headers:[]Header saveStreamViaFile:bool url:string"},
    {"HTTPAuth", 'E', "basicAuth:BasicAuth clientCert:ClientCertAuth oauth2:OAuth2Auth"},
    {"Header", 'E', "name:string value:string"},
    {"NoneStrategy", 'M', ""},
    {"OAuth2Auth", 'E',
     "clientIDSecret:k8s.SecretKeySelector clientSecretSecret:k8s.SecretKeySelector "
     "endpointParams:[]OAuth2EndpointParam scopes:[]string tokenURLSecret:k8s.SecretKeySelector"},
    {"OAuth2EndpointParam", 'E', "key:string value:string"},
    {"OSSArtifact", 'E',
     "accessKeySecret:k8s.SecretKeySelector bucket:string createBucketIfNotPresent:bool endpoint:string "
     "key:string lifecycleRule:OSSLifecycleRule secretKeySecret:k8s.SecretKeySelector "
     "securityToken:string useSDKCreds:bool"},
    {"OSSArtifactRepository", 'E',
     "accessKeySecret:k8s.SecretKeySelector bucket:string createBucketIfNotPresent:bool endpoint:string "
     "keyFormat:string lifecycleRule:OSSLifecycleRule secretKeySecret:k8s.SecretKeySelector "
     "securityToken:string useSDKCreds:bool"},
    {"OSSLifecycleRule", 'I', "markDeletionAfterDays:int32 markInfrequentAccessAfterDays:int32"},
    {"PluginArtifact", 'N', "configuration:string connectionTimeoutSeconds:int32 key:string name:string"},
    {"PluginArtifactRepository", 'N', "configuration:string keyFormat:string name:string"},
    {"RawArtifact", 'M', "data:string"},
    {"S3Artifact", 'E',
     "accessKeySecret:k8s.SecretKeySelector addressingStyle:string bucket:string "
     "caSecret:k8s.SecretKeySelector createBucketIfNotPresent:CreateS3BucketOptions "
     "encryptionOptions/I:S3EncryptionOptions endpoint:string insecure:bool key:string region:string "
     "roleARN/I:string secretKeySecret:k8s.SecretKeySelector sessionTokenSecret:k8s.SecretKeySelector "
     "useSDKCreds:bool"},
    {"S3ArtifactRepository", 'E',
     "accessKeySecret:k8s.SecretKeySelector addressingStyle:string bucket:string "
     "caSecret:k8s.SecretKeySelector createBucketIfNotPresent:CreateS3BucketOptions "
     "encryptionOptions/I:S3EncryptionOptions endpoint:string insecure:bool keyFormat:string "
     "keyPrefix:string region:string roleARN/I:string secretKeySecret:k8s.SecretKeySelector "
     "sessionTokenSecret:k8s.SecretKeySelector useSDKCreds:bool"},
    {"S3EncryptionOptions", 'I',
     "enableEncryption:bool kmsEncryptionContext:string kmsKeyId:string "
     "serverSideCustomerKeySecret:k8s.SecretKeySelector"},
    {"TarStrategy", 'M', "compressionLevel:int32"},
    {"TransformationStep", 'E', "expression:string"},
    {"WorkflowLevelArtifactGC", 'I',
     "forceFinalizerRemoval:bool podMetadata:Metadata podSpecPatch:string serviceAccountName:string "
     "strategy/E:string"},
    {"ZipStrategy", 'M', ""},
};
// clang-format on
const std::size_t kArtifactTypesCount = std::size(kArtifactTypes);

}  // namespace skiff::spec
