#include "test/bench/e2e/forwarder/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace delay_forwarder {
namespace {

constexpr size_t kReadSize = size_t{64} << 10;
// Of one socket at a time, so that a fast connection does not keep the others waiting.
constexpr size_t kReadsPerTurn = 4;

bool is_temporary(int error) { return error == EAGAIN || error == EINTR; }

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Connection::Connection(Fd client, Fd target, DelayLine::Limits limits)
    : sides_{End{.fd = std::move(client), .line = DelayLine(limits)},
             End{.fd = std::move(target), .line = DelayLine(limits)}} {}

bool Connection::pump(Instant now, Duration delay) {
  for (size_t i = 0; i < sides_.size(); ++i) {
    End& from = sides_[i];
    End& to = sides_[1 - i];
    if (!read_from(from, now, delay) || !write_to(to, from.line, now)) return false;
  }
  const bool over = sides_[0].write_end && sides_[1].write_end;
  return !over && !sides_[0].broken && !sides_[1].broken;
}

void Connection::note_events(Side side, uint32_t events) {
  End& end = sides_[side];
  if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) end.readable = true;
  if ((events & EPOLLOUT) != 0) end.blocked = false;
  // With a hang-up there may be bytes to read still; without any, reading tells the error.
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    end.broken |= end.read_end && !end.write_end;
    end.readable = true;
  }
}

uint32_t Connection::interest(Side side, Instant now) {
  End& end = sides_[side];
  if (end.read_end && end.write_end) return kNothingLeft;
  uint32_t events = 0;
  if (!end.read_end && end.line.room(now) > 0) events |= EPOLLIN;
  if (end.blocked) events |= EPOLLOUT;
  return events;
}

std::optional<Instant> Connection::next_change() const {
  std::optional<Instant> next;
  for (size_t i = 0; i < sides_.size(); ++i) {
    const End& to = sides_[1 - i];
    // A blocked one is woken by its socket.
    if (to.blocked || to.write_end) continue;
    const auto change = sides_[i].line.next_change();
    if (change && (!next || *change < *next)) next = change;
  }
  return next;
}

bool Connection::read_from(End& from, Instant now, Duration delay) {
  std::array<uint8_t, kReadSize> buffer;
  for (size_t turn = 0; from.readable && !from.read_end && turn < kReadsPerTurn; ++turn) {
    const size_t wanted = std::min(from.line.room(now), buffer.size());
    if (wanted == 0) return true;
    const ssize_t got = ::recv(from.fd.get(), buffer.data(), wanted, 0);
    if (got > 0) {
      from.line.push({buffer.data(), static_cast<size_t>(got)}, now, delay);
      from.readable = static_cast<size_t>(got) == wanted;
    } else if (got == 0) {
      from.read_end = true;
      from.line.push_end(now, delay);
    } else if (is_temporary(errno)) {
      from.readable = false;
    } else {
      return false;
    }
  }
  return true;
}

bool Connection::write_to(End& to, DelayLine& line, Instant now) {
  while (!to.blocked) {
    const auto bytes = line.due(now);
    if (bytes.empty()) break;
    const ssize_t sent = ::send(to.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      line.pop(static_cast<size_t>(sent));
    } else if (is_temporary(errno)) {
      to.blocked = true;
    } else {
      return false;
    }
  }
  if (!to.write_end && line.ended(now)) {
    to.write_end = true;
    ::shutdown(to.fd.get(), SHUT_WR);
  }
  return true;
}

}  // namespace delay_forwarder
