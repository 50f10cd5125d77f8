// The helpers around RapidJSON's DOM and Writer.
#include "docker/wire_json.h"

namespace skiff::docker {
namespace read {

const JsonValue& member(const JsonValue& v, const char* key) {
  static const JsonValue kNull;
  if (!v.IsObject()) return kNull;
  const auto it = v.FindMember(key);
  return it == v.MemberEnd() ? kNull : it->value;
}

std::string string(const JsonValue& v, const char* key) {
  const JsonValue& m = member(v, key);
  return m.IsString() ? std::string(m.GetString(), m.GetStringLength()) : std::string();
}

std::int64_t integer(const JsonValue& v, const char* key) {
  const JsonValue& m = member(v, key);
  return m.IsInt64() ? m.GetInt64() : 0;
}

bool boolean(const JsonValue& v, const char* key, bool fallback) {
  const JsonValue& m = member(v, key);
  return m.IsBool() ? m.GetBool() : fallback;
}

std::vector<std::string> strings(const JsonValue& v, const char* key) {
  std::vector<std::string> out;
  const JsonValue& m = member(v, key);
  if (!m.IsArray()) return out;
  for (const JsonValue& e : m.GetArray())
    if (e.IsString()) out.emplace_back(e.GetString(), e.GetStringLength());
  return out;
}

Labels labels(const JsonValue& v, const char* key) {
  Labels out;
  const JsonValue& m = member(v, key);
  if (!m.IsObject()) return out;
  for (const auto& e : m.GetObject())
    if (e.value.IsString())
      out.emplace(std::string(e.name.GetString(), e.name.GetStringLength()),
                  std::string(e.value.GetString(), e.value.GetStringLength()));
  return out;
}

std::vector<std::string> keys(const JsonValue& v, const char* key) {
  std::vector<std::string> out;
  const JsonValue& m = member(v, key);
  if (!m.IsObject()) return out;
  for (const auto& e : m.GetObject()) out.emplace_back(e.name.GetString(), e.name.GetStringLength());
  return out;
}

bool parse(std::string_view text, rapidjson::Document& into) {
  into.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
  return !into.HasParseError();
}

}  // namespace read

JsonText& JsonText::string(const char* key, std::string_view s) {
  return s.empty() ? *this : this->key(key).text(s);
}

JsonText& JsonText::integer(const char* key, std::int64_t n) {
  return n == 0 ? *this : integer_always(key, n);
}

JsonText& JsonText::integer_always(const char* key, std::int64_t n) {
  this->key(key);
  writer_.Int64(n);
  return *this;
}

JsonText& JsonText::boolean(const char* key, bool b) { return b ? boolean_always(key, b) : *this; }

JsonText& JsonText::boolean_always(const char* key, bool b) {
  this->key(key);
  writer_.Bool(b);
  return *this;
}

JsonText& JsonText::strings(const char* key, const std::vector<std::string>& list) {
  if (list.empty()) return *this;
  begin_array(key);
  for (const std::string& s : list) text(s);
  return end_array();
}

JsonText& JsonText::labels(const char* key, const Labels& labels) {
  if (labels.empty()) return *this;
  begin(key);
  for (const auto& [name, value] : labels) this->key(name).text(value);
  return end();
}

}  // namespace skiff::docker
