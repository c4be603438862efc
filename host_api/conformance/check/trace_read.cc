#include <algorithm>
#include <cstring>

#include "host_api/conformance/check/trace.h"

namespace mpath::trace {
namespace {

using judge::Slot;

constexpr std::uint32_t kArrayMax = 4096;      // elements: more is damage
constexpr std::uint32_t kTextMax = 16U << 20;  // bytes

bool present(Reader& in) { return in.number<std::uint8_t>() != 0; }

std::size_t count_of(Reader& in) {
  const auto count = in.number<std::uint32_t>();
  in.fail_unless(count <= kArrayMax);
  return in.ok() ? count : 0;
}

void read_path(Reader& in, StoredCall& stored, mpath_path& path) {
  path.count = in.number<std::uint32_t>();
  path.stride = in.number<std::uint32_t>();
  path.cwnd_init = in.number<std::uint32_t>();
  path.sendme_inc = in.number<std::uint32_t>();
  const std::size_t count = count_of(in);
  // A path that could not be read was recorded without hops: what counts is that it is refused.
  in.fail_unless(count == 0 || count == path.count);
  if (count == 0) path.count = std::min(path.count, std::uint32_t{MPATH_HOPS_MAX} + 1);
  std::vector<mpath_hop>& hops = stored.hops.emplace_back(count);
  for (mpath_hop& hop : hops) in.plain(hop);
  path.hops = count > 0 ? hops.data() : nullptr;
  // Elements were packed when they were written.
  if (count > 0) path.stride = sizeof(mpath_hop);
}

void read_leg(Reader& in, StoredCall& stored, mpath_leg_params& leg) {
  leg.struct_size = in.number<std::uint32_t>();
  if (leg.struct_size < sizeof leg) return;
  leg.struct_size = sizeof leg;
  leg.flags = in.number<std::uint32_t>();
  leg.cookie = in.number<std::uint64_t>();
  read_path(in, stored, leg.path);
}

void read_config(Reader& in, StoredCall& stored) {
  stored.config.struct_size = in.number<std::uint32_t>();
  if (stored.config.struct_size >= sizeof stored.config) {
    stored.config.struct_size = sizeof stored.config;
    stored.config_text = in.text();
    stored.config_name = in.text();
    stored.config.length = static_cast<std::uint32_t>(stored.config_text.size());
    stored.config.text = stored.config_text.data();
    stored.config.name = stored.config_name.c_str();
  }
  stored.call.config = &stored.config;
}

void read_text(Reader& in, StoredCall& stored) {
  stored.text.capacity = in.number<std::uint32_t>();
  in.fail_unless(stored.text.capacity <= kTextMax);
  if (!in.ok()) stored.text.capacity = 0;
  if (present(in)) {
    stored.text_room.assign(stored.text.capacity, '\0');
    stored.text.data = stored.text_room.data();
  }
  stored.call.text = &stored.text;
}

void read_views(Reader& in, StoredCall& stored) {
  mpath_leg_views& views = stored.views;
  views.count = static_cast<std::uint32_t>(count_of(in));
  views.stride = in.number<std::uint32_t>();
  views.backlog = in.number<std::uint32_t>();
  views.reserved = in.number<std::uint32_t>();
  stored.view_items.resize(views.count);
  for (mpath_leg_view& view : stored.view_items) in.plain(view);
  if (!stored.view_items.empty()) {
    views.items = stored.view_items.data();
    views.stride = sizeof(mpath_leg_view);
  }
  stored.call.views = &views;
}

void read_legs(Reader& in, StoredCall& stored) {
  stored.legs.resize(count_of(in));
  in.fail_unless(stored.legs.size() == stored.call.count);
  for (mpath_leg_params& leg : stored.legs) read_leg(in, stored, leg);
  if (!stored.legs.empty()) stored.call.stride = sizeof(mpath_leg_params);
  static const mpath_leg_params kNone{};
  stored.call.legs = stored.legs.empty() ? &kNone : stored.legs.data();
}

void read_params(Reader& in, StoredCall& stored) {
  mpath_tunnel_params& params = stored.params;
  stored.call.params = &params;
  params.struct_size = in.number<std::uint32_t>();
  if (params.struct_size < sizeof params) return;
  params.struct_size = sizeof params;
  params.role = in.number<std::uint32_t>();
  params.cookie = in.number<std::uint64_t>();
  stored.seed = in.text();
  if (stored.seed.size() == MPATH_SEED_LEN) {
    params.seed = reinterpret_cast<const std::uint8_t*>(stored.seed.data());
  }
  if (!present(in)) return;
  read_leg(in, stored, stored.first_leg);
  params.first_leg = &stored.first_leg;
}

void read_cell(Reader& in, StoredCall& stored) {
  stored.call.cell = &stored.cell;
  stored.cell.struct_size = in.number<std::uint32_t>();
  if (stored.cell.struct_size < sizeof stored.cell) return;
  in.plain(stored.cell);
  stored.cell.struct_size = sizeof stored.cell;
  const bool kept = present(in);
  stored.body = in.text();
  stored.cell.body = kept ? reinterpret_cast<const std::uint8_t*>(stored.body.data()) : nullptr;
}

template <class Head, class Item>
void read_head(Reader& in, StoredCall& stored) {
  stored.out.assign(sizeof(Head) / sizeof(std::uint64_t) + 1, 0);
  auto* const head = reinterpret_cast<Head*>(stored.out.data());
  head->capacity = std::min(in.number<std::uint32_t>(), kArrayMax);
  head->stride = in.number<std::uint32_t>();
  const bool has_items = present(in);
  const auto reserved = in.number<std::uint32_t>();
  if constexpr (requires { head->reserved; }) head->reserved = reserved;
  if (has_items) {
    stored.items.assign(std::size_t{head->capacity} * sizeof(Item) / sizeof(std::uint64_t) + 1, 0);
    head->items = reinterpret_cast<Item*>(stored.items.data());
    if (head->stride >= sizeof(Item) && head->stride % sizeof(std::uint64_t) == 0) {
      head->stride = sizeof(Item);
    }
  }
  stored.call.out = head;
}

void read_out(Reader& in, StoredCall& stored) {
  if (!present(in)) return;
  if (const std::uint32_t known = stored.call.info().out; known != 0) {
    const auto size = std::min(in.number<std::uint32_t>(), known);
    stored.out.assign(known / sizeof(std::uint64_t) + 1, 0);
    std::memcpy(stored.out.data(), &size, sizeof size);
    stored.call.out = stored.out.data();
  } else if (stored.call.slot == Slot::kDrain) {
    read_head<mpath_tokens, mpath_token>(in, stored);
  } else if (stored.call.slot == Slot::kPoll) {
    read_head<mpath_events, mpath_event>(in, stored);
  } else if (stored.call.slot == Slot::kTunnelSnapshot) {
    read_head<mpath_leg_summaries, mpath_leg_summary>(in, stored);
  } else {
    read_head<mpath_log_records, mpath_log_record>(in, stored);
  }
}

}  // namespace

bool read_inputs(Reader& in, StoredCall& stored) {
  const auto slot = in.number<std::uint8_t>();
  if (!in.ok() || slot >= judge::kSlots) return false;
  judge::Call& call = stored.call;
  call.slot = static_cast<Slot>(slot);
  stored.instance = in.number<std::uint32_t>();
  for (std::uint64_t* const value : {&call.tunnel, &call.leg, &call.now_us, &call.bytes}) {
    *value = in.number<std::uint64_t>();
  }
  for (std::uint32_t* const value : {&call.number, &call.count, &call.stride}) {
    *value = in.number<std::uint32_t>();
  }
  if (present(in)) read_config(in, stored);
  if (present(in)) read_text(in, stored);
  if (present(in)) read_views(in, stored);
  if (present(in)) {
    read_path(in, stored, stored.path);
    call.path = &stored.path;
  }
  if (present(in)) {
    read_legs(in, stored);
  } else {
    in.fail_unless(call.count == 0);
  }
  if (present(in)) read_params(in, stored);
  if (present(in)) {
    in.plain(stored.request);
    call.request = &stored.request;
  }
  if (present(in)) read_cell(in, stored);
  read_out(in, stored);
  if (present(in)) {
    const bool sheds = call.slot == Slot::kInstanceShed;
    in.fail_unless(!sheds || call.number <= kArrayMax);
    stored.ids.assign(std::max<std::size_t>({sheds ? call.number : 0, stored.legs.size(), 1}), 0);
    call.out_ids = stored.ids.data();
  }
  if (present(in)) call.out_leg = &stored.leg;
  if (present(in)) call.out_number = &stored.number;
  if (present(in)) call.out_instance = &stored.opened;
  return in.ok();
}

}  // namespace mpath::trace
