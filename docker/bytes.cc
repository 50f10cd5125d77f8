// Files and memory as ends of an archive transfer.
#include "docker/bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace skiff::docker {
namespace {

[[noreturn]] void fail(const char* what, const std::filesystem::path& path) {
  throw std::system_error(errno, std::generic_category(), std::string(what) + " " + path.string());
}

}  // namespace

boost::asio::awaitable<void> ByteSource::ready() { co_return; }
boost::asio::awaitable<void> ByteSink::ready() { co_return; }

std::size_t StringSource::read(std::span<char> into) {
  const std::size_t n = at_ < bytes_.size() ? bytes_.copy(into.data(), into.size(), at_) : 0;
  at_ += n;
  return n;
}

FileSource::FileSource(const std::filesystem::path& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (fd_ < 0) fail("cannot open", path);
  struct stat st {};
  if (::fstat(fd_, &st) != 0) {
    const int saved = errno;
    ::close(fd_);
    errno = saved;
    fail("cannot stat", path);
  }
  size_ = static_cast<std::uint64_t>(st.st_size);
}

FileSource::~FileSource() { ::close(fd_); }

std::size_t FileSource::read(std::span<char> into) {
  for (;;) {
    const ssize_t n = ::read(fd_, into.data(), into.size());
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "cannot read");
  }
}

bool FileSource::rewind() { return ::lseek(fd_, 0, SEEK_SET) == 0; }

void StringSink::write(std::string_view bytes) {
  if (bytes.size() > limit_ - bytes_.size())
    throw std::length_error("more than " + std::to_string(limit_) + " bytes");
  bytes_ += bytes;
}

FileSink::FileSink(const std::filesystem::path& path)
    : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {
  if (fd_ < 0) fail("cannot create", path);
}

FileSink::~FileSink() {
  if (fd_ >= 0) ::close(fd_);
}

void FileSink::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(n));
    else if (errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "cannot write");
  }
}

void FileSink::close() {
  const int fd = fd_;
  fd_ = -1;
  if (fd >= 0 && ::close(fd) != 0) throw std::system_error(errno, std::generic_category(), "cannot close");
}

}  // namespace skiff::docker
