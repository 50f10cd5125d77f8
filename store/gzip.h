// gzip by ISA-L, several times faster than zlib at the same size: what an artifact is packed with unless its
// workflow asks for more effort, and what every .tgz is read with.
//
// In: bytes. Out: bytes, in constant memory. What is read is taken for hostile: damage and an early end are a
// StoreError (`corrupt`); how much it unfolds to is for the caller to count.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "store/archive.h"

namespace skiff::store {

/// The levels that ISA-L has, 1 to 3: zlib's 1 to 3 in size.
inline constexpr int kMostFastLevel = 3;

/// One gzip member, written as it grows; of a large one several pieces are packed at once, by threads of
/// their own. The same bytes make the same member, in whatever pieces they come. `sink` is called by the
/// caller's thread.
class GzipWriter {
 public:
  GzipWriter(Sink sink, int level);
  ~GzipWriter();
  GzipWriter(GzipWriter&&) noexcept;
  GzipWriter& operator=(GzipWriter&&) noexcept;

  void write(std::span<const std::byte> bytes);
  /// Writes the rest and the checksum; without it the member is cut.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What the gzip in `fd` (read from its beginning, by pread(2); must outlive the source) unfolds to, member
/// after member; what follows the last one is passed over, as gzip does. `what` names it in messages. Throws
/// `corrupt` where it is damaged or ends too soon.
[[nodiscard]] Source gunzip(int fd, std::string what);

}  // namespace skiff::store
