// The names that tags may use at one place of a document, and the words a finding uses for what it is about.
//
// A template's names are its inputs plus what its steps or tasks add as they are met; a layer on top holds
// what only one step sees. Argo copies whole maps here (workflow/validate/validate.go); layers keep a DAG of
// thousands of tasks linear.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace skiff::spec::validation {

/// Heterogeneous hashing for sets of strings.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
};
using TextSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;

class Names {
 public:
  /// `outer` is not owned and outlives this layer; it may be null.
  explicit Names(const Names* outer = nullptr) : outer_(outer) {}

  void add(std::string name) { known_.insert(std::move(name)); }
  /// Whatever is said of that step or task ("steps.a.") is taken as known, since it was found wrong already.
  void pardon(std::string node_prefix) { pardoned_.insert(std::move(node_prefix)); }
  [[nodiscard]] bool has(std::string_view name) const;

  /// Some names can be known only when the workflow runs: any `item.<key>` of a withParam, any
  /// `workflow.outputs.…` where a globalName is itself a tag.
  enum class Any { item, global_parameter, global_artifact };
  void allow(Any what) { any_[static_cast<std::size_t>(what)] = true; }
  [[nodiscard]] bool allows(Any what) const;

  /// Asked for names that no set holds (a task's ancestors, say).
  void ask(std::function<bool(std::string_view)> more) { more_ = std::move(more); }

  /// All names, for did-you-mean.
  void collect(std::vector<std::string_view>& out) const;

 private:
  const Names* outer_;
  TextSet known_;
  TextSet pardoned_;
  bool any_[3] = {false, false, false};
  std::function<bool(std::string_view)> more_;
};

/// What a finding is about: where, and the words that begin its message ("template `main`, step `go`").
struct Site {
  std::string path;
  std::string who;
  [[nodiscard]] Site at(std::string_view below) const;  ///< the same words, a path below
};

/// The candidate that is probably meant by `word`, or "" if none is near enough.
[[nodiscard]] std::string closest(std::string_view word, const std::vector<std::string_view>& candidates);
/// "did you mean `x`?", or "" if none is near enough.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       const std::vector<std::string_view>& candidates);

}  // namespace skiff::spec::validation
