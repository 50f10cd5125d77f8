// gzip by ISA-L: what we write others read, what others write we read, and damage never passes for content.
#include "store/gzip.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <cstdlib>

#include "store/error.h"
#include "tests/store/tar_bytes.h"
#include "tests/store/temp_home.h"

using namespace skiff::store;
using namespace skiff::store::testing;

namespace {

/// Partly compressible, partly not.
std::string sample(std::size_t size) {
  std::string text;
  unsigned x = 7;
  while (text.size() < size) {
    x = x * 1664525U + 1013904223U;
    text += (x >> 31U) != 0 ? "the same again and again "
                            : std::string(1 + (x >> 28U), static_cast<char>(x >> 20U));
  }
  text.resize(size);
  return text;
}

std::string packed(std::string_view text, std::size_t piece, int level = 1) {
  std::string out;
  GzipWriter writer(
      [&out](std::span<const std::byte> bytes) {
        out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      },
      level);
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const std::string_view part = text.substr(at, piece);
    writer.write(std::as_bytes(std::span(part.data(), part.size())));
  }
  writer.finish();
  return out;
}

std::string unpacked(const TempDir& dir, std::string_view bytes) {
  const fs::path file = dir.path() / "x.gz";
  write_atomic(real_files(), file, bytes, 0600);
  const Fd fd = real_files().open(file, O_RDONLY, 0);
  const Source source = gunzip(fd.get(), "x");
  std::string text;
  for (auto piece = source(); !piece.empty(); piece = source())
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  return text;
}

}  // namespace

TEST_CASE("what is packed comes back, at any size and level, and gzip reads it") {
  const TempDir dir;
  for (const std::size_t size :
       {0UL, 1UL, 511UL, 65'537UL, 1'048'575UL, 1'048'576UL, 1'048'577UL, 9'000'000UL}) {
    const std::string text = sample(size);
    for (const int level : {1, 2, 3}) CHECK(unpacked(dir, packed(text, 100'000, level)) == text);
    const std::string file = (dir.path() / "x.gz").string();
    CHECK(std::system(("gzip -dc < " + file + " > " + file + ".plain").c_str()) == 0);
    CHECK(read_file(real_files(), file + ".plain") == text);
  }
}

TEST_CASE("what does not shrink is stored as it is, and what shrinks behind it is packed again") {
  const TempDir dir;
  constexpr std::size_t kPiece = 256 << 10;
  const std::string dense = noise(11 * kPiece + 5);
  const std::string loose = sample(40 * kPiece);
  CHECK(packed(dense, 70'000).size() < dense.size() + dense.size() / 1000 + 100);
  for (const std::string& text : {dense, dense + loose, loose + dense + loose + noise(kPiece) + loose,
                                  noise(3) + loose, noise(kPiece)}) {
    CHECK(unpacked(dir, packed(text, 65'536)) == text);
    const std::string file = (dir.path() / "x.gz").string();
    CHECK(std::system(("gzip -dc < " + file + " > " + file + ".plain").c_str()) == 0);
    CHECK(read_file(real_files(), file + ".plain") == text);
  }
  CHECK(packed(dense + loose, 65'536).size() < dense.size() + loose.size() / 2);
}

TEST_CASE("how the bytes were cut into pieces is not to be seen in the gzip") {
  const std::string text = sample(1'000'000) + noise(2'600'000) + sample(4'000'000);
  const std::string once = packed(text, text.size());
  for (const std::size_t piece : {997UL, 65'536UL, 300'001UL}) CHECK(packed(text, piece) == once);
}

TEST_CASE("a sink that fails ends it, with pieces still under way") {
  const std::string text = sample(12 << 20);
  std::size_t calls = 0;
  GzipWriter writer(
      [&calls](std::span<const std::byte> /*bytes*/) {
        if (++calls == 3) throw StoreError(Trouble::no_space, "", "full");
      },
      1);
  CHECK(error_of([&] { writer.write(std::as_bytes(std::span(text))); }).trouble() == Trouble::no_space);
}

TEST_CASE("members one after the other are one text, what follows them is passed over") {
  const TempDir dir;
  const std::string a = sample(700'000);
  const std::string b = sample(10);
  const std::string members = packed(a, 5000) + packed("", 1) + packed(b, 3, 3) + gzip(a) + packed(b, 3);
  const std::string all = a + b + a + b;
  CHECK(unpacked(dir, members) == all);
  CHECK(unpacked(dir, members + std::string(4096, '\0')) == all);
  CHECK(unpacked(dir, members + "\x1f") == all);
  CHECK(error_of([&] { unpacked(dir, members + "\x1f\x8b"); }).trouble() == Trouble::corrupt);
}

TEST_CASE("headers with every field are passed over") {
  const TempDir dir;
  const std::string plain = packed("hello", 5);
  const std::string fields = std::string("\x1f\x8b\x08\x1c\0\0\0\0\0\x03\x05\0sk\x01\0", 16) + "1" +
                             std::string("name\0comment\0", 13) + plain.substr(10);
  CHECK(unpacked(dir, fields) == "hello");
  for (std::size_t size = 2; size < 30; ++size)
    CHECK(error_of([&] { unpacked(dir, fields.substr(0, size)); }).trouble() == Trouble::corrupt);
}

TEST_CASE("a gzip that is cut or changed anywhere is refused") {
  const TempDir dir;
  const std::string text = sample(20'000);
  const std::string whole = packed(text, 20'000);
  for (std::size_t size = 0; size < whole.size(); size += size < 40 || size + 40 > whole.size() ? 1 : 11) {
    const StoreError error = error_of([&] { unpacked(dir, whole.substr(0, size)); });
    CHECK(error.trouble() == Trouble::corrupt);
    CHECK(contains(error.what(), "truncated"));
  }
  int refused = 0;
  for (std::size_t at = 10; at < whole.size(); at += 7) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    CAPTURE(at);
    try {
      // A match may be found at two distances: then another bit says the same.
      const std::string read = unpacked(dir, changed);
      CHECK(read == text);
    } catch (const StoreError& error) {
      CHECK(error.trouble() == Trouble::corrupt);
      ++refused;
    }
  }
  CHECK(refused > 300);
}
