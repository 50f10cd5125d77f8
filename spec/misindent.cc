// Reads a text by its outline, with the registry telling where each key could belong.
//
// A frame is a mapping that is open at some column. A key that its frame's type does not have is tried where
// a reader would put it: inside the list item above it, or under the empty key above it. If it fits there, it
// is a stray.
#include "spec/misindent.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "spec/lines.h"
#include "spec/schema.h"
#include "spec/tree.h"

namespace skiff::spec {

namespace {

enum class Mistake : std::uint8_t { beside_item, beside_parent, too_deep, item_too_deep };

struct Stray {
  Mistake mistake = Mistake::beside_item;
  std::size_t offset = 0;  ///< of the key or dash
  std::uint32_t line = 0;
  std::string key;
  std::string beside;     ///< what it stands beside, or the key that it belongs under
  std::size_t shift = 2;  ///< by how many columns to move it
  std::uint32_t other_line = 0;
};

struct Frame {
  std::size_t column = 0;
  const TypeInfo* type = nullptr;   ///< nullptr where anything may stand
  bool assumed = false;             ///< its keys stand elsewhere than its column says
  const FieldInfo* last = nullptr;  ///< the key read last
  std::string last_key;
  bool last_empty = false;          ///< it has no value on its line …
  bool last_filled = false;         ///< … but children below it
  const FieldInfo* list = nullptr;  ///< the list among its keys whose items were read last
  std::size_t dash = 0;             ///< the column of their dashes
  std::size_t inner_dash = 0;       ///< of the inner ones, in a list of lists
  std::size_t item_column = 0;      ///< of their keys
  std::uint32_t item_line = 0;
  std::string item_text;  ///< "- name: whalesay"
};

const TypeInfo* item_type(const FieldInfo* field) {
  const bool list = field != nullptr && (field->shape == Shape::list || field->shape == Shape::list_of_lists);
  return list ? field->type : nullptr;
}

class OutlineReader {
 public:
  OutlineReader(const Tree& tree, std::vector<OutlineLine> lines) : tree_(tree), lines_(std::move(lines)) {}

  std::vector<Stray> read() {
    const TypeInfo* root = root_type();
    if (root == nullptr) return {};
    frames_.push_back(Frame{0, root, false, nullptr, "", false, false, nullptr, 0, 0, 0, 0, ""});
    std::size_t skip_deeper = std::string::npos;  // inside a value that goes on over several lines
    for (const OutlineLine& line : lines_) {
      if (skip_deeper != std::string::npos && line.indent > skip_deeper) continue;
      if (line.text.find_first_of("]}") == line.indent) continue;
      skip_deeper = std::string::npos;
      if (line.dashes > 0) {
        item(line);
      } else if (!line.key.empty()) {
        key(line);
      }
      if (goes_on(line.value)) skip_deeper = line.indent;
    }
    return std::move(strays_);
  }

 private:
  static bool goes_on(std::string_view value) {
    if (value.empty()) return false;
    if (value.front() != '[' && value.front() != '{' && value.front() != '"' && value.front() != '\'')
      return false;
    const char close = value.front() == '[' ? ']' : value.front() == '{' ? '}' : value.front();
    return value.size() == 1 || value.back() != close;
  }

  const TypeInfo* root_type() const {
    bool argo = false;
    for (const OutlineLine& line : lines_) {
      if (line.indent != 0) continue;
      if (line.key == "kind") return is_workflow_kind(line.value) ? type_of_kind(line.value) : nullptr;
      argo = argo || (line.key == "apiVersion" && line.value.starts_with("argoproj.io/"));
    }
    return argo ? find_type("Workflow") : nullptr;
  }

  Frame& top() { return frames_.back(); }

  void pop_deeper(std::size_t column) {
    while (frames_.size() > 1 && top().column > column) frames_.pop_back();
  }

  void stray(Mistake mistake, const OutlineLine& line, std::size_t column, std::string_view key_text,
             std::string beside, std::size_t shift, std::uint32_t other_line = 0) {
    const Mark mark = tree_.mark_at(line.offset);
    strays_.push_back({mistake, line.offset + column, mark.line, std::string(key_text), std::move(beside),
                       std::max<std::size_t>(shift, 1), other_line});
  }

  void enter(const OutlineLine& line, Frame& frame) {
    frame.last = frame.type != nullptr ? frame.type->find(line.key) : nullptr;
    frame.last_key = line.key;
    frame.last_empty = line.value.empty();
    frame.last_filled = false;
  }

  void push_child(std::size_t column) {
    Frame& parent = top();
    parent.last_filled = true;
    Frame child;
    child.column = column;
    const bool object = parent.last != nullptr && parent.last->shape == Shape::one;
    child.type = object ? parent.last->type : nullptr;
    frames_.push_back(std::move(child));
  }

  void key(const OutlineLine& line) {
    pop_deeper(line.column);
    if (top().column < line.column) {
      if (!top().last_empty && top().last != nullptr && !top().last_key.empty()) {
        too_deep(line);
        return;
      }
      push_child(line.column);
      enter(line, top());
      return;
    }
    if (top().assumed && !belongs(top(), line)) frames_.pop_back();
    Frame& frame = top();
    if (frame.assumed) {
      report_again(line);
    } else if (frame.type != nullptr && frame.type->find(line.key) == nullptr && adopt(line)) {
      return;
    }
    enter(line, top());
  }

  static bool belongs(const Frame& frame, const OutlineLine& line) {
    return frame.type != nullptr && frame.type->find(line.key) != nullptr;
  }

  /// A key that its frame does not know: finds it a place that a reader would see. True if it has one.
  bool adopt(const OutlineLine& line) {
    Frame& frame = top();
    const TypeInfo* items = item_type(frame.list);
    const bool in_item = items != nullptr && frame.dash == line.column && items->find(line.key) != nullptr;
    const bool empty_parent = frame.last != nullptr && frame.last_empty && !frame.last_filled &&
                              frame.last->shape == Shape::one && frame.last->type != nullptr &&
                              frame.last->type->find(line.key) != nullptr;
    if (!in_item && !empty_parent) return false;
    Frame assumed;
    assumed.column = line.column;
    assumed.assumed = true;
    if (empty_parent) {
      assumed.type = frame.last->type;
      assumed.item_text = frame.last_key;
      frame.last_filled = true;
    } else {
      assumed.type = items;
      assumed.item_text = frame.item_text;
      assumed.item_column = frame.item_column;
    }
    frames_.push_back(std::move(assumed));
    report_again(line);
    enter(line, top());
    return true;
  }

  void report_again(const OutlineLine& line) {
    const Frame& frame = top();
    const bool item = frame.item_column > 0;
    stray(item ? Mistake::beside_item : Mistake::beside_parent, line, line.column, line.key, frame.item_text,
          item ? frame.item_column - line.column : 2);
  }

  void too_deep(const OutlineLine& line) {
    const Frame& frame = top();
    stray(Mistake::too_deep, line, line.column, line.key, frame.last_key, line.column - frame.column);
    enter(line, top());
  }

  void item(const OutlineLine& line) {
    pop_deeper(line.indent);
    while (frames_.size() > 1 && !takes_items(top(), line.indent) && top().column >= line.indent)
      frames_.pop_back();
    if (continues_group(top(), line)) {
      open_item(line, top());
      return;
    }
    if (!takes_items(top(), line.indent)) {
      misplaced_item(line);
      return;
    }
    Frame& frame = top();
    if (frame.last_empty && frame.last != nullptr && item_type(frame.last) != nullptr && !frame.last_filled) {
      frame.list = frame.last;
    }
    frame.last_filled = true;
    frame.dash = line.indent;
    frame.inner_dash = second_dash(line);
    open_item(line, frame);
  }

  /// Its last key is a list, or its items stand at this column already.
  static bool takes_items(const Frame& frame, std::size_t indent) {
    if (frame.last_empty && !frame.last_filled && frame.column <= indent) return true;
    if (frame.list != nullptr && frame.dash == indent) return true;
    return frame.type == nullptr && frame.column <= indent;
  }

  /// One more item of the inner list that `- -` began.
  static bool continues_group(const Frame& frame, const OutlineLine& line) {
    return frame.list != nullptr && frame.list->shape == Shape::list_of_lists && line.dashes == 1 &&
           frame.inner_dash == line.indent && frame.inner_dash > frame.dash;
  }

  static std::size_t second_dash(const OutlineLine& line) {
    return line.dashes > 1 ? line.text.find('-', line.indent + 1) : line.indent;
  }

  void open_item(const OutlineLine& line, Frame& frame) {
    frame.item_column = line.column;
    frame.item_line = tree_.mark_at(line.offset).line;
    frame.item_text = fmt::format("- {}: {}", line.key, line.value);
    if (line.key.empty()) return;
    Frame inner;
    inner.column = line.column;
    inner.type = item_type(frame.list);
    enter(line, inner);
    frames_.push_back(std::move(inner));
  }

  /// An item at a column where no list is: perhaps of a list that stands further left.
  void misplaced_item(const OutlineLine& line) {
    for (std::size_t i = frames_.size(); i-- > 0;) {
      Frame& frame = frames_[i];
      const bool inner = frame.list != nullptr && frame.list->shape == Shape::list_of_lists;
      const std::size_t dash = inner && line.dashes == 1 ? frame.inner_dash : frame.dash;
      if (item_type(frame.list) == nullptr || line.indent <= dash) continue;
      if (item_type(frame.list)->find(line.key) == nullptr) continue;
      stray(Mistake::item_too_deep, line, line.indent, line.key, frame.item_text, line.indent - dash,
            frame.item_line);
      frames_.resize(i + 1);
      open_item(line, frames_[i]);
      return;
    }
  }

  const Tree& tree_;
  std::vector<OutlineLine> lines_;
  std::vector<Frame> frames_;
  std::vector<Stray> strays_;
};

std::string message_of(const Stray& s) {
  switch (s.mistake) {
    case Mistake::beside_item:
      return fmt::format("`{}` stands beside `{}`, outside the list item it belongs to", s.key, s.beside);
    case Mistake::beside_parent:
      return fmt::format("`{}` stands beside `{}`, which is left empty", s.key, s.beside);
    case Mistake::too_deep:
      return fmt::format("`{}` is indented deeper than `{}` above it, which already has a value", s.key,
                         s.beside);
    case Mistake::item_too_deep:
      return fmt::format("`- {}` is indented deeper than the list item of line {} that it follows", s.key,
                         s.other_line);
  }
  return {};
}

std::string hint_of(const Stray& s) {
  switch (s.mistake) {
    case Mistake::beside_item:
      return fmt::format("indent `{}`, with what is below it, by {} more", s.key, count_columns(s.shift));
    case Mistake::beside_parent:
      return fmt::format("indent `{}`, with what is below it, to put it under `{}`", s.key, s.beside);
    case Mistake::too_deep:
      return fmt::format("move it {} to the left, under `{}`", count_columns(s.shift), s.beside);
    case Mistake::item_too_deep:
      return fmt::format("move it {} to the left", count_columns(s.shift));
  }
  return {};
}

std::string other_lines(const std::vector<std::uint32_t>& lines) {
  constexpr std::size_t kShown = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(lines.size(), kShown); ++i) {
    const bool last = i + 1 == lines.size();
    text += fmt::format("{}{}", i == 0 ? "" : last ? " and " : ", ", lines[i]);
  }
  if (lines.size() > kShown) text += fmt::format(" and {} more", lines.size() - kShown);
  return text;
}

/// One finding for each kind of mistake: the first place in full, the others by their lines. What no error is
/// found at, Argo passes over (fields that steps do not have): a warning.
Diagnostics summarise(const Tree& tree, const std::vector<Stray>& strays,
                      const std::function<bool(std::uint32_t line)>& wrong) {
  std::map<Mistake, std::vector<const Stray*>> kinds;
  for (const Stray& s : strays) kinds[s.mistake].push_back(&s);
  Diagnostics out;
  for (const auto& [mistake, list] : kinds) {
    const Stray& first = *list.front();
    std::vector<std::uint32_t> others;
    for (const Stray* s : list) {
      if (s != &first) others.push_back(s->line);
    }
    std::string hint = hint_of(first);
    if (!others.empty()) {
      hint += fmt::format("; the same goes for {} {}", others.size() == 1 ? "line" : "lines",
                          other_lines(others));
    }
    const bool error = std::ranges::any_of(list, [&](const Stray* s) { return wrong(s->line); });
    out.push_back({error ? Severity::error : Severity::warning, "indentation", message_of(first), tree.file(),
                   tree.mark_at(first.offset), "", std::move(hint)});
  }
  return out;
}

struct Part {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool malformed = false;
};

/// The stretches of the file that deserve a second look: malformed ones, and documents with fields out of
/// place.
std::vector<Part> suspicious_parts(const ParsedFile& parsed, const Tree& tree) {
  std::set<std::uint32_t> unknown_lines;
  for (const Diagnostic& d : parsed.diagnostics) {
    if (d.rule == "unknown-field" || d.rule == "unknown-metadata-field" || d.rule == "duplicate-key")
      unknown_lines.insert(d.mark.line);
  }
  std::vector<Part> parts;
  for (const Malformed& m : parsed.malformed) parts.push_back({m.begin, m.end, true});
  for (const std::uint32_t number : unknown_lines) {
    const std::size_t at = tree.line_start(number);
    const bool known = std::ranges::any_of(parts, [&](const Part& p) { return p.begin <= at && at < p.end; });
    if (known) continue;
    const std::string_view text = tree.text();
    const auto before = text.substr(0, at).rfind("\n---");
    const auto after = text.find("\n---", at);
    parts.push_back({before == std::string_view::npos ? 0 : before + 1, std::min(after, text.size()), false});
  }
  return parts;
}

}  // namespace

void explain_misindentation(ParsedFile& parsed, const Tree& tree) {
  for (const Part& part : suspicious_parts(parsed, tree)) {
    const auto strays = OutlineReader(tree, outline(tree.text(), part.begin, part.end)).read();
    if (strays.empty()) continue;
    std::set<std::uint32_t> lines;
    std::set<std::uint32_t> wrong;
    for (const Stray& s : strays) lines.insert(s.line);
    for (const Diagnostic& d : parsed.diagnostics) {
      if (d.severity == Severity::error) wrong.insert(d.mark.line);
    }
    const std::uint32_t first = tree.mark_at(part.begin).line;
    const std::uint32_t last = tree.mark_at(part.end).line;
    std::erase_if(parsed.diagnostics, [&](const Diagnostic& d) {
      const bool inside = d.mark.line >= first && d.mark.line <= last;
      const bool explained = lines.contains(d.mark.line);
      if (d.severity != Severity::error) return inside && explained && d.rule == "unknown-field";
      return inside && (part.malformed || explained);
    });
    Diagnostics found =
        summarise(tree, strays, [&](std::uint32_t line) { return part.malformed || wrong.contains(line); });
    parsed.diagnostics.insert(parsed.diagnostics.end(), found.begin(), found.end());
  }
}

}  // namespace skiff::spec
