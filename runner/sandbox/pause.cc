// The one program inside a sandbox container: it holds the pod's namespaces open and does nothing.
//
//   pause                          waits for ever, reaps what it inherits, ends on SIGTERM
//   pause tcp  IP PORT MS          ends with 0 if somebody listens there
//   pause talk IP PORT MS REQUEST  sends REQUEST and copies the answer to stdout, until the peer closes
//
// The last two run by exec: they see the pod's network wherever the engine lives, and need nothing in the
// step's own image. Statically linked without any library, a few KB; so it speaks to the kernel itself.

namespace {

using Word = long;

#if defined(__x86_64__)
enum Call : Word {
  kRead = 0,
  kWrite = 1,
  kSocket = 41,
  kConnect = 42,
  kSetsockopt = 54,
  kWait4 = 61,
  kSigprocmask = 14,
  kSigtimedwait = 128,
  kExitGroup = 231,
};
Word call(Word number, Word a = 0, Word b = 0, Word c = 0, Word d = 0, Word e = 0) {
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
  kRead = 63,
  kWrite = 64,
  kSocket = 198,
  kConnect = 203,
  kSetsockopt = 208,
  kWait4 = 260,
  kSigprocmask = 135,
  kSigtimedwait = 137,
  kExitGroup = 94,
};
Word call(Word number, Word a = 0, Word b = 0, Word c = 0, Word d = 0, Word e = 0) {
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
#error "the sandbox's program knows the system calls of x86_64 and aarch64 only"
#endif

Word address(const void* p) { return reinterpret_cast<Word>(p); }

[[noreturn]] void leave(Word code) {
  for (;;) call(kExitGroup, code);
}

Word length(const char* text) {
  Word n = 0;
  while (text[n] != 0) ++n;
  return n;
}

Word number(const char*& text) {
  Word n = 0;
  while (*text >= '0' && *text <= '9') n = n * 10 + (*text++ - '0');
  return n;
}

struct Address {
  unsigned short family;
  unsigned char port[2];
  unsigned char ip[4];
  unsigned char rest[8];
};

/// A connected socket, or a negative error.
Word connected(const char* ip, const char* port, const char* timeout_ms) {
  constexpr Word kInet = 2, kStream = 1, kSocketLevel = 1, kReceiveTimeout = 20, kSendTimeout = 21;
  Address to{};
  to.family = kInet;
  for (unsigned char& part : to.ip) {
    part = static_cast<unsigned char>(number(ip));
    if (*ip == '.') ++ip;
  }
  const Word p = number(port);
  to.port[0] = static_cast<unsigned char>(p >> 8);
  to.port[1] = static_cast<unsigned char>(p & 0xFF);
  const Word ms = number(timeout_ms);
  const Word limit[2] = {ms / 1000, ms % 1000 * 1000};
  const Word fd = call(kSocket, kInet, kStream, 0);
  if (fd < 0) return fd;
  call(kSetsockopt, fd, kSocketLevel, kReceiveTimeout, address(limit), sizeof limit);
  call(kSetsockopt, fd, kSocketLevel, kSendTimeout, address(limit), sizeof limit);
  const Word error = call(kConnect, fd, address(&to), sizeof to);
  return error < 0 ? error : fd;
}

bool write_all(Word fd, const char* bytes, Word size) {
  while (size > 0) {
    const Word n = call(kWrite, fd, address(bytes), size);
    if (n <= 0) return false;
    bytes += n;
    size -= n;
  }
  return true;
}

[[noreturn]] void talk(Word fd, const char* request) {
  char buffer[4096];
  if (!write_all(fd, request, length(request))) leave(2);
  bool any = false;
  for (;;) {
    const Word n = call(kRead, fd, address(buffer), sizeof buffer);
    if (n < 0) leave(3);
    if (n == 0) leave(any ? 0 : 3);
    any = true;
    if (!write_all(1, buffer, n)) leave(4);
  }
}

[[noreturn]] void pause_for_ever() {
  constexpr Word kBlock = 0, kNoHang = 1, kInterrupt = 2, kTerminate = 15, kChild = 17, kSetSize = 8;
  const unsigned long set = 1UL << (kInterrupt - 1) | 1UL << (kTerminate - 1) | 1UL << (kChild - 1);
  call(kSigprocmask, kBlock, address(&set), 0, kSetSize);
  for (;;) {
    const Word signal = call(kSigtimedwait, address(&set), 0, 0, kSetSize);
    if (signal == kInterrupt || signal == kTerminate) leave(0);
    while (call(kWait4, -1, 0, kNoHang) > 0) {
    }
  }
}

}  // namespace

extern "C" [[noreturn]] void skiff_main(Word* stack) {
  const Word count = stack[0];
  const auto argument = [stack](Word i) { return reinterpret_cast<const char*>(stack[1 + i]); };
  if (count < 5) pause_for_ever();
  const Word fd = connected(argument(2), argument(3), argument(4));
  if (fd < 0) leave(1);
  if (count > 5) talk(fd, argument(5));
  leave(0);
}

#if defined(__x86_64__)
asm(".global _start\n_start:\n\txor %ebp,%ebp\n\tmov %rsp,%rdi\n\tand $-16,%rsp\n\tcall skiff_main\n");
#else
asm(".global _start\n_start:\n\tmov x29,#0\n\tmov x0,sp\n\tbl skiff_main\n");
#endif
