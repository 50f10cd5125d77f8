// Archives on a disk that fills up or fails: a clear error, nothing half written, and it works again
// afterwards.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include <tuple>

#include "store/archive.h"
#include "store/journal.h"
#include "tests/store/faulty_files.h"
#include "tests/store/tar_bytes.h"
#include "tests/store/temp_home.h"

using namespace skiff::store;
using namespace skiff::store::testing;

TEST_CASE("whatever operation fails while packing, the key stays empty or gets the whole") {
  const std::string tar = raw_tar(raw_dir("r"), raw_file("r/a", noise(100'000)), raw_hardlink("r/b", "r/a"),
                                  raw_symlink("r/c", "a"));
  for (const auto archiving : {Archiving::tar, Archiving::none, Archiving::zip}) {
    for (const Fault fault : {Fault::full, Fault::io}) {
      TempHome temp;
      int at = 0;
      for (bool failed = true; failed; ++at) {
        FaultyFiles files(fault, at);
        ArtifactStore store(temp.home, files);
        PackOptions options;
        options.root_name = "r";
        options.archiving = archiving;
        failed = false;
        try {
          std::ignore = pack(store, "ns/wf/pod/k", source_from_memory(bytes_of(tar)), options);
        } catch (const StoreError& error) {
          failed = true;
          CHECK(error.trouble() == (fault == Fault::full ? Trouble::no_space : Trouble::io));
          CHECK(contains(error.what(), fault == Fault::full ? "No space left" : "Input/output"));
        }
        ArtifactStore clean(temp.home);
        clean.sweep();
        if (!failed) CHECK(clean.stat("ns/wf/pod/k"));
        if (clean.stat("ns/wf/pod/k")) {
          UnpackOptions unpacking;
          unpacking.archiving = archiving == Archiving::none ? Archiving::unset : archiving;
          const TempDir dir;
          CHECK(extract(clean, "ns/wf/pod/k", unpacking, dir.path() / "x").bytes >= 100'000);
          clean.remove("ns/wf/pod/k");
        }
      }
      CHECK(at > 4);
    }
  }
}

TEST_CASE("whatever operation fails while extracting, nothing is left on the host") {
  TempHome temp;
  ArtifactStore clean(temp.home);
  clean.put("k", gzip(raw_tar(raw_dir("r"), raw_file("r/a", noise(100'000)), raw_file("r/s/b"),
                              raw_symlink("r/c", "a"))));
  for (const Fault fault : {Fault::full, Fault::io}) {
    int at = 0;
    for (bool failed = true; failed; ++at) {
      const TempDir dir;
      FaultyFiles files(fault, at);
      const ArtifactStore store(temp.home, files);
      failed = false;
      try {
        extract(store, "k", {}, dir.path() / "x");
      } catch (const StoreError&) {
        failed = true;
      }
      CHECK(real_files().list(dir.path()).size() == (failed ? 0 : 1));
    }
    CHECK(at > 4);
  }
}

namespace {

/// In a child with a mount namespace of its own, on a file system of 2 MiB. 0 is good, 77 means "can't try
/// here".
int on_a_tiny_disk(const fs::path& dir) {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", dir.c_str(), "tmpfs", 0, "size=2m,mode=700") != 0) {
    return 77;
  }
  const auto no_space = [](const auto& action) {
    try {
      action();
    } catch (const StoreError& error) {
      return error.trouble() == Trouble::no_space;
    }
    return false;
  };
  const Home home = Home::open(dir / "home");
  const auto journal = Journal::open(home);
  ArtifactStore store(home);
  PackOptions options;
  options.root_name = "r";
  const std::string large = raw_tar(raw_file("r", noise(3'000'000)));
  if (!no_space([&] { std::ignore = pack(store, "k", source_from_memory(bytes_of(large)), options); }))
    return 1;
  if (store.stat("k") || !real_files().list(home.artifacts() / ".tmp").empty()) return 2;
  options.archiving = Archiving::none;
  if (!no_space([&] { std::ignore = pack(store, "k", source_from_memory(bytes_of(large)), options); }))
    return 3;
  if (store.stat("k") || !real_files().list(home.artifacts() / ".tmp").empty()) return 4;

  // Now really full: the journal says so, loses nothing, and goes on when there is room.
  WorkflowRow row;
  row.uid = row.name = row.ns = "w";
  Batch batch;
  batch.create_workflow(row, "{}");
  journal->commit(batch);
  {
    const Fd filler = real_files().open(dir / "filler", O_WRONLY | O_CREAT, 0600);
    if (!no_space([&] {
          while (true) real_files().write(filler.get(), bytes_of(std::string(4096, 'x')), "filler");
        })) {
      return 5;
    }
  }
  std::int64_t seq = 0;
  const bool full = no_space([&] {
    for (; seq < 10'000; ++seq) {
      Batch more;
      more.append({"w", seq + 1, 0, "e", "\"" + std::string(1000, 'p') + "\""});
      journal->commit(more);
    }
  });
  if (!full) return 6;
  if (static_cast<std::int64_t>(journal->load("w").size()) != seq) return 7;
  real_files().remove(dir / "filler");
  Batch after;
  after.append({"w", seq + 1, 0, "e", "{}"});
  journal->commit(after);
  if (static_cast<std::int64_t>(journal->load("w").size()) != seq + 1 || journal->check()) return 8;
  options.archiving = Archiving::tar;
  std::ignore = pack(store, "k", source_from_memory(bytes_of(raw_tar(raw_file("r", "small")))), options);
  return store.stat("k") ? 0 : 9;
}

}  // namespace

TEST_CASE("a disk that is really full fails what needs it and nothing else") {
  const TempDir dir;
  const pid_t child = ::fork();
  if (child == 0) {
    int result = 99;
    try {
      result = on_a_tiny_disk(dir.path());
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    ::_exit(result);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) {
    MESSAGE("not tried: this user may not mount a tmpfs");
    return;
  }
  CHECK(WEXITSTATUS(status) == 0);
}
