// The two ends for entries: a growing archive, and a growing directory.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "store/archive_impl.h"
#include "store/error.h"

namespace skiff::store {
namespace {

// Ours, in 64 KiB writes: the sinks are files and sockets.
constexpr int kBlockBytes = 65536;

// A gzip header: magic, deflate, flags, time, extra flags, system; with FEXTRA, two bytes of length and
// subfields of two letters, two bytes of length, data.
constexpr std::size_t kGzipHead = 10;
constexpr std::size_t kGzipFlags = 3;
constexpr std::byte kExtraFlag{4};
constexpr std::array<std::byte, 7> kMark = {std::byte{5}, std::byte{0}, std::byte{'s'}, std::byte{'k'},
                                            std::byte{1}, std::byte{0}, std::byte{'1'}};

}  // namespace

Sink with_single_root_mark(Sink sink) {
  return [sink = std::move(sink), first = true](std::span<const std::byte> bytes) mutable {
    if (std::exchange(first, false) && bytes.size() >= kGzipHead && bytes[kGzipFlags] == std::byte{0}) {
      std::array<std::byte, kGzipHead + kMark.size()> head;
      std::copy_n(bytes.begin(), kGzipHead, head.begin());
      head[kGzipFlags] = kExtraFlag;
      std::copy(kMark.begin(), kMark.end(), head.begin() + kGzipHead);
      sink(head);
      bytes = bytes.subspan(kGzipHead);
    }
    sink(bytes);
  };
}

bool has_single_root_mark(int fd) {
  std::array<std::byte, kGzipHead + kMark.size()> head;
  if (::pread(fd, head.data(), head.size(), 0) != static_cast<ssize_t>(head.size())) return false;
  return head[kGzipFlags] == kExtraFlag && std::equal(kMark.begin(), kMark.end(), head.begin() + kGzipHead);
}

ArchiveOutput::ArchiveOutput(Sink sink, ArchiveFormat format, int level, Blocks blocks)
    : sink_(std::move(sink)), archive_(archive_write_new()), entry_(archive_entry_new()) {
  const Utf8Locale locale;
  set_format(format, level);
  archive* const a = archive_.get();
  // gzip.h collects by itself: it gets what there is, uncopied.
  check(archive_write_set_bytes_per_block(a, gzip_ || blocks == Blocks::as_they_come ? 0 : kBlockBytes));
  check(archive_write_set_bytes_in_last_block(a, 1));
  check(archive_write_open(a, this, nullptr, &ArchiveOutput::write_sink, nullptr));
}

void ArchiveOutput::set_format(ArchiveFormat format, int level) {
  archive* const a = archive_.get();
  if (format == ArchiveFormat::zip) {
    check(archive_write_set_format_zip(a));
    return;
  }
  // Plain ustar headers, and pax ones only where a name or a size needs them.
  check(archive_write_set_format_pax_restricted(a));
  ends_at_once_ = format == ArchiveFormat::tar || (level != 0 && level <= kMostFastLevel);
  if (format != ArchiveFormat::tar_gz) return;
  if (ends_at_once_) {
    gzip_.emplace([this](std::span<const std::byte> bytes) { sink_(bytes); }, level < 0 ? 1 : level);
    return;
  }
  check(archive_write_add_filter_gzip(a));
  check(archive_write_set_filter_option(a, "gzip", "compression-level", std::to_string(level).c_str()));
  check(archive_write_set_filter_option(a, "gzip", "timestamp", nullptr));
}

ArchiveOutput::~ArchiveOutput() {
  // Freeing closes an unfinished archive properly, and half of it would pass for the whole: from here on into
  // nothing.
  discard_ = true;
}

la_ssize_t ArchiveOutput::write_sink(archive* /*a*/, void* self, const void* block,
                                     std::size_t size) noexcept {
  auto& output = *static_cast<ArchiveOutput*>(self);
  const std::span bytes(static_cast<const std::byte*>(block), size);
  try {
    // An entry that is cut off would be filled up with zeros, a small block at a time, whatever its size.
    if (output.discard_) return output.ends_at_once_ ? -1 : static_cast<la_ssize_t>(size);
    if (output.gzip_) {
      output.gzip_->write(bytes);
    } else {
      output.sink_(bytes);
    }
  } catch (...) {
    // Told to libarchive, it would give up without freeing a compressor; check() tells our caller.
    output.sink_error_ = std::current_exception();
    output.discard_ = true;
  }
  return static_cast<la_ssize_t>(size);
}

void ArchiveOutput::check(la_ssize_t code) {
  if (sink_error_) std::rethrow_exception(sink_error_);
  if (code >= ARCHIVE_OK || code == ARCHIVE_WARN) return;
  const char* reason = archive_error_string(archive_.get());
  throw StoreError(Trouble::io, "",
                   fmt::format("cannot write the archive: {}", reason == nullptr ? "?" : reason));
}

void ArchiveOutput::begin(const Entry& entry) {
  archive_entry* const raw = entry_.get();
  archive_entry_clear(raw);
  archive_entry_copy_pathname(raw, entry.path.c_str());
  archive_entry_set_perm(raw, entry.mode);
  archive_entry_set_mtime(raw, static_cast<time_t>(entry.mtime_s), 0);
  archive_entry_set_uid(raw, static_cast<la_int64_t>(uid_));
  archive_entry_set_gid(raw, static_cast<la_int64_t>(gid_));
  archive_entry_set_size(raw, 0);
  switch (entry.kind) {
    case EntryKind::directory:
      archive_entry_set_filetype(raw, AE_IFDIR);
      break;
    case EntryKind::symlink:
      archive_entry_set_filetype(raw, AE_IFLNK);
      archive_entry_copy_symlink(raw, entry.target.c_str());
      break;
    case EntryKind::hardlink:
      archive_entry_set_filetype(raw, AE_IFREG);
      archive_entry_copy_hardlink(raw, entry.target.c_str());
      break;
    default:
      archive_entry_set_filetype(raw, AE_IFREG);
      archive_entry_set_size(raw, static_cast<la_int64_t>(entry.bytes));
  }
  check(archive_write_header(archive_.get(), raw));
}

void ArchiveOutput::data(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const la_ssize_t n = archive_write_data(archive_.get(), bytes.data(), bytes.size());
    check(n);
    if (n == 0) throw StoreError(Trouble::corrupt, "", "a file of an archive is larger than it announces");
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
}

void ArchiveOutput::set_owner(uid_t uid, gid_t gid) {
  uid_ = uid;
  gid_ = gid;
}

void ArchiveOutput::finish() {
  const Utf8Locale locale;
  check(archive_write_close(archive_.get()));
  if (gzip_) gzip_->finish();
}

void TreeSink::begin(const Entry& entry) {
  current_ = at(entry.path);
  mtime_s_ = entry.mtime_s;
  const auto there = files_->stat(current_);
  if (entry.kind == EntryKind::directory) {
    if (there && there->kind != FileKind::directory) {
      throw StoreError(Trouble::hostile, current_,
                       fmt::format("entry '{}' is a file and a directory", show(entry.path)));
    }
    files_->mkdirs(current_, 0755);
    return;
  }
  if (there) {
    // A later entry of the same name replaces the earlier one, as tar does; never a directory.
    if (there->kind == FileKind::directory) {
      throw StoreError(Trouble::hostile, current_,
                       fmt::format("entry '{}' is a file and a directory", show(entry.path)));
    }
    files_->remove(current_);
  }
  files_->mkdirs(current_.parent_path(), 0755);
  if (entry.kind == EntryKind::symlink) {
    files_->symlink(entry.target, current_);
  } else if (entry.kind == EntryKind::hardlink) {
    if (!files_->stat(at(entry.target)) || !files_->link(at(entry.target), current_)) {
      throw StoreError(Trouble::corrupt, current_,
                       fmt::format("entry '{}' is a link to '{}', which can't be linked to", show(entry.path),
                                   show(entry.target)));
    }
  } else {
    fd_ = files_->open(current_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, (entry.mode & 0777) | 0600);
  }
}

void TreeSink::data(std::span<const std::byte> bytes) { files_->write(fd_.get(), bytes, current_); }

void TreeSink::end() {
  if (!fd_) return;
  const std::array<timespec, 2> times = {timespec{mtime_s_, 0}, timespec{mtime_s_, 0}};
  // A time that can't be set is no reason to lose the file.
  static_cast<void>(::futimens(fd_.get(), times.data()));
  fd_.reset();
}

namespace {

Entry entry_at(std::string_view path, EntryKind kind, mode_t mode, std::int64_t mtime_s) {
  while (path.starts_with('/')) path.remove_prefix(1);
  auto clean = clean_path(path);
  if (!clean || clean->empty()) {
    throw StoreError(Trouble::invalid, "", fmt::format("'{}' is no path inside a container", show(path)));
  }
  Entry entry;
  entry.path = std::move(*clean);
  entry.kind = kind;
  entry.mode = mode & 07777;
  entry.mtime_s = mtime_s;
  return entry;
}

}  // namespace

TarWriter::TarWriter(Sink sink) : state_(std::make_unique<State>(std::move(sink))) {}
TarWriter::~TarWriter() = default;
TarWriter::TarWriter(TarWriter&&) noexcept = default;
TarWriter& TarWriter::operator=(TarWriter&&) noexcept = default;

void TarWriter::add_directory(std::string_view path, mode_t mode, std::int64_t mtime_s) {
  const Utf8Locale locale;
  state_->output.begin(entry_at(path, EntryKind::directory, mode, mtime_s));
}

void TarWriter::add_file(std::string_view path, mode_t mode, std::string_view content, std::int64_t mtime_s) {
  const Utf8Locale locale;
  Entry entry = entry_at(path, EntryKind::file, mode, mtime_s);
  entry.bytes = content.size();
  state_->output.begin(entry);
  state_->output.data(std::as_bytes(std::span(content.data(), content.size())));
}

void TarWriter::add_symlink(std::string_view path, std::string_view target) {
  const Utf8Locale locale;
  Entry entry = entry_at(path, EntryKind::symlink, 0777, 0);
  entry.target = target;
  state_->output.begin(entry);
}

void TarWriter::set_owner(uid_t uid, gid_t gid) { state_->output.set_owner(uid, gid); }
void TarWriter::finish() { state_->output.finish(); }

}  // namespace skiff::store
