#pragma once

#include "examples/onion_proxy/proxy/path_set.h"

namespace onion_proxy {

/// One plain circuit, without any plugin (--legs 1).
class PlainPath final : public PathSet {
 public:
  Status begin(Leg& leg, const StreamFacts& facts, Instant now) override;
  Status add(Leg& leg, const StreamFacts& facts, Instant now) override;
  Grant route(RelayCommand command, size_t want, const StreamFacts& facts, Instant now) override;
  CellPayloadView room(CellPayloadView sealed) override { return sealed; }
  Status receive(Leg& leg, const RelayCell& cell, CellSink& sink, Instant now) override;
  LossEffect lose_leg(Leg& leg, const StreamFacts& facts, Instant now) override;
  PathNews poll(const StreamFacts& facts, Instant now) override;
  uint64_t plugin_id() const override { return 0; }
  bool closed_for_memory() const override { return false; }
  void close(Instant now) override;
  void add_stats(TunnelStats& stats) const override;

 private:
  Leg* leg_ = nullptr;
  bool ready_told_ = false;
};

}  // namespace onion_proxy
