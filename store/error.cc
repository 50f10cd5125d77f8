// Turns errno into the sentence that a user reads, with the way out where there is a usual one.
#include "store/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace skiff::store {

std::string_view to_string(Trouble trouble) {
  switch (trouble) {
    case Trouble::no_space:
      return "no space";
    case Trouble::io:
      return "input/output";
    case Trouble::denied:
      return "permission denied";
    case Trouble::not_found:
      return "not found";
    case Trouble::conflict:
      return "conflict";
    case Trouble::busy:
      return "busy";
    case Trouble::corrupt:
      return "corrupt";
    case Trouble::hostile:
      return "hostile";
    case Trouble::invalid:
      return "invalid";
  }
  return "unknown";
}

namespace {

Trouble trouble_of(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return Trouble::no_space;
    case EACCES:
    case EPERM:
    case EROFS:
      return Trouble::denied;
    case ENOENT:
      return Trouble::not_found;
    case EEXIST:
    case ENOTDIR:
    case EISDIR:
    case ENOTEMPTY:
      return Trouble::conflict;
    case ENAMETOOLONG:
    case EINVAL:
      return Trouble::invalid;
    case EBUSY:
    case ETXTBSY:
      return Trouble::busy;
    default:
      return Trouble::io;
  }
}

std::string_view advice(Trouble trouble) {
  switch (trouble) {
    case Trouble::no_space:
      return "; free some space (`skiff delete --completed`, `docker system df`) or move SKIFF_HOME to a "
             "larger "
             "disk";
    case Trouble::denied:
      return "; check who owns it, or set SKIFF_HOME to a directory of yours";
    default:
      return "";
  }
}

}  // namespace

void throw_errno(int error, std::string_view doing, const std::filesystem::path& path) {
  const Trouble trouble = trouble_of(error);
  throw StoreError(
      trouble, path,
      fmt::format("cannot {} {}: {}{}", doing, path.string(), std::strerror(error), advice(trouble)));
}

}  // namespace skiff::store
