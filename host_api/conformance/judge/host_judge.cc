#include "host_api/conformance/judge/host_judge.h"

#include <algorithm>
#include <string_view>

namespace mpath::judge {
namespace {

constexpr std::uint8_t kBegin = 1;
constexpr std::uint8_t kResolve = 11;
constexpr std::uint8_t kBeginDir = 13;
constexpr std::uint8_t kLink = 19;
constexpr std::uint8_t kSwitch = 22;

bool is_signalling(std::uint8_t command) { return command >= kLink && command <= kSwitch; }
bool opens_stream(std::uint8_t command) {
  return command == kBegin || command == kResolve || command == kBeginDir;
}

}  // namespace

void HostJudge::blame(const char* requirement, const Call& call, std::string what) {
  const TunnelModel* const tunnel = model_.tunnel(call);
  findings_.violation({.requirement = requirement,
                       .function = call.info().name,
                       .call = call.serial,
                       .tunnel = tunnel != nullptr ? tunnel->ordinal : 0,
                       .what = std::move(what)});
}

void HostJudge::expect(bool holds, const char* requirement, const Call& call, const char* what) {
  if (holds) {
    findings_.exercise(requirement);
  } else {
    blame(requirement, call, what);
  }
}

void HostJudge::judge(Call& call, unsigned process) {
  call.serial = ++calls_;
  judge_shape(call);
  if (call.readable) judge_arrays(call);
  judge_ids(call, process);
  TunnelModel* const tunnel = model_.tunnel(call);
  if (call.readable && call.slot == Slot::kTunnelCreate) {
    judge_seed(call);
    judge_legs(call);
  }
  if (tunnel == nullptr) return;
  if (call.info().has_time) judge_time(call, *tunnel);
  judge_state(call, *tunnel);
  if (!call.readable) return;
  if (call.info().has_views) judge_views(call, *tunnel);
  if (call.slot == Slot::kReceive) judge_cell(call, *tunnel);
  if (call.slot == Slot::kLegsAdd) judge_legs(call);
  if (call.slot == Slot::kLegSetPath) judge_path(call, *call.path);
}

// Pointers, sizes and reserved fields of the structs that stand alone.
void HostJudge::judge_shape(Call& call) {
  const auto fail_if = [&](bool wrong, const char* duty, const char* what) {
    if (wrong) blame("MPATH-H-1", call, what);
    if (wrong && call.readable) call.to_be_refused_by = duty;
    call.readable = call.readable && !wrong;
  };
  const auto sized = [&](const auto* value, const char* what) {
    fail_if(value->struct_size < sizeof *value, "MPATH-P-6", what);
  };
  const bool opens = call.slot == Slot::kInstanceOpen || call.slot == Slot::kConfigCheck;
  fail_if(!opens && call.slot != Slot::kInstanceClose && call.instance == nullptr, "MPATH-P-9",
          "the instance is null");
  if (call.info().out != 0) {
    fail_if(call.out == nullptr, "MPATH-P-9", "the struct to be filled is null");
    if (call.readable) {
      fail_if(*call.out_as<std::uint32_t>() < call.info().out, "MPATH-P-6",
              "struct_size of what is to be filled is smaller than version 1.0");
    }
  }
  if (call.config != nullptr) sized(call.config, "struct_size of the configuration");
  if (call.slot == Slot::kRoute) {
    fail_if(call.request == nullptr, "MPATH-P-9", "the request is null");
    if (call.request != nullptr) {
      sized(call.request, "struct_size of the request");
      fail_if(call.readable && (call.request->reserved != 0 || call.request->reserved2 != 0),
              "MPATH-P-7", "a reserved field of the request is set");
    }
  }
  if (call.slot == Slot::kReceive) {
    fail_if(call.cell == nullptr, "MPATH-P-9", "the cell is null");
    if (call.cell != nullptr) {
      sized(call.cell, "struct_size of the cell");
      fail_if(call.readable && call.cell->reserved != 0, "MPATH-P-7",
              "a reserved field of the cell is set");
    }
  }
  if (call.slot == Slot::kTunnelCreate) {
    fail_if(call.params == nullptr || call.out_ids == nullptr || call.out_leg == nullptr,
            "MPATH-P-9", "a null pointer");
    if (call.params != nullptr) {
      sized(call.params, "struct_size of the tunnel's parameters");
      fail_if(call.readable && call.params->first_leg == nullptr, "MPATH-P-9", "first_leg is null");
      if (call.readable) sized(call.params->first_leg, "struct_size of the first leg");
    }
  }
  if (call.info().has_time)
    fail_if(call.now_us > MPATH_TIME_MAX, "MPATH-P-32", "now_us is past MPATH_TIME_MAX");
  if (call.readable) findings_.exercise("MPATH-H-1");
}

void HostJudge::judge_arrays(Call& call) {
  const auto fail_if = [&](bool wrong, const char* duty, const char* what) {
    if (wrong) blame("MPATH-H-1", call, what);
    if (wrong && call.readable) call.to_be_refused_by = duty;
    call.readable = call.readable && !wrong;
  };
  if (call.info().has_views) {
    fail_if(call.views == nullptr, "MPATH-P-9", "the views are null");
    if (!call.readable) return;
    fail_if(!is_array(call.views->items, call.views->count, call.views->stride) ||
                call.views->reserved != 0,
            "MPATH-P-9", "views whose items, stride or reserved field is wrong");
    for (std::size_t i = 0; call.readable && i < call.views->count; ++i) {
      fail_if(strided(call.views->items, call.views->stride, i)->reserved != 0, "MPATH-P-7",
              "a reserved field of a view is set");
    }
  }
  if (call.slot == Slot::kDrain) {
    const auto* const out = call.out_as<mpath_tokens>();
    fail_if(out == nullptr || !is_array(out->items, out->capacity, out->stride), "MPATH-P-9",
            "tokens whose items or stride is wrong");
  }
  if (call.slot == Slot::kPoll) {
    const auto* const out = call.out_as<mpath_events>();
    fail_if(
        out == nullptr || !is_array(out->items, out->capacity, out->stride) || out->reserved != 0,
        "MPATH-P-9", "events whose items, stride or reserved field is wrong");
  }
  if (call.slot == Slot::kLegsAdd) {
    fail_if(!is_array(call.legs, call.count, call.stride) ||
                (call.count > 0 && call.out_ids == nullptr),
            "MPATH-P-9", "legs whose pointers or stride is wrong");
    for (std::size_t i = 0; call.readable && i < call.count; ++i) {
      fail_if(strided(call.legs, call.stride, i)->struct_size < sizeof(mpath_leg_params),
              "MPATH-P-6", "struct_size of a leg");
    }
  }
  if (call.slot == Slot::kLegSetPath)
    fail_if(call.path == nullptr, "MPATH-P-9", "the path is null");
}

void HostJudge::judge_ids(const Call& call, unsigned process) {
  InstanceModel* const instance = model_.instance(call.instance);
  if (instance == nullptr) return;
  expect(!instance->closed, "MPATH-H-19", call, "called after instance_close");
  if (instance->closed) return;
  if (call.slot == Slot::kInstanceClose) {
    expect(instance->tunnels.empty(), "MPATH-H-19", call, "tunnels are left");
    for (const auto& [id, tunnel] : instance->tunnels) {
      if (tunnel.closed) blame("MPATH-H-17", call, "a closed tunnel was not destroyed");
    }
  }
  if (call.slot == Slot::kInstanceTick) {
    expect(call.now_us >= instance->last_tick_us, "MPATH-H-11", call, "the clock steps back");
  }
  if (!call.info().of_tunnel) return;
  const TunnelModel* const tunnel = model_.tunnel(call);
  if (tunnel == nullptr && !call.info().owner) return;  // its owner may destroy it just now
  expect(tunnel != nullptr, "MPATH-H-25", call,
         instance->destroyed.contains(call.tunnel) ? "the tunnel was destroyed"
                                                   : "no such tunnel was ever made");
  if (tunnel == nullptr) return;
  expect(tunnel->process == process, "MPATH-H-20", call, "the tunnel was made in another process");
  const mpath_leg_id leg = call.slot == Slot::kReceive && call.readable ? call.cell->leg : call.leg;
  if (leg == 0 || call.slot == Slot::kPaddingEvent) return;  // padding may meet a leg that is gone
  const auto found = tunnel->legs.find(leg);
  if (found == tunnel->legs.end()) {
    blame("MPATH-H-25", call, "no such leg was ever made");
  } else if (!tunnel->is_live(leg) && !(tunnel->closed && call.info().after_closed)) {
    blame("MPATH-H-25", call,
          found->second.gone ? "the leg is gone: LEG_GONE was told" : "the leg was removed");
  } else {
    findings_.exercise("MPATH-H-25");
  }
}

void HostJudge::judge_state(const Call& call, const TunnelModel& tunnel) {
  if (tunnel.closed) {
    expect(call.info().after_closed, "MPATH-H-17", call, "the tunnel is closed");
  }
  if (call.slot == Slot::kLink && !tunnel.closed) {
    expect(tunnel.multi_path, "MPATH-H-25", call, "no legs were added: single-path");
  }
  if (call.slot == Slot::kLegSetPath && !tunnel.closed) {
    expect(!tunnel.multi_path, "MPATH-H-25", call, "the tunnel is multi-path already");
  }
  if (call.slot == Slot::kTunnelDestroy) {
    expect(tunnel.held.empty(), "MPATH-H-8", call, "tokens are held: close and drain first");
  }
  if (call.slot == Slot::kRoute && call.readable && tunnel.multi_path &&
      call.request->hop + 1U == tunnel.hops && opens_stream(call.request->command)) {
    expect(tunnel.ready, "MPATH-H-14", call, "a stream is opened before READY was told");
  }
}

void HostJudge::judge_time(const Call& call, TunnelModel& tunnel) {
  expect(call.now_us >= tunnel.last_now_us, "MPATH-H-11", call, "the clock steps back");
  const auto late = [&](std::uint64_t& since, const char* what) {
    if (since == MPATH_NEVER) return;
    const bool in_time = call.now_us <= since || call.now_us - since <= options_.late_us;
    expect(in_time, "MPATH-H-3", call, what);
    if (!in_time) since = MPATH_NEVER;
  };
  late(tunnel.deadline_us, "a deadline passed without a poll");
  late(tunnel.undrained_since_us, "tokens that were ready were not drained");
  if (call.slot == Slot::kPoll && tunnel.unpolled_since_us != MPATH_NEVER) {
    findings_.exercise("MPATH-H-3");
  }
  if (call.slot != Slot::kPoll) {
    late(tunnel.unpolled_since_us, "results of an earlier call were not polled");
  }
}

void HostJudge::judge_views(Call& call, TunnelModel& tunnel) {
  for (auto& [id, leg] : tunnel.legs) {
    if (leg.gone || leg.removed) continue;
    const mpath_leg_view* const view = view_of(call.views, id);
    if (view == nullptr) {
      call.right_views = false;
      if (!tunnel.closed) blame("MPATH-H-10", call, "a leg has no view, or has two");
      continue;
    }
    findings_.exercise("MPATH-H-10");
    if (view->data_acked > view->data_sent) {
      blame("MPATH-H-10", call, "a view says that more was acknowledged than sent");
    }
    if (view->data_sent < leg.data_sent) {
      blame("MPATH-H-10", call, "data_sent of a leg goes back");
    }
    leg.data_sent = view->data_sent;
  }
}

void HostJudge::judge_cell(const Call& call, const TunnelModel& tunnel) {
  const mpath_cell& cell = *call.cell;
  if (is_signalling(cell.command)) {
    expect(cell.body != nullptr || cell.body_length == 0, "MPATH-H-7", call,
           "a signalling cell without its body");
  }
  if (!tunnel.held.empty() || cell.token != 0) {
    expect(!tunnel.held.contains(cell.token) || is_signalling(cell.command), "MPATH-H-8", call,
           "the token of a cell that is still held names another cell");
  }
  if (tunnel.retry && cell.leg == tunnel.retry_leg) {
    expect(cell.token == tunnel.retry_token && cell.command == tunnel.retry_command, "MPATH-H-23",
           call, "another cell, though the one before met E_NO_MEMORY");
  }
}

void HostJudge::judge_legs(const Call& call) {
  const bool creates = call.slot == Slot::kTunnelCreate;
  const std::size_t count = creates ? 1 : call.count;
  for (std::size_t i = 0; i < count; ++i) {
    const mpath_leg_params& leg =
        creates ? *call.params->first_leg : *strided(call.legs, call.stride, i);
    expect((leg.flags & MPATH_LEG_EVER_JOINED) == 0, "MPATH-H-15", call,
           "a circuit that was joined before");
    judge_path(call, leg.path);
  }
}

void HostJudge::judge_path(const Call& call, const mpath_path& path) {
  if (!is_array(path.hops, path.count, path.stride)) return;
  bool repeated = false;
  for (std::size_t i = 0; i < path.count; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const mpath_hop& a = *strided(path.hops, path.stride, i);
      const mpath_hop& b = *strided(path.hops, path.stride, j);
      repeated |=
          a.kind == MPATH_HOP_RELAY && b.kind == MPATH_HOP_RELAY && a.relay_tag == b.relay_tag;
    }
  }
  expect(!repeated, "MPATH-H-12", call, "two relays of one path have the same tag");
}

void HostJudge::judge_seed(const Call& call) {
  const std::uint8_t* const seed = call.params->seed;
  if (seed == nullptr) return;  // the plugin draws it
  const bool constant =
      std::all_of(seed, seed + MPATH_SEED_LEN, [&](std::uint8_t byte) { return byte == seed[0]; });
  const std::string_view bytes(reinterpret_cast<const char*>(seed), MPATH_SEED_LEN);
  const bool fresh = seeds_.insert(std::hash<std::string_view>()(bytes)).second;
  expect(!constant && fresh, "MPATH-H-13", call,
         constant ? "a seed of equal bytes is not random" : "a seed that was used before");
}

void HostJudge::judge_answer(const Call& call, mpath_status status) {
  const TunnelModel* const tunnel = model_.tunnel(call);
  if (!call.readable || tunnel == nullptr) return;
  // Which commands it matters for, the plugin knows.
  if (call.slot == Slot::kRoute && status == MPATH_E_STALE) {
    const mpath_leg_id leg = call.request->leg;
    if (leg != 0 && !tunnel->is_live(leg)) {
      blame("MPATH-H-25", call, "cells that came from a leg that is not there");
    }
  }
  if (status == MPATH_E_STATE) blame("MPATH-H-25", call, "not allowed in this state");
  if (status == MPATH_E_ARGUMENT) blame("MPATH-H-1", call, "an argument out of range");
}

}  // namespace mpath::judge
