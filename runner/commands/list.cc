// list: what there is, newest first.

#include <fmt/format.h>

#include "runner/commands/context.h"

namespace skiff::runner {
using spec::Json;

void add_list(CLI::App& app, Context& context) {
  auto output = std::make_shared<std::string>();
  CLI::App* cmd = app.add_subcommand("list", "list workflows");
  cmd->add_option("-o,--output", *output, "name|json|yaml|wide");
  cmd->callback([output, &context] {
    const Json list = context.client().get("/api/v1/workflows/" + Client::encode(context.ns));
    if (*output == "json" || *output == "yaml") {
      print_object(list.get("items"), *output);
      return;
    }
    for (const Json& w : list.get_array("items")) {
      fmt::print("{:<40} {}\n", w.get("metadata").get_string("name"), w.get("status").get_string("phase"));
    }
  });
}

}  // namespace skiff::runner
