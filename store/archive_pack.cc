// From the engine's tar to a stored artifact.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "store/archive_impl.h"
#include "store/error.h"

namespace skiff::store {

Source source_from_fd(int fd, std::string what) {
  auto buffer = std::make_shared<std::vector<std::byte>>(std::size_t{256} << 10);
  return [fd, buffer, what = std::move(what), offset = off_t{0}]() mutable -> std::span<const std::byte> {
    while (true) {
      const ssize_t n = ::pread(fd, buffer->data(), buffer->size(), offset);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw_errno(errno, "read", what);
      offset += n;
      return std::span(*buffer).first(static_cast<std::size_t>(n));
    }
  };
}

Source source_from_memory(std::span<const std::byte> bytes) {
  return [bytes]() mutable { return std::exchange(bytes, {}); };
}

namespace {

constexpr std::size_t kTarBlock = 512;

/// What stands before the content of a file; its name does not matter, pack() gives its own.
std::string tar_head(const struct stat& st) {
  std::string head;
  const auto append = [&head](std::span<const std::byte> bytes) {
    head.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  ArchiveOutput output(append, ArchiveFormat::tar, 0, Blocks::as_they_come);
  Entry entry;
  entry.path = "file";
  entry.mode = st.st_mode & 07777U;
  entry.mtime_s = st.st_mtime;
  entry.bytes = static_cast<std::uint64_t>(st.st_size);
  output.begin(entry);
  return head;
}

/// Header, content, and zeros: to a whole block, then the two blocks that close a tar.
class TarOfFile {
 public:
  TarOfFile(int fd, const std::string& what) : what_(what), content_(source_from_fd(fd, what)) {
    struct stat st {};
    if (::fstat(fd, &st) != 0) throw_errno(errno, "read", what);
    head_ = tar_head(st);
    left_ = static_cast<std::uint64_t>(st.st_size);
    tail_ = std::string((kTarBlock - left_ % kTarBlock) % kTarBlock + 2 * kTarBlock, '\0');
  }

  std::span<const std::byte> next() {
    if (!std::exchange(begun_, true)) return std::as_bytes(std::span(head_));
    if (left_ == 0)
      return std::exchange(over_, true) ? std::span<const std::byte>() : std::as_bytes(std::span(tail_));
    auto bytes = content_();
    if (bytes.empty()) {
      throw StoreError(
          Trouble::corrupt, "",
          fmt::format("{} became shorter while it was read: let the step wait for whoever writes it",
                      show(what_)));
    }
    // What was added meanwhile is left out, as the engine leaves it.
    bytes = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left_)));
    left_ -= bytes.size();
    return bytes;
  }

 private:
  std::string what_;
  Source content_;
  std::string head_;
  std::string tail_;
  std::uint64_t left_ = 0;
  bool begun_ = false;
  bool over_ = false;
};

}  // namespace

Source tar_of_file(int fd, std::string what) {
  return [tar = std::make_shared<TarOfFile>(fd, what)] { return tar->next(); };
}

namespace {

int checked_level(int level) {
  if (level == -2) return 1;  // Go's HuffmanOnly: the fastest that zlib has
  if (level < -1 || level > 9) {
    throw StoreError(
        Trouble::invalid, "",
        fmt::format("archive.tar.compressionLevel {} is not possible: -1 (default), 0 (none) to 9 (best)",
                    level));
  }
  return level;
}

/// The engine's tar as entries under the name that the artifact gives its root.
class EngineTar {
 public:
  EngineTar(const Source& source, const PackOptions& options)
      : reader_(source, fmt::format("the archive that the engine sent for '{}'", show(options.root_name))),
        meter_(fmt::format("the output '{}'", show(options.root_name)), 0, options.limits),
        options_(options) {}

  /// The next entry worth keeping; FIFOs and sockets are noted and passed over.
  std::optional<Entry> next(std::vector<std::string>& left_out);
  /// To be called when next() has come to the end.
  void check_end();

  [[nodiscard]] ArchiveReader& reader() { return reader_; }
  [[nodiscard]] Meter& meter() { return meter_; }

 private:
  [[nodiscard]] std::string renamed(const std::string& path);
  ArchiveReader reader_;
  Meter meter_;
  const PackOptions& options_;
  std::optional<std::string> root_;
};

std::string EngineTar::renamed(const std::string& path) {
  const std::size_t slash = path.find('/');
  const std::string top = path.substr(0, slash);
  if (!root_) root_ = top;
  if (top != *root_) {
    throw StoreError(Trouble::corrupt, "",
                     fmt::format("the engine sent two things where one was asked for: '{}' and '{}'",
                                 show(*root_), show(top)));
  }
  return slash == std::string::npos ? options_.root_name : options_.root_name + path.substr(slash);
}

std::optional<Entry> EngineTar::next(std::vector<std::string>& left_out) {
  while (true) {
    auto entry = reader_.next();
    if (!entry) return entry;
    entry->path = renamed(entry->path);
    if (entry->kind == EntryKind::hardlink) entry->target = renamed(entry->target);
    meter_.entry(*entry);
    if (entry->kind == EntryKind::device) {
      throw StoreError(
          Trouble::hostile, "",
          fmt::format("the output '{}' has a device in it ('{}'); an artifact has files and directories "
                      "only: let the step remove it",
                      options_.root_name, show(entry->path)));
    }
    if (entry->kind != EntryKind::fifo_or_socket) return entry;
    left_out.push_back(entry->path);
  }
}

void EngineTar::check_end() {
  if (!root_) {
    throw StoreError(Trouble::not_found, "",
                     fmt::format("the engine sent nothing for '{}'", options_.root_name));
  }
  if (!reader_.ended_properly()) {
    throw StoreError(Trouble::corrupt, "",
                     fmt::format("the engine broke off while it sent '{}'; try again", options_.root_name));
  }
}

bool is_root(const Entry& entry) { return entry.path.find('/') == std::string::npos; }

Packed pack_tar(ArtifactStore& store, std::string_view key, EngineTar& tar, const PackOptions& options) {
  Packed packed;
  ArtifactWriter writer = store.begin_write(key);
  const int level = checked_level(options.compression_level);
  Sink to_file = [&writer](std::span<const std::byte> bytes) { writer.write(bytes); };
  ArchiveOutput output(with_single_root_mark(std::move(to_file)), ArchiveFormat::tar_gz, level);
  while (const auto entry = tar.next(packed.left_out)) {
    if (entry->kind == EntryKind::symlink && is_root(*entry)) {
      packed.root_link = entry->target;
      return packed;
    }
    copy_entry(tar.reader(), *entry, tar.meter(), output);
  }
  tar.check_end();
  output.finish();
  packed.stored = writer.finish();
  return packed;
}

/// A directory or file that is removed again unless it was given away.
class Scratch {
 public:
  explicit Scratch(ArtifactStore& store) : files_(store.files()), path_(store.temp_name()) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    try {
      remove_tree(files_, path_);
    } catch (const StoreError&) {
      // sweep() will have it
    }
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  Files& files_;
  fs::path path_;
};

/// What is under a path, sorted, parents before their children; `visit` gets paths relative to `top`.
void walk(Files& files, const fs::path& top, const std::string& path,
          const std::function<void(const std::string&, const FileStat&)>& visit) {
  const fs::path here = path.empty() ? top : top / path;
  const auto st = files.stat(here);
  if (!st) return;
  visit(path, *st);
  if (st->kind != FileKind::directory) return;
  for (const auto& entry : files.list(here)) {
    walk(files, top, path.empty() ? entry.name : path + "/" + entry.name, visit);
  }
}

void for_each_block(Files& files, const fs::path& path, const Sink& sink) {
  const Fd fd = files.open(path, O_RDONLY | O_NOFOLLOW, 0);
  const Source source = source_from_fd(fd.get());
  for (auto bytes = source(); !bytes.empty(); bytes = source()) sink(bytes);
}

/// The checksum of a tree is that of the list of its files' checksums, as `sha256sum` would print it.
void describe_tree(Files& files, const fs::path& top, StoredArtifact& stored) {
  Sha256 all;
  walk(files, top, "", [&](const std::string& path, const FileStat& st) {
    ++stored.entries;
    std::string sum;
    if (st.kind == FileKind::file) {
      Sha256 hash;
      for_each_block(files, top / path, [&hash](std::span<const std::byte> bytes) { hash.update(bytes); });
      sum = hash.hex();
      stored.bytes += st.bytes;
    } else if (st.kind == FileKind::symlink) {
      sum = "-> " + fs::read_symlink(top / path).string();
    }
    const std::string line = fmt::format("{}  {}\n", sum, path);
    all.update(std::as_bytes(std::span(line)));
  });
  stored.sha256 = all.hex();
  stored.unpacked_bytes = stored.bytes;
}

/// Unpacks the engine's tar to `root`; yields the kind of its root entry, or the target if that is a link.
EntryKind build_tree(EngineTar& tar, Files& files, const fs::path& root, const PackOptions& options,
                     Packed& packed) {
  TreeSink tree(files, root);
  LinkGuard guard(fmt::format("the output '{}'", show(options.root_name)));
  EntryKind kind = EntryKind::directory;
  while (auto entry = tar.next(packed.left_out)) {
    if (is_root(*entry)) {
      kind = entry->kind;
      if (kind == EntryKind::symlink) {
        packed.root_link = entry->target;
        return kind;
      }
    }
    if (entry->kind == EntryKind::symlink && !guard.stays_inside(*entry, options.root_name)) {
      packed.left_out.push_back(entry->path);  // a tree on the host must not point at the host
      continue;
    }
    guard.check(*entry, options.root_name);
    const auto inner = [&](const std::string& path) {
      return path.size() > options.root_name.size() ? path.substr(options.root_name.size() + 1)
                                                    : std::string();
    };
    entry->path = inner(entry->path);
    if (entry->kind == EntryKind::hardlink) entry->target = inner(entry->target);
    copy_entry(tar.reader(), *entry, tar.meter(), tree);
  }
  tar.check_end();
  return kind;
}

Packed pack_plain(ArtifactStore& store, std::string_view key, EngineTar& tar, const PackOptions& options) {
  Packed packed;
  const Scratch scratch(store);
  const EntryKind kind = build_tree(tar, store.files(), scratch.path(), options, packed);
  if (packed.root_link) return packed;
  packed.stored.key = key;
  if (kind == EntryKind::directory) {
    packed.stored.directory = true;
    describe_tree(store.files(), scratch.path(), packed.stored);
  } else {
    Sha256 hash;
    for_each_block(store.files(), scratch.path(), [&](std::span<const std::byte> bytes) {
      hash.update(bytes);
      packed.stored.bytes += bytes.size();
    });
    packed.stored.sha256 = hash.hex();
    packed.stored.entries = 1;
    packed.stored.unpacked_bytes = packed.stored.bytes;
  }
  store.adopt(scratch.path(), key);
  return packed;
}

// By way of a directory: a zip has no hard links, and an engine's tar may.
Packed pack_zip(ArtifactStore& store, std::string_view key, EngineTar& tar, const PackOptions& options) {
  Packed packed;
  const Scratch scratch(store);
  static_cast<void>(build_tree(tar, store.files(), scratch.path(), options, packed));
  if (packed.root_link) return packed;
  ArtifactWriter writer = store.begin_write(key);
  ArchiveOutput output([&writer](std::span<const std::byte> bytes) { writer.write(bytes); },
                       ArchiveFormat::zip, -1);
  const Utf8Locale locale;
  walk(store.files(), scratch.path(), "", [&](const std::string& path, const FileStat& st) {
    // util/archive/archive.go zipDir: files only, and no permissions.
    if (st.kind == FileKind::directory) return;
    Entry entry;
    entry.path = path.empty() ? options.root_name : options.root_name + "/" + path;
    entry.mode = 0644;
    entry.mtime_s = st.mtime_s;
    const fs::path file = path.empty() ? scratch.path() : scratch.path() / path;
    if (st.kind == FileKind::symlink) {
      entry.kind = EntryKind::symlink;
      entry.target = fs::read_symlink(file).string();
      output.begin(entry);
      return;
    }
    entry.bytes = st.bytes;
    output.begin(entry);
    for_each_block(store.files(), file, [&output](std::span<const std::byte> bytes) { output.data(bytes); });
  });
  output.finish();
  packed.stored = writer.finish();
  return packed;
}

}  // namespace

Packed pack(ArtifactStore& store, std::string_view key, const Source& source, const PackOptions& options) {
  const Utf8Locale locale;
  if (options.root_name.empty() || options.root_name.find('/') != std::string::npos) {
    throw StoreError(
        Trouble::invalid, "",
        fmt::format("an artifact's path must end in a name, not in '{}'", show(options.root_name)));
  }
  EngineTar tar(source, options);
  Packed packed;
  switch (options.archiving) {
    case Archiving::none:
      packed = pack_plain(store, key, tar, options);
      break;
    case Archiving::zip:
      packed = pack_zip(store, key, tar, options);
      break;
    default:
      packed = pack_tar(store, key, tar, options);
  }
  if (packed.root_link) return packed;
  if (options.archiving != Archiving::none) {
    packed.stored.entries = tar.meter().entries() - packed.left_out.size();
    packed.stored.unpacked_bytes = tar.meter().bytes();
  }
  return packed;
}

std::vector<TarFile> read_tar(const Source& source, std::uint64_t max_bytes) {
  const Utf8Locale locale;
  ArchiveReader reader(source, "the archive that the engine sent");
  std::vector<TarFile> files;
  std::uint64_t total = 0;
  while (auto entry = reader.next()) {
    TarFile file;
    file.path = std::move(entry->path);
    file.mode = entry->mode;
    switch (entry->kind) {
      case EntryKind::file:
        file.kind = FileKind::file;
        break;
      case EntryKind::directory:
        file.kind = FileKind::directory;
        break;
      case EntryKind::symlink:
        file.kind = FileKind::symlink;
        break;
      default:
        file.kind = FileKind::other;
    }
    total += entry->bytes;
    if (total > max_bytes) {
      throw StoreError(
          Trouble::invalid, file.path,
          fmt::format("'{}' holds {} bytes, more than the {} that are read here; pass large data as an "
                      "artifact",
                      show(file.path), entry->bytes, max_bytes));
    }
    if (file.kind == FileKind::symlink) file.content = entry->target;
    for (auto bytes = reader.data(); !bytes.empty(); bytes = reader.data()) {
      file.content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    files.push_back(std::move(file));
  }
  if (!reader.ended_properly()) {
    throw StoreError(Trouble::corrupt, "", "the engine broke off in the middle of an archive; try again");
  }
  return files;
}

}  // namespace skiff::store
