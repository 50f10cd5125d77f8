#include "runner/core/step_init.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "runner/core/pod_reason.h"

namespace skiff::runner {
namespace {

std::vector<std::string> command_of(const docker::ContainerSpec& spec, const docker::ImageInfo* image) {
  std::vector<std::string> command = spec.entrypoint;
  std::vector<std::string> rest = spec.cmd;
  if (spec.entrypoint.empty() && image != nullptr) {
    command = image->entrypoint;
    if (spec.cmd.empty()) rest = image->cmd;
  }
  command.insert(command.end(), rest.begin(), rest.end());
  return command;
}

bool takes_dev(const docker::Mount& mount) {
  return mount.target == "/dev" || mount.target == "/dev/" || mount.target == kInitPath ||
         mount.target == kOutputSocket;
}

docker::Mount bind(const std::string& source, const char* target) {
  docker::Mount mount;
  mount.type = docker::MountType::bind;
  mount.source = source;
  mount.target = target;
  mount.read_only = true;
  return mount;
}

/// The length of the longest end of `text` that begins a nonce.
std::size_t beginning_at_end(std::string_view text, std::string_view nonce) {
  for (std::size_t n = std::min(text.size(), nonce.size() - 1); n > 0; --n) {
    if (nonce.starts_with(text.substr(text.size() - n))) return n;
  }
  return 0;
}

/// A number at the beginning, cut off with the one character behind it.
std::optional<std::size_t> cut_number(std::string_view& text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data() + text.size()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return value;
}

}  // namespace

bool put_init(docker::ContainerSpec& spec, const docker::ImageInfo* image, const std::string& program,
              const std::string& nonce, const std::vector<WatchedOutput>& outputs,
              const std::string& socket) {
  std::vector<std::string> command = command_of(spec, image);
  const auto& mounts = spec.host.mounts;
  if (command.empty() || spec.tty || !spec.host.pid_mode.empty()) return false;
  if (std::any_of(mounts.begin(), mounts.end(), takes_dev)) return false;
  spec.host.mounts.push_back(bind(program, kInitPath));
  spec.host.init = false;
  spec.entrypoint = {kInitPath, "init", nonce};
  bool hands_over = false;
  for (const WatchedOutput& output : outputs) {
    if (output.to_hand_over && socket.empty()) continue;
    spec.entrypoint.emplace_back(output.to_hand_over ? "-a" : "-o");
    spec.entrypoint.push_back(output.path);
    hands_over = hands_over || output.to_hand_over;
  }
  if (hands_over) spec.host.mounts.push_back(bind(socket, kOutputSocket));
  spec.entrypoint.emplace_back("--");
  spec.cmd = std::move(command);
  spec.labels[kLabelInit] = nonce;
  return true;
}

std::vector<WatchedOutput> watched_outputs(const std::vector<std::string>& entrypoint) {
  std::vector<WatchedOutput> outputs;
  const auto is_option = [](const std::string& word) { return word == "-o" || word == "-a"; };
  for (std::size_t i = 3; i + 1 < entrypoint.size() && is_option(entrypoint[i]); i += 2) {
    outputs.push_back({entrypoint[i + 1], entrypoint[i] == "-a"});
  }
  return outputs;
}

StepEnd::StepEnd(std::string nonce, std::vector<WatchedOutput> outputs)
    : nonce_(std::move(nonce)), outputs_(std::move(outputs)) {}

void StepEnd::from_the_start() {
  for (Stream& s : streams_) s = Stream();
}

std::string_view StepEnd::take(const docker::OutputChunk& chunk) {
  Stream& s = streams_[chunk.stream == docker::StreamKind::out ? 0 : 1];
  if (s.over) return {};
  s.own.clear();
  if (s.marked) {
    s.held += chunk.bytes;
    read(s);
    return {};
  }
  std::string_view text = chunk.bytes;
  if (!s.held.empty()) {
    s.own = std::exchange(s.held, {}) + chunk.bytes;
    text = s.own;
  }
  const std::size_t at = text.find(nonce_);
  if (at == std::string_view::npos) {
    const std::size_t keep = beginning_at_end(text, nonce_);
    s.held = text.substr(text.size() - keep);
    return text.substr(0, text.size() - keep);
  }
  s.marked = true;
  s.held = text.substr(at + nonce_.size());
  read(s);
  return text.substr(0, at);
}

std::string StepEnd::rest(docker::StreamKind stream) {
  Stream& s = streams_[stream == docker::StreamKind::out ? 0 : 1];
  return s.marked ? "" : std::exchange(s.held, {});
}

/// What is complete of what an init tells.
void StepEnd::read(Stream& stream) {
  std::string_view text = stream.held;
  while (!stream.over) {
    if (text.starts_with(".\n")) {
      stream.over = true;
    } else if (&stream != &streams_[0] || !read_line(text)) {
      break;
    }
  }
  stream.held.erase(0, stream.held.size() - text.size());
}

/// One item of stdout; false if it is not all here.
bool StepEnd::read_line(std::string_view& text) {
  if (text.empty()) return false;
  const char kind = text.front();
  std::string_view rest = text.substr(1);
  const auto first = cut_number(rest);
  if (!first) return false;
  const bool of_output = *first < outputs_.size();
  if (kind == 'x') {
    exit_code_ = static_cast<int>(*first);
  } else if (kind == 'm' && of_output) {
    files_[outputs_[*first].path] = std::nullopt;
  } else if (kind == 'h' && of_output) {
    handed_[outputs_[*first].path] = *first;
  } else if (kind == 'e' || kind == 'f') {
    const auto second = cut_number(rest);
    if (!second || (kind == 'f' && rest.size() < *second)) return false;
    if (kind == 'e') {
      not_run_kind_ = static_cast<int>(*first);
      not_run_error_ = static_cast<int>(*second);
    } else {
      if (of_output) files_[outputs_[*first].path] = std::string(rest.substr(0, *second));
      rest.remove_prefix(*second);
    }
  }
  text = rest;
  return true;
}

std::string StepEnd::not_run(const std::string& command) const {
  switch (not_run_kind_) {
    case 0:
      return "";
    case 1:
      return command_not_found(command, false);
    case 2:
      return command_not_found(command, true);
    case 3:
      return command_not_permitted(command);
    default:
      break;
  }
  std::string reason = std::generic_category().message(not_run_error_);
  if (!reason.empty() && reason.front() >= 'A' && reason.front() <= 'Z') {
    reason.front() = static_cast<char>(reason.front() - 'A' + 'a');  // as Go says it
  }
  return command_not_started(command, reason);
}

}  // namespace skiff::runner
