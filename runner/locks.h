// Mutexes and semaphores over all workflows of a home, as Argo's sync manager hands them out (workflow/sync):
// a request names all its locks and gets all of them or none; the queue of a lock is ordered by priority,
// then by the workflow's age; only the workflow at the head may take it. Pure: decisions come out of
// settle().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runner/core/event.h"

namespace skiff::runner {

/// Who asks: a node of a run, or the run itself (empty holder).
struct LockOwner {
  std::string run_uid;
  std::string holder;
  auto operator<=>(const LockOwner&) const = default;
};

struct LockDecision {
  enum class Kind : std::uint8_t { granted, waiting, refused };
  LockOwner owner;
  Kind kind = Kind::waiting;
  std::string message;  ///< of waiting: Argo's text; of refused: why
  std::string lock;     ///< the one it waits for
};

class Locks {
 public:
  /// The limit of a semaphore as it is now; nothing (with the reason) if it can't be found.
  using LimitOf = std::function<std::optional<int>(const LockRequest&, std::string& reason)>;

  explicit Locks(LimitOf limit_of) : limit_of_(std::move(limit_of)) {}

  /// Queues the request; `created` is the workflow's creation.
  void request(const LockOwner& owner, const AcquireLocks& wanted, TimePoint created);
  /// A holder known from the journal, whatever the limits say now.
  void reclaim(const LockOwner& owner, const AcquireLocks& held);
  /// Gives back what the owner holds, or withdraws what it waits for.
  void release(const LockOwner& owner);
  /// The same for every owner of a run.
  void release_run(const std::string& run_uid);
  /// What has changed since the last call. Call it after anything that may free a lock or change a limit.
  [[nodiscard]] std::vector<LockDecision> settle();

  [[nodiscard]] std::vector<LockOwner> holders(const std::string& key) const;

  /// "<namespace>/<workflow>/<node id>" (no node for the workflow's own lock); "" leaves the owner out.
  using NameOf = std::function<std::string(const LockOwner&)>;
  /// Argo's status.synchronization of a run: what it holds, and what it waits for and who holds that
  /// (workflow_types.go, LockAcquired and LockWaiting). Null if there is neither.
  [[nodiscard]] Json status_of(const std::string& run_uid, const NameOf& name_of) const;

 private:
  struct Pending {
    LockOwner owner;
    AcquireLocks wanted;
    TimePoint created;
    std::uint64_t order = 0;
    std::string told;  ///< the message it was last told
  };
  enum class Verdict : std::uint8_t { free, wait, refuse };
  Verdict judge(const Pending& p, const std::map<std::string, std::string>& heads, LockDecision& out);
  [[nodiscard]] std::optional<int> limit(const LockRequest& lock, std::string& reason);

  LimitOf limit_of_;
  std::map<std::string, int> limits_;  ///< of semaphores, as last read
  std::vector<Pending> pending_;       ///< by priority, creation, arrival
  struct Held {
    std::string key;
    bool mutex = false;
  };
  std::map<LockOwner, std::vector<Held>> held_;
  std::map<std::string, int> in_use_;
  std::uint64_t next_order_ = 0;
};

}  // namespace skiff::runner
