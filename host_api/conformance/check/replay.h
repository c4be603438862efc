// Replays a trace against a plugin, in process.
#pragma once

#include <cstdint>
#include <string>

#include "host_api/conformance/check/trace.h"

namespace mpath::replay {

struct Outcome {
  bool readable = false;    // false: `difference` says what is wrong with the trace
  std::uint64_t calls = 0;  // replayed
  std::string difference;   // the first; empty: every byte was the same
};

// `bytes`: the whole file. `table`: of the plugin under test.
[[nodiscard]] Outcome replay(std::string_view bytes, const mpath_plugin_table& table);
struct Listing {
  std::string calls;    // one line per call, for people
  std::string problem;  // empty: that was the whole trace
};
[[nodiscard]] Listing print(std::string_view bytes);

}  // namespace mpath::replay
