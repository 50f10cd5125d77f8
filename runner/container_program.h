// The program that we bring into containers (runner/sandbox): its bytes, and its file for containers that
// bind it.
#pragma once

#include <filesystem>
#include <string_view>

#include "store/home.h"

namespace skiff::runner {

/// A static executable for the machine that this skiff was built for.
[[nodiscard]] std::string_view container_program();

/// The program as a file of the home that anybody may execute; another program has another path. Throws
/// store::StoreError.
[[nodiscard]] std::filesystem::path install_container_program(const store::Home& home);

}  // namespace skiff::runner
