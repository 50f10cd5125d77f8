// The controller as a process: elected by the home's lock, serving its socket, gone when idle.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

namespace skiff::runner {

struct DaemonOptions {
  std::filesystem::path home;
  int ready_fd =
      -1;  ///< gets one line when the socket answers: "ready", or "busy" if the home has a controller
  std::chrono::seconds idle{30};  ///< without workflows and clients; then it goes
};

/// Runs until idle, until told to quit, or until SIGTERM. Gives the process's exit code.
int run_daemon(const DaemonOptions& options);

/// Tells two builds of one version apart: size and time of the running program's file.
[[nodiscard]] std::string build_id();
[[nodiscard]] std::string version_text();

/// The engine that the environment names or that is found, for people; "" and the reason where there is none.
[[nodiscard]] std::string engine_address(std::string& reason);
/// Asks that engine for a sign of life; "" or what is wrong.
[[nodiscard]] std::string probe_engine();

}  // namespace skiff::runner
