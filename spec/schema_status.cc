// The registry's text: what a run reports: the status of workflows, nodes and locks.
//
// The notation is explained in schema_text.h.
#include "spec/schema_text.h"

namespace skiff::spec {

// clang-format off
const TypeText kStatusTypes[] = {
    {"ArtGCStatus", 'I', "notSpecified:bool podsRecouped:{}bool strategiesProcessed:{}bool"},
    {"ArtifactRepositoryRefStatus", 'I',
     "artifactRepository:ArtifactRepository configMap:string default:bool key:string namespace:string"},
    {"Condition", 'M', "message:string status:string type:string"},
    {"CronWorkflowStatus", 'E',
     "active:[]k8s.ObjectReference conditions:[]Condition failed:int64 lastScheduledTime:time "
     "phase:string succeeded:int64"},
    {"MemoizationStatus", 'M', "cacheName:string hit:bool key:string"},
    {"MutexHolding", 'M', "holder:string mutex:string"},
    {"MutexStatus", 'M', "holding:[]MutexHolding waiting:[]MutexHolding"},
    {"NodeFlag", 'M', "hooked:bool retried:bool"},
    {"NodeStatus", 'M',
     "boundaryID:string children:[]string daemoned:bool displayName:string estimatedDuration/E:int32 "
     "failedPodRestarts/I:int32 finishedAt:time hostNodeName/E:string id:string inputs:Inputs "
     "memoizationStatus:MemoizationStatus message:string name:string nodeFlag:NodeFlag "
     "outboundNodes:[]string outputs:Outputs phase:string podIP:string progress:string "
     "resourcesDuration/E:{}int32 restartingPodUID/I:string startedAt:time "
     "synchronizationStatus:NodeSynchronizationStatus taskResultSynced:bool templateName:string "
     "templateRef:TemplateRef templateScope:string type:string"},
    {"NodeSynchronizationStatus", 'M', "waiting:string"},
    {"SemaphoreHolding", 'M', "holders:[]string semaphore:string"},
    {"SemaphoreStatus", 'M', "holding:[]SemaphoreHolding waiting:[]SemaphoreHolding"},
    {"SynchronizationStatus", 'M', "mutex:MutexStatus semaphore:SemaphoreStatus"},
    {"WorkflowStatus", 'M',
     "artifactGCStatus/I:ArtGCStatus artifactRepositoryRef/I:ArtifactRepositoryRefStatus "
     "compressedNodes/E:string conditions:[]Condition estimatedDuration/E:int32 finishedAt:time "
     "message:string nodes:{}NodeStatus offloadNodeStatusVersion/I:string outputs:Outputs "
     "persistentVolumeClaims/E:[]k8s.Volume phase:string progress:string resourcesDuration/E:{}int32 "
     "startedAt:time storedTemplates/E:{}Template storedWorkflowTemplateSpec/E:WorkflowSpec "
     "synchronization:SynchronizationStatus taskResultsCompletionStatus/I:{}bool"},
};
// clang-format on
const std::size_t kStatusTypesCount = std::size(kStatusTypes);

}  // namespace skiff::spec
