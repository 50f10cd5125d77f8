// Only braces outside strings matter: whether the object is valid JSON is for the parser to say.
#include "docker/splitter.h"

namespace skiff::docker {
namespace {

bool is_gap(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\x1e'; }

}  // namespace

bool JsonSplitter::take(char c) {
  object_ += c;
  if (in_string_) {
    if (escaped_)
      escaped_ = false;
    else if (c == '\\')
      escaped_ = true;
    else if (c == '"')
      in_string_ = false;
    return false;
  }
  if (c == '"') in_string_ = true;
  if (c == '{' || c == '[') ++depth_;
  if (c == '}' || c == ']') --depth_;
  return depth_ == 0;
}

bool JsonSplitter::feed(std::string_view bytes, std::vector<std::string>& out) {
  if (!problem_.empty()) return false;
  for (const char c : bytes) {
    if (depth_ == 0 && is_gap(c)) continue;
    if (depth_ == 0 && c != '{') {
      problem_ = "the engine's stream is not a sequence of JSON objects";
      return false;
    }
    if (take(c)) {
      out.push_back(std::move(object_));
      object_.clear();
    }
    if (object_.size() > limit_) {
      problem_ = "the engine sent a JSON object of more than " + std::to_string(limit_) + " bytes";
      return false;
    }
  }
  return true;
}

}  // namespace skiff::docker
