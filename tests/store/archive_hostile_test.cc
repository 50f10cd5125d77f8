// Archives, the hostile half: each tries to leave its directory, to make a device, to be a bomb, or ends too
// early. None may write a byte outside; each must be refused with its name and its entry's.
#include <doctest/doctest.h>
#include <tuple>

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "store/archive.h"
#include "tests/store/tar_bytes.h"
#include "tests/store/temp_home.h"

using namespace skiff::store;
using namespace skiff::store::testing;

namespace {

struct Hostile {
  const char* name;
  std::string bytes;  ///< of a tar, to be gzipped; or a zip
  const char* says;   ///< what the message must have in it
  bool zip = false;
};

std::string size_field(const char* text) { return std::string(text); }

/// The size 2^62 in the base-256 form of large numbers.
std::string huge_size() {
  std::string field(12, '\0');
  field[0] = static_cast<char>(0x80);
  field[4] = 0x40;
  return field;
}

std::vector<Hostile> hostile_set() {
  const std::string long_name(5000, 'x');
  return {
      {"climbing file", raw_tar(raw_file("../evil")), "'../evil' has '..'"},
      {"climbing in the middle", raw_tar(raw_file("a/../../evil")), "has '..'"},
      {"climbing at the end", raw_tar(raw_dir("a/..")), "has '..'"},
      {"climbing by pax", pax("path", "../evil") + raw_tar(raw_file("fine")), "has '..'"},
      {"climbing by GNU long name",
       raw_entry({"././@LongLink", 'L', std::string("../evil\0", 8), {}, {}}) + raw_tar(raw_file("fine")),
       "has '..'"},
      {"absolute file", raw_tar(raw_file("/tmp/evil")), "absolute"},
      {"absolute directory", raw_tar(raw_dir("/")), "absolute"},
      {"absolute link", raw_tar(raw_dir("d"), raw_symlink("d/l", "/etc/passwd")),
       "'d/l' is a link to '/etc/passwd', an absolute"},
      {"absolute link by pax",
       raw_entry(raw_dir("d")) + pax("linkpath", "/etc/passwd") + raw_tar(raw_symlink("d/l", "x")),
       "absolute"},
      {"link to the outside", raw_tar(raw_dir("d"), raw_symlink("d/l", "../../etc")), "outside"},
      {"link beside the root", raw_tar(raw_dir("d"), raw_symlink("d/l", "../sibling")), "outside"},
      {"link that goes down and up", raw_tar(raw_dir("d"), raw_symlink("d/l", "x/../../../etc")),
       "'..' behind"},
      {"link to nothing", raw_tar(raw_dir("d"), raw_symlink("d/l", "")), "nothing"},
      {"only a link", raw_tar(raw_symlink("l", "x")), "link"},
      {"file through a link",
       raw_tar(raw_dir("d"), raw_dir("d/s"), raw_symlink("d/l", "s"), raw_file("d/l/evil")),
       "goes through a link"},
      {"file over a link", raw_tar(raw_dir("d"), raw_symlink("d/l", "s"), raw_file("d/l", "evil")),
       "goes through a link"},
      {"directory over a link", raw_tar(raw_dir("d"), raw_symlink("d/l", "s"), raw_dir("d/l")),
       "goes through a link"},
      {"link through a link",
       raw_tar(raw_dir("d"), raw_dir("d/a/b/c"), raw_symlink("d/a/b/c/up", "../../.."),
               raw_symlink("d/a/b/c/up/l", "../../etc")),
       "goes through a link"},
      {"link by way of a link",
       raw_tar(raw_dir("d"), raw_symlink("d/a", "."), raw_symlink("d/b", "a/../../etc")), "'..' behind"},
      {"hard link to the outside", raw_tar(raw_dir("d"), raw_hardlink("d/l", "../../etc/passwd")), "outside"},
      {"absolute hard link", raw_tar(raw_dir("d"), raw_hardlink("d/l", "/etc/passwd")), "outside"},
      {"hard link beside the root", raw_tar(raw_file("a/x"), raw_dir("a"), raw_hardlink("a/l", "b/x")),
       "outside"},
      {"hard link to a link", raw_tar(raw_dir("d"), raw_symlink("d/s", "x"), raw_hardlink("d/l", "d/s")),
       "through a symbolic link"},
      {"hard link through a link",
       raw_tar(raw_dir("d"), raw_symlink("d/s", "x"), raw_hardlink("d/l", "d/s/y")),
       "through a symbolic link"},
      {"character device", raw_tar(raw_dir("d"), RawEntry{"d/null", '3', {}, {}, {}}),
       "'d/null' is a device"},
      {"block device", raw_tar(raw_dir("d"), RawEntry{"d/sda", '4', {}, {}, {}}), "is a device"},
      {"FIFO", raw_tar(raw_dir("d"), RawEntry{"d/fifo", '6', {}, {}, {}}), "is a FIFO"},
      {"announces more than a disk", raw_entry({"f", '0', "x", {}, huge_size()}) + tar_end(), "announces"},
      {"announces a bomb", raw_entry({"f", '0', "x", {}, size_field("77777777777")}) + tar_end(), "bomb"},
      {"sparse bomb",
       pax("GNU.sparse.major", "0") + pax("GNU.sparse.size", "1000000000000") + raw_tar(raw_file("f", "x")),
       "f"},
      {"sparse bomb, new form",
       raw_entry({"PaxHeaders/x",
                  'x',
                  "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n39 GNU.sparse.realsize=999999999999999\n",
                  {},
                  {}}) +
           raw_tar(raw_file("f", "1\n999999999999998\n1\n" + std::string(492, '\0') + "x")),
       "f"},
      {"name without end", pax("path", long_name) + raw_tar(raw_file("f")), "longer than"},
      {"cut in a file", raw_tar(raw_file("f", std::string(5000, 'x'))).substr(0, 3000), "runcated"},
      {"cut in a header", raw_entry(raw_file("f")) + std::string(300, 'x'), "runcated"},
      {"damaged second header", raw_entry(raw_file("f")) + std::string(512, 'x') + tar_end(),
       "can't be read"},
      {"a name that plays with the terminal", raw_tar(raw_file("../\x1b[31mred")), "\\x1b[31m"},
      {"zip: climbing", raw_zip({{"../evil", "x"}}), "has '..'", true},
      {"zip: absolute", raw_zip({{"/tmp/evil", "x"}}), "absolute", true},
      {"zip: link to the outside", raw_zip({{"d/l", "../../etc", 0120777}}), "outside", true},
      {"zip: file through a link", raw_zip({{"d/l", "s", 0120777}, {"d/l/evil", "x"}}), "goes through a link",
       true},
      {"zip: device", raw_zip({{"d/null", "", 0020666}}), "device", true},
      {"zip: announces a bomb", raw_zip({{"a", "x", 0100644, 0xf0000000U}, {"b", "x", 0100644, 0xf0000000U}}),
       "bomb", true},
      {"zip: cut", raw_zip({{"a", std::string(1000, 'x')}}).substr(0, 600), "can't be read", true},
  };
}

/// A gzip with the mark by which pack() says that there is one entry at the top.
std::string marked(std::string bytes) {
  bytes[3] = 4;
  return bytes.insert(10, std::string("\x05\0sk\x01\0"
                                      "1",
                                      7));
}

/// Where the only offence is the target of a symbolic link.
bool is_about_a_link_alone(const Hostile& hostile) {
  constexpr std::string_view kNames[] = {
      "absolute link",   "absolute link by pax", "link to the outside",   "link beside the root",
      "link to nothing", "only a link",          "link by way of a link", "link that goes down and up",
  };
  return std::find(std::begin(kNames), std::end(kNames), hostile.name) != std::end(kNames);
}

/// Everything beside the place of extraction, to see that nothing was written there.
std::vector<std::string> names_in(const fs::path& dir) {
  std::vector<std::string> names;
  for (const auto& entry : real_files().list(dir)) names.push_back(entry.name);
  return names;
}

}  // namespace

TEST_CASE("no archive of the hostile set gets out, onto the host or into a container") {
  TempHome temp;
  ArtifactStore store(temp.home);
  for (const auto& hostile : hostile_set()) {
    CAPTURE(hostile.name);
    store.put("k", hostile.zip ? hostile.bytes : gzip(hostile.bytes));
    UnpackOptions options;
    options.path = "/x";
    options.archiving = hostile.zip ? Archiving::zip : Archiving::tar;
    const TempDir dir;
    const auto on_host = error_of([&] { extract(store, "k", options, dir.path() / "deep/place"); });
    CHECK((on_host.trouble() == Trouble::hostile || on_host.trouble() == Trouble::corrupt));
    CHECK_MESSAGE(contains(on_host.what(), hostile.says), on_host.what());
    CHECK(contains(on_host.what(), "artifact 'k'"));
    CHECK(names_in(dir.path()) == std::vector<std::string>{"deep"});
    CHECK(names_in(dir.path() / "deep").empty());
    TarWriter writer([](std::span<const std::byte>) {});
    CHECK_THROWS_AS(unpack(store, "k", options, writer), StoreError);
    if (hostile.zip) continue;
    // With the mark of our own archives links may lead anywhere in the container, and nothing else changes.
    store.put("marked", marked(gzip(hostile.bytes)));
    std::string tar;
    TarWriter again([&tar](std::span<const std::byte> bytes) {
      tar.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    });
    if (!is_about_a_link_alone(hostile)) {
      CHECK_THROWS_AS(unpack(store, "marked", options, again), StoreError);
      continue;
    }
    CHECK_NOTHROW(unpack(store, "marked", options, again));
    again.finish();
    for (const auto& file : read_tar(source_from_memory(bytes_of(tar)), 1 << 20)) {
      CHECK((file.path == "x" || file.path.starts_with("x/")));
      CHECK((file.kind == FileKind::directory || file.kind == FileKind::symlink));
    }
  }
  CHECK_FALSE(real_files().stat("/tmp/evil"));
}

TEST_CASE("an engine whose answer is hostile does not get at the store's files either") {
  TempHome temp;
  ArtifactStore store(temp.home);
  for (const auto& hostile : hostile_set()) {
    if (hostile.zip) continue;
    CAPTURE(hostile.name);
    for (const auto archiving : {Archiving::none, Archiving::zip}) {
      PackOptions options;
      options.root_name = "d";
      options.archiving = archiving;
      options.limits.max_bytes = 1 << 20;
      try {
        const auto packed = pack(store, "k", source_from_memory(bytes_of(hostile.bytes)), options);
        // A FIFO is left out, a single link is told; nothing else passes.
        CHECK((!packed.left_out.empty() || packed.root_link));
        store.remove("k");
      } catch (const StoreError&) {
      }
      CHECK(names_in(temp.home.artifacts()) == std::vector<std::string>{".tmp"});
      CHECK(names_in(temp.home.artifacts() / ".tmp").empty());
    }
  }
  CHECK(names_in(temp.home.path()) ==
        std::vector<std::string>{"artifacts", "logs", "metrics", "run", "secrets"});
}

TEST_CASE("the mark of a single root is not believed against the archive itself") {
  TempHome temp;
  ArtifactStore store(temp.home);
  store.put("k", marked(gzip(raw_tar(raw_file("a"), raw_file("b")))));
  UnpackOptions options;
  options.path = "/x";
  TarWriter writer([](std::span<const std::byte>) {});
  const auto error = error_of([&] { unpack(store, "k", options, writer); });
  CHECK(error.trouble() == Trouble::corrupt);
  CHECK(contains(error.what(), "changed by hand"));
}

TEST_CASE("links that stay inside are let through") {
  TempHome temp;
  ArtifactStore store(temp.home);
  store.put("k", gzip(raw_tar(raw_dir("d"), raw_dir("d/a"), raw_dir("d/a/b"), raw_file("d/f"),
                              raw_symlink("d/a/b/up", "../../f"), raw_symlink("d/same", "."),
                              raw_symlink("d/a/dangling", "not/there"), raw_hardlink("d/g", "d/f"))));
  const TempDir dir;
  CHECK(extract(store, "k", {}, dir.path() / "x").entries == 8);
  CHECK(read_file(real_files(), dir.path() / "x/a/b/up") == "x");
}

TEST_CASE("a bomb is refused before it goes off, an honest large file is not") {
  TempHome temp;
  ArtifactStore store(temp.home);
  constexpr std::size_t kSize = std::size_t{8} << 20;
  PackOptions options;
  options.root_name = "zeros";
  std::ignore =
      pack(store, "zeros.tgz",
           source_from_memory(bytes_of(raw_tar(raw_file("zeros", std::string(kSize, '\0'))))), options);
  const auto sent = [&](const ArchiveLimits& limits) {
    std::uint64_t count = 0;
    UnpackOptions unpacking;
    unpacking.path = "/x";
    unpacking.limits = limits;
    TarWriter writer([&](std::span<const std::byte> bytes) { count += bytes.size(); });
    try {
      unpack(store, "zeros.tgz", unpacking, writer);
      writer.finish();
    } catch (const StoreError& error) {
      CHECK(error.trouble() == Trouble::hostile);
      CHECK(contains(error.what(), "SKIFF_ARTIFACT_MAX_BYTES"));
      return std::uint64_t{0} + (count > 100'000 ? 1 : 0);
    }
    return count;
  };
  CHECK(sent({}) > kSize);
  ArchiveLimits limits;
  limits.ratio_from = 1 << 20;
  CHECK(sent(limits) == 0);
  limits.max_ratio = 5000;
  CHECK(sent(limits) > kSize);
  limits.max_bytes = kSize - 1;
  CHECK(sent(limits) == 0);
  limits = {};
  limits.max_entries = 0;
  UnpackOptions counted;
  counted.path = "/x";
  counted.limits = limits;
  TarWriter writer([](std::span<const std::byte>) {});
  CHECK(error_of([&] { unpack(store, "zeros.tgz", counted, writer); }).trouble() == Trouble::hostile);
}

TEST_CASE("a tar of the engine that breaks off anywhere is never stored") {
  TempHome temp;
  ArtifactStore store(temp.home);
  const std::string whole =
      raw_tar(raw_dir("r"), raw_file("r/a", std::string(700, 'a')), raw_file("r/b", "b"));
  PackOptions options;
  options.root_name = "r";
  for (std::size_t size = 0; size < whole.size() - 512; size += 64) {
    CHECK_THROWS_AS(pack(store, "k", source_from_memory(bytes_of(whole).first(size)), options), StoreError);
    CHECK_FALSE(store.stat("k"));
  }
  CHECK(pack(store, "k", source_from_memory(bytes_of(whole)), options).stored.entries == 3);
  const std::string two = raw_tar(raw_file("a"), raw_file("b"));
  CHECK(error_of([&] {
          std::ignore = pack(store, "k2", source_from_memory(bytes_of(two)), options);
        }).trouble() == Trouble::corrupt);
}

TEST_CASE("a stored .tgz cut at any byte is refused, never half delivered as whole") {
  TempHome temp;
  ArtifactStore store(temp.home);
  PackOptions options;
  options.root_name = "r";
  std::ignore = pack(store, "k", source_from_memory(bytes_of(raw_tar(raw_file("r", noise(3000))))), options);
  const auto whole = read_file(real_files(), store.path_of("k"));
  REQUIRE(whole);
  // The last bytes are gzip's checksum and the tar's closing zeros.
  for (std::size_t size = 0; size + 40 < whole->size(); size += 37) {
    store.put("cut", whole->substr(0, size));
    UnpackOptions unpacking;
    unpacking.path = "/x";
    unpacking.archiving = Archiving::tar;
    TarWriter writer([](std::span<const std::byte>) {});
    CHECK_THROWS_AS(unpack(store, "cut", unpacking, writer), StoreError);
  }
}
