// Which workflows may begin while others run.
#include "runner/throttle.h"

#include <doctest/doctest.h>

using namespace skiff::runner;
using Names = std::vector<std::string>;

namespace {

Throttle::Candidate candidate(const char* uid, int age, std::int64_t priority = 0,
                              const char* ns = "default") {
  return {uid, ns, priority, skiff::spec::TimePoint(std::chrono::seconds(-age))};
}

}  // namespace

TEST_CASE("without limits all begin, by priority, then by age") {
  Throttle t;
  t.wait(candidate("young", 1));
  t.wait(candidate("old", 9));
  t.wait(candidate("urgent", 0, 5));
  CHECK(t.admit() == Names{"urgent", "old", "young"});
  CHECK(t.admit().empty());
}

TEST_CASE("as many run as may; one begins when one leaves") {
  Throttle t;
  t.set_limits({2, 0});
  for (const char* uid : {"a", "b", "c", "d"}) t.wait(candidate(uid, 1));
  CHECK(t.admit() == Names{"a", "b"});
  CHECK(t.waits("c"));
  t.leave("c");
  t.leave("a");
  t.leave("a");
  CHECK(t.admit() == Names{"d"});
  t.run("e", "default");  // it must, above the limit
  t.leave("b");
  t.wait(candidate("f", 1));
  CHECK(t.admit().empty());
}

TEST_CASE("a full namespace does not hold up another") {
  Throttle t;
  t.set_limits({0, 1});
  t.wait(candidate("a", 3, 0, "one"));
  t.wait(candidate("b", 2, 0, "one"));
  t.wait(candidate("c", 1, 0, "two"));
  CHECK(t.admit() == Names{"a", "c"});
  t.leave("a");
  CHECK(t.admit() == Names{"b"});
}
