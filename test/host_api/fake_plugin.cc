#include "test/host_api/fake_plugin.h"

#include <algorithm>
#include <cstring>

namespace conflux::test {
namespace {

FakePlugin* fake = nullptr;
constexpr mpath_tunnel_id kTunnel = 41;
constexpr mpath_leg_id kLeg = 7;

mpath_instance* opaque() { return reinterpret_cast<mpath_instance*>(fake); }

mpath_status note(const char* call, mpath_status answer = MPATH_OK) {
  fake->calls.emplace_back(call);
  return answer;
}

mpath_status say(mpath_text* text, mpath_status answer) {
  text->length = static_cast<std::uint32_t>(fake->diagnostics.size());
  const std::size_t fits = std::min<std::size_t>(text->length, text->capacity - 1);
  std::memcpy(text->data, fake->diagnostics.data(), fits);
  text->data[fits] = '\0';
  return answer;
}

mpath_status config_check(const mpath_config_text*, mpath_text* text) {
  return say(text, note("check", fake->open_answer));
}

mpath_status instance_open(const mpath_config_text*, mpath_text* text, mpath_instance** out) {
  if (fake->open_answer == MPATH_OK) *out = opaque();
  return say(text, note("open", fake->open_answer));
}

mpath_status instance_close(mpath_instance*) { return note("close", fake->close_answer); }

mpath_status drain_log(mpath_instance*, mpath_log_records* out) {
  out->count = 0;
  while (out->count < out->capacity && !fake->records.empty()) {
    out->items[out->count++] = fake->records.front();
    fake->records.pop_front();
  }
  out->left = static_cast<std::uint32_t>(fake->records.size());
  out->lost = fake->records_lost;
  fake->records_lost = 0;
  return note("drain_log");
}

mpath_status tunnel_create(mpath_instance*, const mpath_tunnel_params* params, mpath_tunnel_id* out,
                           mpath_leg_id* leg) {
  fake->params = *params;
  *out = kTunnel;
  *leg = kLeg;
  return note("tunnel_create");
}

mpath_status tunnel_destroy(mpath_instance*, mpath_tunnel_id) {
  return note("tunnel_destroy", fake->held.empty() ? MPATH_OK : MPATH_E_TOKENS_HELD);
}

mpath_status tunnel_close(mpath_instance*, mpath_tunnel_id, std::uint64_t now_us) {
  fake->last_now_us = now_us;
  return note("tunnel_close");
}

mpath_status route(mpath_instance*, mpath_tunnel_id, const mpath_route_request* request,
                   const mpath_leg_views* views, std::uint64_t now_us, mpath_grant* out) {
  fake->request = *request;
  fake->views = *views;
  fake->last_now_us = now_us;
  if (out->struct_size != sizeof(mpath_grant)) return MPATH_E_SIZE;
  out->granted = 0;
  out->reason = MPATH_REASON_ALL_FULL;
  return note("route", MPATH_BLOCKED);
}

mpath_status receive(mpath_instance*, mpath_tunnel_id, const mpath_cell* cell, std::uint64_t now_us,
                     mpath_receipt* out) {
  fake->cell = *cell;
  fake->last_now_us = now_us;
  if (out->struct_size != sizeof(mpath_receipt)) return MPATH_E_SIZE;
  return note("receive", MPATH_HELD);
}

mpath_status drain(mpath_instance*, mpath_tunnel_id, mpath_tokens* out) {
  if (out->stride != sizeof(mpath_token)) return MPATH_E_SIZE;
  out->count = 0;
  while (out->count < std::min(out->capacity, fake->drain_at_once) && !fake->held.empty()) {
    out->items[out->count++] = {fake->held.front(), kLeg, MPATH_DISCARD, 0};
    fake->held.pop_front();
  }
  out->left = static_cast<std::uint32_t>(fake->held.size());
  return note("drain");
}

mpath_status poll(mpath_instance*, mpath_tunnel_id, const mpath_leg_views*, std::uint64_t now_us,
                  mpath_events* out) {
  fake->last_now_us = now_us;
  out->next_deadline_us = 99;
  if (out->capacity < 2) {
    out->count = 2;
    return MPATH_E_BUFFER;
  }
  out->count = 1;
  out->items[0] = {};
  out->items[0].kind = MPATH_EVENT_READY;
  return note("poll");
}

}  // namespace

FakePlugin::FakePlugin() {
  fake = this;
  table.struct_size = sizeof table;
  table.signalling[19 / 8] = 1U << (19 % 8);
  table.sequenced[255 / 8] = 1U << (255 % 8);
  table.status_text = [](mpath_status) { return "status"; };
  table.reason_text = [](std::uint32_t) { return "reason"; };
  table.log_text = [](std::uint32_t) { return "log"; };
  table.config_check = config_check;
  table.instance_open = instance_open;
  table.instance_close = instance_close;
  table.instance_drain_log = drain_log;
  table.tunnel_create = tunnel_create;
  table.tunnel_destroy = tunnel_destroy;
  table.tunnel_close = tunnel_close;
  table.route = route;
  table.receive = receive;
  table.drain = drain;
  table.poll = poll;
}

FakePlugin::~FakePlugin() { fake = nullptr; }

mpath::Plugin FakePlugin::plugin() const {
  mpath_negotiation agreed = mpath::sized<mpath_negotiation>();
  agreed.table = &table;
  agreed.plugin_name = "fake";
  return mpath::Plugin(agreed);
}

}  // namespace conflux::test
