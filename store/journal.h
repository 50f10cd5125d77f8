// The journal: what happened to every workflow, and the present state as rows to read, in one SQLite file.
//
// In: batches, each one transaction: events of several workflows together with the rows they change. Out:
// events in order (replay), and indexed reads for list, get and watch. A batch is on the disk when commit()
// returns, also across a power cut: WAL with synchronous=FULL, because the next thing that happens is an
// effect that can be observed (a container starts), and an engine remembers that across a power cut too.
// Group what is ready together into one batch: the fsync is the cost, not the rows.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/home.h"
#include "store/rows.h"

namespace skiff::store {

/// Writes that belong together, a plain value: collected on the strand, committed on the pool. Order is kept.
class Batch {
 public:
  /// Inserts the workflow with its object (metadata and spec as submitted, JSON text).
  void create_workflow(WorkflowRow row, std::string object);
  /// Overwrites everything but uid, namespace, name, created_ms and the object.
  void update_workflow(WorkflowRow row);
  /// Replaces the object, e.g. for `suspend` in spec.
  void put_object_of(std::string uid, std::string object);
  /// Workflow, events, nodes, locks and artifact rows; files are the caller's business.
  void delete_workflow(std::string uid);
  void append(EventRow event);
  void put_node(NodeRow node);
  void delete_node(std::string uid, std::string node_id);
  void put_object(ObjectRow object);
  void delete_object(std::string kind, std::string ns, std::string name);
  void put_memo(MemoRow memo);
  void touch_memo(std::string ns, std::string cache, std::string key, std::int64_t hit_ms);
  void delete_memo(std::string ns, std::string cache, std::string key);
  void put_lock(LockRow lock);
  void delete_lock(std::string lock, std::string holder);
  void put_artifact(ArtifactRow artifact);
  void delete_artifact(std::string uid, std::string node_id, std::string name);
  void set_meta(std::string key, std::string value);

  [[nodiscard]] bool empty() const { return ops_.empty(); }
  [[nodiscard]] std::size_t size() const { return ops_.size(); }
  /// Adds the writes of `other` after these.
  void merge(Batch other);

  struct CreateWorkflow {
    WorkflowRow row;
    std::string object;
  };
  struct UpdateWorkflow {
    WorkflowRow row;
  };
  struct PutObjectOf {
    std::string uid, object;
  };
  struct DeleteWorkflow {
    std::string uid;
  };
  struct DeleteNode {
    std::string uid, node_id;
  };
  struct DeleteObject {
    std::string kind, ns, name;
  };
  struct TouchMemo {
    std::string ns, cache, key;
    std::int64_t hit_ms;
  };
  struct DeleteMemo {
    std::string ns, cache, key;
  };
  struct DeleteLock {
    std::string lock, holder;
  };
  struct DeleteArtifact {
    std::string uid, node_id, name;
  };
  struct SetMeta {
    std::string key, value;
  };
  using Op = std::variant<CreateWorkflow, UpdateWorkflow, PutObjectOf, DeleteWorkflow, EventRow, NodeRow,
                          DeleteNode, ObjectRow, DeleteObject, MemoRow, TouchMemo, DeleteMemo, LockRow,
                          DeleteLock, ArtifactRow, DeleteArtifact, SetMeta>;
  [[nodiscard]] const std::vector<Op>& ops() const { return ops_; }

 private:
  std::vector<Op> ops_;
};

/// Safe from several threads: one writes at a time, readers see the last commit and never wait for a writer.
class Journal {
 public:
  /// Makes or migrates the database. Throws `corrupt` (damaged, or from a newer skiff), `denied`, `no_space`.
  [[nodiscard]] static std::unique_ptr<Journal> open(const Home& home);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// All or nothing, durable on return; yields the revision that its rows now carry (grows with each commit).
  /// Throws `conflict` for a workflow name taken in its namespace or an event sequence number used before
  /// (then the message says which), `not_found` for an update of a workflow that is not there, `no_space`.
  std::int64_t commit(const Batch& batch);

  /// The events of a workflow in order, from `after_seq` (exclusive) on.
  [[nodiscard]] std::vector<EventRow> load(std::string_view uid, std::int64_t after_seq = 0) const;
  [[nodiscard]] std::vector<WorkflowRow> list(const WorkflowFilter& filter) const;
  /// Of everything the filter takes in, whatever its limit and offset.
  [[nodiscard]] std::int64_t count(const WorkflowFilter& filter) const;
  [[nodiscard]] std::optional<WorkflowRow> by_uid(std::string_view uid) const;
  [[nodiscard]] std::optional<WorkflowRow> by_name(std::string_view ns, std::string_view name) const;
  /// "@latest": the newest of the namespace.
  [[nodiscard]] std::optional<WorkflowRow> latest(std::string_view ns) const;
  /// The object as submitted; nothing if there is no such workflow.
  [[nodiscard]] std::optional<std::string> object_of(std::string_view uid) const;
  /// Rows changed after that revision (0: all), in the order in which the nodes came to be.
  [[nodiscard]] std::vector<NodeRow> nodes(std::string_view uid, std::int64_t after_revision = 0) const;
  /// The same without copies, for thousands of them: their ids and texts, valid during the call.
  using NodeVisitor = std::function<void(std::string_view node_id, std::string_view json)>;
  void each_node(std::string_view uid, std::int64_t after_revision, const NodeVisitor& visit) const;
  [[nodiscard]] std::optional<NodeRow> node(std::string_view uid, std::string_view node_id) const;

  [[nodiscard]] std::optional<ObjectRow> object(std::string_view kind, std::string_view ns,
                                                std::string_view name) const;
  /// All of a kind, sorted by namespace and name; `ns` empty: of all namespaces.
  [[nodiscard]] std::vector<ObjectRow> objects(std::string_view kind, std::string_view ns = "") const;
  [[nodiscard]] std::optional<MemoRow> memo(std::string_view ns, std::string_view cache,
                                            std::string_view key) const;
  /// All of a cache, for showing it as the ConfigMap that it is on a cluster.
  [[nodiscard]] std::vector<MemoRow> memos(std::string_view ns, std::string_view cache) const;
  [[nodiscard]] std::vector<LockRow> locks() const;
  [[nodiscard]] std::vector<ArtifactRow> artifacts(std::string_view uid) const;
  [[nodiscard]] std::optional<std::string> meta(std::string_view key) const;
  [[nodiscard]] std::int64_t revision() const;

  /// `PRAGMA quick_check`: nothing if sound, else what SQLite found.
  [[nodiscard]] std::optional<std::string> check() const;

 private:
  struct Impl;
  explicit Journal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace skiff::store
