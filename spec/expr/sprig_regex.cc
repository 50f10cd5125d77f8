// sprig's regular expressions: RE2's syntax, with Go's rules for empty matches and for $name in replacements.
#include <re2/re2.h>

#include <functional>

#include "spec/expr/sprig_impl.h"
#include "spec/expr/unicode.h"

namespace skiff::spec::expr::sprig {
namespace {

std::string_view text(const Value& v) { return v.as_string(); }

class Pattern {
 public:
  explicit Pattern(const Value& source) : re_(source.as_string(), re2::RE2::Quiet) {
    if (!re_.ok()) {
      throw Panic("regexp: Compile(`" + source.as_string() + "`): error parsing regexp: " + re_.error());
    }
    groups_.resize(static_cast<std::size_t>(re_.NumberOfCapturingGroups()) + 1);
  }

  using Groups = std::vector<re2::StringPiece>;
  /// Calls with each match from left to right until it says false. An empty match right behind another is
  /// none.
  void each(std::string_view in, const std::function<bool(const Groups&)>& visit) {
    const re2::StringPiece all(in.data(), in.size());
    std::size_t at = 0;
    std::size_t last_end = std::string_view::npos;
    while (at <= in.size()) {
      if (!re_.Match(all, at, in.size(), re2::RE2::UNANCHORED, groups_.data(),
                     static_cast<int>(groups_.size())))
        return;
      const auto begin = static_cast<std::size_t>(groups_[0].data() - in.data());
      const std::size_t end = begin + groups_[0].size();
      const bool accepted = end > begin || begin != last_end;
      last_end = end;
      if (accepted && !visit(groups_)) return;
      if (end > at) {
        at = end;
      } else {
        at += at < in.size() ? decode_rune(in.substr(at)).size : 1;
      }
    }
  }

  [[nodiscard]] const re2::RE2& re() const { return re_; }

 private:
  re2::RE2 re_;
  Groups groups_;
};

std::string_view view(const re2::StringPiece& piece) { return {piece.data(), piece.size()}; }

/// Go's Regexp.Expand: $1, ${name}, $$; a name is as long as it can be.
class Expansion {
 public:
  Expansion(const Pattern& pattern, std::string_view form)
      : names_(pattern.re().NamedCapturingGroups()), form_(form) {}

  void append(std::string& out, const Pattern::Groups& groups) const {
    std::string_view rest = form_;
    while (!rest.empty()) {
      const std::size_t dollar = rest.find('$');
      out += rest.substr(0, dollar);
      if (dollar == std::string_view::npos) return;
      rest.remove_prefix(dollar + 1);
      if (rest.starts_with('$')) {
        out += '$';
        rest.remove_prefix(1);
        continue;
      }
      std::size_t used = 0;
      const std::string_view name = read_name(rest, used);
      if (used == 0) {
        out += '$';
        continue;
      }
      rest.remove_prefix(used);
      out += group(name, groups);
    }
  }

 private:
  static std::string_view read_name(std::string_view rest, std::size_t& used) {
    const bool brace = rest.starts_with('{');
    std::size_t end = brace ? 1 : 0;
    while (end < rest.size()) {
      const Rune rune = decode_rune(rest.substr(end));
      if (!is_letter(rune.value) && !is_digit(rune.value) && rune.value != '_') break;
      end += rune.size;
    }
    const std::size_t begin = brace ? 1 : 0;
    if (end == begin || (brace && (end == rest.size() || rest[end] != '}'))) return {};
    used = end + begin;
    return rest.substr(begin, end - begin);
  }

  [[nodiscard]] std::string_view group(std::string_view name, const Pattern::Groups& groups) const {
    std::size_t index = 0;
    bool number = true;
    for (const char c : name) {
      number = number && c >= '0' && c <= '9' && index < 100'000'000;
      if (number) index = index * 10 + static_cast<std::size_t>(c - '0');
    }
    if (number && name.size() > 1 && name[0] == '0') number = false;
    if (!number) {
      const auto found = names_.find(std::string(name));
      if (found == names_.end()) return {};
      index = static_cast<std::size_t>(found->second);
    }
    return index < groups.size() ? view(groups[index]) : std::string_view();
  }

  const std::map<std::string, int>& names_;
  std::string_view form_;
};

std::string replace(Args a, bool literal) {
  Pattern pattern(a[0]);
  const std::string_view in = text(a[1]);
  const Expansion expansion(pattern, text(a[2]));
  std::string out;
  std::size_t copied = 0;
  pattern.each(in, [&](const Pattern::Groups& groups) {
    const auto begin = static_cast<std::size_t>(groups[0].data() - in.data());
    out += in.substr(copied, begin - copied);
    if (literal) {
      out += text(a[2]);
    } else {
      expansion.append(out, groups);
    }
    limit_bytes(out.size());
    copied = begin + groups[0].size();
    return true;
  });
  out += in.substr(copied);
  return out;
}

Value find_all(Args a) {
  Pattern pattern(a[0]);
  const std::int64_t n = a[2].as_int();
  std::vector<std::string> out;
  if (n != 0) {
    pattern.each(text(a[1]), [&](const Pattern::Groups& groups) {
      out.emplace_back(view(groups[0]));
      return static_cast<std::int64_t>(out.size()) != n;
    });
  }
  return out.empty() ? Value::nil_array(Type::string()) : strings(std::move(out));
}

Value find(Args a) {
  Pattern pattern(a[0]);
  std::string out;
  pattern.each(text(a[1]), [&](const Pattern::Groups& groups) {
    out = view(groups[0]);
    return false;
  });
  return out;
}

Value split_by(Args a) {
  Pattern pattern(a[0]);
  const std::string_view in = text(a[1]);
  const std::int64_t n = a[2].as_int();
  if (n == 0) return Value::nil_array(Type::string());
  std::vector<std::string> out;
  if (!text(a[0]).empty() && in.empty()) return strings({""});
  std::size_t begin = 0;
  std::size_t end = 0;
  std::int64_t seen = 0;
  pattern.each(in, [&](const Pattern::Groups& groups) {
    if (n > 0 && (static_cast<std::int64_t>(out.size()) == n - 1 || seen++ == n)) return false;
    end = static_cast<std::size_t>(groups[0].data() - in.data());
    const std::size_t after = end + groups[0].size();
    if (after != 0) out.emplace_back(in.substr(begin, end - begin));
    begin = after;
    return true;
  });
  if (end != in.size()) out.emplace_back(in.substr(begin));
  return strings(std::move(out));
}

std::string quote_meta(std::string_view s) {
  std::string out;
  for (const char c : s) {
    if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

void add_regex(Table& t) {
  const Type* s = Type::string();
  const Type* i = Type::integer();
  const Type* b = Type::boolean();
  const Type* list = Type::array(s);
  t.add("regexMatch", {s, s}, b, [](Args a) -> Value {
    const re2::RE2 re(a[0].as_string(), re2::RE2::Quiet);
    return {re.ok() && re2::RE2::PartialMatch(a[1].as_string(), re)};
  });
  t.add("mustRegexMatch", {s, s}, b, [](Args a) -> Value {
    const Pattern pattern(a[0]);
    return {re2::RE2::PartialMatch(a[1].as_string(), pattern.re())};
  });
  t.add("regexFind", {s, s}, s, find);
  t.add("regexFindAll", {s, s, i}, list, find_all);
  t.add("regexReplaceAll", {s, s, s}, s, [](Args a) -> Value { return replace(a, false); });
  t.add("regexReplaceAllLiteral", {s, s, s}, s, [](Args a) -> Value { return replace(a, true); });
  t.add("regexSplit", {s, s, i}, list, split_by);
  t.alias("mustRegexFind", "regexFind");
  t.alias("mustRegexFindAll", "regexFindAll");
  t.alias("mustRegexReplaceAll", "regexReplaceAll");
  t.alias("mustRegexReplaceAllLiteral", "regexReplaceAllLiteral");
  t.alias("mustRegexSplit", "regexSplit");
  t.add("regexQuoteMeta", {s}, s, [](Args a) -> Value { return quote_meta(text(a[0])); });
}

}  // namespace skiff::spec::expr::sprig
