// Versions are read by one regular expression; constraints by three: ranges ("1 - 2") are rewritten first,
// then each alternative is checked as a whole and taken apart.
#include "spec/expr/semver.h"

#include <re2/re2.h>

#include <array>
#include <charconv>

namespace skiff::spec::expr {
namespace {

constexpr std::string_view kPart = "([0-9A-Za-z\\-]+(?:\\.[0-9A-Za-z\\-]+)*)";

std::string version_pattern(std::string_view number) {
  const std::string n(number);
  const std::string part(kPart);
  return "v?(" + n + ")(?:\\.(" + n + "))?(?:\\.(" + n + "))?(?:-" + part + ")?(?:\\+" + part + ")?";
}

/// Without groups, for use inside other patterns.
std::string plain(std::string pattern) {
  for (std::size_t at = pattern.find('('); at != std::string::npos; at = pattern.find('(', at + 1)) {
    if (pattern.compare(at, 3, "(?:") != 0) pattern.insert(at + 1, "?:");
  }
  return pattern;
}

const std::string& constraint_number() {
  static const std::string kNumber = "[0-9|x|X|\\*]+";
  return kNumber;
}
constexpr std::string_view kOps = "=||!=|>|<|>=|=>|<=|=<|~|~>|\\^";

bool parse_number(const std::string& text, std::uint64_t& out, std::string* error) {
  if (text.empty()) return true;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (code == std::errc{} && stop == text.data() + text.size()) return true;
  *error = "error parsing version segment: strconv.ParseUint: parsing \"" + text + "\"";
  return false;
}

std::vector<std::string_view> dotted(std::string_view text) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t dot = text.find('.');
    out.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return out;
    text.remove_prefix(dot + 1);
  }
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

int sign(bool less) { return less ? -1 : 1; }

int compare_part(std::string_view s, std::string_view o) {
  if (s == o) return 0;
  if (s.empty() || o.empty()) return sign(s.empty());
  const auto sn = number(s);
  const auto on = number(o);
  if (!sn && !on) return sign(s < o);
  if (!on) return -1;
  if (!sn) return 1;
  return sign(*sn <= *on);
}

int compare_pre(std::string_view s, std::string_view o) {
  const auto a = dotted(s);
  const auto b = dotted(o);
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const int d = compare_part(i < a.size() ? a[i] : "", i < b.size() ? b[i] : "");
    if (d != 0) return d;
  }
  return 0;
}

bool is_x(std::string_view part) { return part == "x" || part == "X" || part == "*"; }

/// "1.2 - 2.0" becomes ">= 1.2, <= 2.0 ".
std::string without_ranges(std::string text) {
  static const re2::RE2 range([] {
    const std::string v = plain(version_pattern(constraint_number()));
    return "\\s*(" + v + ")\\s+-\\s+(" + v + ")\\s*";
  }());
  re2::RE2::GlobalReplace(&text, range, ">= \\1, <= \\2 ");
  return text;
}

}  // namespace

std::optional<Version> Version::parse(const std::string& text, std::string* error) {
  static const re2::RE2 pattern(version_pattern("[0-9]+"));
  Version out;
  std::string major, minor, patch;
  if (!re2::RE2::FullMatch(text, pattern, &major, &minor, &patch, &out.pre, &out.metadata)) {
    *error = "invalid semantic version";
    return std::nullopt;
  }
  const bool numbers = parse_number(major, out.major, error) && parse_number(minor, out.minor, error) &&
                       parse_number(patch, out.patch, error);
  if (!numbers) return std::nullopt;
  for (const std::string_view part : dotted(out.pre)) {
    const bool digits = part.find_first_not_of("0123456789") == std::string_view::npos;
    if (digits && part.size() > 1 && part[0] == '0') {
      *error = "version segment starts with 0";
      return std::nullopt;
    }
  }
  out.original = text;
  return out;
}

std::string Version::text() const {
  std::string out = std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
  if (!pre.empty()) out += "-" + pre;
  if (!metadata.empty()) out += "+" + metadata;
  return out;
}

int Version::compare(const Version& o) const {
  if (major != o.major) return sign(major < o.major);
  if (minor != o.minor) return sign(minor < o.minor);
  if (patch != o.patch) return sign(patch < o.patch);
  if (pre.empty() || o.pre.empty()) return pre.empty() && o.pre.empty() ? 0 : sign(!pre.empty());
  return compare_pre(pre, o.pre);
}

std::optional<Constraints::Condition> Constraints::parse_condition(const std::string& text,
                                                                   std::string* error) {
  static const re2::RE2 take("\\s*(" + std::string(kOps) + ")\\s*" + version_pattern(constraint_number()) +
                             "\\s*");
  Condition c;
  std::string major, minor, patch, pre, metadata;
  if (!re2::RE2::FullMatch(text, take, &c.op, &major, &minor, &patch, &pre, &metadata)) {
    *error = "improper constraint: " + text;
    return std::nullopt;
  }
  const std::string suffix = pre.empty() ? "" : "-" + pre;
  std::string full = major + "." + minor + "." + patch + suffix + (metadata.empty() ? "" : "+" + metadata);
  if (is_x(major)) {
    full = "0.0.0" + suffix;
    c.dirty = true;
  } else if (is_x(minor) || minor.empty()) {
    full = major + ".0.0" + suffix;
    c.dirty = c.minor_dirty = true;
  } else if (is_x(patch) || patch.empty()) {
    full = major + "." + minor + ".0" + suffix;
    c.dirty = c.patch_dirty = true;
  }
  std::string ignored;
  auto parsed = Version::parse(full, &ignored);
  if (!parsed) {
    *error = "constraint parser error";
    return std::nullopt;
  }
  c.version = std::move(*parsed);
  return c;
}

std::optional<Constraints> Constraints::parse(const std::string& given, std::string* error) {
  static const std::string one =
      "(?:" + std::string(kOps) + ")\\s*" + plain(version_pattern(constraint_number()));
  static const re2::RE2 valid("\\s*" + one + "\\s*(?:(?:\\s+|,\\s*)" + one + "\\s*)*");
  static const re2::RE2 find("(" + one + ")");
  Constraints out;
  const std::string text = without_ranges(given);
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find("||", at), text.size());
    const std::string alternative = text.substr(at, end - at);
    at = end + 2;
    if (!re2::RE2::FullMatch(alternative, valid)) {
      *error = "improper constraint: " + alternative;
      return std::nullopt;
    }
    Group group;
    re2::StringPiece rest(alternative);
    std::string condition;
    while (re2::RE2::FindAndConsume(&rest, find, &condition)) {
      auto parsed = parse_condition(condition, error);
      if (!parsed) return std::nullopt;
      group.pre = group.pre || !parsed->version.pre.empty();
      group.conditions.push_back(std::move(*parsed));
    }
    out.groups_.push_back(std::move(group));
  }
  return out;
}

bool Constraints::check(const Version& v) const {
  for (const Group& group : groups_) {
    bool all = v.pre.empty() || group.pre;
    for (const Condition& c : group.conditions) all = all && holds(c, v);
    if (all) return true;
  }
  return false;
}

bool Constraints::holds(const Condition& c, const Version& v) {
  const int order = v.compare(c.version);
  if (c.op.empty() || c.op == "=") return c.dirty ? tilde(c, v) : order == 0;
  if (c.op == "!=") return not_equal(c, v);
  if (c.op == "<") return order < 0;
  if (c.op == ">=" || c.op == "=>") return order >= 0;
  if (c.op == "~" || c.op == "~>") return tilde(c, v);
  if (c.op == "^") return caret(c, v);
  if (c.op == ">") {
    if (!c.dirty || v.major != c.version.major) return c.dirty ? v.major > c.version.major : order > 0;
    if (c.minor_dirty) return false;
    return c.patch_dirty ? v.minor > c.version.minor : order > 0;
  }
  if (!c.dirty) return order <= 0;  // <= or =<
  if (v.major > c.version.major) return false;
  return !(v.major == c.version.major && v.minor > c.version.minor && !c.minor_dirty);
}

bool Constraints::not_equal(const Condition& c, const Version& v) {
  if (!c.dirty) return v.compare(c.version) != 0;
  if (c.version.major != v.major) return true;
  if (c.minor_dirty) return false;
  if (c.version.minor != v.minor) return true;
  if (!c.patch_dirty) return c.version.patch != v.patch || v.compare(c.version) != 0;
  return (!v.pre.empty() || !c.version.pre.empty()) && compare_pre(v.pre, c.version.pre) != 0;
}

bool Constraints::tilde(const Condition& c, const Version& v) {
  if (v.compare(c.version) < 0) return false;
  const Version& w = c.version;
  if (w.major == 0 && w.minor == 0 && w.patch == 0 && !c.minor_dirty && !c.patch_dirty) return true;
  return v.major == w.major && (v.minor == w.minor || c.minor_dirty);
}

bool Constraints::caret(const Condition& c, const Version& v) {
  if (v.compare(c.version) < 0) return false;
  const Version& w = c.version;
  if (w.major > 0 || c.minor_dirty) return v.major == w.major;
  if (v.major > 0) return false;
  if (w.minor > 0 || c.patch_dirty) return v.minor == w.minor;
  return v.minor == 0 && v.patch == w.patch;
}

}  // namespace skiff::spec::expr
