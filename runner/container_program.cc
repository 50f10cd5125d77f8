#include "runner/container_program.h"

#include <span>
#include <string>

#include "runner/sandbox/pause.inc"
#include "spec/names.h"
#include "store/files.h"

namespace skiff::runner {

std::string_view container_program() {
  return {reinterpret_cast<const char*>(kPauseProgram), sizeof kPauseProgram};
}

std::filesystem::path install_container_program(const store::Home& home) {
  const std::filesystem::path path =
      home.programs() / ("init-" + std::to_string(spec::fnv32a(container_program())));
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return path;
  store::Files& files = store::real_files();
  files.mkdirs(path.parent_path(), 0755);
  store::write_atomic(files, path, container_program(), 0755);
  return path;
}

}  // namespace skiff::runner
