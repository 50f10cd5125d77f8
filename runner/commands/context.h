// What every command has: the home, the namespace, how to print, and the exit codes.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "runner/client.h"
#include "spec/diagnostic.h"
#include "spec/json.h"
#include "store/home.h"

namespace skiff::runner {

enum ExitCode : int {
  kSucceeded = 0,
  kFailed = 1,       ///< the workflow failed, or the call was refused
  kUsage = 2,        ///< wrong use, or an invalid file
  kUnreachable = 3,  ///< no engine, no controller, no store
  kInterrupted = 130,
};

/// Ends the command with this code; the message (for the user, may be empty) goes to stderr.
class Exit : public std::runtime_error {
 public:
  Exit(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] int code() const { return code_; }

 private:
  int code_;
};

/// The options every command takes, and access to the controller.
struct Context {
  std::string ns = "default";
  bool color = false;
  int exit_code = 0;

  [[nodiscard]] store::Home home() const;
  [[nodiscard]] Client client() const;
  /// "/api/v1/workflows/<ns>/<name><rest>"
  [[nodiscard]] std::string workflow_path(const std::string& name, const std::string& rest = "") const;
};

struct InputFile {
  std::string name;
  std::string text;
};
/// Files, directories (their .yaml, .yml and .json files, recursively), URLs of http(s), and "-" for standard
/// input. Throws Exit.
[[nodiscard]] std::vector<InputFile> read_inputs(const std::vector<std::string>& names);

/// A cluster would keep such objects for workflows to use: templates, ConfigMaps, Secrets, claims.
[[nodiscard]] bool keepable(const std::string& kind);
/// Keeps it.
void keep_object(const Client& client, const Context& context, const spec::Json& object);

/// Findings as text on stderr, each with its source line.
void show_findings(const spec::Diagnostics& findings, const std::vector<InputFile>& files, bool color);

/// What `submit` and `apply` take more lightly than `lint`: unknown fields of metadata are warnings, because
/// a Kubernetes API server drops them (fieldValidation Warn); notes are left out.
void forgive_metadata(spec::Diagnostics& findings);

/// Prints an object as `-o json` or `-o yaml` asks.
void print_object(const spec::Json& object, const std::string& format);

/// Tells of a workflow that was submitted: as `-o name|json|yaml` asks, else its name, namespace, status and
/// time.
void print_created(const spec::Json& workflow, const std::string& format);

/// Whether `-o` asks for something in the place of everything else that a verb would print.
[[nodiscard]] inline bool prints_alone(const std::string& format) {
  return !format.empty() && format != "wide";
}

// Each adds its verbs to the program.
void add_submit(CLI::App& app, Context& context);
void add_get(CLI::App& app, Context& context);
void add_list(CLI::App& app, Context& context);
void add_logs(CLI::App& app, Context& context);
void add_control(CLI::App& app, Context& context);
void add_objects(CLI::App& app, Context& context);
void add_lint(CLI::App& app, Context& context);
void add_cp(CLI::App& app, Context& context);
void add_language(CLI::App& app, Context& context);
void add_templates(CLI::App& app, Context& context);
void add_misc(CLI::App& app, Context& context);
void add_archive(CLI::App& app, Context& context);
void add_sync(CLI::App& app, Context& context);
void add_completion(CLI::App& app, Context& context);

}  // namespace skiff::runner
