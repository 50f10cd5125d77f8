// A step's init: PID 1 of a main container, between the engine and the step's command.
//
//   pause init NONCE [-o PATH | -a PATH]... -- COMMAND [ARGUMENT]...
//
// As Argo's emissary (cmd/argoexec/commands/emissary.go) it looks the command up in PATH, runs it in a
// process group of its own and passes signals on to that; as any init it reaps. When the command has ended,
// everything else in the container is killed, and the end is told in the streams themselves, long before the
// engine tells it:
//
//   stdout: NONCE "x" CODE "\n" { OUTPUT } ".\n"     stderr: NONCE ".\n"
//   OUTPUT: "f" INDEX " " LENGTH "\n" BYTES | "h" INDEX "\n" | "m" INDEX "\n"
//   stdout: NONCE "e" KIND " " ERRNO "\n.\n"        the command could not be run; KIND is of enum NotRun
//
// "f" is the content of the -o PATH of that number. "h": the -a PATH of that number is open, and handed over
// (SCM_RIGHTS) in a datagram NONCE INDEX, the latter in one byte, to the socket kOutputSocket. "m" says that
// there is no such file; of what is no plain file, too large to tell or not to be handed over, nothing is
// said. ARGO_DEBUG_PAUSE_BEFORE and ARGO_DEBUG_PAUSE_AFTER make it wait for the files
// /var/run/argo/ctr/CONTAINER/before and after, CONTAINER being ARGO_CONTAINER_NAME.
#pragma once

#include "runner/sandbox/kernel.h"

/// Where a container that is to hand files over has the socket for them.
inline constexpr char kOutputSocket[] = "/dev/skiff-outputs";

enum class NotRun { not_in_path = 1, no_such_file = 2, not_permitted = 3, refused = 4 };

/// `words` are the program's arguments from its own name on; their environment follows behind them.
[[noreturn]] void run_step(char** words, kernel::Word count);
