// Cuts a stream of JSON objects (pull progress, events) into single ones.
//
// In: bytes cut anywhere; several objects in one piece and one object over several. Between objects white
// space and the record separator 0x1E (application/json-seq, API 1.52) are skipped. Out: each object's text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace skiff::docker {

class JsonSplitter {
 public:
  /// Objects longer than `limit` bytes are refused.
  explicit JsonSplitter(std::size_t limit = 16U << 20U) : limit_(limit) {}
  /// Appends each object that is complete to `out`. False: something else stands there; see problem().
  bool feed(std::string_view bytes, std::vector<std::string>& out);
  /// True if the stream may end here, i.e. not inside an object.
  [[nodiscard]] bool at_boundary() const { return depth_ == 0; }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  bool take(char c);

  std::size_t limit_;
  std::string object_;
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  std::string problem_;
};

}  // namespace skiff::docker
