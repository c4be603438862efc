#include "test/onion_proxy/support/fake_leg.h"

#include <algorithm>
#include <utility>

namespace onion_proxy::test {
namespace {

constexpr size_t kExtendSpecifiers = 1 + 8 + 22 + 34;
constexpr size_t kHandshakeHeader = 4;
constexpr uint16_t kNtorType = 2;
constexpr uint8_t kResourceLimit = 5;

}  // namespace

FakeLeg::FakeLeg(boost::asio::io_context& io, uint8_t number, uint8_t exit_number)
    : guard_(io),
      guard_keys_(number),
      middle_(static_cast<uint8_t>(number + 50)),
      exit_(exit_number) {}

std::vector<RelayInfo> FakeLeg::path() const {
  RelayInfo guard = guard_.info();
  guard.ntor_key = guard_keys_.info().ntor_key;
  return {guard, middle_.info(), exit_.info()};
}

Bytes FakeLeg::with_length(const Bytes& reply) {
  Bytes out;
  append_u16(out, static_cast<uint16_t>(reply.size()));
  append(out, reply);
  return out;
}

void FakeLeg::pump() {
  while (!paused_ && handled_ < guard_.cells().size()) handle(guard_.cells()[handled_++]);
}

void FakeLeg::handle(const FakeLinkServer::Cell& cell) {
  if (cell.command == LinkCommand::kDestroy) destroyed_ = true;
  if (cell.command == LinkCommand::kCreate2) ++circuits_;
  if (cell.command == LinkCommand::kCreate2 && refusing_) {
    circuit_id_ = cell.circuit_id;
    return send_link_cell(LinkCommand::kDestroy, Bytes{kResourceLimit});
  }
  if (cell.command == LinkCommand::kCreate2 && building_) {
    circuit_id_ = cell.circuit_id;
    path_ = FakePath();
    destroyed_ = false;
    const ByteView skin = ByteView(cell.body).subspan(kHandshakeHeader);
    send_link_cell(LinkCommand::kCreated2, with_length(guard_keys_.answer_ntor(skin)));
    path_.add_hop(guard_keys_.keys());
    hops_ = 1;
  }
  if (cell.command != LinkCommand::kRelay && cell.command != LinkCommand::kRelayEarly) return;
  if (cell.circuit_id != circuit_id_) return;  // of a circuit before the last
  if (destroyed_) ++cells_after_destroy_;
  CellPayload payload = to_array<kCellPayloadSize>(cell.body).value();
  const auto opened = path_.open(payload);
  if (opened.cell.command == RelayCommand::kExtend2) return handle_extend(opened.cell.body);
  cells_.push_back({opened.cell.command, opened.cell.stream_id,
                    Bytes(opened.cell.body.begin(), opened.cell.body.end()), opened.tag});
}

void FakeLeg::answer_extend() {
  holding_ = false;
  handle_extend(*std::exchange(kept_extend_, std::nullopt));
}

void FakeLeg::handle_extend(ByteView request) {
  if (!building_) return;
  if (holding_ && hops_ == 2) {
    kept_extend_.emplace(request.begin(), request.end());
    return;
  }
  ByteReader reader(request.subspan(kExtendSpecifiers));
  const uint16_t type = reader.u16();
  const ByteView skin = reader.take(reader.u16());
  FakeRelay& next = hops_ == 1 ? middle_ : exit_;
  constexpr ByteArray<4> kCongestionControl = {1, 2, 1, 31};
  const Bytes reply =
      type == kNtorType ? next.answer_ntor(skin) : next.answer_ntor_v3(skin, kCongestionControl);
  send({.command = RelayCommand::kExtended2}, with_length(reply), hops_ - 1);
  path_.add_hop(next.keys());
  ++hops_;
}

const FakeLeg::Cell* FakeLeg::find(RelayCommand command) const {
  const auto at = std::ranges::find(cells_, command, &Cell::command);
  return at == cells_.end() ? nullptr : &*at;
}

size_t FakeLeg::count(RelayCommand command) const {
  return static_cast<size_t>(std::ranges::count(cells_, command, &Cell::command));
}

CellTag FakeLeg::send(RelayHeader header, const Bytes& body, size_t hop) {
  const auto sealed = path_.seal(hop, header, body);
  send_link_cell(LinkCommand::kRelay, sealed.payload);
  return sealed.tag;
}

void FakeLeg::send_link_cell(LinkCommand command, ByteView payload) {
  guard_.send(circuit_id_, command, payload);
}

}  // namespace onion_proxy::test
