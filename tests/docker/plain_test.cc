// The small things: results, names, limits (P14, P18, P20, P23), sources and sinks.
#include <doctest/doctest.h>

#include <array>

#include "docker/bytes.h"
#include "docker/error.h"
#include "docker/preflight.h"
#include "docker/types.h"
#include "tests/docker/scratch.h"

namespace skiff::docker {
namespace {

EngineInfo laptop() {
  EngineInfo info;
  info.cpus = 2;
  info.memory = 8LL << 30;
  info.runtimes = {"runc"};
  return info;
}

ContainerSpec with_gpus(int count) {
  ContainerSpec spec;
  DeviceRequest request;
  request.count = count;
  request.capabilities = {{"gpu"}};
  spec.host.device_requests = {request};
  return spec;
}

}  // namespace

TEST_CASE("a Result is its value or its Error, and says which") {
  const Result<int> good = 7;
  CHECK(good);
  CHECK(*good == 7);
  Error e;
  e.kind = ErrorKind::not_found;
  e.message = "no such container: x";
  e.asked = "inspect container x";
  const Result<int> bad = e;
  CHECK_FALSE(bad);
  CHECK(bad.is(ErrorKind::not_found));
  CHECK_THROWS_WITH_AS(static_cast<void>(bad.value()), "cannot inspect container x: no such container: x",
                       EngineFailure);
  CHECK_FALSE(Result<int>().ok());
  CHECK(Result<void>().ok());
  CHECK_THROWS_AS(Result<void>(e).value(), EngineFailure);
  CHECK(to_string(ErrorKind::local) == "local");
}

TEST_CASE("P14: names that an engine takes") {
  for (const char* good : {"ab", "a1", "A_.-", "0-x"}) CHECK(valid_container_name(good));
  for (const char* bad : {"", "a", "-ab", ".ab", "_ab", "a b", "a/b", "\xc3\xa4x"})
    CHECK_FALSE(valid_container_name(bad));
  for (const char* any : {"", "a", "-x", "hello world/(1:2)", "\xc3\xa4"})
    CHECK(valid_container_name(container_name_from(any)));
  CHECK(container_name_from("wf.step-1") == "wf.step-1");
}

TEST_CASE("P18: limits written for a cluster are bent to this host, and said so") {
  ContainerSpec spec;
  spec.host.nano_cpus = 16'000'000'000;
  spec.host.memory = 1000;
  spec.host.memory_swap = 1000;
  const std::vector<std::string> warnings = fit(spec, laptop());
  CHECK(warnings.size() == 2);
  CHECK(spec.host.nano_cpus == 2'000'000'000);
  CHECK(spec.host.memory == kLeastMemory);
  CHECK(spec.host.memory_swap == kLeastMemory);
  CHECK(fit(spec, laptop()).empty());
}

TEST_CASE("P23: limits that a rootless engine cannot enforce are dropped, and said so") {
  EngineInfo rootless = laptop();
  rootless.memory_limit = rootless.cpu_limit = rootless.pids_limit = rootless.swap_limit = false;
  ContainerSpec spec;
  spec.host.nano_cpus = 1;
  spec.host.memory = kLeastMemory;
  spec.host.memory_swap = kLeastMemory;
  spec.host.pids_limit = 10;
  const std::vector<std::string> warnings = fit(spec, rootless);
  REQUIRE(warnings.size() == 3);
  for (const std::string& warning : warnings)
    CHECK(warning.find("recorded, not enforced") != std::string::npos);
  CHECK(spec.host == HostConfig());
}

TEST_CASE("P20: GPUs: a reason where there are none, CDI names where there are") {
  ContainerSpec spec = with_gpus(1);
  CHECK(fit_gpus(spec, laptop(), false).value().find("nvidia-ctk") != std::string::npos);
  EngineInfo nvidia = laptop();
  nvidia.runtimes.emplace_back("nvidia");
  CHECK_FALSE(fit_gpus(spec, nvidia, false).has_value());
  CHECK(spec == with_gpus(1));
  EngineInfo cdi = laptop();
  cdi.cdi_devices = {"nvidia.com/gpu=all", "nvidia.com/gpu=0", "nvidia.com/gpu=1"};
  ContainerSpec two = with_gpus(2);
  CHECK_FALSE(fit_gpus(two, cdi, false).has_value());
  CHECK(two.host.device_requests[0].driver == "cdi");
  CHECK(two.host.device_requests[0].device_ids ==
        std::vector<std::string>{"nvidia.com/gpu=0", "nvidia.com/gpu=1"});
  ContainerSpec three = with_gpus(3);
  CHECK(fit_gpus(three, cdi, false).has_value());
  ContainerSpec all = with_gpus(-1);
  CHECK_FALSE(fit_gpus(all, laptop(), true).has_value());
  CHECK(all.host.device_requests[0].device_ids == std::vector<std::string>{"nvidia.com/gpu=all"});
  ContainerSpec none;
  CHECK_FALSE(fit_gpus(none, laptop(), false).has_value());
}

TEST_CASE("P13: lack of memory is a hint, whatever the exit code") {
  ContainerState state;
  CHECK(memory_hint(state).empty());
  state.exit_code = 137;
  CHECK(memory_hint(state).empty());
  state.exit_code = 0;
  state.oom_killed = true;
  CHECK(memory_hint(state).find("hint") != std::string::npos);
}

TEST_CASE("sources and sinks") {
  const test::Scratch dir;
  std::array<char, 3> buffer{};
  StringSource text("hello");
  CHECK(text.size() == 5);
  CHECK(text.read(buffer) == 3);
  CHECK(text.read(buffer) == 2);
  CHECK(text.read(buffer) == 0);
  CHECK(text.rewind());
  CHECK(text.read(buffer) == 3);
  FileSource file(dir.write("f", "abcd"));
  CHECK(file.size() == 4);
  CHECK(file.read(buffer) == 3);
  CHECK(file.rewind());
  CHECK(file.read(buffer) == 3);
  CHECK_THROWS_AS(FileSource(dir.path() / "absent"), std::system_error);
  FileSink sink(dir.path() / "out");
  sink.write("12");
  sink.write("34");
  sink.close();
  CHECK(FileSource(dir.path() / "out").size() == 4);
  FileSink full("/dev/full");
  CHECK_THROWS_AS(full.write("x"), std::system_error);
  StringSink small(4);
  small.write("123");
  CHECK_THROWS_AS(small.write("45"), std::length_error);
  CHECK(small.bytes() == "123");
}

}  // namespace skiff::docker
