#include "runner/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <utility>

#include "runner/core/artifact_keys.h"
#include "runner/fetch.h"
#include "runner/pod_inputs.h"
#include "store/archive.h"

namespace skiff::runner {
namespace {

constexpr std::uint64_t kLargest = 16u << 20;

/// The artifact as a tar in memory.
std::string packed(const store::ArtifactStore& artifacts, const RunContext& run, const Json& artifact,
                   const ArtifactPlace& place) {
  std::string tar;
  const store::Sink sink = [&tar](std::span<const std::byte> bytes) {
    if (tar.size() + bytes.size() > kLargest) throw std::runtime_error("it is larger than 16 MiB");
    tar.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  store::TarWriter writer(sink);
  store::UnpackOptions options;
  options.archiving = archiving_of(artifact);
  options.path = "manifest";
  options.sub_path = artifact.get_string("subPath");
  if (is_fetched(artifact)) {
    const TemporaryPath fetched(artifacts.temp_name());
    fetch_artifact(run, artifact, fetched.path(), 0);
    store::unpack_path(artifacts.files(), fetched.path(), options, writer);
  } else {
    store::unpack(artifacts, store_key(run, place.kind, place.bucket, place.key), options, writer);
  }
  writer.finish();
  return tar;
}

}  // namespace

std::string load_manifest(const store::ArtifactStore& artifacts, const RunContext& run, const Json& tmpl) {
  const std::string name = tmpl.get("resource").get("manifestFrom").get("artifact").get_string("name");
  const Json::Array& inputs = tmpl.get("inputs").get_array("artifacts");
  const auto artifact =
      std::find_if(inputs.begin(), inputs.end(), [&](const Json& a) { return a.get_string("name") == name; });
  const auto place =
      artifact == inputs.end() ? std::nullopt : place_of(*artifact, tmpl.get("archiveLocation"));
  if (!place)
    throw std::runtime_error(fmt::format("the artifact '{}' of manifestFrom is not supplied", name));
  if (artifact->get_string("path") != "/tmp/manifest.yaml") {
    throw std::runtime_error(
        fmt::format("the manifest is read from /tmp/manifest.yaml: write path: /tmp/manifest.yaml at the "
                    "input artifact '{}'",
                    name));
  }
  if (place->kind == "raw") return place->raw;
  const std::string tar = packed(artifacts, run, *artifact, *place);
  bool given = false;
  const store::Source source = [&]() -> std::span<const std::byte> {
    if (std::exchange(given, true)) return {};
    return std::as_bytes(std::span(tar));
  };
  for (const store::TarFile& file : store::read_tar(source, kLargest)) {
    if (file.kind == store::FileKind::file) return file.content;
  }
  throw std::runtime_error(fmt::format("the artifact '{}' of manifestFrom holds no file", name));
}

}  // namespace skiff::runner
