// From a stored artifact to where it is wanted: a container (through a tar) or the host (skiff cp).
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "store/archive_impl.h"
#include "store/error.h"

namespace skiff::store {
namespace {

// As an object store gives it back: without the permissions that it never knew.
constexpr mode_t kPlainMode = 0644;
constexpr mode_t kDirectoryMode = 0755;

std::string name_of(std::string_view key) { return fmt::format("artifact '{}'", show(key)); }

/// What is at the top of an archive: `root` if that is one thing, empty if several or none.
struct Top {
  std::string root;
  std::uint64_t names = 0;  ///< 0, 1, or 2 for more
  bool is_directory = true;
};

void look_at(const Entry& entry, Top& top) {
  if (entry.path.empty()) return;  // "./", the archive's own directory
  const std::size_t slash = entry.path.find('/');
  const std::string name = entry.path.substr(0, slash);
  if (top.names == 0) {
    top.root = name;
    top.names = 1;
  } else if (top.root != name) {
    top.names = 2;
  }
  if (slash == std::string::npos) top.is_directory = entry.kind == EntryKind::directory;
}

/// Reads a whole archive for its names alone.
Top scan(int fd, ArchiveFormat format, const std::string& what, const ArchiveLimits& limits,
         std::uint64_t stored) {
  ArchiveReader reader(fd, format, what);
  Meter meter(what, stored, limits);
  Top top;
  while (const auto entry = reader.next()) {
    meter.entry(*entry);
    look_at(*entry, top);
  }
  if (top.names == 2) top.root.clear();
  return top;
}

void rewind(int fd, const fs::path& path) {
  if (::lseek(fd, 0, SEEK_SET) < 0) throw_errno(errno, "read", path);
}

bool has_gzip_magic(int fd) {
  std::array<unsigned char, 3> head{};
  return ::pread(fd, head.data(), head.size(), 0) == 3 && head[0] == 0x1f && head[1] == 0x8b && head[2] == 8;
}

// executor.go isTarball: gzip outside, and a first tar header inside.
bool is_tarball(int fd, const std::string& what) {
  if (!has_gzip_magic(fd)) return false;
  try {
    ArchiveReader reader(fd, ArchiveFormat::tar_gz, what);
    return reader.next().has_value();
  } catch (const StoreError& error) {
    // A tar whose first entry is hostile is a tar; gzip with something else inside is not, but half a gzip is
    // neither.
    if (std::string_view(error.what()).find("truncated") != std::string_view::npos) throw;
    return error.trouble() == Trouble::hostile;
  }
}

/// Places entries of the artifact: `options.path` is its root, `sub_path` the part that is wanted.
class Placing {
 public:
  Placing(const UnpackOptions& options, std::string what, bool keep_modes)
      : options_(options), what_(std::move(what)), keep_modes_(keep_modes) {
    std::string_view path = options.path;
    while (path.starts_with('/')) path.remove_prefix(1);
    const auto target = clean_path(path);
    const auto sub = clean_path(options.sub_path);
    if (!target)
      throw StoreError(Trouble::invalid, "", fmt::format("'{}' is no path for an artifact", options.path));
    if (!sub) {
      throw StoreError(Trouble::invalid, "",
                       fmt::format("subPath '{}' may not leave the artifact", options.sub_path));
    }
    target_ = *target;
    sub_ = *sub;
  }

  /// Names `entry`, whose path is relative to the artifact's root, for its place; false if it is not in the
  /// wanted part. Where an archive has files without an entry for their directory, makes that first.
  bool place(Entry& entry, EntrySink& sink) {
    const auto inside = below_sub(entry.path);
    if (!inside) return false;
    if (!inside->empty() && !found_) {
      Entry root;
      root.path = sub_;
      root.kind = EntryKind::directory;
      static_cast<void>(place(root, sink));
      sink.begin(root);
      sink.end();
    }
    if (inside->empty()) {
      found_ = true;
      directory_ = entry.kind == EntryKind::directory;
    }
    if (entry.kind == EntryKind::hardlink) {
      const auto target = below_sub(entry.target);
      if (!target) {
        throw StoreError(
            Trouble::hostile, "",
            fmt::format("{} is refused: entry '{}' is a hard link to '{}', outside of subPath '{}'", what_,
                        show(entry.path), show(entry.target), sub_));
      }
      entry.target = join(target_, *target);
    }
    entry.mode = mode_of(entry, inside->empty());
    entry.path = join(target_, *inside);
    ++result_.entries;
    if (entry.kind == EntryKind::file) result_.bytes += entry.bytes;
    return true;
  }

  /// What was placed; throws `not_found` if nothing was.
  [[nodiscard]] Unpacked result() const {
    if (!found_) {
      throw StoreError(Trouble::not_found, "", fmt::format("{} has no '{}' in it", what_, options_.sub_path));
    }
    Unpacked unpacked = result_;
    unpacked.directory = directory_;
    return unpacked;
  }
  /// An archive with nothing in it is an empty directory.
  void place_empty(EntrySink& sink) {
    if (found_ || !sub_.empty()) return;
    Entry root;
    root.kind = EntryKind::directory;
    static_cast<void>(place(root, sink));
    sink.begin(root);
    sink.end();
  }

 private:
  static std::string join(const std::string& a, const std::string& b) {
    if (a.empty() || b.empty()) return a + b;
    return a + "/" + b;
  }

  [[nodiscard]] std::optional<std::string> below_sub(const std::string& path) const {
    if (sub_.empty()) return path;
    if (path == sub_) return "";
    if (path.starts_with(sub_ + "/")) return path.substr(sub_.size() + 1);
    return std::nullopt;
  }

  [[nodiscard]] mode_t mode_of(const Entry& entry, bool root) const {
    if (options_.mode && (root || options_.recurse_mode)) return *options_.mode & 07777;
    if (entry.kind == EntryKind::directory) return kDirectoryMode;
    return keep_modes_ ? (entry.mode & 0777) : kPlainMode;
  }

  const UnpackOptions& options_;
  std::string what_;
  bool keep_modes_;
  std::string target_;
  std::string sub_;
  Unpacked result_;
  bool found_ = false;
  bool directory_ = false;
};

struct Wanted {
  const UnpackOptions& options;
  std::string what;
  EntrySink& sink;
  bool into_container;  ///< links of our own archives may point anywhere there
};

std::string strip_root(const std::string& path, const std::string& root) {
  return path.size() > root.size() ? path.substr(root.size() + 1) : std::string();
}

Unpacked unpack_archive(int fd, const fs::path& path, ArchiveFormat format, std::uint64_t stored,
                        const Wanted& wanted) {
  const UnpackOptions& options = wanted.options;
  const bool single_root = format == ArchiveFormat::tar_gz && has_single_root_mark(fd);
  Top top;
  if (!single_root) {
    top = scan(fd, format, wanted.what, options.limits, stored);
    rewind(fd, path);
  }
  ArchiveReader reader(fd, format, wanted.what);
  Meter meter(wanted.what, stored, options.limits);
  const bool ours = single_root && wanted.into_container;
  LinkGuard guard(wanted.what, ours ? OutwardLinks::keep : OutwardLinks::refuse);
  Placing placing(options, wanted.what, true);
  while (auto entry = reader.next()) {
    meter.entry(*entry);
    if (single_root) {
      look_at(*entry, top);
      if (top.names > 1) {
        throw StoreError(
            Trouble::corrupt, path,
            fmt::format("{} has several things at its top, though it was stored with one: was {} changed "
                        "by hand?",
                        wanted.what, path.string()));
      }
    }
    guard.check(*entry, top.root);
    if (entry->path.empty() && !top.root.empty()) continue;
    if (!top.root.empty()) {
      entry->path = strip_root(entry->path, top.root);
      if (entry->kind == EntryKind::hardlink) entry->target = strip_root(entry->target, top.root);
    }
    if (placing.place(*entry, wanted.sink)) copy_entry(reader, *entry, meter, wanted.sink);
  }
  placing.place_empty(wanted.sink);
  return placing.result();
}

void copy_file(Files& files, const fs::path& file, Entry& entry, EntrySink& sink) {
  const Fd fd = files.open(file, O_RDONLY | O_NOFOLLOW, 0);
  const Source source = source_from_fd(fd.get());
  sink.begin(entry);
  for (auto bytes = source(); !bytes.empty(); bytes = source()) sink.data(bytes);
  sink.end();
}

void unpack_tree(Files& files, const fs::path& top, const std::string& path, Placing& placing,
                 EntrySink& sink) {
  const fs::path here = path.empty() ? top : top / path;
  const auto st = files.stat(here);
  if (!st) return;
  Entry entry;
  entry.path = path;
  entry.mtime_s = st->mtime_s;
  entry.mode = st->mode;
  switch (st->kind) {
    case FileKind::directory:
      entry.kind = EntryKind::directory;
      break;
    case FileKind::symlink:
      entry.kind = EntryKind::symlink;
      entry.target = fs::read_symlink(here).string();
      break;
    case FileKind::file:
      entry.bytes = st->bytes;
      break;
    case FileKind::other:
      return;
  }
  if (placing.place(entry, sink)) {
    if (entry.kind == EntryKind::file) {
      copy_file(files, here, entry, sink);
    } else {
      sink.begin(entry);
      sink.end();
    }
  }
  if (st->kind != FileKind::directory) return;
  for (const auto& child : files.list(here)) {
    unpack_tree(files, top, path.empty() ? child.name : path + "/" + child.name, placing, sink);
  }
}

Unpacked unpack_file(Files& files, const Fd& fd, const fs::path& path, std::uint64_t bytes,
                     const Wanted& wanted) {
  switch (wanted.options.archiving) {
    case Archiving::zip:
      return unpack_archive(fd.get(), path, ArchiveFormat::zip, bytes, wanted);
    case Archiving::tar:
      if (!has_gzip_magic(fd.get())) {
        throw StoreError(
            Trouble::corrupt, path,
            fmt::format("{} is not gzipped, but `archive: tar` says it is a .tgz; write `archive: none: "
                        "{{}}` if it is to arrive as it is",
                        wanted.what));
      }
      return unpack_archive(fd.get(), path, ArchiveFormat::tar_gz, bytes, wanted);
    case Archiving::none:
      break;
    case Archiving::unset:
      if (has_single_root_mark(fd.get()) || is_tarball(fd.get(), wanted.what)) {
        rewind(fd.get(), path);
        return unpack_archive(fd.get(), path, ArchiveFormat::tar_gz, bytes, wanted);
      }
  }
  Placing placing(wanted.options, wanted.what, false);
  Entry entry;
  entry.bytes = bytes;
  if (placing.place(entry, wanted.sink)) copy_file(files, path, entry, wanted.sink);
  return placing.result();
}

Unpacked unpack_to(const ArtifactStore& store, std::string_view key, const UnpackOptions& options,
                   EntrySink& sink, bool into_container) {
  const Utf8Locale locale;
  const Wanted wanted{options, name_of(key), sink, into_container};
  const auto st = store.stat(key);
  if (st && st->directory) {
    Placing placing(options, wanted.what, false);
    unpack_tree(store.files(), store.path_of(key), "", placing, sink);
    return placing.result();
  }
  const Fd fd = store.open_read(key);
  return unpack_file(store.files(), fd, store.path_of(key), st ? st->bytes : 0, wanted);
}

struct NotOneFile {};

/// Where one plain file goes; anything else is a NotOneFile.
class FileSink final : public EntrySink {
 public:
  FileSink(Files& files, const fs::path& path) : tree_(files, path) {}
  void begin(const Entry& entry) override {
    if (begun_ || entry.kind != EntryKind::file) throw NotOneFile();
    begun_ = true;
    mode_ = entry.mode;
    tree_.begin(entry);
  }
  void data(std::span<const std::byte> bytes) override { tree_.data(bytes); }
  void end() override { tree_.end(); }
  [[nodiscard]] mode_t mode() const { return mode_; }

 private:
  TreeSink tree_;
  bool begun_ = false;
  mode_t mode_ = 0;
};

/// A name beside `destination` for what is not whole yet.
fs::path unfinished(const fs::path& destination) {
  const fs::path parent = destination.has_parent_path() ? destination.parent_path() : fs::path(".");
  return parent / fmt::format(".{}.{}.tmp", destination.filename().string(), random_id().substr(0, 12));
}

}  // namespace

Unpacked unpack(const ArtifactStore& store, std::string_view key, const UnpackOptions& options,
                TarWriter& out) {
  return unpack_to(store, key, options, out.state().output, true);
}

Unpacked unpack_path(Files& files, const fs::path& path, const UnpackOptions& options, TarWriter& out) {
  const Utf8Locale locale;
  const Wanted wanted{options, path.filename().string(), out.state().output, true};
  const auto st = files.stat(path);
  if (!st) throw StoreError(Trouble::not_found, path, fmt::format("{} is not there", path.string()));
  if (st->kind == FileKind::directory) {
    Placing placing(options, wanted.what, true);
    unpack_tree(files, path, "", placing, wanted.sink);
    return placing.result();
  }
  const Fd fd = files.open(path, O_RDONLY | O_CLOEXEC, 0);
  return unpack_file(files, fd, path, st->bytes, wanted);
}

Unpacked extract(const ArtifactStore& store, std::string_view key, const UnpackOptions& options,
                 const fs::path& destination) {
  Files& files = store.files();
  if (files.stat(destination)) {
    throw StoreError(Trouble::conflict, destination,
                     fmt::format("{} exists already; remove it or name another place", destination.string()));
  }
  const fs::path temp = unfinished(destination);
  files.mkdirs(temp.parent_path(), 0755);
  UnpackOptions here = options;
  here.path.clear();
  try {
    TreeSink tree(files, temp);
    const Unpacked unpacked = unpack_to(store, key, here, tree, false);
    files.rename(temp, destination);
    return unpacked;
  } catch (...) {
    remove_tree(real_files(), temp);
    throw;
  }
}

bool extract_file(const ArtifactStore& store, std::string_view key, const UnpackOptions& options,
                  const fs::path& destination) {
  Files& files = store.files();
  const fs::path temp = unfinished(destination);
  UnpackOptions here = options;
  here.path.clear();
  try {
    FileSink sink(files, temp);
    static_cast<void>(unpack_to(store, key, here, sink, true));
    files.chmod(temp, sink.mode());
    files.rename(temp, destination);
    return true;
  } catch (const NotOneFile&) {
    remove_tree(real_files(), temp);
    return false;
  } catch (...) {
    remove_tree(real_files(), temp);
    throw;
  }
}

}  // namespace skiff::store
