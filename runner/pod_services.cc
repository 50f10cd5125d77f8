#include "runner/pod_services.h"

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "runner/container_program.h"
#include "runner/engine_calls.h"

namespace skiff::runner {
namespace {

constexpr int kStartingUnknown = 4;

SandboxSettings sandbox_settings(const PodSettings& s) {
  SandboxSettings out;
  out.home_id = s.home_id;
  out.controller_id = s.controller_id;
  out.version = s.version;
  out.most = s.max_sandboxes;
  out.idle = s.sandbox_idle;
  return out;
}

int saving_limit() { return static_cast<int>(2 * std::max(2U, std::thread::hardware_concurrency())); }

int starting_limit(const PodSettings& s) { return s.max_starting > 0 ? s.max_starting : kStartingUnknown; }

bool has_option(const docker::EngineInfo& info, std::string_view option) {
  return std::any_of(info.security_options.begin(), info.security_options.end(),
                     [&](const std::string& s) { return s.find(option) != std::string::npos; });
}

}  // namespace

PodServices::PodServices(Threads& threads_, docker::Engine& engine_, const store::Home& home_,
                         store::ArtifactStore& artifacts_, PodSettings settings_)
    : threads(threads_),
      engine(engine_),
      home(home_),
      artifacts(artifacts_),
      settings(std::move(settings_)),
      images(engine_),
      sandboxes(threads_.lane(), engine_, sandbox_settings(settings)),
      watch(threads_.lane(), engine_, settings.home_id, settings.controller_id),
      janitor(threads_.lane(), engine_),
      handed(home_),
      starting(starting_limit(settings)),
      saving(saving_limit()) {}

Task<EngineFacts> PodServices::facts() {
  {
    const std::scoped_lock lock(mutex_);
    if (facts_) co_return *facts_;
  }
  EngineFacts fresh;
  auto info = co_await engine.info();
  fresh.info = need(std::move(info));
  auto version = co_await engine.version();
  fresh.podman = need(std::move(version)).podman;
  // Other users inside (userns-remap) or labels on files (SELinux) would hide what we bind.
  fresh.binds = engine.local() && !fresh.info.selinux && !has_option(fresh.info, "userns");
  const std::scoped_lock lock(mutex_);
  fresh.binds = fresh.binds && binds_work_;
  if (!facts_ && settings.max_starting <= 0 && fresh.info.cpus > 0) {
    starting.resize(2 * fresh.info.cpus, kStartingUnknown);
    settings.max_starting = 2 * fresh.info.cpus;
  }
  facts_ = fresh;
  co_return fresh;
}

void PodServices::forget_facts() {
  const std::scoped_lock lock(mutex_);
  facts_.reset();
}

bool PodServices::enters_networks() const { return engine.local() && ::geteuid() == 0; }

void PodServices::binds_do_not_work() {
  const std::scoped_lock lock(mutex_);
  binds_work_ = false;
  if (facts_) facts_->binds = false;
}

std::string PodServices::bound_program(const EngineFacts& facts) {
  if (!facts.binds || facts.podman) return "";
  const std::scoped_lock lock(mutex_);
  if (program_.empty()) program_ = install_container_program(home).string();
  return program_;
}

HostFacts PodServices::host_of(const EngineFacts& facts) const {
  HostFacts host;
  if (!facts.info.name.empty()) host.name = facts.info.name;
  host.cpus = facts.info.cpus;
  host.memory = facts.info.memory;
  host.docker_init = docker_init_;
  host.home_id = settings.home_id;
  host.controller_id = settings.controller_id;
  host.skiff_version = settings.version;
  return host;
}

void PodServices::warn(const std::string& run_uid, const std::string& node_id, const std::string& message) {
  WarningSink sink;
  {
    const std::scoped_lock lock(mutex_);
    if (!warned_.insert(run_uid + "/" + message).second) return;
    sink = warning_sink_;
  }
  if (sink) sink(node_id, message);
}

void PodServices::on_warning(WarningSink sink) {
  const std::scoped_lock lock(mutex_);
  warning_sink_ = std::move(sink);
}

}  // namespace skiff::runner
