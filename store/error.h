// The one exception of the store: what went wrong with which file, and what the user can do about it.
//
// In: the kind of trouble, the path, a sentence. Out: a what() that can be shown to a user as it is.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace skiff::store {

/// Callers branch on this: `no_space` fails one step, `corrupt` stops the controller, `hostile` blames the
/// archive.
enum class Trouble {
  no_space,   ///< ENOSPC, EDQUOT, SQLITE_FULL: the step fails, the rest goes on
  io,         ///< any other failure of the disk
  denied,     ///< EACCES, EPERM, EROFS
  not_found,  ///< what was asked for is not there
  conflict,   ///< a name is taken: by another row, or by a file where a directory is needed
  busy,       ///< somebody else holds it
  corrupt,    ///< a file of ours does not read back as we wrote it
  hostile,    ///< an archive that tries to leave its directory, or a bomb
  invalid,    ///< a key, a name or an archive that makes no sense
};

[[nodiscard]] std::string_view to_string(Trouble trouble);

class StoreError : public std::runtime_error {
 public:
  /// `message` is a whole sentence for the user and should name `path`.
  StoreError(Trouble trouble, std::filesystem::path path, const std::string& message)
      : std::runtime_error(message), trouble_(trouble), path_(std::move(path)) {}

  [[nodiscard]] Trouble trouble() const { return trouble_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  Trouble trouble_;
  std::filesystem::path path_;
};

/// Throws the StoreError for an errno: "cannot <doing> <path>: <reason>", with advice where there is any.
[[noreturn]] void throw_errno(int error, std::string_view doing, const std::filesystem::path& path);

}  // namespace skiff::store
