// completion: scripts by which a shell completes skiff's verbs, flags and workflow names. They are made from
// the commands themselves, so that they know every verb and flag there is.

#include <fmt/format.h>

#include <algorithm>

#include "runner/commands/context.h"

namespace skiff::runner {
namespace {

/// A command as a shell sees it.
struct Verb {
  std::string path;  ///< "skiff archive list"
  std::string help;
  std::vector<std::string> verbs;
  std::vector<std::string> flags;  ///< "--output"
  bool takes_workflow = false;
  bool takes_file = false;
};

void collect(CLI::App* app, const std::string& path, std::vector<Verb>& out) {
  Verb verb;
  verb.path = path;
  verb.help = app->get_description();
  for (const CLI::Option* o : app->get_options()) {
    for (const std::string& name : o->get_lnames()) verb.flags.push_back("--" + name);
    const std::string positional = o->get_name(true);
    verb.takes_workflow = verb.takes_workflow || positional.find("WORKFLOW") != std::string::npos;
    verb.takes_file = verb.takes_file || positional.find("FILE") != std::string::npos;
  }
  const std::size_t here = out.size();
  out.push_back(verb);
  for (CLI::App* below : app->get_subcommands([](const CLI::App*) { return true; })) {
    out[here].verbs.push_back(below->get_name());
    collect(below, path + " " + below->get_name(), out);
  }
}

std::string joined(const std::vector<std::string>& words, const std::string& between) {
  std::string out;
  for (const std::string& w : words) out += (out.empty() ? "" : between) + w;
  return out;
}

/// Text between single quotes, for all three shells.
std::string quoted(std::string text) {
  for (auto at = text.find('\''); at != std::string::npos; at = text.find('\'', at + 4)) {
    text.replace(at, 1, "'\\''");
  }
  return "'" + text + "'";
}

std::string bash_script(const std::vector<Verb>& all) {
  std::vector<std::string> paths, named;
  std::string words;
  for (const Verb& v : all) {
    paths.push_back(quoted(v.path));
    if (v.takes_workflow) named.push_back(quoted(v.path));
    words +=
        fmt::format("    {}) words='{} {}' ;;\n", quoted(v.path), joined(v.verbs, " "), joined(v.flags, " "));
  }
  return fmt::format(R"sh(# skiff completion: source <(skiff completion bash)
_skiff() {{
  local cur path words i
  cur=${{COMP_WORDS[COMP_CWORD]}}
  path=skiff words=
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path ${{COMP_WORDS[i]}}" in
    {}) path="$path ${{COMP_WORDS[i]}}" ;;
    esac
  done
  case "$path" in
{}  esac
  case "$cur:$path" in
  -*) ;;
  *) case "$path" in
    {}) words="$words @latest $(skiff list -o name 2>/dev/null)" ;;
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}}
complete -o default -F _skiff skiff
)sh",
                     joined(paths, " | "), words, joined(named, " | "));
}

std::string zsh_script(const std::vector<Verb>& all) {
  return "# skiff completion: source <(skiff completion zsh)\nautoload -Uz compinit bashcompinit\ncompinit\n"
         "bashcompinit\n" +
         bash_script(all);
}

/// The condition under which fish offers what follows `path`.
std::string fish_condition(const Verb& v) {
  const std::string rest = v.path == "skiff" ? "" : v.path.substr(6);
  if (rest.empty()) return "'__fish_use_subcommand'";
  std::string out;
  for (std::size_t from = 0; from <= rest.size();) {
    const std::size_t space = std::min(rest.find(' ', from), rest.size());
    if (!out.empty()) out += "; and ";
    out += "__fish_seen_subcommand_from " + rest.substr(from, space - from);
    from = space + 1;
  }
  if (!v.verbs.empty()) out += "; and not __fish_seen_subcommand_from " + joined(v.verbs, " ");
  return "'" + out + "'";
}

std::string fish_script(const std::vector<Verb>& all) {
  std::string out = "# skiff completion: skiff completion fish | source\n";
  for (const Verb& v : all) {
    const std::string when = fish_condition(v);
    for (const std::string& verb : v.verbs) {
      std::string help;
      for (const Verb& w : all) {
        if (w.path == v.path + " " + verb) help = w.help;
      }
      out += fmt::format("complete -c skiff -f -n {} -a {} -d {}\n", when, verb, quoted(help));
    }
    for (const std::string& flag : v.flags)
      out += fmt::format("complete -c skiff -n {} -l {}\n", when, flag.substr(2));
    if (v.takes_workflow) {
      out += fmt::format("complete -c skiff {}-n {} -a '@latest (skiff list -o name 2>/dev/null)'\n",
                         v.takes_file ? "" : "-f ", when);
    }
  }
  return out;
}

}  // namespace

void add_completion(CLI::App& app, Context&) {
  auto shell = std::make_shared<std::string>();
  CLI::App* cmd =
      app.add_subcommand("completion", "print a completion script: source <(skiff completion bash)");
  cmd->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  cmd->callback([shell, &app] {
    std::vector<Verb> all;
    collect(&app, "skiff", all);
    const std::string script = *shell == "bash"  ? bash_script(all)
                               : *shell == "zsh" ? zsh_script(all)
                                                 : fish_script(all);
    fmt::print("{}", script);
  });
}

}  // namespace skiff::runner
