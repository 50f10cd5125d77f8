// Archives, the friendly half: what one step puts out arrives at the next as Argo would deliver it.
#include "store/archive.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <tuple>

#include <array>
#include <cstdio>
#include <map>
#include <thread>

#include "store/pipe.h"
#include "tests/store/tar_bytes.h"
#include "tests/store/temp_home.h"

using namespace skiff::store;
using namespace skiff::store::testing;

namespace {

struct TempStore : TempHome {
  ArtifactStore store{home};

  Packed pack_tar(std::string_view key, const std::string& tar, PackOptions options) {
    return pack(store, key, source_from_memory(bytes_of(tar)), options);
  }

  /// What unpack() would send to the engine, by path; directories end in '/', links show "-> target".
  std::map<std::string, std::string> sent(std::string_view key, const UnpackOptions& options,
                                          Unpacked* result = nullptr) {
    std::string tar;
    TarWriter writer([&](std::span<const std::byte> bytes) {
      tar.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    });
    const Unpacked unpacked = unpack(store, key, options, writer);
    if (result != nullptr) *result = unpacked;
    writer.finish();
    std::map<std::string, std::string> files;
    for (const auto& file : read_tar(source_from_memory(bytes_of(tar)), 1 << 20)) {
      char mode[8];
      std::snprintf(mode, sizeof(mode), " %o", file.mode);
      if (file.kind == FileKind::directory) files[file.path + "/"] = mode + 1;
      if (file.kind == FileKind::symlink) files[file.path] = "-> " + file.content;
      if (file.kind == FileKind::file) files[file.path] = file.content + mode;
    }
    return files;
  }
};

PackOptions named(std::string root, Archiving archiving = Archiving::unset) {
  PackOptions options;
  options.root_name = std::move(root);
  options.archiving = archiving;
  return options;
}

UnpackOptions to(std::string path, Archiving archiving = Archiving::unset) {
  UnpackOptions options;
  options.path = std::move(path);
  options.archiving = archiving;
  return options;
}

using Sent = std::map<std::string, std::string>;

const std::string kTree =
    raw_tar(raw_dir("out/"), RawEntry{"out/run.sh", '0', "echo", {}, {}, 0755}, raw_dir("out/sub/"),
            raw_file("out/sub/data", "12345"), raw_symlink("out/link", "sub/data"));

/// Runs a shell command and yields what it printed.
std::string output_of(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  char chunk[4096];
  while (const std::size_t n = std::fread(chunk, 1, sizeof(chunk), pipe)) text.append(chunk, n);
  CHECK(::pclose(pipe) == 0);
  return text;
}

}  // namespace

TEST_CASE("a file goes through a .tgz and arrives at the path, whatever it was called") {
  TempStore temp;
  const auto packed =
      temp.pack_tar("k.tgz", raw_tar(raw_file("hello_world.txt", "hello")), named("hello_world.txt"));
  CHECK(packed.stored.entries == 1);
  CHECK(packed.stored.unpacked_bytes == 5);
  CHECK(packed.stored.sha256 == sha256_hex(*read_file(real_files(), temp.store.path_of("k.tgz"))));
  CHECK(output_of("tar tzf " + temp.store.path_of("k.tgz").string()) == "hello_world.txt\n");
  Unpacked result;
  CHECK(temp.sent("k.tgz", to("/tmp/message"), &result) == Sent{{"tmp/message", "hello 644"}});
  CHECK_FALSE(result.directory);
  CHECK(result.bytes == 5);
}

TEST_CASE("a directory goes through a .tgz; modes and links stay, the root takes the path's name") {
  TempStore temp;
  temp.pack_tar("k.tgz", kTree, named("renamed"));
  CHECK(output_of("tar tzf " + temp.store.path_of("k.tgz").string()) ==
        "renamed/\nrenamed/run.sh\nrenamed/sub/\nrenamed/sub/data\nrenamed/link\n");
  const Sent expected = {{"in/x/", "755"},
                         {"in/x/run.sh", "echo 755"},
                         {"in/x/sub/", "755"},
                         {"in/x/sub/data", "12345 644"},
                         {"in/x/link", "-> sub/data"}};
  CHECK(temp.sent("k.tgz", to("/in/x")) == expected);
  CHECK(temp.sent("k.tgz", to("/in/x", Archiving::tar)) == expected);
}

TEST_CASE("the same tar makes the same bytes at any time") {
  TempStore temp;
  const auto first = temp.pack_tar("a.tgz", kTree, named("out"));
  ::usleep(1'100'000);  // gzip's timestamp would have whole seconds
  const auto second = temp.pack_tar("b.tgz", kTree, named("out"));
  CHECK(first.stored.sha256 == second.stored.sha256);
}

TEST_CASE("an open file is packed as the engine's tar of it") {
  TempStore temp;
  const fs::path path = temp.home.path() / "file";
  for (const std::size_t size : {0UL, 1UL, 512UL, 300'000UL}) {
    const std::string text(size, 'x');
    write_atomic(real_files(), path, text, 0750);
    const Fd fd = real_files().open(path, O_RDONLY, 0);
    const std::array<timespec, 2> times = {timespec{1'700'000'000, 5}, timespec{1'700'000'000, 999'999'999}};
    REQUIRE(::futimens(fd.get(), times.data()) == 0);
    RawEntry same = raw_file("anything", text);
    same.mode = 0750;
    for (const auto archiving : {Archiving::unset, Archiving::none, Archiving::zip}) {
      const Packed packed = pack(temp.store, "open", tar_of_file(fd.get(), "f"), named("out", archiving));
      const Packed of_tar = temp.pack_tar("tar", raw_tar(same), named("out", archiving));
      CHECK(packed.stored.sha256 == of_tar.stored.sha256);
      CHECK(packed.stored.unpacked_bytes == size);
      CHECK(packed.stored.entries == 1);
    }
  }
}

TEST_CASE("a file that changes while it is packed: what is added is left out, what goes is missed") {
  TempStore temp;
  const fs::path path = temp.home.path() / "file";
  write_atomic(real_files(), path, std::string(1000, 'x'), 0600);
  const Fd fd = real_files().open(path, O_RDWR, 0);
  const Source longer = tar_of_file(fd.get(), "f");
  REQUIRE(::ftruncate(fd.get(), 2000) == 0);
  CHECK(pack(temp.store, "longer", longer, named("f")).stored.unpacked_bytes == 1000);
  const Source shorter = tar_of_file(fd.get(), "f");
  REQUIRE(::ftruncate(fd.get(), 500) == 0);
  const StoreError error =
      error_of([&] { static_cast<void>(pack(temp.store, "shorter", shorter, named("f"))); });
  CHECK(std::string(error.what()).find("became shorter") != std::string::npos);
  CHECK_FALSE(temp.store.stat("shorter"));
}

TEST_CASE("what a file only announces costs nothing") {
  TempStore temp;
  const fs::path path = temp.home.path() / "file";
  write_atomic(real_files(), path, "x", 0600);
  const Fd fd = real_files().open(path, O_RDWR, 0);
  REQUIRE(::ftruncate(fd.get(), off_t{900} << 30) == 0);
  for (const auto archiving : {Archiving::unset, Archiving::none}) {
    const Source cut = tar_of_file(fd.get(), "f");
    REQUIRE(::ftruncate(fd.get(), 500) == 0);
    CHECK(error_of([&] {
            static_cast<void>(pack(temp.store, "cut", cut, named("f", archiving)));
          }).trouble() == Trouble::corrupt);
    REQUIRE(::ftruncate(fd.get(), off_t{2000} << 30) == 0);
    const Source huge = tar_of_file(fd.get(), "f");
    const StoreError error =
        error_of([&] { static_cast<void>(pack(temp.store, "huge", huge, named("f", archiving))); });
    CHECK(contains(error.what(), "SKIFF_ARTIFACT_MAX_BYTES"));
    REQUIRE(::ftruncate(fd.get(), off_t{900} << 30) == 0);
  }
}

TEST_CASE("compression follows the workflow's level; level 0 is a gzip all the same") {
  TempStore temp;
  const std::string tar = raw_tar(raw_file("f", std::string(100'000, 'x')));
  PackOptions options = named("f");
  options.compression_level = 0;
  CHECK(temp.pack_tar("0.tgz", tar, options).stored.bytes > 100'000);
  options.compression_level = 9;
  CHECK(temp.pack_tar("9.tgz", tar, options).stored.bytes < 2'000);
  CHECK(temp.sent("0.tgz", to("/f")).begin()->second.size() == 100'004);
  options.compression_level = 10;
  CHECK(error_of([&] { temp.pack_tar("10.tgz", tar, options); }).trouble() == Trouble::invalid);
  CHECK_FALSE(temp.store.stat("10.tgz"));
}

TEST_CASE("archive: none keeps a file as a file and a directory as a tree") {
  TempStore temp;
  const auto file = temp.pack_tar("a/file.txt", raw_tar(raw_file("f", "plain")), named("f", Archiving::none));
  CHECK(read_file(real_files(), temp.store.path_of("a/file.txt")) == "plain");
  CHECK(file.stored.sha256 == sha256_hex("plain"));
  CHECK(temp.sent("a/file.txt", to("/x", Archiving::none)) == Sent{{"x", "plain 644"}});
  CHECK(temp.sent("a/file.txt", to("/x")) == Sent{{"x", "plain 644"}});

  const auto tree = temp.pack_tar("a/tree", kTree, named("out", Archiving::none));
  CHECK(tree.stored.directory);
  CHECK(tree.stored.bytes == 9);
  CHECK(read_file(real_files(), temp.store.path_of("a/tree/sub/data")) == "12345");
  CHECK(temp.sent("a/tree", to("/x")) == Sent{{"x/", "755"},
                                              {"x/run.sh", "echo 644"},
                                              {"x/sub/", "755"},
                                              {"x/sub/data", "12345 644"},
                                              {"x/link", "-> sub/data"}});
  UnpackOptions sub = to("/x");
  sub.sub_path = "sub/data";
  CHECK(temp.sent("a/tree", sub) == Sent{{"x", "12345 644"}});
  CHECK(temp.sent("a/tree/sub", to("/x")) == Sent{{"x/", "755"}, {"x/data", "12345 644"}});
}

TEST_CASE("archive: zip makes what unzip reads, and comes back") {
  TempStore temp;
  temp.pack_tar("k.zip", kTree, named("out", Archiving::zip));
  CHECK(
      temp.sent("k.zip", to("/x", Archiving::zip)) ==
      Sent{{"x/", "755"}, {"x/run.sh", "echo 644"}, {"x/sub/data", "12345 644"}, {"x/link", "-> sub/data"}});
  // executor.go does not look for zips by itself: the file arrives as it is.
  const auto as_is = temp.sent("k.zip", to("/x"));
  REQUIRE(as_is.size() == 1);
  CHECK(as_is.begin()->second.starts_with("PK"));
  temp.pack_tar("one.zip", raw_tar(raw_file("f", "text")), named("f", Archiving::zip));
  CHECK(temp.sent("one.zip", to("/x", Archiving::zip)) == Sent{{"x", "text 644"}});
}

TEST_CASE("foreign archives: several things at the top become a directory, one becomes the path") {
  TempStore temp;
  temp.store.put("many.tgz", gzip(raw_tar(raw_file("a", "1"), raw_file("b", "2"))));
  CHECK(temp.sent("many.tgz", to("/x")) == Sent{{"x/", "755"}, {"x/a", "1 644"}, {"x/b", "2 644"}});
  temp.store.put("dot.tgz", gzip(raw_tar(raw_dir("./"), raw_file("./a", "1"), raw_file("./b", "2"))));
  CHECK(temp.sent("dot.tgz", to("/x")) == Sent{{"x/", "755"}, {"x/a", "1 644"}, {"x/b", "2 644"}});
  temp.store.put("dot1.tgz", gzip(raw_tar(raw_dir("./"), raw_file("./a", "1"))));
  CHECK(temp.sent("dot1.tgz", to("/x")) == Sent{{"x", "1 644"}});
  temp.store.put("bare.tgz", gzip(raw_tar(raw_file("d/e/f", "1"))));
  CHECK(temp.sent("bare.tgz", to("/x")) == Sent{{"x/", "755"}, {"x/e/f", "1 644"}});
  temp.store.put("empty.tgz", gzip(tar_end()));
  CHECK(temp.sent("empty.tgz", to("/x", Archiving::tar)) == Sent{{"x/", "755"}});
}

TEST_CASE("what is no gzipped tar arrives as it is, unless the workflow says it is one") {
  TempStore temp;
  const std::string tar = raw_tar(raw_file("a", "1"));
  for (const auto& [key, bytes] : std::map<std::string, std::string>{
           {"plain", "hello"}, {"empty", ""}, {"data.gz", gzip("not a tar")}, {"some.tar", tar}}) {
    temp.store.put(key, bytes);
    const auto sent = temp.sent(key, to("/x"));
    REQUIRE(sent.size() == 1);
    CHECK_MESSAGE(sent.at("x") == bytes + " 644", key);
  }
  CHECK(error_of([&] { temp.sent("some.tar", to("/x", Archiving::tar)); }).trouble() == Trouble::corrupt);
  CHECK(error_of([&] { temp.sent("data.gz", to("/x", Archiving::tar)); }).trouble() == Trouble::corrupt);
  CHECK(error_of([&] { temp.sent("plain", to("/x", Archiving::zip)); }).trouble() == Trouble::corrupt);
  CHECK(error_of([&] { temp.sent("none", to("/x")); }).trouble() == Trouble::not_found);
  // archive: none on a .tgz keeps it packed.
  temp.store.put("k.tgz", gzip(tar));
  CHECK(temp.sent("k.tgz", to("/x", Archiving::none)).at("x").starts_with("\x1f\x8b"));
}

TEST_CASE("mode, recurseMode, subPath and owner") {
  TempStore temp;
  temp.pack_tar("k.tgz", kTree, named("out"));
  UnpackOptions options = to("/x");
  options.mode = 0700;
  CHECK(temp.sent("k.tgz", options).at("x/") == "700");
  CHECK(temp.sent("k.tgz", options).at("x/run.sh") == "echo 755");
  options.recurse_mode = true;
  CHECK(temp.sent("k.tgz", options).at("x/run.sh") == "echo 700");
  options = to("/x");
  options.sub_path = "sub";
  CHECK(temp.sent("k.tgz", options) == Sent{{"x/", "755"}, {"x/data", "12345 644"}});
  options.sub_path = "sub/data";
  CHECK(temp.sent("k.tgz", options) == Sent{{"x", "12345 644"}});
  options.sub_path = "su";
  CHECK(error_of([&] { temp.sent("k.tgz", options); }).trouble() == Trouble::not_found);
  options.sub_path = "../x";
  CHECK(error_of([&] { temp.sent("k.tgz", options); }).trouble() == Trouble::invalid);

  std::string tar;
  TarWriter writer([&](std::span<const std::byte> bytes) {
    tar.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  });
  writer.set_owner(1000, 2000);
  writer.add_directory("/scripts", 0755);
  writer.add_file("/scripts/source", 0755, "#!/bin/sh\n", 1'700'000'000);
  writer.add_symlink("scripts/link", "/anywhere");
  unpack(temp.store, "k.tgz", to("/x"), writer);
  writer.finish();
  const TempDir dir;
  write_atomic(real_files(), dir.path() / "t.tar", tar, 0600);
  CHECK(contains(output_of("tar tvf " + (dir.path() / "t.tar").string()), "-rwxr-xr-x 1000/2000"));
  CHECK(error_of([&] { writer.add_file("../x", 0644, ""); }).trouble() == Trouble::invalid);
}

TEST_CASE("names of any kind survive: long, UTF-8, Latin-1, spaces and newlines") {
  TempStore temp;
  const std::string longest =
      std::string(90, 'l') + "/" + std::string(150, 'm') + "/" + std::string(200, 'n');
  for (const std::string& name : {std::string("ünïcödé ✓"), std::string("latin \xe9\xff"),
                                  std::string("new\nline"), longest, std::string(" "), std::string("a\\b")}) {
    const std::string tar =
        raw_entry(raw_dir("r/")) + pax("path", "r/" + name) + raw_tar(raw_file("r/short", "1"));
    temp.pack_tar("k.tgz", tar, named("r"));
    CHECK_MESSAGE(temp.sent("k.tgz", to("/x")).count("x/" + name) == 1, name);
    temp.pack_tar("k", tar, named("r", Archiving::none));
    CHECK_MESSAGE(temp.sent("k", to("/x")).count("x/" + name) == 1, name);
  }
}

TEST_CASE("hard links are kept in a tar and become files elsewhere") {
  TempStore temp;
  const std::string tar = raw_tar(raw_dir("r"), raw_file("r/a", "same"), raw_hardlink("r/b", "r/a"));
  temp.pack_tar("k.tgz", tar, named("q"));
  CHECK(contains(output_of("tar tvf " + temp.store.path_of("k.tgz").string()), "q/b link to q/a"));
  const TempDir dir;
  extract(temp.store, "k.tgz", {}, dir.path() / "out");
  CHECK(read_file(real_files(), dir.path() / "out/b") == "same");
  temp.pack_tar("k", tar, named("q", Archiving::none));
  CHECK(temp.sent("k", to("/x")).at("x/b") == "same 644");
  temp.pack_tar("k.zip", tar, named("q", Archiving::zip));
  CHECK(temp.sent("k.zip", to("/x", Archiving::zip)).at("x/b") == "same 644");
}

TEST_CASE("a root that is a link stores nothing and says where it leads") {
  TempStore temp;
  for (const auto archiving : {Archiving::tar, Archiving::none, Archiving::zip}) {
    const auto packed = temp.pack_tar("k", raw_tar(raw_symlink("r", "/elsewhere")), named("r", archiving));
    CHECK(packed.root_link == "/elsewhere");
    CHECK_FALSE(temp.store.stat("k"));
  }
}

TEST_CASE("links of a step's tree that lead out of it: kept for containers, never on the host") {
  TempStore temp;
  const std::string tree = raw_tar(raw_dir("venv"), raw_symlink("venv/python", "/usr/bin/python3"),
                                   raw_symlink("venv/up", "../../x"), raw_file("venv/f", "1"));
  CHECK(temp.pack_tar("k.tgz", tree, named("venv")).left_out.empty());
  const Sent sent = temp.sent("k.tgz", to("/venv"));
  CHECK(sent.at("venv/python") == "-> /usr/bin/python3");
  CHECK(sent.at("venv/up") == "-> ../../x");
  const TempDir dir;
  CHECK(error_of([&] { extract(temp.store, "k.tgz", {}, dir.path() / "out"); }).trouble() ==
        Trouble::hostile);

  const Packed plain = temp.pack_tar("tree", tree, named("venv", Archiving::none));
  CHECK(plain.left_out == std::vector<std::string>{"venv/python", "venv/up"});
  CHECK(temp.sent("tree", to("/venv")) == Sent{{"venv/", "755"}, {"venv/f", "1 644"}});
}

TEST_CASE("FIFOs are left out and named; an empty answer is not found") {
  TempStore temp;
  const auto packed = temp.pack_tar(
      "k.tgz", raw_tar(raw_dir("r"), RawEntry{"r/fifo", '6', {}, {}, {}}, raw_file("r/a")), named("r"));
  CHECK(packed.left_out == std::vector<std::string>{"r/fifo"});
  CHECK(packed.stored.entries == 2);
  CHECK(temp.sent("k.tgz", to("/x")).size() == 2);
  CHECK(error_of([&] { temp.pack_tar("k2", tar_end(), named("r")); }).trouble() == Trouble::not_found);
}

TEST_CASE("extract puts an artifact on the host, whole or not at all") {
  TempStore temp;
  temp.pack_tar("k.tgz", kTree, named("out"));
  const TempDir dir;
  const Unpacked unpacked = extract(temp.store, "k.tgz", {}, dir.path() / "new/place");
  CHECK(unpacked.directory);
  CHECK(read_file(real_files(), dir.path() / "new/place/sub/data") == "12345");
  CHECK(real_files().stat(dir.path() / "new/place/run.sh")->mode == 0755);
  CHECK(real_files().stat(dir.path() / "new/place/sub/data")->mtime_s == 1'700'000'000);
  CHECK(fs::read_symlink(dir.path() / "new/place/link") == "sub/data");
  CHECK(error_of([&] { extract(temp.store, "k.tgz", {}, dir.path() / "new/place"); }).trouble() ==
        Trouble::conflict);
  UnpackOptions sub;
  sub.sub_path = "sub/data";
  CHECK_FALSE(extract(temp.store, "k.tgz", sub, dir.path() / "file").directory);
  CHECK(read_file(real_files(), dir.path() / "file") == "12345");
  CHECK(real_files().list(dir.path()).size() == 2);
}

TEST_CASE("a bounded pipe carries a large tar between threads in little memory") {
  TempStore temp;
  constexpr std::size_t kSize = std::size_t{64} << 20;
  BoundedPipe pipe;
  std::thread engine([&] {
    std::string piece(100'000, '\0');
    RawEntry entry = raw_file("big", "");
    char size[16];
    std::snprintf(size, sizeof(size), "%011zo", kSize);
    entry.size_field = size;
    bool alive = pipe.push(bytes_of(raw_header(entry)));
    for (std::size_t left = kSize; left > 0 && alive;) {
      const std::size_t n = std::min(left, piece.size());
      for (std::size_t i = 0; i < n; i += 64) piece[i] = static_cast<char>(left * 7 + i);
      alive = pipe.push(bytes_of(piece).first(n));
      left -= n;
    }
    CHECK(alive);
    CHECK(pipe.push(bytes_of(tar_end())));
    pipe.close();
  });
  rusage before = {};
  ::getrusage(RUSAGE_SELF, &before);
  PackOptions options = named("big");
  options.compression_level = 1;
  const auto packed = pack(temp.store, "big.tgz", pipe.source(), options);
  engine.join();
  CHECK(packed.stored.unpacked_bytes == kSize);
  std::uint64_t out = 0;
  TarWriter writer([&](std::span<const std::byte> bytes) { out += bytes.size(); });
  unpack(temp.store, "big.tgz", to("/big"), writer);
  writer.finish();
  CHECK(out > kSize);
  CHECK(out < kSize + 100'000);
  rusage after = {};
  ::getrusage(RUSAGE_SELF, &after);
#if !defined(__SANITIZE_ADDRESS__)
  CHECK(after.ru_maxrss - before.ru_maxrss < 16 * 1024);
#endif
}

TEST_CASE("a pipe whose reader has gone stops the writer; one whose writer failed fails the reader") {
  BoundedPipe pipe(1);
  const std::string block(BoundedPipe::kBlockBytes, 'x');
  CHECK(pipe.push(bytes_of(block)));
  std::thread reader([&] { pipe.abandon(); });
  CHECK_FALSE(pipe.push(bytes_of("one more")));
  reader.join();

  TempStore temp;
  BoundedPipe broken;
  CHECK(broken.push(bytes_of(kTree).first(600)));
  broken.fail(std::make_exception_ptr(std::runtime_error("engine gone")));
  CHECK_THROWS_WITH(pack(temp.store, "k.tgz", broken.source(), named("out")), "engine gone");
  CHECK_FALSE(temp.store.stat("k.tgz"));
}

TEST_CASE("an end that must not wait asks first and is called when it need not") {
  BoundedPipe pipe(2);
  const std::string block(BoundedPipe::kBlockBytes, 'x');
  int told = 0;
  const auto tell = [&told] { ++told; };
  CHECK_FALSE(pipe.ready(tell));
  CHECK(pipe.room(tell));
  CHECK(pipe.put(bytes_of("start")));
  CHECK(told == 0);  // a block is not full yet
  CHECK(pipe.put(bytes_of(block)));
  CHECK(told == 1);
  CHECK(pipe.ready(tell));
  CHECK(pipe.room(tell));
  CHECK(pipe.put(bytes_of(block)));
  CHECK_FALSE(pipe.room(tell));
  CHECK(pipe.put(bytes_of(block)));  // more than there is room for, all the same
  CHECK(told == 1);
  CHECK(pipe.next().size() == block.size());
  CHECK(told == 2);
  pipe.close();
  std::size_t rest = 0;
  for (auto bytes = pipe.next(); !bytes.empty(); bytes = pipe.next()) rest += bytes.size();
  CHECK(rest == 2 * block.size() + 5);
  CHECK(pipe.ready(tell));
  CHECK(told == 2);
}

TEST_CASE("read_tar gives small files and refuses large ones") {
  const auto files = read_tar(source_from_memory(bytes_of(kTree)), 100);
  REQUIRE(files.size() == 5);
  CHECK(files[1].path == "out/run.sh");
  CHECK(files[1].content == "echo");
  CHECK(files[4].content == "sub/data");
  const auto error = error_of([] { static_cast<void>(read_tar(source_from_memory(bytes_of(kTree)), 5)); });
  CHECK(error.trouble() == Trouble::invalid);
  CHECK(contains(error.what(), "artifact"));
}
