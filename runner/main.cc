// The program: one verb a command, each in commands/. Nothing a user meets is a bare what().

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <string_view>
#include <system_error>

#include "runner/commands/context.h"
#include "store/error.h"

namespace {

using namespace skiff::runner;

/// Nobody may be there to read it.
void complain(const char* what) {
  const std::string line = std::string("skiff: ") + what + "\n";
  if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;
}

/// Flags of `argo` that say which cluster and which server; there is neither, so that scripts need not
/// change.
void add_ignored_options(CLI::App& app) {
  for (const char* option : {"--instanceid",
                             "--loglevel",
                             "--log-format",
                             "--gloglevel",
                             "-s,--argo-server",
                             "--argo-base-href",
                             "--kubeconfig",
                             "--context",
                             "--cluster",
                             "--user",
                             "--server",
                             "--token",
                             "--as",
                             "--as-group",
                             "--as-uid",
                             "--certificate-authority",
                             "--client-certificate",
                             "--client-key",
                             "--password",
                             "--username",
                             "--proxy-url",
                             "--request-timeout",
                             "--tls-server-name",
                             "-H,--header"}) {
    app.add_option_function<std::string>(
           option, [](const std::string&) {}, "")
        ->group("");
  }
  for (const char* flag : {"-v,--verbose", "--argo-http1", "-e,--secure", "-k,--insecure-skip-verify",
                           "--insecure-skip-tls-verify", "--disable-compression"}) {
    app.add_flag_callback(
           flag, [] {}, "")
        ->group("");
  }
}

void add_global_options(CLI::App& app, Context& context) {
  app.add_option("-n,--namespace", context.ns, "namespace")->envname("ARGO_NAMESPACE");
  add_ignored_options(app);
  app.add_flag_callback(
      "--no-color", [&context] { context.color = false; }, "no colours");
}

int run(CLI::App& app, Context& context, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return context.exit_code;
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? kSucceeded : kUsage;
  } catch (const Exit& e) {
    if (*e.what() != '\0') complain(e.what());
    return e.code();
  } catch (const ClientError& e) {
    complain(e.what());
    return e.status() == 0 || e.status() == 503 ? kUnreachable : e.status() == 400 ? kUsage : kFailed;
  } catch (const skiff::store::StoreError& e) {
    complain(e.what());
    return kUnreachable;
  } catch (const std::system_error& e) {
    // Whoever read our output has enough, as `| head` has.
    if (e.code() == std::errc::broken_pipe) return 128 + SIGPIPE;
    complain(e.what());
    return kFailed;
  } catch (const std::exception& e) {
    complain(e.what());
    return kFailed;
  }
}

/// Started with one of them closed, the next file or socket would become the standard input or output of
/// whatever is started from here.
void open_standard_descriptors() {
  int fd = ::open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDWR);
  if (fd > STDERR_FILENO) ::close(fd);
}

/// A command lives for moments: memory that it gave back it would only get again, page by page, zeroed. The
/// controller, which lives long, keeps the library's defaults.
void keep_memory(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "controller") return;
  ::mallopt(M_MMAP_THRESHOLD, 64 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 512 << 20);
  ::mallopt(M_TOP_PAD, 4 << 20);
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  keep_memory(argc, argv);
  std::signal(SIGPIPE, SIG_IGN);
  Context context;
  context.color = ::isatty(2) != 0 && std::getenv("NO_COLOR") == nullptr;
  CLI::App app("skiff runs Argo workflows on a Docker engine", "skiff");
  app.require_subcommand(1);
  app.fallthrough();
  add_global_options(app, context);
  add_submit(app, context);
  add_get(app, context);
  add_list(app, context);
  add_logs(app, context);
  add_control(app, context);
  add_objects(app, context);
  add_lint(app, context);
  add_cp(app, context);
  add_language(app, context);
  add_templates(app, context);
  add_archive(app, context);
  add_sync(app, context);
  add_misc(app, context);
  add_completion(app, context);
  return run(app, context, argc, argv);
}
