#include "examples/onion_proxy/app/network_summary.h"

#include <fmt/format.h>

#include <algorithm>

namespace onion_proxy {
namespace {

std::string time_text(UnixTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string relay_row(const Relay& relay) {
  return fmt::format("  {:<20} {:<5} {:<5} {:>10}  {}\n", relay.nickname,
                     relay.flags.guard ? "guard" : "-", relay.is_exit() ? "exit" : "-",
                     relay.bandwidth, relay.supports_conflux() ? "conflux" : "no conflux");
}

std::string parameter_row(const Consensus& consensus, std::string_view name, int32_t fallback) {
  const bool stated = consensus.params.find(name) != consensus.params.end();
  return fmt::format("  {:<20} {}{}\n", name, consensus.param(name, fallback, INT32_MIN, INT32_MAX),
                     stated ? "" : " (default)");
}

bool has_exit(const NetworkView& network, bool multipath) {
  return std::ranges::any_of(network.relays, [multipath](const Relay& relay) {
    return relay.is_exit() &&
           (multipath ? relay.supports_conflux() : relay.supports_congestion_control());
  });
}

std::string why_single(const Consensus& consensus, const LegCount& count) {
  if (count.legs == 1) return "one leg is asked for";
  return consensus.param("cfx_enabled", 1, 0, 1) == 0
             ? "cfx_enabled is 0, exits refuse Conflux"
             : "cfx_num_legs_set is 0, and nobody has chosen a number of legs";
}

std::string verdict(const NetworkView& network, const LegCount& count) {
  const auto& relays = network.relays;
  const bool multipath = count.is_multipath(network.consensus);
  if (!has_exit(network, multipath)) {
    return multipath ? "No exit speaks Conflux: only --legs 1 will work.\n"
                     : "No exit does congestion control: no circuit can be built.\n";
  }
  if (!multipath) {
    return fmt::format("Ready for single circuits: {}.\n", why_single(network.consensus, count));
  }
  if (network.consensus.param("cc_alg", 2, INT32_MIN, INT32_MAX) == 0) {
    return "cc_alg is 0: exits do no congestion control, so Conflux will not link.\n";
  }
  const size_t legs = count.in(network.consensus);
  // Each leg takes a guard and a middle, and the exit is one more.
  const size_t disjoint = (relays.size() - 1) / 2;
  if (disjoint < legs) {
    return fmt::format("{} legs need {} relays to be disjoint, there are {}: legs will share.\n",
                       legs, 2 * legs + 1, relays.size());
  }
  return fmt::format("Ready for {} disjoint legs.\n", legs);
}

}  // namespace

std::string summarise_network(const NetworkView& network, const LegCount& count) {
  const Consensus& consensus = network.consensus;
  std::string out = fmt::format("consensus    {} to {}, signatures verified\n",
                                time_text(consensus.valid_after), time_text(consensus.valid_until));
  out += fmt::format("relays       {} usable of {} listed\n", network.relays.size(),
                     consensus.routers.size());
  for (const Relay& relay : network.relays) out += relay_row(relay);
  out += "parameters\n";
  out += parameter_row(consensus, "cc_alg", 2);
  out += parameter_row(consensus, "cc_sendme_inc", 31);
  out += parameter_row(consensus, "cfx_enabled", 1);
  out += parameter_row(consensus, "cfx_max_legs_set", 8);
  out += parameter_row(consensus, "cfx_num_legs_set", 2);
  return out + verdict(network, count);
}

}  // namespace onion_proxy
