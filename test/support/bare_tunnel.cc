#include "test/support/bare_tunnel.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace conflux::test {
namespace {

constexpr std::array<std::uint8_t, MPATH_SEED_LEN> kSeed = {0x5A};

[[noreturn]] void die(const char* what, const char* why) {
  std::fprintf(stderr, "%s: %s\n", what, why);
  std::abort();
}

const mpath_plugin_table* load() {
  const char* const other = std::getenv("CONFLUX_BENCH_PLUGIN");
  void* library = ::dlopen(other == nullptr ? CONFLUX_PLUGIN : other, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) die("cannot load conflux.so", ::dlerror());
  const auto negotiate =
      reinterpret_cast<mpath_negotiate_fn>(::dlsym(library, MPATH_NEGOTIATE_SYMBOL));
  if (negotiate == nullptr) die("no entry in conflux.so", ::dlerror());
  mpath_negotiation io{};
  io.struct_size = sizeof(io);
  io.magic = MPATH_NEGOTIATION_MAGIC;
  io.host_major_min = io.host_major_max = MPATH_ABI_MAJOR;
  if (negotiate(&io) != MPATH_OK) die("cannot negotiate with conflux.so", "no common version");
  return io.table;
}

}  // namespace

const mpath_plugin_table& conflux_table() {
  static const mpath_plugin_table* table = load();
  return *table;
}

mpath_instance* open_instance(const char* more) {
  const std::string text = std::string(
                               "version: 1\n"
                               "conflux:\n"
                               "  profile: lab\n"
                               "  scheduler: low_rtt\n"
                               "  legs: {count: 2, max: 16}\n") +
                           more;
  mpath_config_text config{};
  config.struct_size = sizeof(config);
  config.text = text.data();
  config.length = static_cast<std::uint32_t>(text.size());
  config.name = "test";
  std::array<char, 1024> buffer{};
  mpath_text diagnostics{buffer.data(), buffer.size(), 0};
  mpath_instance* instance = nullptr;
  if (conflux_table().instance_open(&config, &diagnostics, &instance) != MPATH_OK) {
    die("cannot open an instance", buffer.data());
  }
  return instance;
}

BareTunnel::BareTunnel(mpath_instance* instance, std::uint32_t legs) noexcept
    : table_(conflux_table()), instance_(instance), leg_count_(legs) {
  for (std::size_t i = 0; i < hops_.size(); ++i) {
    hops_[i] = {.relay_tag = i + 1, .kind = MPATH_HOP_RELAY, .congestion_control = MPATH_CC_VEGAS};
  }
  for (std::uint32_t i = 0; i < leg_count_; ++i) {
    params_[i] = {.struct_size = sizeof(mpath_leg_params),
                  .flags = 0,
                  .cookie = i,
                  .path = {.hops = hops_.data(),
                           .count = static_cast<std::uint32_t>(hops_.size()),
                           .stride = sizeof(mpath_hop),
                           .cwnd_init = 124,
                           .sendme_inc = 31}};
    views[i].cwnd = 1U << 30U;
    views[i].ewma_rtt_us = 10'000 + i;
    views[i].half_stream_expiry_us = MPATH_NEVER;
    views[i].disused_since_us = MPATH_NEVER;
  }
  grant.struct_size = sizeof(grant);
  receipt.struct_size = sizeof(receipt);
}

BareTunnel::~BareTunnel() {
  if (id_ == 0) return;
  close();
  while (drain() > 0) {
  }
  destroy();
}

void BareTunnel::build() noexcept {
  bool built = create() == MPATH_OK && (leg_count_ < 2 || add_legs() == MPATH_OK);
  if (leg_count_ >= 2) {
    built = built && link() == MPATH_OK && poll() == MPATH_OK;
    for (std::uint32_t i = 0; i < leg_count_; ++i) built = built && linked(i) == MPATH_CONSUMED;
    built = built && poll() == MPATH_OK;
  }
  if (!built) die("cannot build a tunnel", "a step failed");
}

mpath_status BareTunnel::create() noexcept {
  mpath_tunnel_params params{};
  params.struct_size = sizeof(params);
  params.role = MPATH_ROLE_CLIENT;
  params.seed = kSeed.data();
  params.first_leg = params_.data();
  const mpath_status status = table_.tunnel_create(instance_, &params, &id_, &views[0].leg);
  if (status == MPATH_OK) known_legs_ = 1;
  return status;
}

mpath_status BareTunnel::add_legs() noexcept {
  std::array<mpath_leg_id, MPATH_LEGS_MAX> ids{};
  const mpath_leg_views now = leg_views();
  const mpath_status status = table_.legs_add(instance_, id_, params_.data() + 1, leg_count_ - 1,
                                              sizeof(mpath_leg_params), &now, ids.data());
  if (status != MPATH_OK) return status;
  for (std::uint32_t i = 1; i < leg_count_; ++i) views[i].leg = ids[i - 1];
  known_legs_ = leg_count_;
  return status;
}

mpath_status BareTunnel::add_one_leg() noexcept {
  const mpath_leg_views now = leg_views();
  mpath_leg_id id = 0;
  const mpath_status status =
      table_.legs_add(instance_, id_, params_.data(), 1, sizeof(mpath_leg_params), &now, &id);
  if (status != MPATH_OK) return status;
  views[known_legs_] = views[0];
  views[known_legs_++].leg = id;
  return status;
}

mpath_status BareTunnel::link() noexcept { return table_.link(instance_, id_, now_us); }

mpath_status BareTunnel::poll() noexcept {
  told = {.items = events.data(),
          .capacity = static_cast<std::uint32_t>(events.size()),
          .stride = sizeof(mpath_event),
          .count = 0,
          .reserved = 0,
          .next_deadline_us = 0};
  const mpath_leg_views now = leg_views();
  return table_.poll(instance_, id_, &now, now_us, &told);
}

mpath_status BareTunnel::linked(std::uint32_t leg) noexcept {
  std::array<std::uint8_t, 50> body{1};
  std::ranges::copy(kSeed, body.begin() + 1);
  body[49] = 1;
  now_us += 10'000;
  return receive_body(leg, kLinked, body);
}

mpath_status BareTunnel::destroy() noexcept {
  const mpath_status status = table_.tunnel_destroy(instance_, id_);
  if (status == MPATH_OK) id_ = 0;
  return status;
}

mpath_route_request BareTunnel::route_request(std::uint32_t want, std::uint8_t command) noexcept {
  return {.struct_size = sizeof(mpath_route_request),
          .command = command,
          .hop = kJoinHop,
          .reserved = 0,
          .leg = 0,
          .want = want,
          .reserved2 = 0};
}

mpath_cell BareTunnel::data_cell(mpath_leg_id leg, std::uint64_t token) noexcept {
  return {.struct_size = sizeof(mpath_cell),
          .command = kData,
          .hop = kJoinHop,
          .body_length = 0,
          .leg = leg,
          .body = nullptr,
          .token = token,
          .cost = 512,
          .reserved = 0};
}

mpath_status BareTunnel::route(std::uint32_t want, std::uint8_t command) noexcept {
  const mpath_route_request request = route_request(want, command);
  const mpath_leg_views now = leg_views();
  return table_.route(instance_, id_, &request, &now, now_us, &grant);
}

mpath_status BareTunnel::receive(std::uint32_t leg, std::uint64_t token) noexcept {
  const mpath_cell cell = data_cell(views[leg].leg, token);
  return table_.receive(instance_, id_, &cell, now_us, &receipt);
}

mpath_status BareTunnel::receive_switch(std::uint32_t leg, std::uint32_t delta) noexcept {
  std::array<std::uint8_t, 4> body;
  for (std::size_t i = 0; i < 4; ++i) body[i] = static_cast<std::uint8_t>(delta >> (24 - 8 * i));
  return receive_body(leg, kSwitch, body);
}

mpath_status BareTunnel::receive_body(std::uint32_t leg, std::uint8_t command,
                                      std::span<const std::uint8_t> body) noexcept {
  const mpath_cell cell{.struct_size = sizeof(mpath_cell),
                        .command = command,
                        .hop = kJoinHop,
                        .body_length = static_cast<std::uint16_t>(body.size()),
                        .leg = views[leg].leg,
                        .body = body.data(),
                        .token = 0,
                        .cost = 512,
                        .reserved = 0};
  return table_.receive(instance_, id_, &cell, now_us, &receipt);
}

std::uint32_t BareTunnel::drain() noexcept {
  mpath_tokens out{.items = tokens.data(),
                   .capacity = static_cast<std::uint32_t>(tokens.size()),
                   .stride = sizeof(mpath_token),
                   .count = 0,
                   .left = 0};
  return table_.drain(instance_, id_, &out) == MPATH_OK ? out.count : 0;
}

bool BareTunnel::hold_and_drain(std::uint32_t held) noexcept {
  const mpath_cell early = data_cell(views[1].leg, 1);
  bool right = receive_switch(1, 1) == MPATH_CONSUMED;
  for (std::uint32_t i = 0; i < held; ++i) {
    right &= table_.receive(instance_, id_, &early, now_us, &receipt) == MPATH_HELD;
  }
  return bring_missing_and_drain(held) && right;
}

bool BareTunnel::bring_missing_and_drain(std::uint32_t held) noexcept {
  bool right = leg_0_behind_ == 0 || receive_switch(0, leg_0_behind_) == MPATH_CONSUMED;
  leg_0_behind_ = held;
  right &= receive(0, 0) == MPATH_OK;
  std::uint32_t drained = 0;
  while (const std::uint32_t count = drain()) drained += count;
  return right && drained == held;
}

mpath_tunnel_info BareTunnel::info() const noexcept {
  mpath_tunnel_info info{};
  info.struct_size = sizeof(info);
  table_.tunnel_info(instance_, id_, &info);
  return info;
}

mpath_leg_views BareTunnel::leg_views() const noexcept {
  return {.items = views.data(),
          .count = known_legs_,
          .stride = sizeof(mpath_leg_view),
          .backlog = 0,
          .reserved = 0};
}

}  // namespace conflux::test
