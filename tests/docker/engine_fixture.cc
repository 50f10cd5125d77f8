// See engine_fixture.h.
#include "tests/docker/engine_fixture.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>

namespace skiff::docker::test {
namespace {

std::unique_ptr<Engine> engine_of_environment() {
  const char* named = std::getenv("SKIFF_TEST_ENGINE");
  REQUIRE_MESSAGE(named != nullptr,
                  "SKIFF_TEST_ENGINE is not set: start a private engine by tests/engine/start DIR, then "
                  "SKIFF_TEST_ENGINE=unix://DIR/docker.sock");
  return make_client(parse_endpoint(named).value(), ClientOptions());
}

}  // namespace

EngineFixture::EngineFixture()
    : engine(engine_of_environment()), label("skiff.test=" + std::to_string(::getpid())) {
  const Result<EngineVersion> version = run(engine->version());
  REQUIRE_MESSAGE(version.ok(), version.error().text());
  podman = version->podman;
  const Result<ImageInfo> image = run(engine->inspect_image("busybox:latest"));
  REQUIRE_MESSAGE(image.ok(), "the engine has no busybox:latest; make it by tests/engine/images busybox");
}

EngineFixture::~EngineFixture() {
  ContainerFilter ours;
  ours.labels = {label};
  const Result<std::vector<ContainerSummary>> left = run(engine->list(ours));
  if (!left) return;
  RemoveOptions options;
  options.force = true;
  options.volumes = true;
  for (const ContainerSummary& container : *left)
    static_cast<void>(run(engine->remove(container.id, options)));
  const std::vector<std::string> labels = {label};
  const Result<std::vector<VolumeInfo>> volumes = run(engine->list_volumes(labels));
  if (!volumes) return;
  for (const VolumeInfo& volume : *volumes) static_cast<void>(run(engine->remove_volume(volume.name, true)));
}

std::string EngineFixture::unique(const std::string& stem) const {
  static std::atomic<int> counter{0};
  return "skiff-test-" + stem + "-" + std::to_string(::getpid()) + "-" + std::to_string(++counter);
}

Labels EngineFixture::own_labels() { return {{"skiff.test", std::to_string(::getpid())}}; }

ContainerSpec EngineFixture::shell(const std::string& script) const {
  ContainerSpec spec;
  spec.name = unique("c");
  spec.image = "busybox:latest";
  spec.entrypoint = {"sh", "-c", script};
  spec.labels = own_labels();
  spec.host.network_mode = "none";
  return spec;
}

std::string EngineFixture::made(const ContainerSpec& spec) {
  const Result<Created> created = run(engine->create(spec));
  REQUIRE_MESSAGE(created.ok(), created.error().text());
  return created->id;
}

Collected EngineFixture::drained(OutputStream& stream) {
  Collected all;
  const std::function<void(const OutputChunk&)> sink = [&](const OutputChunk& chunk) {
    (chunk.stream == StreamKind::err ? all.err : all.out) += chunk.bytes;
  };
  const Result<void> end = run(drain(stream, sink));
  REQUIRE_MESSAGE(end.ok(), end.error().text());
  return all;
}

WaitResult EngineFixture::ended(PendingWait& wait) {
  const Result<WaitResult> end = run(wait.result());
  REQUIRE_MESSAGE(end.ok(), end.error().text());
  return *end;
}

EngineFixture::Life EngineFixture::live(const ContainerSpec& spec) {
  Life life;
  life.id = made(spec);
  const auto output = run(engine->attach(life.id));
  REQUIRE_MESSAGE(output.ok(), output.error().text());
  const auto wait = run(engine->arm_wait(life.id, WaitCondition::next_exit));
  REQUIRE_MESSAGE(wait.ok(), wait.error().text());
  const Result<Effect> started = run(engine->start(life.id));
  REQUIRE_MESSAGE(started.ok(), started.error().text());
  life.output = drained(*output.value());
  life.end = ended(*wait.value());
  return life;
}

}  // namespace skiff::docker::test
