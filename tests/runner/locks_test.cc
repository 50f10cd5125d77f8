#include "runner/locks.h"

#include <doctest/doctest.h>

using namespace skiff::runner;

namespace {

TimePoint at(int s) { return TimePoint(std::chrono::seconds(s)); }

AcquireLocks mutexes(std::initializer_list<const char*> keys, std::int64_t priority = 0) {
  AcquireLocks a;
  a.priority = priority;
  for (const char* key : keys) a.locks.push_back(LockRequest{key, true, Json()});
  return a;
}

std::string text(const std::vector<LockDecision>& decisions) {
  std::string out;
  for (const LockDecision& d : decisions) {
    out += d.owner.run_uid + "/" + d.owner.holder;
    out += d.kind == LockDecision::Kind::granted   ? " granted"
           : d.kind == LockDecision::Kind::waiting ? " waiting"
                                                   : " refused";
    if (!d.message.empty()) out += ": " + d.message;
    out += "\n";
  }
  return out;
}

Locks::LimitOf limits(int n) {
  return [n](const LockRequest&, std::string&) { return std::optional(n); };
}

}  // namespace

TEST_CASE("a mutex goes to one holder, then to the oldest workflow that waits") {
  Locks locks(limits(1));
  locks.request({"a", "1"}, mutexes({"default/Mutex/m"}), at(0));
  locks.request({"c", "3"}, mutexes({"default/Mutex/m"}), at(2));
  locks.request({"b", "2"}, mutexes({"default/Mutex/m"}), at(1));
  CHECK(text(locks.settle()) ==
        "a/1 granted\n"
        "b/2 waiting: Waiting for default/Mutex/m lock. Lock status: 0/1\n"
        "c/3 waiting: Waiting for default/Mutex/m lock. Lock status: 0/1\n");
  CHECK(locks.settle().empty());
  locks.release({"a", "1"});
  CHECK(text(locks.settle()) == "b/2 granted\n");
}

TEST_CASE("priority goes before age") {
  Locks locks(limits(1));
  locks.request({"a", "1"}, mutexes({"m"}), at(0));
  (void)locks.settle();
  locks.request({"b", "2"}, mutexes({"m"}), at(1));
  locks.request({"c", "3"}, mutexes({"m"}, 10), at(2));
  (void)locks.settle();
  locks.release({"a", "1"});
  CHECK(text(locks.settle()) == "c/3 granted\n");
}

TEST_CASE("several locks are had together or not at all, and nobody overtakes the head of a queue") {
  Locks locks(limits(1));
  locks.request({"a", "1"}, mutexes({"x"}), at(0));
  (void)locks.settle();
  locks.request({"b", "2"}, mutexes({"x", "y"}), at(1));
  locks.request({"c", "3"}, mutexes({"y"}), at(2));
  CHECK(text(locks.settle()) ==
        "b/2 waiting: Waiting for x lock. Lock status: 0/1\n"
        "c/3 waiting: Waiting for y lock. Lock status: 1/1\n");
  locks.release({"a", "1"});
  CHECK(text(locks.settle()) == "b/2 granted\nc/3 waiting: Waiting for y lock. Lock status: 0/1\n");
}

TEST_CASE("a semaphore lets in as many as its limit says now") {
  int limit = 2;
  Locks locks([&](const LockRequest&, std::string&) { return std::optional(limit); });
  const auto want = [] {
    AcquireLocks a;
    a.locks.push_back(LockRequest{"ns/ConfigMap/c/k", false, Json()});
    return a;
  };
  for (const char* node : {"1", "2", "3"}) locks.request({"a", node}, want(), at(0));
  CHECK(text(locks.settle()) ==
        "a/1 granted\na/2 granted\na/3 waiting: Waiting for ns/ConfigMap/c/k lock. Lock status: 0/2\n");
  limit = 3;
  CHECK(text(locks.settle()) == "a/3 granted\n");
}

TEST_CASE("a lock that can't be had at all is refused with the reason") {
  Locks locks([](const LockRequest&, std::string& reason) -> std::optional<int> {
    reason = "configmaps \"c\" not found";
    return std::nullopt;
  });
  AcquireLocks a;
  a.locks.push_back(LockRequest{"ns/ConfigMap/c/k", false, Json()});
  locks.request({"a", "1"}, a, at(0));
  CHECK(text(locks.settle()) ==
        "a/1 refused: failed to initialize semaphore ns/ConfigMap/c/k with limit: configmaps \"c\" not "
        "found\n");
}

TEST_CASE("a recovered holder holds, whatever the queue") {
  Locks locks(limits(1));
  locks.reclaim({"a", "1"}, mutexes({"m"}));
  locks.request({"b", "2"}, mutexes({"m"}), at(0));
  CHECK(text(locks.settle()) == "b/2 waiting: Waiting for m lock. Lock status: 0/1\n");
  locks.release_run("a");
  CHECK(text(locks.settle()) == "b/2 granted\n");
}

TEST_CASE("the status of a run tells what it holds and for whom it waits") {
  Locks locks(limits(2));
  const Locks::NameOf name = [](const LockOwner& o) {
    return "default/" + o.run_uid + (o.holder.empty() ? "" : "/" + o.holder);
  };
  AcquireLocks both = mutexes({"default/Mutex/m"});
  both.locks.push_back(LockRequest{"default/ConfigMap/c/k", false, Json()});
  locks.request({"a", "1"}, both, at(0));
  locks.request({"a", ""}, AcquireLocks{"", 0, {LockRequest{"default/ConfigMap/c/k", false, Json()}}}, at(0));
  locks.request({"b", "2"}, both, at(1));
  CHECK(locks.status_of("c", name).is_null());
  (void)locks.settle();
  CHECK(
      to_json(locks.status_of("a", name)) ==
      R"({"semaphore":{"holding":[{"semaphore":"default/ConfigMap/c/k","holders":["default/a","default/a/1"]}]},)"
      R"("mutex":{"holding":[{"mutex":"default/Mutex/m","holder":"default/a/1"}]}})");
  CHECK(
      to_json(locks.status_of("b", name)) ==
      R"({"mutex":{"waiting":[{"mutex":"default/Mutex/m","holder":"default/a/1"}]},)"
      R"("semaphore":{"waiting":[{"semaphore":"default/ConfigMap/c/k","holders":["default/a","default/a/1"]}]}})");
}
