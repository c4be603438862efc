#include "host_api/conformance/driver.h"

#include <algorithm>

#include "host_api/conformance/loan.h"

namespace mpath::kit {
namespace {

const mpath_config_text* lend_config(Loan& loan, const std::string* config) {
  if (config == nullptr) return nullptr;
  static constexpr char kName[] = "host.yaml";
  mpath_config_text text{};
  text.length = static_cast<std::uint32_t>(config->size());
  // Not ended by NUL: the plugin has the length.
  text.text = reinterpret_cast<const char*>(loan.bytes_in(config->data(), config->size()));
  text.name = reinterpret_cast<const char*>(loan.bytes_in(kName, sizeof kName));
  return loan.in(text);
}

}  // namespace

mpath_status Driver::config_check(const std::string* config, std::uint32_t capacity,
                                  TextOut* text) {
  Loan loan(*this, "config_check");
  const mpath_config_text* given = lend_config(loan, config);
  if (text == nullptr) return loan.run([&] { return table.config_check(given, nullptr); });
  std::vector<char> bytes(capacity, '\x7f');
  mpath_text out{loan.array_out(bytes, 1), capacity, 0};
  mpath_text* lent = loan.plain_out(out);
  const mpath_status status = loan.run([&] { return table.config_check(given, lent); });
  text->bytes.assign(bytes.begin(), bytes.end());
  text->length = out.length;
  return status;
}

mpath_status Driver::instance_open(const std::string* config, mpath_instance*& out) {
  Loan loan(*this, "instance_open");
  const mpath_config_text* given = lend_config(loan, config);
  mpath_instance** lent = loan.plain_out(out);
  return loan.run([&] { return table.instance_open(given, nullptr, lent); });
}

mpath_status Driver::instance_close(mpath_instance* which) {
  Loan loan(*this, "instance_close");
  return loan.run([&] { return table.instance_close(which); });
}

mpath_status Driver::instance_reload(const std::string* config) {
  Loan loan(*this, "instance_reload");
  const mpath_config_text* given = lend_config(loan, config);
  return loan.run([&] { return table.instance_reload(instance, given, nullptr); });
}

mpath_status Driver::instance_tick(std::uint64_t now_us, std::uint64_t& next) {
  Loan loan(*this, "instance_tick");
  std::uint64_t* lent = loan.plain_out(next);
  return loan.run([&] { return table.instance_tick(instance, now_us, lent); });
}

mpath_status Driver::instance_info(mpath_instance_info& out) {
  Loan loan(*this, "instance_info");
  mpath_instance_info* lent = loan.out(out);
  return loan.run([&] { return table.instance_info(instance, lent); });
}

mpath_status Driver::instance_drain_log(std::uint32_t capacity, LogTaken& out) {
  Loan loan(*this, "instance_drain_log");
  const std::uint32_t stride = loan.stride_of<mpath_log_record>();
  out.records.assign(capacity, {});
  mpath_log_records records{loan.array_out(out.records, stride), capacity, stride, 0, 0, 0};
  mpath_log_records* lent = loan.plain_out(records);
  const mpath_status status = loan.run([&] { return table.instance_drain_log(instance, lent); });
  check.expect(records.count <= capacity, "MPATH-P-5",
               "instance_drain_log told {} records, room {}", records.count, capacity);
  out.records.resize(status == MPATH_OK ? records.count : 0);
  out.left = records.left;
  out.lost = records.lost;
  return status;
}

mpath_status Driver::instance_shed(std::uint64_t bytes, std::uint32_t capacity,
                                   std::vector<mpath_tunnel_id>& victims, std::uint32_t& count) {
  Loan loan(*this, "instance_shed");
  victims.assign(capacity, 0);
  mpath_tunnel_id* ids = loan.array_out(victims, sizeof(mpath_tunnel_id));
  std::uint32_t* lent = loan.plain_out(count);
  return loan.run([&] { return table.instance_shed(instance, bytes, ids, capacity, lent); });
}

mpath_status Driver::tunnel_create(const TunnelParams& params, mpath_tunnel_id& out,
                                   mpath_leg_id& leg) {
  Loan loan(*this, "tunnel_create");
  mpath_tunnel_params given{};
  given.role = params.role;
  given.cookie = params.cookie;
  given.seed = reinterpret_cast<const std::uint8_t*>(loan.bytes_in(params.seed, MPATH_SEED_LEN));
  given.first_leg = loan.in(loan.leg_params(params.first));
  const mpath_tunnel_params* lent = loan.in(given);
  mpath_tunnel_id* tunnel_out = loan.plain_out(out);
  mpath_leg_id* leg_out = loan.plain_out(leg);
  return loan.run([&] { return table.tunnel_create(instance, lent, tunnel_out, leg_out); });
}

mpath_status Driver::tunnel_destroy(mpath_tunnel_id tunnel) {
  Loan loan(*this, "tunnel_destroy");
  return loan.run([&] { return table.tunnel_destroy(instance, tunnel); });
}

mpath_status Driver::tunnel_close(mpath_tunnel_id tunnel, std::uint64_t now_us) {
  Loan loan(*this, "tunnel_close");
  return loan.run([&] { return table.tunnel_close(instance, tunnel, now_us); });
}

mpath_status Driver::tunnel_info(mpath_tunnel_id tunnel, mpath_tunnel_info& out) {
  Loan loan(*this, "tunnel_info");
  mpath_tunnel_info* lent = loan.out(out);
  return loan.run([&] { return table.tunnel_info(instance, tunnel, lent); });
}

mpath_status Driver::tunnel_detail(mpath_tunnel_id tunnel, mpath_detail& out) {
  Loan loan(*this, "tunnel_detail");
  mpath_detail* lent = loan.out(out);
  return loan.run([&] { return table.tunnel_detail(instance, tunnel, lent); });
}

mpath_status Driver::tunnel_snapshot(mpath_tunnel_id tunnel, std::uint32_t capacity,
                                     std::vector<mpath_leg_summary>& out, std::uint32_t& count) {
  Loan loan(*this, "tunnel_snapshot");
  const std::uint32_t stride = loan.stride_of<mpath_leg_summary>();
  out.assign(capacity, {});
  mpath_leg_summaries legs{loan.array_out(out, stride), capacity, stride, 0, 0};
  mpath_leg_summaries* lent = loan.plain_out(legs);
  const mpath_status status =
      loan.run([&] { return table.tunnel_snapshot(instance, tunnel, lent); });
  count = legs.count;
  out.resize(status == MPATH_OK ? std::min(count, capacity) : 0);
  return status;
}

mpath_status Driver::tunnel_activity(mpath_tunnel_id tunnel, const Views& views,
                                     mpath_activity& out) {
  Loan loan(*this, "tunnel_activity");
  const mpath_leg_views* given = loan.views(views);
  mpath_activity* lent = loan.out(out);
  return loan.run([&] { return table.tunnel_activity(instance, tunnel, given, lent); });
}

mpath_status Driver::leg_set_path(mpath_tunnel_id tunnel, mpath_leg_id leg,
                                  const mpath_path& path) {
  Loan loan(*this, "leg_set_path");
  const mpath_path* lent = loan.plain_in(loan.path(path));
  return loan.run([&] { return table.leg_set_path(instance, tunnel, leg, lent); });
}

mpath_status Driver::legs_add(mpath_tunnel_id tunnel, const std::vector<mpath_leg_params>& legs,
                              const Views& views, std::vector<mpath_leg_id>& out) {
  Loan loan(*this, "legs_add");
  std::vector<mpath_leg_params> given;
  for (const mpath_leg_params& leg : legs) given.push_back(loan.leg_params(leg));
  const std::uint32_t stride = loan.stride_of<mpath_leg_params>();
  const mpath_leg_params* lent = loan.array_in(given, stride);
  const mpath_leg_views* all = loan.views(views);
  out.assign(legs.size(), 0);
  mpath_leg_id* ids = loan.array_out(out, sizeof(mpath_leg_id));
  return loan.run([&] {
    return table.legs_add(instance, tunnel, lent, static_cast<std::uint32_t>(given.size()), stride,
                          all, ids);
  });
}

mpath_status Driver::link(mpath_tunnel_id tunnel, std::uint64_t now_us) {
  Loan loan(*this, "link");
  return loan.run([&] { return table.link(instance, tunnel, now_us); });
}

mpath_status Driver::leg_remove(mpath_tunnel_id tunnel, Removal removal, const Views& views,
                                std::uint64_t now_us) {
  Loan loan(*this, "leg_remove");
  const mpath_leg_views* given = loan.views(views);
  return loan.run([&] {
    return table.leg_remove(instance, tunnel, removal.leg, removal.reason, given, now_us);
  });
}

mpath_status Driver::leg_take_single(mpath_tunnel_id tunnel, mpath_leg_info& out,
                                     std::uint64_t now_us) {
  Loan loan(*this, "leg_take_single");
  mpath_leg_info* lent = loan.out(out);
  return loan.run([&] { return table.leg_take_single(instance, tunnel, lent, now_us); });
}

mpath_status Driver::leg_single(mpath_tunnel_id tunnel, mpath_leg_id& out) {
  Loan loan(*this, "leg_single");
  mpath_leg_id* lent = loan.plain_out(out);
  return loan.run([&] { return table.leg_single(instance, tunnel, lent); });
}

mpath_status Driver::leg_info(mpath_tunnel_id tunnel, mpath_leg_id leg, mpath_leg_info& out) {
  Loan loan(*this, "leg_info");
  mpath_leg_info* lent = loan.out(out);
  return loan.run([&] { return table.leg_info(instance, tunnel, leg, lent); });
}

mpath_status Driver::leg_uses_stream_sendme(mpath_tunnel_id tunnel, mpath_leg_id leg,
                                            std::uint32_t hop, std::uint32_t& out) {
  Loan loan(*this, "leg_uses_stream_sendme");
  std::uint32_t* lent = loan.plain_out(out);
  return loan.run([&] { return table.leg_uses_stream_sendme(instance, tunnel, leg, hop, lent); });
}

mpath_status Driver::padding_event(mpath_tunnel_id tunnel, mpath_leg_id leg, std::uint32_t action,
                                   std::uint64_t now_us) {
  Loan loan(*this, "padding_event");
  return loan.run([&] { return table.padding_event(instance, tunnel, leg, action, now_us); });
}

mpath_status Driver::route(mpath_tunnel_id tunnel, const mpath_route_request& request,
                           const Views& views, std::uint64_t now_us, mpath_grant& out) {
  Loan loan(*this, "route");
  const mpath_route_request* asked = loan.in(request);
  const mpath_leg_views* given = loan.views(views);
  mpath_grant* lent = loan.out(out);
  return loan.run([&] { return table.route(instance, tunnel, asked, given, now_us, lent); });
}

mpath_status Driver::can_read(mpath_tunnel_id tunnel, const Views& views, std::uint64_t now_us,
                              std::uint32_t& reason, mpath_leg_id& leg) {
  Loan loan(*this, "can_read");
  const mpath_leg_views* given = loan.views(views);
  std::uint32_t* why = loan.plain_out(reason);
  mpath_leg_id* which = loan.plain_out(leg);
  return loan.run([&] { return table.can_read(instance, tunnel, given, now_us, why, which); });
}

mpath_status Driver::receive(mpath_tunnel_id tunnel, const mpath_cell& cell, std::uint64_t now_us,
                             mpath_receipt& out) {
  Loan loan(*this, "receive");
  mpath_cell given = cell;
  given.body = reinterpret_cast<const std::uint8_t*>(loan.bytes_in(cell.body, cell.body_length));
  const mpath_cell* lent = loan.in(given);
  mpath_receipt* receipt = loan.out(out);
  return loan.run([&] { return table.receive(instance, tunnel, lent, now_us, receipt); });
}

mpath_status Driver::drain(mpath_tunnel_id tunnel, std::uint32_t capacity, Drained& out) {
  Loan loan(*this, "drain");
  const std::uint32_t stride = loan.stride_of<mpath_token>();
  out.tokens.assign(capacity, {});
  mpath_tokens tokens{loan.array_out(out.tokens, stride), capacity, stride, 0, 0};
  mpath_tokens* lent = loan.plain_out(tokens);
  const mpath_status status = loan.run([&] { return table.drain(instance, tunnel, lent); });
  check.expect(tokens.count <= capacity, "MPATH-P-5", "drain told {} tokens, room {}", tokens.count,
               capacity);
  out.tokens.resize(status == MPATH_OK ? tokens.count : 0);
  out.left = tokens.left != 0;
  return status;
}

mpath_status Driver::poll(mpath_tunnel_id tunnel, const Views& views, std::uint64_t now_us,
                          std::uint32_t capacity, Polled& out) {
  Loan loan(*this, "poll");
  const std::uint32_t stride = loan.stride_of<mpath_event>();
  const mpath_leg_views* given = loan.views(views);
  out.events.assign(capacity, {});
  mpath_events events{
      loan.array_out(out.events, stride), capacity, stride, 0, 0, out.next_deadline_us};
  mpath_events* lent = loan.plain_out(events);
  const mpath_status status =
      loan.run([&] { return table.poll(instance, tunnel, given, now_us, lent); });
  check.expect(status != MPATH_OK || events.count <= capacity, "MPATH-P-5",
               "poll told {} events, room {}", events.count, capacity);
  out.events.resize(status == MPATH_OK ? events.count : 0);
  out.count = events.count;
  out.next_deadline_us = events.next_deadline_us;
  return status;
}

mpath_status Driver::poll_reserved(mpath_tunnel_id tunnel, const Views& views,
                                   std::uint64_t now_us) {
  Loan loan(*this, "poll");
  const mpath_leg_views* given = loan.views(views);
  std::vector<mpath_event> items(MPATH_EVENTS_MAX);
  const std::uint32_t stride = loan.stride_of<mpath_event>();
  mpath_events events{loan.array_out(items, stride), MPATH_EVENTS_MAX, stride, 0, 1, 0};
  mpath_events* lent = loan.plain_out(events);
  return loan.run([&] { return table.poll(instance, tunnel, given, now_us, lent); });
}

mpath_status Driver::direct(const char* name, const std::function<mpath_status()>& call) {
  Loan loan(*this, name);
  return loan.run(call);
}

}  // namespace mpath::kit
