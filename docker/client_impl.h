// The client's inside, shared by its .cc files: one generic call, and the Engine's methods on top of it.
//
// client.cc has negotiation and the generic call, client_containers.cc, client_files.cc, client_images.cc,
// client_resources.cc the methods, client_streams.cc what outlives a call, pulls.h the single flight.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "docker/client.h"
#include "docker/exchange.h"
#include "docker/http.h"
#include "docker/pulls.h"

namespace skiff::docker {

/// What a call wants: the request (its target without a version) and how long it may take.
struct Call {
  std::string asked;  ///< for people, as in Error::asked
  Request request;
  std::chrono::milliseconds limit{0};  ///< 0 = none
  ByteSource* source = nullptr;
  bool versioned = true;
};

/// The reply to a Call. 2xx and 101: the body is still to be read from `exchange`; else `refusal` has it.
struct Reply {
  std::unique_ptr<Exchange> exchange;
  int status = 0;
  std::string refusal;
};

/// What negotiation found out.
struct Peer {
  ApiVersion used;
  ApiVersion theirs;
  bool podman = false;
};

/// The Error that a refused call is.
[[nodiscard]] Error refused(const Call& call, int status, std::string_view body);
/// The same Error, knowing what was asked.
[[nodiscard]] Error in_call(Error error, const std::string& asked);
template <class T>
[[nodiscard]] Result<T> in_call(Result<T> result, const std::string& asked) {
  if (result) return result;
  return in_call(result.error(), asked);
}

class Client : public Engine {
 public:
  Client(Endpoint endpoint, ClientOptions options);

  // ---- the generic call ----
  /// Sends, with the agreed version, and reads the head. Every status is a success here.
  boost::asio::awaitable<Result<Reply>> open(const Call& call);
  /// As open, but what is no 2xx or 101 is an Error.
  boost::asio::awaitable<Result<std::unique_ptr<Exchange>>> open_stream(const Call& call);
  /// As open_stream, with the whole body.
  boost::asio::awaitable<Result<std::string>> fetch(const Call& call);
  /// For calls that change something: 304, and the statuses in `fine`, are Effect::already.
  boost::asio::awaitable<Result<Effect>> change(const Call& call, const std::vector<int>& fine);
  boost::asio::awaitable<Result<Peer>> peer();

  [[nodiscard]] Call get(std::string asked, std::string target) const;
  [[nodiscard]] Call post(std::string asked, std::string target, std::string json) const;
  [[nodiscard]] Call erase(std::string asked, std::string target) const;
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  [[nodiscard]] const ClientOptions& options() const { return options_; }

  // ---- Engine ----
  [[nodiscard]] std::string where() const override { return endpoint_.text(); }
  [[nodiscard]] bool local() const override { return endpoint_.transport == Transport::unix_socket; }
  Async<void> ping() override;
  Async<EngineVersion> version() override;
  Async<EngineInfo> info() override;
  Async<Created> create(const ContainerSpec& spec) override;
  Async<Effect> start(std::string id) override;
  Async<std::unique_ptr<PendingWait>> arm_wait(std::string id, WaitCondition condition) override;
  Async<std::unique_ptr<OutputStream>> attach(std::string id) override;
  Async<std::unique_ptr<OutputStream>> logs(std::string id, const LogOptions& options) override;
  Async<ContainerInfo> inspect(std::string id) override;
  Async<std::vector<ContainerSummary>> list(const ContainerFilter& filter) override;
  Async<Effect> stop(std::string id, std::chrono::seconds grace, std::string signal) override;
  Async<Effect> kill(std::string id, std::string signal) override;
  Async<Effect> remove(std::string id, const RemoveOptions& options) override;
  Async<std::string> create_exec(std::string id, const ExecSpec& spec) override;
  Async<std::unique_ptr<OutputStream>> start_exec(std::string exec_id) override;
  Async<ExecState> inspect_exec(std::string exec_id) override;
  Async<PathStat> get_archive(std::string id, std::string path, ByteSink& sink) override;
  Async<void> put_archive(std::string id, std::string path, ByteSource& source) override;
  Async<PathStat> stat_path(std::string id, std::string path) override;
  Async<ImageInfo> inspect_image(std::string reference) override;
  Async<std::vector<ImageInfo>> list_images(const std::vector<std::string>& labels) override;
  Async<void> pull(std::string reference, const PullOptions& options, PullObserver observer) override;
  Async<std::string> import_image(ByteSource& tar, const ImportSpec& spec) override;
  Async<void> tag_image(std::string reference, std::string new_reference) override;
  Async<Effect> remove_image(std::string reference, bool force) override;
  Async<VolumeInfo> create_volume(const VolumeSpec& spec) override;
  Async<VolumeInfo> inspect_volume(std::string name) override;
  Async<std::vector<VolumeInfo>> list_volumes(const std::vector<std::string>& labels) override;
  Async<Effect> remove_volume(std::string name, bool force) override;
  Async<std::string> create_network(const NetworkSpec& spec) override;
  Async<NetworkInfo> inspect_network(std::string name) override;
  Async<std::vector<NetworkInfo>> list_networks(const std::vector<std::string>& labels) override;
  Async<void> connect_network(std::string network, std::string id,
                              const std::vector<std::string>& aliases) override;
  Async<void> disconnect_network(std::string network, std::string id, bool force) override;
  Async<Effect> remove_network(std::string name) override;
  Async<std::unique_ptr<EventStream>> events(const EventFilter& filter) override;

 private:
  boost::asio::awaitable<Result<Reply>> send(const Call& call, std::string target);
  boost::asio::awaitable<Result<Peer>> negotiate();
  boost::asio::awaitable<Result<Created>> settle_create(const ContainerSpec& spec, const Call& call,
                                                        Error lost);
  boost::asio::awaitable<Result<bool>> has_tty(std::string id);
  boost::asio::awaitable<Result<void>> require_directory(std::string id, std::string path);
  /// One pull, alone: what the single flight runs.
  boost::asio::awaitable<Result<void>> pull_once(std::string reference, PullOptions options,
                                                 PullObserver observer);
  boost::asio::awaitable<Result<void>> pull_as(std::string reference, std::string platform, std::string auth,
                                               PullObserver observer);

  void remember_tty(const std::string& id, bool tty);

  const Endpoint endpoint_;
  const ClientOptions options_;
  std::mutex mutex_;  ///< guards what follows; never held across a co_await
  std::optional<Peer> peer_;
  std::set<std::string> with_tty_;     ///< containers and execs made here with a tty …
  std::set<std::string> without_tty_;  ///< … and without: saves attach an inspect
  Pulls pulls_;
};

}  // namespace skiff::docker
