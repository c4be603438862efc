#pragma once

#include <boost/asio/io_context.hpp>
#include <compare>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "examples/onion_proxy/app/stats.h"
#include "examples/onion_proxy/directory/leg_count.h"
#include "examples/onion_proxy/net/directory_client.h"
#include "examples/onion_proxy/net/timer.h"
#include "examples/onion_proxy/proxy/plugin_host.h"
#include "examples/onion_proxy/proxy/tunnel.h"

namespace onion_proxy {

/// Gives every application stream a tunnel: one for each isolation (SOCKS user name and password),
/// built when first needed, and a new one after one has died. A port that its exit does not allow
/// gets a further one, whose exit does. Single-threaded.
class TunnelManager final : private TunnelOwner {
 public:
  struct Options {
    LegCount legs;
    FarLegPolicy far_legs;  ///< see TunnelOptions
    std::string exit_nickname;
    std::vector<PathPins> paths;
    std::string hold_link_file;  ///< see TunnelOptions
    std::chrono::milliseconds stream_timeout{60000};
    std::chrono::milliseconds idle_timeout{600000};  ///< a tunnel without streams goes after it
    std::chrono::milliseconds stall_timeout{30000};  ///< see TunnelOptions
    std::chrono::milliseconds suspect_time{60000};   ///< how long a failed relay is avoided
    /// After a tunnel held back too much, no lost leg is replaced for this time.
    std::chrono::milliseconds pressure_time{60000};
    size_t tunnels_max =
        64;  ///< then the most idle one goes; if none is idle, new ones are refused
    size_t attempts_max = 3;  ///< tunnels tried for one stream before it is refused
    size_t waiting_max = 1024;
  };

  /// `plugin` is null for plain circuits, and then there is one leg. All outlive this.
  TunnelManager(const TunnelEnvironment& environment, DirectoryClient& directory,
                PluginHost* plugin, Options options);
  ~TunnelManager() override;
  TunnelManager(const TunnelManager&) = delete;
  TunnelManager& operator=(const TunnelManager&) = delete;

  /// Builds a tunnel ahead of the first stream.
  void prepare();

  /// For tunnels that are begun from now on; one leg if there is no plugin.
  void set_legs(const LegCount& legs, const FarLegPolicy& far_legs) {
    options_.legs = legs;
    options_.far_legs = far_legs;
  }

  /// Takes over the application: it gets its stream, or a SOCKS error.
  void handle_arrival(SocksArrival arrival);

  /// Closes all tunnels and refuses what waits.
  void stop(const std::string& reason);

  /// Everything counted so far.
  ProxyStats stats();

 private:
  struct Waiting {
    SocksArrival arrival;
    Instant deadline;
    size_t attempts = 0;
  };
  struct Entry {
    std::unique_ptr<Tunnel> tunnel;
    std::deque<Waiting> waiting;
    ExitPorts exit_ports;  ///< of the tunnel
    bool asking = false;   ///< the directory is being asked
    bool used = false;
  };
  struct Key {
    std::string isolation{};
    uint16_t port = 0;  ///< 0: the first tunnel of that isolation; else one for that port

    auto operator<=>(const Key&) const = default;
  };
  using Entries = std::map<Key, Entry>;

  // TunnelOwner
  void handle_tunnel_ready(Tunnel& tunnel) override;
  void handle_tunnel_closed(Tunnel& tunnel) override;
  void note_stream_ended(const Stream& stream) override;
  void note_suspects(const std::vector<RelayInfo>& relays) override;
  Result<ChosenPath> choose_replacement(const std::vector<ChosenPath>& existing) override;

  struct Suspect {
    RelayInfo relay;
    Instant until;
  };

  static bool serves(const Entry& entry, uint16_t port);
  Entries::iterator entry_for(const std::string& isolation, uint16_t port);
  Entries::iterator take_prepared(uint16_t port, const Key& key);
  std::vector<RelayInfo> suspects();
  void start(const Key& key);
  void start_with(const Key& key, Result<DirectoryClient::View> view);
  PathRequest request_for(const Key& key, const Entry& entry, const Consensus& consensus);
  std::unique_ptr<PathSet> make_paths(const Consensus& consensus);
  void admit(Waiting waiting);
  void serve_waiting(Entry& entry);
  void give_up(const Key& key, const std::string& reason);
  void refuse(Waiting& waiting, SocksReply reply, const std::string& reason);
  void count_failure(const std::string& reason);
  Entries::iterator find(const Tunnel& tunnel);
  void remember(Tunnel& tunnel);
  void wake_victims(std::span<const mpath_tunnel_id> victims);
  void arm_sweep();
  void sweep();
  bool close_most_idle();

  TunnelEnvironment env_;
  DirectoryClient& directory_;
  PluginHost* plugin_;
  Options options_;
  RandomBelow random_below_ = make_random_below();
  Entries entries_;
  std::deque<Suspect> suspects_;  ///< relays that may have failed lately, oldest first
  Instant pressure_until_{};
  uint64_t last_ordinal_ = 0;
  bool stopping_ = false;
  ProxyStats totals_;  ///< of streams and tunnels that have ended
  std::deque<TunnelStats> closed_;
  Timer sweep_timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace onion_proxy
