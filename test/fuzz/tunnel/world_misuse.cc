// World: calls that only a broken host makes. Each is a status, never a crash.
#include <algorithm>

#include "test/fuzz/support/expect.h"
#include "test/fuzz/tunnel/world.h"

extern "C" mpath_status mpath_plugin_negotiate(mpath_negotiation* io);

namespace conflux::fuzz {
namespace {

// Functions that pass cells or events, with good arguments for all but the id.
mpath_status call_with_cells(const mpath_plugin_table& table, mpath_instance* instance,
                             mpath_tunnel_id id, std::size_t which) {
  const mpath_leg_views views{nullptr, 0, sizeof(mpath_leg_view), 0, 0};
  mpath_grant grant{};
  grant.struct_size = sizeof grant;
  mpath_receipt receipt{sizeof receipt, 0, 0, 0};
  mpath_tokens tokens{nullptr, 0, sizeof(mpath_token), 0, 0};
  mpath_events events{nullptr, 0, sizeof(mpath_event), 0, 0, 0};
  const mpath_route_request request{sizeof request, kData, 2, 0, 0, 1, 0};
  const mpath_cell cell{sizeof cell, kData, 2, 0, 1, nullptr, 1, 1, 0};
  mpath_leg_id leg = 0;
  std::uint32_t number = 0;
  switch (which) {
    case 15:
      return table.route(instance, id, &request, &views, 1, &grant);
    case 16:
      return table.can_read(instance, id, &views, 1, &number, &leg);
    case 17:
      return table.receive(instance, id, &cell, 1, &receipt);
    case 18:
      return table.drain(instance, id, &tokens);
    default:
      return table.poll(instance, id, &views, 1, &events);
  }
}

// One call of each function on a tunnel, with good arguments for all but the id.
mpath_status call_by_number(const mpath_plugin_table& table, mpath_instance* instance,
                            mpath_tunnel_id id, std::size_t which) {
  const mpath_leg_views views{nullptr, 0, sizeof(mpath_leg_view), 0, 0};
  mpath_tunnel_info info{};
  info.struct_size = sizeof info;
  mpath_leg_info leg_info{};
  leg_info.struct_size = sizeof leg_info;
  mpath_detail detail{sizeof detail, 0, 0, 0};
  mpath_activity activity{sizeof activity, 0, 0};
  mpath_leg_summaries legs{nullptr, 0, sizeof(mpath_leg_summary), 0, 0};
  mpath_leg_id leg = 0;
  std::uint32_t number = 0;
  const mpath_path path{nullptr, 0, sizeof(mpath_hop), 0, 0};
  switch (which) {
    case 0:
      return table.tunnel_destroy(instance, id);
    case 1:
      return table.tunnel_close(instance, id, 1);
    case 2:
      return table.tunnel_info(instance, id, &info);
    case 3:
      return table.tunnel_detail(instance, id, &detail);
    case 4:
      return table.tunnel_snapshot(instance, id, &legs);
    case 5:
      return table.tunnel_activity(instance, id, &views, &activity);
    case 6:
      return table.leg_set_path(instance, id, 1, &path);
    case 7:
      return table.legs_add(instance, id, nullptr, 0, 0, &views, nullptr);
    case 8:
      return table.link(instance, id, 1);
    case 9:
      return table.leg_remove(instance, id, 1, MPATH_REASON_RETIRED, &views, 1);
    case 10:
      return table.leg_take_single(instance, id, &leg_info, 1);
    case 11:
      return table.leg_single(instance, id, &leg);
    case 12:
      return table.leg_info(instance, id, 1, &leg_info);
    case 13:
      return table.leg_uses_stream_sendme(instance, id, 1, 0, &number);
    case 14:
      return table.padding_event(instance, id, 1, MPATH_PADDING_SEND, 1);
    default:
      return call_with_cells(table, instance, id, which);
  }
}

constexpr std::size_t kCalls = 20;

// Null pointers where one is needed.
void call_with_nothing(const mpath_plugin_table& table, mpath_instance* instance,
                       mpath_tunnel_id id) {
  const auto refused = [](mpath_status status) {
    expect(status == MPATH_E_ARGUMENT, "a null pointer is a bad argument");
  };
  refused(table.instance_open(nullptr, nullptr, nullptr));
  refused(table.instance_tick(instance, 0, nullptr));
  refused(table.instance_info(instance, nullptr));
  refused(table.instance_drain_log(instance, nullptr));
  refused(table.instance_shed(instance, 0, nullptr, 1, nullptr));
  refused(table.tunnel_create(instance, nullptr, nullptr, nullptr));
  refused(table.tunnel_info(instance, id, nullptr));
  refused(table.tunnel_detail(instance, id, nullptr));
  refused(table.tunnel_snapshot(instance, id, nullptr));
  refused(table.tunnel_activity(instance, id, nullptr, nullptr));
  refused(table.leg_set_path(instance, id, 1, nullptr));
  refused(table.legs_add(instance, id, nullptr, 1, sizeof(mpath_leg_params), nullptr, nullptr));
  refused(table.leg_remove(instance, id, 1, MPATH_REASON_RETIRED, nullptr, 1));
  refused(table.leg_take_single(instance, id, nullptr, 1));
  refused(table.leg_single(instance, id, nullptr));
  refused(table.leg_info(instance, id, 1, nullptr));
  refused(table.leg_uses_stream_sendme(instance, id, 1, 0, nullptr));
  refused(table.route(instance, id, nullptr, nullptr, 1, nullptr));
  refused(table.can_read(instance, id, nullptr, 1, nullptr, nullptr));
  refused(table.receive(instance, id, nullptr, 1, nullptr));
  refused(table.drain(instance, id, nullptr));
  refused(table.poll(instance, id, nullptr, 1, nullptr));
}

}  // namespace

void World::misuse() {
  const std::size_t kind = in_.below(4);
  const Slot& slot = tunnels_[in_.below(kTunnels)];
  if (kind == 0) return call_with_nothing(table_, instance_, slot ? slot->id() : 0);
  if (kind == 1) {
    const mpath_status status = call_by_number(table_, nullptr, 1, in_.below(kCalls));
    return expect(status == MPATH_E_ARGUMENT, "no instance is a bad argument");
  }
  // Ids of tunnels that are gone, that never were, or that are made of another's.
  mpath_tunnel_id id = in_.number();
  if (kind == 2 && !dead_.empty()) id = dead_[in_.below(std::min<std::size_t>(256, dead_.size()))];
  if (kind == 3 && slot) id = slot->id() ^ (std::uint64_t{1} << (in_.byte() % 64U));
  const auto alive = [&](const Slot& it) { return it && it->id() == id; };
  if (std::ranges::any_of(tunnels_, alive)) return;
  const mpath_status status = call_by_number(table_, instance_, id, in_.below(kCalls));
  expect(status == MPATH_E_STALE, "an id that names nothing alive is stale");
}

void World::misuse_negotiation() {
  mpath_negotiation io{};
  io.magic = in_.flag() ? MPATH_NEGOTIATION_MAGIC : in_.number();
  io.host_major_min = in_.number32();
  io.host_major_max = in_.number32();
  io.reserved = static_cast<std::uint32_t>(in_.below(2));
  ExactStruct<mpath_negotiation> block(io, sizeof io - 24 + in_.below(64));
  const mpath_status status = mpath_plugin_negotiate(block.get());
  check_status(status);
  block.check_tail();
  const mpath_negotiation answer = block.value();
  const bool speaks = io.host_major_min <= MPATH_ABI_MAJOR && io.host_major_max >= MPATH_ABI_MAJOR;
  expect(
      status != MPATH_OK || (speaks && answer.table != nullptr && answer.major == MPATH_ABI_MAJOR),
      "a common version is found only where there is one");
  for (const std::uint32_t number : {in_.number32(), in_.number32() % 140}) {
    expect(table_.reason_text(number) != nullptr && table_.log_text(number) != nullptr &&
               table_.status_text(static_cast<mpath_status>(number)) != nullptr,
           "every number has words");
  }
  expect(table_.get_extension("mpath.none/1") == nullptr, "unknown extensions are not there");
  const auto text = in_.take(in_.byte() % 64U);
  const mpath_config_text config{sizeof config, static_cast<std::uint32_t>(text.size()),
                                 reinterpret_cast<const char*>(text.data()), nullptr};
  const mpath_status checked = table_.config_check(&config, nullptr);
  expect(checked == MPATH_OK || checked == MPATH_E_CONFIG, "a text is good or refused");
}

}  // namespace conflux::fuzz
