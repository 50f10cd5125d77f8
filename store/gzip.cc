// The two directions of ISA-L's streams.
#include "store/gzip.h"

#include <fmt/format.h>
#include <isa-l/crc.h>
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

/// What does not shrink is not tried again for so many pieces, twice as many each time.
constexpr std::size_t kFirstRest = 4;
constexpr std::size_t kLongestRest = 32;
constexpr std::size_t kStoredBlock = 65535;

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
    stream.gzip_flag = IGZIP_DEFLATE;  // the member's head and end are written here
  }

  /// Block by block as it is, its bytes on whole bytes.
  void store(std::span<const std::byte> piece) {
    while (!piece.empty()) {
      const auto part = piece.first(std::min(piece.size(), kStoredBlock));
      const auto n = static_cast<std::uint16_t>(part.size());
      const auto not_n = static_cast<std::uint16_t>(~n);
      const std::array<unsigned char, 5> head = {
          0, static_cast<unsigned char>(n), static_cast<unsigned char>(n >> 8U),
          static_cast<unsigned char>(not_n), static_cast<unsigned char>(not_n >> 8U)};
      sink(std::as_bytes(std::span(head)));
      sink(part);
      piece = piece.subspan(part.size());
    }
  }

  /// How many bytes ISA-L made of `piece` and what it still held.
  std::size_t deflate(std::span<const std::byte> piece, std::uint16_t flush) {
    std::size_t made = 0;
    stream.next_in = raw(const_cast<std::byte*>(piece.data()));
    stream.avail_in = static_cast<std::uint32_t>(piece.size());
    stream.flush = flush;
    do {
      stream.next_out = raw(packed.data());
      stream.avail_out = static_cast<std::uint32_t>(packed.size());
      if (const int code = isal_deflate(&stream); code != COMP_OK) {
        throw StoreError(Trouble::io, "", fmt::format("cannot compress: ISA-L says {}", code));
      }
      const auto out = std::span(packed).first(packed.size() - stream.avail_out);
      made += out.size();
      if (!out.empty()) sink(out);
    } while (stream.avail_in > 0 || stream.avail_out == 0);
    return made;
  }

  Sink sink;
  std::uint32_t crc = 0;
  std::uint64_t total = 0;
  std::size_t resting = 0;             ///< pieces that are not tried
  std::size_t next_rest = kFirstRest;  ///< how many, if the next one that is tried does not shrink
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
  const auto piece = std::span<const std::byte>(s.plain).first(std::exchange(s.filled, 0));
  s.crc = crc32_gzip_refl(s.crc, raw(s.plain.data()), piece.size());
  s.total += piece.size();
  if (s.resting > 0) {
    s.store(piece);
    // Behind bytes that it has not seen, ISA-L begins anew: its distances would be wrong.
    if (--s.resting == 0) isal_deflate_reset(&s.stream);
    return;
  }
  // To a whole byte, so that what is stored can follow, and so that the piece's size is known.
  const std::size_t made = s.deflate(piece, SYNC_FLUSH);
  const bool shrank = made < piece.size() - piece.size() / 64;
  if (!shrank) s.resting = s.next_rest;
  s.next_rest = shrank ? kFirstRest : std::min(2 * s.next_rest, kLongestRest);
}

void GzipWriter::finish() {
  State& s = *state_;
  if (s.filled > 0) compress();
  // A last block, fixed codes and nothing in it, then the sum and the size, both little-endian.
  std::array<unsigned char, 10> end = {0x03, 0x00};
  for (unsigned i = 0; i < 4; ++i) {
    end[2 + i] = static_cast<unsigned char>(s.crc >> (8 * i));
    end[6 + i] = static_cast<unsigned char>(s.total >> (8 * i));
  }
  s.sink(std::as_bytes(std::span(end)));
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
