// Keys to files: names made safe, files written beside the tree and renamed into it.
#include "store/artifacts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "store/error.h"

namespace skiff::store {
namespace {

constexpr std::string_view kTemp = ".tmp";
constexpr std::string_view kBuckets = ".buckets";
constexpr std::size_t kMaxComponent = 255;
constexpr std::size_t kMaxKey = 3000;
/// The disk gets to work whenever so much is new: what is left for the fsync is little.
constexpr std::uint64_t kWriteBehind = std::uint64_t{16} << 20;

[[noreturn]] void bad_key(std::string_view key, std::string_view why) {
  throw StoreError(Trouble::invalid, "",
                   fmt::format("'{}' can't be the key of an artifact: {}; choose another `key`", key, why));
}

std::vector<std::string_view> components_of(std::string_view key) {
  if (key.size() > kMaxKey) bad_key(key.substr(0, 100), fmt::format("it is longer than {} bytes", kMaxKey));
  if (key.find('\0') != std::string_view::npos) bad_key("…", "it has a zero byte in it");
  std::vector<std::string_view> parts;
  std::string_view rest = key;
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") bad_key(key, "'..' would leave the store");
    if (part.size() > kMaxComponent)
      bad_key(key, fmt::format("a part of it is longer than {} bytes", kMaxComponent));
    parts.push_back(part);
  }
  if (parts.empty()) bad_key(key, "it names nothing");
  if (parts.front() == kTemp) bad_key(key, "'.tmp' is the store's own");
  return parts;
}

void fsync_file(Files& files, const fs::path& path) {
  const Fd fd = files.open(path, O_RDONLY | O_NOFOLLOW, 0);
  files.fsync(fd.get(), path);
}

}  // namespace

struct ArtifactWriter::Draft {
  Draft() = default;
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    // Straight to the system: this must work when the reason to give up was an operation that failed.
    if (fd) ::unlink(temp.c_str());
  }

  ArtifactStore* store = nullptr;
  std::string key;
  fs::path temp;
  fs::path final_path;
  Fd fd;
  Sha256 hash;
  std::uint64_t bytes = 0;
  std::uint64_t sent_out = 0;
};

ArtifactWriter::ArtifactWriter(ArtifactStore& store, std::string key, fs::path final_path)
    : draft_(std::make_unique<Draft>()) {
  draft_->store = &store;
  draft_->key = std::move(key);
  draft_->final_path = std::move(final_path);
  draft_->temp = store.temp_name();
  draft_->fd = store.files().open(draft_->temp, O_WRONLY | O_CREAT | O_EXCL, 0600);
}

ArtifactWriter::~ArtifactWriter() = default;
ArtifactWriter::ArtifactWriter(ArtifactWriter&&) noexcept = default;
ArtifactWriter& ArtifactWriter::operator=(ArtifactWriter&&) noexcept = default;

void ArtifactWriter::write(std::span<const std::byte> bytes) {
  draft_->store->files().write(draft_->fd.get(), bytes, draft_->final_path);
  draft_->hash.update(bytes);
  draft_->bytes += bytes.size();
  if (draft_->bytes - draft_->sent_out < kWriteBehind) return;
  // Without a promise, so without a check.
  static_cast<void>(::sync_file_range(draft_->fd.get(), static_cast<off64_t>(draft_->sent_out),
                                      static_cast<off64_t>(draft_->bytes - draft_->sent_out),
                                      SYNC_FILE_RANGE_WRITE));
  draft_->sent_out = draft_->bytes;
}

StoredArtifact ArtifactWriter::finish() {
  Draft& draft = *draft_;
  draft.store->files().fsync(draft.fd.get(), draft.final_path);
  draft.store->replace(draft.temp, draft.final_path);
  draft.fd.reset();
  StoredArtifact stored;
  stored.key = draft.key;
  stored.sha256 = draft.hash.hex();
  stored.bytes = draft.bytes;
  stored.entries = 1;
  stored.unpacked_bytes = draft.bytes;
  return stored;
}

ArtifactStore::ArtifactStore(const Home& home, Files& files)
    : root_(home.artifacts()), temp_(home.artifacts() / kTemp), files_(&files) {
  real_files().mkdirs(temp_, 0700);
}

std::string ArtifactStore::default_key(std::string_view ns, std::string_view workflow, std::string_view pod,
                                       std::string_view file) {
  return fmt::format("{}/{}/{}/{}", ns, workflow, pod, file);
}

std::string ArtifactStore::bucket_key(std::string_view kind, std::string_view bucket, std::string_view key) {
  // An empty bucket (azure's default container, a key-only location) still needs a place of its own.
  return fmt::format("{}/{}/{}/{}", kBuckets, kind, bucket.empty() ? "-" : bucket, key);
}

fs::path ArtifactStore::path_of(std::string_view key) const {
  fs::path path = root_;
  for (const auto part : components_of(key)) path /= part;
  return path;
}

ArtifactWriter ArtifactStore::begin_write(std::string_view key) {
  return ArtifactWriter(*this, std::string(key), path_of(key));
}

StoredArtifact ArtifactStore::put(std::string_view key, std::string_view bytes) {
  ArtifactWriter writer = begin_write(key);
  writer.write(std::as_bytes(std::span(bytes.data(), bytes.size())));
  return writer.finish();
}

void ArtifactStore::adopt(const fs::path& finished, std::string_view key) {
  const fs::path final_path = path_of(key);
  const auto st = files_->stat(finished);
  if (st && st->kind == FileKind::file) {
    fsync_file(*files_, finished);
  } else {
    files_->sync_all(finished);
  }
  replace(finished, final_path);
}

void ArtifactStore::replace(const fs::path& from, const fs::path& to) {
  // Directories that have to be made are themselves entries to be made durable.
  std::vector<fs::path> to_sync = {to.parent_path()};
  while (to_sync.back() != root_ && !files_->stat(to_sync.back()))
    to_sync.push_back(to_sync.back().parent_path());
  std::optional<fs::path> old;
  for (int attempt = 0;; ++attempt) {
    try {
      files_->mkdirs(to.parent_path(), 0700);
      const auto there = files_->stat(to);
      const bool directory_in_the_way = there && there->kind == FileKind::directory;
      if (directory_in_the_way && !old) {
        old = temp_name();
        files_->rename(to, *old);
      }
      const auto from_kind = files_->stat(from);
      if (there && !directory_in_the_way && from_kind && from_kind->kind == FileKind::directory)
        files_->remove(to);
      files_->rename(from, to);
      break;
    } catch (const StoreError& error) {
      if (error.trouble() == Trouble::conflict) {
        throw StoreError(
            Trouble::conflict, to,
            fmt::format("cannot store {}: a part of its path is an artifact itself, not a directory; "
                        "choose another `key` ({})",
                        to.string(), error.what()));
      }
      // remove() of a neighbour may have taken an empty parent between mkdirs and rename.
      if (error.trouble() != Trouble::not_found || attempt >= 3) throw;
    }
  }
  for (const auto& dir : to_sync) fsync_dir(*files_, dir);
  if (old) remove_tree(*files_, *old);
}

std::optional<ArtifactStat> ArtifactStore::stat(std::string_view key) const {
  const auto st = files_->stat(path_of(key));
  if (!st || st->kind == FileKind::symlink || st->kind == FileKind::other) return std::nullopt;
  return ArtifactStat{st->kind == FileKind::directory, st->bytes};
}

Fd ArtifactStore::open_read(std::string_view key) const {
  const auto st = stat(key);
  const fs::path path = path_of(key);
  if (!st) {
    throw StoreError(Trouble::not_found, path,
                     fmt::format("the store has no artifact '{}' (looked for {})", key, path.string()));
  }
  if (st->directory) {
    throw StoreError(Trouble::conflict, path, fmt::format("artifact '{}' is a directory, not a file", key));
  }
  return files_->open(path, O_RDONLY | O_NOFOLLOW, 0);
}

bool ArtifactStore::remove(std::string_view key) {
  const fs::path path = path_of(key);
  if (!files_->stat(path)) return false;
  remove_tree(*files_, path);
  prune_parents(path.parent_path());
  return true;
}

void ArtifactStore::remove_workflow(std::string_view ns, std::string_view workflow) {
  const fs::path path = path_of(fmt::format("{}/{}", ns, workflow));
  // Both must be there: an empty workflow name would mean the whole namespace.
  if (ns.empty() || workflow.empty()) bad_key(fmt::format("{}/{}", ns, workflow), "a name is missing");
  remove_tree(*files_, path);
  prune_parents(path.parent_path());
}

void ArtifactStore::prune_parents(fs::path path) {
  for (; path != root_ && path.native().size() > root_.native().size(); path = path.parent_path()) {
    try {
      files_->remove(path);
    } catch (const StoreError&) {
      return;  // not empty: somebody else's artifacts
    }
  }
}

void ArtifactStore::sweep() {
  for (const auto& entry : files_->list(temp_)) remove_tree(*files_, temp_ / entry.name);
}

fs::path ArtifactStore::temp_name() const { return temp_ / random_id(); }

}  // namespace skiff::store
