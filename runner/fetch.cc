#include "runner/fetch.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <re2/re2.h>
#include <atomic>
#include <fstream>

#include "docker/http.h"
#include "docker/subprocess.h"
#include "runner/core/pod_objects.h"
#include "runner/engine_calls.h"
#include "runner/http_call.h"
#include "runner/network_visit.h"
#include "spec/json.h"
#include "store/error.h"
#include "store/files.h"

namespace skiff::runner {
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::hours kGitLimit(1);
constexpr std::chrono::seconds kStalled(60);

std::optional<std::string> optional_secret(const RunContext& run, const Json& selector) {
  if (!selector.is_object() || selector.get_string("name").empty()) return std::nullopt;
  return secret_value(run, selector);
}

// -------------------------------------------------------------------------------------------- http

/// The client-credentials grant of OAuth 2.
std::string bearer_token(const RunContext& run, const Json& oauth) {
  HttpCall call;
  call.method = "POST";
  call.url = secret_value(run, oauth.get("tokenURLSecret"));
  call.user = secret_value(run, oauth.get("clientIDSecret"));
  call.password = secret_value(run, oauth.get("clientSecretSecret"));
  call.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  call.stalled = kStalled;
  call.body = "grant_type=client_credentials";
  std::string scopes;
  for (const Json& scope : oauth.get_array("scopes")) {
    if (scope.is_string()) scopes += (scopes.empty() ? "" : " ") + scope.as_string();
  }
  if (!scopes.empty()) call.body += "&scope=" + docker::url_encode(scopes);
  for (const Json& p : oauth.get_array("endpointParams")) {
    call.body +=
        "&" + docker::url_encode(p.get_string("key")) + "=" + docker::url_encode(p.get_string("value"));
  }
  const std::atomic<bool> never = false;
  const HttpAnswer answer = perform(call, never);
  if (!answer.trouble.empty()) throw PodError(call.url + ": " + answer.trouble);
  const auto json = spec::parse_json(answer.body);
  const std::string token = json ? json->get_string("access_token") : "";
  if (answer.status / 100 != 2 || token.empty()) {
    throw PodError(fmt::format("{} gave no access token (status {})", call.url, answer.status));
  }
  return token;
}

HttpCall call_for(const RunContext& run, const Json& artifact) {
  HttpCall call;
  call.stalled = kStalled;
  const Json& http = artifact.get("http");
  const bool artifactory = !http.is_object();
  const Json& location = artifactory ? artifact.get("artifactory") : http;
  call.url = location.get_string("url");
  const Json& basic = artifactory ? location : http.get("auth").get("basicAuth");
  call.user = optional_secret(run, basic.get("usernameSecret")).value_or("");
  call.password = optional_secret(run, basic.get("passwordSecret")).value_or("");
  for (const Json& h : http.get_array("headers")) {
    call.headers.emplace_back(h.get_string("name"), h.get_string("value"));
  }
  if (const Json& oauth = http.get("auth").get("oauth2"); oauth.get("clientIDSecret").is_object()) {
    call.headers.emplace_back("Authorization", "Bearer " + bearer_token(run, oauth));
  }
  const Json& cert = http.get("auth").get("clientCert");
  call.client_cert = optional_secret(run, cert.get("clientCertSecret")).value_or("");
  call.client_key = optional_secret(run, cert.get("clientKeySecret")).value_or("");
  return call;
}

void fetch_http(const RunContext& run, const Json& artifact, const fs::path& into) {
  HttpCall call = call_for(run, artifact);
  store::Files& files = store::real_files();
  const store::Fd fd = files.open(into, O_WRONLY | O_CREAT | O_EXCL, 0600);
  call.take_body = [&](std::string_view bytes) {
    files.write(fd.get(), std::as_bytes(std::span(bytes.data(), bytes.size())), into);
  };
  const std::atomic<bool> never = false;
  const HttpAnswer answer = perform(call, never);
  if (!answer.trouble.empty()) throw PodError(call.url + ": " + answer.trouble);
  if (answer.status == 404) {
    throw store::StoreError(store::Trouble::not_found, into, call.url + ": 404 Not Found");
  }
  if (answer.status / 100 != 2) {
    throw PodError(fmt::format("loading content from {} failed with status {}", call.url, answer.status));
  }
}

// --------------------------------------------------------------------------------------------- git

/// One clone: git's words for each call, with what lets it in.
class Git {
 public:
  Git(const RunContext& run, const Json& git, const fs::path& into)
      : git_(git), into_(into), key_(into.string() + ".key") {
    environment_ = {"GIT_TERMINAL_PROMPT=0", "LC_ALL=C"};
    const auto user = optional_secret(run, git.get("usernameSecret"));
    const auto password = optional_secret(run, git.get("passwordSecret"));
    if (user || password) {
      // By way of the environment: an argument would be seen in the list of processes.
      environment_.push_back("SKIFF_GIT_USER=" + user.value_or(""));
      environment_.push_back("SKIFF_GIT_PASSWORD=" + password.value_or(""));
      options_.insert(options_.end(), {"-c", "credential.helper=", "-c",
                                       "credential.helper=!f() { echo \"username=$SKIFF_GIT_USER\"; echo "
                                       "\"password=$SKIFF_GIT_PASSWORD\"; }; f"});
    }
    std::string ssh = "ssh -o BatchMode=yes";
    if (const auto key = optional_secret(run, git.get("sshPrivateKeySecret"))) {
      write_key(*key);
      ssh += " -o IdentitiesOnly=yes -i " + key_.path().string();
    }
    if (git.get_bool("insecureIgnoreHostKey")) {
      ssh += " -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null";
    }
    environment_.push_back("GIT_SSH_COMMAND=" + ssh);
    if (git.get_bool("insecureSkipTLS")) options_.insert(options_.end(), {"-c", "http.sslVerify=false"});
  }

  void clone() {
    std::vector<std::string> words{"clone", "--quiet"};
    add_depth(words);
    const std::string branch = git_.get_string("branch");
    if (!single()) {
      words.emplace_back("--no-single-branch");
    } else if (branch.empty()) {
      throw PodError("single branch mode without a branch specified");
    } else {
      words.insert(words.end(), {"--single-branch", "--branch", branch});
    }
    words.insert(words.end(), {"--", git_.get_string("repo"), into_.string()});
    call(words, fmt::format("failed to clone \"{}\"", git_.get_string("repo")), false);
  }

  void fetch() {
    const auto& wanted = git_.get_array("fetch");
    if (wanted.empty()) return;
    std::vector<std::string> words{"fetch", "--quiet"};
    add_depth(words);
    words.insert(words.end(), {"--", "origin"});
    for (const Json& w : wanted) words.push_back(w.is_string() ? w.as_string() : "");
    call(words, "failed to fetch", true);
  }

  void check_out() {
    const std::string revision = git_.get_string("revision");
    if (revision.empty()) return;
    const std::string branch = single() ? git_.get_string("branch") : "*";
    const std::string spec = fmt::format("refs/heads/{}:refs/heads/{}", branch, branch);
    call({"fetch", "--quiet", "--update-head-ok", "origin", spec}, "failed to fetch " + spec, true);
    std::string hash;
    for (const char* form : {"{}^{{commit}}", "refs/remotes/origin/{}^{{commit}}"}) {
      const std::string name = fmt::format(fmt::runtime(form), revision);
      hash = try_call({"rev-parse", "--quiet", "--verify", "--end-of-options", name});
      if (!hash.empty()) break;
    }
    if (hash.empty()) {
      throw PodError(fmt::format("failed to get resolve revision: `{}` is no branch, tag or commit of {}",
                                 revision, git_.get_string("repo")));
    }
    call({"checkout", "--quiet", "--force", "--detach", hash}, fmt::format("failed to checkout \"{}\"", hash),
         true);
  }

  void submodules() {
    if (git_.get_bool("disableSubmodules") || !fs::exists(into_ / ".gitmodules")) return;
    call({"submodule", "--quiet", "update", "--init", "--recursive"}, "failed to update submodules", true);
  }

 private:
  [[nodiscard]] bool single() const { return git_.get_bool("singleBranch"); }

  void add_depth(std::vector<std::string>& words) const {
    const auto depth = git_.get_int("depth");
    if (depth && *depth > 0) words.insert(words.end(), {"--depth", std::to_string(*depth)});
  }

  void write_key(std::string text) const {
    if (!text.ends_with('\n')) text += '\n';  // ssh refuses a key without it
    store::Files& files = store::real_files();
    const store::Fd fd = files.open(key_.path(), O_WRONLY | O_CREAT | O_EXCL, 0600);
    files.write(fd.get(), std::as_bytes(std::span(text.data(), text.size())), key_.path());
  }

  docker::ProcessEnd run_git(const std::vector<std::string>& words, bool inside) {
    std::vector<std::string> argv{"git"};
    if (inside) argv.insert(argv.end(), {"-C", into_.string()});
    argv.insert(argv.end(), options_.begin(), options_.end());
    argv.insert(argv.end(), words.begin(), words.end());
    auto end = docker::run_process(argv, "", kGitLimit, environment_);
    if (!end.ok()) throw PodError("git can't be run (apt-get install git): " + end.error().text());
    return std::move(end).value();
  }

  void call(const std::vector<std::string>& words, const std::string& failure, bool inside) {
    const docker::ProcessEnd end = run_git(words, inside);
    if (end.status == 0) return;
    std::string why = end.err;
    while (why.ends_with('\n')) why.pop_back();
    throw PodError(failure + ": " + why);
  }

  std::string try_call(const std::vector<std::string>& words) {
    docker::ProcessEnd end = run_git(words, true);
    if (end.status != 0) return "";
    while (end.out.ends_with('\n')) end.out.pop_back();
    return end.out;
  }

  const Json& git_;
  fs::path into_;
  TemporaryPath key_;
  std::vector<std::string> environment_;
  std::vector<std::string> options_;
};

/// A path of this machine is no repository that a cluster could see.
void check_repository(const RunContext& run, const std::string& repo) {
  static const re2::RE2 remote(R"((?i)(https?|ssh|git)://.*|[^/]+@[^/]+:.*|[^/]+:[^/].*)");
  if (re2::RE2::FullMatch(repo, remote) || run.consent.host_paths) return;
  throw PodError(
      fmt::format("the repository `{}` is on this machine, where a cluster could not reach it; if it is "
                  "meant, allow it: --allow host-path",
                  repo));
}

void fetch_git(const RunContext& run, const Json& git, const fs::path& into) {
  check_repository(run, git.get_string("repo"));
  Git repository(run, git, into);
  repository.clone();
  repository.fetch();
  repository.check_out();
  repository.submodules();
}

}  // namespace

bool is_fetched(const Json& artifact) {
  return artifact.get("http").is_object() || artifact.get("artifactory").is_object() ||
         artifact.get("git").is_object();
}

void fetch_artifact(const RunContext& run, const Json& artifact, const fs::path& into, int network_pid) {
  const NetworkVisit visit(network_pid);
  if (const Json& git = artifact.get("git"); git.is_object()) {
    fetch_git(run, git, into);
  } else {
    fetch_http(run, artifact, into);
  }
}

}  // namespace skiff::runner
