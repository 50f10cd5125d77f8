// Fuzz target: the bytes of one or more files through all of `lint`: parsing, decoding, validation, and what
// is said about them in every form.
//
// A line that begins with "# file" ends one file and begins the next, so that references between files are
// reached.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "spec/validate.h"

namespace {

using namespace skiff::spec;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "failed: %s\n", what);
  std::abort();
}

std::vector<LintFile> split_files(std::string_view text) {
  constexpr std::string_view kMark = "\n# file";
  std::vector<LintFile> files;
  while (files.size() < 8) {
    const std::size_t end = text.find(kMark);
    files.push_back({"input" + std::to_string(files.size()), std::string(text.substr(0, end))});
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + kMark.size());
  }
  return files;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto files = split_files(std::string_view(reinterpret_cast<const char*>(data), size));
  const LintResult result = lint(files);
  std::map<std::string, std::string_view> texts;
  for (const LintFile& file : files) texts[file.name] = file.text;
  for (const Diagnostic& d : result.diagnostics) {
    require(!d.message.empty() && !d.rule.empty(), "a finding says what is wrong");
    require(d.file.empty() || texts.contains(d.file), "a finding is in one of the files");
  }
  LintOptions strict;
  strict.warnings_as_errors = true;
  require(result.ok() || !lint(files, strict).ok(), "what is wrong stays wrong under --strict");
  return 0;
}
