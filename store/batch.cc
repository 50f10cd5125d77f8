// A batch is a list of operations; everything about it is in journal_write.cc, where they are carried out.
#include <iterator>
#include <utility>

#include "store/journal.h"

namespace skiff::store {

void Batch::create_workflow(WorkflowRow row, std::string object) {
  ops_.emplace_back(CreateWorkflow{std::move(row), std::move(object)});
}
void Batch::update_workflow(WorkflowRow row) { ops_.emplace_back(UpdateWorkflow{std::move(row)}); }
void Batch::put_object_of(std::string uid, std::string object) {
  ops_.emplace_back(PutObjectOf{std::move(uid), std::move(object)});
}
void Batch::delete_workflow(std::string uid) { ops_.emplace_back(DeleteWorkflow{std::move(uid)}); }
void Batch::append(EventRow event) { ops_.emplace_back(std::move(event)); }
void Batch::put_node(NodeRow node) { ops_.emplace_back(std::move(node)); }
void Batch::delete_node(std::string uid, std::string node_id) {
  ops_.emplace_back(DeleteNode{std::move(uid), std::move(node_id)});
}
void Batch::put_object(ObjectRow object) { ops_.emplace_back(std::move(object)); }
void Batch::delete_object(std::string kind, std::string ns, std::string name) {
  ops_.emplace_back(DeleteObject{std::move(kind), std::move(ns), std::move(name)});
}
void Batch::put_memo(MemoRow memo) { ops_.emplace_back(std::move(memo)); }
void Batch::touch_memo(std::string ns, std::string cache, std::string key, std::int64_t hit_ms) {
  ops_.emplace_back(TouchMemo{std::move(ns), std::move(cache), std::move(key), hit_ms});
}
void Batch::delete_memo(std::string ns, std::string cache, std::string key) {
  ops_.emplace_back(DeleteMemo{std::move(ns), std::move(cache), std::move(key)});
}
void Batch::put_lock(LockRow lock) { ops_.emplace_back(std::move(lock)); }
void Batch::delete_lock(std::string lock, std::string holder) {
  ops_.emplace_back(DeleteLock{std::move(lock), std::move(holder)});
}
void Batch::put_artifact(ArtifactRow artifact) { ops_.emplace_back(std::move(artifact)); }
void Batch::delete_artifact(std::string uid, std::string node_id, std::string name) {
  ops_.emplace_back(DeleteArtifact{std::move(uid), std::move(node_id), std::move(name)});
}
void Batch::set_meta(std::string key, std::string value) {
  ops_.emplace_back(SetMeta{std::move(key), std::move(value)});
}

void Batch::merge(Batch other) {
  if (ops_.empty()) {
    ops_ = std::move(other.ops_);
    return;
  }
  ops_.insert(ops_.end(), std::make_move_iterator(other.ops_.begin()),
              std::make_move_iterator(other.ops_.end()));
}

}  // namespace skiff::store
