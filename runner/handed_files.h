// Files that steps hand over, open: a step's init (runner/sandbox/step_init.h) sends the descriptor of an
// output through a socket that its container binds, so that nobody has to ask the engine for an archive of
// it.
//
// In: datagrams of containers, whose sender may be anybody in them. Out: descriptors of plain files, to those
// who expect them. What nobody expects is closed. A thread of its own receives: to look at a stranger's
// descriptor, or to close it, may take as long as the stranger likes. An engine that does not see our
// sockets, a controller that was started anew: then nothing comes, and the engine is asked.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "store/files.h"
#include "store/home.h"

namespace skiff::runner {

/// Safe from several threads.
class HandedFiles {
 public:
  explicit HandedFiles(const store::Home& home);
  ~HandedFiles();
  HandedFiles(const HandedFiles&) = delete;
  HandedFiles& operator=(const HandedFiles&) = delete;

  /// The socket's path, for containers to bind; made at the first call, in the place of an earlier
  /// controller's.
  /// "" if there can be none.
  [[nodiscard]] std::string socket();
  /// The engine cannot bind it: there is none from now on.
  void give_up();

  /// Numbers below `count` may come.
  void expect(const std::string& nonce, std::size_t count);
  void forget(const std::string& nonce);
  /// What an expected init says it has sent under this number.
  [[nodiscard]] std::optional<store::Fd> take(const std::string& nonce, std::size_t number);

 private:
  struct State;
  const store::Home& home_;
  std::shared_ptr<State> state_;
};

/// What one container hands over, expected as long as this lives.
class Handover {
 public:
  Handover(HandedFiles& files, std::string nonce, std::size_t count)
      : files_(files), nonce_(std::move(nonce)) {
    files_.expect(nonce_, count);
  }
  ~Handover() { files_.forget(nonce_); }
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  [[nodiscard]] std::optional<store::Fd> take(std::size_t number) { return files_.take(nonce_, number); }

 private:
  HandedFiles& files_;
  std::string nonce_;
};

}  // namespace skiff::runner
