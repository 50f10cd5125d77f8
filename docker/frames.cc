// The state between two bytes of a multiplexed stream is a half-read header or a count of payload bytes left.
#include "docker/frames.h"

#include <algorithm>

namespace skiff::docker {
namespace {

void append(std::vector<OutputChunk>& out, StreamKind stream, std::string_view bytes) {
  if (bytes.empty()) return;
  if (out.empty() || out.back().stream != stream) out.push_back(OutputChunk{stream, {}});
  out.back().bytes += bytes;
}

}  // namespace

bool Demultiplexer::begin_frame() {
  header_size_ = 0;
  if (header_[0] > 3 || header_[1] != 0 || header_[2] != 0 || header_[3] != 0) {
    problem_ = "the engine's output is not framed as stdout and stderr";
    return false;
  }
  stream_ = static_cast<StreamKind>(header_[0]);
  left_ = 0;
  for (std::size_t i = 4; i < 8; ++i) left_ = left_ << 8U | header_[i];
  return true;
}

bool Demultiplexer::feed(std::string_view bytes, std::vector<OutputChunk>& out) {
  if (raw_) return append(out, StreamKind::out, bytes), true;
  if (!problem_.empty()) return false;
  while (!bytes.empty()) {
    if (left_ > 0) {
      const std::string_view payload = bytes.substr(0, left_);
      append(out, stream_, payload);
      left_ -= static_cast<std::uint32_t>(payload.size());
      bytes.remove_prefix(payload.size());
      continue;
    }
    header_[header_size_++] = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    if (header_size_ == header_.size() && !begin_frame()) return false;
  }
  return true;
}

}  // namespace skiff::docker
