#include "examples/onion_proxy/directory/path_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "examples/onion_proxy/crypto/random.h"

namespace onion_proxy {
namespace {

enum Hop : size_t { kGuard = 0, kMiddle = 1, kExit = 2, kHops = 3 };
constexpr std::array<std::string_view, kHops> kHopNames = {"guard", "middle", "exit"};

// Beyond any number of legs that could share a relay.
constexpr int kAvoidedTier = 1 << 20;

using Leg = std::array<const Relay*, kHops>;
using Candidates = std::vector<const Relay*>;

bool same_relay(const Relay& a, const Relay& b) {
  return a.info.rsa_id == b.info.rsa_id || a.info.ed_id == b.info.ed_id;
}

bool same_family(const Relay& a, const Relay& b) {
  return std::any_of(a.family_ids.begin(), a.family_ids.end(), [&](const std::string& id) {
    return std::find(b.family_ids.begin(), b.family_ids.end(), id) != b.family_ids.end();
  });
}

// Whether `relay` may stand in a leg with those already there. Addresses are not compared: a
// private network has all its relays on one.
bool fits_leg(const Relay& relay, const Leg& leg) {
  return std::none_of(leg.begin(), leg.end(), [&](const Relay* other) {
    return other != nullptr && (same_relay(relay, *other) || same_family(relay, *other));
  });
}

std::string_view pinned_name(const PathPins& pins, Hop hop) {
  switch (hop) {
    case kGuard:
      return pins.guard;
    case kMiddle:
      return pins.middle;
    case kExit:
    case kHops:
      break;
  }
  return pins.exit;
}

class Picker {
 public:
  Picker(const NetworkView& network, const PathRequest& request, const RandomBelow& random_below)
      : network_(network), request_(request), random_below_(random_below) {}

  void add_leg(const Leg& leg) { legs_.push_back(leg); }
  const std::vector<Leg>& legs() const { return legs_; }

  Result<const Relay*> pick_exit(std::string_view name, bool conflux);
  // Fills guards and middles of the legs from `first` on, which must have their exit already.
  Status fill_from(size_t first);

 private:
  Status pick_hop(size_t index, Hop hop);
  int uses(const Relay& relay) const;
  bool is_avoided(const Relay& relay) const;
  int tier(const Relay& relay) const;
  const Relay* weighted(const Candidates& candidates) const;
  Candidates fitting(size_t index, Hop hop, std::string_view name) const;
  std::string_view pin(size_t leg, Hop hop) const;

  const NetworkView& network_;
  const PathRequest& request_;
  const RandomBelow& random_below_;
  std::vector<Leg> legs_;
};

std::string_view Picker::pin(size_t leg, Hop hop) const {
  return leg < request_.pins.size() ? pinned_name(request_.pins[leg], hop) : std::string_view();
}

int Picker::uses(const Relay& relay) const {
  return static_cast<int>(std::count_if(legs_.begin(), legs_.end(), [&](const Leg& leg) {
    return std::any_of(leg.begin(), leg.end(), [&](const Relay* other) {
      return other != nullptr && same_relay(relay, *other);
    });
  }));
}

bool Picker::is_avoided(const Relay& relay) const {
  return std::any_of(request_.avoid.begin(), request_.avoid.end(),
                     [&](const RelayInfo& info) { return info.rsa_id == relay.info.rsa_id; });
}

// Lower is better; also among those to avoid. Idle relays first, then idle exits (one of them
// carries every leg already), then the least shared.
int Picker::tier(const Relay& relay) const {
  const int shared = 2 * uses(relay) + (relay.is_exit() ? 1 : 0);
  return is_avoided(relay) ? kAvoidedTier + shared : shared;
}

const Relay* Picker::weighted(const Candidates& candidates) const {
  // Authorities that have not measured yet state 0 for everyone: one more each, so that all stay
  // possible.
  uint64_t total = 0;
  for (const Relay* relay : candidates) total += relay->bandwidth + 1;
  uint64_t at = random_below_(total);
  for (const Relay* relay : candidates) {
    if (at <= relay->bandwidth) return relay;
    at -= relay->bandwidth + 1;
  }
  return candidates.back();
}

Result<const Relay*> Picker::pick_exit(std::string_view name, bool conflux) {
  Candidates named, reaching, capable, preferred;
  for (const Relay& relay : network_.relays) {
    if (!name.empty() && relay.nickname != name) continue;
    named.push_back(&relay);
    const bool reaches = request_.port == 0
                             ? relay.is_exit()
                             : relay.is_exit() && relay.exit_ports.allows(request_.port);
    if (!reaches || relay.flags.middle_only) continue;
    reaching.push_back(&relay);
    const bool speaks = conflux ? relay.supports_conflux() : relay.supports_congestion_control();
    if (!speaks) continue;
    capable.push_back(&relay);
    if (!is_avoided(relay)) preferred.push_back(&relay);
  }
  if (named.empty()) return Error{fmt::format("no running relay is called `{}`", name)};
  if (reaching.empty()) {
    return Error{request_.port == 0
                     ? std::string("no relay allows exit traffic")
                     : fmt::format("no exit allows port {} in its policy", request_.port)};
  }
  if (capable.empty()) {
    return Error{conflux ? "no exit for that port speaks Conflux=1, FlowCtrl=2 and Relay=4"
                         : "no exit for that port speaks FlowCtrl=2"};
  }
  return weighted(preferred.empty() ? capable : preferred);
}

Candidates Picker::fitting(size_t index, Hop hop, std::string_view name) const {
  Candidates out;
  int best = INT32_MAX;
  for (const Relay& relay : network_.relays) {
    if (!fits_leg(relay, legs_[index])) continue;
    if (!name.empty() && relay.nickname != name) continue;
    if (name.empty() && hop == kGuard && (!relay.flags.guard || relay.flags.middle_only)) continue;
    const int relay_tier = tier(relay);
    if (relay_tier < best) out.clear();
    best = std::min(best, relay_tier);
    if (relay_tier == best) out.push_back(&relay);
  }
  return out;
}

Status Picker::pick_hop(size_t index, Hop hop) {
  const std::string_view name = pin(index, hop);
  const Candidates candidates = fitting(index, hop, name);
  if (candidates.empty()) {
    return Error{name.empty()
                     ? fmt::format("no {} is left for leg {}: the network is too small",
                                   kHopNames[hop], index + 1)
                     : fmt::format("`{}` cannot be the {} of leg {}: it does not run, or the leg "
                                   "has it already",
                                   name, kHopNames[hop], index + 1)};
  }
  legs_[index][hop] = weighted(candidates);
  return {};
}

Status Picker::fill_from(size_t first) {
  // What is asked for by name first, so that chance does not take it; then all guards, since fewer
  // relays can be guards than middles.
  for (const bool by_name : {true, false}) {
    for (const Hop hop : {kGuard, kMiddle}) {
      for (size_t i = first; i < legs_.size(); ++i) {
        if (pin(i, hop).empty() == by_name) continue;
        if (Status s = pick_hop(i, hop); !s.ok()) return s;
      }
    }
  }
  return {};
}

ChosenPath to_path(const Leg& leg) {
  ChosenPath path;
  for (const Relay* relay : leg) {
    path.hops.push_back(relay->info);
    path.nicknames.push_back(relay->nickname);
  }
  return path;
}

void describe_sharing(const std::vector<Leg>& legs, size_t a, size_t b,
                      std::vector<std::string>& out) {
  for (const Hop i : {kGuard, kMiddle}) {
    for (const Hop j : {kGuard, kMiddle}) {
      if (!same_relay(*legs[a][i], *legs[b][j])) continue;
      out.push_back(i == j ? fmt::format("legs {} and {} share the {}", a + 1, b + 1, kHopNames[i])
                           : fmt::format("the {} of leg {} is the {} of leg {}", kHopNames[i],
                                         a + 1, kHopNames[j], b + 1));
    }
  }
}

PathChoice to_choice(const std::vector<Leg>& legs, size_t first) {
  PathChoice choice;
  choice.exit_ports = legs.front()[kExit]->exit_ports;
  for (size_t b = first; b < legs.size(); ++b) {
    choice.legs.push_back(to_path(legs[b]));
    for (size_t a = 0; a < b; ++a) describe_sharing(legs, a, b, choice.sharing);
  }
  return choice;
}

// The one exit that pins and request agree on; empty if they leave it open.
Result<std::string> agreed_exit(const PathRequest& request) {
  std::string name = request.exit_nickname;
  for (const PathPins& pins : request.pins) {
    const std::string& pinned = pins.exit;
    if (pinned.empty() || pinned == name) continue;
    if (!name.empty()) {
      return Error{fmt::format("all legs end at one exit, but both `{}` and `{}` are asked for",
                               name, pinned)};
    }
    name = pinned;
  }
  return name;
}

const Relay* find_relay(const NetworkView& network, const RelayInfo& info) {
  const auto found =
      std::find_if(network.relays.begin(), network.relays.end(),
                   [&](const Relay& relay) { return relay.info.rsa_id == info.rsa_id; });
  return found == network.relays.end() ? nullptr : &*found;
}

}  // namespace

RandomBelow make_random_below() {
  return [](uint64_t bound) {
    // Rejection keeps the remainder from favouring low numbers.
    const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    while (true) {
      uint64_t value = 0;
      for (const uint8_t byte : random_array<8>()) value = value << 8 | byte;
      if (value < limit) return value % bound;
    }
  };
}

Result<PathPins> parse_path_pins(std::string_view text) {
  std::vector<std::string> names;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    const std::string_view name = text.substr(begin, comma - begin);
    names.emplace_back(name == "*" ? std::string_view() : name);
    begin = comma + 1;
  }
  if (names.size() != kHops) {
    return Error{
        fmt::format("`{}`: expected GUARD,MIDDLE,EXIT; leave a part empty or write * for "
                    "any relay",
                    text)};
  }
  return PathPins{names[kGuard], names[kMiddle], names[kExit]};
}

Result<PathChoice> choose_paths(const NetworkView& network, const PathRequest& request,
                                const RandomBelow& random_below) {
  const auto exit_name = agreed_exit(request);
  if (!exit_name.ok()) return Error{exit_name.error()};
  Picker picker(network, request, random_below);
  const auto exit = picker.pick_exit(exit_name.value(), request.multipath || request.legs > 1);
  if (!exit.ok()) return Error{exit.error()};
  for (size_t i = 0; i < request.legs; ++i) picker.add_leg({nullptr, nullptr, exit.value()});
  if (Status s = picker.fill_from(0); !s.ok()) return Error{s.error()};
  return to_choice(picker.legs(), 0);
}

Result<PathChoice> choose_further_leg(const NetworkView& network, const PathRequest& request,
                                      const std::vector<ChosenPath>& existing,
                                      const RandomBelow& random_below) {
  Picker picker(network, request, random_below);
  for (const ChosenPath& path : existing) {
    Leg leg{};
    for (size_t hop = 0; hop < kHops; ++hop) {
      leg[hop] = find_relay(network, path.hops.at(hop));
      if (leg[hop] == nullptr) {
        return Error{"a relay of the tunnel is no longer in the consensus"};
      }
    }
    picker.add_leg(leg);
  }
  const size_t index = existing.size();
  picker.add_leg({nullptr, nullptr, picker.legs().front()[kExit]});
  if (Status s = picker.fill_from(index); !s.ok()) return Error{s.error()};
  return to_choice(picker.legs(), index);
}

}  // namespace onion_proxy
