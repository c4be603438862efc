#pragma once

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

  Status begin(const std::vector<Leg*>& legs, const StreamFacts& facts, Instant now) override;
  Grant route(RelayCommand command, size_t want, const StreamFacts& facts, Instant now) override;
  CellPayloadView room(CellPayloadView /*sealed*/) override { return store_.room(); }
  Status receive(Leg& leg, const RelayCell& cell, CellSink& sink, Instant now) override;
  bool lose_leg(Leg& leg, const StreamFacts& facts, Instant now) override;
  PathNews poll(const StreamFacts& facts, Instant now) override;
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
  Status create(const std::vector<Leg*>& legs, const StreamFacts& facts);
  Error explain(mpath::Status status) const;

  mpath::Instance& instance_;
  mpath::Tunnel tunnel_;
  std::vector<Entry> legs_;
  std::vector<mpath_leg_view> views_;
  CellStore store_;
  OverrunWatch overrun_;
  mpath::EventBuffer events_;
  bool linked_mode_ = false;  ///< more than one leg: the handshake makes it ready
  bool ready_told_ = false;
};

}  // namespace onion_proxy
