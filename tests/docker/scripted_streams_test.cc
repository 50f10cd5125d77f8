// The client against a scripted server: streams, pulls and archives as no real engine would send them on
// demand.
#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <future>

#include "docker/base64.h"
#include "tests/docker/run.h"
#include "tests/docker/scripted.h"

namespace skiff::docker::test {
namespace {

std::string frame(unsigned char type, std::string_view payload) {
  const auto n = static_cast<std::uint32_t>(payload.size());
  std::string out = {static_cast<char>(type), 0, 0, 0};
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>(n >> shift & 255U);
  return out + std::string(payload);
}

const std::string kUpgraded =
    "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: "
    "Upgrade\r\nUpgrade: tcp\r\n\r\n";

std::string container(bool tty) {
  return R"({"Id":"abc","Name":"/x1","Config":{"Tty":)" + std::string(tty ? "true" : "false") + "}}";
}

struct Read {
  std::string out, err, system;
  Result<void> end;
};

Read read_all(Runner& run, OutputStream& stream) {
  Read all;
  const std::function<void(const OutputChunk&)> sink = [&](const OutputChunk& chunk) {
    (chunk.stream == StreamKind::system ? all.system
     : chunk.stream == StreamKind::err  ? all.err
                                        : all.out) += chunk.bytes;
  };
  all.end = run(drain(stream, sink));
  return all;
}

}  // namespace

TEST_CASE(
    "P4, P6: an attached stream, upgraded or not, split at every byte, with the engine's own last words") {
  const std::string frames =
      frame(1, "one") + frame(2, "two") + frame(1, "") + frame(3, "the daemon is shutting down");
  for (const std::string& head : {kUpgraded, stream_head("application/vnd.docker.multiplexed-stream")}) {
    const std::string whole = head + frames;
    ScriptedServer server;
    std::atomic<std::size_t> cut = 0;
    server.on("GET /containers/x1/json", [](const Peer& peer) { peer.reply(200, container(false)); });
    server.on("POST /containers/x1/attach", [&](const Peer& peer) {
      peer.send(whole.substr(0, cut));
      peer.send(whole.substr(cut));
    });
    Runner run;
    const auto engine = server.client();
    for (cut = 0; cut <= whole.size(); ++cut) {
      INFO("cut at " << cut);
      const auto stream = run(engine->attach("x1"));
      REQUIRE(stream);
      const Read all = read_all(run, *stream.value());
      CHECK(all.end.ok());
      CHECK(all.out == "one");
      CHECK(all.err == "two");
      CHECK(all.system == "the daemon is shutting down");
    }
  }
}

TEST_CASE("P6, P7: a stream that breaks inside a frame is not taken for complete") {
  const std::string frames = frame(1, "one") + frame(2, "two");
  ScriptedServer server;
  std::atomic<std::size_t> cut = 0;
  server.on("GET /containers/x1/json", [](const Peer& peer) { peer.reply(200, container(false)); });
  server.on("POST /containers/x1/attach",
            [&](const Peer& peer) { peer.send(kUpgraded + frames.substr(0, cut)); });
  Runner run;
  const auto engine = server.client();
  for (cut = 0; cut <= frames.size(); ++cut) {
    INFO("cut at " << cut);
    const auto stream = run(engine->attach("x1"));
    REQUIRE(stream);
    const Read all = read_all(run, *stream.value());
    const bool between = cut == 0 || cut == 11 || cut == frames.size();
    CHECK(all.end.ok() == between);
    if (!between) CHECK(all.end.is(ErrorKind::unreachable));
  }
}

TEST_CASE("P6: a tty's bytes are never taken for frames") {
  ScriptedServer server;
  server.on("GET /containers/x1/json", [](const Peer& peer) { peer.reply(200, container(true)); });
  server.on("POST /containers/x1/attach",
            [](const Peer& peer) { peer.send(kUpgraded + frame(2, "not a frame")); });
  Runner run;
  const auto stream = run(server.client()->attach("x1"));
  REQUIRE(stream);
  CHECK(read_all(run, *stream.value()).out == frame(2, "not a frame"));
}

TEST_CASE(
    "P8, P16: events in json-seq, several in a piece, one over several; the end is told apart from a break") {
  const std::string first =
      "\x1e{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"a\",\"Attributes\":{\"exitCode\":"
      "\"3\"}}}\n";
  const std::string second = "\x1e{\"Type\":\"container\",\"Action\":\"destroy\",\"Actor\":{\"ID\":\"b\"}}\n";
  const std::string body = first + second;
  ScriptedServer server;
  std::atomic<std::size_t> cut = 0;
  server.on("GET /events", [&](const Peer& peer) {
    peer.send(stream_head("application/json-seq") + body.substr(0, cut));
    peer.send(body.substr(cut));
  });
  Runner run;
  const auto engine = server.client();
  const EventFilter filter;
  for (cut = 0; cut <= body.size(); ++cut) {
    INFO("cut at " << cut);
    const auto events = run(engine->events(filter));
    REQUIRE(events);
    CHECK(run(events.value()->next()).value()->exit_code() == 3);
    CHECK(run(events.value()->next()).value()->id == "b");
    CHECK_FALSE(run(events.value()->next()).value().has_value());
  }
  server.on("GET /events", [&](const Peer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"Typ");
  });
  const auto broken = run(engine->events(filter));
  REQUIRE(broken);
  CHECK(run(broken.value()->next()).is(ErrorKind::unreachable));
}

TEST_CASE("P9: a pull fails by what it says inside a 200, however it is cut") {
  const std::string body =
      "{\"status\":\"Pulling from library/x\",\"id\":\"1\"}\r\n"
      "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":1,\"total\":2},\"id\":\"l\"}\r\n"
      "{\"errorDetail\":{\"message\":\"manifest for x:1 not found: manifest unknown\"},\"error\":\"old "
      "text\"}\r\n";
  ScriptedServer server;
  std::atomic<std::size_t> cut = 0;
  server.on("POST /images/create", [&](const Peer& peer) {
    peer.send(stream_head() + body.substr(0, cut));
    peer.send(body.substr(cut));
  });
  Runner run;
  const auto engine = server.client();
  const PullOptions options;
  for (cut = 0; cut <= body.size(); cut += 7) {
    std::vector<PullProgress> seen;
    const PullObserver observer = [&](const PullProgress& p) { seen.push_back(p); };
    const Result<void> end = run(engine->pull("x:1", options, observer));
    REQUIRE(end.is(ErrorKind::not_found));
    CHECK(end.error().message == "manifest for x:1 not found: manifest unknown");
    REQUIRE(seen.size() == 2);
    CHECK(seen[1].total == 2);
  }
  CHECK(server.heard().at(0) == "POST /v1.41/images/create?fromImage=x&tag=1");
}

TEST_CASE("P9: a pull that breaks off is no success; one without a tag asks for latest") {
  ScriptedServer server;
  server.on("POST /images/create",
            [&](const Peer& peer) { peer.send(stream_head() + "{\"status\":\"Downloa"); });
  Runner run;
  const auto engine = server.client();
  const PullOptions options;
  CHECK_FALSE(run(engine->pull("ghcr.io/a/b", options, PullObserver())).ok());
  CHECK(server.heard().at(0) == "POST /v1.41/images/create?fromImage=ghcr.io%2Fa%2Fb&tag=latest");
}

namespace {

/// A pull that goes on until it is told to end.
struct SlowPull {
  SlowPull() {
    server.on("POST /images/create", [this](const Peer& peer) {
      peer.send(stream_head() + "{\"status\":\"Downloading\",\"id\":\"l\"}\r\n");
      if (hold) {
        peer.await_close();
        hung_up.set_value();
      } else {
        go.wait();
        peer.send("{\"status\":\"Download complete\",\"id\":\"l\"}\r\n");
      }
    });
  }
  std::promise<void> finish;
  std::shared_future<void> go = finish.get_future().share();
  std::promise<void> hung_up;
  std::atomic<bool> hold = false;
  ScriptedServer server;
};

}  // namespace

TEST_CASE(
    "P9: pulls of one image are one pull; everybody hears of it; a caller may leave without ending it") {
  SlowPull pull;
  Runner run;
  const auto engine = pull.server.client();
  const PullOptions options;
  int reports = 0;
  int ended = 0;
  int left = 0;
  const PullObserver observer = [&](const PullProgress&) { ++reports; };
  const auto done = [&](std::exception_ptr, const Result<void>& r) { ended += r.ok() ? 1 : 0; };
  boost::asio::cancellation_signal leave;
  // The one that leaves comes first: the pull is not its own.
  run.beside(engine->pull("x:1", options, observer),
             boost::asio::bind_cancellation_slot(leave.slot(),
                                                 [&](std::exception_ptr, const Result<void>&) { ++left; }));
  run.beside(engine->pull("x:1", options, observer), done);
  run.beside(engine->pull("x:1", options, observer), done);
  CHECK(run.pump(std::chrono::seconds(10), [&] { return reports == 3; }));
  leave.emit(boost::asio::cancellation_type::terminal);
  CHECK(run.pump(std::chrono::seconds(10), [&] { return left == 1; }));
  CHECK(ended == 0);
  pull.finish.set_value();
  CHECK(run.pump(std::chrono::seconds(10), [&] { return ended == 2; }));
  CHECK(reports == 5);
  CHECK(pull.server.heard().size() == 1);
  CHECK(run(engine->pull("x:1", options, PullObserver())).ok());
  CHECK(pull.server.heard().size() == 2);
}

TEST_CASE("P9: a pull that nobody waits for any more is given up") {
  SlowPull pull;
  pull.hold = true;
  Runner run;
  const auto engine = pull.server.client();
  const PullOptions options;
  int reports = 0;
  bool left = false;
  boost::asio::cancellation_signal leave;
  run.beside(engine->pull("x:1", options, [&](const PullProgress&) { ++reports; }),
             boost::asio::bind_cancellation_slot(
                 leave.slot(), [&](std::exception_ptr, const Result<void>&) { left = true; }));
  CHECK(run.pump(std::chrono::seconds(10), [&] { return reports == 1; }));
  leave.emit(boost::asio::cancellation_type::terminal);
  auto hung_up = pull.hung_up.get_future();
  CHECK(run.pump(std::chrono::seconds(10), [&] {
    return left && hung_up.wait_for(std::chrono::milliseconds(1)) == std::future_status::ready;
  }));
}

TEST_CASE(
    "P10: credentials go in base64url; stale ones are left away the second time; a secret's are taken as "
    "given") {
  ScriptedServer server;
  server.on("POST /images/create", [](const Peer& peer) {
    if (peer.request.header("X-Registry-Auth").empty())
      peer.send(stream_head() + "{\"status\":\"done\"}");
    else
      peer.reply(500, R"({"message":"Get https://ghcr.io/v2/: unauthorized: authentication required"})");
  });
  const Scratch dir;
  dir.write("config.json", R"({"auths":{"ghcr.io":{"auth":"dTpwPz8/"}}})");
  ClientOptions with_config;
  with_config.docker_config_dir = dir.path();
  Runner run;
  const auto engine = make_client(server.endpoint(), with_config);
  const PullOptions plain;
  CHECK(run(engine->pull("ghcr.io/a:1", plain, PullObserver())).ok());
  CHECK(server.heard().size() == 2);
  CHECK(run(engine->pull("quay.io/a:1", plain, PullObserver())).ok());
  CHECK(server.heard().size() == 3);
  std::string sent;
  server.on("POST /images/create", [&](const Peer& peer) {
    sent = peer.request.header("X-Registry-Auth");
    peer.reply(500, R"({"message":"unauthorized"})");
  });
  PullOptions secret;
  secret.auth_json = "{\"username\":\"\xfb\xff\"}";
  CHECK(run(engine->pull("ghcr.io/a:1", secret, PullObserver())).is(ErrorKind::unauthorized));
  CHECK(server.heard().size() == 4);
  CHECK(sent.find_first_of("+/") == std::string::npos);
  CHECK(sent.size() % 4 == 0);
  CHECK(base64_decode(sent) == secret.auth_json);
}

TEST_CASE("P11, P12: an upload arrives byte for byte, with its length or in chunks") {
  ScriptedServer server;
  std::string got;
  std::string length;
  server.on("PUT /containers/x1/archive", [&](const Peer& peer) {
    got = peer.request.body;
    length = peer.request.header("Content-Length");
    peer.reply(200, "");
  });
  std::string payload;
  for (int i = 0; payload.size() < (2U << 20U); ++i) payload += std::to_string(i);
  Runner run;
  const auto engine = server.client();
  StringSource sized(payload);
  CHECK(run(engine->put_archive("x1", "/a b", sized)).ok());
  CHECK(got == payload);
  CHECK(length == std::to_string(payload.size()));
  CHECK(server.heard().at(0) == "PUT /v1.41/containers/x1/archive?path=%2Fa%20b");
  struct Unsized : StringSource {
    using StringSource::StringSource;
    [[nodiscard]] std::optional<std::uint64_t> size() const override { return std::nullopt; }
  } chunked(payload);
  CHECK(run(engine->put_archive("x1", "/", chunked)).ok());
  CHECK(got == payload);
  CHECK(length.empty());
  struct Shrunk : StringSource {
    using StringSource::StringSource;
    [[nodiscard]] std::optional<std::uint64_t> size() const override { return 1U << 30U; }
  } shrunk(payload);
  CHECK(run(engine->put_archive("x1", "/", shrunk)).is(ErrorKind::local));
}

TEST_CASE("P12: an engine that refuses an upload without reading it is heard nevertheless") {
  ScriptedServer server;
  server.answer_early();
  server.on("PUT /containers/x1/archive",
            [](const Peer& peer) { peer.reply(404, R"({"message":"Could not find the file /nowhere"})"); });
  Runner run;
  StringSource large(std::string(8U << 20U, 'x'));
  const Result<void> put = run(server.client()->put_archive("x1", "/nowhere", large));
  REQUIRE(put.is(ErrorKind::not_found));
  CHECK(put.error().message == "Could not find the file /nowhere");
}

TEST_CASE("P12: a download cut short is an Error, a whole one has its stat") {
  const std::string stat =
      "{\"name\":\"f\",\"size\":5,\"mode\":420,\"mtime\":\"2024-01-01T00:00:00Z\",\"linkTarget\":\"\"}";
  const std::string whole = "HTTP/1.1 200 OK\r\nX-Docker-Container-Path-Stat: " + base64url(stat) +
                            "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  ScriptedServer server;
  std::atomic<std::size_t> cut = 0;
  server.on("GET /containers/x1/archive", [&](const Peer& peer) { peer.send(whole.substr(0, cut)); });
  Runner run;
  const auto engine = server.client();
  for (cut = 0; cut < whole.size(); ++cut) {
    INFO("cut at " << cut);
    StringSink sink(100);
    CHECK_FALSE(run(engine->get_archive("x1", "/f", sink)).ok());
  }
  cut = whole.size();
  StringSink sink(100);
  const Result<PathStat> got = run(engine->get_archive("x1", "/f", sink));
  REQUIRE(got);
  CHECK(got->size == 5);
  CHECK(got->permissions() == 0644);
  CHECK(sink.bytes() == "hello");
}

}  // namespace skiff::docker::test
