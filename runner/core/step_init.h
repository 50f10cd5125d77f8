// A step's init as its controller sees it: how a container is made to run under it, how orders are written,
// and what it tells at the end of the streams. Its own side, and the form of all this:
// runner/sandbox/step_init.h.
//
// It tells the end of a command, tells small files that the command left (output parameters) and hands others
// over (artifacts), before the engine could tell the first or be asked for the others.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "docker/types.h"

namespace skiff::runner {

/// Where our program lies in a container: /dev is the engine's own tmpfs, so nothing of it is in the image or
/// its changes.
inline constexpr const char* kInitPath = "/dev/skiff-init";
/// The socket beside it to which outputs are handed over; as in runner/sandbox/step_init.h.
inline constexpr const char* kOutputSocket = "/dev/skiff-outputs";
/// Label of a container that runs under a step's init; its value is the nonce.
inline constexpr const char* kLabelInit = "skiff.init";

/// Output files as the init found them, by path: the content, or nothing where there is no such file. A path
/// that is not here was no plain file or too large: the engine has to be asked.
using ToldFiles = std::map<std::string, std::optional<std::string>>;

/// A file that an init is to look for.
struct WatchedOutput {
  std::string path;
  bool to_hand_over = false;  ///< open, through a socket; else its content is told
};

/// Puts `program` (a path of the engine's host) before the command, which is the spec's own or the image's.
/// `nonce` has 32 characters; `socket` (likewise of the host; "": none) is where files are handed over.
/// False, and nothing is changed, if there is no command or the container is not one that an init can have:
/// with a tty, another's processes, or a /dev of its own.
bool put_init(docker::ContainerSpec& spec, const docker::ImageInfo* image, const std::string& program,
              const std::string& nonce, const std::vector<WatchedOutput>& outputs, const std::string& socket);

/// What an init was told to look for; `entrypoint` as put_init made it.
[[nodiscard]] std::vector<WatchedOutput> watched_outputs(const std::vector<std::string>& entrypoint);

/// Takes what an init tells out of a container's output. For one strand.
class StepEnd {
 public:
  /// `outputs` as given to put_init.
  StepEnd(std::string nonce, std::vector<WatchedOutput> outputs);

  /// The bytes of `chunk` that are the step's own; valid until the next call. What may be the beginning of a
  /// nonce is held back.
  [[nodiscard]] std::string_view take(const docker::OutputChunk& chunk);
  /// What was held back when the stream ended without the init's word.
  [[nodiscard]] std::string rest(docker::StreamKind stream);
  /// The streams begin again with their first byte.
  void from_the_start();

  /// Everything was told, on both streams.
  [[nodiscard]] bool complete() const { return streams_[0].over && streams_[1].over; }
  /// Of the command; nothing before complete(), or where it could not be run.
  [[nodiscard]] std::optional<int> exit_code() const { return exit_code_; }
  /// Why the command could not be run, in the words of Argo's executor; "" if it could. `command` is its
  /// first word.
  [[nodiscard]] std::string not_run(const std::string& command) const;
  [[nodiscard]] const ToldFiles& files() const { return files_; }
  /// Paths that it has handed over, with the number that its datagram has.
  [[nodiscard]] const std::map<std::string, std::size_t>& handed() const { return handed_; }

 private:
  struct Stream {
    bool marked = false;  ///< the nonce was seen
    bool over = false;
    std::string held;  ///< before the nonce: what may begin one; after it: what was told so far
    std::string own;
  };
  void read(Stream& stream);
  [[nodiscard]] bool read_line(std::string_view& text);

  std::string nonce_;
  std::vector<WatchedOutput> outputs_;
  Stream streams_[2];
  std::optional<int> exit_code_;
  int not_run_kind_ = 0;
  int not_run_error_ = 0;
  ToldFiles files_;
  std::map<std::string, std::size_t> handed_;
};

}  // namespace skiff::runner
