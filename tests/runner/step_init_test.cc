// What a step's init tells, and how a container comes to run under one.
#include "runner/core/step_init.h"

#include "doctest/doctest.h"

using namespace skiff::runner;
namespace docker = skiff::docker;

namespace {

const std::string kNonce = "0123456789abcdef0123456789abcdef";

docker::OutputChunk out(std::string bytes) { return {docker::StreamKind::out, std::move(bytes)}; }
docker::OutputChunk err(std::string bytes) { return {docker::StreamKind::err, std::move(bytes)}; }

docker::ImageInfo image_with(std::vector<std::string> entrypoint, std::vector<std::string> cmd) {
  docker::ImageInfo image;
  image.entrypoint = std::move(entrypoint);
  image.cmd = std::move(cmd);
  return image;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("the streams, however they are cut, give the step's bytes and the init's word") {
  const std::string told = kNonce + "x3\nf0 5\nab\n.\nm1\nh3\nh9\n.\n";
  const std::string before = "hello 0123456789abcdef0123456789abcdeX ";
  for (std::size_t piece = 1; piece < before.size() + told.size(); ++piece) {
    StepEnd end(kNonce, {{"/tmp/a"}, {"/tmp/b"}, {"/tmp/c"}, {"/tmp/d", true}});
    std::string own;
    const std::string all = before + told;
    for (std::size_t at = 0; at < all.size(); at += piece) own += end.take(out(all.substr(at, piece)));
    CHECK(own == before);
    CHECK_FALSE(end.complete());
    CHECK(end.take(err("oh" + kNonce.substr(0, 9))) == "oh");
    CHECK(end.take(err(kNonce.substr(9) + ".\nlate")).empty());
    CHECK(end.take(out("late")).empty());
    REQUIRE(end.complete());
    CHECK(end.exit_code() == 3);
    CHECK(end.not_run("x").empty());
    CHECK(end.files() == ToldFiles{{"/tmp/a", "ab\n.\n"}, {"/tmp/b", std::nullopt}});
    CHECK(end.handed() == std::map<std::string, std::size_t>{{"/tmp/d", 3}});
  }
}

TEST_CASE("what looks like a nonce and ends there is the step's own") {
  StepEnd end(kNonce, {});
  CHECK(end.take(out("x" + kNonce.substr(0, 31))) == "x");
  CHECK(end.rest(docker::StreamKind::out) == kNonce.substr(0, 31));
  CHECK(end.rest(docker::StreamKind::out).empty());
  CHECK_FALSE(end.exit_code());
}

TEST_CASE("streams that begin again are read again") {
  StepEnd end(kNonce, {});
  CHECK(end.take(out("a" + kNonce + "x0\n.\n")) == "a");
  end.from_the_start();
  CHECK(end.take(out("a" + kNonce + "x0\n.\n")) == "a");
  CHECK_FALSE(end.complete());
  CHECK(end.take(err(kNonce + ".\n")).empty());
  CHECK(end.complete());
}

TEST_CASE("a command that could not be run is told in the executor's words") {
  const auto told = [](const std::string& line) {
    StepEnd end(kNonce, {});
    CHECK(end.take(out(kNonce + line + "\n.\n")).empty());
    CHECK_FALSE(end.exit_code());
    return end.not_run("cmd");
  };
  CHECK(told("e1 2") == "failed to find name in PATH: exec: \"cmd\": executable file not found in $PATH");
  CHECK(told("e2 2") ==
        "failed to find name in PATH: exec: \"cmd\": stat cmd: no such file or directory (executable file "
        "not found)");
  CHECK(told("e3 13") == "failed to find name in PATH: exec: \"cmd\": permission denied");
  CHECK(told("e4 8") == "failed to start command: fork/exec cmd: exec format error");
}

TEST_CASE("the command under an init is the engine's own merge of spec and image") {
  const docker::ImageInfo image = image_with({"/entry"}, {"default"});
  const auto command = [&](Words entrypoint, Words cmd) {
    docker::ContainerSpec spec;
    spec.entrypoint = std::move(entrypoint);
    spec.cmd = std::move(cmd);
    REQUIRE(put_init(spec, &image, "/p", kNonce, {{"/tmp/a"}, {"/tmp/b", true}}, ""));
    CHECK(spec.entrypoint == Words{"/dev/skiff-init", "init", kNonce, "-o", "/tmp/a", "--"});
    CHECK(spec.host.mounts.size() == 1);
    CHECK(spec.labels.at(kLabelInit) == kNonce);
    CHECK_FALSE(spec.host.init);
    return spec.cmd;
  };
  CHECK(command({}, {}) == Words{"/entry", "default"});
  CHECK(command({}, {"given"}) == Words{"/entry", "given"});
  CHECK(command({"sh"}, {}) == Words{"sh"});
  CHECK(command({"sh"}, {"-c"}) == Words{"sh", "-c"});
}

TEST_CASE("files are handed over where there is a socket for it") {
  docker::ContainerSpec spec;
  spec.cmd = {"-a", "x"};
  REQUIRE(put_init(spec, nullptr, "/p", kNonce, {{"/tmp/a"}, {"/tmp/b", true}}, "/home/outputs"));
  CHECK(spec.entrypoint == Words{"/dev/skiff-init", "init", kNonce, "-o", "/tmp/a", "-a", "/tmp/b", "--"});
  REQUIRE(spec.host.mounts.size() == 2);
  CHECK(spec.host.mounts[1].source == "/home/outputs");
  CHECK(spec.host.mounts[1].target == "/dev/skiff-outputs");
  const auto watched = watched_outputs(spec.entrypoint);
  REQUIRE(watched.size() == 2);
  CHECK((watched[0].path == "/tmp/a" && !watched[0].to_hand_over));
  CHECK((watched[1].path == "/tmp/b" && watched[1].to_hand_over));
}

TEST_CASE("some containers cannot have one") {
  const auto plain = [] {
    docker::ContainerSpec spec;
    spec.cmd = {"true"};
    return spec;
  };
  const auto refused = [](docker::ContainerSpec spec) {
    const docker::ContainerSpec before = spec;
    const bool put = put_init(spec, nullptr, "/p", kNonce, {}, "");
    CHECK((put || spec == before));
    return !put;
  };
  CHECK_FALSE(refused(plain()));
  docker::ContainerSpec spec = plain();
  spec.tty = true;
  CHECK(refused(spec));
  spec = plain();
  spec.host.pid_mode = "host";
  CHECK(refused(spec));
  spec = plain();
  spec.cmd.clear();
  CHECK(refused(spec));
  spec = plain();
  spec.host.mounts.emplace_back().target = "/dev";
  CHECK(refused(spec));
}
