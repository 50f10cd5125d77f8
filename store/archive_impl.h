// What packing and unpacking share: a checked reader over libarchive, and two ends for entries (a tar, a
// directory). Internal to archive*.cc and tar_writer.cc.
//
// In: hostile bytes. Out: entries with clean relative paths, or StoreError.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <clocale>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "store/archive.h"
#include "store/gzip.h"

namespace skiff::store {

/// libarchive converts names by the thread's locale and fails on UTF-8 in "C": this makes it UTF-8 for a
/// while.
class Utf8Locale {
 public:
  Utf8Locale();
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;
  ~Utf8Locale();

 private:
  locale_t before_;
};

enum class EntryKind : std::uint8_t { file, directory, symlink, hardlink, fifo_or_socket, device };

struct Entry {
  std::string path;  ///< relative, without "." and ".." components; empty for the root itself
  EntryKind kind = EntryKind::file;
  mode_t mode = 0;  ///< permission bits, no setuid
  std::int64_t mtime_s = 0;
  std::uint64_t bytes = 0;  ///< of a file
  std::string target;       ///< of a symlink as it is; of a hardlink a path like `path`
};

/// A name for a message: control characters escaped, shortened.
[[nodiscard]] std::string show(std::string_view name);

/// Sums what an archive unfolds to and stops it at the limits.
class Meter {
 public:
  /// `what` names the archive in messages; `stored` is its size, 0 if not known.
  Meter(std::string what, std::uint64_t stored, ArchiveLimits limits)
      : what_(std::move(what)), stored_(stored), limits_(limits) {}
  void entry(const Entry& entry);
  void data(std::uint64_t bytes);
  [[nodiscard]] std::uint64_t entries() const { return entries_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  void check() const;
  std::string what_;
  std::string current_;
  std::uint64_t stored_;
  ArchiveLimits limits_;
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t left_ = 0;  ///< of the present entry's announced size
};

/// What becomes of symbolic links that lead out of an archive's root. A step's own tree may have them (a
/// virtual environment's python, /etc/mtab): inside a container they are harmless, on the host they are not.
enum class OutwardLinks : std::uint8_t { refuse, keep };

/// Follows the links of an archive: none may lead out of `root` (unless they are to be kept), no entry may
/// pass through one.
class LinkGuard {
 public:
  explicit LinkGuard(std::string what, OutwardLinks outward = OutwardLinks::refuse)
      : what_(std::move(what)), outward_(outward) {}
  /// True for a symbolic link that stays below `root`; check() would let it pass.
  [[nodiscard]] bool stays_inside(const Entry& link, std::string_view root) const;
  /// Throws `hostile`. `root` is the directory (in entries' terms) that must not be left; empty: the
  /// archive's own.
  void check(const Entry& entry, std::string_view root);

 private:
  [[noreturn]] void refuse(const Entry& entry, std::string_view why) const;
  [[nodiscard]] bool passes_a_link(std::string_view path, bool itself) const;
  void check_target(const Entry& entry, std::string_view root) const;
  std::string what_;
  OutwardLinks outward_;
  std::unordered_set<std::string> links_;
};

enum class ArchiveFormat : std::uint8_t { tar, tar_gz, zip };

/// Entries one after the other. Not movable: libarchive holds its address.
class ArchiveReader {
 public:
  /// Both keep a reference to what they read from; a gzip is read by gzip.h.
  ArchiveReader(const Source& source, std::string what);
  ArchiveReader(int fd, ArchiveFormat format, std::string what);
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  /// Paths are cleaned; throws `hostile` for absolute and climbing ones, `corrupt` for what can't be read.
  [[nodiscard]] std::optional<Entry> next();
  /// The next bytes of the present file, holes as zeros; empty at its end.
  [[nodiscard]] std::span<const std::byte> data();
  /// Whether the tar (from a Source) closed with its two blocks of zeros: if not, the sender died. Reads on
  /// to the end.
  [[nodiscard]] bool ended_properly();

 private:
  struct FreeArchive {
    void operator()(archive* a) const { archive_read_free(a); }
  };
  static la_ssize_t read_source(archive* a, void* self, const void** block) noexcept;
  void observe(std::span<const std::byte> block);
  [[noreturn]] void fail();
  [[nodiscard]] Entry convert(archive_entry* raw) const;

  std::string what_;
  Source unzipped_;
  const Source* source_ = nullptr;
  std::exception_ptr source_error_;
  std::size_t trailing_zeros_ = 0;
  std::unique_ptr<archive, FreeArchive> archive_;
  std::string current_;
  std::uint64_t expected_ = 0;  ///< offset in the present file up to which data() has delivered
  std::uint64_t size_ = 0;      ///< of the present file
  bool has_data_ = false;
  std::span<const std::byte> held_;  ///< a block that waits behind a hole
  std::uint64_t held_at_ = 0;
};

/// Where entries go. begin() for each, data() for files, end() after each.
class EntrySink {
 public:
  virtual ~EntrySink() = default;
  virtual void begin(const Entry& entry) = 0;
  virtual void data(std::span<const std::byte> bytes) = 0;
  virtual void end() = 0;
};

/// How a sink is called: with blocks of one size, or with what there is.
enum class Blocks : std::uint8_t { of_one_size, as_they_come };

/// The writing end of libarchive into a Sink: .tgz, .zip, or the tar that TarWriter offers.
class ArchiveOutput final : public EntrySink {
 public:
  /// `level` is that of gzip (gzip.h's up to kMostFastLevel, zlib's beyond and 0); ignored for a plain tar
  /// and a zip.
  ArchiveOutput(Sink sink, ArchiveFormat format, int level, Blocks blocks = Blocks::of_one_size);
  ArchiveOutput(const ArchiveOutput&) = delete;
  ArchiveOutput& operator=(const ArchiveOutput&) = delete;
  ~ArchiveOutput() override;
  void begin(const Entry& entry) override;
  void data(std::span<const std::byte> bytes) override;
  void end() override {}
  void set_owner(uid_t uid, gid_t gid);
  void finish();

 private:
  struct FreeWriter {
    void operator()(archive* a) const { archive_write_free(a); }
  };
  struct FreeEntry {
    void operator()(archive_entry* e) const { archive_entry_free(e); }
  };
  void set_format(ArchiveFormat format, int level);
  static la_ssize_t write_sink(archive* a, void* self, const void* block, std::size_t size) noexcept;
  void check(la_ssize_t code);

  Sink sink_;
  std::optional<GzipWriter> gzip_;
  std::exception_ptr sink_error_;
  bool discard_ = false;
  bool ends_at_once_ = false;  ///< no compressor of libarchive's holds anything
  std::unique_ptr<archive, FreeWriter> archive_;
  std::unique_ptr<archive_entry, FreeEntry> entry_;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
};

/// Makes entries under a directory of the host, through the Files seam. Expects what LinkGuard let through.
class TreeSink final : public EntrySink {
 public:
  /// `root` must not exist: it becomes the entry with the empty path.
  TreeSink(Files& files, fs::path root) : files_(&files), root_(std::move(root)) {}
  void begin(const Entry& entry) override;
  void data(std::span<const std::byte> bytes) override;
  void end() override;

 private:
  [[nodiscard]] fs::path at(const std::string& path) const { return path.empty() ? root_ : root_ / path; }
  Files* files_;
  fs::path root_;
  fs::path current_;
  std::int64_t mtime_s_ = 0;
  Fd fd_;
};

class TarWriter::State {
 public:
  explicit State(Sink sink) : output(std::move(sink), ArchiveFormat::tar, 0, Blocks::as_they_come) {}
  ArchiveOutput output;
};

/// Wraps the sink of a .tgz of ours: notes in gzip's header (RFC 1952, an extra field "sk") that there is one
/// entry at the top, so that unpack() need not look through the whole archive first to know.
[[nodiscard]] Sink with_single_root_mark(Sink sink);
/// Whether the first bytes of a gzip carry that mark.
[[nodiscard]] bool has_single_root_mark(int fd);

/// "a//./b/" to "a/b"; nothing if it has ".." or is absolute.
[[nodiscard]] std::optional<std::string> clean_path(std::string_view path);
/// Copies the present entry and its data.
void copy_entry(ArchiveReader& reader, const Entry& entry, Meter& meter, EntrySink& sink);

}  // namespace skiff::store
