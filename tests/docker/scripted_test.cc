// The client against a scripted server: what a real engine cannot be made to say, said over a real socket.
#include "tests/docker/scripted.h"

#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <condition_variable>
#include <future>

#include "docker/base64.h"
#include "tests/docker/run.h"

namespace skiff::docker::test {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string ping(const std::string& version) {
  return "HTTP/1.1 200 OK\r\nApi-Version: " + version + "\r\nContent-Length: 2\r\n\r\nOK";
}

const char* const kInfo =
    R"({"Id":"abc","Name":"/x1","State":{"Status":"running"},"Config":{"Labels":{"k":"v"}}})";

ContainerSpec spec_x1() {
  ContainerSpec spec;
  spec.name = "x1";
  spec.image = "alpine:1";
  spec.labels = {{"k", "v"}};
  return spec;
}

}  // namespace

TEST_CASE("P1: an engine newer than this client is spoken to in this client's newest version") {
  ScriptedServer server;
  server.on("GET /_ping", [](const Peer& peer) { peer.send(ping("1.99")); });
  server.on("GET /containers/x1/json", [](const Peer& peer) { peer.reply(200, kInfo); });
  Runner run;
  const auto engine = server.client();
  CHECK(run(engine->inspect("x1")).ok());
  CHECK(server.heard() == std::vector<std::string>{"GET /v" + kNewestApi.text() + "/containers/x1/json"});
}

TEST_CASE("P1: an engine too old, and something that is no engine, are told apart") {
  Runner run;
  ScriptedServer old;
  old.on("GET /_ping", [](const Peer& peer) { peer.send(ping("1.39")); });
  const Result<void> too_old = run(old.client()->ping());
  REQUIRE(too_old.is(ErrorKind::version));
  CHECK(has(too_old.error().text(), "1.39"));
  CHECK(has(too_old.error().text(), "update"));
  ScriptedServer web;
  web.on("GET /_ping", [](const Peer& peer) { peer.reply(200, "<html>"); });
  CHECK(run(web.client()->ping()).is(ErrorKind::protocol));
  ScriptedServer telnet;
  telnet.on("GET /_ping", [](const Peer& peer) { peer.send("login: "); });
  const Result<void> nonsense = run(telnet.client()->ping());
  CHECK((nonsense.is(ErrorKind::protocol) || nonsense.is(ErrorKind::unreachable)));
}

TEST_CASE("P1: an engine exchanged for an older one is agreed with anew, once") {
  ScriptedServer server;
  std::atomic<int> pings = 0;
  server.on("GET /_ping", [&](const Peer& peer) { peer.send(ping(pings++ == 0 ? "1.44" : "1.41")); });
  server.on("GET /containers/x1/json", [](const Peer& peer) {
    if (has(peer.request.target, "/v1.44/"))
      peer.reply(400,
                 R"({"message":"client version 1.44 is too new. Maximum supported API version is 1.41"})");
    else
      peer.reply(200, kInfo);
  });
  Runner run;
  const auto engine = server.client();
  CHECK(run(engine->inspect("x1")).ok());
  CHECK(run(engine->inspect("x1")).ok());
  CHECK(server.heard().size() == 3);
  CHECK(pings == 2);
}

TEST_CASE("P1: an engine that refuses what it just offered is a version error, not a loop") {
  ScriptedServer server;
  server.on("GET /containers/x1/json", [](const Peer& peer) {
    peer.reply(400, R"({"message":"client version 1.41 is too old. Minimum supported API version is 1.44"})");
  });
  Runner run;
  const Result<ContainerInfo> info = run(server.client()->inspect("x1"));
  CHECK(info.is(ErrorKind::version));
  CHECK(server.heard().size() == 1);
}

TEST_CASE("P2: a wait is armed by its headers alone, and its result may come in any pieces") {
  ScriptedServer server;
  std::promise<void> started;
  std::shared_future<void> go = started.get_future().share();
  server.on("POST /containers/x1/wait", [go](const Peer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    go.wait();
    peer.send_bytewise("10\r\n{\"StatusCode\": 7\r\n2\r\n}\n\r\n0\r\n\r\n");
  });
  Runner run;
  const auto engine = server.client();
  const auto wait = run(engine->arm_wait("x1", WaitCondition::next_exit));
  REQUIRE(wait);
  CHECK(has(server.heard().at(0), "condition=next-exit"));
  started.set_value();
  CHECK(run(wait.value()->result())->exit_code == 7);
}

TEST_CASE("P2, P15: a wait cut off anywhere is an Error, never an exit code") {
  const std::string whole =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12\r\n{\"StatusCode\": 0}\n\r\n0\r\n\r\n";
  ScriptedServer server;
  std::atomic<std::size_t> cut = 0;
  server.on("POST /containers/x1/wait", [&](const Peer& peer) { peer.send(whole.substr(0, cut)); });
  Runner run;
  const auto engine = server.client();
  for (cut = 0; cut < whole.size(); ++cut) {
    INFO("cut at " << cut);
    const auto wait = run(engine->arm_wait("x1", WaitCondition::next_exit));
    if (!wait) CHECK(wait.is(ErrorKind::unreachable));
    if (wait) CHECK(run(wait.value()->result()).is(ErrorKind::unreachable));
  }
  cut = whole.size();
  const auto wait = run(engine->arm_wait("x1", WaitCondition::next_exit));
  REQUIRE(wait);
  CHECK(run(wait.value()->result())->exit_code == 0);
}

TEST_CASE("P24: wait's Error object reaches the caller beside the meaningless status") {
  ScriptedServer server;
  server.on("POST /containers/x1/wait", [](const Peer& peer) {
    peer.reply(200, R"({"StatusCode":-1,"Error":{"Message":"the container vanished"}})");
  });
  Runner run;
  const auto wait = run(server.client()->arm_wait("x1", WaitCondition::not_running));
  REQUIRE(wait);
  CHECK(run(wait.value()->result())->error == "the container vanished");
}

TEST_CASE("P13, P14: a passing network error of the engine is tried once more, others are not") {
  ScriptedServer server;
  std::atomic<int> tries = 0;
  const char* const bridge =
      R"({"message":"failed to create endpoint x on network bridge: could not find bridge docker0: route ip+net: no such network interface"})";
  server.on("POST /containers/once/start", [&](const Peer& peer) {
    if (tries++ == 0)
      peer.reply(500, bridge);
    else
      peer.reply(204, "");
  });
  server.on("POST /containers/always/start", [&](const Peer& peer) { ++tries, peer.reply(500, bridge); });
  server.on("POST /containers/other/start",
            [&](const Peer& peer) { ++tries, peer.reply(500, R"({"message":"no"})"); });
  server.on("POST /containers/port/start", [&](const Peer& peer) {
    ++tries;
    peer.reply(
        500,
        R"({"message":"failed to create endpoint: Bind for 0.0.0.0:80 failed: port is already allocated"})");
  });
  Runner run;
  const auto engine = server.client();
  CHECK(run(engine->start("once")).value() == Effect::done);
  CHECK(tries.exchange(0) == 2);
  CHECK(run(engine->start("always")).is(ErrorKind::server));
  CHECK(tries.exchange(0) == 2);
  CHECK(run(engine->start("other")).is(ErrorKind::server));
  CHECK(tries.exchange(0) == 1);
  CHECK(run(engine->start("port")).is(ErrorKind::server));
  CHECK(tries == 1);
}

TEST_CASE("P14: a create whose answer was lost is settled by the name") {
  ScriptedServer server;
  std::atomic<int> creates = 0;
  std::atomic<int> answer_from = 100;
  server.on("POST /containers/create", [&](const Peer& peer) {
    if (creates++ >= answer_from) peer.reply(201, R"({"Id":"second","Warnings":[]})");
  });
  Runner run;
  const auto engine = server.client();
  const ContainerSpec spec = spec_x1();
  SUBCASE("it was made: that one is ours") {
    server.on("GET /containers/x1/json", [](const Peer& peer) { peer.reply(200, kInfo); });
    CHECK(run(engine->create(spec))->id == "abc");
    CHECK(creates == 1);
  }
  SUBCASE("it was not: asked again") {
    answer_from = 1;
    CHECK(run(engine->create(spec))->id == "second");
    CHECK(creates == 2);
  }
  SUBCASE("the name is somebody else's") {
    server.on("GET /containers/x1/json",
              [](const Peer& peer) { peer.reply(200, R"({"Id":"alien","Name":"/x1"})"); });
    CHECK(run(engine->create(spec)).is(ErrorKind::conflict));
    CHECK(creates == 1);
  }
  SUBCASE("without a name nothing can be known") {
    ContainerSpec nameless = spec;
    nameless.name.clear();
    CHECK(run(engine->create(nameless)).is(ErrorKind::unreachable));
    CHECK(creates == 1);
  }
}

TEST_CASE("P14: removal under way, gone, stopped: no failures") {
  ScriptedServer server;
  server.on("DELETE /containers/busy", [](const Peer& peer) {
    peer.reply(409, R"({"message":"removal of container busy is already in progress"})");
  });
  server.on("DELETE /containers/running", [](const Peer& peer) {
    peer.reply(409, R"({"message":"You cannot remove a running container"})");
  });
  server.on("POST /containers/x1/kill",
            [](const Peer& peer) { peer.reply(409, R"({"message":"is not running"})"); });
  server.on("POST /containers/x1/stop",
            [](const Peer& peer) { peer.send("HTTP/1.1 304 Not Modified\r\n\r\n"); });
  Runner run;
  const auto engine = server.client();
  const RemoveOptions plain;
  CHECK(run(engine->remove("busy", plain)).value() == Effect::already);
  CHECK(run(engine->remove("gone", plain)).value() == Effect::already);
  CHECK(run(engine->remove("running", plain)).is(ErrorKind::conflict));
  CHECK(run(engine->kill("x1", "KILL")).value() == Effect::already);
  CHECK(run(engine->kill("gone", "KILL")).is(ErrorKind::not_found));
  CHECK(run(engine->stop("x1", std::chrono::seconds(3), "SIGINT")).value() == Effect::already);
  // `signal` is understood from 1.42 on only, and this engine speaks 1.41.
  CHECK(server.heard().back() == "POST /v1.41/containers/x1/stop?t=3");
}

TEST_CASE("P15: a short call has a limit, a wait has none") {
  ScriptedServer server;
  server.on("GET /containers/x1/json", [](const Peer& peer) { peer.await_close(); });
  std::promise<void> late;
  std::shared_future<void> go = late.get_future().share();
  server.on("POST /containers/x1/wait", [go](const Peer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n");
    go.wait();
    peer.send("{\"StatusCode\":5}");
  });
  ClientOptions impatient;
  impatient.call_timeout = impatient.slow_timeout = std::chrono::milliseconds(150);
  Runner run;
  const auto engine = make_client(server.endpoint(), impatient);
  const auto wait = run(engine->arm_wait("x1", WaitCondition::next_exit));
  REQUIRE(wait);
  std::optional<int> code;
  run.beside(wait.value()->result(),
             [&](std::exception_ptr, const Result<WaitResult>& r) { code = r->exit_code; });
  CHECK(run(engine->inspect("x1")).is(ErrorKind::timeout));
  CHECK(run(engine->inspect("x1")).is(ErrorKind::timeout));
  CHECK_FALSE(code.has_value());
  late.set_value();
  CHECK(run.pump(std::chrono::seconds(10), [&] { return code.has_value(); }));
  CHECK(code == 5);
}

TEST_CASE("P15: every call has a connection of its own, so none waits behind another and none is stale") {
  ScriptedServer server(false, 1);
  server.on("GET /containers/x1/json", [](const Peer& peer) { peer.reply(200, kInfo); });
  server.on("POST /containers/x1/wait", [](const Peer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    peer.await_close();
  });
  Runner run;
  const auto engine = server.client();
  REQUIRE(run(engine->ping()).ok());
  std::vector<std::unique_ptr<PendingWait>> waits;
  for (int i = 0; i < 20; ++i)
    waits.push_back(std::move(run(engine->arm_wait("x1", WaitCondition::next_exit)).value()));
  int good = 0;
  for (int i = 0; i < 30; ++i)
    run.beside(engine->inspect("x1"),
               [&](std::exception_ptr, const Result<ContainerInfo>& r) { good += r.ok() ? 1 : 0; });
  CHECK(run.pump(std::chrono::seconds(20), [&] { return good == 30; }));
  CHECK(server.connections() == 51);
}

TEST_CASE("P15: nobody there, and a peer that hangs up, are unreachable and say where") {
  Runner run;
  Endpoint nowhere;
  nowhere.path = "/tmp/skiff-no-such-socket";
  const Result<void> none = run(make_client(nowhere, ClientOptions())->ping());
  REQUIRE(none.is(ErrorKind::unreachable));
  CHECK(has(none.error().text(), "/tmp/skiff-no-such-socket"));
  ScriptedServer server;
  server.on("GET /containers/x1/json", [](const Peer& peer) { peer.send("HTTP/1.1 200 OK\r\nContent-Le"); });
  CHECK(run(server.client()->inspect("x1")).is(ErrorKind::unreachable));
}

TEST_CASE("cancelling a call closes its connection") {
  ScriptedServer server;
  std::promise<void> arrived;
  std::promise<void> closed;
  server.on("GET /containers/x1/json", [&](const Peer& peer) {
    arrived.set_value();
    peer.await_close();
    closed.set_value();
  });
  Runner run;
  const auto engine = server.client();
  REQUIRE(run(engine->ping()).ok());
  boost::asio::cancellation_signal signal;
  bool over = false;
  bool cancelled = false;
  run.beside(engine->inspect("x1"),
             boost::asio::bind_cancellation_slot(signal.slot(),
                                                 [&](std::exception_ptr e, const Result<ContainerInfo>& r) {
                                                   over = true;
                                                   cancelled = e != nullptr || r.is(ErrorKind::cancelled);
                                                 }));
  auto there = arrived.get_future();
  run.pump(std::chrono::seconds(10),
           [&] { return there.wait_for(std::chrono::seconds(0)) == std::future_status::ready || over; });
  signal.emit(boost::asio::cancellation_type::terminal);
  CHECK(run.pump(std::chrono::seconds(10), [&] { return over; }));
  CHECK(cancelled);
  CHECK(closed.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
}

TEST_CASE("P23: an engine on TCP") {
  ScriptedServer server(true);
  server.on("GET /containers/x1/json", [](const Peer& peer) { peer.reply(200, kInfo); });
  Runner run;
  const auto engine = server.client();
  CHECK(run(engine->inspect("x1")).ok());
  CHECK_FALSE(engine->local());
  CHECK(engine->where() == "tcp://127.0.0.1:" + server.endpoint().port);
}

TEST_CASE("P23: an engine behind ssh is reached by `docker system dial-stdio`") {
  ScriptedServer server;
  server.on("GET /containers/x1/json", [](const Peer& peer) { peer.reply(200, kInfo); });
  const Scratch dir;
  const std::string arguments = (dir.path() / "arguments").string();
  dir.program("ssh",
              "echo \"$@\" > " + arguments +
                  "\nexec python3 -c '\nimport os, socket, sys, threading\n"
                  "s = socket.socket(socket.AF_UNIX)\ns.connect(\"" +
                  server.endpoint().path +
                  "\")\n"
                  "def up():\n while True:\n  b = os.read(0, 65536)\n  if not b: break\n  s.sendall(b)\n"
                  "threading.Thread(target=up, daemon=True).start()\n"
                  "while True:\n b = s.recv(65536)\n if not b: break\n os.write(1, b)\n'");
  const std::string path = dir.path().string() + ":" + std::getenv("PATH");
  ::setenv("PATH", path.c_str(), 1);
  Runner run;
  const auto engine = make_client(parse_endpoint("ssh://me@far:2222").value(), ClientOptions());
  const Result<ContainerInfo> info = run(engine->inspect("x1"));
  REQUIRE_MESSAGE(info.ok(), info.error().text());
  CHECK(info->id == "abc");
  FileSource told(arguments);
  std::string text(*told.size(), '\0');
  CHECK(told.read(text) == text.size());
  CHECK(text == "-p 2222 -o ConnectTimeout=30 -- me@far docker system dial-stdio\n");
}

}  // namespace skiff::docker::test
