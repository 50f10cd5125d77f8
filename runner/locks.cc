#include "runner/locks.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace skiff::runner {
namespace {

/// Adds to {"mutex":{"holding":[{"mutex","holder"}]},"semaphore":{"waiting":[{"semaphore","holders"}]}}.
void note_lock(Json& status, bool mutex, const char* list, const std::string& key,
               const std::vector<std::string>& names) {
  Json& entries = status[mutex ? "mutex" : "semaphore"][list];
  if (!entries.is_array()) entries = Json::array();
  for (Json& e : entries.as_array()) {
    if (e.get_string(mutex ? "mutex" : "semaphore") != key) continue;
    if (mutex || std::string_view(list) == "waiting") return;
    for (const std::string& name : names) e["holders"].push_back(name);
    return;
  }
  Json entry = Json::object();
  entry.set(mutex ? "mutex" : "semaphore", key);
  if (mutex) {
    entry.set("holder", names.front());
  } else if (!names.empty()) {
    Json& all = entry["holders"] = Json::array();
    for (const std::string& name : names) all.push_back(name);
  }
  entries.push_back(std::move(entry));
}

}  // namespace

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
    held_[owner].push_back({lock.key, lock.mutex});
    ++in_use_[lock.key];
  }
}

void Locks::release(const LockOwner& owner) {
  std::erase_if(pending_, [&](const Pending& p) { return p.owner == owner; });
  const auto it = held_.find(owner);
  if (it == held_.end()) return;
  for (const Held& lock : it->second) {
    if (--in_use_[lock.key] == 0) in_use_.erase(lock.key);
  }
  held_.erase(it);
}

void Locks::release_run(const std::string& run_uid) {
  std::erase_if(pending_, [&](const Pending& p) { return p.owner.run_uid == run_uid; });
  std::vector<LockOwner> owners;
  for (const auto& [owner, locks] : held_) {
    if (owner.run_uid == run_uid) owners.push_back(owner);
  }
  for (const LockOwner& owner : owners) release(owner);
}

/// A limit that can't be read any more stays what it was; one that never was a number above 0 is refused
/// (semaphore.go, newInternalSemaphore, getLimit).
std::optional<int> Locks::limit(const LockRequest& lock, std::string& reason) {
  if (lock.mutex) return 1;
  const auto known = limits_.find(lock.key);
  const std::optional<int> now = limit_of_(lock, reason);
  if (now.value_or(0) > 0 || (now && known != limits_.end())) return limits_[lock.key] = *now;
  if (known != limits_.end()) return known->second;
  reason = fmt::format("failed to initialize semaphore {} with limit: {}", lock.key,
                       reason.empty() ? fmt::format("it is {}", now.value_or(0)) : reason);
  return std::nullopt;
}

Locks::Verdict Locks::judge(const Pending& p, const std::map<std::string, std::string>& heads,
                            LockDecision& out) {
  Verdict verdict = Verdict::free;
  for (const LockRequest& lock : p.wanted.locks) {
    std::string reason;
    const std::optional<int> limit = this->limit(lock, reason);
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
    out.message = *limit == 0 ? fmt::format("Failed to get semaphore limit for {}", lock.key)
                              : fmt::format("Waiting for {} lock. Lock status: {}/{}", lock.key,
                                            *limit - holders, *limit);
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
  for (const auto& [owner, locks] : held_) {
    if (std::any_of(locks.begin(), locks.end(), [&](const Held& h) { return h.key == key; }))
      out.push_back(owner);
  }
  return out;
}

Json Locks::status_of(const std::string& run_uid, const NameOf& name_of) const {
  Json out;
  for (auto it = held_.lower_bound({run_uid, ""}); it != held_.end() && it->first.run_uid == run_uid; ++it) {
    const std::string name = name_of(it->first);
    for (const Held& lock : it->second) {
      if (!name.empty()) note_lock(out, lock.mutex, "holding", lock.key, {name});
    }
  }
  for (const Pending& p : pending_) {
    if (p.owner.run_uid != run_uid || name_of(p.owner).empty()) continue;
    for (const LockRequest& lock : p.wanted.locks) {
      std::vector<std::string> names;
      for (const LockOwner& holder : holders(lock.key)) names.push_back(name_of(holder));
      std::erase(names, "");
      const bool shown = !lock.mutex || !names.empty();
      if (shown) note_lock(out, lock.mutex, "waiting", lock.key, names);
    }
  }
  return out;
}

}  // namespace skiff::runner
