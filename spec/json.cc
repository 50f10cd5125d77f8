#include "spec/json.h"

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>

namespace skiff::spec {
namespace {

const Json kNull;
const Json::Array kNoArray;
const Json::Object kNoObject;
constexpr std::size_t kMaxDepth = 10'000;

/// Builds a Json from RapidJSON's events; keeps number literals.
class Builder {
 public:
  bool Null() { return put(Json()); }
  bool Bool(bool b) { return put(Json(b)); }
  bool Int(int n) { return put(Json(n)); }
  bool Uint(unsigned n) { return put(Json(static_cast<std::uint64_t>(n))); }
  bool Int64(std::int64_t n) { return put(Json(n)); }
  bool Uint64(std::uint64_t n) { return put(Json(n)); }
  bool Double(double n) { return put(Json(n)); }
  bool RawNumber(const char* s, rapidjson::SizeType n, bool) { return put(Json::number({s, n})); }
  bool String(const char* s, rapidjson::SizeType n, bool) { return put(Json(std::string(s, n))); }
  bool Key(const char* s, rapidjson::SizeType n, bool) {
    keys_.emplace_back(s, n);
    return true;
  }
  bool StartObject() { return ++depth_ <= kMaxDepth; }
  bool StartArray() { return ++depth_ <= kMaxDepth; }
  bool EndObject(rapidjson::SizeType n) {
    Json::Object o;
    o.reserve(n);
    const auto value = values_.end() - static_cast<std::ptrdiff_t>(n);
    const auto key = keys_.end() - static_cast<std::ptrdiff_t>(n);
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(n); ++i)
      o.emplace_back(std::move(key[i]), std::move(value[i]));
    values_.erase(value, values_.end());
    keys_.erase(key, keys_.end());
    drop_duplicates(o);
    return close(Json(std::move(o)));
  }
  bool EndArray(rapidjson::SizeType n) {
    const auto first = values_.end() - static_cast<std::ptrdiff_t>(n);
    Json::Array a(std::make_move_iterator(first), std::make_move_iterator(values_.end()));
    values_.erase(first, values_.end());
    return close(Json(std::move(a)));
  }
  Json take() { return std::move(values_.front()); }

 private:
  bool close(Json j) {
    --depth_;
    return put(std::move(j));
  }
  bool put(Json j) {
    values_.push_back(std::move(j));
    return true;
  }
  /// Of equal keys the last one counts.
  static void drop_duplicates(Json::Object& o) {
    constexpr std::size_t kFew = 24;
    if (o.size() <= kFew) {
      for (std::size_t i = 0; i + 1 < o.size(); ++i) {
        const auto same = [&](const Json::Member& m) { return m.first == o[i].first; };
        if (std::any_of(o.begin() + static_cast<std::ptrdiff_t>(i) + 1, o.end(), same)) return drop_sorted(o);
      }
      return;
    }
    drop_sorted(o);
  }
  static void drop_sorted(Json::Object& o) {
    std::vector<std::size_t> order(o.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return o[a].first < o[b].first; });
    std::vector<bool> drop(o.size());
    bool any = false;
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
      if (o[order[i]].first != o[order[i + 1]].first) continue;
      drop[order[i]] = any = true;
    }
    if (!any) return;
    Json::Object kept;
    for (std::size_t i = 0; i < o.size(); ++i) {
      if (!drop[i]) kept.push_back(std::move(o[i]));
    }
    o = std::move(kept);
  }

  std::vector<Json> values_;  ///< complete, waiting for the end of what they are in
  std::vector<std::string> keys_;
  std::size_t depth_ = 0;
};

void write_string(std::string& out, std::string_view s, bool escape_html) {
  out += '"';
  for (std::size_t i = 0; i < s.size(); ++i) {
    const char c = s[i];
    switch (c) {
      case '"':
        out += "\\\"";
        continue;
      case '\\':
        out += "\\\\";
        continue;
      case '\n':
        out += "\\n";
        continue;
      case '\r':
        out += "\\r";
        continue;
      case '\t':
        out += "\\t";
        continue;
      case '\b':
        out += "\\b";
        continue;
      case '\f':
        out += "\\f";
        continue;
      default:
        break;
    }
    const bool html = escape_html && (c == '<' || c == '>' || c == '&');
    if (html || static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void newline(std::string& out, int width) {
  out += '\n';
  out.append(static_cast<std::size_t>(width), ' ');
}

void write(std::string& out, const Json& j, const JsonStyle& style, int depth) {
  const int inner = (depth + 1) * style.indent;
  switch (j.kind()) {
    case Json::Kind::null:
      out += "null";
      return;
    case Json::Kind::boolean:
      out += j.as_bool() ? "true" : "false";
      return;
    case Json::Kind::number:
      out += j.number_text();
      return;
    case Json::Kind::string:
      write_string(out, j.as_string(), style.escape_html);
      return;
    case Json::Kind::array: {
      out += '[';
      bool first = true;
      for (const Json& e : j.as_array()) {
        if (!first) out += ',';
        first = false;
        if (style.indent > 0) newline(out, inner);
        write(out, e, style, depth + 1);
      }
      if (style.indent > 0 && !first) newline(out, depth * style.indent);
      out += ']';
      return;
    }
    case Json::Kind::object: {
      out += '{';
      std::vector<const Json::Member*> members;
      for (const auto& m : j.as_object()) members.push_back(&m);
      if (style.sort_keys) {
        std::sort(members.begin(), members.end(), [](auto* a, auto* b) { return a->first < b->first; });
      }
      bool first = true;
      for (const auto* m : members) {
        if (!first) out += ',';
        first = false;
        if (style.indent > 0) newline(out, inner);
        write_string(out, m->first, style.escape_html);
        out += style.indent > 0 ? ": " : ":";
        write(out, m->second, style, depth + 1);
      }
      if (style.indent > 0 && !first) newline(out, depth * style.indent);
      out += '}';
      return;
    }
  }
}

/// Go's encoding/json: 'f' form unless the exponent is below -6 or at least 21.
std::string go_number(double n) {
  if (!std::isfinite(n)) return "null";
  char buf[400];
  const double a = std::fabs(n);
  const bool exp = a != 0 && (a < 1e-6 || a >= 1e21);
  const auto r =
      std::to_chars(buf, buf + sizeof buf, n, exp ? std::chars_format::scientific : std::chars_format::fixed);
  std::string s(buf, r.ptr);
  if (exp) {  // e-09 -> e-9
    const auto e = s.find("e-0");
    if (e != std::string::npos) s.erase(e + 2, 1);
  }
  return s;
}

}  // namespace

Json::Json(double n) : v_(Number{go_number(n)}) {}

Json Json::number(std::string literal) {
  Json j;
  j.v_ = Number{std::move(literal)};
  return j;
}

std::optional<std::int64_t> Json::as_int64() const {
  if (!is_number()) return std::nullopt;
  const std::string& t = number_text();
  std::int64_t n = 0;
  const auto r = std::from_chars(t.data(), t.data() + t.size(), n);
  if (r.ec == std::errc() && r.ptr == t.data() + t.size()) return n;
  const auto d = as_double();
  if (!d || std::trunc(*d) != *d || std::fabs(*d) >= 9.2e18) return std::nullopt;
  return static_cast<std::int64_t>(*d);
}

std::optional<double> Json::as_double() const {
  if (!is_number()) return std::nullopt;
  const std::string& t = number_text();
  double d = 0;
  const auto r = std::from_chars(t.data(), t.data() + t.size(), d);
  if (r.ec == std::errc::result_out_of_range) return t[0] == '-' ? -HUGE_VAL : HUGE_VAL;
  return d;
}

const Json* Json::find(std::string_view key) const {
  if (!is_object()) return nullptr;
  for (const auto& m : as_object()) {
    if (m.first == key) return &m.second;
  }
  return nullptr;
}

Json* Json::find(std::string_view key) { return const_cast<Json*>(std::as_const(*this).find(key)); }

const Json* Json::find_path(std::initializer_list<std::string_view> keys) const {
  const Json* j = this;
  for (auto k : keys) {
    j = j->find(k);
    if (j == nullptr) return nullptr;
  }
  return j;
}

const Json& Json::get(std::string_view key) const {
  const Json* j = find(key);
  return j != nullptr ? *j : kNull;
}

std::string Json::get_string(std::string_view key, std::string_view fallback) const {
  const Json* j = find(key);
  return j != nullptr && j->is_string() ? j->as_string() : std::string(fallback);
}

bool Json::get_bool(std::string_view key, bool fallback) const {
  const Json* j = find(key);
  return j != nullptr && j->is_bool() ? j->as_bool() : fallback;
}

std::optional<std::int64_t> Json::get_int(std::string_view key) const { return get(key).as_int64(); }

const Json::Array& Json::get_array(std::string_view key) const {
  const Json* j = find(key);
  return j != nullptr && j->is_array() ? j->as_array() : kNoArray;
}

const Json::Object& Json::get_object(std::string_view key) const {
  const Json* j = find(key);
  return j != nullptr && j->is_object() ? j->as_object() : kNoObject;
}

Json& Json::operator[](std::string_view key) {
  if (is_null()) v_ = Object{};
  if (Json* j = find(key)) return *j;
  return as_object().emplace_back(std::string(key), Json()).second;
}

Json& Json::set(std::string key, Json value) {
  Json& slot = (*this)[key];
  slot = std::move(value);
  return slot;
}

bool Json::erase(std::string_view key) {
  if (!is_object()) return false;
  return std::erase_if(as_object(), [&](const Member& m) { return m.first == key; }) > 0;
}

void Json::push_back(Json value) {
  if (is_null()) v_ = Array{};
  as_array().push_back(std::move(value));
}

std::size_t Json::size() const {
  if (is_array()) return as_array().size();
  return is_object() ? as_object().size() : 0;
}

bool Json::operator==(const Json& other) const {
  if (!is_object() || !other.is_object()) return v_ == other.v_;
  if (size() != other.size()) return false;
  return std::all_of(as_object().begin(), as_object().end(), [&](const Member& m) {
    const Json* o = other.find(m.first);
    return o != nullptr && *o == m.second;
  });
}

std::optional<Json> parse_json(std::string_view text, JsonError* error) {
  constexpr unsigned kFlags = rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag |
                              rapidjson::kParseValidateEncodingFlag;
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> in(bytes);
  rapidjson::Reader reader;
  Builder builder;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(in, builder);
  // RapidJSON takes a zero byte for the end of the text.
  const bool more = !result.IsError() && in.Tell() < text.size();
  if (!result.IsError() && !more) return builder.take();
  const auto code = more ? rapidjson::kParseErrorDocumentRootNotSingular : result.Code();
  if (error != nullptr) *error = {more ? in.Tell() : result.Offset(), rapidjson::GetParseError_En(code)};
  return std::nullopt;
}

std::string to_json(const Json& value, JsonStyle style) {
  std::string out;
  write(out, value, style, 0);
  return out;
}

std::string quote_json(std::string_view s, bool escape_html) {
  std::string out;
  write_string(out, s, escape_html);
  return out;
}

}  // namespace skiff::spec
