// JSON text to values: a recursive descent parser with encoding/json's leniencies (bytes that are no UTF-8
// and lone surrogates become U+FFFD, of equal keys the last wins).
#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "spec/expr/go_json.h"
#include "spec/expr/unicode.h"

namespace skiff::spec::expr {
namespace {

class Decoder {
 public:
  explicit Decoder(std::string_view text) : text_(text) {}

  Value run() {
    Value v = value(0);
    space();
    if (pos_ < text_.size()) bad("after top-level value");
    return v;
  }

 private:
  [[noreturn]] void bad(std::string_view where) const {
    if (pos_ >= text_.size()) throw Panic("unexpected end of JSON input");
    const Rune r = decode_rune(text_.substr(pos_));
    throw Panic(
        fmt::format("invalid character '{}' {} (at byte {})", text_.substr(pos_, r.size), where, pos_));
  }
  void space() {
    while (pos_ < text_.size() && std::string_view(" \t\r\n").find(text_[pos_]) != std::string_view::npos)
      ++pos_;
  }
  char peek() const { return pos_ < text_.size() ? text_[pos_] : '\0'; }
  bool take(char c) {
    if (pos_ >= text_.size() || text_[pos_] != c) return false;
    ++pos_;
    return true;
  }

  Value value(int depth) {
    if (depth > kMaxDepth) throw Panic("json: exceeded max depth");
    space();
    switch (peek()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return {string()};
      case 't':
        return word("true", Value(true));
      case 'f':
        return word("false", Value(false));
      case 'n':
        return word("null", Value());
      default:
        break;
    }
    if (peek() == '-' || (peek() >= '0' && peek() <= '9')) return number();
    bad("looking for beginning of value");
  }

  Value word(std::string_view w, Value v) {
    for (const char c : w) {
      if (!take(c)) bad(fmt::format("in literal {}", w));
    }
    return v;
  }

  void digits() {
    if (peek() < '0' || peek() > '9') bad("in numeric literal");
    while (peek() >= '0' && peek() <= '9') ++pos_;
  }

  Value number() {
    const std::size_t start = pos_;
    take('-');
    if (!take('0')) digits();
    if (take('.')) digits();
    if (peek() == 'e' || peek() == 'E') {
      ++pos_;
      if (!take('+')) take('-');
      digits();
    }
    const std::string_view text = text_.substr(start, pos_ - start);
    double d = 0;
    const auto r = std::from_chars(text.data(), text.data() + text.size(), d);
    if (r.ec == std::errc::result_out_of_range) {
      d = std::strtod(std::string(text).c_str(), nullptr);
      if (std::isinf(d)) throw Panic(fmt::format("json: cannot unmarshal number {} into a float64", text));
    }
    return {d};
  }

  Value array(int depth) {
    std::vector<Value> items;
    ++pos_;
    space();
    if (take(']')) return {std::move(items)};
    for (;;) {
      items.push_back(value(depth + 1));
      space();
      if (take(']')) return {std::move(items)};
      if (!take(',')) bad("after array element");
    }
  }

  Value object(int depth) {
    std::vector<Map::Entry> entries;
    ++pos_;
    space();
    if (!take('}')) {
      for (;;) {
        space();
        if (peek() != '"') bad("looking for beginning of object key string");
        Value key(string());
        space();
        if (!take(':')) bad("after object key");
        entries.emplace_back(std::move(key), value(depth + 1));
        space();
        if (take('}')) break;
        if (!take(',')) bad("after object key:value pair");
      }
    }
    Map map;
    map.assign(std::move(entries));
    return {std::move(map)};
  }

  std::string string() {
    std::string out;
    ++pos_;
    for (;;) {
      if (pos_ >= text_.size()) bad("");
      const char c = text_[pos_];
      if (c == '"') {
        ++pos_;
        return out;
      }
      if (static_cast<unsigned char>(c) < 0x20) bad("in string literal");
      if (c == '\\') {
        ++pos_;
        escape(out);
        continue;
      }
      const Rune r = decode_rune(text_.substr(pos_));
      append_rune(out, r.value);
      pos_ += r.size;
    }
  }

  void escape(std::string& out) {
    constexpr std::string_view kFrom = "\"\\/bfnrt";
    constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    if (pos_ >= text_.size()) bad("");
    if (take('u')) {
      char32_t r = hex4();
      if (r >= 0xD800 && r < 0xDC00 && text_.substr(pos_, 2) == "\\u") {
        const std::size_t back = pos_;
        pos_ += 2;
        const char32_t low = hex4();
        if (low >= 0xDC00 && low < 0xE000) {
          r = 0x10000 + ((r - 0xD800) << 10U) + (low - 0xDC00);
        } else {
          pos_ = back;
        }
      }
      append_rune(out, r);
      return;
    }
    const auto i = kFrom.find(text_[pos_]);
    if (i == std::string_view::npos) bad("in string escape code");
    out += kTo[i];
    ++pos_;
  }

  char32_t hex4() {
    std::uint32_t v = 0;
    for (int i = 0; i < 4; ++i, ++pos_) {
      if (pos_ >= text_.size()) bad("");
      const char* at = text_.data() + pos_;
      std::uint32_t digit = 0;
      if (std::from_chars(at, at + 1, digit, 16).ec != std::errc())
        bad("in \\u hexadecimal character escape");
      v = v * 16 + digit;
    }
    return v;
  }

  std::string_view text_;
  std::size_t pos_ = 0;
};

}  // namespace

Result<Value> decode_json(std::string_view text) {
  try {
    return Decoder(text).run();
  } catch (const Panic& p) {
    return fail(p.what());
  }
}

}  // namespace skiff::spec::expr
