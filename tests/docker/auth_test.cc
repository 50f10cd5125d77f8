// Credentials (P10): alphabets, the order of config.json, helpers as real programs, references.
#include "docker/auth.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>

#include "docker/base64.h"
#include "docker/subprocess.h"
#include "tests/docker/scratch.h"

namespace skiff::docker {
namespace {

using test::Scratch;

}  // namespace

TEST_CASE("P10: base64url with padding, both alphabets back") {
  CHECK(base64url("") == "");
  CHECK(base64url("f") == "Zg==");
  CHECK(base64url("fo") == "Zm8=");
  CHECK(base64url("foo") == "Zm9v");
  CHECK(base64url("\xfb\xff\xbf") == "-_-_");
  CHECK(base64_decode("-_-_") == "\xfb\xff\xbf");
  CHECK(base64_decode("+/+/") == "\xfb\xff\xbf");
  CHECK(base64_decode("Zg") == "f");
  CHECK(base64_decode("Zg==\n") == "f");
  for (const char* bad : {"Z", "Zg==Zg", "Z g=", "\xff\xff\xff\xff"})
    CHECK_FALSE(base64_decode(bad).has_value());
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i);
    CHECK(base64_decode(base64url(all)) == all);
  }
}

TEST_CASE("P9, P10: references come apart, and always have a tag") {
  const auto check = [](const char* reference, const char* registry, const char* repository,
                        const char* tag) {
    const ImageName name = parse_image(reference);
    CHECK(name.registry == registry);
    CHECK(name.repository == repository);
    CHECK(name.tag == tag);
  };
  check("alpine", "docker.io", "alpine", "latest");
  check("alpine:3.7", "docker.io", "alpine", "3.7");
  check("docker/whalesay:", "docker.io", "docker/whalesay", "latest");
  check("docker.io/library/alpine:1", "docker.io", "docker.io/library/alpine", "1");
  check("index.docker.io/a/b", "docker.io", "index.docker.io/a/b", "latest");
  check("localhost/x", "localhost", "localhost/x", "latest");
  check("localhost:5000/x", "localhost:5000", "localhost:5000/x", "latest");
  check("localhost:5000/x/y:z", "localhost:5000", "localhost:5000/x/y", "z");
  check("ghcr.io/a/b@sha256:00ff", "ghcr.io", "ghcr.io/a/b", "sha256:00ff");
  check("ghcr.io/a/b:tag@sha256:00ff", "ghcr.io", "ghcr.io/a/b", "sha256:00ff");
  check("org/repo", "docker.io", "org/repo", "latest");
}

TEST_CASE("P10: auths in config.json, under today's keys and old ones") {
  const char* config =
      R"({"auths":{"https://index.docker.io/v1/":{"auth":"dTpw"},"https://ghcr.io/v1/":{"auth":"dTpwOnE="},
    "quay.io":{"identitytoken":"tok"},"empty.io":{},"plain.io":{"username":"a","password":"b"}}})";
  CHECK(credentials_in(config, "docker.io")->username == "u");
  CHECK(credentials_in(config, "docker.io")->password == "p");
  CHECK(credentials_in(config, "docker.io")->server == "https://index.docker.io/v1/");
  CHECK(credentials_in(config, "ghcr.io")->password == "p:q");
  CHECK(credentials_in(config, "quay.io")->identity_token == "tok");
  CHECK(credentials_in(config, "plain.io")->password == "b");
  CHECK_FALSE(credentials_in(config, "empty.io").has_value());
  CHECK_FALSE(credentials_in(config, "other.io").has_value());
  for (const char* bad : {"", "nonsense", "[]", R"({"auths":7})", R"({"auths":{"ghcr.io":{"auth":"!!!"}}})"})
    CHECK_FALSE(credentials_in(bad, "ghcr.io").has_value());
}

TEST_CASE("P10: a helper for the registry, then the store, then the file") {
  Scratch dir;
  dir.program("docker-credential-one",
              "read s; printf '{\"ServerURL\":\"%s\",\"Username\":\"one\",\"Secret\":\"s1\"}' \"$s\"");
  dir.program("docker-credential-all",
              "read s; case $s in none.io) echo 'credentials not found in native keychain'; exit 1;;"
              " broken.io) echo locked >&2; exit 3;; talk.io) echo hello;;"
              " *) echo '{\"Username\":\"<token>\",\"Secret\":\"id\"}';; esac");
  dir.write(
      "config.json",
      R"({"credHelpers":{"one.io":"one","gone.io":"absent"},"credsStore":"all","auths":{"none.io":{"auth":"dTpw"}}})");
  const std::string path = std::string(std::getenv("PATH")) + ":" + dir.path().string();
  ::setenv("PATH", path.c_str(), 1);
  const auto find = [&](const char* registry) { return find_credentials(dir.path(), registry); };
  CHECK(find("one.io").value()->username == "one");
  CHECK(find("docker.io").value()->identity_token == "id");
  CHECK(find("docker.io").value()->username.empty());
  CHECK(find("none.io").value()->username == "u");
  CHECK(find("broken.io").error().message.find("locked") != std::string::npos);
  CHECK(find("talk.io").is(ErrorKind::local));
  CHECK(find("gone.io").is(ErrorKind::local));
  CHECK_FALSE(find_credentials(dir.path() / "nowhere", "one.io").value().has_value());
}

TEST_CASE("P10: what X-Registry-Auth carries") {
  Credentials c;
  c.username = "u";
  c.password = "p\"";
  c.server = "ghcr.io";
  CHECK(auth_json(c) == R"({"username":"u","password":"p\"","serveraddress":"ghcr.io"})");
  Credentials token;
  token.identity_token = "t";
  CHECK(auth_json(token) == R"({"identitytoken":"t"})");
}

TEST_CASE("a helper program's end is told as it was") {
  const auto limit = std::chrono::seconds(20);
  const Result<ProcessEnd> cat = run_process({"cat"}, std::string(300000, 'x'), limit);
  REQUIRE(cat);
  CHECK(cat->out.size() == 300000);
  CHECK(run_process({"sh", "-c", "echo e >&2; exit 7"}, "", limit)->status == 7);
  CHECK(run_process({"sh", "-c", "kill -9 $$"}, "", limit)->status == 137);
  CHECK(run_process({"true"}, std::string(1 << 20, 'x'), limit)->status == 0);
  CHECK(run_process({"no-such-program-anywhere"}, "", limit).is(ErrorKind::local));
  const auto before = std::chrono::steady_clock::now();
  CHECK(run_process({"sleep", "30"}, "", std::chrono::milliseconds(100)).is(ErrorKind::local));
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(10));
}

}  // namespace skiff::docker
