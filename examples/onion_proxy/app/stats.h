// What the proxy counts, as JSON for scripts and as one line for a person.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace onion_proxy {

/// One leg of a tunnel, by its ordinal.
struct LegStats {
  uint64_t cells_in = 0;   ///< DATA cells received on it
  uint64_t cells_out = 0;  ///< DATA cells sent on it
  std::string state;       ///< "building", "built", "waiting", "linking", "linked", "closed"
  uint64_t rtt_us = 0;     ///< smoothed; 0 before the first measurement
  uint64_t cwnd = 0;
};

/// The tunnels of one kind of life: ordinals never return.
struct TunnelStats {
  uint64_t ordinal = 0;
  std::vector<LegStats> legs;
  uint64_t switches_in = 0;
  uint64_t switches_out = 0;
  uint64_t held_cells = 0;  ///< out of order now
  uint64_t held_cells_peak = 0;
  uint64_t held_bytes = 0;
  uint64_t held_bytes_peak = 0;
  bool open = false;
  std::string close_reason;  ///< empty while open
};

/// Everything at one moment. The owner keeps it up to date; totals never go back.
struct ProxyStats {
  uint64_t bytes_in = 0;       ///< given to applications
  uint64_t bytes_out = 0;      ///< taken from applications
  uint64_t link_bytes_in = 0;  ///< on channels, with all overhead
  uint64_t link_bytes_out = 0;
  uint64_t streams_open = 0;
  uint64_t streams_ok = 0;  ///< ended after a connection stood, without an error
  uint64_t streams_failed = 0;
  std::map<std::string, uint64_t> stream_failures;  ///< by reason
  uint64_t tunnels_built = 0;
  uint64_t tunnels_failed = 0;                    ///< never became usable
  std::map<std::string, uint64_t> tunnel_closes;  ///< by reason
  std::vector<TunnelStats> tunnels;               ///< open ones and those closed last, in order
  bool multipath = false;
};

/// One document with stable field names (examples/onion_proxy/README.md), ended by a line end.
std::string to_json(const ProxyStats& stats, std::chrono::milliseconds uptime);

/// Turns successive totals into rates, for `onion-proxy`'s line on a terminal.
class StatusLine {
 public:
  /// At most `width` columns, such as
  /// `12.4 MB down  3.10 MB/s | 0.2 MB up  0.01 MB/s | legs 51/49 % | held 12 (peak 340) | 2
  /// streams`.
  std::string render(const ProxyStats& stats, std::chrono::milliseconds uptime, size_t width);

 private:
  uint64_t bytes_in_ = 0;
  uint64_t bytes_out_ = 0;
  std::chrono::milliseconds at_{0};
};

}  // namespace onion_proxy
