// version, and the controller itself (started by other commands, rarely by hand).

#include <fmt/format.h>

#include "runner/commands/context.h"
#include "runner/daemon.h"

namespace skiff::runner {

void add_misc(CLI::App& app, Context& context) {
  auto brief = std::make_shared<bool>(false);
  CLI::App* version = app.add_subcommand("version", "print the version");
  version->add_flag("--short", *brief, "only the number");
  version->callback([brief] { fmt::print("{}{}\n", *brief ? "" : "skiff: v", version_text()); });

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
