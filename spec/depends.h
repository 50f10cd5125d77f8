// The `depends` language of DAG tasks: task names, task results, && || ! and parentheses.
//
// A text is parsed once into a small tree, then asked as often as tasks end. `dependencies` and `continueOn`
// of older files are the same tree, built without text (workflow/common/ancestry.go).
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skiff::spec {

enum class TaskResult : std::uint8_t {
  succeeded,
  failed,
  errored,
  skipped,
  omitted,
  daemoned,
  any_succeeded,  ///< of an expanded task: at least one item
  all_failed,     ///< of an expanded task: every item
};
[[nodiscard]] std::string_view to_string(TaskResult result);
[[nodiscard]] std::optional<TaskResult> parse_task_result(std::string_view word);

/// The results a finished task shows, as a set.
class TaskResults {
 public:
  TaskResults() = default;
  TaskResults(std::initializer_list<TaskResult> results) {
    for (const TaskResult r : results) add(r);
  }
  void add(TaskResult r) { bits_ = static_cast<std::uint16_t>(bits_ | (1U << static_cast<unsigned>(r))); }
  [[nodiscard]] bool has(TaskResult r) const { return (bits_ >> static_cast<unsigned>(r) & 1U) != 0; }
  bool operator==(const TaskResults&) const = default;

 private:
  std::uint16_t bits_ = 0;
};

/// The continueOn of a task somebody depends on: widens what its bare name accepts.
struct Tolerance {
  bool error = false;
  bool failed = false;
};

struct DependsError {
  std::size_t offset = 0;
  std::string message;
};

class Depends {
 public:
  struct Named {
    std::string task;
    bool items = false;  ///< asked for AnySucceeded or AllFailed, so the task must be a loop
    std::size_t offset = 0;
  };
  using ToleranceOf = std::function<Tolerance(std::string_view task)>;

  /// Parses `text`; nothing and `error` where it is no such expression or names an unknown result.
  [[nodiscard]] static std::optional<Depends> parse(std::string_view text, DependsError* error = nullptr);
  /// What `dependencies: [a, b]` means: both ended well.
  [[nodiscard]] static Depends all_of(const std::vector<std::string>& tasks);

  /// Each task once, in order of appearance.
  [[nodiscard]] const std::vector<Named>& tasks() const { return tasks_; }
  [[nodiscard]] bool empty() const { return nodes_.empty(); }

  /// Whether a task with this `depends` runs, given the results of each named task (by its index in tasks());
  /// a bare name accepts Succeeded, Skipped and Daemoned, and what its continueOn adds. Empty is true.
  [[nodiscard]] bool evaluate(const std::function<TaskResults(std::size_t task)>& results,
                              const std::function<Tolerance(std::size_t task)>& continue_on) const;
  /// The text with bare names spelt out as Argo does, e.g. "(A.Succeeded || A.Skipped || A.Daemoned)".
  [[nodiscard]] std::string expanded(const ToleranceOf& continue_on) const;

 private:
  enum class Op : std::uint8_t { bare, result, negate, both, either, equal, unequal };
  struct Node {
    Op op;
    std::uint32_t a = 0;  ///< operand's node, or the task's index
    std::uint32_t b = 0;  ///< second operand's node, or the result
  };
  friend class DependsParser;
  std::vector<Node> nodes_;  ///< operands before their operators; the last one is the root
  std::vector<Named> tasks_;
  std::vector<std::pair<std::size_t, std::uint32_t>> bare_;  ///< where bare names stand in text_, and which
  std::string text_;
};

}  // namespace skiff::spec
