#include <algorithm>
#include <cstring>

#include "host_api/conformance/check/trace.h"

namespace mpath::trace {
namespace {

using judge::Call;
using judge::is_array;
using judge::Slot;
using judge::strided;
using Kind = Pseudonyms::Kind;

constexpr std::uint8_t kLink = 19;
constexpr std::uint8_t kSwitch = 22;

bool has_nonce(std::uint8_t command) { return command == kLink || command == kLink + 1; }
bool is_signalling(std::uint8_t command) { return command >= kLink && command <= kSwitch; }

void redact(mpath_control_cell& cell, bool secrets) {
  if (!secrets && has_nonce(cell.command)) std::memset(cell.body, 0, sizeof cell.body);
}

void write_path(const mpath_path& path, Pseudonyms& pseudonyms, Writer& out) {
  const bool readable = is_array(path.hops, path.count, path.stride);
  const std::uint32_t count = readable ? path.count : 0;
  out.number(path.count);
  out.number(path.stride);
  out.number(path.cwnd_init);
  out.number(path.sendme_inc);
  out.number(count);
  for (std::size_t i = 0; i < count; ++i) {
    mpath_hop hop = *strided(path.hops, path.stride, i);
    hop.relay_tag = pseudonyms.of(Kind::kRelay, hop.relay_tag);
    out.plain(hop);
  }
}

void write_leg(const mpath_leg_params& leg, Pseudonyms& pseudonyms, Writer& out) {
  out.number(leg.struct_size);
  if (leg.struct_size < sizeof leg) return;
  out.number(leg.flags);
  out.number(pseudonyms.of(Kind::kCookie, leg.cookie));
  write_path(leg.path, pseudonyms, out);
}

void write_legs(const Call& call, Pseudonyms& pseudonyms, Writer& out) {
  const std::uint32_t count = call.count;
  out.number(count);
  for (std::size_t i = 0; i < count; ++i) {
    write_leg(*strided(call.legs, call.stride, i), pseudonyms, out);
  }
}

void write_views(const mpath_leg_views& views, Writer& out) {
  out.number(views.count);
  out.number(views.stride);
  out.number(views.backlog);
  out.number(views.reserved);
  for (std::size_t i = 0; i < views.count; ++i) out.plain(*strided(views.items, views.stride, i));
}

void write_config(const mpath_config_text& config, Writer& out) {
  out.number(config.struct_size);
  if (config.struct_size < sizeof config) return;
  const bool has_text = config.text != nullptr;
  out.text({has_text ? config.text : "", has_text ? config.length : 0});
  out.text(config.name != nullptr ? config.name : "");
}

void write_params(const mpath_tunnel_params& params, bool secrets, Pseudonyms& pseudonyms,
                  Writer& out) {
  out.number(params.struct_size);
  if (params.struct_size < sizeof params) return;
  out.number(params.role);
  out.number(pseudonyms.of(Kind::kCookie, params.cookie));
  std::string seed;
  if (params.seed != nullptr) {
    seed.assign(reinterpret_cast<const char*>(params.seed), MPATH_SEED_LEN);
    if (!secrets) seed.assign(MPATH_SEED_LEN, '\0');
  }
  out.text(seed);
  out.number<std::uint8_t>(params.first_leg != nullptr ? 1 : 0);
  if (params.first_leg != nullptr) write_leg(*params.first_leg, pseudonyms, out);
}

void write_cell(const mpath_cell& cell, bool secrets, Pseudonyms& pseudonyms, Writer& out) {
  out.number(cell.struct_size);
  if (cell.struct_size < sizeof cell) return;
  mpath_cell plain = cell;
  plain.body = nullptr;
  plain.token = pseudonyms.of(Kind::kToken, cell.token);
  out.plain(plain);
  const bool kept = cell.body != nullptr && is_signalling(cell.command);
  std::string body(kept ? reinterpret_cast<const char*>(cell.body) : "",
                   kept ? cell.body_length : 0U);
  if (!secrets && has_nonce(cell.command)) body.assign(body.size(), '\0');
  out.number<std::uint8_t>(kept ? 1 : 0);
  out.text(body);
}

// What of an array's head goes in: capacity, stride, has it items, reserved.
template <class Head>
void write_head(const Head& head, std::uint32_t reserved, Writer& out) {
  out.number(head.capacity);
  out.number(head.stride);
  out.number<std::uint8_t>(head.items != nullptr ? 1 : 0);
  out.number(reserved);
}

void write_out(const Call& call, Writer& out) {
  out.number<std::uint8_t>(call.out != nullptr ? 1 : 0);
  if (call.out == nullptr) return;
  if (call.info().out != 0) {
    out.number(*call.out_as<std::uint32_t>());
  } else if (call.slot == Slot::kDrain) {
    write_head(*call.out_as<mpath_tokens>(), 0, out);
  } else if (call.slot == Slot::kPoll) {
    write_head(*call.out_as<mpath_events>(), call.out_as<mpath_events>()->reserved, out);
  } else if (call.slot == Slot::kTunnelSnapshot) {
    write_head(*call.out_as<mpath_leg_summaries>(), call.out_as<mpath_leg_summaries>()->reserved,
               out);
  } else {
    write_head(*call.out_as<mpath_log_records>(), 0, out);
  }
}

}  // namespace

std::uint64_t Pseudonyms::of(Kind kind, std::uint64_t value) {
  if (identity_ || value == 0) return value;
  std::uint64_t& name = known_[{kind, value}];
  if (name == 0) name = ++counts_[static_cast<std::size_t>(kind)];
  return name;
}

void write_inputs(const Call& call, std::uint32_t instance, bool secrets, Pseudonyms& pseudonyms,
                  Writer& out) {
  out.number(static_cast<std::uint8_t>(call.slot));
  out.number(instance);
  for (const std::uint64_t value : {call.tunnel, call.leg, call.now_us, call.bytes}) {
    out.number(value);
  }
  for (const std::uint32_t value : {call.number, call.count, call.stride}) out.number(value);
  const auto present = [&](const void* pointer) {
    out.number<std::uint8_t>(pointer != nullptr ? 1 : 0);
    return pointer != nullptr;
  };
  if (present(call.config)) write_config(*call.config, out);
  if (present(call.text)) {
    out.number(call.text->capacity);
    (void)present(call.text->data);
  }
  if (present(call.views)) write_views(*call.views, out);
  if (present(call.path)) write_path(*call.path, pseudonyms, out);
  if (present(call.legs)) write_legs(call, pseudonyms, out);
  if (present(call.params)) write_params(*call.params, secrets, pseudonyms, out);
  if (present(call.request)) out.plain(*call.request);
  if (present(call.cell)) write_cell(*call.cell, secrets, pseudonyms, out);
  write_out(call, out);
  for (const void* const pointer :
       {static_cast<const void*>(call.out_ids), static_cast<const void*>(call.out_leg),
        static_cast<const void*>(call.out_number), static_cast<const void*>(call.out_instance)}) {
    (void)present(pointer);
  }
}

namespace {

class Parts {
 public:
  Parts(bool secrets, Pseudonyms& pseudonyms) : secrets_(secrets), pseudonyms_(pseudonyms) {}

  template <class T>
  void add(std::string label, const T& value, std::size_t size = sizeof(T)) {
    parts_.push_back(
        {std::move(label), {reinterpret_cast<const char*>(&value), std::min(size, sizeof value)}});
  }
  void hide(mpath_tunnel_info& it) { name(Kind::kCookie, it.cookie); }
  void hide(mpath_leg_info& it) {
    name(Kind::kCookie, it.cookie);
    name(Kind::kRelay, it.last_hop_tag);
  }
  void hide(mpath_leg_summary& it) {
    name(Kind::kCookie, it.cookie);
    name(Kind::kRelay, it.last_hop_tag);
  }
  void hide(mpath_grant& it) {
    name(Kind::kCookie, it.leg_cookie);
    redact(it.first, secrets_);
    // What no plugin writes is whatever the host had there.
    if (it.has_first == 0) it.first = {};
    it.reserved = 0;
  }
  void hide(mpath_receipt& it) { it.reserved = 0; }
  void hide(mpath_event& it) {
    name(Kind::kCookie, it.leg_cookie);
    redact(it.cell, secrets_);
  }
  void hide(mpath_token& it) { name(Kind::kToken, it.token); }
  template <class T>
  void hide(T&) {}

  // A struct that the plugin filled as far as struct_size reaches.
  template <class T>
  void filled(const Call& call) {
    const std::uint32_t size = *call.out_as<std::uint32_t>();
    T copy{};
    std::memcpy(&copy, call.out, std::min<std::size_t>(size, sizeof copy));
    hide(copy);
    add("struct", copy);
  }
  template <class T>
  void items(const char* label, T* first, std::uint32_t stride, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      T copy = *strided(first, stride, i);
      hide(copy);
      add(std::string(label) + "[" + std::to_string(i) + "]", copy);
    }
  }
  [[nodiscard]] std::vector<Part> take() { return std::move(parts_); }

 private:
  void name(Kind kind, std::uint64_t& value) { value = pseudonyms_.of(kind, value); }

  bool secrets_;
  Pseudonyms& pseudonyms_;
  std::vector<Part> parts_;
};

void add_struct(const Call& call, Parts& parts) {
  const Slot slot = call.slot;
  if (slot == Slot::kInstanceInfo) parts.filled<mpath_instance_info>(call);
  if (slot == Slot::kTunnelInfo) parts.filled<mpath_tunnel_info>(call);
  if (slot == Slot::kTunnelDetail) parts.filled<mpath_detail>(call);
  if (slot == Slot::kTunnelActivity) parts.filled<mpath_activity>(call);
  if (slot == Slot::kLegTakeSingle) parts.filled<mpath_leg_info>(call);
  if (slot == Slot::kLegInfo) parts.filled<mpath_leg_info>(call);
  if (slot == Slot::kRoute) parts.filled<mpath_grant>(call);
  if (slot == Slot::kReceive) parts.filled<mpath_receipt>(call);
}

void add_array(const Call& call, mpath_status status, Parts& parts) {
  if (call.slot == Slot::kDrain) {
    const auto& out = *call.out_as<mpath_tokens>();
    parts.add("count", out.count);
    parts.add("left", out.left);
    parts.items("tokens", out.items, out.stride, std::min(out.count, out.capacity));
  } else if (call.slot == Slot::kPoll) {
    const auto& out = *call.out_as<mpath_events>();
    parts.add("count", out.count);
    if (status != MPATH_OK) return;
    parts.add("next_deadline_us", out.next_deadline_us);
    parts.items("events", out.items, out.stride, std::min(out.count, out.capacity));
  } else if (call.slot == Slot::kTunnelSnapshot) {
    const auto& out = *call.out_as<mpath_leg_summaries>();
    parts.add("count", out.count);
    parts.items("summaries", out.items, out.stride, std::min(out.count, out.capacity));
  } else {
    const auto& out = *call.out_as<mpath_log_records>();
    parts.add("count", out.count);
    parts.add("left", out.left);
    parts.add("lost", out.lost);
    parts.items("records", out.items, out.stride, std::min(out.count, out.capacity));
  }
}

void add_ids(const Call& call, Parts& parts) {
  std::uint32_t ids = 1;
  if (call.slot == Slot::kLegsAdd) ids = call.count;
  if (call.slot == Slot::kInstanceShed) {
    ids = call.out_number != nullptr ? std::min(*call.out_number, call.number) : 0;
  }
  for (std::uint32_t i = 0; call.out_ids != nullptr && i < ids; ++i) {
    parts.add("ids[" + std::to_string(i) + "]", call.out_ids[i]);
  }
  if (call.out_leg != nullptr) parts.add("leg", *call.out_leg);
  if (call.out_number != nullptr) parts.add("number", *call.out_number);
}

bool is_written(const Call& call, mpath_status status) {
  if (status >= 0) return true;
  if (call.slot == Slot::kPoll) return status == MPATH_E_BUFFER;
  return call.slot == Slot::kReceive && (status == MPATH_E_PROTOCOL || status == MPATH_E_CLOSED);
}

}  // namespace

std::vector<Part> outputs_of(const Call& call, mpath_status status, bool secrets,
                             Pseudonyms& pseudonyms) {
  Parts parts(secrets, pseudonyms);
  parts.add("status", status);
  if (call.text != nullptr && call.text->data != nullptr && call.text->capacity > 0 &&
      (status == MPATH_OK || status == MPATH_E_CONFIG)) {
    parts.add("text length", call.text->length);
    const std::size_t size = std::min(call.text->length, call.text->capacity - 1);
    std::vector<Part> all = parts.take();
    all.push_back({"text", {call.text->data, size}});
    return all;
  }
  if (!is_written(call, status)) return parts.take();
  if (call.out != nullptr) {
    if (call.info().out != 0) {
      add_struct(call, parts);
    } else {
      add_array(call, status, parts);
    }
  }
  // can_read names the leg only when there is one to name; ids of others are always written.
  if (status == MPATH_OK || call.slot != Slot::kCanRead) add_ids(call, parts);
  return parts.take();
}

void write_parts(const std::vector<Part>& parts, Writer& out) {
  out.number(static_cast<std::uint32_t>(parts.size()));
  for (const Part& part : parts) {
    out.text(part.label);
    out.text(part.bytes);
  }
}

std::vector<Part> read_parts(Reader& in) {
  std::vector<Part> parts;
  const auto count = in.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    Part part;
    part.label = in.text();
    // Labels are shown to people; what is none of ours is damage.
    in.fail_unless(std::ranges::all_of(part.label, [](char c) { return c >= ' ' && c <= '~'; }));
    part.bytes = in.text();
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace mpath::trace
