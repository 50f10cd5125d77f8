// What the tests against a real engine share: the engine that SKIFF_TEST_ENGINE names, containers with a
// label of this test process, and their removal at the end of each test.
//
// The engine needs the image busybox:latest (tests/engine/images busybox makes a stand-in).
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "docker/client.h"
#include "docker/engine.h"
#include "tests/docker/run.h"

namespace skiff::docker::test {

/// All output of a stream, by kind.
struct Collected {
  std::string out;
  std::string err;
};

class EngineFixture {
 public:
  EngineFixture();
  ~EngineFixture();
  EngineFixture(const EngineFixture&) = delete;
  EngineFixture& operator=(const EngineFixture&) = delete;

  /// A spec of busybox that runs `script` in sh; unique name, our label.
  [[nodiscard]] ContainerSpec shell(const std::string& script) const;
  /// What the fixture removes at its end carries these.
  [[nodiscard]] static Labels own_labels();
  /// Creates it; fails the test if that does not work.
  std::string made(const ContainerSpec& spec);
  /// Creates, attaches, arms, starts, drains and waits: the life of one container.
  struct Life {
    std::string id;
    WaitResult end;
    Collected output;
  };
  Life live(const ContainerSpec& spec);
  Collected drained(OutputStream& stream);
  /// The end of a wait that was armed.
  WaitResult ended(PendingWait& wait);
  [[nodiscard]] std::string unique(const std::string& stem) const;

  Runner run;
  std::unique_ptr<Engine> engine;
  const std::string label;
  bool podman = false;  ///< only for what an engine does of itself, never for what the client must even out
};

}  // namespace skiff::docker::test
