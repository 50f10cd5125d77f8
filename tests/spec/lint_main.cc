// `lint --offline FILE…` without the rest of skiff: what the lint corpus is checked with, and a clock for big
// files. Directories are walked for .yaml, .yml and .json.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "spec/validate.h"

namespace {

using namespace skiff::spec;

void read_file(const std::filesystem::path& path, std::vector<LintFile>& out) {
  std::ifstream in(path, std::ios::binary);
  out.push_back({path.string(), std::string(std::istreambuf_iterator<char>(in), {})});
}

bool is_manifest(const std::filesystem::path& path) {
  const std::string end = path.extension().string();
  return end == ".yaml" || end == ".yml" || end == ".json";
}

std::vector<LintFile> read_all(const std::vector<std::string>& names) {
  std::vector<LintFile> out;
  for (const std::string& name : names) {
    if (!std::filesystem::is_directory(name)) {
      read_file(name, out);
      continue;
    }
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(name)) {
      if (entry.is_regular_file() && is_manifest(entry.path())) found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    for (const auto& path : found) read_file(path, out);
  }
  return out;
}

std::string_view text_of(const std::vector<LintFile>& files, const std::string& name) {
  const auto it = std::find_if(files.begin(), files.end(), [&](const LintFile& f) { return f.name == name; });
  return it == files.end() ? std::string_view{} : std::string_view(it->text);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> names;
  LintOptions options;
  bool time = false;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--strict=error") options.warnings_as_errors = true;
    if (word == "--time") time = true;
    if (word != "lint" && !word.starts_with("--")) names.push_back(word);
  }
  const std::vector<LintFile> files = read_all(names);
  const auto begin = std::chrono::steady_clock::now();
  const LintResult result = lint(files, options);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  for (const Diagnostic& d : result.diagnostics)
    std::fputs(render(d, text_of(files, d.file)).c_str(), stdout);
  if (time) std::printf("%.3f s\n", took.count());
  return result.ok() ? 0 : 1;
}
