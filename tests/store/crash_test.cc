// kill -9 at random moments: a child writes the journal and logs as fast as it can and tells what was
// committed; whatever it told must be there afterwards, and nothing half.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>
#include <thread>

#include "store/artifacts.h"
#include "store/journal.h"
#include "store/logs.h"
#include "tests/store/temp_home.h"

using namespace skiff::store;
using namespace skiff::store::testing;

namespace {

constexpr const char* kUids[] = {"u0", "u1", "u2"};

/// Never returns. Each commit appends one event to each workflow and sets its node to the event's number.
[[noreturn]] void write_for_ever(const Home& home, int tell) {
  const auto journal = Journal::open(home);
  ArtifactStore store(home);
  store.sweep();
  LogWriter log(log_path(home, "u0", "n", "main", 0));
  std::int64_t seq = journal->by_uid("u0")->last_seq;
  while (true) {
    ++seq;
    Batch batch;
    for (const char* uid : kUids) {
      batch.append({uid, seq, seq, "tick", std::to_string(seq)});
      batch.put_node({uid, "node", std::to_string(seq)});
    }
    journal->commit(batch);
    log.append(LogStream::out, seq, "line " + std::to_string(seq) + "\n");
    if (seq % 8 == 0) store.put("a/b/c/k", std::string(20'000, static_cast<char>('a' + seq % 26)));
    if (::write(tell, &seq, sizeof(seq)) != sizeof(seq)) ::_exit(1);
  }
}

void check_journal(const Home& home, std::int64_t told) {
  const auto journal = Journal::open(home);
  REQUIRE_FALSE(journal->check());
  std::int64_t last = -1;
  for (const char* uid : kUids) {
    const auto events = journal->load(uid);
    for (std::size_t i = 0; i < events.size(); ++i)
      REQUIRE(events[i].seq == static_cast<std::int64_t>(i) + 1);
    const auto count = static_cast<std::int64_t>(events.size());
    CHECK(count >= told);
    CHECK(journal->by_uid(uid)->last_seq == count);
    if (count > 0) CHECK(journal->node(uid, "node")->json == std::to_string(count));
    if (last >= 0) CHECK(count == last);
    last = count;
  }
}

void check_files(const Home& home, std::int64_t told) {
  LogReader reader(log_path(home, "u0", "n", "main", 0));
  std::int64_t lines = 0;
  while (const auto line = reader.next()) {
    ++lines;
    REQUIRE(line->text.starts_with("line "));
  }
  CHECK_FALSE(reader.rest());
  // A commit may be without its line (killed in between), so lines lag by at most one for each kill.
  CHECK(lines > 0);
  CHECK(lines <= told + 1);
  const ArtifactStore store(home);
  if (const auto text = read_file(real_files(), store.path_of("a/b/c/k"))) {
    CHECK(text->size() == 20'000);
    CHECK(text->find_first_not_of(text->front()) == std::string::npos);
  }
}

}  // namespace

TEST_CASE("kill -9 at any moment loses nothing that was committed") {
  const char* wish = std::getenv("SKIFF_CRASH_ROUNDS");
  const int rounds = wish != nullptr ? std::atoi(wish) : 25;
  TempHome temp;
  {
    const auto journal = Journal::open(temp.home);
    Batch batch;
    for (const char* uid : kUids) {
      WorkflowRow row;
      row.uid = row.name = uid;
      row.ns = "default";
      batch.create_workflow(row, "{}");
    }
    journal->commit(batch);
  }
  std::mt19937 random(std::random_device{}());
  std::int64_t told = 0;
  for (int round = 0; round < rounds; ++round) {
    int channel[2];
    REQUIRE(::pipe(channel) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(channel[0]);
      write_for_ever(temp.home, channel[1]);
    }
    ::close(channel[1]);
    // The child works at its own pace; the blow falls some time after its first commit.
    REQUIRE(::read(channel[0], &told, sizeof(told)) == sizeof(told));
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 30'000));
    ::kill(child, SIGKILL);
    std::int64_t next = 0;
    while (::read(channel[0], &next, sizeof(next)) == sizeof(next)) told = next;
    ::close(channel[0]);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    check_journal(temp.home, told);
    check_files(temp.home, static_cast<std::int64_t>(Journal::open(temp.home)->load("u0").size()));
  }
  MESSAGE(rounds << " kills, " << told << " commits");
}
