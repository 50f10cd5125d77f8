// The two directions of ISA-L's streams.
#include "store/gzip.h"

#include <fmt/format.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <future>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "store/error.h"

namespace skiff::store {
namespace {

// The reading end's: both fit the processor's second cache together with ISA-L's own state.
constexpr std::size_t kPlainBytes = std::size_t{256} << 10;
constexpr std::size_t kPackedBytes = std::size_t{288} << 10;

/// What is packed by itself: large enough that to begin without what stood before costs nothing.
constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
/// So much of a piece shows whether it shrinks.
constexpr std::size_t kTriedBytes = std::size_t{64} << 10;
constexpr std::size_t kStoredBlock = 65535;
constexpr std::size_t kStoredHead = 5;
/// Of a piece that is stored, and what ISA-L may hold back until it is flushed.
constexpr std::size_t kMostPacked = kPieceBytes + kPieceBytes / kStoredBlock * kStoredHead + 4096;
/// One is filled while the others are packed.
constexpr std::size_t kPieces = 3;

/// Deflate; no time, so that equal content makes equal files; Unix.
constexpr std::array<unsigned char, 10> kHeader = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};

std::uint8_t* raw(std::byte* bytes) { return reinterpret_cast<std::uint8_t*>(bytes); }

/// A piece on its way: filled by the writer, packed by a thread of its own, emitted by the writer.
class Piece {
 public:
  explicit Piece(int level)
      : level_(level),
        plain_(std::make_unique_for_overwrite<std::byte[]>(kPieceBytes)),
        packed_(std::make_unique_for_overwrite<std::byte[]>(kMostPacked)),
        scratch_(level == 1   ? ISAL_DEF_LVL1_DEFAULT
                 : level == 2 ? ISAL_DEF_LVL2_DEFAULT
                              : ISAL_DEF_LVL3_DEFAULT) {}

  /// Takes what there is room for, and yields the rest.
  [[nodiscard]] std::span<const std::byte> fill(std::span<const std::byte> bytes) {
    const std::size_t n = std::min(bytes.size(), kPieceBytes - filled_);
    std::copy_n(bytes.begin(), n, plain_.get() + filled_);
    filled_ += n;
    return bytes.subspan(n);
  }
  [[nodiscard]] bool full() const { return filled_ == kPieceBytes; }
  [[nodiscard]] std::span<const std::byte> plain() const { return {plain_.get(), filled_}; }

  void pack_beside() {
    try {
      work_ = std::async(std::launch::async, [this] { pack(); });
    } catch (const std::system_error&) {
      pack();  // no thread is to be had
    }
  }
  void pack();
  /// What became of the piece; empty if there was none. It is free for the next one afterwards.
  [[nodiscard]] std::span<const std::byte> packed() {
    if (work_.valid()) work_.get();
    filled_ = 0;
    return {packed_.get(), std::exchange(made_, 0)};
  }

 private:
  [[nodiscard]] bool deflate(std::size_t from, std::size_t to);
  void store();
  void put(std::span<const std::byte> bytes) {
    std::copy(bytes.begin(), bytes.end(), packed_.get() + made_);
    made_ += bytes.size();
  }

  int level_;
  std::unique_ptr<std::byte[]> plain_;
  std::unique_ptr<std::byte[]> packed_;
  std::size_t filled_ = 0;
  std::size_t made_ = 0;
  std::vector<std::uint8_t> scratch_;
  isal_zstream stream_;
  std::future<void> work_;  ///< the last member: its end is waited for before the others go
};

/// Deflated if its beginning shrinks by that, stored else. It depends on nothing before it and ends on a
/// whole byte, so that it does not matter who packs it, nor when.
void Piece::pack() {
  isal_deflate_init(&stream_);
  stream_.level = static_cast<std::uint32_t>(level_);
  stream_.level_buf = scratch_.data();
  stream_.level_buf_size = static_cast<std::uint32_t>(scratch_.size());
  stream_.gzip_flag = IGZIP_DEFLATE;  // the member's head and end are written here
  made_ = 0;
  const std::size_t tried = std::min(filled_, kTriedBytes);
  const bool shrinks = deflate(0, tried) && made_ < tried - tried / 64;
  if (shrinks && (tried == filled_ || deflate(tried, filled_))) return;
  store();
}

/// False: it does not fit.
bool Piece::deflate(std::size_t from, std::size_t to) {
  stream_.next_in = raw(plain_.get() + from);
  stream_.avail_in = static_cast<std::uint32_t>(to - from);
  stream_.next_out = raw(packed_.get() + made_);
  stream_.avail_out = static_cast<std::uint32_t>(kMostPacked - made_);
  stream_.flush = SYNC_FLUSH;
  if (const int code = isal_deflate(&stream_); code != COMP_OK) {
    throw StoreError(Trouble::io, "", fmt::format("cannot compress: ISA-L says {}", code));
  }
  made_ = kMostPacked - stream_.avail_out;
  return stream_.avail_in == 0 && stream_.avail_out > 0;
}

/// Block by block as it is.
void Piece::store() {
  made_ = 0;
  for (auto left = plain(); !left.empty();) {
    const auto part = left.first(std::min(left.size(), kStoredBlock));
    const auto n = static_cast<std::uint16_t>(part.size());
    const auto not_n = static_cast<std::uint16_t>(~n);
    const std::array<unsigned char, kStoredHead> head = {
        0, static_cast<unsigned char>(n), static_cast<unsigned char>(n >> 8U),
        static_cast<unsigned char>(not_n), static_cast<unsigned char>(not_n >> 8U)};
    put(std::as_bytes(std::span(head)));
    put(part);
    left = left.subspan(part.size());
  }
}

}  // namespace

struct GzipWriter::State {
  State(Sink to, int level_) : sink(std::move(to)), level(level_) {}

  Piece& piece() {
    auto& it = pieces.at(now);
    if (!it) it = std::make_unique<Piece>(level);
    return *it;
  }
  void emit(Piece& piece) {
    if (const auto bytes = piece.packed(); !bytes.empty()) sink(bytes);
  }
  void count(std::span<const std::byte> plain) {
    crc = crc32_gzip_refl(crc, raw(const_cast<std::byte*>(plain.data())), plain.size());
    total += plain.size();
  }

  Sink sink;
  int level;
  std::uint32_t crc = 0;
  std::uint64_t total = 0;
  std::array<std::unique_ptr<Piece>, kPieces>
      pieces;           ///< made when they are wanted: most artifacts are small
  std::size_t now = 0;  ///< the one that is filled; the next one is the oldest
};

GzipWriter::GzipWriter(Sink sink, int level)
    : state_(std::make_unique<State>(std::move(sink), std::clamp(level, 1, kMostFastLevel))) {
  state_->sink(std::as_bytes(std::span(kHeader)));
}
GzipWriter::~GzipWriter() = default;
GzipWriter::GzipWriter(GzipWriter&&) noexcept = default;
GzipWriter& GzipWriter::operator=(GzipWriter&&) noexcept = default;

// What becomes of a piece depends on where the bytes are divided: always at the same places.
void GzipWriter::write(std::span<const std::byte> bytes) {
  State& s = *state_;
  while (!bytes.empty()) {
    bytes = s.piece().fill(bytes);
    if (!s.piece().full()) return;
    s.count(s.piece().plain());
    s.piece().pack_beside();
    s.now = (s.now + 1) % kPieces;
    s.emit(s.piece());
  }
}

void GzipWriter::finish() {
  State& s = *state_;
  Piece& last = s.piece();
  if (!last.plain().empty()) {
    s.count(last.plain());
    last.pack();
  }
  for (std::size_t i = 1; i <= kPieces; ++i) {
    if (const auto& piece = s.pieces.at((s.now + i) % kPieces)) s.emit(*piece);
  }
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
