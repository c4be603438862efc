// A function table that records what is asked of it, for tests of the C++ layer.
#pragma once

#include <cstdint>
#include <deque>
#include <mpath/plugin.hpp>
#include <string>
#include <vector>

namespace conflux::test {

// Everything that the table was asked, and what it is to answer. One at a time per process.
struct FakePlugin {
  FakePlugin();
  ~FakePlugin();
  FakePlugin(const FakePlugin&) = delete;
  FakePlugin& operator=(const FakePlugin&) = delete;

  [[nodiscard]] mpath::Plugin plugin() const;

  std::vector<std::string> calls;
  std::uint64_t last_now_us = 0;
  std::string diagnostics;  // what open, check and reload say
  mpath_status open_answer = MPATH_OK;
  mpath_status close_answer = MPATH_OK;
  std::deque<std::uint64_t> held;   // tokens that drain() hands out
  std::uint32_t drain_at_once = 2;  // of them per call, however large the buffer is
  std::deque<mpath_log_record> records;
  std::uint64_t records_lost = 0;
  mpath_route_request request{};
  mpath_cell cell{};
  mpath_leg_views views{};
  mpath_tunnel_params params{};
  mpath_plugin_table table{};
};

}  // namespace conflux::test
