// Artifacts: a key to a file or a directory under SKIFF_HOME/artifacts, never half written under its name.
//
// In: keys, bytes. Out: descriptors, checksums. Buckets of remote stores are directories here until a real
// endpoint is configured.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "store/home.h"
#include "store/sha256.h"

namespace skiff::store {

/// What is known of a stored artifact; a row of the journal's `artifacts` (Journal, ArtifactRow).
struct StoredArtifact {
  std::string key;            ///< as given to the writer
  std::string sha256;         ///< of the stored bytes; of a directory: of its sorted listing of checksums
  std::uint64_t bytes = 0;    ///< stored size
  std::uint64_t entries = 0;  ///< files and directories inside; 1 for a plain file
  std::uint64_t unpacked_bytes = 0;  ///< content of all files inside
  bool directory = false;            ///< stored as a tree (archive: none of a directory)
};

struct ArtifactStat {
  bool directory = false;
  std::uint64_t bytes = 0;  ///< of a file
};

class ArtifactStore;

/// A file being written. Without finish() the destructor removes it, and a crash leaves it to sweep().
class ArtifactWriter {
 public:
  ArtifactWriter(ArtifactWriter&&) noexcept;
  ArtifactWriter& operator=(ArtifactWriter&&) noexcept;
  ~ArtifactWriter();

  /// Throws `no_space` when the disk is full; the artifact is then lost as a whole.
  void write(std::span<const std::byte> bytes);
  /// fsync, rename, fsync of the directory; replaces what had that key.
  [[nodiscard]] StoredArtifact finish();

 private:
  friend class ArtifactStore;
  ArtifactWriter(ArtifactStore& store, std::string key, fs::path final_path);
  struct Draft;
  std::unique_ptr<Draft> draft_;
};

/// Safe from several threads, for different keys.
class ArtifactStore {
 public:
  explicit ArtifactStore(const Home& home, Files& files = real_files());

  /// "<namespace>/<workflow>/<pod>/<file>", with `file` such as "model.tgz".
  [[nodiscard]] static std::string default_key(std::string_view ns, std::string_view workflow,
                                               std::string_view pod, std::string_view file);
  /// The key of an s3, gcs, oss, azure or hdfs location: ".buckets/<kind>/<bucket>/<key>".
  [[nodiscard]] static std::string bucket_key(std::string_view kind, std::string_view bucket,
                                              std::string_view key);

  /// The file of a key. Throws `invalid` for keys that climb ("..") or cannot be file names.
  [[nodiscard]] fs::path path_of(std::string_view key) const;
  [[nodiscard]] ArtifactWriter begin_write(std::string_view key);
  /// A small artifact in one call (raw, main.log, outputs of http).
  StoredArtifact put(std::string_view key, std::string_view bytes);
  /// Moves a finished file or directory made at temp_name() to its key, replacing what was there. Its content
  /// is made durable first.
  void adopt(const fs::path& finished, std::string_view key);
  /// Nothing if no artifact has this key (or its parent is a plain artifact).
  [[nodiscard]] std::optional<ArtifactStat> stat(std::string_view key) const;
  /// Throws `not_found`, naming the key.
  [[nodiscard]] Fd open_read(std::string_view key) const;
  /// File or tree; empty parents go too. False if there was none.
  bool remove(std::string_view key);
  /// Everything of one workflow under its default keys.
  void remove_workflow(std::string_view ns, std::string_view workflow);
  /// At the controller's start, under the home's lock: removes what a crash left half written.
  void sweep();
  /// A fresh name for temporaries, on the store's disk; sweep() removes what stays there.
  [[nodiscard]] fs::path temp_name() const;
  [[nodiscard]] Files& files() const { return *files_; }

 private:
  friend class ArtifactWriter;
  void replace(const fs::path& from, const fs::path& to);
  void prune_parents(fs::path path);
  fs::path root_;
  fs::path temp_;
  Files* files_;
};

}  // namespace skiff::store
