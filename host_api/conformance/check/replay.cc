#include "host_api/conformance/check/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <utility>
#include <vector>

namespace mpath::replay {
namespace {

using judge::Slot;
using trace::Part;

std::string number_of(const std::string& bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size() && i < sizeof value; ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << 8 * i;
  }
  if (bytes.size() == sizeof(mpath_status)) return fmt::format("{}", static_cast<int>(value));
  return fmt::format("{}", value);
}

std::string byte_at(const std::string& bytes, std::size_t at) {
  return at < bytes.size() ? fmt::format("{:02x}", static_cast<unsigned char>(bytes[at])) : "end";
}

// What is different, or an empty text.
std::string compare(const std::vector<Part>& was, const std::vector<Part>& now) {
  for (std::size_t i = 0; i < std::max(was.size(), now.size()); ++i) {
    if (i >= was.size()) return fmt::format("{} was not recorded", now[i].label);
    if (i >= now.size()) return fmt::format("{} was recorded and is missing", was[i].label);
    if (was[i].label != now[i].label) {
      return fmt::format("recorded {}, replayed {}", was[i].label, now[i].label);
    }
    const auto [a, b] = std::ranges::mismatch(was[i].bytes, now[i].bytes);
    if (a == was[i].bytes.end() && b == now[i].bytes.end()) continue;
    if (was[i].bytes.size() <= sizeof(std::uint64_t)) {
      return fmt::format("{}: recorded {}, replayed {}", was[i].label, number_of(was[i].bytes),
                         number_of(now[i].bytes));
    }
    const auto at = static_cast<std::size_t>(a - was[i].bytes.begin());
    return fmt::format("{}, byte {}: recorded {}, replayed {}", was[i].label, at,
                       byte_at(was[i].bytes, at), byte_at(now[i].bytes, at));
  }
  return {};
}

// Calls `each` with every record; returns what is wrong with the file, or an empty text.
std::string for_each_call(
    std::string_view bytes, bool needs_secrets,
    const std::function<bool(trace::StoredCall&, const std::vector<Part>&)>& each) {
  if (!bytes.starts_with(trace::kTraceMagic)) return "this is no trace of mpath_check";
  trace::Reader file(bytes.substr(trace::kTraceMagic.size()));
  const auto flags = file.number<std::uint32_t>();
  if (needs_secrets && (flags & trace::kTraceHasSecrets) == 0) {
    return "this trace holds no seeds and nonces and cannot be replayed: record it with "
           "MPATH_CHECK_TRACE_SECRETS=1";
  }
  for (std::uint64_t number = 1; !file.rest().empty(); ++number) {
    trace::Reader record(file.text());
    trace::StoredCall stored;
    const bool read = file.ok() && trace::read_inputs(record, stored);
    const std::vector<Part> parts = trace::read_parts(record);
    if (!read || !record.ok() || !record.rest().empty()) {
      return fmt::format("the trace is damaged or cut off at call {}", number);
    }
    if (!each(stored, parts)) return {};
  }
  return {};
}

// What a replay has made with the plugin, and takes down at the end: traces may end anywhere.
class Made {
 public:
  explicit Made(const mpath_plugin_table& table) : table_(table) {}
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;
  ~Made() {
    for (const auto& [instance, tunnel] : tunnels_) take_down(instance, tunnel);
    for (mpath_instance* const instance : instances_) {
      if (instance != nullptr) (void)table_.instance_close(instance);
    }
  }

  [[nodiscard]] bool knows(std::uint32_t ordinal) const { return ordinal <= instances_.size(); }
  // nullptr for 0, and for one that was closed.
  [[nodiscard]] mpath_instance* instance(std::uint32_t ordinal) const {
    return ordinal > 0 ? instances_[ordinal - 1] : nullptr;
  }
  void note(const judge::Call& call) {
    if (call.slot == Slot::kInstanceOpen) instances_.push_back(*call.out_instance);
    if (call.slot == Slot::kInstanceClose) {
      std::ranges::replace(instances_, call.instance, nullptr);
    }
    if (call.slot == Slot::kTunnelCreate) tunnels_.insert({call.instance, *call.out_ids});
    if (call.slot == Slot::kTunnelDestroy) tunnels_.erase({call.instance, call.tunnel});
  }

 private:
  void take_down(mpath_instance* instance, mpath_tunnel_id tunnel) {
    (void)table_.tunnel_close(instance, tunnel, 0);
    std::array<mpath_token, 64> items;
    mpath_tokens out{items.data(), items.size(), sizeof(mpath_token), 1, 1};
    while (out.left != 0 && out.count != 0) {
      if (table_.drain(instance, tunnel, &out) != MPATH_OK) break;
    }
    (void)table_.tunnel_destroy(instance, tunnel);
  }

  const mpath_plugin_table& table_;
  std::vector<mpath_instance*> instances_;
  std::set<std::pair<mpath_instance*, mpath_tunnel_id>> tunnels_;
};

}  // namespace

Outcome replay(std::string_view bytes, const mpath_plugin_table& table) {
  Outcome outcome;
  Made made(table);
  trace::Pseudonyms pseudonyms(true);
  const std::string wrong =
      for_each_call(bytes, true, [&](trace::StoredCall& stored, const std::vector<Part>& was) {
        ++outcome.calls;
        judge::Call& call = stored.call;
        if (!made.knows(stored.instance)) return true;  // was opened unseen
        call.instance = made.instance(stored.instance);
        const mpath_status status = judge::forward(table, call);
        const std::vector<Part> now = trace::outputs_of(call, status, true, pseudonyms);
        if (status == MPATH_OK) made.note(call);
        const std::string difference = compare(was, now);
        if (difference.empty()) return true;
        outcome.difference =
            fmt::format("call {}, {}: {}", outcome.calls, call.info().name, difference);
        return false;
      });
  outcome.readable = wrong.empty();
  if (!wrong.empty()) outcome.difference = wrong;
  return outcome;
}

Listing print(std::string_view bytes) {
  Listing listing;
  std::string& out = listing.calls;
  std::uint64_t number = 0;
  listing.problem =
      for_each_call(bytes, false, [&](trace::StoredCall& stored, const std::vector<Part>& parts) {
        const judge::Call& call = stored.call;
        out +=
            fmt::format("{:>6}  {:<24} instance {}", ++number, call.info().name, stored.instance);
        if (call.info().of_tunnel) out += fmt::format("  tunnel {:#x}", call.tunnel);
        if (call.leg != 0) out += fmt::format("  leg {:#x}", call.leg);
        if (call.cell != nullptr) {
          out += fmt::format("  cell {} on leg {:#x}", call.cell->command, call.cell->leg);
        }
        if (call.info().has_time) out += fmt::format("  at {} us", call.now_us);
        for (const Part& part : parts) {
          if (part.bytes.size() > sizeof(std::uint64_t)) continue;
          out += fmt::format("  {} {}", part.label, number_of(part.bytes));
        }
        out += '\n';
        return true;
      });
  return listing;
}

}  // namespace mpath::replay
