#include "runner/sandbox/step_init.h"

using namespace kernel;

extern "C" void* memcpy(void* to, const void* from, unsigned long size) {
  auto* t = static_cast<char*>(to);
  const auto* f = static_cast<const char*>(from);
  for (unsigned long i = 0; i < size; ++i) t[i] = f[i];
  return to;
}
extern "C" void* memset(void* to, int value, unsigned long size) {
  auto* t = static_cast<char*>(to);
  for (unsigned long i = 0; i < size; ++i) t[i] = static_cast<char>(value);
  return to;
}

namespace {

constexpr Word kNonceSize = 32;
constexpr Word kMostOutputs = 64;
constexpr Word kMostOutputBytes = 256 * 1024;

constexpr Word kNotFound = -2, kInterrupted = -4, kNoAccess = -13;
constexpr Word kHere = -100;                                // AT_FDCWD
constexpr Word kNonBlock = 04000, kCloseOnExec = 02000000;  // O_…
constexpr Word kOut = 1, kErr = 2;

/// What is to be run; all text belongs to the stack.
struct Step {
  const char* nonce = nullptr;
  char** command = nullptr;
  char** environment = nullptr;
  struct Output {
    const char* path;
    bool to_hand_over;  ///< open, not by its content
  } outputs[kMostOutputs] = {};
  Word output_count = 0;
};

char file[kMostOutputBytes + 1];
char program[8192];

bool same(const char* a, const char* b, Word size) {
  for (Word i = 0; i < size; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

// ---------------------------------------------------------------------------------------------- the end

void say_number(Word fd, const char* before, Word value, const char* after) {
  char text[24];
  Word at = sizeof text;
  do {
    text[--at] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value > 0);
  write_all(fd, before, length(before));
  write_all(fd, text + at, static_cast<Word>(sizeof text) - at);
  write_all(fd, after, length(after));
}

struct FileStatus {
  unsigned char ahead[28];
  unsigned short mode;
  unsigned char rest[226];
};
constexpr unsigned kKindMask = 0170000, kPlain = 0100000, kDirectory = 0040000, kAnyExecute = 0111;

/// A negative error, else 0.
Word look_at(Word directory, const char* path, FileStatus& status) {
  constexpr Word kEmptyPath = 0x1000, kTypeAndMode = 3;
  return call(kStatx, directory, address(path), kEmptyPath, kTypeAndMode, address(&status));
}

/// Whether the descriptor is on its way to whoever runs the step; if nobody takes it at once, it is not.
bool hand_over(const char* nonce, Word index, Word fd) {
  constexpr Word kUnix = 1, kDatagram = 2, kDontWait = 0x40, kNoSignal = 0x4000;
  struct {
    unsigned short family = kUnix;
    char path[sizeof kOutputSocket];
  } to;
  memcpy(to.path, kOutputSocket, sizeof kOutputSocket);
  char text[kNonceSize + 1];
  memcpy(text, nonce, kNonceSize);
  text[kNonceSize] = static_cast<char>(index);
  const struct {
    char* bytes;
    Word size;
  } part{text, sizeof text};
  constexpr int kSocketLevel = 1, kRights = 1;
  const struct {
    Word size;
    int level;
    int type;
    int fd;
  } control{20, kSocketLevel, kRights, static_cast<int>(fd)};
  const struct {
    const void* name;
    unsigned name_size;
    const void* parts;
    Word part_count;
    const void* control;
    Word control_size;
    int flags;
  } message{&to, sizeof to, &part, 1, &control, sizeof control, 0};
  const Word socket = call(kSocket, kUnix, kDatagram | kCloseOnExec, 0);
  if (socket < 0) return false;
  const Word sent = call(kSendmsg, socket, address(&message), kDontWait | kNoSignal);
  call(kClose, socket);
  return sent == sizeof text;
}

/// Of what is no larger than there is room for; else a negative number.
Word read_file(Word fd) {
  Word size = 0;
  for (Word n = 1; n > 0 && size <= kMostOutputBytes;) {
    n = call(kRead, fd, address(file + size), kMostOutputBytes + 1 - size);
    if (n > 0) size += n;
    if (n < 0) return n;
  }
  return size <= kMostOutputBytes ? size : -1;
}

void tell_output(const Step& step, Word index) {
  const Step::Output& output = step.outputs[index];
  const Word fd = call(kOpenat, kHere, address(output.path), kNonBlock | kCloseOnExec, 0);
  if (fd == kNotFound) return say_number(kOut, "m", index, "\n");
  if (fd < 0) return;
  FileStatus status{};
  const bool plain = look_at(fd, "", status) == 0 && (status.mode & kKindMask) == kPlain;
  if (plain && output.to_hand_over && hand_over(step.nonce, index, fd)) say_number(kOut, "h", index, "\n");
  const Word size = plain && !output.to_hand_over ? read_file(fd) : -1;
  call(kClose, fd);
  if (size < 0) return;
  say_number(kOut, "f", index, " ");
  say_number(kOut, "", size, "\n");
  write_all(kOut, file, size);
}

[[noreturn]] void tell_end(const Step& step, Word code) {
  write_all(kOut, step.nonce, kNonceSize);
  say_number(kOut, "x", code, "\n");
  for (Word i = 0; i < step.output_count; ++i) tell_output(step, i);
  write_all(kOut, ".\n", 2);
  write_all(kErr, step.nonce, kNonceSize);
  write_all(kErr, ".\n", 2);
  leave(code);
}

[[noreturn]] void tell_not_run(const Step& step, NotRun kind, Word error) {
  constexpr Word kExecutorFailed = 64;
  write_all(kOut, step.nonce, kNonceSize);
  say_number(kOut, "e", static_cast<Word>(kind), " ");
  say_number(kOut, "", -error, "\n.\n");
  write_all(kErr, step.nonce, kNonceSize);
  write_all(kErr, ".\n", 2);
  leave(kExecutorFailed);
}

// ------------------------------------------------------------------------------------------ the command

/// The value of a variable, named with its "="; "" if it is not set.
const char* variable(char** environment, const char* name) {
  const Word size = length(name);
  for (char** e = environment; *e != nullptr; ++e) {
    if (same(*e, name, size)) return *e + size;
  }
  return "";
}

/// As Go's exec.LookPath sees a file: 0, or a negative error.
Word executable(const char* path) {
  FileStatus status{};
  const Word error = look_at(kHere, path, status);
  if (error < 0) return error;
  const bool good = (status.mode & kKindMask) != kDirectory && (status.mode & kAnyExecute) != 0;
  return good ? 0 : kNoAccess;
}

bool has_slash(const char* text) {
  while (*text != 0 && *text != '/') ++text;
  return *text == '/';
}

/// "DIRECTORY/NAME" in `program`; false if it does not fit.
bool join(const char* directory, Word size, const char* name) {
  const Word rest = length(name);
  if (size + rest + 2 > static_cast<Word>(sizeof program)) return false;
  memcpy(program, directory, static_cast<unsigned long>(size));
  if (size == 0) program[size++] = '.';
  program[size] = '/';
  memcpy(program + size + 1, name, static_cast<unsigned long>(rest) + 1);
  return true;
}

const char* look_up(const Step& step) {
  const char* name = step.command[0];
  if (has_slash(name)) {
    const Word error = executable(name);
    if (error == kNotFound) tell_not_run(step, NotRun::no_such_file, error);
    if (error < 0) tell_not_run(step, NotRun::not_permitted, error);
    return name;
  }
  for (const char* at = variable(step.environment, "PATH="); name[0] != 0;) {
    Word size = 0;
    while (at[size] != 0 && at[size] != ':') ++size;
    if (join(at, size, name) && executable(program) == 0) return program;
    if (at[size] == 0) break;
    at += size + 1;
  }
  tell_not_run(step, NotRun::not_in_path, kNotFound);
}

constexpr Word kSetSize = 8, kChild = 17;

/// The command's process. Ends this program if it cannot be had.
Word begin(const Step& step, const unsigned long& mask_before) {
  constexpr Word kSetMask = 2;
  const char* path = look_up(step);
  int pipe[2] = {-1, -1};
  if (const Word error = call(kPipe2, address(pipe), kCloseOnExec); error < 0)
    tell_not_run(step, NotRun::refused, error);
  const Word child = call(kClone, kChild, 0, 0, 0, 0);
  if (child < 0) tell_not_run(step, NotRun::refused, child);
  if (child == 0) {
    call(kSetpgid, 0, 0);
    call(kSigprocmask, kSetMask, address(&mask_before), 0, kSetSize);
    const Word error = call(kExecve, address(path), address(step.command), address(step.environment));
    call(kWrite, pipe[1], address(&error), sizeof error);
    leave(64);
  }
  call(kSetpgid, child, child);
  call(kClose, pipe[1]);
  Word error = 0, got = kInterrupted;
  while (got == kInterrupted) got = call(kRead, pipe[0], address(&error), sizeof error);
  call(kClose, pipe[0]);
  if (got == sizeof error) tell_not_run(step, NotRun::refused, error);
  return child;
}

/// Reaps what has ended; true, and the command's exit code, if that is among it.
bool reap(Word child, Word& code) {
  constexpr Word kNoHang = 1;
  bool over = false;
  int status = 0;
  for (Word pid = 0; (pid = call(kWait4, -1, address(&status), kNoHang)) > 0;) {
    if (pid != child) continue;
    const int signal = status & 0x7F;
    code = signal == 0 ? (status >> 8) & 0xFF : 128 + signal;
    over = true;
  }
  return over;
}

/// Waits until somebody who looks around in the container makes the file `name`. True: a signal asks for the
/// end.
bool pause_for(const Step& step, const char* switch_name, const char* name) {
  constexpr Word kAnybody = 0777, kInterrupt = 2, kTerminate = 15;
  if (!same(variable(step.environment, switch_name), "true", 5)) return false;
  const char* container = variable(step.environment, "ARGO_CONTAINER_NAME=");
  const Word mask = call(kUmask, 0);
  const char* const above[] = {"/var", "/var/run", "/var/run/argo", "/var/run/argo/ctr"};
  for (const char* directory : above) call(kMkdirat, kHere, address(directory), kAnybody);
  join("/var/run/argo/ctr", 17, container);
  call(kMkdirat, kHere, address(program), kAnybody);
  call(kUmask, mask);
  const Word size = length(program);
  program[size] = '/';
  memcpy(program + size + 1, name, static_cast<unsigned long>(length(name)) + 1);
  const unsigned long all = ~0UL;
  const Word tenth[2] = {0, 100'000'000};
  FileStatus status{};
  while (look_at(kHere, program, status) < 0) {
    const Word signal = call(kSigtimedwait, address(&all), 0, address(tenth), kSetSize);
    if (signal == kInterrupt || signal == kTerminate) return true;
  }
  return false;
}

}  // namespace

void run_step(char** words, Word count) {
  constexpr Word kBlock = 0, kKillSignal = 9;
  Step step;
  step.nonce = words[2];
  step.environment = words + count + 1;
  if (length(step.nonce) != kNonceSize) leave(64);
  Word at = 3;
  while (at + 1 < count && (same(words[at], "-o", 3) || same(words[at], "-a", 3))) {
    if (step.output_count < kMostOutputs)
      step.outputs[step.output_count++] = {words[at + 1], words[at][1] == 'a'};
    at += 2;
  }
  step.command = words + at + 1;
  if (step.command >= words + count) leave(64);

  // A signal that comes too early waits until there is somebody to pass it on to.
  const unsigned long all = ~0UL;
  unsigned long before = 0;
  call(kSigprocmask, kBlock, address(&all), address(&before), kSetSize);
  constexpr Word kTerminated = 143;
  if (pause_for(step, "ARGO_DEBUG_PAUSE_BEFORE=", "before")) tell_end(step, kTerminated);
  const Word child = begin(step, before);
  Word code = 0;
  for (;;) {
    const Word signal = call(kSigtimedwait, address(&all), 0, 0, kSetSize);
    if (signal == kChild) {
      if (reap(child, code)) break;
    } else if (signal > 0) {
      call(kKill, -child, signal);
    }
  }
  pause_for(step, "ARGO_DEBUG_PAUSE_AFTER=", "after");
  if (call(kGetpid) == 1) call(kKill, -1, kKillSignal);
  tell_end(step, code);
}
