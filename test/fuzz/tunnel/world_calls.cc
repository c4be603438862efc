// World: life of tunnels and legs, views, events.
#include <algorithm>
#include <cstring>

#include "test/fuzz/support/expect.h"
#include "test/fuzz/tunnel/world.h"

namespace conflux::fuzz {
namespace {

constexpr std::uint64_t kExitTag = 300;

bool same(const mpath_tunnel_info& a, const mpath_tunnel_info& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

}  // namespace

std::uint64_t World::now(Oddity oddity) {
  const std::uint64_t at = oddity == Oddity::kTime ? in_.number() : now_us_;
  if (at <= MPATH_TIME_MAX) latest_us_ = std::max(latest_us_, at);
  return at;
}

mpath_tunnel_info World::info(mpath_tunnel_id tunnel) {
  mpath_tunnel_info out{};
  out.struct_size = sizeof out;
  expect(table_.tunnel_info(instance_, tunnel, &out) == MPATH_OK, "a tunnel can be asked");
  return out;
}

// 0: there is no such leg.
std::uint32_t World::leg_state(const TunnelModel& tunnel, mpath_leg_id leg) {
  mpath_leg_info out{};
  out.struct_size = sizeof out;
  const mpath_status status = table_.leg_info(instance_, tunnel.id(), leg, &out);
  check_status(status);
  return status == MPATH_OK ? out.state : 0;
}

void World::check_leg(TunnelModel& tunnel, mpath_leg_id leg) {
  mpath_leg_info out{};
  out.struct_size = sizeof out;
  const mpath_status status = table_.leg_info(instance_, tunnel.id(), leg, &out);
  check_status(status);
  if (status == MPATH_OK) return tunnel.check_leg(out);
  expect(status == MPATH_E_STALE, "an id is alive or stale");
  if (!tunnel.find(leg)->live) return;
  // The question was the first call since somebody marked it to be shed.
  const mpath_tunnel_info now = info(tunnel.id());
  expect(now.close_reason == MPATH_REASON_SHED, "a leg is there until it is removed");
  tunnel.note_state(now);
}

World::Before World::before(TunnelModel& tunnel) { return {info(tunnel.id()), tunnel.closed()}; }

mpath_tunnel_info World::after(TunnelModel& tunnel, const Before& before, mpath_status status) {
  check_status(status);
  const mpath_tunnel_info now = info(tunnel.id());
  tunnel.note_state(now);
  const bool nothing_due = latest_us_ < before.info.next_deadline_us;
  const bool shed = !before.closed && now.close_reason == MPATH_REASON_SHED;
  const bool refused = is_misuse(status) || status == MPATH_BLOCKED || status == MPATH_E_LIMIT;
  if (refused && nothing_due && !shed) {
    expect(same(before.info, now), "a call that is refused changes nothing");
  }
  return now;
}

void World::check(TunnelModel& tunnel, const mpath_tunnel_info& info) {
  tunnel.check_info(info);
  const LegModel* gone = nullptr;
  for (const LegModel& leg : tunnel.legs) {
    if (leg.live) {
      check_leg(tunnel, leg.id);
    } else {
      gone = &leg;
    }
  }
  if (gone != nullptr) check_leg(tunnel, gone->id);
}

World::Path World::read_path() {
  Path path;
  const std::uint8_t kind = in_.byte();
  std::size_t hops = 3;
  if (kind >= 224) hops = in_.below(MPATH_HOPS_MAX + 2);
  for (std::size_t i = 0; i < hops; ++i) {
    const bool last = i + 1 == hops;
    path.hops.push_back(
        {last ? kExitTag : i + 1, MPATH_HOP_RELAY, last ? MPATH_CC_VEGAS : MPATH_CC_FIXED_WINDOW});
  }
  if (kind >= 208 && !path.hops.empty()) {
    mpath_hop& hop = path.hops[in_.below(path.hops.size())];
    hop = {in_.number(), in_.number32() % 4, in_.number32() % 3};
  }
  if (kind >= 192) path.flags = in_.number32();
  if (kind >= 176) path.cwnd_init = in_.number32();
  if (kind >= 160) path.sendme_inc = in_.number32();
  path.founds_set = kind >= 144 && kind < 160;
  return path;
}

// A join point with another window is none that the exit of these steps can be.
void World::note_path(TunnelModel& tunnel, const Path& path) {
  if (path.cwnd_init != kExitWindow) tunnel.note_hostile();
}

mpath_leg_id World::read_leg(TunnelModel& tunnel) {
  const std::uint8_t which = in_.byte();
  if (which < 240) return tunnel.legs[which % tunnel.legs.size()].id;
  if (which == 240) return 0;
  if (which < 248) {
    const Slot& other = tunnels_[which % kTunnels];
    return other ? other->legs.back().id : 1;
  }
  return in_.number();
}

World::Views World::views(TunnelModel& tunnel, Oddity oddity) {
  std::vector<mpath_leg_view> all;
  for (const LegModel& leg : tunnel.legs) {
    if (leg.live) all.push_back(leg.view);
  }
  mpath_leg_views head{nullptr, 0, sizeof(mpath_leg_view), backlog_, 0};
  bool complete = true;
  if (oddity == Oddity::kViews) {
    const std::size_t how = in_.below(7);
    complete = all.empty() || (how != 1 && how != 2 && (how != 6 || all.size() == 1));
    if (how == 0) std::ranges::reverse(all);
    if (how == 1 && !all.empty()) all.pop_back();
    if (how == 2 && !all.empty()) all.push_back(all.front());
    if (how == 3) all.insert(all.begin(), tunnel.legs.front().view);
    if (how == 4) all.emplace_back().leg = in_.number();
    if (how == 5) head.reserved = in_.byte();
    if (how == 6 && !all.empty()) all.back() = all.front();
  }
  head.stride = stride_of<mpath_leg_view>(oddity);
  if (head.stride % alignof(mpath_leg_view) != 0 && in_.flag()) head.stride &= ~7U;
  head.count = static_cast<std::uint32_t>(all.size());
  Views out{ExactArray<mpath_leg_view>(all, head.stride), head, complete};
  out.head.items = out.items.get();
  return out;
}

void World::create(Slot& slot) {
  if (slot) return;
  const Path path = read_path();
  const mpath_leg_params first{sizeof first,
                               path.flags | (path.founds_set ? MPATH_LEG_FOUNDS_SET : 0U),
                               next_cookie_++,
                               {path.hops.data(), static_cast<std::uint32_t>(path.hops.size()),
                                sizeof(mpath_hop), path.cwnd_init, path.sendme_inc}};
  std::array<std::uint8_t, MPATH_SEED_LEN> seed{};
  seed.fill(in_.byte());
  seed[0] = static_cast<std::uint8_t>(next_cookie_);
  const bool seeded = seed[1] != 0xFF;
  mpath_tunnel_params params{sizeof params, MPATH_ROLE_CLIENT, next_cookie_++,
                             seeded ? seed.data() : nullptr, &first};
  if (seed[1] == 0xFE) params.role = in_.number32();
  mpath_tunnel_id id = 0;
  LegModel leg;
  leg.cookie = first.cookie;
  const mpath_status status = table_.tunnel_create(instance_, &params, &id, &leg.id);
  check_status(status);
  if (status != MPATH_OK) return expect(is_misuse(status), "only misuse keeps a tunnel from birth");
  expect(id != 0 && std::ranges::find(dead_, id) == dead_.end(), "ids of tunnels are new");
  leg.view.leg = leg.id;
  leg.sendme_inc = path.hops.empty() ? 0 : path.sendme_inc;
  leg.view.cwnd = path.cwnd_init;
  leg.view.half_stream_expiry_us = leg.view.disused_since_us = MPATH_NEVER;
  mpath_instance_info now{};
  now.struct_size = sizeof now;
  expect(table_.instance_info(instance_, &now) == MPATH_OK, "an instance can be asked");
  TunnelBirth birth{id, params.cookie, tunnel_limit_, now.reorder_high_water, now.reorder_low_water,
                    {}};
  if (seeded) birth.seed = seed;
  TunnelModel& tunnel = slot.emplace(birth, leg);
  note_path(tunnel, path);
  const mpath_tunnel_info born = info(id);
  tunnel.note_state(born);  // it may be multi-path from the start
  check(tunnel, born);
}

void World::destroy(Slot& slot) {
  const mpath_tunnel_id id = slot->id();
  // Whoever still holds something keeps the tunnel; closing does not need to have been told.
  const mpath_status status = table_.tunnel_destroy(instance_, id);
  expect(status == (slot->held() > 0 ? MPATH_E_TOKENS_HELD : MPATH_OK),
         "a tunnel goes once its tokens are drained, not before");
  if (status != MPATH_OK) return;
  dead_.push_back(id);
  slot.reset();
  mpath_tunnel_info out{};
  out.struct_size = sizeof out;
  expect(table_.tunnel_info(instance_, id, &out) == MPATH_E_STALE, "what is destroyed is stale");
}

// All steps to a tunnel whose legs are linked, so that few bytes lead deep.
void World::establish(Slot& slot) {
  const std::size_t legs = 1 + in_.below(5);
  if (!slot) create(slot);
  if (!slot) return;
  TunnelModel& tunnel = *slot;
  for (std::size_t i = 0; i < legs && !tunnel.closed(); ++i) add_legs(slot, Oddity::kNone);
  link(tunnel);
  poll_whole(tunnel);
  now_us_ = std::min<std::uint64_t>(now_us_ + 20'000, MPATH_TIME_MAX);
  const std::size_t known = tunnel.legs.size();
  for (std::size_t i = 0; i < known; ++i) {
    if (tunnel.legs[i].link_told && !tunnel.legs[i].linked) {
      receive_linked(tunnel, tunnel.legs[i], SIZE_MAX);
    }
  }
  poll_whole(tunnel);
}

void World::add_legs(Slot& slot, Oddity oddity) {
  TunnelModel& tunnel = *slot;
  const std::uint8_t kind = in_.byte();
  const std::size_t count = kind < 240 ? 1 + kind % 2 : in_.below(MPATH_LEGS_MAX + 3);
  std::vector<Path> paths;
  for (std::size_t i = 0; i < count; ++i) paths.push_back(read_path());
  std::vector<mpath_leg_params> params;
  for (const Path& path : paths) {
    params.push_back({sizeof(mpath_leg_params),
                      path.flags,
                      next_cookie_++,
                      {path.hops.data(), static_cast<std::uint32_t>(path.hops.size()),
                       sizeof(mpath_hop), path.cwnd_init, path.sendme_inc}});
  }
  const std::uint32_t stride = stride_of<mpath_leg_params>(oddity);
  ExactArray<mpath_leg_params> items(params, stride);
  ExactArray<mpath_leg_id> ids(count, sizeof(mpath_leg_id));
  const Views all = views(tunnel, oddity);
  const Before was = before(tunnel);
  const mpath_status status =
      table_.legs_add(instance_, tunnel.id(), items.get(), static_cast<std::uint32_t>(count),
                      stride, &all.head, ids.get());
  const mpath_tunnel_info now = after(tunnel, was, status);
  ids.check_untouched(status == MPATH_OK ? count : 0);
  std::vector<LegModel> added;
  for (std::size_t i = 0; status == MPATH_OK && i < count; ++i) {
    LegModel& leg = added.emplace_back();
    leg.id = leg.view.leg = ids.at(i);
    leg.cookie = params[i].cookie;
    leg.sendme_inc = params[i].path.sendme_inc;
    leg.view.cwnd = params[i].path.cwnd_init;
    leg.view.half_stream_expiry_us = leg.view.disused_since_us = MPATH_NEVER;
  }
  if (!added.empty()) tunnel.note_added(added);
  for (const Path& path : paths) note_path(tunnel, path);
  check(tunnel, now);
}

void World::link(TunnelModel& tunnel) {
  const Before was = before(tunnel);
  const mpath_status status = table_.link(instance_, tunnel.id(), now(Oddity::kNone));
  const mpath_tunnel_info now = after(tunnel, was, status);
  for (const LegModel& leg : tunnel.legs) {
    if (status == MPATH_OK && leg_state(tunnel, leg.id) == MPATH_LEG_LINK_QUEUED) {
      tunnel.note_begun(leg.id);
    }
  }
  check(tunnel, now);
}

void World::remove_leg(TunnelModel& tunnel, Oddity oddity) {
  const mpath_leg_id leg = read_leg(tunnel);
  const std::uint8_t which = in_.byte();
  const std::uint32_t reason = which < 240 ? MPATH_REASON_HANDSHAKE_TIMEOUT + which % 5U : which;
  const Views all = views(tunnel, oddity);
  const std::uint64_t at = now(oddity);
  const LegModel* it = tunnel.find(leg);
  const bool live = it != nullptr && it->live;
  const Before was = before(tunnel);
  const std::uint32_t verdict = live ? tunnel.loss_of(*it, reason, was.info.primary) : 0;
  const mpath_status status = table_.leg_remove(instance_, tunnel.id(), leg, reason, &all.head, at);
  const mpath_tunnel_info now = after(tunnel, was, status);
  if (status == MPATH_OK) {
    expect(live, "only a leg that is there can be removed");
    tunnel.note_removed(leg, oddity == Oddity::kViews ? now.close_reason : verdict);
  }
  check(tunnel, now);
}

void World::take_single(TunnelModel& tunnel, Oddity oddity) {
  ExactStruct<mpath_leg_info> out(mpath_leg_info{}, size_of<mpath_leg_info>(oddity));
  const std::uint64_t at = now(oddity);
  const Before was = before(tunnel);
  const mpath_status status = table_.leg_take_single(instance_, tunnel.id(), out.get(), at);
  const mpath_tunnel_info now = after(tunnel, was, status);
  out.check_tail();
  if (status == MPATH_OK) {
    expect(tunnel.closed() && tunnel.find(out.value().leg) != nullptr,
           "the only leg is taken back");
  }
  check(tunnel, now);
}

void World::close(TunnelModel& tunnel) {
  const Before was = before(tunnel);
  const mpath_status status = table_.tunnel_close(instance_, tunnel.id(), now(Oddity::kNone));
  const mpath_tunnel_info now = after(tunnel, was, status);
  expect(status == MPATH_OK && tunnel.closed(), "a tunnel closes when it is told to");
  check(tunnel, now);
}

void World::set_path(TunnelModel& tunnel) {
  const mpath_leg_id leg = read_leg(tunnel);
  const Path path = read_path();
  const mpath_path as_told{path.hops.data(), static_cast<std::uint32_t>(path.hops.size()),
                           sizeof(mpath_hop), path.cwnd_init, path.sendme_inc};
  const Before was = before(tunnel);
  const mpath_status status = table_.leg_set_path(instance_, tunnel.id(), leg, &as_told);
  const mpath_tunnel_info now = after(tunnel, was, status);
  expect(status != MPATH_OK || !tunnel.multi_path(), "paths change on single circuits only");
  if (status == MPATH_OK) tunnel.find(leg)->sendme_inc = path.sendme_inc;
  note_path(tunnel, path);
  check(tunnel, now);
}

void World::set_view(TunnelModel& tunnel) {
  LegModel* leg = tunnel.find(read_leg(tunnel));
  if (leg == nullptr) return;
  mpath_leg_view& view = leg->view;
  const std::uint8_t what = in_.byte();
  if ((what & 1U) != 0) view.flags = in_.byte();
  // What the host has seen by itself counts as a cell that breaks rules.
  if ((view.flags & MPATH_VIEW_INPUT_UNEXPECTED) != 0) tunnel.note_hostile();
  if ((what & 2U) != 0) view.cwnd = in_.number32();
  if ((what & 4U) != 0) {
    view.inflight = in_.number32();
    // Some hosts tell totals, of which `inflight` is the difference.
    view.data_acked += in_.byte();
    view.data_sent = (what & 1U) != 0 ? 0 : view.data_acked + view.inflight;
  }
  if ((what & 8U) != 0) view.ewma_rtt_us = in_.number32();
  if ((what & 16U) != 0) view.half_stream_expiry_us = in_.number();
  if ((what & 32U) != 0) view.disused_since_us = in_.number();
  if ((what & 64U) != 0) view.open_streams = in_.number32();
  if ((what & 128U) != 0) view.channel_queue = in_.number32();
}

void World::padding(TunnelModel& tunnel) {
  const mpath_leg_id leg = read_leg(tunnel);
  const Before was = before(tunnel);
  const mpath_status status =
      table_.padding_event(instance_, tunnel.id(), leg, in_.number32() % 5, now(Oddity::kNone));
  check(tunnel, after(tunnel, was, status));
}

// Everything that only asks.
void World::ask(TunnelModel& tunnel, Oddity oddity) {
  const Before was = before(tunnel);
  mpath_leg_id single = 0;
  const mpath_status alone = table_.leg_single(instance_, tunnel.id(), &single);
  mpath_tunnel_info now = after(tunnel, was, alone);
  expect((alone == MPATH_OK) == (now.leg_count == 1), "one leg is one leg");

  const mpath_leg_id leg = read_leg(tunnel);
  std::uint32_t uses = 2;
  const mpath_status sendme =
      table_.leg_uses_stream_sendme(instance_, tunnel.id(), leg, in_.number32() % 20, &uses);
  check_status(sendme);
  expect((sendme == MPATH_OK) == (uses <= 1), "stream SENDMEs: yes, no, or an error");

  const Views all = views(tunnel, oddity);
  ExactStruct<mpath_activity> activity(mpath_activity{}, size_of<mpath_activity>(oddity));
  const mpath_status active =
      table_.tunnel_activity(instance_, tunnel.id(), &all.head, activity.get());
  now = after(tunnel, was, active);
  activity.check_tail();
  expect(active != MPATH_OK || all.complete || now.leg_count == 0, "each leg is viewed once");
  ExactStruct<mpath_detail> detail(mpath_detail{}, size_of<mpath_detail>(oddity));
  check_status(table_.tunnel_detail(instance_, tunnel.id(), detail.get()));
  detail.check_tail();

  const std::uint32_t stride = stride_of<mpath_leg_summary>(oddity);
  const auto capacity = static_cast<std::uint32_t>(in_.below(MPATH_LEGS_MAX + 1));
  ExactArray<mpath_leg_summary> items(capacity, stride);
  mpath_leg_summaries out{items.get(), capacity, stride, 0, 0};
  const mpath_status status = table_.tunnel_snapshot(instance_, tunnel.id(), &out);
  check_status(status);
  items.check_untouched(std::min(out.count, capacity));
  for (std::uint32_t i = 0; status == MPATH_OK && i < std::min(out.count, capacity); ++i) {
    const LegModel* it = tunnel.find(items.at(i).leg);
    expect(it != nullptr && it->live, "a snapshot shows legs that are there");
  }
  expect(status != MPATH_OK || out.count == now.leg_count, "a snapshot shows all legs");
  check(tunnel, now);
}

void World::poll(TunnelModel& tunnel, Oddity oddity) {
  const std::uint32_t stride = stride_of<mpath_event>(oddity);
  const auto capacity = static_cast<std::uint32_t>(in_.below(24));
  ExactArray<mpath_event> items(capacity, stride);
  const Views all = views(tunnel, oddity);
  mpath_events events{items.get(), capacity, stride, 0, 0, 0};
  const std::uint64_t at = now(oddity);
  const Before was = before(tunnel);
  const mpath_status status = table_.poll(instance_, tunnel.id(), &all.head, at, &events);
  const mpath_tunnel_info now = after(tunnel, was, status);
  items.check_untouched(status == MPATH_OK ? events.count : 0);
  std::vector<mpath_event> told;
  for (std::uint32_t i = 0; status == MPATH_OK && i < events.count; ++i)
    told.push_back(items.at(i));
  if (status == MPATH_OK) tunnel.note_events(told, backlog_);
  expect(status != MPATH_OK || events.next_deadline_us > at, "no deadline is in the past");
  expect(status != MPATH_OK || all.complete || now.leg_count == 0, "each leg is viewed once");
  if (status == MPATH_E_BUFFER) {
    expect(events.count > capacity && events.count <= MPATH_EVENTS_MAX,
           "poll() says what it needs");
  }
  check(tunnel, now);
}

void World::poll_whole(TunnelModel& tunnel) {
  ExactArray<mpath_event> items(MPATH_EVENTS_MAX, sizeof(mpath_event));
  const Views all = views(tunnel, Oddity::kNone);
  mpath_events events{items.get(), MPATH_EVENTS_MAX, sizeof(mpath_event), 0, 0, 0};
  const Before was = before(tunnel);
  const mpath_status status =
      table_.poll(instance_, tunnel.id(), &all.head, now(Oddity::kNone), &events);
  const mpath_tunnel_info now = after(tunnel, was, status);
  expect(status == MPATH_OK, "a poll with views of all legs and enough room succeeds", status);
  expect(events.next_deadline_us > now_us_, "no deadline is in the past");
  std::vector<mpath_event> told;
  for (std::uint32_t i = 0; i < events.count; ++i) told.push_back(items.at(i));
  tunnel.note_events(told, backlog_);
  check(tunnel, now);
}

}  // namespace conflux::fuzz
