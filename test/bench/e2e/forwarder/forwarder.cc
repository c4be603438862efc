#include "test/bench/e2e/forwarder/forwarder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "test/bench/e2e/forwarder/peer_process.h"

namespace delay_forwarder {
namespace {

constexpr int kBacklog = 128;
constexpr int kEventsPerTurn = 64;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Fd make_socket() {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) fail("socket");
  return fd;
}

void set_no_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Fd listen_on(uint16_t port) {
  Fd fd = make_socket();
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ||
      ::listen(fd.get(), kBacklog) < 0) {
    fail("port " + std::to_string(port));
  }
  return fd;
}

// The connection may still be on its way; a refusal comes as an event.
Fd connect_to(uint16_t port) {
  Fd fd = make_socket();
  const sockaddr_in address = loopback(port);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 &&
      errno != EINPROGRESS) {
    return Fd();
  }
  set_no_delay(fd.get());
  return fd;
}

timespec to_timespec(Duration duration) {
  const auto ns =
      std::max<int64_t>(0, std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count());
  return {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
}

}  // namespace

Forwarder::Forwarder(DelayLine::Limits limits)
    : limits_(limits), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_.get() < 0) fail("epoll_create1");
}

void Forwarder::add_route(const Route& route) {
  Fd fd = listen_on(route.listen_port);
  Listener& listener = listeners_.emplace_back(Listener{std::move(fd), route});
  epoll_event event{.events = EPOLLIN, .data = {.u64 = key_of({Tag::kListener, &listener})}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener.fd.get(), &event) < 0) fail("epoll_ctl");
}

bool Forwarder::set_delay(uint16_t listen_port, Duration delay) {
  for (Listener& listener : listeners_) {
    if (listener.route.listen_port != listen_port) continue;
    listener.route.delay = delay;
    return true;
  }
  return false;
}

bool Forwarder::watch(int fd, std::function<bool()> on_readable) {
  Watch& added = watches_.emplace_back(Watch{fd, std::move(on_readable)});
  epoll_event event{.events = EPOLLIN, .data = {.u64 = key_of({Tag::kWatch, &added})}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return true;
  watches_.pop_back();
  return false;
}

void Forwarder::run() {
  while (step(std::chrono::hours(1))) {
  }
}

bool Forwarder::step(Duration longest) {
  if (const auto next = next_change()) longest = std::min(longest, *next - Clock::now());
  const timespec timeout = to_timespec(longest);
  epoll_event events[kEventsPerTurn];
  const int count = ::epoll_pwait2(epoll_.get(), events, kEventsPerTurn, &timeout, nullptr);
  if (count < 0 && errno != EINTR) fail("epoll_pwait2");
  bool go_on = true;
  for (int i = 0; i < count; ++i) go_on &= handle_event(events[i].data.u64, events[i].events);
  pump_all();
  return go_on;
}

bool Forwarder::handle_event(uint64_t key, uint32_t events) {
  const Tag tag = tag_of(key);
  switch (tag.kind) {
    case Tag::kListener:
      accept_all(*static_cast<Listener*>(tag.object));
      return true;
    case Tag::kSide:
      static_cast<Forwarded*>(tag.object)->connection.note_events(tag.side, events);
      return true;
    case Tag::kWatch:
      return static_cast<Watch*>(tag.object)->on_readable();
  }
  return true;
}

void Forwarder::accept_all(Listener& listener) {
  while (true) {
    sockaddr_in from{};
    socklen_t from_size = sizeof from;
    Fd client(::accept4(listener.fd.get(), reinterpret_cast<sockaddr*>(&from), &from_size,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client.get() < 0) return;
    set_no_delay(client.get());
    Fd target = connect_to(listener.route.target_port);
    if (target.get() < 0) continue;
    Forwarded& added = connections_.emplace_back(
        Forwarded{Connection(std::move(client), std::move(target), limits_), &listener,
                  is_exempt(ntohs(from.sin_port), listener)});
    for (const auto side : {Connection::kClient, Connection::kTarget}) {
      added.connection.registered(side) = EPOLLIN;
      epoll_event event{.events = EPOLLIN, .data = {.u64 = key_of({Tag::kSide, &added, side})}};
      if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, added.connection.fd(side), &event) < 0) {
        fail("epoll_ctl");
      }
    }
  }
}

bool Forwarder::is_exempt(uint16_t from_port, const Listener& listener) const {
  if (exempt_commands_.empty()) return false;
  const std::string command = command_of_peer(from_port, listener.route.listen_port);
  return std::ranges::any_of(exempt_commands_, [&](const std::string& text) {
    return command.find(text) != std::string::npos;
  });
}

// A few dozen connections at most: looking at each is cheaper than keeping account of which.
void Forwarder::pump_all() {
  const Instant now = Clock::now();
  for (auto it = connections_.begin(); it != connections_.end();) {
    if (!it->connection.pump(now, it->exempt ? Duration(0) : it->listener->route.delay)) {
      it = connections_.erase(it);
      continue;
    }
    update_interest(*it, Connection::kClient, now);
    update_interest(*it, Connection::kTarget, now);
    ++it;
  }
}

void Forwarder::update_interest(Forwarded& forwarded, Connection::Side side, Instant now) {
  const uint32_t wanted = forwarded.connection.interest(side, now);
  uint32_t& registered = forwarded.connection.registered(side);
  if (wanted == registered) return;
  registered = wanted;
  if (wanted == Connection::kNothingLeft) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, forwarded.connection.fd(side), nullptr);
    return;
  }
  epoll_event event{.events = wanted, .data = {.u64 = key_of({Tag::kSide, &forwarded, side})}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, forwarded.connection.fd(side), &event) < 0) {
    fail("epoll_ctl");
  }
}

std::optional<Instant> Forwarder::next_change() const {
  std::optional<Instant> next;
  for (const Forwarded& forwarded : connections_) {
    const auto change = forwarded.connection.next_change();
    if (change && (!next || *change < *next)) next = change;
  }
  return next;
}

// The three lowest bits of an object's address are 0: kind and side go there.
uint64_t Forwarder::key_of(const Tag& tag) {
  const uint64_t low = tag.kind == Tag::kSide ? 2 + tag.side : (tag.kind == Tag::kWatch ? 1 : 0);
  return reinterpret_cast<uintptr_t>(tag.object) | low;
}

Forwarder::Tag Forwarder::tag_of(uint64_t key) {
  void* object = reinterpret_cast<void*>(key & ~uint64_t{7});
  switch (key & 7) {
    case 0:
      return {Tag::kListener, object};
    case 1:
      return {Tag::kWatch, object};
    case 2:
      return {Tag::kSide, object, Connection::kClient};
    default:
      return {Tag::kSide, object, Connection::kTarget};
  }
}

}  // namespace delay_forwarder
