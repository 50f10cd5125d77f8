// A pod's volumes on the engine: made, filled, and turned into mounts.
//
// In: a plan. Out: docker::Mounts. Rendered files are bound from the home where the engine's paths are ours,
// else written into a volume of the engine; both look the same to a step. Knows what has to go with the pod.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "runner/core/pod_plan.h"
#include "runner/pod_inputs.h"
#include "runner/pod_services.h"

namespace skiff::runner {

/// A file that containers are to bind: with exactly this mode, its directories made. Not durable, not at
/// once.
void write_file(const std::filesystem::path& path, const std::string& content, unsigned mode);

class PodStorage {
 public:
  PodStorage(PodServices& services, const PodPlan& plan, std::filesystem::path scratch, bool binds);

  /// Makes and fills all volumes. Throws PodError, EngineAway, docker::EngineFailure.
  [[nodiscard]] Task<void> make();
  /// A container that never runs: its archive calls are the engine's own hands in the volumes. It has those
  /// of a container that gets inputs, and the inputs volume at kInputsPath. The caller drops it; the janitor
  /// takes it.
  [[nodiscard]] Task<std::string> make_filler_for(const PlannedContainer& container);
  void drop_filler(std::string id);
  /// Inputs that containers which get inputs are to have bound.
  void bind_inputs(BoundInputs inputs) { inputs_ = std::move(inputs); }
  [[nodiscard]] const BoundInputs& bound_inputs() const { return inputs_; }
  /// The mounts of one container, the script's place among them. After make().
  [[nodiscard]] std::vector<docker::Mount> mounts_of(const PlannedContainer& container) const;
  /// The script lies in a bound directory: it need not be put into the container.
  [[nodiscard]] bool script_is_bound() const { return script_bound_; }

  /// What goes when the pod goes.
  [[nodiscard]] std::vector<std::string> pod_volumes() const;
  [[nodiscard]] const std::filesystem::path& scratch() const { return scratch_; }

 private:
  struct Made {
    std::string mountpoint;  ///< on the engine's host: of a volume, a bound directory, a host path
    bool bound = false;
  };
  /// What the engine itself has to write, because we cannot.
  struct Chore {
    std::size_t volume = 0;
    std::string path;  ///< in the volume; "" = its root
    unsigned mode = 0755;
    bool directory = true;
    std::string content;
  };

  [[nodiscard]] Task<void> make_volume(std::size_t index);
  void make_files(std::size_t index);
  void make_host_path(const PlannedVolume& volume);
  void bind_own();
  [[nodiscard]] docker::Mount whole_volume(std::size_t index, const std::string& target) const;
  [[nodiscard]] docker::Mount mount_of(const PlannedMount& planned) const;
  [[nodiscard]] std::filesystem::path message_file(const PlannedContainer& container) const;
  void open_to_all(std::size_t index);
  void want_sub_path(const PlannedMount& mount);
  [[nodiscard]] Task<std::string> make_filler(std::string name, std::vector<docker::Mount> mounts);
  [[nodiscard]] Task<void> do_chores();
  [[nodiscard]] Task<void> put_chores(std::string filler);
  [[nodiscard]] std::string tar_of(const std::vector<Chore>& chores) const;

  PodServices& services_;
  const PodPlan& plan_;
  std::filesystem::path scratch_;
  bool binds_;
  bool script_bound_ = false;
  BoundInputs inputs_;
  std::vector<Made> made_;
  std::vector<Chore> chores_;
};

}  // namespace skiff::runner
