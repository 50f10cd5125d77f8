// A tar writer and reader of a page, so that the tests of this room need no other.
#pragma once

#include <map>
#include <string>

namespace skiff::docker::test {

/// Names to contents; a name that ends in '/' is a directory. Plain ustar.
[[nodiscard]] std::string tar(const std::map<std::string, std::string>& files);
/// The reverse; regular files and directories only.
[[nodiscard]] std::map<std::string, std::string> untar(const std::string& archive);

}  // namespace skiff::docker::test
