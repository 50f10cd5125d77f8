// A real engine: files, mounts, limits, images, volumes, networks, processes in a container.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "docker/preflight.h"
#include "tests/docker/engine_fixture.h"
#include "tests/docker/scratch.h"
#include "tests/docker/tar.h"

namespace skiff::docker::test {
namespace {

std::string gzipped(const std::string& bytes) {
  const Scratch dir;
  const std::string file = dir.write("t", bytes).string();
  REQUIRE(std::system(("gzip -n " + file).c_str()) == 0);
  FileSource source(file + ".gz");
  std::string out(*source.size(), '\0');
  REQUIRE(source.read(out) == out.size());
  return out;
}

/// Gives up in the middle of a large file.
class FailingSource : public ByteSource {
 public:
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return std::nullopt; }
  std::size_t read(std::span<char> into) override {
    if (at_ >= (4U << 20U)) throw std::runtime_error("the disk is gone");
    const std::size_t n = archive_.copy(into.data(), into.size(), at_);
    at_ += n;
    return n;
  }

 private:
  const std::string archive_ = tar({{"large", std::string(8U << 20U, 'x')}});
  std::size_t at_ = 0;
};

}  // namespace

TEST_CASE_FIXTURE(EngineFixture, "P12: files go in before start, and come out after the end") {
  const std::string id =
      made(shell("cat /in/deep/a.txt; mkdir /out; echo result > /out/r; echo two > /out/s"));
  StringSource in(tar({{"in/deep/a.txt", "hello from outside\n"}}));
  const Result<void> put = run(engine->put_archive(id, "/", in));
  REQUIRE_MESSAGE(put.ok(), put.error().text());
  const auto output = run(engine->attach(id));
  const auto wait = run(engine->arm_wait(id, WaitCondition::next_exit));
  REQUIRE(run(engine->start(id)).ok());
  CHECK(drained(*output.value()).out == "hello from outside\n");
  CHECK(ended(*wait.value()).exit_code == 0);
  StringSink out(1 << 20);
  const Result<PathStat> stat = run(engine->get_archive(id, "/out", out));
  REQUIRE_MESSAGE(stat.ok(), stat.error().text());
  CHECK(stat->name == "out");
  CHECK(stat->is_dir());
  const auto files = untar(out.bytes());
  CHECK(files.at("out/r") == "result\n");
  CHECK(files.at("out/s") == "two\n");
  const Result<PathStat> file = run(engine->stat_path(id, "/out/r"));
  REQUIRE(file);
  CHECK(file->size == 7);
  CHECK_FALSE(file->is_dir());
  CHECK(run(engine->stat_path(id, "/out/none")).is(ErrorKind::not_found));
  StringSink nothing(1 << 20);
  CHECK(run(engine->get_archive(id, "/nowhere", nothing)).is(ErrorKind::not_found));
}

TEST_CASE_FIXTURE(EngineFixture,
                  "P12: a gzipped tar is taken as it is; a destination must be there and a directory") {
  const std::string id = made(shell("cat /tmp/z"));
  const std::string archive = gzipped(tar({{"z", "was zipped"}}));
  StringSource zipped(archive);
  CHECK(run(engine->put_archive(id, "/tmp", zipped)).ok());
  StringSource again(archive);
  CHECK(run(engine->put_archive(id, "/not/there", again)).is(ErrorKind::not_found));
  StringSource third(archive);
  CHECK_FALSE(run(engine->put_archive(id, "/etc/passwd", third)).ok());
  StringSource fourth(archive);
  CHECK(run(engine->put_archive("skiff-no-such-container", "/tmp", fourth)).is(ErrorKind::not_found));
  const auto output = run(engine->attach(id));
  REQUIRE(run(engine->start(id)).ok());
  CHECK(drained(*output.value()).out == "was zipped");
}

TEST_CASE_FIXTURE(EngineFixture, "P11: an upload given up in the middle leaves the container usable") {
  const std::string id = made(shell("echo alive"));
  FailingSource failing;
  const Result<void> put = run(engine->put_archive(id, "/tmp", failing));
  REQUIRE(put.is(ErrorKind::local));
  CHECK(put.error().message.find("the disk is gone") != std::string::npos);
  CHECK(run(engine->inspect(id), std::chrono::seconds(10)).ok());
  const auto output = run(engine->attach(id));
  REQUIRE(run(engine->start(id), std::chrono::seconds(20)).ok());
  CHECK(drained(*output.value()).out == "alive\n");
}

TEST_CASE_FIXTURE(EngineFixture,
                  "P11: a sink that fails ends the download, and the container is free again") {
  const Life life = live(shell("head -c 8000000 /dev/zero > /big"));
  StringSink small(1000);
  CHECK(run(engine->get_archive(life.id, "/big", small)).is(ErrorKind::local));
  CHECK(run(engine->inspect(life.id), std::chrono::seconds(10)).ok());
  StringSink whole(16 << 20);
  CHECK(run(engine->get_archive(life.id, "/big", whole)).ok());
  CHECK(untar(whole.bytes()).at("big").size() == 8000000);
}

TEST_CASE_FIXTURE(EngineFixture, "P18: limits outside the host's are refused, fitted ones are taken") {
  const Result<EngineInfo> info = run(engine->info());
  REQUIRE(info);
  ContainerSpec spec = shell("true");
  spec.host.nano_cpus = (info->cpus + 100) * 1'000'000'000LL;
  spec.host.memory = 1000;
  if (!podman) CHECK(run(engine->create(spec)).is(ErrorKind::bad_request));
  CHECK(fit(spec, *info).size() == 2);
  const std::string id = made(spec);
  const Result<ContainerInfo> made_as = run(engine->inspect(id));
  CHECK(made_as->memory == kLeastMemory);
  CHECK(made_as->nano_cpus == info->cpus * 1'000'000'000LL);
}

TEST_CASE_FIXTURE(EngineFixture,
                  "P19: a missing bind source is an error; volumes and tmpfs mount; read-only is") {
  ContainerSpec missing = shell("true");
  missing.host.mounts = {Mount{MountType::bind, "/no/such/dir", "/x", false, "", false, 0, 0}};
  CHECK(run(engine->create(missing)).is(ErrorKind::bad_request));
  CHECK_FALSE(std::filesystem::exists("/no/such"));
  const Scratch dir;
  dir.write("f", "from the host");
  VolumeSpec volume;
  volume.name = unique("v");
  volume.labels = own_labels();
  REQUIRE(run(engine->create_volume(volume)).ok());
  ContainerSpec spec = shell("cat /host/f; echo no > /host/g; echo kept > /vol/x; df -k /tmpfs | tail -1");
  spec.host.mounts = {Mount{MountType::bind, dir.path().string(), "/host", true, "", false, 0, 0},
                      Mount{MountType::volume, volume.name, "/vol", false, "", false, 0, 0},
                      Mount{MountType::tmpfs, "", "/tmpfs", false, "", false, 1 << 20, 0700}};
  const Life life = live(spec);
  CHECK(life.output.out.find("from the host") == 0);
  CHECK(life.output.out.find("1024") != std::string::npos);
  CHECK(life.output.err.find("Read-only") != std::string::npos);
  ContainerSpec reader = shell("cat /vol/x");
  reader.host.mounts = {Mount{MountType::volume, volume.name, "/vol", true, "", false, 0, 0}};
  CHECK(live(reader).output.out == "kept\n");
  CHECK(run(engine->remove_volume(volume.name, false)).is(ErrorKind::conflict));
}

TEST_CASE_FIXTURE(EngineFixture, "P20: GPUs that are not there are known before start") {
  const Result<EngineInfo> info = run(engine->info());
  REQUIRE(info);
  ContainerSpec spec = shell("true");
  DeviceRequest gpu;
  gpu.count = 1;
  gpu.capabilities = {{"gpu"}};
  spec.host.device_requests = {gpu};
  const ContainerSpec asked = spec;
  const std::optional<std::string> why = fit_gpus(spec, *info, podman);
  CHECK((why.has_value() || spec.host.device_requests[0].driver == "cdi"));
  if (podman) return;
  const std::string id = made(asked);
  const Result<Effect> started = run(engine->start(id));
  REQUIRE_FALSE(started.ok());
  CHECK(started.error().message.find("device driver") != std::string::npos);
}

TEST_CASE_FIXTURE(EngineFixture, "P21: an image of our own; its CMD goes when an entrypoint is given") {
  const std::string reference = "skiff-test/own:" + unique("t");
  StringSink root(64 << 20);
  const std::string donor = made(shell("true"));
  REQUIRE(run(engine->get_archive(donor, "/bin/busybox", root)).ok());
  ImportSpec spec;
  spec.reference = reference;
  spec.cmd = {"/busybox", "echo", "the default"};
  spec.env = {"WHO=me and you"};
  spec.labels = {{"io.skiff.test", reference.substr(15)}};
  StringSource tarball(root.bytes());
  const Result<std::string> image = run(engine->import_image(tarball, spec));
  REQUIRE_MESSAGE(image.ok(), image.error().text());
  const Result<ImageInfo> info = run(engine->inspect_image(reference));
  REQUIRE(info);
  CHECK(info->id == *image);
  CHECK(info->cmd == spec.cmd);
  CHECK(info->labels == spec.labels);
  const Result<std::vector<ImageInfo>> listed =
      run(engine->list_images({"io.skiff.test=" + reference.substr(15)}));
  REQUIRE(listed);
  CHECK(listed->size() == 1);
  ContainerSpec plain = shell("");
  plain.image = reference;
  plain.entrypoint.clear();
  CHECK(live(plain).output.out == "the default\n");
  ContainerSpec replaced = plain;
  replaced.name = unique("c");
  replaced.entrypoint = {"/busybox", "sh", "-c", "echo $# $WHO"};
  const Life life = live(replaced);
  CHECK(life.output.out == "0 me and you\n");
  CHECK(run(engine->inspect(life.id))->state.health.empty());
  CHECK(run(engine->tag_image(reference, "skiff-test/other:1")).ok());
  CHECK(run(engine->remove_image("skiff-test/other:1", true)).value() == Effect::done);
  CHECK(run(engine->remove_image(reference, true)).ok());
  CHECK(run(engine->remove_image("skiff-test/other:1", true)).value() == Effect::already);
  CHECK(run(engine->inspect_image("skiff-test/other:1")).is(ErrorKind::not_found));
}

TEST_CASE_FIXTURE(EngineFixture, "P22: /dev/shm has the size that was asked for") {
  ContainerSpec spec = shell("df -k /dev/shm | tail -1");
  spec.host.shm_size = 128 << 20;
  CHECK(live(spec).output.out.find("131072") != std::string::npos);
}

TEST_CASE_FIXTURE(EngineFixture, "P9: a pull that cannot be is a failure with the engine's words") {
  int reports = 0;
  const PullObserver observer = [&](const PullProgress&) { ++reports; };
  const PullOptions options;
  const Result<void> end = run(engine->pull("127.0.0.1:1/skiff/none:1", options, observer));
  REQUIRE_FALSE(end.ok());
  CHECK(end.error().message.find("127.0.0.1:1") != std::string::npos);
  CHECK(end.error().asked == "pull image 127.0.0.1:1/skiff/none:1");
  ContainerSpec spec = shell("true");
  spec.image = "skiff/never-pulled:1";
  CHECK(run(engine->create(spec)).is(ErrorKind::not_found));
}

TEST_CASE_FIXTURE(EngineFixture, "a sandbox's network and IPC are shared by those who join it") {
  ContainerSpec sandbox = shell("sleep 60");
  sandbox.host.ipc_mode = "shareable";
  const std::string holder = made(sandbox);
  REQUIRE(run(engine->start(holder)).ok());
  ContainerSpec server = shell("echo hello | nc -l -p 4567");
  server.host.network_mode = server.host.ipc_mode = "container:" + holder;
  const std::string first = made(server);
  REQUIRE(run(engine->start(first)).ok());
  ContainerSpec caller =
      shell("for i in $(seq 100); do nc 127.0.0.1 4567 && exit 0; sleep 0.1; done; exit 1");
  caller.host.network_mode = "container:" + holder;
  const Life life = live(caller);
  CHECK(life.end.exit_code == 0);
  CHECK(life.output.out == "hello\n");
}

TEST_CASE_FIXTURE(EngineFixture, "a process is run beside: output apart, exit code, a missing program") {
  const std::string id = made(shell("sleep 60"));
  REQUIRE(run(engine->start(id)).ok());
  ExecSpec spec;
  spec.cmd = {"sh", "-c", "echo $WHERE; pwd; echo bad >&2; exit 9"};
  spec.env = {"WHERE=here"};
  spec.working_dir = "/tmp";
  const Result<ExecResult> result = run(run_exec(*engine, id, spec, 1000));
  REQUIRE_MESSAGE(result.ok(), result.error().text());
  CHECK(result->exit_code == 9);
  CHECK(result->out == "here\n/tmp\n");
  CHECK(result->err == "bad\n");
  spec.cmd = {"sh", "-c", "seq 10000"};
  CHECK(run(run_exec(*engine, id, spec, 6))->out == "10000\n");
  spec.cmd = {"/no/such/program"};
  const Result<ExecResult> missing = run(run_exec(*engine, id, spec, 1000));
  CHECK((!missing.ok() || missing->exit_code == 126 || missing->exit_code == 127));
  ContainerSpec stopped = shell("true");
  CHECK_FALSE(run(run_exec(*engine, made(stopped), spec, 10)).ok());
}

TEST_CASE_FIXTURE(EngineFixture, "volumes: made twice is one, found by label, gone twice is no failure") {
  VolumeSpec spec;
  spec.name = unique("v");
  spec.labels = {{"skiff.volume", spec.name}};
  CHECK(run(engine->create_volume(spec))->name == spec.name);
  if (!podman) CHECK(run(engine->create_volume(spec)).ok());
  CHECK(run(engine->inspect_volume(spec.name))->labels == spec.labels);
  const Result<std::vector<VolumeInfo>> listed = run(engine->list_volumes({"skiff.volume=" + spec.name}));
  REQUIRE(listed);
  CHECK(listed->size() == 1);
  CHECK(run(engine->remove_volume(spec.name, false)).value() == Effect::done);
  CHECK(run(engine->remove_volume(spec.name, false)).value() == Effect::already);
  CHECK(run(engine->inspect_volume(spec.name)).is(ErrorKind::not_found));
  CHECK(run(engine->list_volumes({"skiff.volume=" + spec.name}))->empty());
}

TEST_CASE_FIXTURE(EngineFixture, "networks: made, joined, left, found by label, removed") {
  NetworkSpec spec;
  spec.name = unique("n");
  spec.labels = {{"skiff.network", spec.name}};
  const Result<std::string> id = run(engine->create_network(spec));
  REQUIRE_MESSAGE(id.ok(), id.error().text());
  CHECK(run(engine->list_networks({"skiff.network=" + spec.name}))->size() == 1);
  ContainerSpec member = shell("sleep 60");
  member.host.network_mode = spec.name;
  member.network_aliases = {"me"};
  const std::string container = made(member);
  const Result<ContainerInfo> info = run(engine->inspect(container));
  CHECK(info->networks.count(spec.name) == 1);
  CHECK(run(engine->disconnect_network(spec.name, container, true)).ok());
  CHECK(run(engine->connect_network(spec.name, container, {"you"})).ok());
  RemoveOptions force;
  force.force = true;
  CHECK(run(engine->remove(container, force)).ok());
  CHECK(run(engine->remove_network(spec.name)).value() == Effect::done);
  CHECK(run(engine->remove_network(spec.name)).value() == Effect::already);
  CHECK(run(engine->inspect_network(spec.name)).is(ErrorKind::not_found));
}

}  // namespace skiff::docker::test
