// A step's init: PID 1 of a main container, between the engine and the step's command.
//
//   pause init NONCE [-o PATH]... -- COMMAND [ARGUMENT]...
//
// As Argo's emissary (cmd/argoexec/commands/emissary.go) it looks the command up in PATH, runs it in a
// process group of its own and passes signals on to that; as any init it reaps. When the command has ended,
// everything else in the container is killed, and the end is told in the streams themselves, long before the
// engine tells it:
//
//   stdout: NONCE "x" CODE "\n" { "f" INDEX " " LENGTH "\n" BYTES | "m" INDEX "\n" } ".\n"      stderr: NONCE
//   ".\n" stdout: NONCE "e" KIND " " ERRNO "\n.\n"   the command could not be run; KIND is of enum NotRun
//
// "f" is the content of the -o PATH of that number, "m" says that there is none; of what is no plain file, or
// too large, nothing is said. ARGO_DEBUG_PAUSE_BEFORE and ARGO_DEBUG_PAUSE_AFTER make it wait for the files
// /var/run/argo/ctr/CONTAINER/before and after, CONTAINER being ARGO_CONTAINER_NAME.
#pragma once

#include "runner/sandbox/kernel.h"

enum class NotRun { not_in_path = 1, no_such_file = 2, not_permitted = 3, refused = 4 };

/// `words` are the program's arguments from its own name on; their environment follows behind them.
[[noreturn]] void run_step(char** words, kernel::Word count);
