// A home of its own for a test, gone at its end; and the few helpers that every test of the store wants.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "store/error.h"
#include "store/home.h"

namespace skiff::store::testing {

class TempDir {
 public:
  TempDir() {
    std::string pattern = "/tmp/skiff-store-test-XXXXXX";
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() { remove_tree(real_files(), path_); }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

struct TempHome {
  TempDir dir;
  Home home = Home::open(dir.path() / "home");
};

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// The StoreError that `action` throws; fails the test if it throws none.
template <typename Action>
StoreError error_of(const Action& action) {
  try {
    action();
  } catch (const StoreError& error) {
    return error;
  }
  FAIL("expected a StoreError");
  std::abort();
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace skiff::store::testing
