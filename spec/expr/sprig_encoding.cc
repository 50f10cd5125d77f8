// sprig's base64 and base32, and paths. A text that does not decode gives the error's own text, as in sprig.
#include <array>

#include "spec/expr/go_json.h"
#include "spec/expr/sprig_impl.h"

namespace skiff::spec::expr::sprig {
namespace {

constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

std::string encode_base32(std::string_view data) {
  std::string out;
  std::uint64_t bits = 0;
  unsigned held = 0;
  for (const char c : data) {
    bits = bits << 8U | static_cast<unsigned char>(c);
    for (held += 8; held >= 5; held -= 5) out += kBase32[bits >> (held - 5) & 31U];
  }
  if (held > 0) out += kBase32[bits << (5 - held) & 31U];
  out.append((8 - out.size() % 8) % 8, '=');
  return out;
}

std::string corrupt(std::size_t at) { return "illegal base32 data at input byte " + std::to_string(at); }

/// Go's decoder: line ends are skipped, the padding must be there and be right.
std::string decode_base32(std::string_view text) {
  std::string clean;
  for (const char c : text) {
    if (c != '\r' && c != '\n') clean += c;
  }
  std::string out;
  std::size_t at = 0;
  bool end = false;
  while (at < clean.size() && !end) {
    std::uint64_t bits = 0;
    std::size_t digits = 0;
    for (; digits < 8; ++digits) {
      if (at == clean.size()) return corrupt(at - digits);
      const char c = clean[at++];
      if (c == '=' && digits >= 2 && clean.size() - at < 8) {
        const std::size_t padding = 8 - digits;
        if (clean.size() - at < padding - 1) return corrupt(clean.size());
        for (std::size_t k = 0; k < padding - 1; ++k) {
          if (clean[at + k] != '=') return corrupt(at + k - 1);
        }
        if (digits == 3 || digits == 6) return corrupt(at - 1);
        at += padding - 1;
        end = true;
        break;
      }
      const std::size_t value = kBase32.find(c);
      if (value == std::string_view::npos) return corrupt(at - 1);
      bits = bits << 5U | value;
    }
    const std::size_t bytes = digits * 5 / 8;
    bits <<= (8 - digits) * 5;
    for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(bits >> (32 - 8 * i) & 0xFFU);
  }
  return at < clean.size() ? corrupt(at) : out;
}

/// path.Clean.
std::string clean(std::string_view path) {
  const bool rooted = path.starts_with('/');
  std::vector<std::string_view> kept;
  std::size_t up = 0;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, slash - at);
    at = slash + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(part);
    } else if (kept.size() > up) {
      kept.pop_back();
    } else if (!rooted) {
      kept.push_back(part);
      up = kept.size();
    }
  }
  std::string out = rooted ? "/" : "";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i > 0) out += '/';
    out += kept[i];
  }
  return out.empty() ? "." : out;
}

std::string dir(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return clean(slash == std::string_view::npos ? "" : path.substr(0, slash + 1));
}

std::string base(std::string_view path) {
  if (path.empty()) return ".";
  while (path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  return path.empty() ? "/" : std::string(path);
}

std::string ext(std::string_view path) {
  const std::size_t at = path.find_last_of("./");
  return at == std::string_view::npos || path[at] == '/' ? "" : std::string(path.substr(at));
}

}  // namespace

void add_encoding(Table& t) {
  const Type* s = Type::string();
  t.add("b64enc", {s}, s, [](Args a) -> Value { return encode_base64(a[0].as_string()); });
  t.add("b64dec", {s}, s, [](Args a) -> Value {
    auto out = decode_base64(a[0].as_string());
    return out.ok() ? Value(std::move(out).value()) : Value(out.error().message);
  });
  t.add("b32enc", {s}, s, [](Args a) -> Value { return encode_base32(a[0].as_string()); });
  t.add("b32dec", {s}, s, [](Args a) -> Value { return decode_base32(a[0].as_string()); });
}

void add_paths(Table& t) {
  const Type* s = Type::string();
  t.add("base", {s}, s, [](Args a) -> Value { return base(a[0].as_string()); });
  t.add("dir", {s}, s, [](Args a) -> Value { return dir(a[0].as_string()); });
  t.add("clean", {s}, s, [](Args a) -> Value { return clean(a[0].as_string()); });
  t.add("ext", {s}, s, [](Args a) -> Value { return ext(a[0].as_string()); });
  t.add("isAbs", {s}, Type::boolean(), [](Args a) -> Value { return {a[0].as_string().starts_with('/')}; });
  t.alias("osBase", "base");
  t.alias("osDir", "dir");
  t.alias("osClean", "clean");
  t.alias("osExt", "ext");
  t.alias("osIsAbs", "isAbs");
}

}  // namespace skiff::spec::expr::sprig
