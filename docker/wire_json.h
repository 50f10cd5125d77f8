// RapidJSON as this room uses it; only the room's .cc files include it.
//
// It lives in a namespace of its own because its assertion throws here (a careless lookup in hostile input
// must not end the process), while another room may have another: one namespace with two meanings would be
// undefined.
#pragma once

#include <stdexcept>

#if defined(RAPIDJSON_ASSERT) || defined(RAPIDJSON_RAPIDJSON_H_)
#error "include docker/wire_json.h before any other use of RapidJSON"
#endif
#define RAPIDJSON_NAMESPACE skiff::docker::rapidjson
#define RAPIDJSON_NAMESPACE_BEGIN namespace skiff::docker::rapidjson {
#define RAPIDJSON_NAMESPACE_END }
#define RAPIDJSON_ASSERT(x)                                          \
  do {                                                               \
    if (!(x)) throw std::logic_error("RapidJSON used wrongly: " #x); \
  } while (false)
#define RAPIDJSON_NOEXCEPT_ASSERT(x) static_cast<void>(x)
#define RAPIDJSON_HAS_STDSTRING 1

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "docker/types.h"

namespace skiff::docker {

using JsonValue = rapidjson::Value;

/// Reading without surprises: what is absent or of another type is null, 0, "" or empty.
namespace read {

/// The member, or a null value that lives for ever.
const JsonValue& member(const JsonValue& v, const char* key);
std::string string(const JsonValue& v, const char* key);
std::int64_t integer(const JsonValue& v, const char* key);
bool boolean(const JsonValue& v, const char* key, bool fallback = false);
std::vector<std::string> strings(const JsonValue& v, const char* key);
Labels labels(const JsonValue& v, const char* key);
/// The keys of an object member.
std::vector<std::string> keys(const JsonValue& v, const char* key);
/// Parses without recursion; false if `text` is no JSON.
bool parse(std::string_view text, rapidjson::Document& into);

}  // namespace read

/// A JSON writer with names for what we do all the time.
class JsonText {
 public:
  JsonText() : writer_(buffer_) {}
  JsonText& begin() { return writer_.StartObject(), *this; }
  JsonText& begin(const char* key) { return this->key(key), begin(); }
  JsonText& end() { return writer_.EndObject(), *this; }
  JsonText& array() { return writer_.StartArray(), *this; }
  JsonText& begin_array(const char* key) { return this->key(key), array(); }
  JsonText& end_array() { return writer_.EndArray(), *this; }
  JsonText& key(std::string_view k) { return writer_.Key(k.data(), size_of(k)), *this; }
  JsonText& text(std::string_view s) { return writer_.String(s.data(), size_of(s)), *this; }

  JsonText& string(const char* key, std::string_view s);  ///< left out when empty
  JsonText& integer(const char* key, std::int64_t n);     ///< left out when 0
  JsonText& integer_always(const char* key, std::int64_t n);
  JsonText& boolean(const char* key, bool b);  ///< left out when false
  JsonText& boolean_always(const char* key, bool b);
  JsonText& strings(const char* key, const std::vector<std::string>& list);  ///< left out when empty
  JsonText& labels(const char* key, const Labels& labels);                   ///< left out when empty
  [[nodiscard]] std::string str() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  static rapidjson::SizeType size_of(std::string_view s) {
    return static_cast<rapidjson::SizeType>(s.size());
  }
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

}  // namespace skiff::docker
