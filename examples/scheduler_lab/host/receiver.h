// The exit's end of a tunnel, as a reference: it numbers what arrives, holds back what is early,
// answers SENDMEs, and checks that what it delivers is what the client sent, in that order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mpath/types.hpp>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "examples/scheduler_lab/net/cell.h"

namespace scheduler_lab {

/// The plugin broke the order of cells, or the simulation is wrong: a run's figures are void.
class Broken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Bodies of control cells, by number; cells carry the number.
class ControlBodies {
 public:
  std::uint64_t keep(const mpath_control_cell& cell) {
    bodies_.push_back(cell);
    return bodies_.size() - 1;
  }
  [[nodiscard]] const mpath_control_cell& at(std::uint64_t number) const {
    return bodies_.at(number);
  }

 private:
  std::vector<mpath_control_cell> bodies_;
};

namespace command {
inline constexpr std::uint8_t kData = 2;
inline constexpr std::uint8_t kSendme = 5;
inline constexpr std::uint8_t kLink = 19;
inline constexpr std::uint8_t kLinked = 20;
inline constexpr std::uint8_t kLinkedAck = 21;
inline constexpr std::uint8_t kSwitch = 22;
}  // namespace command

class Receiver {
 public:
  struct Hooks {
    std::function<void(const Cell&)> answer;               ///< sends it back on its circuit
    std::function<void(std::uint64_t content)> delivered;  ///< in order
    std::function<std::uint32_t(std::uint64_t content)> bytes_of;
  };
  /// `multipath`: cells are numbered as prop329 says; else they are delivered as they come.
  /// `first`: the content that must be delivered first.
  Receiver(ControlBodies& bodies, Hooks hooks, bool multipath, std::uint64_t first)
      : bodies_(bodies), hooks_(std::move(hooks)), multipath_(multipath), next_content_(first) {}

  void handle(const Cell& cell);

  [[nodiscard]] std::size_t held_cells() const { return held_.size(); }
  [[nodiscard]] std::uint64_t held_bytes() const { return held_bytes_; }
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }

 private:
  struct Leg {
    std::uint64_t sequence = 0;  ///< of the last cell
    std::uint32_t data = 0;
  };

  void handle_control(Leg& leg, const Cell& cell);
  void handle_data(Leg& leg, const Cell& cell);
  void deliver(std::uint64_t content);

  ControlBodies& bodies_;
  Hooks hooks_;
  bool multipath_;
  std::uint64_t next_content_;
  std::unordered_map<std::uint32_t, Leg> legs_;
  std::map<std::uint64_t, std::uint64_t> held_;  ///< sequence -> content
  std::uint64_t held_bytes_ = 0;
  std::uint64_t delivered_ = 0;  ///< cells
};

}  // namespace scheduler_lab
