// The kernel as the program in containers speaks to it: system calls without any library.
#pragma once

namespace kernel {

using Word = long;

#if defined(__x86_64__)
enum Call : Word {
  kRead = 0,
  kWrite = 1,
  kClose = 3,
  kSigprocmask = 14,
  kGetpid = 39,
  kSocket = 41,
  kConnect = 42,
  kSendmsg = 46,
  kSetsockopt = 54,
  kClone = 56,
  kExecve = 59,
  kWait4 = 61,
  kKill = 62,
  kSetpgid = 109,
  kUmask = 95,
  kSigtimedwait = 128,
  kExitGroup = 231,
  kOpenat = 257,
  kMkdirat = 258,
  kPpoll = 271,
  kDup3 = 292,
  kPipe2 = 293,
  kStatx = 332,
};
inline Word call(Word number, Word a = 0, Word b = 0, Word c = 0, Word d = 0, Word e = 0) {
  Word result = 0;
  register Word r10 asm("r10") = d;
  register Word r8 asm("r8") = e;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
               : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
enum Call : Word {
  kDup3 = 24,
  kMkdirat = 34,
  kOpenat = 56,
  kClose = 57,
  kPipe2 = 59,
  kRead = 63,
  kWrite = 64,
  kPpoll = 73,
  kExitGroup = 94,
  kKill = 129,
  kSigprocmask = 135,
  kSigtimedwait = 137,
  kSetpgid = 154,
  kUmask = 166,
  kGetpid = 172,
  kSocket = 198,
  kConnect = 203,
  kSetsockopt = 208,
  kSendmsg = 211,
  kClone = 220,
  kExecve = 221,
  kWait4 = 260,
  kStatx = 291,
};
inline Word call(Word number, Word a = 0, Word b = 0, Word c = 0, Word d = 0, Word e = 0) {
  register Word x8 asm("x8") = number;
  register Word x0 asm("x0") = a;
  register Word x1 asm("x1") = b;
  register Word x2 asm("x2") = c;
  register Word x3 asm("x3") = d;
  register Word x4 asm("x4") = e;
  asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
}
#else
#error "the program in containers knows the system calls of x86_64 and aarch64 only"
#endif

inline Word address(const void* p) { return reinterpret_cast<Word>(p); }

[[noreturn]] inline void leave(Word code) {
  for (;;) call(kExitGroup, code);
}

inline Word length(const char* text) {
  Word n = 0;
  while (text[n] != 0) ++n;
  return n;
}

inline Word number(const char*& text) {
  Word n = 0;
  while (*text >= '0' && *text <= '9') n = n * 10 + (*text++ - '0');
  return n;
}

/// False: the other side is gone.
inline bool write_all(Word fd, const char* bytes, Word size) {
  constexpr Word kTryAgain = -11, kInterruptedCall = -4;
  while (size > 0) {
    const Word n = call(kWrite, fd, address(bytes), size);
    if (n == kTryAgain) {  // a step may have made its output non-blocking, and ours with it
      struct {
        int fd;
        short events;
        short revents;
      } wanted{static_cast<int>(fd), 4, 0};
      call(kPpoll, address(&wanted), 1, 0, 0, 0);
      continue;
    }
    if (n == kInterruptedCall) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= n;
  }
  return true;
}

}  // namespace kernel
