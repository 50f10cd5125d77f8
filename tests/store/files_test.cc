// Files, home, lock, secrets, checksums.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "store/secrets.h"
#include "store/sha256.h"
#include "tests/store/faulty_files.h"
#include "tests/store/temp_home.h"

using namespace skiff::store;
using namespace skiff::store::testing;

namespace {

mode_t mode_of(const fs::path& path) {
  struct stat st = {};
  REQUIRE(::stat(path.c_str(), &st) == 0);
  return st.st_mode & 07777;
}

/// Sets a variable for the length of a test.
class Env {
 public:
  Env(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    if (value != nullptr) {
      ::setenv(name, value, 1);
    } else {
      ::unsetenv(name);
    }
  }
  Env(const Env&) = delete;
  Env& operator=(const Env&) = delete;
  ~Env() {
    if (old_) {
      ::setenv(name_, old_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

}  // namespace

TEST_CASE("sha256 agrees with FIPS 180-4 and does not care how the bytes are cut") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  const std::string million(1'000'000, 'a');
  CHECK(sha256_hex(million) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  for (const std::size_t piece : {1U, 7U, 55U, 56U, 63U, 64U, 65U, 1000U}) {
    Sha256 hash;
    const std::string text(3001, 'x');
    for (std::size_t at = 0; at < text.size(); at += piece)
      hash.update(bytes_of(text).subspan(at, std::min(piece, text.size() - at)));
    CHECK_MESSAGE(hash.hex() == sha256_hex(text), "pieces of " << piece);
  }
}

TEST_CASE("write_atomic replaces the whole file or nothing, whatever fails") {
  const TempDir dir;
  const fs::path path = dir.path() / "file";
  for (const Fault fault : {Fault::full, Fault::io, Fault::short_write}) {
    int at = 0;
    for (bool failed = true; failed; ++at) {
      write_atomic(real_files(), path, "old", 0600);
      FaultyFiles files(fault, at);
      failed = false;
      try {
        write_atomic(files, path, "new content", 0600);
      } catch (const StoreError& error) {
        failed = true;
        CHECK(error.trouble() == (fault == Fault::io ? Trouble::io : Trouble::no_space));
        CHECK(contains(error.what(), dir.path().string()));
      }
      const auto text = read_file(real_files(), path);
      REQUIRE(text);
      CHECK((*text == "old" || *text == "new content"));
      if (!failed) CHECK(*text == "new content");
      CHECK(real_files().list(dir.path()).size() == 1);
      // A short write happens only at a write; the other positions pass.
      if (fault == Fault::short_write && at < 5) failed = true;
    }
    CHECK(at > 3);
  }
}

TEST_CASE("write_atomic survives a crash at every operation") {
  const TempDir dir;
  const fs::path path = dir.path() / "file";
  bool crashed = true;
  for (int at = 0; crashed; ++at) {
    write_atomic(real_files(), path, "old", 0600);
    const pid_t child = ::fork();
    if (child == 0) {
      FaultyFiles files(Fault::crash, at);
      write_atomic(files, path, "new content", 0600);
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    crashed = WIFEXITED(status) && WEXITSTATUS(status) == kCrashStatus;
    const auto text = read_file(real_files(), path);
    REQUIRE(text);
    CHECK((*text == "old" || *text == "new content"));
    if (!crashed) CHECK(*text == "new content");
  }
}

TEST_CASE("a full disk is said with what to do") {
  const auto error = error_of([] { throw_errno(ENOSPC, "write", "/data/x"); });
  CHECK(error.trouble() == Trouble::no_space);
  CHECK(contains(error.what(), "/data/x"));
  CHECK(contains(error.what(), "SKIFF_HOME"));
}

TEST_CASE("remove_tree does not follow links and enters closed directories") {
  const TempDir dir;
  real_files().mkdirs(dir.path() / "keep", 0700);
  write_atomic(real_files(), dir.path() / "keep/file", "x", 0600);
  real_files().mkdirs(dir.path() / "tree/closed", 0700);
  write_atomic(real_files(), dir.path() / "tree/closed/file", "x", 0600);
  real_files().symlink("../keep", dir.path() / "tree/link");
  real_files().chmod(dir.path() / "tree/closed", 0);
  remove_tree(real_files(), dir.path() / "tree");
  CHECK_FALSE(real_files().stat(dir.path() / "tree"));
  CHECK(real_files().stat(dir.path() / "keep/file"));
}

TEST_CASE("the home is found by SKIFF_HOME, XDG_DATA_HOME, HOME, in this order") {
  const Env home("HOME", "/h");
  {
    const Env skiff("SKIFF_HOME", "/a/../b");
    CHECK(Home::default_path() == "/b");
  }
  const Env skiff("SKIFF_HOME", nullptr);
  {
    const Env data("XDG_DATA_HOME", "/data");
    CHECK(Home::default_path() == "/data/skiff");
  }
  {
    const Env data("XDG_DATA_HOME", "relative");
    CHECK(Home::default_path() == "/h/.local/share/skiff");
  }
  const Env data("XDG_DATA_HOME", nullptr);
  CHECK(Home::default_path() == "/h/.local/share/skiff");
}

TEST_CASE("a home is closed to others, and one that is open is refused") {
  TempHome temp;
  CHECK(mode_of(temp.home.path()) == 0700);
  CHECK(mode_of(temp.home.secrets()) == 0700);
  CHECK(mode_of(temp.home.artifacts()) == 0700);
  real_files().chmod(temp.home.path(), 0777);
  const auto error = error_of([&] { static_cast<void>(Home::open(temp.home.path())); });
  CHECK(error.trouble() == Trouble::denied);
  CHECK(contains(error.what(), "chmod 700"));
  real_files().chmod(temp.home.path(), 0700);
}

TEST_CASE("the socket of a deep home gets a short path that a client finds too") {
  const TempDir dir;
  const Env runtime("XDG_RUNTIME_DIR", dir.path().c_str());
  const Home near = Home::open(dir.path() / "near");
  CHECK(near.prepare_socket() == near.path() / "controller.sock");
  CHECK(near.socket() == near.path() / "controller.sock");

  const Home deep = Home::open(dir.path() / std::string(60, 'd') / std::string(60, 'e'));
  const fs::path path = deep.prepare_socket();
  CHECK(path.string().size() < sizeof(sockaddr_un::sun_path));
  CHECK(path.string().starts_with(dir.path().string()));
  CHECK(mode_of(path.parent_path()) == 0700);
  CHECK(deep.socket() == path);
  {
    // Another login may see another runtime directory: the record in the home decides.
    const Env other("XDG_RUNTIME_DIR", "/nonexistent");
    CHECK(deep.socket() == path);
  }
  const Fd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  CHECK(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  // A dead socket is in nobody's way.
  CHECK(deep.prepare_socket() == path);
  CHECK_FALSE(real_files().stat(path));
  // A directory that others can enter is nobody's to trust.
  real_files().chmod(path.parent_path(), 0755);
  CHECK(error_of([&] { static_cast<void>(deep.prepare_socket()); }).trouble() == Trouble::denied);
}

TEST_CASE("one process is elected; the others learn who; death frees the lock") {
  TempHome temp;
  CHECK_FALSE(HomeLock::holder(temp.home));
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = HomeLock::try_acquire(temp.home, {0, "boot-1", "1.2.3", 0});
    static_cast<void>(!::write(ready[1], lock ? "y" : "n", 1));
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  CHECK(answer == 'y');
  const auto holder = HomeLock::holder(temp.home);
  REQUIRE(holder);
  CHECK(holder->pid == child);
  CHECK(holder->boot_id == "boot-1");
  CHECK(holder->version == "1.2.3");
  CHECK(holder->since_ms > 1'600'000'000'000);
  CHECK_FALSE(HomeLock::try_acquire(temp.home, {0, "boot-2", "1.2.3", 0}));
  ::kill(child, SIGKILL);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  ::close(ready[0]);
  ::close(ready[1]);
  CHECK_FALSE(HomeLock::holder(temp.home));
  {
    const auto lock = HomeLock::try_acquire(temp.home, {0, "boot-2", "1.2.3", 0});
    REQUIRE(lock);
    const auto self = HomeLock::holder(temp.home);
    REQUIRE(self);
    CHECK(self->boot_id == "boot-2");
  }
  CHECK_FALSE(HomeLock::holder(temp.home));
}

TEST_CASE("secrets are files of mode 0600 with safe names") {
  TempHome temp;
  Secrets secrets(temp.home);
  CHECK_FALSE(secrets.get("default", "db"));
  secrets.put("default", "db", R"({"data":{"password":"x"}})");
  secrets.put("default", "api.key", "{}");
  secrets.put("other", "db", "{}");
  CHECK(secrets.get("default", "db") == R"({"data":{"password":"x"}})");
  CHECK(secrets.names("default") == std::vector<std::string>{"api.key", "db"});
  CHECK(mode_of(temp.home.secrets() / "default/db.json") == 0600);
  CHECK(secrets.remove("default", "db"));
  CHECK_FALSE(secrets.remove("default", "db"));
  for (const char* name : {"", "..", "../x", "a/b", ".hidden", "UPPER", "a..b"}) {
    CHECK_MESSAGE(error_of([&] { secrets.put("default", name, "{}"); }).trouble() == Trouble::invalid, name);
  }
}
