// Values to JSON text and to Json, as encoding/json writes them; base64.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "spec/expr/go_json.h"
#include "spec/expr/time.h"
#include "spec/expr/unicode.h"

namespace skiff::spec::expr {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

[[noreturn]] void unsupported(const std::string& what) { throw Panic("json: unsupported type: " + what); }

/// Shortest digits; exponents below -6 and from 21 on in e-notation, without a padding zero.
std::string number_text(const Value& v) {
  const double d = v.as_float();
  if (!std::isfinite(d)) throw Panic("json: unsupported value: " + format_float(d));
  const double a = std::fabs(d);
  const bool small = v.is_float32() ? static_cast<float>(a) < 1e-6F : a < 1e-6;
  const bool large = v.is_float32() ? static_cast<float>(a) >= 1e21F : a >= 1e21;
  std::string s = format_float(d, a != 0 && (small || large) ? 'e' : 'f', -1, v.is_float32());
  const auto e = s.find("e-0");
  if (e != std::string::npos) s.erase(e + 2, 1);
  return s;
}

std::string integer_text(const Value& v) {
  const bool is_unsigned = v.int_type() >= IntType::uint && v.int_type() <= IntType::uint64;
  return is_unsigned ? std::to_string(static_cast<std::uint64_t>(v.as_int())) : std::to_string(v.as_int());
}

std::string time_value(const Value& v) {
  auto text = time_json(v.as_time());
  if (!text) throw Panic("Time.MarshalJSON: year outside of range [0,9999]");
  return std::move(*text);
}

/// A map's key in JSON: Go takes strings and integers.
std::string key_text(const Map& map, const Value& key) {
  const Kind k = map.type()->key->kind;
  if (k == Kind::string) return key.as_string();
  if (k == Kind::integer) return integer_text(key);
  unsupported(map.type()->name);
}

class Encoder {
 public:
  Encoder(EncodeStyle style, Meter& meter) : style_(style), meter_(meter) {}
  std::string take() { return std::move(out_); }

  void value(const Value& v, int level) {
    meter_.bytes(8);
    switch (v.kind()) {
      case Kind::boolean:
        out_ += v.as_bool() ? "true" : "false";
        return;
      case Kind::integer:
        out_ += integer_text(v);
        return;
      case Kind::floating:
        out_ += number_text(v);
        return;
      case Kind::string:
        string(v.as_string());
        return;
      case Kind::bytes:
        string(encode_base64(v.as_bytes()));
        return;
      case Kind::array:
        array(v.array_data(), level);
        return;
      case Kind::map:
        map(v.as_map(), level);
        return;
      case Kind::time:
        string(time_value(v));
        return;
      case Kind::duration:
        out_ += std::to_string(v.as_duration());
        return;
      case Kind::function:
        unsupported(v.type()->name);
      case Kind::opaque:
        opaque(v);
        return;
      default:
        out_ += "null";
        return;
    }
  }

 private:
  void line(int level) {
    if (style_.indent == 0) return;
    meter_.bytes(static_cast<std::uint64_t>(level * style_.indent));
    out_ += '\n';
    out_.append(static_cast<std::size_t>(level * style_.indent), ' ');
  }

  void array(const Array& a, int level) {
    if (a.is_nil) {
      out_ += "null";
      return;
    }
    out_ += '[';
    bool first = true;
    for (const Value& item : a.items) {
      if (!first) out_ += ',';
      first = false;
      line(level + 1);
      value(item, level + 1);
    }
    if (!first) line(level);
    out_ += ']';
  }

  void map(const Map& m, int level) {
    if (m.type()->key->kind == Kind::any) unsupported(m.type()->name);
    if (m.is_nil()) {
      out_ += "null";
      return;
    }
    out_ += '{';
    bool first = true;
    for (const auto& [key, item] : m) {
      if (!first) out_ += ',';
      first = false;
      line(level + 1);
      string(key_text(m, key));
      out_ += style_.indent > 0 ? ": " : ":";
      value(item, level + 1);
    }
    if (!first) line(level);
    out_ += '}';
  }

  void opaque(const Value& v) {
    auto json = v.as_opaque().to_json();
    if (!json) throw Panic(json.error().message);
    out_ += spec::to_json(json.value(), {.escape_html = style_.escape_html, .sort_keys = true});
  }

  void string(std::string_view s) {
    meter_.bytes(s.size());
    out_ += '"';
    while (!s.empty()) {
      const Rune r = decode_rune(s);
      if (r.size == 1 && r.value == kRuneError) {
        out_ += "\\ufffd";
      } else if (r.size > 1) {
        if (r.value == 0x2028 || r.value == 0x2029) {
          out_ += r.value == 0x2028 ? "\\u2028" : "\\u2029";
        } else {
          out_ += s.substr(0, r.size);
        }
      } else {
        ascii(static_cast<char>(r.value));
      }
      s.remove_prefix(r.size);
    }
    out_ += '"';
  }

  void ascii(char c) {
    switch (c) {
      case '"':
        out_ += "\\\"";
        return;
      case '\\':
        out_ += "\\\\";
        return;
      case '\b':
        out_ += "\\b";
        return;
      case '\f':
        out_ += "\\f";
        return;
      case '\n':
        out_ += "\\n";
        return;
      case '\r':
        out_ += "\\r";
        return;
      case '\t':
        out_ += "\\t";
        return;
      default:
        break;
    }
    const bool html = style_.escape_html && (c == '<' || c == '>' || c == '&');
    if (html || static_cast<unsigned char>(c) < 0x20) {
      out_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out_ += c;
    }
  }

  EncodeStyle style_;
  Meter& meter_;
  std::string out_;
};

Json to_json_value(const Value& v, Meter& meter) {
  meter.bytes(sizeof(Json) + v.weight());
  switch (v.kind()) {
    case Kind::boolean:
      return {v.as_bool()};
    case Kind::integer:
      return Json::number(integer_text(v));
    case Kind::floating:
      return Json::number(number_text(v));
    case Kind::string:
      return {to_valid_utf8(v.as_string())};
    case Kind::bytes:
      return {encode_base64(v.as_bytes())};
    case Kind::time:
      return {time_value(v)};
    case Kind::duration:
      return {v.as_duration()};
    case Kind::function:
      unsupported(v.type()->name);
    case Kind::opaque: {
      auto json = v.as_opaque().to_json();
      if (!json) throw Panic(json.error().message);
      return std::move(json).value();
    }
    case Kind::array: {
      if (v.array_data().is_nil) return {};
      Json::Array items;
      items.reserve(v.as_array().size());
      for (const Value& item : v.as_array()) items.push_back(to_json_value(item, meter));
      return {std::move(items)};
    }
    case Kind::map: {
      const Map& m = v.as_map();
      if (m.type()->key->kind == Kind::any) unsupported(m.type()->name);
      if (m.is_nil()) return {};
      Json::Object members;
      members.reserve(m.size());
      for (const auto& [key, item] : m) members.emplace_back(key_text(m, key), to_json_value(item, meter));
      return {std::move(members)};
    }
    default:
      return {};
  }
}

}  // namespace

Result<Json> Value::to_json() const {
  Meter meter;
  try {
    return to_json_value(*this, meter);
  } catch (const Panic& p) {
    return fail(p.what(), p.hint);
  }
}

Result<std::string> encode_json(const Value& value, EncodeStyle style, Meter* meter) {
  Meter own;
  Encoder encoder(style, meter != nullptr ? *meter : own);
  try {
    encoder.value(value, 0);
  } catch (const Panic& p) {
    return fail(p.what(), p.hint);
  }
  return encoder.take();
}

std::string encode_base64(std::string_view data) {
  std::string out;
  out.reserve((data.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < data.size(); i += 3) {
    std::uint32_t n = 0;
    const std::size_t have = std::min<std::size_t>(3, data.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      n = (n << 8U) | (k < have ? static_cast<unsigned char>(data[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += k <= have ? kAlphabet[(n >> (18 - 6 * k)) & 63U] : '=';
    }
  }
  return out;
}

Result<std::string> decode_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  std::size_t i = 0;
  const auto bad = [&](std::size_t at) {
    return fail(fmt::format("illegal base64 data at input byte {}", at));
  };
  const auto skip = [&] {
    while (i < text.size() && (text[i] == '\n' || text[i] == '\r')) ++i;
  };
  for (skip(); i < text.size(); skip()) {
    const char c = text[i];
    if (c == '=') break;
    const auto digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return bad(i);
    bits = (bits << 6U) | static_cast<std::uint32_t>(digit);
    ++i;
    if (++have == 4) {
      out += static_cast<char>((bits >> 16U) & 0xFFU);
      out += static_cast<char>((bits >> 8U) & 0xFFU);
      out += static_cast<char>(bits & 0xFFU);
      bits = 0;
      have = 0;
    }
  }
  if (i == text.size()) {
    return have == 0 ? Result<std::string>(std::move(out)) : bad(i - static_cast<std::size_t>(have));
  }
  if (have < 2) return bad(i);
  for (int k = have; k < 4; ++k) {
    if (i == text.size()) return bad(i);
    if (text[i] != '=') return bad(i - 1);
    ++i;
    skip();
  }
  if (i < text.size()) return bad(i);
  bits <<= have == 2 ? 12U : 6U;
  out += static_cast<char>((bits >> 16U) & 0xFFU);
  if (have == 3) out += static_cast<char>((bits >> 8U) & 0xFFU);
  return out;
}

}  // namespace skiff::spec::expr
