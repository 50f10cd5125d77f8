// The journal: what was committed is read back, in order, as a whole, and nothing else.
#include "store/journal.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "store/sqlite.h"
#include "tests/store/temp_home.h"

using namespace skiff::store;
using namespace skiff::store::testing;

namespace {

WorkflowRow workflow(std::string uid, std::string name, std::int64_t created_ms = 1000) {
  WorkflowRow row;
  row.uid = std::move(uid);
  row.ns = "default";
  row.name = std::move(name);
  row.created_ms = created_ms;
  return row;
}

std::vector<std::string> names(const std::vector<WorkflowRow>& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows) names.push_back(row.name);
  return names;
}

}  // namespace

TEST_CASE("a workflow, its events and its nodes go in together and come back in order") {
  TempHome temp;
  {
    const auto journal = Journal::open(temp.home);
    Batch batch;
    WorkflowRow row = workflow("u1", "hello");
    row.labels = {{"app", "web"}, {"tier", "\"quoted\" ü"}};
    row.summary = R"({"priority":1})";
    batch.create_workflow(row, R"({"spec":{}})");
    for (std::int64_t seq = 1; seq <= 5; ++seq) batch.append({"u1", seq, 1000 + seq, "tick", R"({"n":1})"});
    batch.put_node({"u1", "hello-2", R"({"phase":"Pending"})"});
    batch.put_node({"u1", "hello-1", R"({"phase":"Pending"})"});
    CHECK(journal->commit(batch) == 1);
    Batch more;
    more.put_node({"u1", "hello-2", R"({"phase":"Running"})"});
    row.phase = "Running";
    row.labels.erase("tier");
    more.update_workflow(row);
    CHECK(journal->commit(more) == 2);
    CHECK(journal->commit(Batch()) == 2);
  }
  const auto journal = Journal::open(temp.home);
  CHECK(journal->revision() >= 2);  // behind all that were given out, perhaps some thrown away
  const auto events = journal->load("u1");
  REQUIRE(events.size() == 5);
  CHECK(events[4].seq == 5);
  CHECK(events[4].at_ms == 1005);
  CHECK(events[4].payload == R"({"n":1})");
  CHECK(journal->load("u1", 3).size() == 2);
  CHECK(journal->load("nobody").empty());
  const auto row = journal->by_uid("u1");
  REQUIRE(row);
  CHECK(row->phase == "Running");
  CHECK(row->last_seq == 5);
  CHECK(row->revision == 2);
  CHECK(row->labels == std::map<std::string, std::string>{{"app", "web"}});
  CHECK(journal->object_of("u1") == R"({"spec":{}})");
  const auto nodes = journal->nodes("u1");
  REQUIRE(nodes.size() == 2);
  CHECK(nodes[0].node_id == "hello-2");
  CHECK(nodes[0].json == R"({"phase":"Running"})");
  const auto changed = journal->nodes("u1", 1);
  REQUIRE(changed.size() == 1);
  CHECK(changed[0].node_id == "hello-2");
  CHECK(journal->node("u1", "hello-1")->revision == 1);
  CHECK_FALSE(journal->node("u1", "hello-3"));
  CHECK(journal->check().value_or("sound") == "sound");
}

TEST_CASE("a batch that can't be carried out leaves no trace") {
  TempHome temp;
  const auto journal = Journal::open(temp.home);
  Batch first;
  first.create_workflow(workflow("u1", "hello"), "{}");
  first.append({"u1", 1, 0, "made", "{}"});
  journal->commit(first);

  Batch same_name;
  same_name.append({"u1", 2, 0, "x", "{}"});
  same_name.create_workflow(workflow("u2", "hello"), "{}");
  auto error = error_of([&] { journal->commit(same_name); });
  CHECK(error.trouble() == Trouble::conflict);
  CHECK(contains(error.what(), "default/hello"));

  Batch same_event;
  same_event.append({"u1", 1, 0, "again", "{}"});
  error = error_of([&] { journal->commit(same_event); });
  CHECK(error.trouble() == Trouble::conflict);
  CHECK(contains(error.what(), "event 1 of workflow u1"));

  Batch unknown;
  unknown.put_node({"u9", "n", "{}"});
  CHECK(error_of([&] { journal->commit(unknown); }).trouble() == Trouble::not_found);

  CHECK(journal->load("u1").size() == 1);
  CHECK(journal->revision() == 1);
  // And the next one works as if nothing had been.
  Batch next;
  next.append({"u1", 2, 0, "x", "{}"});
  CHECK(journal->commit(next) == 2);
}

TEST_CASE("deleting a workflow takes all that is its own; the name is free again") {
  TempHome temp;
  const auto journal = Journal::open(temp.home);
  Batch batch;
  auto row = workflow("u1", "hello");
  row.labels = {{"a", "b"}};
  batch.create_workflow(row, "{}");
  batch.append({"u1", 1, 0, "made", "{}"});
  batch.put_node({"u1", "n", "{}"});
  batch.put_artifact({"u1", "n", "out", "default/hello/n/out.tgz", "abc", 10, "{}"});
  batch.put_lock({"default/Mutex/m", "default/hello/n", "u1", 5});
  journal->commit(batch);
  CHECK(journal->artifacts("u1").size() == 1);
  CHECK(journal->locks().size() == 1);
  Batch gone;
  gone.delete_workflow("u1");
  gone.delete_workflow("never was");
  gone.create_workflow(workflow("u2", "hello"), "{}");
  journal->commit(gone);
  CHECK_FALSE(journal->by_uid("u1"));
  CHECK(journal->load("u1").empty());
  CHECK(journal->nodes("u1").empty());
  CHECK(journal->artifacts("u1").empty());
  CHECK(journal->locks().empty());
  WorkflowFilter filter;
  filter.labels = parse_label_selector("a=b");
  CHECK(journal->list(filter).empty());
  CHECK(journal->by_name("default", "hello")->uid == "u2");
}

TEST_CASE("objects, memos, locks, artifacts and meta are kept by their keys") {
  TempHome temp;
  const auto journal = Journal::open(temp.home);
  Batch batch;
  batch.put_object({"WorkflowTemplate", "default", "b", "{1}", 10});
  batch.put_object({"WorkflowTemplate", "other", "a", "{2}", 20});
  batch.put_object({"ClusterWorkflowTemplate", "", "c", "{3}", 30});
  batch.put_memo({"default", "cache", "k1", "n1", "{}", 100, 100});
  batch.put_memo({"default", "cache", "k2", "n2", "{}", 100, 100});
  batch.put_lock({"default/Semaphore/s", "default/w/n1", "u1", 1});
  batch.put_lock({"default/Semaphore/s", "default/w/n2", "u1", 2});
  batch.set_meta("k", "v");
  journal->commit(batch);
  CHECK(journal->objects("WorkflowTemplate").size() == 2);
  CHECK(journal->objects("WorkflowTemplate", "other").size() == 1);
  CHECK(journal->object("ClusterWorkflowTemplate", "", "c")->created_ms == 30);
  CHECK_FALSE(journal->object("WorkflowTemplate", "default", "a"));

  Batch change;
  change.put_object({"WorkflowTemplate", "default", "b", "{9}", 99});
  change.delete_object("WorkflowTemplate", "other", "a");
  change.touch_memo("default", "cache", "k1", 500);
  change.delete_memo("default", "cache", "k2");
  change.delete_lock("default/Semaphore/s", "default/w/n1");
  journal->commit(change);
  const auto object = journal->object("WorkflowTemplate", "default", "b");
  REQUIRE(object);
  CHECK(object->json == "{9}");
  CHECK(object->created_ms == 10);
  CHECK(object->revision == 2);
  CHECK(journal->objects("WorkflowTemplate").size() == 1);
  CHECK(journal->memo("default", "cache", "k1")->last_hit_ms == 500);
  CHECK_FALSE(journal->memo("other", "cache", "k1"));
  CHECK(journal->memos("default", "cache").size() == 1);
  REQUIRE(journal->locks().size() == 1);
  CHECK(journal->locks()[0].holder == "default/w/n2");
  CHECK(journal->meta("k") == "v");
  CHECK_FALSE(journal->meta("none"));
}

TEST_CASE("list filters, orders newest first and pages") {
  TempHome temp;
  const auto journal = Journal::open(temp.home);
  Batch batch;
  const auto add = [&](std::string name, std::string ns, std::string phase, std::int64_t created,
                       std::int64_t finished, std::map<std::string, std::string> labels) {
    WorkflowRow row = workflow("uid-" + ns + name, name, created);
    row.ns = std::move(ns);
    row.phase = std::move(phase);
    row.finished_ms = finished;
    row.labels = std::move(labels);
    batch.create_workflow(row, "{}");
  };
  add("a1", "default", "Succeeded", 100, 150, {{"app", "web"}, {"env", "prod"}});
  add("a2", "default", "Failed", 200, 250, {{"app", "db"}});
  add("b1", "default", "Running", 300, 0, {{"app", "web"}});
  add("b2", "default", "", 300, 0, {});
  add("a1", "other", "Running", 50, 0, {{"app", "web"}});
  journal->commit(batch);

  using Names = std::vector<std::string>;
  const auto with = [&](auto set) {
    WorkflowFilter filter;
    filter.ns = "default";
    set(filter);
    CHECK(journal->count(filter) == static_cast<std::int64_t>(journal->list(filter).size()));
    return names(journal->list(filter));
  };
  const auto labelled = [&](const char* selector) {
    return with([&](auto& f) { f.labels = parse_label_selector(selector); });
  };
  CHECK(names(journal->list({})) == Names{"b2", "b1", "a2", "a1", "a1"});
  CHECK(with([](auto&) {}) == Names{"b2", "b1", "a2", "a1"});
  CHECK(with([](auto& f) { f.phases = {"Running", "Failed"}; }) == Names{"b1", "a2"});
  CHECK(with([](auto& f) { f.phases = {""}; }) == Names{"b2"});
  CHECK(with([](auto& f) { f.name_prefix = "a"; }) == Names{"a2", "a1"});
  CHECK(with([](auto& f) { f.name_prefix = "%"; }) == Names{});
  CHECK(with([](auto& f) { f.name = "a2"; }) == Names{"a2"});
  CHECK(with([](auto& f) { f.completed = true; }) == Names{"a2", "a1"});
  CHECK(with([](auto& f) { f.completed = false; }) == Names{"b2", "b1"});
  CHECK(with([](auto& f) { f.created_from_ms = 200; }) == Names{"b2", "b1", "a2"});
  CHECK(with([](auto& f) { f.finished_until_ms = 200; }) == Names{"a1"});
  CHECK(labelled("app=web") == Names{"b1", "a1"});
  CHECK(labelled("app!=web") == Names{"b2", "a2"});
  CHECK(labelled("app in (web, db),env") == Names{"a1"});
  CHECK(labelled("app notin (db)") == Names{"b2", "b1", "a1"});
  CHECK(labelled("!app") == Names{"b2"});
  CHECK(labelled("app=web,!env") == Names{"b1"});
  CHECK(labelled("") == Names{"b2", "b1", "a2", "a1"});

  WorkflowFilter page;
  page.limit = 2;
  CHECK(names(journal->list(page)) == Names{"b2", "b1"});
  page.offset = 4;
  CHECK(names(journal->list(page)) == Names{"a1"});
  CHECK(journal->count(page) == 5);
  CHECK(journal->latest("default")->name == "b2");
  CHECK_FALSE(journal->latest("nowhere"));
  CHECK(journal->by_name("other", "a1")->created_ms == 50);
}

TEST_CASE("a label selector that is none is refused with its place") {
  for (const char* text : {"a in b", "a in (b", "=b", "a,", "a b", "a!b", "!", "a=(b)"}) {
    const auto error = error_of([&] { static_cast<void>(parse_label_selector(text)); });
    CHECK_MESSAGE(error.trouble() == Trouble::invalid, text);
    CHECK(contains(error.what(), "column"));
  }
  const auto conditions = parse_label_selector(" a == b , c ");
  REQUIRE(conditions.size() == 2);
  CHECK(conditions[0].values == std::vector<std::string>{"b"});
  CHECK(conditions[1].op == LabelCondition::Op::exists);
  CHECK(parse_label_selector("a=")[0].values == std::vector<std::string>{""});
}

TEST_CASE("a damaged database is named, with what to do; so is a stranger's and a newer one") {
  TempHome temp;
  const fs::path path = temp.home.database();
  std::ofstream(path) << std::string(8192, 'x');
  auto error = error_of([&] { static_cast<void>(Journal::open(temp.home)); });
  CHECK(error.trouble() == Trouble::corrupt);
  CHECK(contains(error.what(), path.string()));
  CHECK(contains(error.what(), "rename"));

  fs::remove(path);
  { sqlite::Connection(path, true).exec("CREATE TABLE theirs(x)"); }
  error = error_of([&] { static_cast<void>(Journal::open(temp.home)); });
  CHECK(error.trouble() == Trouble::corrupt);
  CHECK(contains(error.what(), "not one of skiff"));

  fs::remove(path);
  static_cast<void>(Journal::open(temp.home));
  { sqlite::Connection(path, true).exec("PRAGMA user_version=99"); }
  error = error_of([&] { static_cast<void>(Journal::open(temp.home)); });
  CHECK(error.trouble() == Trouble::corrupt);
  CHECK(contains(error.what(), "newer skiff"));
}

TEST_CASE("the database is for its owner only and syncs every commit") {
  TempHome temp;
  const auto journal = Journal::open(temp.home);
  Batch batch;
  batch.set_meta("a", "b");
  journal->commit(batch);
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat st = {};
    REQUIRE(::stat((temp.home.database().string() + suffix).c_str(), &st) == 0);
    CHECK((st.st_mode & 0777) == 0600);
  }
  sqlite::Connection db(temp.home.database(), true);
  auto synchronous = db.prepare("PRAGMA synchronous");
  REQUIRE(synchronous.step());
  CHECK(synchronous.number(0) == 2);
  auto mode = db.prepare("PRAGMA journal_mode");
  REQUIRE(mode.step());
  CHECK(mode.text(0) == "wal");
}

TEST_CASE("readers on other threads see whole commits while one writes") {
  TempHome temp;
  const auto journal = Journal::open(temp.home);
  Batch made;
  made.create_workflow(workflow("u1", "w"), "{}");
  journal->commit(made);
  std::atomic<bool> done = false;
  std::atomic<int> torn = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        // Events come in pairs: an odd number would be half a commit.
        if (journal->load("u1").size() % 2 != 0) ++torn;
      }
    });
  }
  for (std::int64_t seq = 1; seq <= 200; seq += 2) {
    Batch batch;
    batch.append({"u1", seq, 0, "a", "{}"});
    batch.append({"u1", seq + 1, 0, "b", "{}"});
    journal->commit(batch);
  }
  done = true;
  for (auto& reader : readers) reader.join();
  CHECK(torn == 0);
  CHECK(journal->load("u1").size() == 200);
}

TEST_CASE("list reads an index: the first page of many workflows does not sort them") {
  TempHome temp;
  static_cast<void>(Journal::open(temp.home));
  sqlite::Connection db(temp.home.database(), true);
  for (const char* where : {"", "WHERE w.ns='default'", "WHERE w.ns='default' AND w.phase IN ('Running')"}) {
    auto plan = db.prepare(std::string("EXPLAIN QUERY PLAN SELECT * FROM workflows w ") + where +
                           " ORDER BY w.created_ms DESC, w.id DESC LIMIT 10");
    while (plan.step()) {
      CHECK_MESSAGE(!contains(plan.text(3), "TEMP B-TREE"), where << ": " << plan.text(3));
      CHECK_MESSAGE(contains(plan.text(3), "USING INDEX"), where << ": " << plan.text(3));
    }
  }
}
