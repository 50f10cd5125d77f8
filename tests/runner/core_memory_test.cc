// What the scheduler keeps its nodes in: the arena's lists and the table from hashes to indexes.
#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runner/core/arena.h"
#include "runner/core/hash_index.h"

using namespace skiff::runner;

TEST_CASE("a list in an arena keeps its elements where they are and takes them apart once") {
  const auto counted = std::make_shared<int>(0);
  Arena arena;
  {
    Chunks<std::shared_ptr<int>> list(arena);
    const std::shared_ptr<int>* first = &list.emplace_back(counted);
    for (int i = 1; i < 100'000; ++i) list.emplace_back(counted);  // past the first huge page
    CHECK(list.size() == 100'000);
    CHECK(&list[0] == first);
    CHECK(list[99'999] == counted);
    CHECK(counted.use_count() == 100'001);
  }
  CHECK(counted.use_count() == 1);
}

TEST_CASE("texts that an arena keeps do not change") {
  Arena arena;
  std::vector<std::string_view> kept;
  for (int i = 0; i < 10'000; ++i) kept.push_back(arena.keep("node-" + std::to_string(i)));
  CHECK(kept.front() == "node-0");
  CHECK(kept.back() == "node-9999");
  CHECK(arena.keep("").empty());
}

TEST_CASE("the table finds indexes by hashes, equal and erased ones among them") {
  // Every second hash is that of the one before, and all of them meet in few places of the table.
  std::vector<std::uint32_t> hashes;
  for (std::uint32_t i = 0; i < 20'000; ++i) hashes.push_back((i / 2) * 0x01000100);
  const auto hash_of = [&](std::uint32_t i) { return hashes[i]; };
  const auto find = [&](const HashIndex& table, std::uint32_t wanted) {
    return table.find(hashes[wanted], [&](std::uint32_t i) { return i == wanted; });
  };
  HashIndex table;
  CHECK(find(table, 7) == HashIndex::kNone);
  for (std::uint32_t i = 0; i < 10'000; ++i) table.insert(i, hash_of);
  for (std::uint32_t i = 0; i < 10'000; i += 3) table.erase(i, hashes[i]);
  bool right = true;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    right = right && find(table, i) == (i % 3 == 0 ? HashIndex::kNone : i);
  }
  CHECK(right);
  // Indexes may be larger than the number of entries: erased ones are not used again.
  for (std::uint32_t i = 10'000; i < 20'000; ++i) table.insert(i, hash_of);
  for (std::uint32_t i = 1; i < 20'000; ++i) {
    if (i < 10'000 && i % 3 == 0) continue;
    right = right && find(table, i) == i;
  }
  CHECK(right);
}

TEST_CASE("a table of few entries with large indexes") {
  const auto hash_of = [](std::uint32_t i) { return i * 2654435761U; };
  HashIndex table;
  for (const std::uint32_t i : {5U, 62U, 63U, 64U, 1'000'000U}) table.insert(i, hash_of);
  for (const std::uint32_t i : {5U, 62U, 63U, 64U, 1'000'000U}) {
    CHECK(table.find(hash_of(i), [&](std::uint32_t k) { return k == i; }) == i);
  }
}
