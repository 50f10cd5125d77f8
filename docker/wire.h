// The JSON of the Engine API: our structs to request bodies, reply bodies to our structs.
//
// Pure functions. Writing leaves out what is at its default. Reading takes hostile input: what is missing,
// null or of another type reads as the field's default, and text that is no JSON of the expected shape is an
// Error of kind protocol. Docker 20.10 to 29 and Podman's compatible API are all read by the same code.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "docker/error.h"
#include "docker/types.h"

namespace skiff::docker::wire {

// ---- what we send ----
[[nodiscard]] std::string write_container(const ContainerSpec& spec);
[[nodiscard]] std::string write_exec(const ExecSpec& spec);
[[nodiscard]] std::string write_exec_start(bool tty);
[[nodiscard]] std::string write_volume(const VolumeSpec& spec);
[[nodiscard]] std::string write_network(const NetworkSpec& spec);
[[nodiscard]] std::string write_connect(const std::string& container,
                                        const std::vector<std::string>& aliases);
[[nodiscard]] std::string write_disconnect(const std::string& container, bool force);
/// {"label":["a=b"],…} as the `filters` parameter wants it; empty lists are left out.
[[nodiscard]] std::string write_filters(const std::map<std::string, std::vector<std::string>>& filters);
/// Dockerfile instructions for import's `changes` parameters.
[[nodiscard]] std::vector<std::string> import_changes(const ImportSpec& spec);

// ---- what we read ----
/// The engine's words in an error reply: "message", or Podman's "cause", or the text itself if it is no JSON.
[[nodiscard]] std::string read_message(std::string_view body);
/// The member `key` (e.g. "Id") of the object.
[[nodiscard]] Result<std::string> read_id(std::string_view body, const char* key);
[[nodiscard]] Result<Created> read_created(std::string_view body);
[[nodiscard]] Result<ContainerInfo> read_container(std::string_view body);
[[nodiscard]] Result<std::vector<ContainerSummary>> read_containers(std::string_view body);
[[nodiscard]] Result<WaitResult> read_wait(std::string_view body);
[[nodiscard]] Result<ExecState> read_exec(std::string_view body);
/// From X-Docker-Container-Path-Stat, already out of base64.
[[nodiscard]] Result<PathStat> read_path_stat(std::string_view body);
[[nodiscard]] Result<ImageInfo> read_image(std::string_view body);
[[nodiscard]] Result<std::vector<ImageInfo>> read_images(std::string_view body);
[[nodiscard]] Result<VolumeInfo> read_volume(std::string_view body);
[[nodiscard]] Result<std::vector<VolumeInfo>> read_volumes(std::string_view body);
[[nodiscard]] Result<NetworkInfo> read_network(std::string_view body);
[[nodiscard]] Result<std::vector<NetworkInfo>> read_networks(std::string_view body);
[[nodiscard]] Result<EngineVersion> read_version(std::string_view body);
[[nodiscard]] Result<EngineInfo> read_info(std::string_view body);
[[nodiscard]] Result<Event> read_event(std::string_view object);

/// One object of a pull's (or import's) stream.
struct PullLine {
  PullProgress progress;
  std::string error;  ///< not empty: the pull failed, though the status line said 200
};
[[nodiscard]] Result<PullLine> read_pull_line(std::string_view object);

// ---- scalars ----
/// "1.41".
[[nodiscard]] std::optional<ApiVersion> parse_api_version(std::string_view text);
/// RFC 3339 with up to nanoseconds; nothing for Go's zero time (year 1) and for what is no time.
[[nodiscard]] std::optional<Timestamp> parse_time(std::string_view text);
/// Seconds and nanoseconds as the API's since/until want them: "1700000000.000000001".
[[nodiscard]] std::string unix_time(Timestamp time);
/// From "created", "running" …
[[nodiscard]] ContainerStatus parse_status(std::string_view text);

}  // namespace skiff::docker::wire
