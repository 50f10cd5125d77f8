// sprig's functions on texts: trimming, cutting, quoting, splitting and joining. Positions count bytes.
#include <re2/re2.h>

#include <algorithm>

#include "spec/expr/sprig_impl.h"
#include "spec/expr/unicode.h"

namespace skiff::spec::expr::sprig {
namespace {

std::string_view text(const Value& v) { return v.as_string(); }

std::string repeat(std::string_view what, std::int64_t count) {
  if (count < 0) throw Panic("strings: negative Repeat count");
  limit_bytes(what.empty() ? 0 : static_cast<std::uint64_t>(count));
  limit_bytes(what.size() * static_cast<std::uint64_t>(count));
  std::string out;
  out.reserve(what.size() * static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count && !what.empty(); ++i) out += what;
  return out;
}

std::string indent(std::int64_t spaces, std::string_view v) {
  const std::string pad = repeat(" ", spaces);
  limit_bytes(v.size() + pad.size() * static_cast<std::size_t>(1 + std::count(v.begin(), v.end(), '\n')));
  return pad + replace_all(v, "\n", "\n" + pad);
}

std::string_view part(std::string_view s, std::int64_t from, std::int64_t to) {
  const auto size = static_cast<std::int64_t>(s.size());
  if (from < 0 || to < from || to > size) {
    throw Panic("slice bounds out of range [" + std::to_string(from) + ":" + std::to_string(to) +
                "] with length " + std::to_string(size));
  }
  return s.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from));
}

std::string_view substr(std::int64_t start, std::int64_t end, std::string_view s) {
  const auto size = static_cast<std::int64_t>(s.size());
  if (start < 0) return part(s, 0, end);
  return part(s, start, end < 0 || end > size ? size : end);
}

std::string_view trunc(std::int64_t c, std::string_view s) {
  const auto size = static_cast<std::int64_t>(s.size());
  if (c < 0 && size + c > 0) return s.substr(static_cast<std::size_t>(size + c));
  if (c >= 0 && size > c) return s.substr(0, static_cast<std::size_t>(c));
  return s;
}

/// goutils' AbbreviateFull; what it calls an error gives "".
std::string abbreviate(std::string_view s, std::int64_t offset, std::int64_t width) {
  const auto size = static_cast<std::int64_t>(s.size());
  if (s.empty() || width < 4) return "";
  if (size <= width) return std::string(s);
  offset = std::min(offset, size);
  if (size - offset < width - 3) offset = size - (width - 3);
  if (offset <= 4) return std::string(part(s, 0, width - 3)) + "...";
  if (width < 7) return "";
  if (offset + width - 3 < size) return "..." + abbreviate(part(s, offset, size), 0, width - 3);
  return "..." + std::string(part(s, size - (width - 3), size));
}

std::string quote_all(Args args) {
  std::vector<std::string> out;
  for (const Value& v : args) {
    if (!v.is_nil()) out.push_back(go_quote(to_string(v)));
  }
  return join(out, " ");
}

std::string squote_all(Args args) {
  std::vector<std::string> out;
  for (const Value& v : args) {
    if (!v.is_nil()) out.push_back("'" + v.to_text() + "'");
  }
  return join(out, " ");
}

std::string cat(Args args) {
  std::vector<std::string> out;
  for (const Value& v : args) {
    if (!v.is_nil()) out.push_back(v.to_text());
  }
  return join(out, " ");
}

/// {"_0": first, "_1": second, …}
Value numbered(std::vector<std::string> parts) {
  std::vector<Map::Entry> entries;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    entries.emplace_back(Value("_" + std::to_string(i)), Value(std::move(parts[i])));
  }
  Map map(Type::map(Type::string(), Type::string()));
  map.assign(std::move(entries));
  return {std::move(map)};
}

bool is_printable(std::string_view rune) {
  static const re2::RE2 printable("[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}]");
  return re2::RE2::FullMatch(re2::StringPiece(rune.data(), rune.size()), printable);
}

void quote_rune(std::string& out, std::string_view bytes, Rune rune) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto hex = [&](char32_t value, int digits) {
    for (int i = digits - 1; i >= 0; --i) out += kHex[value >> (4 * i) & 0xFU];
  };
  if (rune.value == kRuneError && rune.size == 1) {
    out += "\\x";
    return hex(static_cast<unsigned char>(bytes[0]), 2);
  }
  if (rune.value == '"' || rune.value == '\\') {
    out += '\\';
    out += bytes;
    return;
  }
  if (rune.value >= 0x20 && rune.value < 0x7F) {
    out += bytes;
    return;
  }
  constexpr std::string_view kNamed = "\a\b\f\n\r\t\v";
  constexpr std::string_view kLetters = "abfnrtv";
  const std::size_t named =
      rune.value < 0x20 ? kNamed.find(static_cast<char>(rune.value)) : std::string_view::npos;
  if (named != std::string_view::npos) {
    out += '\\';
    out += kLetters[named];
  } else if (rune.value >= 0x80 && is_printable(bytes)) {
    out += bytes;
  } else if (rune.value < 0x80) {
    out += "\\x";
    hex(rune.value, 2);
  } else {
    out += rune.value < 0x10000 ? "\\u" : "\\U";
    hex(rune.value, rune.value < 0x10000 ? 4 : 8);
  }
}

void add_cutting(Table& t) {
  const Type* s = Type::string();
  const Type* i = Type::integer();
  t.add("abbrev", {i, s}, s, [](Args a) -> Value {
    return a[0].as_int() < 4 ? a[1] : Value(abbreviate(text(a[1]), 0, a[0].as_int()));
  });
  t.add("abbrevboth", {i, i, s}, s, [](Args a) -> Value {
    const std::int64_t left = a[0].as_int();
    const std::int64_t right = a[1].as_int();
    if (right < 4 || (left > 0 && right < 7)) return a[2];
    return abbreviate(text(a[2]), left, right);
  });
  t.add("trunc", {i, s}, s, [](Args a) -> Value { return trunc(a[0].as_int(), text(a[1])); });
  t.add("substr", {i, i, s}, s,
        [](Args a) -> Value { return substr(a[0].as_int(), a[1].as_int(), text(a[2])); });
  t.add("trim", {s}, s, [](Args a) -> Value { return trim_space(text(a[0])); });
  t.add("trimAll", {s, s}, s, [](Args a) -> Value { return trim(text(a[1]), text(a[0])); });
  t.alias("trimall", "trimAll");
  t.add("trimPrefix", {s, s}, s, [](Args a) -> Value {
    return text(a[1]).starts_with(text(a[0])) ? text(a[1]).substr(text(a[0]).size()) : text(a[1]);
  });
  t.add("trimSuffix", {s, s}, s, [](Args a) -> Value {
    const std::string_view from = text(a[1]);
    return from.ends_with(text(a[0])) ? from.substr(0, from.size() - text(a[0]).size()) : from;
  });
}

void add_questions(Table& t) {
  const Type* s = Type::string();
  const Type* b = Type::boolean();
  t.add("contains", {s, s}, b,
        [](Args a) -> Value { return {text(a[1]).find(text(a[0])) != std::string_view::npos}; });
  t.add("hasPrefix", {s, s}, b, [](Args a) -> Value { return {text(a[1]).starts_with(text(a[0]))}; });
  t.add("hasSuffix", {s, s}, b, [](Args a) -> Value { return {text(a[1]).ends_with(text(a[0]))}; });
  t.add("plural", {s, s, Type::integer()}, s,
        [](Args a) -> Value { return a[2].as_int() == 1 ? a[0] : a[1]; });
}

void add_making(Table& t) {
  const Type* s = Type::string();
  const Type* i = Type::integer();
  const Type* any = Type::any();
  t.add("hello", {}, s, [](Args) -> Value { return "Hello!"; });
  t.add("repeat", {i, s}, s, [](Args a) -> Value { return repeat(text(a[1]), a[0].as_int()); });
  t.add("indent", {i, s}, s, [](Args a) -> Value { return indent(a[0].as_int(), text(a[1])); });
  t.add("nindent", {i, s}, s, [](Args a) -> Value { return "\n" + indent(a[0].as_int(), text(a[1])); });
  t.add("replace", {s, s, s}, s,
        [](Args a) -> Value { return replace_all(text(a[2]), text(a[0]), text(a[1])); });
  t.add(
      "quote", {any}, s, [](Args a) -> Value { return quote_all(a); }, kVariadic);
  t.add(
      "squote", {any}, s, [](Args a) -> Value { return squote_all(a); }, kVariadic);
  t.add(
      "cat", {any}, s, [](Args a) -> Value { return cat(a); }, kVariadic);
  t.add("toString", {any}, s, [](Args a) -> Value { return to_string(a[0]); });
}

void add_splitting(Table& t) {
  const Type* s = Type::string();
  const Type* any = Type::any();
  const Type* list = Type::array(s);
  const Type* parts = Type::map(s, s);
  t.add("toStrings", {any}, list, [](Args a) -> Value { return strings(to_strings(a[0])); });
  t.add("join", {s, any}, s, [](Args a) -> Value { return join(to_strings(a[1]), text(a[0])); });
  t.add("splitList", {s, s}, list,
        [](Args a) -> Value { return strings(split(text(a[1]), text(a[0]), -1)); });
  t.add("split", {s, s}, parts, [](Args a) -> Value { return numbered(split(text(a[1]), text(a[0]), -1)); });
  t.add("splitn", {s, Type::integer(), s}, parts,
        [](Args a) -> Value { return numbered(split(text(a[2]), text(a[0]), a[1].as_int())); });
  t.add("sortAlpha", {any}, list, [](Args a) -> Value {
    if (!elements(a[0])) return strings({to_string(a[0])});
    std::vector<std::string> items = to_strings(a[0]);
    std::sort(items.begin(), items.end());
    return strings(std::move(items));
  });
}

}  // namespace

std::string go_quote(std::string_view s) {
  std::string out = "\"";
  while (!s.empty()) {
    const Rune rune = decode_rune(s);
    quote_rune(out, s.substr(0, rune.size), rune);
    s.remove_prefix(rune.size);
  }
  return out + "\"";
}

std::vector<std::string> split(std::string_view s, std::string_view separator, std::int64_t n) {
  std::vector<std::string> out;
  if (n == 0) return out;
  const auto full = [&] { return n > 0 && static_cast<std::int64_t>(out.size()) == n - 1; };
  if (separator.empty()) {
    while (!s.empty() && !full()) {
      const Rune rune = decode_rune(s);
      out.emplace_back(s.substr(0, rune.size));
      s.remove_prefix(rune.size);
    }
    if (!s.empty()) out.emplace_back(s);
    return out;
  }
  for (std::size_t at = s.find(separator); at != std::string_view::npos && !full(); at = s.find(separator)) {
    out.emplace_back(s.substr(0, at));
    s.remove_prefix(at + separator.size());
  }
  out.emplace_back(s);
  return out;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::uint64_t size = 0;
  for (const std::string& p : parts) size += p.size() + separator.size();
  limit_bytes(size);
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::string replace_all(std::string_view s, std::string_view what, std::string_view by) {
  std::string out;
  const auto grow = [&out](std::string_view more) {
    out += more;
    limit_bytes(out.size());
  };
  if (what.empty()) {  // Go puts the new text before each character and at the end
    while (!s.empty()) {
      const Rune rune = decode_rune(s);
      grow(by);
      grow(s.substr(0, rune.size));
      s.remove_prefix(rune.size);
    }
    grow(by);
    return out;
  }
  for (std::size_t at = s.find(what); at != std::string_view::npos; at = s.find(what)) {
    grow(s.substr(0, at));
    grow(by);
    s.remove_prefix(at + what.size());
  }
  grow(s);
  return out;
}

void add_strings(Table& table) {
  add_cutting(table);
  add_questions(table);
  add_making(table);
  add_splitting(table);
}

}  // namespace skiff::spec::expr::sprig
