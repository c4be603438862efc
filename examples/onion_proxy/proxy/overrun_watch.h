#pragma once

#include <cstdint>
#include <optional>

namespace onion_proxy {

/// Tells an exit that pauses when it is asked to from one that goes on: whether more and more is
/// held out of order although every stream was sent an XOFF. An honest exit goes on, too, if it
/// cannot read the XOFF: a cell of ours that was sent shortly before may be stuck on the leg that
/// is stuck, and the exit handles nothing that comes after it. Sans-I/O.
class OverrunWatch {
 public:
  /// The plugin's PRESSURE, with the bytes that were held then.
  void handle_pressure(bool high, uint64_t held_bytes);

  /// Does the exit go on? Told once for each pressure: when as much has come since as was held at
  /// its beginning. What was under way when the XOFF left is less, as a rule: with the default
  /// high-water mark, windows of 8,000 cells. If it is more, the exit starts slowly afterwards.
  bool check(uint64_t held_bytes);

 private:
  std::optional<uint64_t> mark_;
};

}  // namespace onion_proxy
