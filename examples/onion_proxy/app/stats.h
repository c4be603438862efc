// What the proxy counts, as JSON for scripts and as one line for a person.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <string>

#include "examples/onion_proxy/proxy/figures.h"

namespace onion_proxy {

/// The proxy's book of account. Single-threaded. Totals never go back; of closed tunnels the last
/// `kClosedTunnelsKept` stay with their figures, older ones only in the totals.
class ProxyStats {
 public:
  static constexpr size_t kClosedTunnelsKept = 32;
  static constexpr size_t kReasonsMax = 64;  ///< distinct reasons counted; more become "other"

  struct Tunnel {
    TunnelFigures figures;
    uint64_t peak_held_cells = 0;  ///< the largest that an update saw
    bool open = true;
    std::string close_reason;
  };

  struct LinkBytes {
    uint64_t in = 0;
    uint64_t out = 0;
  };

  /// The figures of a tunnel as they are now; the first call for an ordinal opens its account.
  void update_tunnel(const TunnelFigures& figures);
  /// Its last figures; a tunnel that was never ready counts as failed.
  void close_tunnel(const TunnelFigures& figures, const std::string& reason);

  void open_stream() { ++streams_open_; }
  /// Ended in order: END with DONE, or the application closed.
  void finish_stream();
  void fail_stream(const std::string& reason);

  /// Channels' totals, with all overhead.
  void set_link_bytes(LinkBytes bytes) { link_bytes_ = bytes; }

  uint64_t bytes_down() const;
  uint64_t bytes_up() const;
  uint64_t streams_open() const { return streams_open_; }
  const std::deque<Tunnel>& tunnels() const { return tunnels_; }

  /// One document with stable field names, ended by a line end.
  std::string to_json(std::chrono::milliseconds uptime) const;

 private:
  using Reasons = std::map<std::string, uint64_t>;

  Tunnel& account(const TunnelFigures& figures);
  void forget_oldest();
  static void count(Reasons& reasons, const std::string& reason);

  std::deque<Tunnel> tunnels_;
  uint64_t forgotten_bytes_down_ = 0;
  uint64_t forgotten_bytes_up_ = 0;
  uint64_t tunnels_built_ = 0;
  uint64_t tunnels_failed_ = 0;
  Reasons tunnel_closes_;
  uint64_t streams_open_ = 0;
  uint64_t streams_ok_ = 0;
  uint64_t streams_failed_ = 0;
  Reasons stream_failures_;
  LinkBytes link_bytes_;
};

/// Turns successive totals into rates, for onion-proxy's line on a terminal.
class StatusLine {
 public:
  /// At most `width` columns: bytes and rate each way, the busiest tunnel's shares by leg and cells
  /// out of order, open streams.
  std::string render(const ProxyStats& stats, std::chrono::milliseconds uptime, size_t width);

 private:
  uint64_t bytes_down_ = 0;
  uint64_t bytes_up_ = 0;
  std::chrono::milliseconds at_{0};
};

}  // namespace onion_proxy
