// A thread of ours in a pod's network: what a cluster's pod could reach, and under the addresses it sees.
#pragma once

namespace skiff::runner {

/// Puts this thread into the network of process `pid` of this machine for as long as it lives; 0: it stays.
class NetworkVisit {
 public:
  explicit NetworkVisit(int pid);
  ~NetworkVisit();
  NetworkVisit(const NetworkVisit&) = delete;
  NetworkVisit& operator=(const NetworkVisit&) = delete;

 private:
  int home_ = -1;
  bool away_ = false;
};

}  // namespace skiff::runner
