// Parses `depends` by precedence (|| under && under == != under !) and evaluates it without recursion: the
// nodes lie in the order in which their values are needed.
#include "spec/depends.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace skiff::spec {
namespace {

constexpr std::array<std::string_view, 8> kResults{"Succeeded", "Failed",   "Errored",      "Skipped",
                                                   "Omitted",   "Daemoned", "AnySucceeded", "AllFailed"};
constexpr int kMaxDepth = 200;

bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

std::string_view to_string(TaskResult result) { return kResults.at(static_cast<std::size_t>(result)); }

std::optional<TaskResult> parse_task_result(std::string_view word) {
  const auto found = std::find(kResults.begin(), kResults.end(), word);
  if (found == kResults.end()) return std::nullopt;
  return static_cast<TaskResult>(found - kResults.begin());
}

class DependsParser {
 public:
  DependsParser(std::string_view text, Depends& out) : text_(text), out_(out) {}

  std::optional<DependsError> run() {
    if (peek() == '\0') {
      fail("the expression is empty");
    } else {
      either();
      if (!error_ && peek() != '\0') unexpected();
    }
    return std::move(error_);
  }

 private:
  using Op = Depends::Op;

  void fail(std::string message) { fail(std::move(message), at_); }
  void fail(std::string message, std::size_t offset) {
    if (!error_) error_ = DependsError{offset, std::move(message)};
  }
  void unexpected() {
    if (at_ == text_.size()) return fail("the expression ends where a task's name is missing");
    std::string hint;
    if (text_[at_] == '&' || text_[at_] == '|') hint = " (write && and ||)";
    if (text_[at_] == ',') hint = " (join tasks by &&)";
    if (text_[at_] == '_') hint = " (task names have letters, digits and '-' only)";
    if (text_[at_] == '{') hint = " (tags are not replaced in depends)";
    fail(fmt::format("unexpected '{}'{}", text_[at_], hint));
  }

  /// The next character that is no white space, or '\0' at the end.
  char peek() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(std::string_view symbol) {
    peek();
    if (text_.substr(at_, symbol.size()) != symbol) return false;
    at_ += symbol.size();
    return true;
  }

  std::uint32_t add(Op op, std::uint32_t a, std::uint32_t b = 0) {
    out_.nodes_.push_back({op, a, b});
    return static_cast<std::uint32_t>(out_.nodes_.size() - 1);
  }

  std::uint32_t either() {
    std::uint32_t left = both();
    while (!error_ && take("||")) {
      const std::uint32_t right = both();
      left = add(Op::either, left, right);
    }
    return left;
  }

  std::uint32_t both() {
    std::uint32_t left = equality();
    while (!error_ && take("&&")) {
      const std::uint32_t right = equality();
      left = add(Op::both, left, right);
    }
    return left;
  }

  std::uint32_t equality() {
    std::uint32_t left = unary();
    while (!error_) {
      const bool equal = take("==");
      if (!equal && !take("!=")) break;
      const std::uint32_t right = unary();
      left = add(equal ? Op::equal : Op::unequal, left, right);
    }
    return left;
  }

  std::uint32_t unary() {
    if (error_) return 0;
    if (depth_ == kMaxDepth) {
      fail("the expression is nested too deeply: more than 200 levels");
      return 0;
    }
    ++depth_;
    const std::uint32_t node = operand();
    --depth_;
    return node;
  }

  std::uint32_t operand() {
    if (take("!")) {
      const std::uint32_t inner = unary();
      return add(Op::negate, inner);
    }
    if (take("(")) {
      const std::size_t open = at_ - 1;
      const std::uint32_t inner = either();
      if (!error_ && !take(")")) fail("this parenthesis is never closed", open);
      return inner;
    }
    if (!is_alnum(peek())) {
      unexpected();
      return 0;
    }
    return name();
  }

  std::string_view word(bool hyphens) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_alnum(text_[at_]) || (hyphens && text_[at_] == '-'))) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  std::uint32_t name() {
    const std::size_t begin = at_;
    const std::string_view task = word(true);
    if (at_ == text_.size() || text_[at_] != '.') {
      const std::uint32_t index = index_of(task, begin, false);
      out_.bare_.emplace_back(begin, index);
      return add(Op::bare, index);
    }
    const std::size_t dot = at_++;
    const std::string_view word_after = word(false);
    const auto result = parse_task_result(word_after);
    if (!result) {
      fail(fmt::format("task result '{}' for task '{}' is invalid: use one of {}", word_after, task,
                       fmt::join(kResults, ", ")),
           dot + 1);
      return 0;
    }
    const bool items = *result == TaskResult::any_succeeded || *result == TaskResult::all_failed;
    const std::uint32_t index = index_of(task, begin, items);
    return add(Op::result, index, static_cast<std::uint32_t>(*result));
  }

  std::uint32_t index_of(std::string_view task, std::size_t offset, bool items) {
    auto& tasks = out_.tasks_;
    const auto found =
        std::find_if(tasks.begin(), tasks.end(), [&](const auto& t) { return t.task == task; });
    if (found != tasks.end()) {
      found->items = found->items || items;
      return static_cast<std::uint32_t>(found - tasks.begin());
    }
    tasks.push_back({std::string(task), items, offset});
    return static_cast<std::uint32_t>(tasks.size() - 1);
  }

  std::string_view text_;
  Depends& out_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::optional<DependsError> error_;
};

std::optional<Depends> Depends::parse(std::string_view text, DependsError* error) {
  Depends out;
  out.text_ = text;
  auto failure = DependsParser(text, out).run();
  if (!failure) return out;
  if (error != nullptr) *error = std::move(*failure);
  return std::nullopt;
}

Depends Depends::all_of(const std::vector<std::string>& tasks) {
  Depends out;
  for (const std::string& task : tasks) {
    const bool known =
        std::any_of(out.tasks_.begin(), out.tasks_.end(), [&](const Named& n) { return n.task == task; });
    if (known) continue;
    const auto index = static_cast<std::uint32_t>(out.tasks_.size());
    if (index > 0) out.text_ += " && ";
    out.bare_.emplace_back(out.text_.size(), index);
    out.tasks_.push_back({task, false, out.text_.size()});
    out.text_ += task;
    out.nodes_.push_back({Op::bare, index, 0});
    if (index == 0) continue;
    const auto last = static_cast<std::uint32_t>(out.nodes_.size() - 1);
    out.nodes_.push_back({Op::both, last - 1, last});
  }
  return out;
}

bool Depends::evaluate(const std::function<TaskResults(std::size_t)>& results,
                       const std::function<Tolerance(std::size_t)>& continue_on) const {
  std::vector<char> value(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    const auto a = [&] { return value[node.a] != 0; };
    const auto b = [&] { return value[node.b] != 0; };
    bool v = false;
    switch (node.op) {
      case Op::bare: {
        const TaskResults r = results(node.a);
        const Tolerance on = continue_on ? continue_on(node.a) : Tolerance{};
        v = r.has(TaskResult::succeeded) || r.has(TaskResult::skipped) || r.has(TaskResult::daemoned) ||
            (on.error && r.has(TaskResult::errored)) || (on.failed && r.has(TaskResult::failed));
        break;
      }
      case Op::result:
        v = results(node.a).has(static_cast<TaskResult>(node.b));
        break;
      case Op::negate:
        v = !a();
        break;
      case Op::both:
        v = a() && b();
        break;
      case Op::either:
        v = a() || b();
        break;
      case Op::equal:
        v = a() == b();
        break;
      case Op::unequal:
        v = a() != b();
        break;
    }
    value[i] = v ? 1 : 0;
  }
  return value.empty() || value.back() != 0;
}

std::string Depends::expanded(const ToleranceOf& continue_on) const {
  std::string out;
  std::size_t copied = 0;
  for (const auto& [offset, index] : bare_) {
    const std::string& task = tasks_[index].task;
    const Tolerance on = continue_on ? continue_on(task) : Tolerance{};
    out.append(text_, copied, offset - copied);
    out += fmt::format("({0}.Succeeded || {0}.Skipped || {0}.Daemoned", task);
    if (on.error) out += fmt::format(" || {}.Errored", task);
    if (on.failed) out += fmt::format(" || {}.Failed", task);
    out += ')';
    copied = offset + task.size();
  }
  return out.append(text_, copied);
}

}  // namespace skiff::spec
