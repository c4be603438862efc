// Tunnel: cells in, cells out, one turn of the event loop at a time.
#include <algorithm>
#include <boost/asio/post.hpp>

#include "examples/onion_proxy/proxy/clock.h"
#include "examples/onion_proxy/proxy/tunnel.h"

namespace onion_proxy {
namespace {

// DATA cells routed at once: one TLS record's worth, so that a grant never fills a channel much
// beyond its high-water mark.
constexpr size_t kBatchCells = 31;
// What the plugin's schedulers are told at most; more makes no difference to them.
constexpr size_t kBacklogMax = 4096;
// DATA cells in one turn, so that a fast upload cannot starve what arrives.
constexpr size_t kTurnCells = 256;
constexpr std::string_view kProbeName = "127.0.0.1";

}  // namespace

void Tunnel::handle_leg_cell(Leg& leg, const RelayCell& cell) {
  if (state_ == State::kClosed) return;
  const Status received = paths_->receive(leg, cell, *this, now());
  if (received.ok()) return;
  env_.log.warn("tunnel {}: leg {}: {}", ordinal(), leg.ordinal(), received.error());
  close("leg " + std::to_string(leg.ordinal()) + ": " + received.error());
}

void Tunnel::deliver(const RelayCell& cell) {
  if (state_ == State::kClosed) return;
  liveness_.note_heard(now());
  if (Stream* stream = streams_.find(cell.stream_id)) {
    const Status handled = stream->handle_cell(cell);
    if (handled.ok()) return;
    env_.log.warn("tunnel {}: {}", ordinal(), handled.error());
    return close(handled.error());
  }
  if (!streams_.is_half_closed(cell.stream_id)) {
    // An honest exit has nothing to say on a stream that we never opened or that it ended itself;
    // such cells can carry a mark past the client (DROPMARK).
    const std::string reason =
        "a " + std::string(relay_command_name(cell.command)) + " cell for no stream";
    env_.log.warn("tunnel {}: {}", ordinal(), reason);
    return close(reason);
  }
  // Either ends the stream at the exit; RESOLVED also answers our probes.
  if (cell.command == RelayCommand::kEnd || cell.command == RelayCommand::kResolved) {
    streams_.forget_half_closed(cell.stream_id);
  }
}

void Tunnel::handle_leg_wake() { turn(); }

void Tunnel::note_ready(Stream& stream) {
  streams_.note_ready(stream);
  schedule_turn();
}

void Tunnel::send_control(RelayHeader header, Bytes body) {
  if (state_ == State::kClosed) return;
  control_.push_back({header, std::move(body)});
  schedule_turn();
}

void Tunnel::schedule_turn() {
  if (turn_due_ || state_ == State::kClosed) return;
  turn_due_ = true;
  boost::asio::post(env_.io, [self = self_] {
    if (*self != nullptr && (*self)->turn_due_) (*self)->turn();
  });
}

void Tunnel::turn() {
  turn_due_ = false;
  if (state_ == State::kBuilding || state_ == State::kClosed) return;
  poll_paths();
  serve_deadlines();
  watch_exit();
  pump_control();
  pump_data();
  streams_.collect();
  arm_timer();
}

StreamFacts Tunnel::facts() {
  return {.backlog_cells = static_cast<uint32_t>(streams_.sendable_cells(kBacklogMax)),
          .open_streams = static_cast<uint32_t>(streams_.size()),
          .ever_used = ever_used_,
          .half_stream_expiry = streams_.half_closed_expiry(),
          .disused_since = ever_used_ ? disused_since_ : std::nullopt};
}

void Tunnel::poll_paths() {
  const PathNews news = paths_->poll(facts(), now());
  if (news.closed) return close(news.reason);
  paths_deadline_ = news.next_deadline;
  if (news.collect_half_streams) streams_.expire_half_closed(now());
  if (news.pressure) {
    const bool high = *news.pressure;
    env_.log.info("tunnel {}: out-of-order cells {}", ordinal(),
                  high ? "reached the high-water mark, pausing streams" : "are few again");
    streams_.for_each([high](Stream& stream) { high ? stream.hold() : stream.release(); });
  }
  if (!news.ready) return;
  was_ready_ = true;
  state_ = State::kReady;
  boost::asio::post(env_.io, [self = self_] {
    if (*self != nullptr && (*self)->state_ == State::kReady) {
      (*self)->owner_.handle_tunnel_ready(**self);
    }
  });
}

void Tunnel::pump_control() {
  while (!control_.empty() && state_ == State::kReady) {
    const RelayCommand command = control_.front().header.command;
    const auto grant = paths_->route(command, 1, facts(), now());
    if (grant.granted == 0) return;
    const Control control = std::move(control_.front());
    control_.pop_front();
    grant.leg->send(
        {.header = control.header, .body = control.body, .hop = grant.leg->circuit().last_hop()});
  }
}

void Tunnel::pump_data() {
  size_t sent = 0;
  // Control cells of a stream go before its DATA: an END queued now would overtake nothing.
  while (state_ == State::kReady && control_.empty()) {
    if (sent >= kTurnCells) return schedule_turn();
    if (!send_data_batch()) return;
    sent += kBatchCells;
    pump_control();
  }
}

bool Tunnel::send_data_batch() {
  const size_t want = streams_.sendable_cells(kBatchCells);
  if (want == 0) return false;
  const auto grant = paths_->route(RelayCommand::kData, want, facts(), now());
  if (grant.granted == 0) return false;
  for (size_t i = 0; i < grant.granted; ++i) {
    Stream* stream = streams_.next_ready();
    if (stream == nullptr) {
      // The grant is a commitment: what was routed and not sent makes a gap at the exit.
      close("cells were routed that no stream could fill");
      return false;
    }
    const ByteView body = stream->next_body(short_cells_.next_body_max());
    grant.leg->send({.header = {.command = RelayCommand::kData, .stream_id = stream->id()},
                     .body = body,
                     .hop = grant.leg->circuit().last_hop()});
    stream->commit_sent(body.size());
  }
  return true;
}

void Tunnel::serve_deadlines() {
  if (state_ == State::kClosed) return;
  const Instant at = now();
  streams_.for_each([at](Stream& stream) {
    if (const auto deadline = stream.next_deadline(); deadline && *deadline <= at) {
      stream.handle_deadline();
    }
  });
}

void Tunnel::watch_exit() {
  const bool watched = state_ == State::kReady && streams_.size() > 0;
  switch (liveness_.check(watched, now())) {
    case Liveness::Verdict::kFine:
      return;
    case Liveness::Verdict::kProbe:
      return probe_exit();
    case Liveness::Verdict::kDead:
      env_.log.notice("tunnel {}: the exit has not answered for {} ms", ordinal(),
                      options_.stall_timeout.count() / 1000);
      blame_behind_guards();
      return close("the exit does not answer");
  }
}

// An exit answers for an address at once, without asking a name server.
void Tunnel::probe_exit() {
  const uint16_t id = streams_.reserve_id(now() + options_.stall_timeout);
  if (id != 0) send_control({RelayCommand::kResolve, id}, encode_resolve(kProbeName));
}

void Tunnel::arm_timer() {
  if (state_ == State::kClosed) return;
  std::optional<Instant> next = paths_deadline_;
  const auto silence_over = liveness_.next_deadline();
  if (silence_over && (!next || *silence_over < *next)) next = silence_over;
  streams_.for_each([&next](Stream& stream) {
    const auto deadline = stream.next_deadline();
    if (deadline && (!next || *deadline < *next)) next = deadline;
  });
  if (next == armed_for_) return;
  armed_for_ = next;
  if (!next) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(to_steady(*next));
  timer_.async_wait([self = self_](const boost::system::error_code& error) {
    if (error || *self == nullptr) return;
    (*self)->armed_for_.reset();
    (*self)->turn();
  });
}

}  // namespace onion_proxy
