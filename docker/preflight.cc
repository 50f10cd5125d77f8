// Limits and devices against /info.
#include "docker/preflight.h"

#include <fmt/format.h>

#include <algorithm>

namespace skiff::docker {
namespace {

bool wants_gpu(const DeviceRequest& request) {
  for (const auto& all_of : request.capabilities)
    if (std::find(all_of.begin(), all_of.end(), "gpu") != all_of.end()) return true;
  return false;
}

bool is_nvidia(const std::string& name) { return name.rfind("nvidia.com/gpu=", 0) == 0; }

/// The CDI names for one request; empty if there are not enough.
std::vector<std::string> cdi_names(const DeviceRequest& request, const EngineInfo& info, bool podman) {
  if (request.count < 0 || (podman && info.cdi_devices.empty())) {
    // Podman does not list its devices; the first n have the numbers below n.
    if (request.count < 0) return {"nvidia.com/gpu=all"};
    std::vector<std::string> numbered;
    for (int i = 0; i < request.count; ++i) numbered.push_back(fmt::format("nvidia.com/gpu={}", i));
    return numbered;
  }
  std::vector<std::string> names;
  for (const std::string& device : info.cdi_devices)
    if (is_nvidia(device) && device != "nvidia.com/gpu=all" &&
        names.size() < static_cast<std::size_t>(request.count))
      names.push_back(device);
  if (names.size() < static_cast<std::size_t>(request.count)) names.clear();
  return names;
}

}  // namespace

std::vector<std::string> fit(ContainerSpec& spec, const EngineInfo& info) {
  std::vector<std::string> warnings;
  HostConfig& host = spec.host;
  const std::int64_t cpus = static_cast<std::int64_t>(info.cpus) * 1'000'000'000;
  if (host.nano_cpus != 0 && !info.cpu_limit) {
    warnings.push_back("the engine cannot limit CPUs: the limit is recorded, not enforced");
    host.nano_cpus = 0;
  } else if (cpus > 0 && host.nano_cpus > cpus) {
    warnings.push_back(fmt::format("the CPU limit {:g} is more than the {} of this engine's host; using {}",
                                   static_cast<double>(host.nano_cpus) / 1e9, info.cpus, info.cpus));
    host.nano_cpus = cpus;
  }
  if (host.memory != 0 && !info.memory_limit) {
    warnings.push_back("the engine cannot limit memory: the limit is recorded, not enforced");
    host.memory = host.memory_swap = host.memory_reservation = 0;
  } else if (host.memory != 0 && host.memory < kLeastMemory) {
    warnings.push_back(
        fmt::format("the memory limit of {} bytes is below the engine's least; using 6Mi", host.memory));
    host.memory = kLeastMemory;
    if (host.memory_swap > 0) host.memory_swap = std::max(host.memory_swap, kLeastMemory);
    host.memory_reservation = std::min(host.memory_reservation, kLeastMemory);
  }
  if (host.memory_swap != 0 && !info.swap_limit) host.memory_swap = 0;
  if (host.pids_limit != 0 && !info.pids_limit) {
    warnings.push_back("the engine cannot limit processes: the limit is recorded, not enforced");
    host.pids_limit = 0;
  }
  return warnings;
}

std::optional<std::string> fit_gpus(ContainerSpec& spec, const EngineInfo& info, bool podman) {
  const bool runtime = std::find(info.runtimes.begin(), info.runtimes.end(), "nvidia") != info.runtimes.end();
  const bool cdi = std::any_of(info.cdi_devices.begin(), info.cdi_devices.end(), is_nvidia);
  for (DeviceRequest& request : spec.host.device_requests) {
    if (!wants_gpu(request)) continue;
    if (runtime && !podman) continue;
    if (!cdi && !podman)
      return "the engine has no GPUs to give: neither the nvidia runtime nor CDI devices. Install the NVIDIA "
             "Container Toolkit on its host, then `nvidia-ctk runtime configure` and restart the engine";
    std::vector<std::string> names = cdi_names(request, info, podman);
    if (names.empty()) return fmt::format("{} GPUs are asked for, more than the engine has", request.count);
    request.driver = "cdi";
    request.count = 0;
    request.capabilities.clear();
    request.device_ids = std::move(names);
  }
  return std::nullopt;
}

std::string memory_hint(const ContainerState& state) {
  if (!state.oom_killed) return "";
  return "a process in it was killed for lack of memory (a hint of the kernel's, not always right)";
}

}  // namespace skiff::docker
