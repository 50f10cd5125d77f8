// Any bytes as an engine's tar, a .tgz or a zip: never a crash, never a file outside of the place given.
//
// The first byte chooses the way, the rest is the archive.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "store/archive.h"
#include "store/error.h"

namespace {

using namespace skiff::store;

/// One home for all inputs, on a memory file system where there is one.
struct Place {
  Place() {
    std::string pattern = "/dev/shm/skiff-fuzz-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      pattern = "/tmp/skiff-fuzz-XXXXXX";
      if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    }
    root = pattern;
    home.emplace(Home::open(root / "home"));
    store.emplace(*home);
  }
  ~Place() { remove_tree(real_files(), root); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  fs::path root;
  std::optional<Home> home;
  std::optional<ArtifactStore> store;
};

void put_in(Place& place, std::span<const std::byte> bytes, Archiving archiving) {
  PackOptions options;
  options.root_name = "root";
  options.archiving = archiving;
  options.compression_level = 0;
  options.limits.max_bytes = 1 << 20;
  options.limits.max_entries = 1000;
  static_cast<void>(pack(*place.store, "packed", source_from_memory(bytes), options));
}

void take_out(Place& place, std::span<const std::byte> bytes, Archiving archiving, bool to_host) {
  place.store->put("stored", std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  UnpackOptions options;
  options.path = "/x";
  options.archiving = archiving;
  options.limits.max_bytes = 1 << 20;
  options.limits.max_entries = 1000;
  if (to_host) {
    static_cast<void>(extract(*place.store, "stored", options, place.root / "out/x"));
    return;
  }
  TarWriter writer([](std::span<const std::byte>) {});
  static_cast<void>(unpack(*place.store, "stored", options, writer));
  writer.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Place place;
  if (size < 1) return 0;
  const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
  try {
    switch (data[0] % 8) {
      case 0:
        put_in(place, bytes, Archiving::tar);
        break;
      case 1:
        put_in(place, bytes, Archiving::none);
        break;
      case 2:
        put_in(place, bytes, Archiving::zip);
        break;
      case 3:
        take_out(place, bytes, Archiving::unset, false);
        break;
      case 4:
        take_out(place, bytes, Archiving::tar, true);
        break;
      case 5:
        take_out(place, bytes, Archiving::zip, false);
        break;
      case 6:
        take_out(place, bytes, Archiving::zip, true);
        break;
      default:
        static_cast<void>(read_tar(source_from_memory(bytes), 1 << 20));
    }
  } catch (const StoreError&) {
    // Refused: as it should be.
  }
  // What was extracted lies in out/; nothing else may have appeared beside the home.
  for (const auto& entry : real_files().list(place.root)) {
    if (entry.name != "home" && entry.name != "out") std::abort();
  }
  remove_tree(real_files(), place.root / "out");
  place.store->remove("packed");
  place.store->remove("stored");
  return 0;
}
