// The old plugin with one fault, named by MPATH_TEST_FAULT: to test what tests plugins.
#define MPATH_BUILDING_PLUGIN
#include <mpath/plugin.h>

#include <cstdlib>
#include <cstring>
#include <iterator>
#include <stdexcept>

// The old plugin's entry point, renamed.
extern "C" mpath_status old_plugin_negotiate(mpath_negotiation* io);

namespace {

mpath_plugin_table table;
const mpath_plugin_table* honest;

mpath_status token_twice(mpath_instance* i, mpath_tunnel_id t, mpath_tokens* out) {
  const mpath_status status = honest->drain(i, t, out);
  if (status == MPATH_OK && out->count > 0 && out->count < out->capacity) {
    out->items[out->count] = out->items[0];
    ++out->count;
  }
  return status;
}

mpath_status wrong_verdict(mpath_instance* i, mpath_tunnel_id t, mpath_tokens* out) {
  const mpath_status status = honest->drain(i, t, out);
  for (std::uint32_t n = 0; n < out->count; ++n) out->items[n].verdict = 7;
  return status;
}

mpath_status gone_twice(mpath_instance* i, mpath_tunnel_id t, const mpath_leg_views* views,
                        std::uint64_t now, mpath_events* out) {
  const mpath_status status = honest->poll(i, t, views, now, out);
  if (status != MPATH_OK || out->count == 0 || out->count >= out->capacity) return status;
  const mpath_event last = out->items[out->count - 1];
  if (last.kind == MPATH_EVENT_LEG_GONE) out->items[out->count++] = last;
  return status;
}

mpath_status short_buffer(mpath_instance*, mpath_tunnel_id, const mpath_leg_views*, std::uint64_t,
                          mpath_events* out) {
  out->count = 0;
  return MPATH_E_BUFFER;
}

mpath_status grants_more(mpath_instance* i, mpath_tunnel_id t, const mpath_route_request* request,
                         const mpath_leg_views* views, std::uint64_t now, mpath_grant* out) {
  const mpath_status status = honest->route(i, t, request, views, now, out);
  if (status == MPATH_OK) out->granted += 100;
  return status;
}

mpath_status blocks_in_silence(mpath_instance* i, mpath_tunnel_id t,
                               const mpath_route_request* request, const mpath_leg_views* views,
                               std::uint64_t now, mpath_grant* out) {
  const mpath_status status = honest->route(i, t, request, views, now, out);
  if (status == MPATH_BLOCKED) out->reason = MPATH_REASON_NONE;
  return status;
}

mpath_status throws(mpath_instance*, mpath_tunnel_id, std::uint64_t) {
  throw std::runtime_error("a fault");
}

mpath_status odd_status(mpath_instance* i, mpath_tunnel_id t, std::uint64_t now) {
  const mpath_status status = honest->link(i, t, now);
  return status == MPATH_OK ? MPATH_HELD : status;
}

mpath_status refuses_views(mpath_instance*, mpath_tunnel_id, const mpath_leg_params*, std::uint32_t,
                           std::uint32_t, const mpath_leg_views*, mpath_leg_id*) {
  return MPATH_E_VIEWS;
}

mpath_status mints_zero(mpath_instance* i, mpath_tunnel_id t, const mpath_leg_params* legs,
                        std::uint32_t count, std::uint32_t stride, const mpath_leg_views* views,
                        mpath_leg_id* out) {
  const mpath_status status = honest->legs_add(i, t, legs, count, stride, views, out);
  if (status == MPATH_OK) out[0] = 0;
  return status;
}

mpath_status joins_and_refuses(mpath_instance* i, mpath_tunnel_id t, const mpath_leg_params* legs,
                               std::uint32_t count, std::uint32_t stride,
                               const mpath_leg_views* views, mpath_leg_id* out) {
  (void)honest->legs_add(i, t, legs, count, stride, views, out);
  return MPATH_E_LEG_INVALID;
}

mpath_status sends_though_refused(mpath_instance* i, mpath_tunnel_id t,
                                  const mpath_route_request* request, const mpath_leg_views* views,
                                  std::uint64_t now, mpath_grant* out) {
  const mpath_status status = honest->route(i, t, request, views, now, out);
  return status == MPATH_OK ? MPATH_E_NO_MEMORY : status;
}

mpath_status accepts_the_dead(mpath_instance*, mpath_tunnel_id, std::uint64_t) { return MPATH_OK; }

const char* no_words(mpath_status) { return nullptr; }

mpath_status open_text(const mpath_config_text* config, mpath_text* text, mpath_instance** out) {
  const mpath_status status = honest->instance_open(config, text, out);
  if (text != nullptr && text->capacity > 4) {
    std::memset(text->data, 'x', text->capacity);
    text->length = 4;
  }
  return status;
}

void install(const char* fault) {
  const auto is = [&](const char* name) { return std::strcmp(fault, name) == 0; };
  if (is("token_twice")) table.drain = token_twice;
  if (is("wrong_verdict")) table.drain = wrong_verdict;
  if (is("gone_twice")) table.poll = gone_twice;
  if (is("short_buffer")) table.poll = short_buffer;
  if (is("grants_more")) table.route = grants_more;
  if (is("blocks_in_silence")) table.route = blocks_in_silence;
  if (is("sends_though_refused")) table.route = sends_though_refused;
  if (is("throws")) table.link = throws;
  if (is("odd_status")) table.link = odd_status;
  if (is("refuses_views")) table.legs_add = refuses_views;
  if (is("mints_zero")) table.legs_add = mints_zero;
  if (is("joins_and_refuses")) table.legs_add = joins_and_refuses;
  if (is("accepts_the_dead")) table.tunnel_close = accepts_the_dead;
  if (is("no_words")) table.status_text = no_words;
  if (is("open_text")) table.instance_open = open_text;
  if (is("null_function")) table.padding_event = nullptr;
  if (is("short_table")) --table.struct_size;
}

}  // namespace

mpath_status mpath_plugin_negotiate(mpath_negotiation* io) {
  const mpath_status status = old_plugin_negotiate(io);
  if (status != MPATH_OK) return status;
  honest = io->table;
  table = *honest;
  const char* const fault = std::getenv("MPATH_TEST_FAULT");
  if (fault != nullptr) install(fault);
  if (fault != nullptr && std::strcmp(fault, "other_major") == 0) io->major = 9;
  io->table = &table;
  return MPATH_OK;
}
