#include "runner/daemon.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <thread>

#include "docker/client.h"
#include "docker/endpoint.h"
#include "runner/controller.h"
#include "runner/routes.h"
#include "runner/server.h"
#include "runner/threads.h"
#include "store/error.h"

#ifndef SKIFF_VERSION
#define SKIFF_VERSION "unknown"
#endif

namespace skiff::runner {
namespace asio = boost::asio;

namespace {

/// One line at a time on stderr, which is the home's controller.log.
void log_line(const std::string& text) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  fmt::print(stderr, "{:%Y-%m-%dT%H:%M:%S}Z {}\n", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
             text);
  std::fflush(stderr);
}

void tell(int fd, const std::string& line) {
  if (fd < 0) return;
  const std::string text = line + "\n";
  if (::write(fd, text.data(), text.size()) < 0) log_line("nobody waits for the start");
  ::close(fd);
}

/// Outputs that are handed over, archives and clients each hold one.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) log_line("the limit of open files stays as it is");
}

docker::Endpoint endpoint_or_default() {
  auto found = docker::find_endpoint(docker::surroundings_of_process());
  if (found.ok()) return *found;
  docker::Endpoint usual;  // nothing answers now; a later `submit` finds out whether it does then
  usual.path = "/var/run/docker.sock";
  usual.source = "default";
  return usual;
}

/// Everything a controller process owns, in the order in which it must be destroyed backwards.
class Daemon {
 public:
  Daemon(const DaemonOptions& options, const store::Home& home, std::string boot_id)
      : options_(options),
        home_(home),
        engine_(make_engine()),
        journal_(store::Journal::open(home)),
        artifacts_(home),
        secrets_(home),
        controller_(threads_, *engine_, home_, *journal_, artifacts_, settings(std::move(boot_id)), log_line),
        services_{controller_,    *engine_,   *journal_,
                  artifacts_,     secrets_,   home_,
                  version_text(), build_id(), [this] { asio::post(main_, [this] { main_.stop(); }); },
                  threads_.pool()},
        server_(threads_.pool(), make_routes(services_)),
        signals_(main_, SIGTERM, SIGINT),
        tick_(main_) {}

  int run() {
    artifacts_.sweep();
    asio::co_spawn(threads_.pool(), controller_.recover(), asio::use_future).get();
    server_.listen(home_.prepare_socket());
    tell(options_.ready_fd, "ready");
    signals_.async_wait([this](const boost::system::error_code& ec, int) {
      if (!ec) main_.stop();
    });
    watch_idle();
    main_.run();
    server_.close();
    asio::co_spawn(threads_.pool(), controller_.close(), asio::use_future).get();
    threads_.join();
    ::unlink(home_.socket().c_str());
    return 0;
  }

 private:
  static std::unique_ptr<docker::Engine> make_engine() {
    docker::ClientOptions options;
    options.docker_config_dir = docker::surroundings_of_process().docker_config_dir();
    return docker::make_client(endpoint_or_default(), options);
  }

  [[nodiscard]] PodSettings settings(std::string boot_id) const {
    PodSettings s;
    s.controller_id = std::move(boot_id);
    s.version = version_text();
    s.home_id = home_.path().string();
    const char* mask = std::getenv("SKIFF_MASK_SECRETS");
    s.mask_secrets = mask != nullptr && std::string_view(mask) == "1";
    return s;
  }

  /// Once a second: gone when nobody has wanted anything for a while, or when the home was deleted.
  void watch_idle() {
    tick_.expires_after(std::chrono::seconds(1));
    tick_.async_wait([this](const boost::system::error_code& ec) {
      if (ec) return;
      const bool busy = controller_.active() > 0 || server_.connections() > 0;
      idle_ = busy ? std::chrono::seconds(0) : idle_ + std::chrono::seconds(1);
      const bool orphaned = ::access(home_.lock_file().c_str(), F_OK) != 0;
      if (idle_ >= options_.idle || orphaned) {
        main_.stop();
        return;
      }
      watch_idle();
    });
  }

  const DaemonOptions& options_;
  const store::Home& home_;
  asio::io_context main_;
  Threads threads_;
  std::unique_ptr<docker::Engine> engine_;
  std::unique_ptr<store::Journal> journal_;
  store::ArtifactStore artifacts_;
  store::Secrets secrets_;
  Controller controller_;
  Services services_;
  Server server_;
  asio::signal_set signals_;
  asio::steady_timer tick_;
  std::chrono::seconds idle_{0};
};

}  // namespace

int run_daemon(const DaemonOptions& options) {
  try {
    const store::Home home = store::Home::open(options.home);
    store::LockHolder self;
    self.boot_id = store::random_id();
    self.version = version_text();
    const std::string boot_id = self.boot_id;
    const auto lock = store::HomeLock::try_acquire(home, std::move(self));
    if (!lock) {
      tell(options.ready_fd, "busy");
      return 0;
    }
    raise_descriptor_limit();
    Daemon daemon(options, home, boot_id);
    return daemon.run();
  } catch (const std::exception& e) {
    log_line(e.what());
    tell(options.ready_fd, std::string("failed ") + e.what());
    return 3;
  }
}

std::string version_text() { return SKIFF_VERSION; }

std::string build_id() {
  struct stat st {};
  if (::stat("/proc/self/exe", &st) != 0) return "unknown";
  return fmt::format("{}-{}.{:09}", st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

std::string engine_address(std::string& reason) {
  const auto found = docker::find_endpoint(docker::surroundings_of_process());
  if (found.ok()) return found->text();
  reason = found.error().text();
  return "";
}

std::string probe_engine() {
  docker::ClientOptions options;
  options.connect_timeout = std::chrono::seconds(3);
  const auto engine = docker::make_client(endpoint_or_default(), options);
  asio::io_context context;
  auto answer = asio::co_spawn(context, engine->ping(), asio::use_future);
  context.run();
  const auto result = answer.get();
  return result.ok() ? "" : result.error().text();
}

}  // namespace skiff::runner
