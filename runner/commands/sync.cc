// sync: the limits of semaphores, those that a cluster keeps in its database and those in ConfigMaps.

#include <fmt/format.h>

#include "runner/commands/context.h"

namespace skiff::runner {
using spec::Json;

namespace {

struct SyncFlags {
  std::string key;
  std::string type;
  std::string config_map;
  std::int64_t limit = 0;
};
using Flags = std::shared_ptr<SyncFlags>;

std::string path_of(const SyncFlags& f, const Context& context, bool with_key) {
  std::string path = "/api/v1/sync/" + Client::encode(context.ns);
  if (with_key) {
    path += fmt::format("/{}?type={}", Client::encode(f.key), Client::encode(f.type));
    if (!f.config_map.empty()) path += "&cmName=" + Client::encode(f.config_map);
  }
  return path;
}

Json body_of(const SyncFlags& f, const Context& context) {
  Json body = Json::object();
  body.set("namespace", context.ns);
  body.set("key", f.key);
  body.set("type", f.type);
  body.set("cmName", f.config_map);
  body.set("limit", f.limit);
  return body;
}

void check(SyncFlags& f) {
  for (char& c : f.type) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (f.type != "DATABASE" && f.type != "CONFIGMAP") {
    throw Exit(kUsage, "--type must be either 'database' or 'configmap'");
  }
  if (f.type == "CONFIGMAP" && f.config_map.empty()) {
    throw Exit(kUsage, "--cm-name is required when type is configmap");
  }
}

void print_limit(const Json& limit, const SyncFlags& f) {
  fmt::print("Key: {}\n", limit.get_string("key"));
  fmt::print("Type: {}\n", f.type == "DATABASE" ? "database" : "configmap");
  if (f.type == "CONFIGMAP") fmt::print("ConfigMap Name: {}\n", limit.get_string("cmName"));
  fmt::print("Namespace: {}\n", limit.get_string("namespace"));
  fmt::print("Limit: {}\n", limit.get_int("limit").value_or(0));
}

CLI::App* add_verb(CLI::App* group, const Flags& f, const char* name, const char* help) {
  CLI::App* cmd = group->add_subcommand(name, help);
  cmd->add_option("KEY", f->key, "the semaphore's key")->required();
  cmd->add_option("--type", f->type, "database or configmap")->required();
  cmd->add_option("--cm-name", f->config_map, "ConfigMap name (required if type is configmap)");
  return cmd;
}

void add_limit(CLI::App* cmd, const Flags& f) {
  cmd->add_option("--limit,--size-limit", f->limit, "how many may hold it at once")
      ->required()
      ->check(CLI::NonNegativeNumber);
}

}  // namespace

void add_sync(CLI::App& app, Context& context) {
  CLI::App* group = app.add_subcommand("sync", "limits of semaphores: create, get, update, delete");
  group->require_subcommand(1);
  const auto making = std::make_shared<SyncFlags>();
  CLI::App* cmd = add_verb(group, making, "create", "create a limit");
  add_limit(cmd, making);
  cmd->callback([f = making, &context] {
    check(*f);
    const Json made = context.client().post(path_of(*f, context, false), body_of(*f, context));
    fmt::print("Sync limit created\n");
    print_limit(made, *f);
  });
  const auto showing = std::make_shared<SyncFlags>();
  add_verb(group, showing, "get", "show a limit")->callback([f = showing, &context] {
    check(*f);
    print_limit(context.client().get(path_of(*f, context, true)), *f);
  });
  const auto changing = std::make_shared<SyncFlags>();
  cmd = add_verb(group, changing, "update", "change a limit; who waits for it is asked again at once");
  add_limit(cmd, changing);
  cmd->callback([f = changing, &context] {
    check(*f);
    const Json now = context.client().put(path_of(*f, context, true), body_of(*f, context));
    fmt::print("Sync limit updated\n");
    print_limit(now, *f);
  });
  const auto removing = std::make_shared<SyncFlags>();
  add_verb(group, removing, "delete", "delete a limit")->callback([f = removing, &context] {
    check(*f);
    (void)context.client().del(path_of(*f, context, true));
    fmt::print("Sync limit deleted\n");
  });
}

}  // namespace skiff::runner
