// Takes the engine's output streams apart: attach, logs and exec send stdout and stderr over one connection
// as frames of an 8-byte header [type, 0, 0, 0, length as big-endian 32 bits] and the payload.
//
// In: bytes cut anywhere. Out: chunks as they become available; a frame's payload is handed on in pieces,
// never collected, so a frame of 4 GB costs nothing. A container with a tty sends no frames: then all is
// stdout.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "docker/types.h"

namespace skiff::docker {

class Demultiplexer {
 public:
  explicit Demultiplexer(bool raw = false) : raw_(raw) {}
  /// Appends to `out` what the bytes hold; neighbours of one stream are joined. False: not a frame; see
  /// problem().
  bool feed(std::string_view bytes, std::vector<OutputChunk>& out);
  /// True if the end of the stream may come here, i.e. not inside a frame.
  [[nodiscard]] bool at_boundary() const { return header_size_ == 0 && left_ == 0; }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  bool begin_frame();

  bool raw_;
  std::array<unsigned char, 8> header_{};
  std::size_t header_size_ = 0;
  std::uint32_t left_ = 0;  ///< payload bytes of the current frame still to come
  StreamKind stream_ = StreamKind::out;
  std::string problem_;
};

}  // namespace skiff::docker
