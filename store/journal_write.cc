// Carries out a batch: one transaction, one fsync.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>

#include "store/error.h"
#include "store/journal_impl.h"

namespace skiff::store {
namespace {

/// One commit in progress. The workflows it touched get the new revision and their last sequence number at
/// its end.
class Writer {
 public:
  Writer(sqlite::Connection& db, const fs::path& path, std::int64_t revision)
      : db_(db), path_(path), revision_(revision) {}

  void operator()(const Batch::CreateWorkflow& op);
  void operator()(const Batch::UpdateWorkflow& op);
  void operator()(const Batch::DeleteWorkflow& op);
  void operator()(const EventRow& event);

  void operator()(const Batch::PutObjectOf& op) {
    run("UPDATE workflow_objects SET object=?2 WHERE wid=?1", touch(op.uid), op.object);
  }
  void operator()(const NodeRow& node) {
    run("INSERT INTO nodes(wid, node_id, revision, json) VALUES(?1,?2,?3,?4) "
        "ON CONFLICT(wid, node_id) DO UPDATE SET revision=excluded.revision, json=excluded.json",
        touch(node.uid), node.node_id, revision_, node.json);
  }
  void operator()(const Batch::DeleteNode& op) {
    run("DELETE FROM nodes WHERE wid=?1 AND node_id=?2", touch(op.uid), op.node_id);
  }
  void operator()(const ObjectRow& object) {
    run("INSERT INTO objects(kind, ns, name, created_ms, revision, json) VALUES(?1,?2,?3,?4,?5,?6) "
        "ON CONFLICT(kind, ns, name) DO UPDATE SET revision=excluded.revision, json=excluded.json",
        object.kind, object.ns, object.name, object.created_ms, revision_, object.json);
  }
  void operator()(const Batch::DeleteObject& op) {
    run("DELETE FROM objects WHERE kind=?1 AND ns=?2 AND name=?3", op.kind, op.ns, op.name);
  }
  void operator()(const MemoRow& memo) {
    run("INSERT OR REPLACE INTO memo(ns, cache, key, node_id, outputs, created_ms, last_hit_ms) "
        "VALUES(?1,?2,?3,?4,?5,?6,?7)",
        memo.ns, memo.cache, memo.key, memo.node_id, memo.outputs, memo.created_ms, memo.last_hit_ms);
  }
  void operator()(const Batch::TouchMemo& op) {
    run("UPDATE memo SET last_hit_ms=?4 WHERE ns=?1 AND cache=?2 AND key=?3", op.ns, op.cache, op.key,
        op.hit_ms);
  }
  void operator()(const Batch::DeleteMemo& op) {
    run("DELETE FROM memo WHERE ns=?1 AND cache=?2 AND key=?3", op.ns, op.cache, op.key);
  }
  void operator()(const LockRow& lock) {
    run("INSERT OR REPLACE INTO locks(lock, holder, uid, acquired_ms) VALUES(?1,?2,?3,?4)", lock.lock,
        lock.holder, lock.uid, lock.acquired_ms);
  }
  void operator()(const Batch::DeleteLock& op) {
    run("DELETE FROM locks WHERE lock=?1 AND holder=?2", op.lock, op.holder);
  }
  void operator()(const ArtifactRow& artifact) {
    run("INSERT OR REPLACE INTO artifacts(wid, node_id, name, key, sha256, bytes, info) "
        "VALUES(?1,?2,?3,?4,?5,?6,?7)",
        touch(artifact.uid), artifact.node_id, artifact.name, artifact.key, artifact.sha256, artifact.bytes,
        artifact.info);
  }
  void operator()(const Batch::DeleteArtifact& op) {
    run("DELETE FROM artifacts WHERE wid=?1 AND node_id=?2 AND name=?3", touch(op.uid), op.node_id, op.name);
  }
  void operator()(const Batch::SetMeta& op) {
    run("INSERT OR REPLACE INTO meta(key, value) VALUES(?1,?2)", op.key, op.value);
  }

  void finish() {
    for (const auto& [uid, workflow] : touched_) {
      run("UPDATE workflows SET revision=?2, last_seq=max(last_seq, ?3) WHERE id=?1", workflow.wid, revision_,
          workflow.last_seq);
    }
  }
  /// The journal's revision goes on behind this one when it is opened again.
  void reserve_until(std::int64_t revision) {
    run("INSERT OR REPLACE INTO meta(key, value) VALUES('revision', ?1)", std::to_string(revision));
  }

 private:
  struct Touched {
    std::int64_t wid = 0;
    std::int64_t last_seq = 0;
  };

  template <typename... Values>
  void run(std::string_view sql, const Values&... values) {
    db_.prepare(sql).with(values...).run();
  }

  Touched& touched(const std::string& uid) {
    auto [found, fresh] = touched_.try_emplace(uid);
    if (!fresh) return found->second;
    auto query = db_.prepare("SELECT id FROM workflows WHERE uid=?1");
    query.bind(uid);
    if (!query.step()) {
      touched_.erase(found);
      throw StoreError(Trouble::not_found, path_,
                       fmt::format("workflow {} is not in {}", uid, path_.string()));
    }
    found->second.wid = query.number(0);
    return found->second;
  }
  std::int64_t touch(const std::string& uid) { return touched(uid).wid; }

  void put_labels(std::int64_t wid, const std::map<std::string, std::string>& labels) {
    for (const auto& [key, value] : labels) {
      run("INSERT INTO labels(key, value, wid) VALUES(?1,?2,?3)", key, value, wid);
    }
  }

  sqlite::Connection& db_;
  const fs::path& path_;
  std::int64_t revision_;
  std::unordered_map<std::string, Touched> touched_;
};

void Writer::operator()(const Batch::CreateWorkflow& op) {
  const WorkflowRow& row = op.row;
  try {
    run("INSERT INTO workflows(uid, ns, name, phase, created_ms, started_ms, finished_ms, message, progress, "
        "labels, "
        "summary, last_seq, revision) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,0,?12)",
        row.uid, row.ns, row.name, row.phase, row.created_ms, row.started_ms, row.finished_ms, row.message,
        row.progress, labels_to_json(row.labels), row.summary, revision_);
  } catch (const StoreError& error) {
    if (error.trouble() != Trouble::conflict) throw;
    throw StoreError(
        Trouble::conflict, path_,
        fmt::format("a workflow named {}/{} (or with uid {}) exists already; choose another --name or "
                    "delete that one: skiff delete -n {} {}",
                    row.ns, row.name, row.uid, row.ns, row.name));
  }
  const std::int64_t wid = db_.last_id();
  touched_[row.uid] = {wid, 0};
  run("INSERT INTO workflow_objects(wid, object) VALUES(?1,?2)", wid, op.object);
  put_labels(wid, row.labels);
}

void Writer::operator()(const Batch::UpdateWorkflow& op) {
  const WorkflowRow& row = op.row;
  const std::int64_t wid = touch(row.uid);
  const std::string labels = labels_to_json(row.labels);
  const auto same_labels = [&] {
    auto query = db_.prepare("SELECT labels FROM workflows WHERE id=?1");
    query.bind(wid);
    return query.step() && query.text(0) == labels;
  };
  if (!same_labels()) {
    run("DELETE FROM labels WHERE wid=?1", wid);
    put_labels(wid, row.labels);
  }
  run("UPDATE workflows SET phase=?2, started_ms=?3, finished_ms=?4, message=?5, progress=?6, labels=?7, "
      "summary=?8 "
      "WHERE id=?1",
      wid, row.phase, row.started_ms, row.finished_ms, row.message, row.progress, labels, row.summary);
}

void Writer::operator()(const Batch::DeleteWorkflow& op) {
  auto query = db_.prepare("SELECT id FROM workflows WHERE uid=?1");
  query.bind(op.uid);
  if (!query.step()) return;
  const std::int64_t wid = query.number(0);
  touched_.erase(op.uid);
  for (const std::string_view sql :
       {"DELETE FROM events WHERE wid=?1", "DELETE FROM nodes WHERE wid=?1",
        "DELETE FROM labels WHERE wid=?1", "DELETE FROM artifacts WHERE wid=?1",
        "DELETE FROM workflow_objects WHERE wid=?1", "DELETE FROM workflows WHERE id=?1"}) {
    run(sql, wid);
  }
  run("DELETE FROM locks WHERE uid=?1", op.uid);
}

void Writer::operator()(const EventRow& event) {
  Touched& workflow = touched(event.uid);
  try {
    run("INSERT INTO events(wid, seq, at_ms, kind, payload) VALUES(?1,?2,?3,?4,?5)", workflow.wid, event.seq,
        event.at_ms, event.kind, event.payload);
  } catch (const StoreError& error) {
    if (error.trouble() != Trouble::conflict) throw;
    throw StoreError(
        Trouble::conflict, path_,
        fmt::format("event {} of workflow {} is in {} already: is a second controller writing there?",
                    event.seq, event.uid, path_.string()));
  }
  workflow.last_seq = std::max(workflow.last_seq, event.seq);
}

}  // namespace

std::int64_t Journal::commit(const Batch& batch) {
  const std::lock_guard lock(impl_->write_mutex);
  if (batch.empty()) return impl_->revision;
  const std::int64_t revision = impl_->revision + 1;
  sqlite::Transaction transaction(impl_->writer);
  Writer writer(impl_->writer, impl_->path, revision);
  for (const auto& op : batch.ops()) std::visit(writer, op);
  writer.finish();
  // Reserved a thousand at a time: it would be a page of every commit.
  const std::int64_t reserved = revision > impl_->reserved ? revision + 1000 : impl_->reserved;
  if (reserved != impl_->reserved) writer.reserve_until(reserved);
  transaction.commit();
  impl_->revision = revision;
  impl_->reserved = reserved;
  return revision;
}

}  // namespace skiff::store
