// The `depends` language: parsing, evaluation over results, expansion of bare names, errors.
#include "spec/depends.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

using skiff::spec::Depends;
using skiff::spec::DependsError;
using skiff::spec::TaskResult;
using skiff::spec::TaskResults;
using skiff::spec::Tolerance;

namespace {

using Results = std::map<std::string, TaskResults>;
using Continues = std::map<std::string, Tolerance>;

bool runs(const Depends& depends, const Results& results, const Continues& continues = {}) {
  const auto name = [&](std::size_t i) { return depends.tasks().at(i).task; };
  return depends.evaluate([&](std::size_t i) { return results.at(name(i)); },
                          [&](std::size_t i) {
                            const auto found = continues.find(name(i));
                            return found == continues.end() ? Tolerance{} : found->second;
                          });
}

Depends parse(std::string_view text) {
  DependsError error;
  auto depends = Depends::parse(text, &error);
  INFO(text << ": " << error.message);
  REQUIRE(depends.has_value());
  return *depends;
}

DependsError error_of(std::string_view text) {
  DependsError error;
  INFO(text);
  CHECK_FALSE(Depends::parse(text, &error).has_value());
  return error;
}

const TaskResults kSucceeded{TaskResult::succeeded};
const TaskResults kFailed{TaskResult::failed};
const TaskResults kErrored{TaskResult::errored};

}  // namespace

TEST_CASE("a bare name accepts what ended well, was skipped, or runs as a daemon") {
  const Depends depends = parse("A");
  CHECK(runs(depends, {{"A", kSucceeded}}));
  CHECK(runs(depends, {{"A", {TaskResult::skipped}}}));
  CHECK(runs(depends, {{"A", {TaskResult::daemoned}}}));
  CHECK_FALSE(runs(depends, {{"A", kFailed}}));
  CHECK_FALSE(runs(depends, {{"A", {TaskResult::omitted}}}));
}

TEST_CASE("continueOn widens a bare name, not one with a result") {
  CHECK(runs(parse("A"), {{"A", kFailed}}, {{"A", {.error = false, .failed = true}}}));
  CHECK_FALSE(runs(parse("A"), {{"A", kErrored}}, {{"A", {.error = false, .failed = true}}}));
  CHECK_FALSE(runs(parse("A.Succeeded"), {{"A", kFailed}}, {{"A", {.error = true, .failed = true}}}));
}

TEST_CASE("&& binds tighter than ||, ! tighter than both, and parentheses group") {
  const Results results{{"a-1", kSucceeded}, {"b", kFailed}, {"c", kFailed}};
  CHECK(runs(parse("a-1 || b && c"), results));
  CHECK_FALSE(runs(parse("(a-1 || b) && c"), results));
  CHECK(runs(parse("!b && !c.Succeeded"), results));
  CHECK(runs(parse("a-1.Succeeded&&(b.Failed||c.Errored)"), results));
  CHECK(runs(parse("b.Failed == c.Failed"), results));
  CHECK_FALSE(runs(parse("b.Failed != c.Failed"), results));
}

TEST_CASE("every task is named once, and loops are marked") {
  const Depends depends = parse("b.Failed && (a.AnySucceeded || b) && c.AllFailed");
  REQUIRE(depends.tasks().size() == 3);
  CHECK(depends.tasks()[0].task == "b");
  CHECK_FALSE(depends.tasks()[0].items);
  CHECK(depends.tasks()[1].task == "a");
  CHECK(depends.tasks()[1].items);
  CHECK(depends.tasks()[1].offset == 13);
  CHECK(depends.tasks()[2].items);
}

TEST_CASE("dependencies are joined by &&") {
  const Depends depends = Depends::all_of({"a", "b", "a"});
  CHECK(depends.tasks().size() == 2);
  CHECK(runs(depends, {{"a", kSucceeded}, {"b", {TaskResult::skipped}}}));
  CHECK_FALSE(runs(depends, {{"a", kSucceeded}, {"b", kFailed}}));
  CHECK(runs(Depends::all_of({}), {}));
  CHECK(depends.expanded({}) ==
        "(a.Succeeded || a.Skipped || a.Daemoned) && (b.Succeeded || b.Skipped || b.Daemoned)");
}

TEST_CASE("bare names are spelt out as Argo does") {
  const auto on = [](std::string_view task) {
    return Tolerance{.error = task == "A", .failed = task == "A"};
  };
  CHECK(parse("A || B.Failed").expanded(on) ==
        "(A.Succeeded || A.Skipped || A.Daemoned || A.Errored || A.Failed) || B.Failed");
}

TEST_CASE("errors say where and what") {
  CHECK(error_of("A.Suceeded").message.starts_with("task result 'Suceeded' for task 'A' is invalid"));
  CHECK(error_of("A.Suceeded").offset == 2);
  CHECK(error_of("A & B").message == "unexpected '&' (write && and ||)");
  CHECK(error_of("A, B").message == "unexpected ',' (join tasks by &&)");
  CHECK(error_of("A &&").message == "the expression ends where a task's name is missing");
  CHECK(error_of("(A").message == "this parenthesis is never closed");
  CHECK(error_of("A B").offset == 2);
  CHECK(error_of("").message == "the expression is empty");
  CHECK(error_of("{{x}}").message == "unexpected '{' (tags are not replaced in depends)");
  CHECK(error_of(std::string(10'000, '(')).message.find("nested too deeply") != std::string::npos);
  CHECK(error_of(std::string(10'000, '!') + "A").message.find("nested too deeply") != std::string::npos);
}
