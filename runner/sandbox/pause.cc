// The one program that we bring into containers. In a sandbox it holds the pod's namespaces open and does
// nothing; before a step's command it is the container's init.
//
//   pause                          waits for ever, reaps what it inherits, ends on SIGTERM
//   pause init …                   a step's init: see step_init.h
//   pause tcp  IP PORT MS          ends with 0 if somebody listens there
//   pause talk IP PORT MS REQUEST  sends REQUEST and copies the answer to stdout, until the peer closes
//
// The last two run by exec in a sandbox: they see the pod's network wherever the engine lives, and need
// nothing in the step's own image. Statically linked without any library, a few KB; so it speaks to the
// kernel itself.

#include "runner/sandbox/kernel.h"

#include "runner/sandbox/step_init.h"

namespace {

using namespace kernel;

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

bool is(const char* text, const char* word) {
  while (*text != 0 && *text == *word) ++text, ++word;
  return *text == *word;
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
  if (count > 3 && is(argument(1), "init")) run_step(reinterpret_cast<char**>(stack + 1), count);
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
