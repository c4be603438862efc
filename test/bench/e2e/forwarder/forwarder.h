// Accepts TCP connections on loopback and forwards each to another port, a delay later each way.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "test/bench/e2e/forwarder/connection.h"

namespace delay_forwarder {

struct Route {
  uint16_t listen_port = 0;
  uint16_t target_port = 0;
  Duration delay{0};  ///< each way: the round trip grows by twice that
};

/// An epoll loop of one thread. Bytes and their order are never changed; what is held is bounded
/// (DelayLine::Limits for each direction), and a slow reader slows its sender.
class Forwarder {
 public:
  explicit Forwarder(DelayLine::Limits limits = {});

  /// Listens at once. Throws std::system_error when the port cannot be had.
  void add_route(const Route& route);

  /// Connections of programs whose command line contains this text pass at once, on all routes.
  /// For connections to come. (By their address they cannot be told apart: tor binds none where it
  /// connects to loopback.)
  void exempt_command(std::string text) { exempt_commands_.push_back(std::move(text)); }

  /// For bytes that arrive from now on, of open connections too. False: no such route.
  bool set_delay(uint16_t listen_port, Duration delay);

  /// Also waits for `fd`; `on_readable` returns false to end `run`.
  /// False when this kind of descriptor cannot be waited for (a file).
  bool watch(int fd, std::function<bool()> on_readable);

  /// Forwards until a watched descriptor's function says stop.
  void run();

  /// One round: waits for something to do, `longest` at most, and does it. False: stop.
  bool step(Duration longest);

  size_t connections() const { return connections_.size(); }

 private:
  struct Listener {
    Fd fd;
    Route route;
  };
  struct Forwarded {
    Connection connection;
    const Listener* listener;
    bool exempt;
  };
  struct Watch {
    int fd;
    std::function<bool()> on_readable;
  };

  // What an epoll event belongs to: `object` is a Listener, a Forwarded or a Watch.
  struct Tag {
    enum Kind { kListener, kSide, kWatch } kind;
    void* object;
    Connection::Side side = Connection::kClient;
  };

  bool handle_event(uint64_t key, uint32_t events);
  void accept_all(Listener& listener);
  bool is_exempt(uint16_t from_port, const Listener& listener) const;
  void pump_all();
  void update_interest(Forwarded& forwarded, Connection::Side side, Instant now);
  std::optional<Instant> next_change() const;

  static uint64_t key_of(const Tag& tag);
  static Tag tag_of(uint64_t key);

  DelayLine::Limits limits_;
  std::vector<std::string> exempt_commands_;
  Fd epoll_;
  std::list<Listener> listeners_;
  std::list<Forwarded> connections_;
  std::list<Watch> watches_;
};

}  // namespace delay_forwarder
