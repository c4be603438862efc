#include "test/plugin/support/host.h"

#include <dlfcn.h>

#include <array>
#include <span>
#include <stdexcept>

namespace conflux::test {
namespace {

constexpr std::array<std::uint8_t, MPATH_SEED_LEN> kSeed = [] {
  std::array<std::uint8_t, MPATH_SEED_LEN> seed{};
  for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint8_t>(0xA0 + i);
  return seed;
}();

mpath_negotiate_fn open_plugin() {
  void* library = dlopen(CONFLUX_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(dlerror());
  void* symbol = dlsym(library, MPATH_NEGOTIATE_SYMBOL);
  if (symbol == nullptr) throw std::runtime_error("no entry point in " CONFLUX_PLUGIN);
  return reinterpret_cast<mpath_negotiate_fn>(symbol);
}

// The hops of a circuit, kept as long as the path that points to them.
class OwnedPath {
 public:
  explicit OwnedPath(const Circuit& circuit) : circuit_(circuit), hops_(circuit.hops) {
    for (std::uint32_t i = 0; i < circuit.hops; ++i) {
      const bool last = i + 1 == circuit.hops;
      hops_[i] = {.relay_tag = last ? circuit.exit : 1000 + i,
                  .kind = last && circuit.virtual_end ? MPATH_HOP_VIRTUAL : MPATH_HOP_RELAY,
                  .congestion_control =
                      last && circuit.congestion_control ? MPATH_CC_VEGAS : MPATH_CC_FIXED_WINDOW};
    }
  }
  [[nodiscard]] mpath_path path() const {
    const bool any = circuit_.hops > 0;
    return {.hops = hops_.data(),
            .count = circuit_.hops,
            .stride = sizeof(mpath_hop),
            .cwnd_init = any ? circuit_.cwnd_init : 0,
            .sendme_inc = any ? circuit_.sendme_inc : 0};
  }
  [[nodiscard]] mpath_leg_params params(std::uint64_t cookie) const {
    return {.struct_size = sizeof(mpath_leg_params),
            .flags = circuit_.flags,
            .cookie = cookie,
            .path = path()};
  }

 private:
  Circuit circuit_;
  std::vector<mpath_hop> hops_;
};

}  // namespace

const mpath_plugin_table& conflux_table() {
  static const mpath_plugin_table* const table = [] {
    auto agreed = mpath::sized<mpath_negotiation>();
    agreed.host_major_min = MPATH_ABI_MAJOR;
    agreed.host_major_max = MPATH_ABI_MAJOR;
    agreed.magic = MPATH_NEGOTIATION_MAGIC;
    if (open_plugin()(&agreed) != MPATH_OK) throw std::runtime_error("no common version");
    return agreed.table;
  }();
  return *table;
}

std::string lab_config(const std::string& desired_ux, const std::string& more) {
  return "version: 1\nconflux:\n  profile: lab\n  desired_ux: " + desired_ux +
         "\n  log:\n    level: trace\n" + more;
}

void PrintTo(const Answer& answer, std::ostream* out) {
  *out << words(answer.status) << " (" << words(answer.reason) << ")";
}

void PrintTo(const Grant& grant, std::ostream* out) {
  *out << words(grant.status) << " (" << words(grant.reason) << "): " << grant.granted << " on leg "
       << grant.leg;
  if (grant.switch_delta) *out << " after SWITCH(" << *grant.switch_delta << ")";
}

void Host::open_instance(const std::string& config) {
  const mpath_config_text raw = mpath::ConfigText{config, "test.yaml"}.raw();
  std::string text(4096, '\0');
  mpath_text diagnostics{text.data(), mpath::count32(text.size()), 0};
  if (table.instance_open(&raw, &diagnostics, &instance) != MPATH_OK) {
    throw std::runtime_error(text.c_str());
  }
  owns_instance_ = true;
}

Host::Host(const HostOptions& options) {
  if (options.beside != nullptr) {
    instance = options.beside->instance;
  } else {
    open_instance(options.config);
  }
  const OwnedPath path(options.first);
  auto params = mpath::sized<mpath_tunnel_params>();
  params.role = MPATH_ROLE_CLIENT;
  params.cookie = 7;
  params.seed = options.seeded ? kSeed.data() : nullptr;
  const mpath_leg_params first_leg = path.params(1);
  params.first_leg = &first_leg;
  mpath_leg_id first = 0;
  if (table.tunnel_create(instance, &params, &tunnel, &first) != MPATH_OK) {
    throw std::runtime_error("tunnel_create");
  }
  remember(1, first);
}

Host::~Host() {
  table.tunnel_close(instance, tunnel, now_us);
  take_tokens();
  table.tunnel_destroy(instance, tunnel);
  if (owns_instance_) table.instance_close(instance);
}

void Host::remember(int leg, mpath_leg_id leg_id) {
  ids_[leg] = leg_id;
  mpath_leg_view view{};
  view.leg = leg_id;
  view.cwnd = 124;
  view.half_stream_expiry_us = MPATH_NEVER;
  view.disused_since_us = MPATH_NEVER;
  views_[leg] = view;
}

mpath_leg_views Host::raw_views() const {
  raw_.clear();
  for (const auto& [leg, view] : views_) raw_.push_back(view);
  return {.items = raw_.data(),
          .count = mpath::count32(raw_.size()),
          .stride = sizeof(mpath_leg_view),
          .backlog = backlog,
          .reserved = 0};
}

int Host::number(mpath_leg_id leg_id) const {
  for (const auto& [leg, known] : ids_) {
    if (known == leg_id) return leg;
  }
  return 0;
}

Status Host::add(const std::vector<Circuit>& circuits) {
  std::vector<OwnedPath> paths;
  for (const Circuit& circuit : circuits) paths.emplace_back(circuit);
  const int first = ids_.rbegin()->first + 1;
  std::vector<mpath_leg_params> params;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    params.push_back(paths[i].params(static_cast<std::uint64_t>(first) + i));
  }
  std::vector<mpath_leg_id> out(paths.size());
  const mpath_leg_views views = raw_views();
  const Status status{table.legs_add(instance, tunnel, params.data(), mpath::count32(params.size()),
                                     sizeof(mpath_leg_params), &views, out.data())};
  if (status != Status::kOk) return status;
  for (std::size_t i = 0; i < out.size(); ++i) remember(first + static_cast<int>(i), out[i]);
  return status;
}

Status Host::link() { return Status{table.link(instance, tunnel, now_us)}; }

Status Host::remove(int leg, Reason reason) {
  const mpath_leg_views views = raw_views();
  const Status status{table.leg_remove(instance, tunnel, id(leg),
                                       static_cast<std::uint32_t>(reason), &views, now_us)};
  if (status == Status::kOk) views_.erase(leg);
  return status;
}

Status Host::set_path(int leg, const Circuit& circuit) {
  const OwnedPath path(circuit);
  const mpath_path raw = path.path();
  return Status{table.leg_set_path(instance, tunnel, id(leg), &raw)};
}

void Host::join(int legs) {
  if (add(std::vector<Circuit>(static_cast<std::size_t>(legs) - 1)) != Status::kOk) {
    throw std::runtime_error("legs_add");
  }
}

void Host::join_and_link(int legs) {
  join(legs);
  link();
  poll();
  for (int leg = 1; leg <= legs; ++leg) {
    advance(ms(100));
    if (linked(leg).status != Status::kConsumed) throw std::runtime_error("LINKED refused");
  }
  poll();
}

Answer Host::receive(int leg, std::uint8_t command, const Body& body, std::uint8_t hop) {
  auto cell = mpath::sized<mpath_cell>();
  cell.command = command;
  cell.hop = hop;
  cell.body_length = static_cast<std::uint16_t>(body.size());
  cell.leg = id(leg);
  cell.body = body.data();
  cell.token = next_token_;
  cell.cost = cell_cost;
  auto receipt = mpath::sized<mpath_receipt>();
  const Status status{table.receive(instance, tunnel, &cell, now_us, &receipt)};
  if (status == Status::kOk) delivered_.push_back(cell.token);
  if (drains_by_itself && receipt.ready != 0) take_tokens();
  return {status, Reason{receipt.reason}};
}

Answer Host::cell(int leg, std::uint64_t token, std::uint8_t command, std::uint8_t hop) {
  const std::uint64_t next = next_token_;
  next_token_ = token;
  const Answer answer = receive(leg, command, {}, hop);
  next_token_ = next;
  return answer;
}

Answer Host::linked(int leg) {
  LinkBody answer = link_body(leg);
  answer.ux = 1;
  return receive(leg, kLinked, encode(answer));
}

Answer Host::switched(int leg, std::uint32_t delta) {
  return receive(leg, kSwitch, switch_body(delta));
}

Grant Host::route(std::uint8_t command, std::uint32_t want, std::uint8_t hop, int leg) {
  const mpath::RouteRequest request{command, hop, leg == 0 ? 0 : id(leg), want};
  const mpath_route_request raw = request.raw();
  const mpath_leg_views views = raw_views();
  auto out = mpath::sized<mpath_grant>();
  Grant grant;
  grant.status = Status{table.route(instance, tunnel, &raw, &views, now_us, &out)};
  grant.reason = mpath::reason_of(out);
  grant.granted = out.granted;
  grant.leg = number(out.leg);
  if (out.has_first != 0) grant.switch_delta = decode_switch(mpath::body_of(out.first));
  return grant;
}

Grant Host::send(std::uint8_t command, std::uint32_t want) {
  Grant grant = route(command, want);
  if (grant.status == Status::kOk && command == kData) {
    view(grant.leg).inflight += grant.granted;
    view(grant.leg).data_sent += grant.granted;
  }
  return grant;
}

void Host::acknowledge(int leg, std::uint32_t cells) {
  view(leg).inflight -= cells;
  view(leg).data_acked += cells;
}

Answer Host::can_read(int* leg) {
  const mpath_leg_views views = raw_views();
  std::uint32_t reason = 0;
  mpath_leg_id carrier = 0;
  const Status status{table.can_read(instance, tunnel, &views, now_us, &reason, &carrier)};
  if (leg != nullptr) *leg = number(carrier);
  return {status, Reason{reason}};
}

std::vector<std::string> Host::poll() {
  std::array<mpath_event, MPATH_EVENTS_MAX> buffer;
  mpath_events out{buffer.data(), buffer.size(), sizeof(mpath_event), 0, 0, MPATH_NEVER};
  const mpath_leg_views views = raw_views();
  poll_status_ = Status{table.poll(instance, tunnel, &views, now_us, &out)};
  deadline_ = out.next_deadline_us;
  events_.clear();
  std::vector<std::string> told;
  if (poll_status_ != Status::kOk) return {words(poll_status_)};
  for (const mpath_event& event : std::span(buffer).first(out.count)) {
    events_.push_back(event);
    told.push_back(words(event));
    const int leg = static_cast<int>(event.leg_cookie);
    if (event.kind == MPATH_EVENT_SEND_CELL) {
      sent_cells_[leg] = event.cell;
      if (event.cell.command == kLink) links_[leg] = decode_link(mpath::body_of(event.cell));
    }
    if (event.kind == MPATH_EVENT_LEG_GONE) views_.erase(leg);
  }
  return told;
}

Status Host::padding(int leg, std::uint32_t action) {
  return Status{table.padding_event(instance, tunnel, id(leg), action, now_us)};
}

void Host::take_tokens() {
  std::array<mpath_token, 16> buffer;
  mpath_tokens out{buffer.data(), buffer.size(), sizeof(mpath_token), 0, 1};
  while (out.left != 0 && table.drain(instance, tunnel, &out) == MPATH_OK) {
    for (const mpath_token& token : std::span(buffer).first(out.count)) {
      (token.verdict == MPATH_DELIVER ? delivered_ : discarded_).push_back(token.token);
    }
  }
}

void Host::drain() { take_tokens(); }

mpath_tunnel_info Host::info() const {
  auto out = mpath::sized<mpath_tunnel_info>();
  table.tunnel_info(instance, tunnel, &out);
  return out;
}

mpath_leg_info Host::leg_info(int leg) const {
  auto out = mpath::sized<mpath_leg_info>();
  table.leg_info(instance, tunnel, id(leg), &out);
  return out;
}

Status Host::leg_status(int leg) const {
  auto out = mpath::sized<mpath_leg_info>();
  return Status{table.leg_info(instance, tunnel, id(leg), &out)};
}

mpath_detail Host::detail() const {
  auto out = mpath::sized<mpath_detail>();
  table.tunnel_detail(instance, tunnel, &out);
  return out;
}

mpath_activity Host::activity() const {
  auto out = mpath::sized<mpath_activity>();
  const mpath_leg_views views = raw_views();
  table.tunnel_activity(instance, tunnel, &views, &out);
  return out;
}

std::vector<mpath_leg_summary> Host::snapshot() const {
  std::array<mpath_leg_summary, MPATH_LEGS_MAX> buffer;
  mpath_leg_summaries out{buffer.data(), buffer.size(), sizeof(mpath_leg_summary), 0, 0};
  table.tunnel_snapshot(instance, tunnel, &out);
  return {buffer.begin(), buffer.begin() + out.count};
}

std::vector<LogLine> Host::log() {
  std::array<mpath_log_record, 64> buffer;
  mpath_log_records out{buffer.data(), buffer.size(), sizeof(mpath_log_record), 0, 1, 0};
  while (out.left != 0 && table.instance_drain_log(instance, &out) == MPATH_OK) {
    for (const mpath_log_record& record : std::span(buffer).first(out.count)) {
      log_.push_back({table.log_text(record.event), record.level, Reason{record.reason},
                      record.leg_ordinal, record.value});
    }
  }
  return log_;
}

std::size_t Host::logged(const std::string& text) {
  std::size_t count = 0;
  for (const LogLine& line : log()) count += line.text.find(text) != std::string::npos ? 1 : 0;
  return count;
}

}  // namespace conflux::test
