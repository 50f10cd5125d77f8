// The two directions of ISA-L's streams.
#include "store/gzip.h"

#include <fmt/format.h>
#include <isa-l/igzip_lib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "store/error.h"

namespace skiff::store {
namespace {

// Both fit the processor's second cache together with ISA-L's own 150 KB.
constexpr std::size_t kPlainBytes = std::size_t{256} << 10;
constexpr std::size_t kPackedBytes = std::size_t{288} << 10;

/// Deflate; no time, so that equal content makes equal files; Unix.
constexpr std::array<unsigned char, 10> kHeader = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};

std::uint8_t* raw(std::byte* bytes) { return reinterpret_cast<std::uint8_t*>(bytes); }

}  // namespace

struct GzipWriter::State {
  State(Sink to, int level)
      : sink(std::move(to)),
        plain(kPlainBytes),
        packed(kPackedBytes),
        scratch(level == 1   ? ISAL_DEF_LVL1_DEFAULT
                : level == 2 ? ISAL_DEF_LVL2_DEFAULT
                             : ISAL_DEF_LVL3_DEFAULT) {
    isal_deflate_init(&stream);
    stream.level = static_cast<std::uint32_t>(level);
    stream.level_buf = scratch.data();
    stream.level_buf_size = static_cast<std::uint32_t>(scratch.size());
    stream.gzip_flag = IGZIP_GZIP_NO_HDR;
  }

  Sink sink;
  std::vector<std::byte> plain;
  std::size_t filled = 0;
  std::vector<std::byte> packed;
  std::vector<std::uint8_t> scratch;
  isal_zstream stream;
};

GzipWriter::GzipWriter(Sink sink, int level)
    : state_(std::make_unique<State>(std::move(sink), std::clamp(level, 1, kMostFastLevel))) {
  state_->sink(std::as_bytes(std::span(kHeader)));
}
GzipWriter::~GzipWriter() = default;
GzipWriter::GzipWriter(GzipWriter&&) noexcept = default;
GzipWriter& GzipWriter::operator=(GzipWriter&&) noexcept = default;

// ISA-L's output depends on where its input is divided: always at the same places.
void GzipWriter::write(std::span<const std::byte> bytes) {
  State& s = *state_;
  while (!bytes.empty()) {
    const std::size_t n = std::min(bytes.size(), s.plain.size() - s.filled);
    std::copy_n(bytes.begin(), n, s.plain.begin() + static_cast<std::ptrdiff_t>(s.filled));
    s.filled += n;
    bytes = bytes.subspan(n);
    if (s.filled == s.plain.size()) compress();
  }
}

void GzipWriter::compress() {
  State& s = *state_;
  s.stream.next_in = raw(s.plain.data());
  s.stream.avail_in = static_cast<std::uint32_t>(std::exchange(s.filled, 0));
  do {
    s.stream.next_out = raw(s.packed.data());
    s.stream.avail_out = static_cast<std::uint32_t>(s.packed.size());
    if (const int code = isal_deflate(&s.stream); code != COMP_OK) {
      throw StoreError(Trouble::io, "", fmt::format("cannot compress: ISA-L says {}", code));
    }
    const auto made = std::span(s.packed).first(s.packed.size() - s.stream.avail_out);
    if (!made.empty()) s.sink(made);
  } while (s.stream.avail_in > 0 || s.stream.avail_out == 0);
}

void GzipWriter::finish() {
  State& s = *state_;
  s.stream.end_of_stream = 1;
  do {
    compress();
  } while (s.stream.internal_state.state != ZSTATE_END);
}

namespace {

/// The reading end: a piece of the file, and ISA-L's state.
class Gunzip {
 public:
  Gunzip(int fd, std::string what)
      : fd_(fd), what_(std::move(what)), packed_(kPackedBytes), plain_(kPlainBytes) {
    stream_.next_in = raw(packed_.data());
    stream_.avail_in = 0;
    begin_member();
  }

  std::span<const std::byte> next() {
    while (!over_) {
      const bool ended = stream_.avail_in == 0 && !refill();
      stream_.next_out = raw(plain_.data());
      stream_.avail_out = static_cast<std::uint32_t>(plain_.size());
      if (const int code = isal_inflate(&stream_); code != ISAL_DECOMP_OK && code != ISAL_END_INPUT) {
        refuse(code == ISAL_INCORRECT_CHECKSUM ? "its checksum is wrong" : "it is damaged");
      }
      const std::size_t made = plain_.size() - stream_.avail_out;
      if (stream_.block_state == ISAL_BLOCK_FINISH) {
        over_ = !another_member();
        if (!over_) begin_member();
      } else if (made == 0 && ended) {
        refuse("truncated gzip input");
      }
      if (made > 0) return std::span(plain_).first(made);
    }
    return {};
  }

 private:
  [[noreturn]] void refuse(std::string_view why) const {
    throw StoreError(Trouble::corrupt, "", fmt::format("{} can't be read: {}", what_, why));
  }

  void begin_member() {
    std::uint8_t* const next = stream_.next_in;
    const std::uint32_t left = stream_.avail_in;
    isal_inflate_init(&stream_);
    stream_.crc_flag = ISAL_GZIP;
    stream_.next_in = next;
    stream_.avail_in = left;
  }

  bool another_member() {
    if (stream_.avail_in < 2) static_cast<void>(refill());
    return stream_.avail_in >= 2 && stream_.next_in[0] == 0x1f && stream_.next_in[1] == 0x8b;
  }

  /// Reads more behind what is left; false at the file's end.
  bool refill() {
    std::copy_n(stream_.next_in, stream_.avail_in, raw(packed_.data()));
    const std::span<std::byte> room = std::span(packed_).subspan(stream_.avail_in);
    ssize_t n = 0;
    do {
      n = ::pread(fd_, room.data(), room.size(), offset_);
    } while (n < 0 && errno == EINTR);
    if (n < 0) throw_errno(errno, "read", what_);
    stream_.next_in = raw(packed_.data());
    stream_.avail_in += static_cast<std::uint32_t>(n);
    offset_ += n;
    return n > 0;
  }

  int fd_;
  std::string what_;
  off_t offset_ = 0;
  bool over_ = false;
  std::vector<std::byte> packed_;
  std::vector<std::byte> plain_;
  inflate_state stream_;
};

}  // namespace

Source gunzip(int fd, std::string what) {
  auto reader = std::make_shared<Gunzip>(fd, std::move(what));
  return [reader] { return reader->next(); };
}

}  // namespace skiff::store
