#include "runner/locks.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace skiff::runner {

void Locks::request(const LockOwner& owner, const AcquireLocks& wanted, TimePoint created) {
  Pending p{owner, wanted, created, next_order_++, ""};
  const auto before = [](const Pending& a, const Pending& b) {
    return std::tuple(-a.wanted.priority, a.created, a.order) <
           std::tuple(-b.wanted.priority, b.created, b.order);
  };
  pending_.insert(std::upper_bound(pending_.begin(), pending_.end(), p, before), std::move(p));
}

void Locks::reclaim(const LockOwner& owner, const AcquireLocks& held) {
  for (const LockRequest& lock : held.locks) {
    held_[owner].push_back(lock.key);
    ++in_use_[lock.key];
  }
}

void Locks::release(const LockOwner& owner) {
  std::erase_if(pending_, [&](const Pending& p) { return p.owner == owner; });
  const auto it = held_.find(owner);
  if (it == held_.end()) return;
  for (const std::string& key : it->second) {
    if (--in_use_[key] == 0) in_use_.erase(key);
  }
  held_.erase(it);
}

void Locks::release_run(const std::string& run_uid) {
  std::erase_if(pending_, [&](const Pending& p) { return p.owner.run_uid == run_uid; });
  std::vector<LockOwner> owners;
  for (const auto& [owner, keys] : held_) {
    if (owner.run_uid == run_uid) owners.push_back(owner);
  }
  for (const LockOwner& owner : owners) release(owner);
}

Locks::Verdict Locks::judge(const Pending& p, const std::map<std::string, std::string>& heads,
                            LockDecision& out) const {
  Verdict verdict = Verdict::free;
  for (const LockRequest& lock : p.wanted.locks) {
    std::string reason;
    const std::optional<int> limit = lock.mutex ? std::optional(1) : limit_of_(lock, reason);
    if (!limit) {
      out.message = reason;
      out.lock = lock.key;
      return Verdict::refuse;
    }
    const auto used = in_use_.find(lock.key);
    const int holders = used == in_use_.end() ? 0 : used->second;
    const auto head = heads.find(lock.key);
    const bool turn = head == heads.end() || head->second == p.owner.run_uid;
    if ((holders < *limit && turn) || verdict == Verdict::wait) continue;
    verdict = Verdict::wait;
    out.lock = lock.key;
    out.message = fmt::format("Waiting for {} lock. Lock status: {}/{}", lock.key, *limit - holders, *limit);
  }
  return verdict;
}

std::vector<LockDecision> Locks::settle() {
  std::vector<LockDecision> out;
  std::map<std::string, std::string> heads;  // lock -> the workflow first in its queue
  for (auto it = pending_.begin(); it != pending_.end();) {
    LockDecision d;
    d.owner = it->owner;
    const Verdict verdict = judge(*it, heads, d);
    if (verdict == Verdict::wait) {
      for (const LockRequest& lock : it->wanted.locks) heads.emplace(lock.key, it->owner.run_uid);
      if (it->told != d.message) {
        it->told = d.message;
        out.push_back(std::move(d));
      }
      ++it;
      continue;
    }
    if (verdict == Verdict::free) {
      reclaim(it->owner, it->wanted);
      d.kind = LockDecision::Kind::granted;
    } else {
      d.kind = LockDecision::Kind::refused;
    }
    out.push_back(std::move(d));
    it = pending_.erase(it);
  }
  return out;
}

std::vector<LockOwner> Locks::holders(const std::string& key) const {
  std::vector<LockOwner> out;
  for (const auto& [owner, keys] : held_) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) out.push_back(owner);
  }
  return out;
}

}  // namespace skiff::runner
