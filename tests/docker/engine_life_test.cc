// A real engine: the life of a container. One test per point of what an engine does to a careless client.
#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "tests/docker/engine_fixture.h"

namespace skiff::docker::test {

TEST_CASE_FIXTURE(EngineFixture, "P1: a version is agreed on that both sides speak") {
  REQUIRE(run(engine->ping()).ok());
  const Result<EngineVersion> version = run(engine->version());
  REQUIRE(version);
  CHECK(version->used >= kOldestApi);
  CHECK(version->used <= kNewestApi);
  CHECK(version->used <= version->api);
  CHECK(version->used >= version->min_api);
  CHECK_FALSE(version->version.empty());
  const Result<EngineInfo> info = run(engine->info());
  REQUIRE(info);
  CHECK(info->cpus > 0);
  CHECK(info->memory > 0);
}

TEST_CASE_FIXTURE(EngineFixture, "P2: a wait armed before start sees a container that ends at once") {
  for (int i = 0; i < 5; ++i) {
    const Life life = live(shell("exit " + std::to_string(i)));
    CHECK(life.end.exit_code == i);
    CHECK(life.end.error.empty());
  }
}

TEST_CASE_FIXTURE(EngineFixture, "P2: a wait for one that has already ended answers at once") {
  const Life life = live(shell("exit 4"));
  const auto wait = run(engine->arm_wait(life.id, WaitCondition::not_running));
  REQUIRE(wait);
  CHECK(ended(*wait.value()).exit_code == 4);
  const auto nobody = run(engine->arm_wait("skiff-no-such-container", WaitCondition::next_exit));
  CHECK(nobody.is(ErrorKind::not_found));
}

TEST_CASE_FIXTURE(EngineFixture, "P2: a start that fails leaves an armed wait that can be dropped") {
  ContainerSpec spec = shell("");
  spec.entrypoint = {"/no/such/program"};
  const std::string id = made(spec);
  auto wait = run(engine->arm_wait(id, WaitCondition::next_exit));
  REQUIRE(wait);
  boost::asio::cancellation_signal give_up;
  bool over = false;
  run.beside(wait.value()->result(),
             boost::asio::bind_cancellation_slot(give_up.slot(),
                                                 [&](std::exception_ptr e, const Result<WaitResult>& r) {
                                                   over = true;
                                                   CHECK((e || r.is(ErrorKind::cancelled)));
                                                 }));
  CHECK_FALSE(run(engine->start(id)).ok());
  CHECK_FALSE(run.pump(std::chrono::milliseconds(300), [&] { return over; }));
  give_up.emit(boost::asio::cancellation_type::terminal);
  CHECK(run.pump(std::chrono::seconds(10), [&] { return over; }));
}

TEST_CASE_FIXTURE(EngineFixture, "P3: after its end a container can still be asked, until it is removed") {
  const Life life = live(shell("echo kept; exit 3"));
  const Result<ContainerInfo> info = run(engine->inspect(life.id));
  REQUIRE(info);
  CHECK(info->state.status == ContainerStatus::exited);
  CHECK(info->state.exit_code == 3);
  CHECK(info->state.finished_at.has_value());
  CHECK(info->labels.count("skiff.test") == 1);
  CHECK(run(engine->remove(life.id, RemoveOptions())).value() == Effect::done);
  CHECK(run(engine->inspect(life.id)).is(ErrorKind::not_found));
}

TEST_CASE_FIXTURE(EngineFixture,
                  "P4: attached before start nothing is missed: long lines, no last newline, both streams") {
  const Life life = live(shell("head -c 50000 /dev/zero | tr '\\0' x; printf end; printf problem >&2"));
  CHECK(life.output.out == std::string(50000, 'x') + "end");
  CHECK(life.output.err == "problem");
}

TEST_CASE_FIXTURE(EngineFixture, "P4: logs give it again, from a time, with times, the last lines") {
  const Life life = live(shell("for i in 1 2 3; do echo line $i; done; echo oops >&2"));
  LogOptions options;
  const auto all = run(engine->logs(life.id, options));
  REQUIRE(all);
  const Collected text = drained(*all.value());
  CHECK(text.out == "line 1\nline 2\nline 3\n");
  CHECK(text.err == "oops\n");
  options.err = false;
  options.tail = 1;
  const auto last = run(engine->logs(life.id, options));
  REQUIRE(last);
  CHECK(drained(*last.value()).out.find("line 1") == std::string::npos);
  LogOptions stamped;
  stamped.timestamps = true;
  const auto times = run(engine->logs(life.id, stamped));
  REQUIRE(times);
  CHECK(drained(*times.value()).out.substr(0, 2) == "20");
}

TEST_CASE_FIXTURE(EngineFixture,
                  "P4: with log driver none the attached reader has everything, the log nothing") {
  ContainerSpec spec = shell("echo seen");
  spec.host.log_driver = "none";
  const Life life = live(spec);
  CHECK(life.output.out == "seen\n");
  const auto logs = run(engine->logs(life.id, LogOptions()));
  CHECK(logs.is(ErrorKind::unsupported));
}

TEST_CASE_FIXTURE(EngineFixture,
                  "P5: nobody reading stops a container; reading on lets it go on, and nothing is lost") {
  const std::string id = made(shell("head -c 20000000 /dev/zero; echo done >&2"));
  const auto output = run(engine->attach(id));
  REQUIRE(output);
  REQUIRE(run(engine->start(id)).ok());
  bool over = false;
  const auto wait = run(engine->arm_wait(id, WaitCondition::not_running));
  REQUIRE(wait);
  run.beside(wait.value()->result(), [&](std::exception_ptr, const Result<WaitResult>&) { over = true; });
  CHECK_FALSE(run.pump(std::chrono::milliseconds(1500), [&] { return over; }));
  const Collected all = drained(*output.value());
  CHECK(all.out.size() == 20000000);
  CHECK(all.err == "done\n");
  CHECK(run.pump(std::chrono::seconds(30), [&] { return over; }));
}

TEST_CASE_FIXTURE(EngineFixture,
                  "P6: a container with a tty speaks raw, on one stream; attach knows by itself") {
  ContainerSpec spec = shell("echo one; echo two >&2");
  spec.tty = true;
  const Life life = live(spec);
  CHECK(life.output.out.find("one\r\ntwo\r\n") != std::string::npos);
  CHECK(life.output.err.empty());
  const Result<ContainerInfo> info = run(engine->inspect(spec.name));
  CHECK(info->tty);
  // By name it cannot know from create: it must ask.
  const auto again = run(engine->logs(spec.name, LogOptions()));
  REQUIRE(again);
  CHECK(drained(*again.value()).out.find("one\r\n") != std::string::npos);
}

TEST_CASE_FIXTURE(EngineFixture,
                  "P7: output is complete at the stream's end, whichever of it and the exit comes first") {
  for (int i = 0; i < 3; ++i) {
    const Life life = live(shell("head -c 3000000 /dev/zero; exit 5"));
    CHECK(life.output.out.size() == 3000000);
    CHECK(life.end.exit_code == 5);
  }
}

TEST_CASE_FIXTURE(EngineFixture, "P13: why a container did not start, and how one ended") {
  const auto failed = [&](const std::string& program) {
    ContainerSpec spec = shell("");
    spec.entrypoint = {program};
    const std::string id = made(spec);
    const Result<Effect> started = run(engine->start(id));
    REQUIRE_FALSE(started.ok());
    CHECK(started.error().status >= 400);
    CHECK(started.error().message.size() > 10);
    const Result<ContainerInfo> info = run(engine->inspect(id));
    REQUIRE(info);
    CHECK(info->state.status == ContainerStatus::created);
    return info->state.exit_code;
  };
  const int missing = failed("/no/such/program");
  const int directory = failed("/etc");
  if (!podman) {
    CHECK(missing == 127);
    CHECK(directory == 126);
  }
  CHECK(live(shell("exit 255")).end.exit_code == 255);
}

TEST_CASE_FIXTURE(
    EngineFixture,
    "P14: names: taken is a conflict, repeated calls are no failures, labels find what is ours") {
  const ContainerSpec spec = shell("sleep 60");
  const std::string id = made(spec);
  CHECK(run(engine->create(spec)).is(ErrorKind::conflict));
  ContainerSpec nameless = spec;
  nameless.name = "-";
  CHECK(run(engine->create(nameless)).is(podman ? ErrorKind::server : ErrorKind::bad_request));
  CHECK(run(engine->kill(id, "SIGKILL")).value() == Effect::already);
  CHECK(run(engine->start(id)).value() == Effect::done);
  CHECK(run(engine->start(id)).value() == Effect::already);
  CHECK(run(engine->remove(id, RemoveOptions())).is(ErrorKind::conflict));
  ContainerFilter filter;
  filter.labels = {label};
  Result<std::vector<ContainerSummary>> ours = run(engine->list(filter));
  REQUIRE(ours);
  REQUIRE(ours->size() == 1);
  CHECK((*ours)[0].id == id);
  CHECK((*ours)[0].name == spec.name);
  CHECK((*ours)[0].status == ContainerStatus::running);
  CHECK(run(engine->kill(id, "SIGKILL")).value() == Effect::done);
  const auto wait = run(engine->arm_wait(id, WaitCondition::not_running));
  CHECK(ended(*wait.value()).exit_code == 137);
  CHECK(run(engine->stop(id, std::chrono::seconds(1), "")).value() == Effect::already);
  CHECK(run(engine->kill(id, "SIGKILL")).value() == Effect::already);
  CHECK(run(engine->remove(id, RemoveOptions())).value() == Effect::done);
  CHECK(run(engine->remove(id, RemoveOptions())).value() == Effect::already);
  ours = run(engine->list(filter));
  CHECK(ours->empty());
}

TEST_CASE_FIXTURE(EngineFixture,
                  "P17: stop: PID 1 without a handler needs the whole grace, with an init it goes at once") {
  const auto stopped = [&](const ContainerSpec& spec, std::chrono::seconds grace) {
    const std::string id = made(spec);
    const auto wait = run(engine->arm_wait(id, WaitCondition::next_exit));
    REQUIRE(wait);
    REQUIRE(run(engine->start(id)).ok());
    CHECK(run(engine->stop(id, grace, "")).value() == Effect::done);
    return ended(*wait.value()).exit_code;
  };
  ContainerSpec deaf = shell("");
  deaf.entrypoint = {"sleep", "60"};
  CHECK(stopped(deaf, std::chrono::seconds(1)) == 137);
  ContainerSpec listening = shell("trap 'exit 7' INT; while :; do sleep 0.05; done");
  listening.stop_signal = "SIGINT";
  CHECK(stopped(listening, std::chrono::seconds(20)) == 7);
  // Podman's --init is a program of its own (catatonit) that may not be installed.
  if (podman) return;
  ContainerSpec with_init = deaf;
  with_init.name = unique("c");
  with_init.host.init = true;
  CHECK(stopped(with_init, std::chrono::seconds(20)) == 143);
}

TEST_CASE_FIXTURE(EngineFixture, "P16: events are told by label, with exit codes, and again since a time") {
  EventFilter filter;
  filter.types = {"container"};
  filter.labels = {label};
  const Result<std::unique_ptr<EventStream>> events = run(engine->events(filter));
  REQUIRE(events);
  const auto die = [&](EventStream& stream) {
    for (;;) {
      const Result<std::optional<Event>> event = run(stream.next());
      REQUIRE(event);
      REQUIRE(event->has_value());
      if (event.value()->action == "die") return *event.value();
    }
  };
  const Life life = live(shell("exit 6"));
  const Event first = die(*events.value());
  CHECK(first.id == life.id);
  CHECK(first.exit_code() == 6);
  CHECK(first.attributes.count("skiff.test") == 1);
  filter.since = first.time - std::chrono::seconds(5);
  const Result<std::unique_ptr<EventStream>> again = run(engine->events(filter));
  REQUIRE(again);
  bool found = false;
  while (!found) found = die(*again.value()).id == life.id;
}

}  // namespace skiff::docker::test
