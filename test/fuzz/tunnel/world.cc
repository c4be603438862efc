#include "test/fuzz/tunnel/world.h"

#include <string>
#include <string_view>

#include "test/fuzz/support/expect.h"

// Linked in, not loaded: a run takes microseconds.
extern "C" mpath_status mpath_plugin_negotiate(mpath_negotiation* io);

namespace conflux::fuzz {
namespace {

struct Config {
  const char* text;
  std::uint64_t tunnel_limit;
  std::uint64_t process_limit;
};

// Small limits, so that short runs reach them; the defaults.
constexpr std::array<Config, 4> kConfigs = {{
    {"version: 1\nconflux:\n  profile: lab\n  legs: {max: 16}\n  handshake_timeout: 2s\n"
     "  log: {level: trace}\n  reorder:\n    tunnel_limit: 64KiB\n    process_limit: 1MiB\n"
     "    high_water: 16KiB\n    low_water: 4KiB\n    stall_timeout: 5s\n",
     64U << 10U, 1U << 20U},
    {"version: 1\nconflux:\n  profile: lab\n  legs: {max: 16}\n"
     "  desired_ux: min_latency\n  handshake_timeout: 100ms\n  reorder:\n    tunnel_limit: 1MiB\n"
     "    process_limit: 1MiB\n    high_water: 4KiB\n    low_water: 0\n    stall_timeout: 1s\n",
     1U << 20U, 1U << 20U},
    {"version: 1\nconflux:\n  profile: lab\n  legs: {count: 1, max: 3}\n  log: {level: error}\n",
     64U << 20U, 256U << 20U},
    {"", 16U << 20U, 256U << 20U},
}};
// The default profile takes no scheduler by its name.
constexpr std::size_t kStock = kConfigs.size() - 1;

// As they stood before the others came: inputs that are kept choose the same by the same byte.
constexpr std::array<const char*, 3> kFirstSchedulers = {"auto", "min_rtt", "low_rtt"};
constexpr std::array<const char*, 8> kSchedulers = {
    "auto", "min_rtt", "low_rtt", "cwnd_rtt", "min_rtt_low_mem", "low_rtt_low_mem", "blest", "ecf"};

// The text of a configuration with a scheduler: what is left of the byte that chose the one, once
// it is divided by their number, chooses the other.
std::string text_of(std::size_t which, std::size_t left) {
  std::string text = kConfigs[which].text;
  if (which == kStock) return text;
  const char* scheduler =
      left == 0 ? kFirstSchedulers[which] : kSchedulers[left % kSchedulers.size()];
  return text + "  scheduler: " + scheduler + "\n";
}

mpath_config_text config_text(std::string_view text) {
  return {sizeof(mpath_config_text), static_cast<std::uint32_t>(text.size()), text.data(), "fuzz"};
}

}  // namespace

const mpath_plugin_table& conflux_table() {
  static const mpath_plugin_table* const table = [] {
    mpath_negotiation io{};
    io.struct_size = sizeof io;
    io.magic = MPATH_NEGOTIATION_MAGIC;
    io.host_major_min = io.host_major_max = MPATH_ABI_MAJOR;
    expect(mpath_plugin_negotiate(&io) == MPATH_OK, "the plugin speaks this version");
    return io.table;
  }();
  return *table;
}

bool is_misuse(mpath_status status) { return status <= -100 && status > -200; }

void check_status(mpath_status status) {
  expect(status != MPATH_E_POISONED, "no call finds a bug of the plugin");
  expect(status != MPATH_E_NO_MEMORY && status != MPATH_E_RANDOM, "nothing runs out");
  const bool known = (status >= MPATH_OK && status <= MPATH_IGNORED) ||
                     (status <= MPATH_E_ARGUMENT && status >= MPATH_E_VERSION) ||
                     status == MPATH_E_PROTOCOL || status == MPATH_E_CLOSED ||
                     status == MPATH_E_LIMIT;
  expect(known, "every status is one of the contract");
  expect(conflux_table().status_text(status) != nullptr, "every status has words");
}

World::World(Input in) : in_(in), table_(conflux_table()) { open_instance(); }

void World::open_instance() {
  const std::size_t choice = in_.byte();
  const std::size_t which = choice % kConfigs.size();
  const Config& config = kConfigs[which];
  const std::string words = text_of(which, choice / kConfigs.size());
  const mpath_config_text text = config_text(words);
  expect(table_.instance_open(&text, nullptr, &instance_) == MPATH_OK, "good texts are taken");
  tunnel_limit_ = config.tunnel_limit;
  process_limit_ = config.process_limit;
}

void World::reload() {
  const std::size_t choice = in_.byte();
  const std::size_t which = choice % (kConfigs.size() + 1);
  std::array<char, 64> words{};
  mpath_text diagnostics{words.data(), static_cast<std::uint32_t>(in_.below(words.size() + 1)), 0};
  if (which == kConfigs.size()) {
    // Hostile text. What it sets, if it is taken, only matters to tunnels to come.
    const auto bytes = in_.take(in_.byte());
    const mpath_config_text text =
        config_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    const mpath_status status = table_.instance_reload(instance_, &text, &diagnostics);
    expect(status == MPATH_OK || status == MPATH_E_CONFIG, "a reload is taken or refused");
    if (status == MPATH_OK) {
      const Config& stock = kConfigs.back();
      const mpath_config_text back = config_text(stock.text);
      expect(table_.instance_reload(instance_, &back, nullptr) == MPATH_OK,
             "the defaults are taken");
      tunnel_limit_ = stock.tunnel_limit;
      process_limit_ = std::max(process_limit_, stock.process_limit);
    }
    return;
  }
  const Config& config = kConfigs[which];
  const std::string yaml = text_of(which, choice / (kConfigs.size() + 1));
  const mpath_config_text text = config_text(yaml);
  expect(table_.instance_reload(instance_, &text, &diagnostics) == MPATH_OK,
         "good texts are taken");
  tunnel_limit_ = config.tunnel_limit;
  process_limit_ = std::max(process_limit_, config.process_limit);
}

void World::shed() {
  const std::uint64_t bytes = in_.number();
  const auto capacity = static_cast<std::uint32_t>(in_.below(kTunnels + 2));
  ExactArray<mpath_tunnel_id> victims(capacity, sizeof(mpath_tunnel_id));
  std::uint32_t count = 0;
  const mpath_status status =
      table_.instance_shed(instance_, bytes, victims.get(), capacity, &count);
  expect(status == MPATH_OK && count <= kTunnels, "shedding names tunnels that there are");
  victims.check_untouched(std::min(count, capacity));
  for (std::uint32_t i = 0; i < std::min(count, capacity); ++i) {
    const auto named = [&](const Slot& it) {
      return it && it->id() == victims.at(i) && it->held();
    };
    expect(std::ranges::any_of(tunnels_, named), "who is to be shed holds something");
  }
}

void World::tick() {
  std::uint64_t next = 0;
  const std::uint64_t at = now(Oddity::kTime);
  const mpath_status status = table_.instance_tick(instance_, at, &next);
  check_status(status);
  expect(is_misuse(status) == (at > MPATH_TIME_MAX), "times have a largest value");
  expect(status != MPATH_OK || next > at, "the next deadline is ahead");
}

void World::drain_log() {
  const Oddity oddity = in_.flag() ? Oddity::kSizes : Oddity::kNone;
  const std::uint32_t stride = stride_of<mpath_log_record>(oddity);
  const auto capacity = static_cast<std::uint32_t>(in_.below(64));
  ExactArray<mpath_log_record> items(capacity, stride);
  mpath_log_records records{items.get(), capacity, stride, 0, 0, 0};
  const mpath_status status = table_.instance_drain_log(instance_, &records);
  check_status(status);
  if (status != MPATH_OK) return;
  expect(records.count <= capacity, "no more records than there is room for");
  items.check_untouched(records.count);
  for (std::uint32_t i = 0; i < records.count; ++i) {
    const mpath_log_record record = items.at(i);
    expect(record.level >= MPATH_LOG_ERROR && record.level <= MPATH_LOG_TRACE, "a known level");
    expect(table_.log_text(record.event) != nullptr, "every record has words");
    expect(table_.reason_text(record.reason) != nullptr, "every reason has words");
  }
}

void World::check_instance() {
  mpath_instance_info info{};
  info.struct_size = sizeof info;
  expect(table_.instance_info(instance_, &info) == MPATH_OK, "an instance can be asked");
  std::uint32_t alive = 0;
  std::uint64_t held = 0;
  std::uint64_t slack = 0;
  for (const Slot& slot : tunnels_) {
    if (!slot) continue;
    ++alive;
    held += slot->footprint();
    slack += slot->largest_cell();
  }
  expect(info.tunnels == alive, "the instance counts its tunnels");
  expect(info.held_bytes == held, "the instance counts what its tunnels hold");
  expect(held <= process_limit_ + process_limit_ / 8 + slack, "the process holds no more");
}

void World::run() {
  while (!in_.empty()) {
    step();
    check_instance();
  }
  finish();
}

void World::step() {
  const std::uint8_t head = in_.byte();
  const Op op{static_cast<std::uint8_t>(head & 31U)};
  // Most calls have nothing odd about them.
  const unsigned odd = head >> 5U;
  const Oddity oddity = odd >= 5 ? static_cast<Oddity>(odd - 4) : Oddity::kNone;
  if (op == Op::kReload) return reload();
  if (op == Op::kShed) return shed();
  if (op == Op::kTick) return tick();
  if (op == Op::kDrainLog) return drain_log();
  if (op == Op::kTime) return turn_clock();
  if (op == Op::kMisuse) return misuse();
  if (op == Op::kNegotiate) return misuse_negotiation();
  Slot& slot = tunnels_[in_.below(kTunnels)];
  if (op == Op::kCreate) return create(slot);
  if (op == Op::kEstablish) return establish(slot);
  if (!slot) return;
  if (op == Op::kDestroy) return destroy(slot);
  if (op == Op::kAddLegs) return add_legs(slot, oddity);
  step_tunnel(*slot, op, oddity);
}

void World::turn_clock() {
  now_us_ = in_.flag() ? now_us_ + in_.number() * 1000 : now_us_ - in_.number();
  now_us_ = std::min<std::uint64_t>(now_us_, MPATH_TIME_MAX);
}

void World::step_tunnel(TunnelModel& tunnel, Op op, Oddity oddity) {
  if (op == Op::kLinkLegs) return link(tunnel);
  if (op == Op::kRemove) return remove_leg(tunnel, oddity);
  if (op == Op::kTake) return take_single(tunnel, oddity);
  if (op == Op::kClose) return close(tunnel);
  if (op == Op::kSetPath) return set_path(tunnel);
  if (op == Op::kView) return set_view(tunnel);
  if (op == Op::kPadding) return padding(tunnel);
  if (op == Op::kAsk) return ask(tunnel, oddity);
  if (op == Op::kPoll) return poll(tunnel, oddity);
  if (op == Op::kPollWhole) return poll_whole(tunnel);
  if (op == Op::kReceive) return receive_any(tunnel, oddity);
  if (op == Op::kBurst) return receive_burst(tunnel);
  if (op == Op::kExitSends) return exit_sends(tunnel);
  if (op == Op::kExitDelivers) return exit_delivers(tunnel);
  if (op == Op::kExitDeliversUnseen) return exit_delivers_unseen(tunnel);
  if (op == Op::kDrain) {
    return drain(tunnel, static_cast<std::uint32_t>(in_.below(100)), oddity);
  }
  if (op == Op::kDrainAll) return drain(tunnel, 4096, Oddity::kNone);
  if (op == Op::kRoute) return route(tunnel, oddity);
  if (op == Op::kCanRead) return can_read(tunnel, oddity);
  if (op == Op::kBacklog) backlog_ = in_.number32();
}

void World::finish() {
  for (Slot& slot : tunnels_) {
    if (!slot) continue;
    expect(table_.instance_close(instance_) == MPATH_E_STATE, "no instance closes under a tunnel");
    close(*slot);
    poll_whole(*slot);
    while (slot->held() > 0) drain(*slot, 4096, Oddity::kNone);
    slot->check_end();
    destroy(slot);
    expect(!slot, "a drained tunnel can be destroyed");
  }
  check_instance();
  expect(table_.instance_close(instance_) == MPATH_OK, "an empty instance closes");
}

}  // namespace conflux::fuzz
