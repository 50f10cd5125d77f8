#include "runner/network_visit.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>

namespace skiff::runner {

NetworkVisit::NetworkVisit(int pid) {
  if (pid <= 0) return;
  home_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  const int there = ::open(fmt::format("/proc/{}/ns/net", pid).c_str(), O_RDONLY | O_CLOEXEC);
  if (there >= 0) away_ = home_ >= 0 && ::setns(there, CLONE_NEWNET) == 0;
  if (there >= 0) ::close(there);
}

NetworkVisit::~NetworkVisit() {
  if (away_ && ::setns(home_, CLONE_NEWNET) != 0) std::abort();  // a thread that is lost between networks
  if (home_ >= 0) ::close(home_);
}

}  // namespace skiff::runner
