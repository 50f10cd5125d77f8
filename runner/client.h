// The CLI's side of the controller's socket: blocking calls; starts a controller where none answers.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "spec/json.h"
#include "store/home.h"

namespace skiff::runner {

/// What the controller answered instead of a result, or why it can't be reached. Its text is for the user.
class ClientError : public std::runtime_error {
 public:
  ClientError(int status, const std::string& message) : std::runtime_error(message), status_(status) {}
  /// The HTTP status; 0 where the controller could not be reached or started.
  [[nodiscard]] int status() const { return status_; }

 private:
  int status_;
};

class Client {
 public:
  /// Finds or starts the controller of the home and checks that it is of this build and uses this engine; an
  /// idle one that is not is replaced, a busy one is used, with a line on stderr.
  [[nodiscard]] static Client connect(const store::Home& home);

  /// `target` is path and query, encoded. All throw ClientError.
  [[nodiscard]] spec::Json get(const std::string& target) const;
  spec::Json post(const std::string& target, const spec::Json& body) const;
  spec::Json put(const std::string& target, const spec::Json& body) const;
  spec::Json del(const std::string& target) const;
  /// Reads a stream of {"result": …} lines; `each` gets the results and returns false to stop. Returns true
  /// if the stream came to its end, false if the connection broke.
  bool stream(const std::string& target, const std::function<bool(const spec::Json&)>& each) const;
  /// Copies the body of a reply to a file descriptor.
  void download(const std::string& target, int fd) const;

  /// Percent-encodes one part of a path or query.
  [[nodiscard]] static std::string encode(std::string_view text);

 private:
  explicit Client(std::string socket) : socket_(std::move(socket)) {}
  spec::Json call(const std::string& method, const std::string& target, const std::string& body) const;
  std::string socket_;
};

}  // namespace skiff::runner
