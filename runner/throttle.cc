#include "runner/throttle.h"

#include <algorithm>
#include <tuple>

namespace skiff::runner {

void Throttle::wait(Candidate candidate) {
  const auto before = [](const Candidate& a, const Candidate& b) {
    return std::tuple(-a.priority, a.created) < std::tuple(-b.priority, b.created);
  };
  queue_.insert(std::upper_bound(queue_.begin(), queue_.end(), candidate, before), std::move(candidate));
}

void Throttle::run(const std::string& uid, const std::string& ns) {
  std::erase_if(queue_, [&](const Candidate& c) { return c.uid == uid; });
  if (running_.emplace(uid, ns).second) ++in_namespace_[ns];
}

void Throttle::leave(const std::string& uid) {
  std::erase_if(queue_, [&](const Candidate& c) { return c.uid == uid; });
  const auto it = running_.find(uid);
  if (it == running_.end()) return;
  if (--in_namespace_[it->second] == 0) in_namespace_.erase(it->second);
  running_.erase(it);
}

bool Throttle::room_in(const std::string& ns) const {
  if (limits_.each_namespace <= 0) return true;
  const auto it = in_namespace_.find(ns);
  return it == in_namespace_.end() || it->second < limits_.each_namespace;
}

std::vector<std::string> Throttle::admit() {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < queue_.size();) {
    if (limits_.all > 0 && static_cast<std::int64_t>(running_.size()) >= limits_.all) break;
    if (!room_in(queue_[i].ns)) {
      ++i;
      continue;
    }
    out.push_back(queue_[i].uid);
    const std::string ns = queue_[i].ns;
    run(out.back(), ns);
  }
  return out;
}

bool Throttle::waits(const std::string& uid) const {
  return std::any_of(queue_.begin(), queue_.end(), [&](const Candidate& c) { return c.uid == uid; });
}

}  // namespace skiff::runner
