// The artifact store: a key has a whole file or none.
#include "store/artifacts.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/faulty_files.h"
#include "tests/store/temp_home.h"

using namespace skiff::store;
using namespace skiff::store::testing;

namespace {

std::string content(const ArtifactStore& store, std::string_view key) {
  const auto text = read_file(real_files(), store.path_of(key));
  return text.value_or("(none)");
}

bool temp_is_empty(const Home& home) { return real_files().list(home.artifacts() / ".tmp").empty(); }

}  // namespace

TEST_CASE("an artifact appears when it is finished, with its checksum") {
  TempHome temp;
  ArtifactStore store(temp.home);
  const std::string key = ArtifactStore::default_key("default", "wf", "wf-123", "out.tgz");
  CHECK(key == "default/wf/wf-123/out.tgz");
  {
    ArtifactWriter writer = store.begin_write(key);
    writer.write(bytes_of("hel"));
    writer.write(bytes_of("lo"));
    CHECK_FALSE(store.stat(key));
    const StoredArtifact stored = writer.finish();
    CHECK(stored.key == key);
    CHECK(stored.bytes == 5);
    CHECK(stored.sha256 == sha256_hex("hello"));
  }
  CHECK(content(store, key) == "hello");
  CHECK(temp_is_empty(temp.home));
  const auto st = store.stat(key);
  REQUIRE(st);
  CHECK(st->bytes == 5);
  CHECK_FALSE(st->directory);
  CHECK(store.put(key, "new").bytes == 3);
  CHECK(content(store, key) == "new");
}

TEST_CASE("an artifact that is given up leaves nothing") {
  TempHome temp;
  ArtifactStore store(temp.home);
  {
    ArtifactWriter writer = store.begin_write("a/b");
    writer.write(bytes_of("half"));
    ArtifactWriter moved = std::move(writer);
  }
  CHECK_FALSE(store.stat("a/b"));
  CHECK(temp_is_empty(temp.home));
}

TEST_CASE("keys can't leave the store") {
  TempHome temp;
  const ArtifactStore store(temp.home);
  const fs::path root = temp.home.artifacts();
  CHECK(store.path_of("a/b.tgz") == root / "a/b.tgz");
  CHECK(store.path_of("/a//./b/") == root / "a/b");
  CHECK(store.path_of(ArtifactStore::bucket_key("s3", "my-bucket", "x/y")) ==
        root / ".buckets/s3/my-bucket/x/y");
  CHECK(store.path_of("a/..b/...") == root / "a/..b/...");
  const std::string with_zero("a\0b", 3);
  for (const std::string& key :
       {std::string(), std::string("/"), std::string("."), std::string("../x"), std::string("a/../../x"),
        std::string("a/.."), std::string(".tmp/x"), std::string(300, 'x'), std::string(5000, '/') + "x",
        with_zero, ArtifactStore::bucket_key("s3", "..", "../../etc/passwd")}) {
    CHECK_MESSAGE(error_of([&] { static_cast<void>(store.path_of(key)); }).trouble() == Trouble::invalid,
                  key.substr(0, 40));
  }
}

TEST_CASE("a missing artifact is said by its key; a directory is no file") {
  TempHome temp;
  ArtifactStore store(temp.home);
  auto error = error_of([&] { static_cast<void>(store.open_read("a/b")); });
  CHECK(error.trouble() == Trouble::not_found);
  CHECK(contains(error.what(), "'a/b'"));
  store.put("a/b", "x");
  CHECK(error_of([&] { static_cast<void>(store.open_read("a")); }).trouble() == Trouble::conflict);
  error = error_of([&] { store.put("a/b/c", "x"); });
  CHECK(error.trouble() == Trouble::conflict);
  CHECK(contains(error.what(), "choose another"));
  CHECK_FALSE(store.stat("a/b/c"));
  CHECK(temp_is_empty(temp.home));
}

TEST_CASE("trees are adopted whole, replaced, and removed with their empty parents") {
  TempHome temp;
  ArtifactStore store(temp.home);
  const auto make_tree = [&](std::string_view name) {
    const fs::path tree = store.temp_name();
    real_files().mkdirs(tree / "sub", 0700);
    write_atomic(real_files(), tree / "sub" / name, "x", 0600);
    return tree;
  };
  store.adopt(make_tree("one"), "ns/wf/pod/dir");
  CHECK(store.stat("ns/wf/pod/dir")->directory);
  store.adopt(make_tree("two"), "ns/wf/pod/dir");
  CHECK_FALSE(store.stat("ns/wf/pod/dir/sub/one"));
  CHECK(content(store, "ns/wf/pod/dir/sub/two") == "x");
  // A file takes a directory's place, and the other way round.
  store.put("ns/wf/pod/dir", "now a file");
  CHECK(content(store, "ns/wf/pod/dir") == "now a file");
  store.adopt(make_tree("three"), "ns/wf/pod/dir");
  CHECK(content(store, "ns/wf/pod/dir/sub/three") == "x");
  CHECK(temp_is_empty(temp.home));

  store.put("ns/other/pod/x", "y");
  CHECK(store.remove("ns/wf/pod/dir"));
  CHECK_FALSE(store.remove("ns/wf/pod/dir"));
  CHECK_FALSE(store.stat("ns/wf"));
  CHECK(store.stat("ns/other/pod/x"));
  store.remove_workflow("ns", "other");
  CHECK_FALSE(store.stat("ns"));
  CHECK(error_of([&] { store.remove_workflow("ns", ""); }).trouble() == Trouble::invalid);
}

TEST_CASE("whatever operation fails, the key has the old content or the new, and no temporary stays") {
  TempHome temp;
  for (const Fault fault : {Fault::full, Fault::io}) {
    int at = 0;
    for (bool failed = true; failed; ++at) {
      ArtifactStore(temp.home).put("ns/wf/pod/a", "old");
      FaultyFiles files(fault, at);
      ArtifactStore store(temp.home, files);
      failed = false;
      try {
        store.put("ns/wf/pod/a", "newer");
      } catch (const StoreError& error) {
        failed = true;
        CHECK(error.trouble() == (fault == Fault::full ? Trouble::no_space : Trouble::io));
      }
      const std::string now = content(store, "ns/wf/pod/a");
      CHECK((now == "old" || now == "newer"));
      if (!failed) CHECK(now == "newer");
      CHECK(temp_is_empty(temp.home));
    }
    CHECK(at > 3);
  }
}

TEST_CASE("a crash at any operation leaves old or new, and sweep() the rest") {
  TempHome temp;
  bool crashed = true;
  int crashes = 0;
  for (int at = 0; crashed; ++at) {
    ArtifactStore(temp.home).put("ns/wf/pod/a", "old");
    const pid_t child = ::fork();
    if (child == 0) {
      FaultyFiles files(Fault::crash, at);
      ArtifactStore(temp.home, files).put("ns/wf/pod/a", "newer");
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    crashed = WIFEXITED(status) && WEXITSTATUS(status) == kCrashStatus;
    crashes += crashed ? 1 : 0;
    ArtifactStore store(temp.home);
    const std::string now = content(store, "ns/wf/pod/a");
    CHECK((now == "old" || now == "newer"));
    store.sweep();
    CHECK(temp_is_empty(temp.home));
  }
  CHECK(crashes >= 5);
}
