// One tunnel with its legs, seen from a host that does everything right, and the peer at the far
// end. What a tunnel tells is held against what any plugin must tell: events of one shot once and
// in order (P-15), tokens once and in order (P-13), numbers without gaps (P-18).
#pragma once

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host_api/conformance/driver.h"
#include "host_api/conformance/peer.h"
#include "host_api/conformance/plugin_file.h"

namespace mpath::kit {

inline constexpr std::uint8_t kJoinHop = 2;
inline constexpr std::uint32_t kWindow = 124;        // cells
inline constexpr std::uint32_t kIncrement = 31;      // cells per SENDME
inline constexpr std::uint32_t kCellCost = 514;      // bytes
inline constexpr std::uint64_t kRoundTrip = 20'000;  // us

// A circuit of three hops to the same relay as all others, with congestion control.
[[nodiscard]] mpath_leg_params make_circuit(std::size_t number);

struct SceneOptions {
  std::size_t legs = 2;     // circuits in all
  bool joined = true;       // false: a single-path tunnel of the first circuit
  bool founds_set = false;  // the first circuit begins the set, if need be alone
  bool linked = true;       // false: joined, but the handshake has not begun
  std::uint8_t seed = 7;    // first byte
  bool seeded = true;       // false: the plugin draws its own random bytes
};

class Scene {
 public:
  struct Leg {
    mpath_leg_id id = 0;
    std::size_t circuit = 0;
    mpath_leg_view view{};
    bool gone = false;       // the host has removed it, or LEG_GONE was told
    bool told_gone = false;  // LEG_GONE was told
    bool told_result = false;
    std::optional<Body> linked;  // the answer of the peer, under way
    struct Flight {
      std::optional<Body> change;  // SWITCH in front
      std::uint64_t number = 0;    // absolute; the cell's token is token_of(number)
    };
    std::deque<Flight> incoming;  // cells under way
  };

  // On an instance of its own, opened on `driver`, unless there is one already.
  Scene(Driver& driver, const SceneOptions& options);
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  // Closes, drains and destroys the tunnel as a host should, and the instance if it is its own.
  void finish();

  [[nodiscard]] Context& check() const noexcept { return driver_.check; }
  [[nodiscard]] Driver& driver() const noexcept { return driver_; }
  [[nodiscard]] Leg& leg(std::size_t number) { return legs_.at(number); }
  [[nodiscard]] std::vector<Leg>& legs() noexcept { return legs_; }
  [[nodiscard]] Peer& peer() noexcept { return peer_; }
  [[nodiscard]] std::optional<std::size_t> number_of(mpath_leg_id id) const;
  [[nodiscard]] Views views() const;  // of the legs that are there
  [[nodiscard]] mpath_tunnel_info info();
  [[nodiscard]] mpath_leg_info leg_info(std::size_t number);
  [[nodiscard]] bool is_closed() const noexcept { return closed_; }
  [[nodiscard]] std::size_t held() const noexcept { return held_.size(); }

  // Adds circuits; expects them to be accepted.
  void join(std::size_t count);
  void link();
  // The peer's LINKED arrives on a leg.
  mpath_status answer(std::size_t number);
  // link, LINK, LINKED, LINKED_ACK on all legs.
  void shake_hands();

  std::vector<mpath_event> poll();
  // With room for `capacity` events, whatever comes of it.
  mpath_status poll_with_room(std::uint32_t capacity, Polled& out);
  // Drains until nothing is left, a few at a time.
  std::vector<mpath_token> drain();
  mpath_status route(std::uint32_t want, mpath_grant& grant, std::uint8_t command = kData);
  mpath_status remove(std::size_t number, std::uint32_t reason);
  // Of a leg whose loss cannot close the tunnel.
  void remove_harmlessly(std::size_t number);

  // The peer sends a DATA cell on a leg; it stays under way.
  void send(std::size_t number);
  // The next cell under way on a leg arrives, with the SWITCH in front of it.
  mpath_status arrive(std::size_t number);
  // A cell of any kind arrives, and nobody knows what to expect.
  mpath_status receive(std::size_t number, std::uint8_t command, const Body& body,
                       std::uint64_t token = 0, std::uint8_t hop = kJoinHop);
  [[nodiscard]] mpath_cell make_cell(std::size_t number, std::uint8_t command,
                                     std::uint64_t token) const;
  [[nodiscard]] mpath_receipt& receipt() noexcept { return receipt_; }
  [[nodiscard]] static std::uint64_t token_of(std::uint64_t number) noexcept;
  // No cell is in order any more: the tunnel is to be closed, and what it holds discarded.
  void expect_close() noexcept { closing_ = true; }

  mpath_tunnel_id tunnel = 0;
  std::uint64_t now_us = 1'000'000;
  std::uint32_t backlog = 5;
  std::uint32_t cost = kCellCost;

 private:
  void note_event(const mpath_event& event);
  void note_leg_event(const mpath_event& event);
  void note_arrival(std::uint64_t number, mpath_status status);
  void take(const mpath_token& token);
  // Which requirement a missing event breaks: were there polls with too short a buffer?
  [[nodiscard]] std::string_view lost_events() const noexcept {
    return had_short_buffer_ ? "MPATH-P-17" : "MPATH-P-15";
  }

  Driver& driver_;
  Peer peer_;
  bool owns_instance_ = false;
  std::vector<Leg> legs_;
  std::array<std::uint8_t, MPATH_SEED_LEN> seed_{};
  mpath_receipt receipt_{};
  bool ready_told_ = false;
  bool had_short_buffer_ = false;
  bool closed_told_ = false;
  bool closed_ = false;
  bool closing_ = false;
  std::uint64_t delivered_ = 0;   // the last number in order
  std::set<std::uint64_t> held_;  // numbers
};

// What most checks begin with: the plugin, loaded, and a driver without an instance.
struct Stage {
  explicit Stage(Context& check) : file(check.settings().plugin), driver(check, file.table()) {}
  PluginFile file;
  Driver driver;
  // Skips the check if the kit's peer does not speak what the plugin speaks.
  void need_peer() const;
};

// Opens an instance on the driver, with the configuration that the kit was given or the defaults.
void open_instance(Driver& driver);
// With the defaults, whatever the kit was given.
void open_defaults(Driver& driver);

}  // namespace mpath::kit
