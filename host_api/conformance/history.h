// Whole lives of tunnels, from instance_open to instance_close, and what was seen of them.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "host_api/conformance/scene.h"

namespace mpath::kit {

// What a plugin told, line by line, with legs named by ordinals: equal histories, equal traces.
class Trace {
 public:
  void call(std::string_view name, mpath_status status);
  void events(Scene& scene, const std::vector<mpath_event>& events);
  void tokens(Scene& scene, const std::vector<mpath_token>& tokens);
  void grant(Scene& scene, const mpath_grant& grant);
  void info(Scene& scene);
  void log(const std::vector<mpath_log_record>& records);
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  // The first line that differs, for messages.
  [[nodiscard]] static std::string first_difference(const std::string& a, const std::string& b);

 private:
  std::string text_;
};

// One life with a bit of everything in it, always the same. Opens and closes its own instance.
[[nodiscard]] std::string play_script(Driver& driver, std::uint8_t seed);

// The same, after it went alike twice: what differs later is not chance.
[[nodiscard]] std::string play_script_twice(Driver& driver, std::uint8_t seed);

struct Random {
  std::uint64_t seed = 1;
  std::uint32_t steps = 400;
  bool misuse = true;     // also calls that no good host makes
  bool stretches = true;  // hosts of changing age
};

// Random lives, one after the other, with a host that is late, early and forgetful, but honest, and
// a peer that is honest too. Everything that Scene knows is checked.
[[nodiscard]] std::string play_random(Driver& driver, const Random& random);

}  // namespace mpath::kit
