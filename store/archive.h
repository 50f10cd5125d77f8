// Archives: the engine's tar into a stored artifact, a stored artifact into a tar for the engine or onto the
// host. The only user of libarchive.
//
// In: a source of bytes or a key. Out: bytes to a sink, in constant memory whatever the size. Everything read
// is taken for hostile: an entry that leaves its directory, a device, a bomb or a truncated archive is a
// StoreError (`hostile` or `corrupt`) that names the archive and the entry.
//
// Semantics are Argo's (workflow/executor/executor.go, saveArtifact, loadArtifact, untar, unpack).
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/artifacts.h"

namespace skiff::store {

/// Yields the next bytes, valid until the next call; empty at the end. May block; may throw.
using Source = std::function<std::span<const std::byte>()>;
/// Takes the bytes before it returns. May block (back pressure); may throw.
using Sink = std::function<void(std::span<const std::byte>)>;

/// Reads `fd` from its beginning, by pread(2), so that several may read one file. `fd` must outlive the
/// source; `what` names it in messages.
[[nodiscard]] Source source_from_fd(int fd, std::string what = "a stored file");
/// `bytes` must outlive the source.
[[nodiscard]] Source source_from_memory(std::span<const std::byte> bytes);

/// A tar with one file in it, as an engine would send it for the plain file that is open as `fd` (which must
/// outlive the source); `what` names it in messages. Throws `corrupt` where the file becomes shorter
/// meanwhile.
[[nodiscard]] Source tar_of_file(int fd, std::string what);

/// Where an archive begins to be a bomb. One that is small for its content is refused beyond `ratio_from`
/// bytes.
struct ArchiveLimits {
  std::uint64_t max_bytes = std::uint64_t{1} << 40;  ///< content of all entries
  std::uint64_t max_entries = 5'000'000;
  std::uint64_t max_ratio = 250;                      ///< content over stored size
  std::uint64_t ratio_from = std::uint64_t{4} << 30;  ///< content up to this size is never a bomb
  /// The defaults, with $SKIFF_ARTIFACT_MAX_BYTES as `max_bytes` and `ratio_from` if it is set.
  [[nodiscard]] static ArchiveLimits from_environment();
};

/// `archive:` of an artifact. `unset` packs as tar and, on reading, unpacks gzipped tars and nothing else, as
/// Argo.
enum class Archiving : std::uint8_t { unset, none, tar, zip };

struct PackOptions {
  Archiving archiving = Archiving::unset;
  int compression_level = -1;  ///< of tar: -1 what is fast, 0 stored, 1..9
  std::string root_name;       ///< what the root entry is to be called: the base name of the artifact's path
  ArchiveLimits limits = ArchiveLimits::from_environment();
};

struct Packed {
  StoredArtifact stored;
  /// Left out (the step need not fail), worth a warning: FIFOs and sockets, which no archive carries; for
  /// `none` and `zip`, links that lead out of the tree.
  std::vector<std::string> left_out;
  /// The path itself is a symlink with this target, which the engine does not follow: nothing was stored. Ask
  /// the engine for the target and pack that, under the same root_name.
  std::optional<std::string> root_link;
};

/// Packs an engine's tar (GET archive: entries rooted at the base name of the path) under `key`: .tgz, .zip,
/// or for `none` a plain file or a directory. Throws `not_found` if the tar is empty.
[[nodiscard]] Packed pack(ArtifactStore& store, std::string_view key, const Source& tar,
                          const PackOptions& options);

/// A tar for the engine (PUT archive), written as it grows. One may carry many inputs: files of ours and
/// unpacked artifacts, one after the other, then finish().
class TarWriter {
 public:
  explicit TarWriter(Sink sink);
  ~TarWriter();
  TarWriter(TarWriter&&) noexcept;
  TarWriter& operator=(TarWriter&&) noexcept;

  /// Paths are relative to the directory given to PUT; a leading '/' is dropped. Missing parents are made by
  /// the engine as root:root 0755 unless added first.
  void add_directory(std::string_view path, mode_t mode, std::int64_t mtime_s = 0);
  void add_file(std::string_view path, mode_t mode, std::string_view content, std::int64_t mtime_s = 0);
  void add_symlink(std::string_view path, std::string_view target);
  /// Everything added from here on belongs to this user and group (0:0 at first).
  void set_owner(uid_t uid, gid_t gid);
  /// Writes the end of the archive; without it the engine gets a truncated tar.
  void finish();

  class State;
  [[nodiscard]] State& state() { return *state_; }  ///< for unpack()

 private:
  std::unique_ptr<State> state_;
};

struct UnpackOptions {
  Archiving archiving = Archiving::unset;
  std::string path;            ///< where the artifact arrives in the container, e.g. "/tmp/model"
  std::string sub_path;        ///< only this part of it (a directory or a file inside); empty: all
  std::optional<mode_t> mode;  ///< `mode` of the artifact
  bool recurse_mode = false;   ///< `recurseMode`
  ArchiveLimits limits = ArchiveLimits::from_environment();
};

struct Unpacked {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  bool directory = false;  ///< what arrived at `path`
};

/// Adds a stored artifact to `out` so that it arrives at options.path: an archive with one entry at its top
/// becomes that file or directory, with several a directory that holds them; what is no archive arrives as it
/// is. Files keep their permissions (Argo's init unpacks under umask 0), directories get 0755.
/// Throws `not_found` for a missing key or sub_path (the caller forgives it if the artifact is optional).
Unpacked unpack(const ArtifactStore& store, std::string_view key, const UnpackOptions& options,
                TarWriter& out);

/// The same for what was fetched from elsewhere and lies at `path` on this machine. Files of a directory keep
/// their permissions, its links are taken as they are: they are followed in the container only.
Unpacked unpack_path(Files& files, const fs::path& path, const UnpackOptions& options, TarWriter& out);

/// For `skiff cp`: the artifact onto the host at `destination` (which must not exist), by the same rules;
/// nothing is left there if it throws.
Unpacked extract(const ArtifactStore& store, std::string_view key, const UnpackOptions& options,
                 const fs::path& destination);

/// The artifact as a file of this machine with the permissions that it has in a container, written as a whole
/// or not at all at `destination`, where nothing may be. False, and nothing is left, if it does not arrive as
/// one plain file.
[[nodiscard]] bool extract_file(const ArtifactStore& store, std::string_view key,
                                const UnpackOptions& options, const fs::path& destination);

/// A small file out of an engine's tar.
struct TarFile {
  std::string path;  ///< as in the tar
  mode_t mode = 0;
  FileKind kind = FileKind::file;
  std::string content;  ///< of files; the target of symlinks
};
/// All of a small tar, e.g. output parameters. Throws `invalid` when the content exceeds `max_bytes`.
[[nodiscard]] std::vector<TarFile> read_tar(const Source& tar, std::uint64_t max_bytes);

}  // namespace skiff::store
