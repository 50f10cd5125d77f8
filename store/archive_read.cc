// Reading archives that nobody vouches for: names, links, sizes and ends are checked here.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "store/archive_impl.h"
#include "store/error.h"

namespace skiff::store {
namespace {

constexpr std::size_t kBlockSize = std::size_t{256} << 10;
constexpr std::size_t kMaxPath = 4000;
/// Two blocks of zeros close a tar.
constexpr std::size_t kTarEnd = 1024;
constexpr std::array<std::byte, 65536> kZeros{};

std::span<const std::byte> zeros(std::uint64_t wanted) {
  return std::span(kZeros).first(static_cast<std::size_t>(std::min<std::uint64_t>(wanted, kZeros.size())));
}

[[noreturn]] void refuse(const std::string& what, std::string_view entry, std::string_view why) {
  throw StoreError(Trouble::hostile, "", fmt::format("{} is refused: entry '{}' {}", what, show(entry), why));
}

EntryKind kind_of(archive_entry* raw) {
  if (archive_entry_hardlink(raw) != nullptr) return EntryKind::hardlink;
  switch (archive_entry_filetype(raw)) {
    case AE_IFREG:
      return EntryKind::file;
    case AE_IFDIR:
      return EntryKind::directory;
    case AE_IFLNK:
      return EntryKind::symlink;
    case AE_IFIFO:
    case AE_IFSOCK:
      return EntryKind::fifo_or_socket;
    default:
      return EntryKind::device;
  }
}

}  // namespace

Utf8Locale::Utf8Locale() {
  static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  before_ = ::uselocale(utf8);
}
Utf8Locale::~Utf8Locale() { ::uselocale(before_); }

std::string show(std::string_view name) {
  constexpr std::size_t kShown = 200;
  std::string text;
  for (const char c : name.substr(0, kShown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(text), "\\x{:02x}", byte);
    } else {
      text.push_back(c);
    }
  }
  return name.size() > kShown ? text + "…" : text;
}

std::optional<std::string> clean_path(std::string_view path) {
  if (path.starts_with('/')) return std::nullopt;
  std::string clean;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? "" : path.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") return std::nullopt;
    if (!clean.empty()) clean.push_back('/');
    clean.append(part);
  }
  return clean;
}

ArchiveLimits ArchiveLimits::from_environment() {
  ArchiveLimits limits;
  if (const char* text = std::getenv("SKIFF_ARTIFACT_MAX_BYTES"); text != nullptr) {
    if (const unsigned long long bytes = std::strtoull(text, nullptr, 10); bytes > 0) {
      limits.max_bytes = bytes;
      limits.ratio_from = bytes;
    }
  }
  return limits;
}

void Meter::entry(const Entry& entry) {
  current_ = entry.path;
  ++entries_;
  left_ = entry.kind == EntryKind::file ? entry.bytes : 0;
  // Charged as announced, so that a bomb is refused before a byte of it is unfolded.
  if (left_ > limits_.max_bytes - std::min(bytes_, limits_.max_bytes)) {
    refuse(what_, current_,
           fmt::format("announces {} bytes, more than the {} that are allowed; if that is meant, set "
                       "SKIFF_ARTIFACT_MAX_BYTES",
                       left_, limits_.max_bytes));
  }
  bytes_ += left_;
  check();
}

void Meter::data(std::uint64_t bytes) {
  const std::uint64_t announced = std::min(left_, bytes);
  left_ -= announced;
  bytes_ += bytes - announced;
  check();
}

void Meter::check() const {
  if (entries_ > limits_.max_entries) {
    refuse(what_, current_, fmt::format("is number {}, more than are allowed", entries_));
  }
  if (bytes_ > limits_.max_bytes) {
    refuse(what_, current_,
           fmt::format("makes its content larger than the {} bytes that are allowed; if that is meant, set "
                       "SKIFF_ARTIFACT_MAX_BYTES",
                       limits_.max_bytes));
  }
  if (stored_ > 0 && bytes_ > limits_.ratio_from && bytes_ / stored_ > limits_.max_ratio) {
    refuse(what_, current_,
           fmt::format("makes it a bomb: {} bytes unfold to {} or more; if that is meant, set "
                       "SKIFF_ARTIFACT_MAX_BYTES",
                       stored_, bytes_));
  }
}

void LinkGuard::refuse(const Entry& entry, std::string_view why) const {
  store::refuse(what_, entry.path, why);
}

bool LinkGuard::passes_a_link(std::string_view path, bool itself) const {
  if (links_.empty()) return false;
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    if (links_.contains(std::string(path.substr(0, slash)))) return true;
  }
  return itself && links_.contains(std::string(path));
}

void LinkGuard::check(const Entry& entry, std::string_view root) {
  if (passes_a_link(entry.path, true)) refuse(entry, "goes through a link that the archive itself has made");
  switch (entry.kind) {
    case EntryKind::symlink:
      if (outward_ == OutwardLinks::refuse) check_target(entry, root);
      links_.insert(entry.path);
      break;
    case EntryKind::hardlink: {
      const std::string inside = std::string(root) + "/";
      if (!root.empty() && entry.target != root && !entry.target.starts_with(inside)) {
        refuse(entry, fmt::format("is a link to '{}', which lies outside", show(entry.target)));
      }
      if (passes_a_link(entry.target, true)) {
        refuse(entry, fmt::format("is a hard link through a symbolic link, '{}'", show(entry.target)));
      }
      break;
    }
    case EntryKind::fifo_or_socket:
      refuse(entry, "is a FIFO or a socket; an artifact has files and directories only");
    case EntryKind::device:
      refuse(entry, "is a device; an artifact has files and directories only");
    default:
      break;
  }
}

bool LinkGuard::stays_inside(const Entry& link, std::string_view root) const {
  try {
    check_target(link, root);
    return true;
  } catch (const StoreError&) {
    return false;
  }
}

// Sound because of two rules together: no entry lies behind a link, so a link's own parents are directories
// and going up from it is plain counting; and a target goes up only at its beginning, so it never goes up
// from wherever another link has led it.
void LinkGuard::check_target(const Entry& entry, std::string_view root) const {
  const std::string shown = show(entry.target);
  if (entry.target.empty()) refuse(entry, "is a link to nothing");
  if (entry.target.front() == '/') refuse(entry, fmt::format("is a link to '{}', an absolute path", shown));
  if (!root.empty() && entry.path == root)
    refuse(entry, fmt::format("is all there is, and a link to '{}'", shown));
  auto depth = std::count(entry.path.begin(), entry.path.end(), '/');
  if (!root.empty()) depth -= 1 + std::count(root.begin(), root.end(), '/');
  bool went_down = false;
  std::string_view rest = entry.target;
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      went_down = true;
    } else if (went_down) {
      refuse(entry, fmt::format("is a link to '{}', with '..' behind a name", shown));
    } else if (--depth < 0) {
      refuse(entry, fmt::format("is a link to '{}', which lies outside", shown));
    }
  }
}

ArchiveReader::ArchiveReader(const Source& source, std::string what)
    : what_(std::move(what)), source_(&source), archive_(archive_read_new()) {
  archive_read_support_format_tar(archive_.get());
  if (archive_read_open(archive_.get(), this, nullptr, &ArchiveReader::read_source, nullptr) != ARCHIVE_OK)
    fail();
}

ArchiveReader::ArchiveReader(int fd, ArchiveFormat format, std::string what)
    : what_(std::move(what)), archive_(archive_read_new()) {
  archive* const a = archive_.get();
  int code = ARCHIVE_OK;
  if (format == ArchiveFormat::tar_gz) {
    unzipped_ = gunzip(fd, what_);
    source_ = &unzipped_;
    archive_read_support_format_tar(a);
    code = archive_read_open(a, this, nullptr, &ArchiveReader::read_source, nullptr);
  } else {
    archive_read_support_format_zip_seekable(a);
    code = archive_read_open_fd(a, fd, kBlockSize);
  }
  if (code != ARCHIVE_OK) fail();
}

la_ssize_t ArchiveReader::read_source(archive* a, void* self, const void** block) noexcept {
  auto& reader = *static_cast<ArchiveReader*>(self);
  try {
    const auto bytes = (*reader.source_)();
    reader.observe(bytes);
    *block = bytes.data();
    return static_cast<la_ssize_t>(bytes.size());
  } catch (...) {
    reader.source_error_ = std::current_exception();
    archive_set_error(a, EIO, "the source failed");
    return ARCHIVE_FATAL;
  }
}

void ArchiveReader::observe(std::span<const std::byte> block) {
  const auto tail = block.last(std::min(block.size(), kTarEnd));
  const auto last = std::find_if(tail.rbegin(), tail.rend(), [](std::byte b) { return b != std::byte{0}; });
  const auto count = static_cast<std::size_t>(last - tail.rbegin());
  trailing_zeros_ = count == block.size() ? trailing_zeros_ + count : count;
}

bool ArchiveReader::ended_properly() {
  while (true) {
    const auto bytes = (*source_)();
    if (bytes.empty()) return trailing_zeros_ >= kTarEnd;
    observe(bytes);
  }
}

void ArchiveReader::fail() {
  if (source_error_) std::rethrow_exception(source_error_);
  const char* reason = archive_error_string(archive_.get());
  const std::string where = current_.empty() ? "" : fmt::format(" at entry '{}'", show(current_));
  throw StoreError(
      Trouble::corrupt, "",
      fmt::format("{} can't be read{}: {}", what_, where, reason == nullptr ? "damaged" : reason));
}

std::optional<Entry> ArchiveReader::next() {
  archive_entry* raw = nullptr;
  const int code = archive_read_next_header(archive_.get(), &raw);
  if (code == ARCHIVE_EOF) return std::nullopt;
  // A warning is about an attribute that could not be read (an ACL, a character set): we use none of them.
  if (code != ARCHIVE_OK && code != ARCHIVE_WARN) fail();
  if (source_error_) std::rethrow_exception(source_error_);
  Entry entry = convert(raw);
  current_ = entry.path;
  has_data_ = entry.kind == EntryKind::file;
  expected_ = 0;
  size_ = entry.bytes;
  held_ = {};
  return entry;
}

Entry ArchiveReader::convert(archive_entry* raw) const {
  const auto text = [](const char* plain, const char* utf8) {
    return std::string(plain ? plain : utf8 ? utf8 : "");
  };
  const std::string name = text(archive_entry_pathname(raw), archive_entry_pathname_utf8(raw));
  if (name.empty()) refuse(what_, "", "has no name");
  if (name.size() > kMaxPath) refuse(what_, name, "has a name longer than 4000 bytes");
  if (name.front() == '/') refuse(what_, name, "has an absolute path");
  auto path = clean_path(name);
  if (!path) refuse(what_, name, "has '..' in its path");
  Entry entry;
  entry.path = std::move(*path);
  entry.kind = kind_of(raw);
  entry.mode = archive_entry_perm(raw) & 0777;
  entry.mtime_s = archive_entry_mtime_is_set(raw) != 0 ? archive_entry_mtime(raw) : 0;
  if (entry.path.empty() && entry.kind != EntryKind::directory) refuse(what_, name, "is no directory");
  if (entry.kind == EntryKind::symlink) {
    entry.target = text(archive_entry_symlink(raw), archive_entry_symlink_utf8(raw));
  }
  if (entry.kind == EntryKind::hardlink) {
    const std::string target = text(archive_entry_hardlink(raw), archive_entry_hardlink_utf8(raw));
    auto clean = clean_path(target);
    if (!clean || clean->empty())
      refuse(what_, name, fmt::format("is a link to '{}', outside", show(target)));
    entry.target = std::move(*clean);
  }
  if (entry.kind == EntryKind::file) {
    if (archive_entry_size_is_set(raw) == 0 || archive_entry_size(raw) < 0)
      refuse(what_, name, "has no valid size");
    entry.bytes = static_cast<std::uint64_t>(archive_entry_size(raw));
  }
  return entry;
}

std::span<const std::byte> ArchiveReader::data() {
  if (!has_data_) return {};
  if (held_.empty()) {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    int code = ARCHIVE_OK;
    do {
      code = archive_read_data_block(archive_.get(), &block, &size, &offset);
    } while (code == ARCHIVE_OK && size == 0);
    if (code == ARCHIVE_EOF) {
      const auto hole = zeros(size_ > expected_ ? size_ - expected_ : 0);
      expected_ += hole.size();
      has_data_ = !hole.empty();
      return hole;
    }
    if (code != ARCHIVE_OK) fail();
    held_ = std::span(static_cast<const std::byte*>(block), size);
    held_at_ = static_cast<std::uint64_t>(offset);
    if (held_at_ < expected_) refuse(what_, current_, "has overlapping pieces");
  }
  const bool hole = held_at_ > expected_;
  const auto bytes = hole ? zeros(held_at_ - expected_) : std::exchange(held_, {});
  expected_ += bytes.size();
  return bytes;
}

void copy_entry(ArchiveReader& reader, const Entry& entry, Meter& meter, EntrySink& sink) {
  sink.begin(entry);
  if (entry.kind == EntryKind::file) {
    for (auto bytes = reader.data(); !bytes.empty(); bytes = reader.data()) {
      meter.data(bytes.size());
      sink.data(bytes);
    }
  }
  sink.end();
}

}  // namespace skiff::store
