#include "examples/scheduler_lab/host/client.h"

#include <algorithm>

namespace scheduler_lab {
namespace {

// DATA cells routed at once, as onion-proxy does: one TLS record's worth.
constexpr std::size_t kBatchCells = 31;
// What a scheduler is told at most; more makes no difference.
constexpr std::size_t kBacklogMax = 4096;

}  // namespace

Client::Client(const Environment& environment, ClientOptions options, Random random)
    : engine_(environment.engine),
      network_(environment.network),
      bodies_(environment.bodies),
      options_(std::move(options)),
      random_(random),
      traffic_(engine_, options_.traffic, random_.split(), [this] { wake(); }) {
  for (const LegSpec& spec : options_.legs) {
    legs_.push_back({.spec = spec,
                     .path = network_.add_path(options_.number, spec),
                     .vegas = onion_proxy::Vegas({}, kSendmeInc)});
    legs_.back().path.channel->on_wake([this] { wake(); });
  }
}

void Client::start() {
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    if (legs_[i].spec.death) engine_.at(*legs_[i].spec.death, [this, i] { lose_leg(i); });
  }
  build();
  traffic_.start();
}

void Client::build() {
  members_.clear();
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    if (!legs_[i].dead) members_.push_back(i);
  }
  if (members_.empty()) return;
  const bool multipath = members_.size() > 1;
  for (const std::size_t i : members_) open(legs_[i]);
  receiver_ = std::make_unique<Receiver>(
      bodies_,
      Receiver::Hooks{
          .answer =
              [this](const Cell& cell) {
                const auto leg = std::ranges::find(legs_, cell.circuit, &Leg::circuit);
                if (leg != legs_.end()) network_.answer(leg->path, cell);
              },
          .delivered = [this](std::uint64_t content) { traffic_.deliver(contents_[content]); },
          .bytes_of = [this](std::uint64_t content) { return contents_[content].bytes; }},
      multipath, contents_.size());
  up_ = true;
  if (multipath) {
    tunnel_ = std::make_unique<PluginTunnel>(
        *options_.instance, facts(),
        [this](std::size_t leg, const mpath_control_cell& cell) { send_control(leg, cell); },
        random_);
    tunnel_->link(engine_.now());
  }
  wake();
}

// A new circuit, with a window of its own.
void Client::open(Leg& leg) {
  leg.vegas = onion_proxy::Vegas({}, kSendmeInc);
  leg.sent_at.clear();
  leg.sent = leg.acked = 0;
  leg.circuit = network_.open_circuit(leg.path, [this](const Cell& cell) {
    receiver_->handle(cell);
    if (cell.kind == CellKind::kData && change_) change_();
  });
  leg.path.channel->attach(leg.circuit, [this, &leg](const Cell& cell) { handle(leg, cell); });
}

void Client::handle(Leg& leg, const Cell& cell) {
  if (cell.kind == CellKind::kSendme) return handle_sendme(leg);
  if (cell.kind != CellKind::kControl || !tunnel_) return;
  const auto at = static_cast<std::size_t>(
      std::ranges::find(members_, &leg, [this](std::size_t i) { return &legs_[i]; }) -
      members_.begin());
  tunnel_->receive(at, bodies_.at(cell.content), engine_.now());
}

void Client::handle_sendme(Leg& leg) {
  if (leg.sent_at.empty()) throw Broken("a SENDME came for cells that were not sent");
  const Time rtt = engine_.now() - leg.sent_at.front();
  leg.sent_at.pop_front();
  leg.acked += kSendmeInc;
  leg.vegas.handle_sendme({.rtt_us = std::max<Time>(rtt, 1),
                           .channel_blocked = leg.path.channel->blocked(),
                           .channel_queue = leg.path.channel->queued()});
}

// Whatever happens in one moment is answered once.
void Client::wake() {
  if (turn_due_ || !up_) return;
  turn_due_ = true;
  engine_.after(0, [this] { turn(); });
}

void Client::turn() {
  turn_due_ = false;
  poll();
  while (up_ && send_batch()) {
  }
  // How long what is left waits at most depends on what went just now.
  if (up_ && traffic_.backlog(1) > 0) poll();
}

TunnelFacts Client::facts() {
  facts_.clear();
  for (const std::size_t i : members_) {
    const Leg& leg = legs_[i];
    facts_.push_back({.cwnd = leg.vegas.cwnd(),
                      .inflight = leg.vegas.inflight(),
                      .ewma_rtt_us = leg.vegas.rtt().ewma_us(),
                      .last_rtt_us = leg.vegas.rtt().last_us(),
                      .channel_queue = leg.path.channel->queued(),
                      .data_sent = leg.sent,
                      .data_acked = leg.acked,
                      .slow_start = leg.vegas.in_slow_start(),
                      .channel_blocked = leg.path.channel->blocked(),
                      .gone = leg.circuit == 0});
  }
  return {.legs = facts_, .backlog = static_cast<std::uint32_t>(traffic_.backlog(kBacklogMax))};
}

void Client::poll() {
  if (!tunnel_ || !up_) return;
  const PluginTunnel::News news = tunnel_->poll(facts(), engine_.now());
  if (news.closed) return lose_tunnel();
  if (news.next_deadline >= poll_at_ && poll_at_ > engine_.now()) return;
  poll_at_ = news.next_deadline;
  if (poll_at_ == MPATH_NEVER) return;
  engine_.at(poll_at_, [this] { wake(); });
}

PluginTunnel::Grant Client::route(std::size_t want) {
  if (tunnel_) {
    return tunnel_->ready() ? tunnel_->route(want, facts(), engine_.now()) : PluginTunnel::Grant{};
  }
  const Leg& leg = leg_of_tunnel(0);
  if (leg.path.channel->blocked()) return {};
  return {.leg = 0, .cells = std::min<std::size_t>(want, leg.vegas.room())};
}

bool Client::send_batch() {
  const std::size_t want = traffic_.backlog(kBatchCells);
  if (want == 0) return false;
  const PluginTunnel::Grant grant = route(want);
  if (grant.cells == 0) return false;
  send_data(leg_of_tunnel(grant.leg), grant.cells);
  return true;
}

void Client::send_data(Leg& leg, std::size_t count) {
  batch_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    batch_.push_back({leg.circuit, CellKind::kData, command::kData, contents_.size()});
    contents_.push_back(traffic_.next());
    leg.vegas.note_data_sent();
    ++leg.total;
    if (++leg.sent % kSendmeInc == 0) leg.sent_at.push_back(engine_.now());
  }
  leg.path.channel->send(batch_);
}

void Client::send_control(std::size_t at, const mpath_control_cell& cell) {
  Leg& leg = leg_of_tunnel(at);
  const Cell out{leg.circuit, CellKind::kControl, cell.command, bodies_.keep(cell)};
  leg.path.channel->send({&out, 1});
}

void Client::lose_leg(std::size_t at) {
  Leg& leg = legs_[at];
  leg.dead = true;
  if (!up_ || leg.circuit == 0) return;
  network_.close_circuit(leg.path, leg.circuit);
  if (!tunnel_) return lose_tunnel();
  const auto member = std::ranges::find(members_, at) - members_.begin();
  // The views are from before the loss.
  tunnel_->lose(static_cast<std::size_t>(member), facts(), engine_.now());
  leg.circuit = 0;
  wake();
}

// There is no retransmission: what had not been delivered is sent again over another tunnel.
void Client::lose_tunnel() {
  up_ = false;
  ++tunnels_lost_;
  old_switches_ += tunnel_ ? tunnel_->switches() : 0;
  tunnel_.reset();
  for (const std::size_t i : members_) {
    if (legs_[i].circuit != 0) network_.close_circuit(legs_[i].path, legs_[i].circuit);
    legs_[i].circuit = 0;
  }
  // With its last circuit the exit's end of the tunnel is gone, and what it held back.
  receiver_.reset();
  if (change_) change_();
  traffic_.restart();
  engine_.after(options_.rebuild, [this] { build(); });
}

std::vector<LegReport> Client::legs() const {
  std::vector<LegReport> out;
  for (const Leg& leg : legs_) {
    out.push_back(
        {.cells = leg.total, .cwnd = leg.vegas.cwnd(), .rtt_us = leg.vegas.rtt().ewma_us()});
  }
  return out;
}

std::uint64_t Client::switches() const {
  return old_switches_ + (tunnel_ ? tunnel_->switches() : 0);
}

}  // namespace scheduler_lab
