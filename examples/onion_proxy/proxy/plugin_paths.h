#pragma once

#include <map>
#include <mpath/plugin.hpp>
#include <vector>

#include "examples/onion_proxy/proxy/cell_store.h"
#include "examples/onion_proxy/proxy/overrun_watch.h"
#include "examples/onion_proxy/proxy/path_set.h"

namespace onion_proxy {

/// Several legs to one exit, scheduled and put in order by a multipath plugin through the mpath
/// ABI. This class translates; it decides nothing.
class PluginPaths final : public PathSet {
 public:
  /// `instance` outlives this.
  explicit PluginPaths(mpath::Instance& instance);
  ~PluginPaths() override;

  Status begin(Leg& leg, const StreamFacts& facts, Instant now) override;
  Status add(Leg& leg, const StreamFacts& facts, Instant now) override;
  Grant route(RelayCommand command, size_t want, const StreamFacts& facts, Instant now) override;
  CellPayloadView room(CellPayloadView /*sealed*/) override { return store_.room(); }
  Status receive(Leg& leg, const RelayCell& cell, CellSink& sink, Instant now) override;
  LossEffect lose_leg(Leg& leg, const StreamFacts& facts, Instant now) override;
  PathNews poll(const StreamFacts& facts, Instant now) override;
  uint64_t plugin_id() const override { return tunnel_.id(); }
  bool closed_for_memory() const override;
  void close(Instant now) override;
  void add_stats(TunnelStats& stats) const override;

 private:
  struct Entry {
    Leg* leg = nullptr;
    mpath_leg_id id = 0;
  };

  mpath::Views views(const StreamFacts& facts);
  Entry* find(mpath_leg_id id);
  Entry* find(const Leg& leg);
  void handle_event(const mpath_event& event, const StreamFacts& facts, Instant now,
                    PathNews& news);
  void send_control(mpath_leg_id leg, const mpath_control_cell& cell, Instant now);
  void drain(CellSink& sink, Instant now);
  mpath::LegParams params_of(const Leg& leg);
  bool may_begin_anew() const;
  void forget_set(const StreamFacts& facts, Instant now);
  Status link(Instant now);
  Error explain(mpath::Status status) const;

  /// Numbers that stand for relays within this tunnel: equal for equal relays, and nothing more.
  class RelayTags {
   public:
    uint64_t tag_of(const RelayInfo& relay) {
      return tags_.try_emplace(relay.ed_id, tags_.size() + 1).first->second;
    }

   private:
    std::map<ByteArray<32>, uint64_t> tags_;
  };

  mpath::Instance& instance_;
  mpath::Tunnel tunnel_;
  RelayTags tags_;
  std::vector<mpath_hop> hops_;  ///< of the leg that is being added
  std::vector<Entry> legs_;
  std::vector<mpath_leg_view> views_;
  CellStore store_;
  OverrunWatch overrun_;
  mpath::EventBuffer events_;
  bool was_ready_ = false;
};

}  // namespace onion_proxy
