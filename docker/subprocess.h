// Runs a program to its end: text in, text out. For credential helpers and git.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "docker/error.h"

namespace skiff::docker {

struct ProcessEnd {
  int status = 0;  ///< exit code; 128 + n if signal n killed it
  std::string out;
  std::string err;
};

/// Blocks up to `limit`, then kills it. The program is looked up in PATH; `environment` ("NAME=value") is
/// added to this process's own. Error kind local: it could not be started or took too long. At most 1 MiB of
/// each stream is kept.
[[nodiscard]] Result<ProcessEnd> run_process(const std::vector<std::string>& argv, std::string_view input,
                                             std::chrono::milliseconds limit,
                                             const std::vector<std::string>& environment = {});

}  // namespace skiff::docker
