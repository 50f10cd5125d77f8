// How many workflows run at once: `parallelism` and `namespaceParallelism` of the controller's configuration
// (workflow/sync/multi_throttler.go). Those that wait are ordered by priority, then by age; one whose
// namespace is full does not hold up those of others.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "spec/status.h"

namespace skiff::runner {

class Throttle {
 public:
  /// 0: no limit.
  struct Limits {
    std::int64_t all = 0;
    std::int64_t each_namespace = 0;
  };
  struct Candidate {
    std::string uid;
    std::string ns;
    std::int64_t priority = 0;
    spec::TimePoint created;
  };

  void set_limits(const Limits& limits) { limits_ = limits; }
  /// Puts it in the queue.
  void wait(Candidate candidate);
  /// It runs, whatever the limits say: it did so before a restart, or has to end now.
  void run(const std::string& uid, const std::string& ns);
  /// It is over, or deleted; unknown ones are ignored.
  void leave(const std::string& uid);
  /// Those that may begin now, in order; from now on they run.
  [[nodiscard]] std::vector<std::string> admit();
  [[nodiscard]] bool waits(const std::string& uid) const;

 private:
  [[nodiscard]] bool room_in(const std::string& ns) const;

  Limits limits_;
  std::vector<Candidate> queue_;                ///< by priority, creation, arrival
  std::map<std::string, std::string> running_;  ///< uid to namespace
  std::map<std::string, std::int64_t> in_namespace_;
};

}  // namespace skiff::runner
