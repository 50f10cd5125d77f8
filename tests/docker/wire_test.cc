// What is written and read as JSON, and that no reply, however mutilated, does more than give an Error.
#include "docker/wire.h"

#include <doctest/doctest.h>

#include <functional>

namespace skiff::docker {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const std::string kContainer =
    R"({"Id":"abc","Name":"/skiff-x","Image":"sha256:1","Created":"2024-03-01T10:00:00.123456789Z","RestartCount":0,
"State":{"Status":"exited","ExitCode":137,"OOMKilled":true,"Pid":0,"Error":"boom","StartedAt":"2024-03-01T10:00:01Z",
"FinishedAt":"0001-01-01T00:00:00Z","Health":{"Status":"none"}},
"Config":{"Image":"alpine","Entrypoint":["sh"],"Cmd":null,"Env":["A=1"],"Tty":true,"Labels":{"k":"v","bad":7}},
"HostConfig":{"NetworkMode":"none","Memory":1048576,"LogConfig":{"Type":"json-file"},"Init":null},
"NetworkSettings":{"Networks":{"bridge":{"IPAddress":"172.17.0.2","NetworkID":"n"}},"Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"32768"}],"81/tcp":null}},
"Mounts":[{"Type":"volume","Name":"v","Destination":"/d","RW":false}]})";

}  // namespace

TEST_CASE("P3, P19, P21: a container is asked for without AutoRemove and Binds, and without a healthcheck") {
  ContainerSpec spec;
  spec.name = "x1";
  spec.image = "alpine";
  spec.entrypoint = {"sh", "-c"};
  spec.labels = {{"skiff", "\"quoted\""}};
  spec.host.mounts = {Mount{MountType::bind, "/src", "/dst", true, "", false, 0, 0}};
  const std::string json = wire::write_container(spec);
  CHECK(
      json ==
      R"({"Image":"alpine","Entrypoint":["sh","-c"],"Labels":{"skiff":"\"quoted\""},"Healthcheck":{"Test":["NONE"]},)"
      R"("HostConfig":{"Mounts":[{"Type":"bind","Source":"/src","Target":"/dst","ReadOnly":true}]}})");
  CHECK_FALSE(has(json, "AutoRemove"));
  CHECK_FALSE(has(json, "Binds"));
}

TEST_CASE("P17, P20, P22: stop signal, devices, shared memory and limits go under their names") {
  ContainerSpec spec;
  spec.image = "i";
  spec.stop_signal = "SIGINT";
  spec.stop_timeout = 0;
  spec.network_disabled = true;
  DeviceRequest gpu;
  gpu.count = -1;
  gpu.capabilities = {{"gpu"}};
  DeviceRequest named;
  named.driver = "cdi";
  named.count = 3;
  named.device_ids = {"nvidia.com/gpu=0"};
  spec.host.device_requests = {gpu, named};
  spec.host.shm_size = 1 << 27;
  spec.host.memory = 7;
  spec.host.nano_cpus = 8;
  spec.host.ports = {PortBinding{80, "tcp", "127.0.0.1", 8080}, PortBinding{80, "tcp", "", 0}};
  const std::string json = wire::write_container(spec);
  CHECK(has(json, R"("StopSignal":"SIGINT","StopTimeout":0,"NetworkDisabled":true)"));
  CHECK(has(json, R"("NetworkMode":"none")"));
  CHECK(has(json,
            R"({"Count":-1,"Capabilities":[["gpu"]]},{"Driver":"cdi","DeviceIDs":["nvidia.com/gpu=0"]})"));
  CHECK(has(json, R"("Memory":7,"NanoCpus":8,"ShmSize":134217728)"));
  CHECK(has(json, R"("ExposedPorts":{"80/tcp":{}})"));
  CHECK(has(json, R"("80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"},{}])"));
}

TEST_CASE("a container is read whole") {
  const Result<ContainerInfo> c = wire::read_container(kContainer);
  REQUIRE(c);
  CHECK(c->name == "skiff-x");
  CHECK(c->image == "alpine");
  CHECK(c->state.status == ContainerStatus::exited);
  CHECK(c->state.exit_code == 137);
  CHECK(c->state.oom_killed);
  CHECK(c->state.health.empty());
  CHECK(c->state.started_at.has_value());
  CHECK_FALSE(c->state.finished_at.has_value());
  CHECK(c->tty);
  CHECK(c->labels == Labels{{"k", "v"}});
  CHECK(c->ip() == "172.17.0.2");
  CHECK(c->ports.at("80/tcp").at(0).host_port == 32768);
  CHECK(c->ports.at("80/tcp").at(0).container_port == 80);
  CHECK_FALSE(c->mounts.at(0).read_write);
  CHECK(wire::unix_time(*c->created) == "1709287200.123456789");
}

TEST_CASE("P13: out of memory is a flag beside the exit code") {
  const Result<ContainerInfo> c =
      wire::read_container(R"({"Id":"a","State":{"Status":"exited","ExitCode":0,"OOMKilled":true}})");
  REQUIRE(c);
  CHECK(c->state.exit_code == 0);
  CHECK(c->state.oom_killed);
}

TEST_CASE("P24: an Error in wait's answer means that the waiting failed") {
  CHECK(wire::read_wait(R"({"StatusCode":3})")->exit_code == 3);
  CHECK(wire::read_wait(R"({"Error":null,"StatusCode":0})")->error.empty());
  CHECK(wire::read_wait(R"({"StatusCode":0,"Error":{"Message":""}})")->error.empty());
  const Result<WaitResult> failed = wire::read_wait(R"({"StatusCode":-1,"Error":{"Message":"gone"}})");
  CHECK(failed->error == "gone");
  CHECK(wire::read_wait(R"({"Error":null})").is(ErrorKind::protocol));
}

TEST_CASE("P9: a pull's failure is found in either spelling, totals are optional") {
  const auto line = [](const char* text) { return wire::read_pull_line(text).value(); };
  CHECK(line(R"({"errorDetail":{"message":"a"},"error":"b"})").error == "a");
  CHECK(line(R"({"error":"b"})").error == "b");
  CHECK_FALSE(line(R"({"errorDetail":{}})").error.empty());
  const auto p =
      line(R"({"status":"Downloading","progressDetail":{"current":5,"total":9},"id":"c0ffee"})").progress;
  CHECK(p.layer == "c0ffee");
  CHECK(p.current == 5);
  CHECK(p.total == 9);
  const auto q =
      line(R"({"status":"Extracting","progressDetail":{"current":3,"units":"s"},"id":"x"})").progress;
  CHECK_FALSE(q.total.has_value());
  CHECK(q.units == "s");
}

TEST_CASE("an engine's error is read in Docker's form, in Podman's, and as plain text") {
  CHECK(wire::read_message(R"({"message":"no such container"})") == "no such container");
  CHECK(wire::read_message(R"({"cause":"why","message":"","response":500})") == "why");
  CHECK(wire::read_message("404 page not found\n") == "404 page not found");
  CHECK(wire::read_message("").empty());
}

TEST_CASE("P16: events carry the actor's labels and the exit code, Podman's too") {
  const Result<Event> die = wire::read_event(
      R"({"Type":"container","Action":"die","Actor":{"ID":"abc","Attributes":{"exitCode":"7","skiff":"1"}},"time":5,"timeNano":5000000001})");
  REQUIRE(die);
  CHECK(die->exit_code() == 7);
  CHECK(die->attributes.at("skiff") == "1");
  CHECK(die->time.time_since_epoch().count() == 5000000001);
  const Result<Event> podman = wire::read_event(
      R"({"Type":"container","Action":"died","Actor":{"ID":"abc","Attributes":{"containerExitCode":"9"}},"time":5})");
  CHECK(podman->action == "die");
  CHECK(podman->exit_code() == 9);
  CHECK_FALSE(wire::read_event(R"({"Type":"container","Action":"start"})")->exit_code().has_value());
}

TEST_CASE("the engine's own descriptions are read, with defaults for what older ones do not say") {
  const Result<EngineInfo> info = wire::read_info(
      R"({"NCPU":2,"MemTotal":100,"MemoryLimit":false,"CpuCfsQuota":false,"SecurityOptions":["name=rootless"],"Runtimes":{"runc":{},"nvidia":{}},"DiscoveredDevices":[{"Source":"cdi","ID":"nvidia.com/gpu=0"}]})");
  REQUIRE(info);
  CHECK(info->rootless);
  CHECK_FALSE(info->memory_limit);
  CHECK_FALSE(info->cpu_limit);
  CHECK(info->pids_limit);
  CHECK(info->runtimes.size() == 2);
  CHECK(info->cdi_devices == std::vector<std::string>{"nvidia.com/gpu=0"});
  const Result<EngineVersion> podman = wire::read_version(
      R"({"Version":"4.3.1","ApiVersion":"1.41","MinAPIVersion":"1.24","Components":[{"Name":"Podman Engine"}]})");
  CHECK(podman->podman);
  CHECK(podman->api == ApiVersion{1, 41});
}

TEST_CASE("API versions compare as numbers") {
  CHECK(wire::parse_api_version("1.9").value() < wire::parse_api_version("1.41").value());
  CHECK(wire::parse_api_version("1.41.0").value() == ApiVersion{1, 41});
  for (const char* bad : {"", "1", "x.y", "1.", ".1", "1.4x"})
    CHECK_FALSE(wire::parse_api_version(bad).has_value());
}

TEST_CASE("times are read with zones and fractions; Go's zero time is none") {
  const auto at = [](const char* text) { return wire::unix_time(wire::parse_time(text).value()); };
  CHECK(at("1970-01-01T00:00:01Z") == "1.000000000");
  CHECK(at("2024-02-29T23:59:59.5+02:00") == "1709243999.500000000");
  CHECK(at("1970-01-01T00:00:00.123456789123Z") == "0.123456789");
  for (const char* bad : {"", "0001-01-01T00:00:00Z", "2024-02-30T00:00:00Z", "2024-01-01",
                          "2024-01-01T00:00:00", "2024-01-01T00:00:00+2", "yesterday at ten o'clock"})
    CHECK_FALSE(wire::parse_time(bad).has_value());
}

TEST_CASE("import's changes survive the Dockerfile parser's quoting") {
  ImportSpec spec;
  spec.cmd = {"/pause", "a \"b\""};
  spec.env = {"A=b $c"};
  spec.labels = {{"io.skiff", "x"}};
  const std::vector<std::string> changes = wire::import_changes(spec);
  REQUIRE(changes.size() == 3);
  CHECK(changes[0] == R"(CMD ["/pause","a \"b\""])");
  CHECK(changes[1] == R"(ENV A="b \$c")");
  CHECK(changes[2] == R"(LABEL io.skiff=x)");
}

TEST_CASE("filters leave out what is empty") {
  CHECK(wire::write_filters({{"label", {"a=b", "c"}}, {"name", {}}}) == R"({"label":["a=b","c"]})");
  CHECK(wire::write_filters({}) == "{}");
}

namespace {

using Read = std::function<bool(std::string_view)>;

const std::vector<std::pair<std::string, Read>>& readers() {
  static const std::vector<std::pair<std::string, Read>> kReaders = {
      {"container", [](auto t) { return wire::read_container(t).ok(); }},
      {"containers", [](auto t) { return wire::read_containers(t).ok(); }},
      {"created", [](auto t) { return wire::read_created(t).ok(); }},
      {"wait", [](auto t) { return wire::read_wait(t).ok(); }},
      {"exec", [](auto t) { return wire::read_exec(t).ok(); }},
      {"stat", [](auto t) { return wire::read_path_stat(t).ok(); }},
      {"image", [](auto t) { return wire::read_image(t).ok(); }},
      {"images", [](auto t) { return wire::read_images(t).ok(); }},
      {"volume", [](auto t) { return wire::read_volume(t).ok(); }},
      {"volumes", [](auto t) { return wire::read_volumes(t).ok(); }},
      {"network", [](auto t) { return wire::read_network(t).ok(); }},
      {"networks", [](auto t) { return wire::read_networks(t).ok(); }},
      {"version", [](auto t) { return wire::read_version(t).ok(); }},
      {"info", [](auto t) { return wire::read_info(t).ok(); }},
      {"event", [](auto t) { return wire::read_event(t).ok(); }},
      {"pull", [](auto t) { return wire::read_pull_line(t).ok(); }},
  };
  return kReaders;
}

}  // namespace

TEST_CASE("a reply truncated at any byte is an Error, never a value and never a crash") {
  for (std::size_t cut = 0; cut < kContainer.size(); ++cut)
    for (const auto& [name, read] : readers()) {
      INFO(name << " truncated at " << cut);
      CHECK_FALSE(read(std::string_view(kContainer).substr(0, cut)));
    }
}

TEST_CASE("a reply of the wrong shape does no harm") {
  const std::string deep(100000, '[');
  for (const std::string& text :
       {std::string("null"), std::string("7"), std::string("[]"), std::string("[1,null,[],\"x\"]"),
        std::string("{}"), std::string(R"({"Id":7,"State":[],"Config":"x","Mounts":{"a":1},"Volumes":7})"),
        std::string(
            R"({"Id":"x","State":{"ExitCode":1e99},"NetworkSettings":{"Networks":[],"Ports":{"x":[7]}}})"),
        std::string("\xff\xfe"), deep})
    for (const auto& [name, read] : readers()) {
      INFO(name);
      CHECK_NOTHROW(static_cast<void>(read(text)));
    }
}

}  // namespace skiff::docker
