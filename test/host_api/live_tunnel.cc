#include "test/host_api/live_tunnel.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace conflux::test {
namespace {

constexpr std::uint8_t kLink = 19;
constexpr std::uint8_t kSwitch = 22;
constexpr mpath_hop kPaths[2][3] = {
    {{1, MPATH_HOP_RELAY, 0}, {2, MPATH_HOP_RELAY, 0}, {9, MPATH_HOP_RELAY, MPATH_CC_VEGAS}},
    {{3, MPATH_HOP_RELAY, 0}, {4, MPATH_HOP_RELAY, 0}, {9, MPATH_HOP_RELAY, MPATH_CC_VEGAS}}};

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "live_tunnel: %s\n", what);
  std::abort();
}

void expect(mpath_status status, mpath_status wanted, const char* what) {
  if (status == wanted) return;
  std::fprintf(stderr, "live_tunnel: %s answered %d\n", what, status);
  std::abort();
}

mpath_negotiate_fn find_entry() {
  void* library = ::dlopen(CONFLUX_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) give_up(::dlerror());
  void* symbol = ::dlsym(library, MPATH_NEGOTIATE_SYMBOL);
  if (symbol == nullptr) give_up(::dlerror());
  return reinterpret_cast<mpath_negotiate_fn>(symbol);
}

}  // namespace

mpath_negotiate_fn conflux_entry() {
  static const mpath_negotiate_fn entry = find_entry();
  return entry;
}

const mpath_plugin_table& conflux_table() {
  mpath_negotiation io{};
  io.struct_size = sizeof io;
  io.host_major_min = io.host_major_max = MPATH_ABI_MAJOR;
  io.magic = MPATH_NEGOTIATION_MAGIC;
  expect(conflux_entry()(&io), MPATH_OK, "negotiate");
  return *io.table;
}

LiveTunnel::LiveTunnel(const Options& options)
    : instance(options.shared),
      owns_instance_(options.shared == nullptr),
      events_(MPATH_EVENTS_MAX) {
  if (owns_instance_) instance = open_instance();
  std::uint8_t seed[MPATH_SEED_LEN] = {options.seed};
  mpath_tunnel_params params{};
  params.struct_size = sizeof params;
  params.role = MPATH_ROLE_CLIENT;
  params.seed = seed;
  params.first_leg = &first_params;
  expect(table.tunnel_create(instance, &params, &tunnel, &legs[0]), MPATH_OK, "tunnel_create");
  if (options.linked) join_and_link();
}

LiveTunnel::~LiveTunnel() {
  (void)table.tunnel_close(instance, tunnel, now_us);
  (void)drain();
  (void)table.tunnel_destroy(instance, tunnel);
  if (owns_instance_) (void)table.instance_close(instance);
}

mpath_instance* open_instance() {
  char words[256];
  mpath_text text{words, sizeof words, 0};
  const mpath_config_text config{sizeof config, 0, "", "defaults"};
  mpath_instance* instance = nullptr;
  expect(conflux_table().instance_open(&config, &text, &instance), MPATH_OK, "instance_open");
  return instance;
}

std::vector<mpath_token> LiveTunnel::drain() {
  std::vector<mpath_token> all;
  std::array<mpath_token, 3> items;  // small, so that draining takes several calls
  mpath_tokens tokens{items.data(), items.size(), sizeof(mpath_token), 0, 1};
  while (tokens.left > 0) {
    if (table.drain(instance, tunnel, &tokens) != MPATH_OK) break;
    all.insert(all.end(), items.begin(), items.begin() + tokens.count);
  }
  return all;
}

mpath_status LiveTunnel::receive_data(std::size_t leg, std::uint64_t token, bool* ready) {
  mpath_cell cell = data_cell(token);
  cell.leg = legs[leg];
  mpath_receipt receipt{};
  receipt.struct_size = sizeof receipt;
  const mpath_status status = table.receive(instance, tunnel, &cell, now_us, &receipt);
  if (ready != nullptr) *ready = receipt.ready != 0;
  return status;
}

mpath_leg_params LiveTunnel::leg_params(std::size_t leg) const {
  return {sizeof(mpath_leg_params), 0, leg, {kPaths[leg], 3, sizeof(mpath_hop), 124, 31}};
}

void LiveTunnel::join_and_link() {
  const mpath_leg_params second = leg_params(1);
  const mpath_leg_views all = views();
  expect(table.legs_add(instance, tunnel, &second, 1, sizeof second, &all, &legs[1]), MPATH_OK,
         "legs_add");
  expect(table.link(instance, tunnel, now_us), MPATH_OK, "link");
  const auto events = poll();
  const std::vector<mpath_event> links(events.begin(), events.end());
  now_us += 20'000;
  for (const mpath_event& event : links) {
    if (event.kind == MPATH_EVENT_SEND_CELL && event.cell.command == kLink) answer_link(event);
  }
  (void)poll();
  if (info().linked_count != 2) give_up("the legs are not linked");
}

void LiveTunnel::answer_link(const mpath_event& link) {
  if (link.leg == legs[0]) link_ = link.cell;
  std::array<std::uint8_t, 50> body{};
  std::copy_n(link.cell.body, 33, body.begin());  // version and nonce
  mpath_cell cell = data_cell(0);
  cell.command = kLinked;
  cell.leg = link.leg;
  cell.body = body.data();
  cell.body_length = body.size();
  mpath_receipt receipt{};
  receipt.struct_size = sizeof receipt;
  expect(table.receive(instance, tunnel, &cell, now_us, &receipt), MPATH_CONSUMED, "LINKED");
}

mpath_status LiveTunnel::receive_switch(std::uint8_t count) {
  const std::array<std::uint8_t, 4> body = {0, 0, 0, count};
  mpath_cell cell = data_cell(0);
  cell.command = kSwitch;
  cell.leg = legs[1];
  cell.body = body.data();
  cell.body_length = body.size();
  mpath_receipt receipt{};
  receipt.struct_size = sizeof receipt;
  return table.receive(instance, tunnel, &cell, now_us, &receipt);
}

mpath_leg_views LiveTunnel::views() const {
  look();
  const std::uint32_t count = legs[1] != 0 ? 2 : 1;
  return {views_.data(), count, sizeof(mpath_leg_view), 5, 0};
}

void LiveTunnel::look() const {
  for (std::size_t i = 0; i < legs.size(); ++i) {
    views_[i] = {};
    views_[i].leg = legs[i];
    views_[i].cwnd = 124;
    views_[i].ewma_rtt_us = views_[i].last_rtt_us = 20'000;
    views_[i].half_stream_expiry_us = views_[i].disused_since_us = MPATH_NEVER;
  }
}

mpath_tunnel_info LiveTunnel::info() const {
  mpath_tunnel_info out{};
  out.struct_size = sizeof out;
  expect(table.tunnel_info(instance, tunnel, &out), MPATH_OK, "tunnel_info");
  return out;
}

mpath_route_request LiveTunnel::data_request() const {
  return {sizeof(mpath_route_request), kData, kJoinHop, 0, 0, 1, 0};
}

mpath_cell LiveTunnel::data_cell(std::uint64_t token) const {
  return {sizeof(mpath_cell), kData, kJoinHop, 0, legs[0], nullptr, token, 514, 0};
}

std::span<const mpath_event> LiveTunnel::poll() {
  const mpath_leg_views all = views();
  mpath_events out{events_.data(), MPATH_EVENTS_MAX, sizeof(mpath_event), 0, 0, 0};
  expect(table.poll(instance, tunnel, &all, now_us, &out), MPATH_OK, "poll");
  return {events_.data(), out.count};
}

}  // namespace conflux::test
