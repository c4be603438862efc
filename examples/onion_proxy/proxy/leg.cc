#include "examples/onion_proxy/proxy/leg.h"

#include <algorithm>

#include "examples/onion_proxy/base/clock.h"

namespace onion_proxy {
namespace {

// Clients give relays no reason. Spec: tor-spec "Tearing down circuits".
constexpr uint8_t kDestroyNoReason = 0;

}  // namespace

Leg::Leg(boost::asio::io_context& io, LegOwner& owner, LegOptions options)
    : owner_(owner), options_(std::move(options)), build_timer_(io) {}

Leg::~Leg() {
  *self_ = nullptr;
  destroy();
}

void Leg::build(ChannelPool& channels) {
  build_timer_.run_after(options_.build_timeout, [this] { handle_build_timeout(); });
  channels.get(options_.path.front(), [self = self_](Result<std::shared_ptr<Channel>> channel) {
    if (*self != nullptr) (*self)->start(std::move(channel));
  });
}

void Leg::start(Result<std::shared_ptr<Channel>> channel) {
  if (is_gone()) return;
  if (!channel.ok()) return lose("hop 1: " + channel.error());
  const Result<uint32_t> id = channel.value()->attach(*this);
  if (!id.ok()) return lose("hop 1: " + id.error());
  channel_ = std::move(channel).value();
  circuit_id_ = id.value();
  read_before_ = channel_->bytes_read();
  state_.emplace<CircuitBuilder>(options_.path, options_.sendme_inc);
  flush_builder(clock_now());
}

// A guard that lives answers CREATE2 or refuses it. One from which nothing at all has come since is
// gone, or the way to it: the next circuit is to try another connection.
void Leg::handle_build_timeout() {
  const bool silent = channel_ && hop_at_work() == 0 && channel_->bytes_read() == read_before_;
  if (silent) channel_->close("nothing came while a circuit waited");
  lose("the circuit was not built in time");
}

void Leg::flush_builder(Instant now) {
  auto& builder = std::get<CircuitBuilder>(state_);
  while (const auto cell = builder.poll_cell()) {
    if (builder.hops_done() + 1 == options_.path.size()) asked_exit_at_ = now;
    channel_->send_cell(circuit_id_, cell->command, cell->payload);
  }
  if (builder.state() == CircuitBuilder::State::kFailed) return lose(builder.failure());
  if (builder.state() != CircuitBuilder::State::kBuilt) return;
  build_timer_.cancel();
  round_trip_ = now - asked_exit_at_;
  BuiltCircuit built = builder.take();
  state_.emplace<Circuit>(std::move(built), options_.vegas);
  owner_.handle_leg_built(*this);
}

ChannelState Leg::channel_state() const {
  if (!channel_) return {.blocked = true};
  return {.blocked = channel_->blocked(), .queued_cells = channel_->queued_cells()};
}

void Leg::send(const Circuit::Outgoing& cell, Instant now) {
  if (!is_built() || !channel_->is_open()) return;
  circuit().seal(cell, now, channel_->add_cell(circuit_id_, LinkCommand::kRelay));
}

void Leg::handle_cell(LinkCell& cell, Instant now) {
  if (std::holds_alternative<CircuitBuilder>(state_)) return handle_build_cell(cell, now);
  if (!is_built()) return;
  switch (cell.command) {
    case LinkCommand::kRelay:
      return handle_relay(cell, now);
    case LinkCommand::kDestroy:
      forget_circuit();
      return lose("the circuit was destroyed: " +
                  std::string(destroy_reason_text(parse_destroy(cell.body))));
    case LinkCommand::kPadding:
    case LinkCommand::kCreate:
    case LinkCommand::kCreated:
    case LinkCommand::kCreateFast:
    case LinkCommand::kCreatedFast:
    case LinkCommand::kVersions:
    case LinkCommand::kNetinfo:
    case LinkCommand::kRelayEarly:
    case LinkCommand::kCreate2:
    case LinkCommand::kCreated2:
    case LinkCommand::kPaddingNegotiate:
    case LinkCommand::kVpadding:
    case LinkCommand::kCerts:
    case LinkCommand::kAuthChallenge:
    case LinkCommand::kAuthenticate:
    case LinkCommand::kAuthorize:
      break;
  }
  // RELAY_EARLY towards a client was used to mark circuits (the 2014 "relay early" attack).
  owner_.handle_leg_violation(
      *this, {ViolationKind::kUnexpectedCommand,
              "an unexpected " + std::string(link_command_name(cell.command)) + " cell",
              Culprit::kAnyRelay});
}

void Leg::handle_build_cell(LinkCell& cell, Instant now) {
  std::get<CircuitBuilder>(state_).handle_cell(cell.command, cell.body);
  flush_builder(now);
}

void Leg::handle_relay(LinkCell& cell, Instant now) {
  const CellPayloadView sealed(cell.body.data(), kCellPayloadSize);
  const auto incoming =
      circuit().handle_relay(sealed, owner_.room_for_leg_cell(sealed), channel_state(), now);
  flush_sendmes(now);
  switch (incoming.kind) {
    case Circuit::Incoming::Kind::kHandled:
      return;
    case Circuit::Incoming::Kind::kCell:
      return owner_.handle_leg_cell(*this, incoming.cell, now);
    case Circuit::Incoming::Kind::kViolation:
      // An honest relay says so when the next one is gone. Spec: tor-spec "Tearing down circuits".
      if (incoming.violation.kind == ViolationKind::kTruncated) {
        return lose(incoming.violation.reason);
      }
      return owner_.handle_leg_violation(*this, incoming.violation);
  }
}

void Leg::release_sendmes(Instant now) {
  sendmes_held_ = false;
  if (is_built()) flush_sendmes(now);
}

void Leg::flush_sendmes(Instant now) {
  if (sendmes_held_) return;
  while (circuit().has_sendme_due() && channel_->is_open()) {
    circuit().poll_sendme(now, channel_->add_cell(circuit_id_, LinkCommand::kRelay));
  }
}

void Leg::handle_cells_end() { owner_.handle_leg_wake(); }

void Leg::handle_channel_writable() { owner_.handle_leg_wake(); }

void Leg::handle_channel_closed(const std::string& reason) {
  // The channel has already forgotten us.
  channel_.reset();
  lose_guard("the connection to the guard closed: " + reason);
}

size_t Leg::hop_at_work() const {
  const auto* builder = std::get_if<CircuitBuilder>(&state_);
  return builder == nullptr ? 0 : std::min(builder->hops_done(), options_.path.size() - 1);
}

// While it is built the hop that is being added is at fault; later any behind the guard.
void Leg::lose(std::string reason) {
  if (is_built()) return report({std::move(reason), 1, options_.path.size() - 1});
  report({std::move(reason), hop_at_work(), hop_at_work()});
}

void Leg::lose_guard(std::string reason) { report({std::move(reason), 0, 0}); }

void Leg::report(LegLoss loss) {
  if (is_gone()) return;
  destroy();
  owner_.handle_leg_lost(*this, loss);
}

// The relay has destroyed the circuit: a DESTROY of ours would be for nobody.
void Leg::forget_circuit() {
  if (channel_) channel_->detach(circuit_id_);
  channel_.reset();
}

void Leg::destroy() {
  build_timer_.cancel();
  state_.emplace<Gone>();
  if (!channel_) return;
  const std::shared_ptr<Channel> channel = std::move(channel_);
  channel->send_cell(circuit_id_, LinkCommand::kDestroy, Bytes{kDestroyNoReason});
  channel->detach(circuit_id_);
}

}  // namespace onion_proxy
