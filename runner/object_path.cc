#include "runner/object_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <variant>
#include <vector>

namespace skiff::runner {
using spec::Json;

namespace {

using Values = std::vector<const Json*>;

struct Path;

struct Member {
  std::string name;
};
struct All {};
struct Below {};  // `..`: the value and everything inside it
/// [from:to:step], [n] and unions of them.
struct Slice {
  std::optional<std::int64_t> from, to;
  std::int64_t step = 1;
  bool single = false;
};
struct Filter {
  std::vector<Path> sides;  // one: it must be there
  std::string op;
  std::vector<Json> literals;  // of each side; null where the side is a path
};
struct Union {
  std::vector<std::variant<Member, Slice>> parts;
};
using Step = std::variant<Member, All, Below, Union, Filter>;

struct Path {
  std::vector<Step> steps;
};

struct Text {
  std::string text;
};
struct Range {
  Path path;
};
struct End {};
using Piece = std::variant<Text, Path, Range, End>;

/// Reads a template into pieces.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::vector<Piece> parse() {
    std::vector<Piece> out;
    int ranges = 0;
    while (pos_ < text_.size()) {
      const std::size_t open = std::min(text_.find('{', pos_), text_.size());
      if (open > pos_) out.push_back(Text{std::string(text_.substr(pos_, open - pos_))});
      pos_ = open;
      if (pos_ == text_.size()) break;
      ++pos_;
      for (skip(); !take('}'); skip()) {
        out.push_back(piece());
        if (std::holds_alternative<Range>(out.back())) ++ranges;
        if (std::holds_alternative<End>(out.back()) && --ranges < 0) fail("there is no range to end");
      }
    }
    if (ranges > 0) fail("`{range …}` has no `{end}`");
    return out;
  }

 private:
  Piece piece() {
    if (pos_ == text_.size()) fail("`{` is not closed");
    if (peek() == '"' || peek() == '\'') return Text{quoted()};
    if (word("range")) {
      skip();
      return Range{path()};
    }
    if (word("end")) return End{};
    return path();
  }

  Path path() {
    Path out;
    const std::size_t begin = pos_;
    if (peek() == '$' || peek() == '@') ++pos_;
    while (pos_ < text_.size()) {
      if (take('.')) {
        if (take('.')) {
          out.steps.emplace_back(Below{});
          if (peek() == '[') continue;
        }
        if (peek() == '[') continue;
        if (take('*')) {
          out.steps.emplace_back(All{});
        } else if (std::string n = name(); !n.empty()) {
          out.steps.emplace_back(Member{std::move(n)});
        }
      } else if (take('[')) {
        out.steps.push_back(bracket());
      } else {
        break;
      }
    }
    if (pos_ == begin) fail("expected a path such as .status.phase");
    return out;
  }

  Step bracket() {
    skip();
    if (take('*')) {
      close();
      return All{};
    }
    if (take('?')) return filter();
    Union out;
    do {
      skip();
      if (peek() == '"' || peek() == '\'') {
        out.parts.emplace_back(Member{quoted()});
      } else {
        out.parts.emplace_back(slice());
      }
      skip();
    } while (take(','));
    close();
    return out;
  }

  Slice slice() {
    Slice out;
    out.from = number();
    if (!take(':')) {
      if (!out.from) fail("expected a number, a quoted name, `*` or `?(…)` in [ ]");
      out.single = true;
      return out;
    }
    out.to = number();
    if (take(':')) out.step = number().value_or(1);
    if (out.step <= 0) fail("a step must be positive");
    return out;
  }

  Step filter() {
    if (!take('(')) fail("expected ( after [?");
    Filter out;
    side(out);
    skip();
    for (std::string_view op : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (!text_.substr(pos_).starts_with(op)) continue;
      pos_ += op.size();
      out.op = op;
      break;
    }
    if (!out.op.empty()) side(out);
    skip();
    if (!take(')')) fail("expected )");
    close();
    return out;
  }

  void side(Filter& out) {
    skip();
    Path p;
    Json literal;
    if (peek() == '@' || peek() == '$' || peek() == '.') {
      p = path();
    } else if (peek() == '"' || peek() == '\'') {
      literal = quoted();
    } else {
      const std::size_t end = std::min(text_.find_first_of(" )=<>!", pos_), text_.size());
      auto value = spec::parse_json(text_.substr(pos_, end - pos_));
      if (!value) fail("expected @, a number, true, false or a quoted text");
      literal = std::move(*value);
      pos_ = end;
    }
    out.sides.push_back(std::move(p));
    out.literals.push_back(std::move(literal));
  }

  std::string name() {
    std::string out;
    while (pos_ < text_.size() &&
           std::string_view(" .[]{}()=<>!,'\"").find(peek()) == std::string_view::npos) {
      if (peek() == '\\' && pos_ + 1 < text_.size()) ++pos_;  // `\.` is a dot of the name
      out += text_[pos_++];
    }
    return out;
  }

  std::string quoted() {
    const char mark = text_[pos_++];
    std::string out;
    while (pos_ < text_.size() && peek() != mark) {
      char c = text_[pos_++];
      if (c == '\\' && pos_ < text_.size()) {
        c = text_[pos_++];
        if (c == 'n') c = '\n';
        if (c == 't') c = '\t';
        if (c == 'r') c = '\r';
      }
      out += c;
    }
    if (!take(mark)) fail("a quote is not closed");
    return out;
  }

  std::optional<std::int64_t> number() {
    std::int64_t n = 0;
    const auto r = std::from_chars(text_.data() + pos_, text_.data() + text_.size(), n);
    if (r.ec != std::errc()) return std::nullopt;
    pos_ = static_cast<std::size_t>(r.ptr - text_.data());
    return n;
  }

  void close() {
    skip();
    if (!take(']')) fail("`[` is not closed");
  }
  bool word(std::string_view w) {
    const std::string_view rest = text_.substr(pos_);
    if (!rest.starts_with(w) || rest.size() == w.size() || (rest[w.size()] != ' ' && rest[w.size()] != '}'))
      return false;
    pos_ += w.size();
    return true;
  }
  [[nodiscard]] char peek() const { return pos_ < text_.size() ? text_[pos_] : '\0'; }
  bool take(char c) {
    if (peek() != c || pos_ == text_.size()) return false;
    ++pos_;
    return true;
  }
  void skip() {
    while (peek() == ' ') ++pos_;
  }
  [[noreturn]] void fail(std::string_view what) const {
    throw PathError(fmt::format("jsonPath `{}`, at {}: {}", text_, pos_ + 1, what));
  }

  std::string_view text_;
  std::size_t pos_ = 0;
};

void inside(const Json& value, Values& out) {
  if (value.is_array()) {
    for (const Json& e : value.as_array()) out.push_back(&e);
  } else if (value.is_object()) {
    for (const auto& [key, member] : value.as_object()) out.push_back(&member);
  }
}

void all_below(const Json& value, Values& out) {
  out.push_back(&value);
  Values members;
  inside(value, members);
  for (const Json* m : members) all_below(*m, out);
}

void take_slice(const Json& value, const Slice& s, Values& out) {
  if (!value.is_array()) return;
  const auto size = static_cast<std::int64_t>(value.as_array().size());
  const auto place = [size](std::int64_t i) { return i < 0 ? i + size : i; };
  const std::int64_t from = place(s.from.value_or(0));
  const std::int64_t to = s.single ? from + 1 : std::min(place(s.to.value_or(size)), size);
  for (std::int64_t i = std::max<std::int64_t>(from, 0); i < std::min(to, size); i += s.step) {
    out.push_back(&value.as_array()[static_cast<std::size_t>(i)]);
  }
}

Values walk(const Values& from, const Path& path);

bool compare(const Json& a, const std::string& op, const Json& b) {
  int order = 0;
  if (a.is_number() && b.is_number()) {
    const double x = a.as_double().value_or(0), y = b.as_double().value_or(0);
    order = x < y ? -1 : x > y ? 1 : 0;
  } else {
    order = plain_text(a).compare(plain_text(b));
  }
  if (op == "==") return order == 0;
  if (op == "!=") return order != 0;
  if (op == "<") return order < 0;
  if (op == "<=") return order <= 0;
  return op == ">" ? order > 0 : order >= 0;
}

bool passes(const Json& value, const Filter& f) {
  const auto side = [&](std::size_t i) -> Values {
    if (!f.sides[i].steps.empty()) return walk({&value}, f.sides[i]);
    if (!f.literals[i].is_null()) return {&f.literals[i]};
    return {&value};
  };
  const Values left = side(0);
  if (f.op.empty() || left.empty()) return !left.empty();
  const Values right = side(1);
  return !right.empty() && compare(*left.front(), f.op, *right.front());
}

void take_step(const Json& value, const Step& step, Values& out) {
  const auto member = [&](const Member& m) {
    const Json* found = value.is_object() ? value.find(m.name) : nullptr;
    if (found != nullptr) out.push_back(found);
  };
  if (const auto* m = std::get_if<Member>(&step)) {
    member(*m);
  } else if (std::holds_alternative<All>(step)) {
    inside(value, out);
  } else if (std::holds_alternative<Below>(step)) {
    all_below(value, out);
  } else if (const auto* u = std::get_if<Union>(&step)) {
    for (const auto& part : u->parts) {
      if (const auto* name = std::get_if<Member>(&part)) member(*name);
      if (const auto* s = std::get_if<Slice>(&part)) take_slice(value, *s, out);
    }
  } else if (const auto* f = std::get_if<Filter>(&step)) {
    Values members;
    inside(value, members);
    std::copy_if(members.begin(), members.end(), std::back_inserter(out),
                 [&](const Json* e) { return passes(*e, *f); });
  }
}

Values walk(const Values& from, const Path& path) {
  Values now = from;
  for (const Step& step : path.steps) {
    Values next;
    for (const Json* value : now) take_step(*value, step, next);
    now = std::move(next);
  }
  return now;
}

using Pieces = std::vector<Piece>;

/// Prints pieces [at, …) for one value, up to the `end` of the range they are in; gives the place after it.
std::size_t print(const Pieces& pieces, std::size_t at, const Json& value, std::string& out) {
  while (at < pieces.size() && !std::holds_alternative<End>(pieces[at])) {
    if (const auto* text = std::get_if<Text>(&pieces[at])) {
      out += text->text;
    } else if (const auto* path = std::get_if<Path>(&pieces[at])) {
      std::string line;
      for (const Json* found : walk({&value}, *path)) {
        if (!line.empty()) line += ' ';
        line += plain_text(*found);
      }
      out += line;
    } else if (const auto* range = std::get_if<Range>(&pieces[at])) {
      Values found = walk({&value}, range->path);
      std::string unused;
      const std::size_t after = print(pieces, at + 1, Json(), unused);
      for (const Json* each : found) print(pieces, at + 1, *each, out);
      at = after;
      continue;
    }
    ++at;
  }
  return at + 1;
}

}  // namespace

std::string plain_text(const Json& value) {
  if (value.is_string()) return value.as_string();
  return value.is_null() ? "" : spec::to_json(value);
}

std::string jsonpath_text(const Json& object, std::string_view text) {
  const Pieces pieces = Parser(text).parse();
  std::string out;
  print(pieces, 0, object, out);
  return out;
}

const Json* value_at(const Json& object, std::string_view dotted) {
  const Json* at = &object;
  while (at != nullptr && !dotted.empty()) {
    const std::string_view part = dotted.substr(0, dotted.find('.'));
    dotted.remove_prefix(std::min(part.size() + 1, dotted.size()));
    if (at->is_array()) {
      std::size_t i = 0;
      const auto r = std::from_chars(part.data(), part.data() + part.size(), i);
      const bool there =
          r.ec == std::errc() && r.ptr == part.data() + part.size() && i < at->as_array().size();
      at = there ? &at->as_array()[i] : nullptr;
    } else {
      at = at->is_object() ? at->find(part) : nullptr;
    }
  }
  return at;
}

}  // namespace skiff::runner
