// Where an archive's bytes come from and go to: small blocking interfaces, and the common ones ready made.
//
// A transfer of an archive holds the container's lock in the engine until the last byte is through (inspect,
// wait and even the exit of that container stand still), so both ends must be quick: files and memory, never
// a user's connection. They are called on the thread that runs the calling coroutine: one that would have to
// wait for somebody else (another thread) does so in ready().
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace skiff::docker {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Bytes in all, if known beforehand; else the request is sent in chunks.
  [[nodiscard]] virtual std::optional<std::uint64_t> size() const = 0;
  /// Awaited before each read: returns when that one need not wait.
  virtual boost::asio::awaitable<void> ready();
  /// Fills `into` from its front; 0 = no more. Throws std::system_error when the bytes cannot be had.
  virtual std::size_t read(std::span<char> into) = 0;
  /// Back to the first byte, so that a request may be sent again; false if that is impossible.
  virtual bool rewind() { return false; }
};

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  /// Awaited before each write: returns when there is room.
  virtual boost::asio::awaitable<void> ready();
  /// Takes all of `bytes`; throws std::system_error when it cannot (disk full): the transfer ends in kind
  /// local.
  virtual void write(std::string_view bytes) = 0;
};

/// Reads from memory of its own.
class StringSource : public ByteSource {
 public:
  explicit StringSource(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return bytes_.size(); }
  std::size_t read(std::span<char> into) override;
  bool rewind() override { return at_ = 0, true; }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

/// Reads a file; owns the descriptor. The constructor throws std::system_error if it cannot be opened.
class FileSource : public ByteSource {
 public:
  explicit FileSource(const std::filesystem::path& path);
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }
  std::size_t read(std::span<char> into) override;
  bool rewind() override;

 private:
  int fd_ = -1;
  std::uint64_t size_ = 0;
};

/// Keeps everything in memory up to `limit` bytes, then throws std::length_error.
class StringSink : public ByteSink {
 public:
  explicit StringSink(std::size_t limit) : limit_(limit) {}
  void write(std::string_view bytes) override;
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::size_t limit_;
  std::string bytes_;
};

/// Writes to a new file (mode 0600, truncated if there); close() reports what the last write could not.
class FileSink : public ByteSink {
 public:
  explicit FileSink(const std::filesystem::path& path);
  ~FileSink() override;
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;
  void write(std::string_view bytes) override;
  void close();

 private:
  int fd_ = -1;
};

/// Hands every piece to a function.
class FunctionSink : public ByteSink {
 public:
  explicit FunctionSink(std::function<void(std::string_view)> f) : f_(std::move(f)) {}
  void write(std::string_view bytes) override { f_(bytes); }

 private:
  std::function<void(std::string_view)> f_;
};

}  // namespace skiff::docker
