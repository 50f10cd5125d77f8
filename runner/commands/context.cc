#include "runner/commands/context.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "runner/http_call.h"

namespace skiff::runner {
namespace fs = std::filesystem;

namespace {

InputFile read_file(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  if (!in) throw Exit(kUsage, fmt::format("cannot read {}: {}", name, std::strerror(errno)));
  std::ostringstream text;
  text << in.rdbuf();
  return {name, text.str()};
}

bool is_url(const std::string& name) { return name.starts_with("http://") || name.starts_with("https://"); }

InputFile fetch_file(const std::string& url) {
  HttpCall call;
  call.url = url;
  const std::atomic<bool> never = false;
  const HttpAnswer answer = perform(call, never);
  if (!answer.trouble.empty()) throw Exit(kUsage, fmt::format("cannot read {}: {}", url, answer.trouble));
  if (answer.status != 200) throw Exit(kUsage, fmt::format("cannot read {}: status {}", url, answer.status));
  return {url, answer.body};
}

void add_directory(const fs::path& dir, std::vector<InputFile>& out) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(dir)) {
    const std::string ext = entry.path().extension().string();
    if (entry.is_regular_file() && (ext == ".yaml" || ext == ".yml" || ext == ".json")) {
      names.push_back(entry.path().string());
    }
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) out.push_back(read_file(name));
}

}  // namespace

store::Home Context::home() const { return store::Home::open(store::Home::default_path()); }
Client Context::client() const { return Client::connect(home()); }

std::string Context::workflow_path(const std::string& name, const std::string& rest) const {
  return fmt::format("/api/v1/workflows/{}/{}{}", Client::encode(ns), Client::encode(name), rest);
}

std::vector<InputFile> read_inputs(const std::vector<std::string>& names) {
  std::vector<InputFile> out;
  for (const std::string& name : names) {
    if (name == "-") {
      std::ostringstream text;
      text << std::cin.rdbuf();
      out.push_back({"-", text.str()});
    } else if (is_url(name)) {
      out.push_back(fetch_file(name));
    } else if (fs::is_directory(name)) {
      add_directory(name, out);
    } else {
      out.push_back(read_file(name));
    }
  }
  return out;
}

void show_findings(const spec::Diagnostics& findings, const std::vector<InputFile>& files, bool color) {
  for (const spec::Diagnostic& d : findings) {
    const auto file =
        std::find_if(files.begin(), files.end(), [&](const InputFile& f) { return f.name == d.file; });
    fmt::print(stderr, "{}",
               spec::render(d, file == files.end() ? "" : file->text, spec::RenderStyle{color}));
  }
}

void forgive_metadata(spec::Diagnostics& findings) {
  for (spec::Diagnostic& d : findings) {
    if (d.rule == "unknown-metadata-field") d.severity = spec::Severity::warning;
  }
  std::erase_if(findings, [](const spec::Diagnostic& d) { return d.severity == spec::Severity::note; });
}

void print_object(const spec::Json& object, const std::string& format) {
  if (format == "yaml") {
    fmt::print("{}", spec::to_yaml(object));
  } else {
    fmt::print("{}\n", spec::to_json(object, spec::JsonStyle{2, false, false}));
  }
}

void print_created(const spec::Json& workflow, const std::string& format) {
  if (format == "json" || format == "yaml") {
    print_object(workflow, format);
  } else if (format == "name") {
    fmt::print("{}\n", workflow.get("metadata").get_string("name"));
  } else {
    fmt::print(
        "Name:                {}\nNamespace:           {}\nStatus:              {}\nCreated:             "
        "{}\n",
        workflow.get("metadata").get_string("name"), workflow.get("metadata").get_string("namespace"),
        workflow.get("status").get_string("phase", "Pending"),
        workflow.get("metadata").get_string("creationTimestamp"));
  }
  std::fflush(stdout);
}

}  // namespace skiff::runner
