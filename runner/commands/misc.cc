// version, and the controller itself (started by other commands, rarely by hand).

#include <fmt/format.h>

#include <set>

#include "runner/commands/context.h"
#include "runner/daemon.h"
#include "spec/decode.h"

namespace skiff::runner {
using spec::Json;

namespace {

/// Every `image` of a document, tags left out: those are known only when it runs.
void collect_images(const Json& json, std::set<std::string>& out) {
  if (json.is_array()) {
    for (const Json& e : json.as_array()) collect_images(e, out);
  } else if (json.is_object()) {
    for (const auto& [key, value] : json.as_object()) {
      const bool plain = value.is_string() && value.as_string().find("{{") == std::string::npos;
      if (key == "image" && plain) out.insert(value.as_string());
      collect_images(value, out);
    }
  }
}

void add_engine(CLI::App& app, Context& context) {
  CLI::App* cmd = app.add_subcommand("engine", "say which container engine would be used");
  cmd->callback([&context] {
    std::string reason;
    const std::string address = engine_address(reason);
    if (address.empty()) throw Exit(kUnreachable, reason);
    const std::string trouble = probe_engine();
    if (!trouble.empty()) throw Exit(kUnreachable, trouble);
    fmt::print("{}\n", address);
    context.exit_code = kSucceeded;
  });
}

void add_images(CLI::App& app) {
  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* cmd = app.add_subcommand("images", "list the images that files name");
  cmd->add_option("FILE", *files, "files, directories, or -")->required();
  cmd->callback([files] {
    std::set<std::string> images;
    for (const InputFile& file : read_inputs(*files)) {
      for (const spec::Document& d : spec::read_documents(file.text, file.name).documents) {
        collect_images(d.value(), images);
      }
    }
    for (const std::string& image : images) fmt::print("{}\n", image);
  });
}

}  // namespace

void add_misc(CLI::App& app, Context& context) {
  auto brief = std::make_shared<bool>(false);
  CLI::App* version = app.add_subcommand("version", "print the version");
  version->add_flag("--short", *brief, "only the number");
  version->callback([brief] { fmt::print("{}{}\n", *brief ? "" : "skiff: v", version_text()); });

  add_engine(app, context);
  add_images(app);

  auto options = std::make_shared<DaemonOptions>();
  auto home = std::make_shared<std::string>();
  auto idle = std::make_shared<int>(30);
  CLI::App* controller = app.add_subcommand("controller", "run the controller of a home in the foreground");
  controller->add_option("--home", *home, "SKIFF_HOME");
  controller->add_option("--ready-fd", options->ready_fd, "told when it answers")->group("");
  controller->add_option("--idle", *idle, "seconds without work before it goes")
      ->envname("SKIFF_IDLE_SECONDS");
  controller->callback([options, home, idle, &context] {
    options->home = home->empty() ? store::Home::default_path() : std::filesystem::path(*home);
    options->idle = std::chrono::seconds(*idle);
    context.exit_code = run_daemon(*options);
  });
}

}  // namespace skiff::runner
