// Where an artifact lies: from its JSON to a place in the store, and the place a new one gets.
//
// In: an artifact of a template, the template's archiveLocation. Out: kind, bucket and key. Locations of
// remote stores are places of the local one until a real endpoint is configured.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runner/core/event.h"
#include "runner/core/pod_context.h"

namespace skiff::runner {

struct ArtifactPlace {
  std::string
      kind;  ///< "s3", "gcs", "oss", "azure", "hdfs"; "raw"; or what has to be fetched: "http", "git" …
  std::string bucket;  ///< "" = the default repository
  std::string key;
  std::string raw;  ///< the content, for kind raw
};

/// Nothing if the artifact has no location, or one without a key (Argo's HasLocationOrKey).
[[nodiscard]] std::optional<ArtifactPlace> place_of(const Json& artifact, const Json& archive_location);

/// The same for what is listed: a location without a key is its whole bucket.
[[nodiscard]] std::optional<ArtifactPlace> folder_of(const Json& artifact, const Json& archive_location);

/// The location that an output gets: its own if it has a key, else `<archiveLocation's key>/<file>`, by
/// default `<workflow>/<pod>/<file>`. As {"s3":{"key":…}}, to be laid into the artifact's JSON.
[[nodiscard]] Json output_location(const Json& artifact, const Json& archive_location, const StartPod& order,
                                   const RunContext& run, std::string_view file);

/// The file name of an output's default key: "<name>.tgz", "<name>.zip", or the path's last part for
/// `archive: none` (executor.go, stageArchiveFile).
[[nodiscard]] std::string output_file(const Json& artifact);

}  // namespace skiff::runner
