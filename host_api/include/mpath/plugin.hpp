// mpath/plugin.hpp - a thin RAII layer over the C table for C++20 hosts. Header only.
//
//   mpath::Plugin    a negotiated table: words, command classes, extensions. A value; copy it.
//   mpath::Instance  the plugin opened with a configuration. Move-only; closes itself.
//   mpath::Tunnel    one tunnel. Move-only; closes, drains and destroys itself.
//
// Every call returns a Status as the table does; nothing here throws on the cell path and nothing
// allocates there. Text-returning calls (open, check, reload) allocate strings. Threads are those
// of the ABI: Plugin and Instance [any-thread], Tunnel [owner]: one thread at a time. How to get a
// Plugin from a file: mpath/loader.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mpath/types.hpp>
#include <span>
#include <string>
#include <utility>

namespace mpath {

// A table that both sides agreed on. Valid until the plugin is unloaded (the loader never does).
class Plugin {
 public:
  Plugin() = default;
  explicit Plugin(const mpath_negotiation& agreed) noexcept
      : table_(agreed.table),
        name_(agreed.plugin_name),
        version_(agreed.plugin_version),
        major_(agreed.major),
        minor_(agreed.minor) {}

  [[nodiscard]] const mpath_plugin_table* table() const noexcept { return table_; }
  [[nodiscard]] const char* name() const noexcept { return name_ != nullptr ? name_ : ""; }
  [[nodiscard]] const char* version() const noexcept { return version_ != nullptr ? version_ : ""; }
  [[nodiscard]] std::uint32_t abi_major() const noexcept { return major_; }
  [[nodiscard]] std::uint32_t abi_minor() const noexcept { return minor_; }
  explicit operator bool() const noexcept { return table_ != nullptr; }

  [[nodiscard]] const char* text(Status status) const noexcept {
    return table_->status_text(static_cast<mpath_status>(status));
  }
  [[nodiscard]] const char* text(Reason reason) const noexcept {
    return table_->reason_text(static_cast<std::uint32_t>(reason));
  }
  [[nodiscard]] const char* log_text(std::uint32_t event) const noexcept {
    return table_->log_text(event);
  }

  // Is this relay command for receive() with its body?
  [[nodiscard]] bool is_signalling(std::uint8_t command) const noexcept {
    return has_bit(table_->signalling, command);
  }
  // Does it count when it goes to, or comes from, the join point of a multi-path tunnel?
  [[nodiscard]] bool is_sequenced(std::uint8_t command) const noexcept {
    return has_bit(table_->sequenced, command);
  }

  // The function table of an optional capability, or nullptr. T is what its id promises.
  template <typename T>
  [[nodiscard]] const T* extension(const char* id) const noexcept {
    return static_cast<const T*>(table_->get_extension(id));
  }

  // kErrorConfig: the configuration would be refused. `diagnostics` gets every finding.
  Status check(const ConfigText& config, std::string* diagnostics) const {
    const mpath_config_text raw = config.raw();
    return with_diagnostics(diagnostics,
                            [&](mpath_text* text) { return table_->config_check(&raw, text); });
  }

  // Calls `call(mpath_text*)` with room for its text, a second time if it failed and did not fit.
  template <typename Call>
  static Status with_diagnostics(std::string* diagnostics, Call&& call) {
    std::string buffer(4096, '\0');
    mpath_text text{buffer.data(), count32(buffer.size()), 0};
    mpath_status status = call(&text);
    if (status < 0 && text.length >= buffer.size()) {
      buffer.assign(std::size_t{text.length} + 1, '\0');
      text = {buffer.data(), count32(buffer.size()), 0};
      status = call(&text);
    }
    if (diagnostics != nullptr) {
      const std::size_t fits = buffer.size() - 1;
      buffer.resize(text.length < fits ? text.length : fits);
      *diagnostics = std::move(buffer);
    }
    return Status{status};
  }

 private:
  static bool has_bit(const std::uint8_t (&set)[32], std::uint8_t command) noexcept {
    return ((set[command / 8U] >> (command % 8U)) & 1U) != 0;
  }

  const mpath_plugin_table* table_ = nullptr;
  const char* name_ = nullptr;
  const char* version_ = nullptr;
  std::uint32_t major_ = 0;
  std::uint32_t minor_ = 0;
};

// The plugin, opened for this host. Destroy every Tunnel of it first.
class Instance {
 public:
  Instance() = default;
  Instance(Instance&& other) noexcept
      : plugin_(other.plugin_), raw_(std::exchange(other.raw_, nullptr)) {}
  Instance& operator=(Instance&& other) noexcept {
    if (this != &other) {
      close();
      plugin_ = other.plugin_;
      raw_ = std::exchange(other.raw_, nullptr);
    }
    return *this;
  }
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance() { close(); }

  // kErrorConfig: `diagnostics` (may be null) says where and why. On success it gets warnings.
  static Status open(const Plugin& plugin, const ConfigText& config, std::string* diagnostics,
                     Instance* out) {
    const mpath_config_text raw = config.raw();
    mpath_instance* opened = nullptr;
    const Status status = Plugin::with_diagnostics(diagnostics, [&](mpath_text* text) {
      return plugin.table()->instance_open(&raw, text, &opened);
    });
    if (status == Status::kOk) *out = Instance(plugin, opened);
    return status;
  }

  // kErrorState while tunnels are left; the instance then stays open.
  Status close() noexcept {
    if (raw_ == nullptr) return Status::kOk;
    const Status status{table()->instance_close(raw_)};
    if (status == Status::kOk) raw_ = nullptr;
    return status;
  }

  // All or nothing, for tunnels created from now on.
  Status reload(const ConfigText& config, std::string* diagnostics) {
    const mpath_config_text raw = config.raw();
    return Plugin::with_diagnostics(
        diagnostics, [&](mpath_text* text) { return table()->instance_reload(raw_, &raw, text); });
  }

  Status tick(std::uint64_t now_us, std::uint64_t* next_deadline_us) noexcept {
    return Status{table()->instance_tick(raw_, now_us, next_deadline_us)};
  }
  Status info(mpath_instance_info* out) const noexcept {
    *out = sized<mpath_instance_info>();
    return Status{table()->instance_info(raw_, out)};
  }
  // `victims` gets the ids of tunnels whose owners will find them closed; `*count` says how many.
  Status shed(std::uint64_t bytes, std::span<mpath_tunnel_id> victims,
              std::uint32_t* count) noexcept {
    return Status{
        table()->instance_shed(raw_, bytes, victims.data(), count32(victims.size()), count)};
  }

  // Calls each(const mpath_log_record&) for every record, oldest first. Returns how many were lost
  // since the last call because nobody drained them in time.
  template <typename Each>
  std::uint64_t drain_log(Each&& each) {
    std::array<mpath_log_record, 64> buffer;
    std::uint64_t lost = 0;
    for (;;) {
      mpath_log_records out{buffer.data(), buffer.size(), sizeof(mpath_log_record), 0, 0, 0};
      if (table()->instance_drain_log(raw_, &out) != MPATH_OK) return lost;
      lost += out.lost;
      for (std::uint32_t i = 0; i < out.count; ++i) each(buffer[i]);
      if (out.left == 0 || out.count == 0) return lost;
    }
  }

  [[nodiscard]] const Plugin& plugin() const noexcept { return plugin_; }
  [[nodiscard]] const mpath_plugin_table* table() const noexcept { return plugin_.table(); }
  [[nodiscard]] mpath_instance* raw() const noexcept { return raw_; }
  explicit operator bool() const noexcept { return raw_ != nullptr; }

 private:
  Instance(const Plugin& plugin, mpath_instance* raw) noexcept : plugin_(plugin), raw_(raw) {}

  Plugin plugin_;
  mpath_instance* raw_ = nullptr;
};

// What a new tunnel begins with.
struct TunnelParams {
  LegParams first_leg;  // may have no hops yet
  std::uint64_t cookie = 0;
  std::span<const std::uint8_t> seed;  // MPATH_SEED_LEN random bytes; empty: the plugin draws them
  std::uint32_t role = MPATH_ROLE_CLIENT;
};

// Room for what one poll() can tell; keep one per thread.
struct EventBuffer {
  std::array<mpath_event, MPATH_EVENTS_MAX> items;
  std::uint32_t count = 0;
  std::uint64_t next_deadline_us = MPATH_NEVER;

  [[nodiscard]] const mpath_event* begin() const noexcept { return items.data(); }
  [[nodiscard]] const mpath_event* end() const noexcept { return items.data() + count; }
};

// One tunnel. Its destructor closes it, hands every token that is still held to the discard
// function, and destroys it; so no held-back cell leaks, whatever path leads there.
class Tunnel {
 public:
  // Frees the host's cell behind a token. Called from destroy() and the destructor only; must not
  // throw and must not call the tunnel.
  using Discard = std::function<void(const mpath_token&)>;

  Tunnel() = default;
  Tunnel(Tunnel&& other) noexcept { take(other); }
  Tunnel& operator=(Tunnel&& other) noexcept {
    if (this != &other) {
      destroy();
      take(other);
    }
    return *this;
  }
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;
  ~Tunnel() { destroy(); }

  // A single-path tunnel of one circuit, or with MPATH_LEG_FOUNDS_SET a multi-path one; the calling
  // thread owns it. `first_leg` may be null.
  static Status create(Instance& instance, const TunnelParams& params, Discard discard, Tunnel* out,
                       mpath_leg_id* first_leg) {
    if (!params.seed.empty() && params.seed.size() != MPATH_SEED_LEN) return Status::kErrorArgument;
    mpath_tunnel_params raw = sized<mpath_tunnel_params>();
    raw.role = params.role;
    raw.cookie = params.cookie;
    raw.seed = params.seed.empty() ? nullptr : params.seed.data();
    const mpath_leg_params first = params.first_leg.raw();
    raw.first_leg = &first;
    mpath_tunnel_id id = 0;
    mpath_leg_id leg = 0;
    const Status status{instance.table()->tunnel_create(instance.raw(), &raw, &id, &leg)};
    if (status != Status::kOk) return status;
    Tunnel made;
    made.table_ = instance.table();
    made.instance_ = instance.raw();
    made.id_ = id;
    made.discard_ = std::move(discard);
    *out = std::move(made);
    if (first_leg != nullptr) *first_leg = leg;
    return status;
  }

  // Closes with Reason::kHostRequest. Held tokens then drain as MPATH_DISCARD.
  Status close(std::uint64_t now_us) noexcept {
    return Status{table_->tunnel_close(instance_, id_, at(now_us))};
  }

  // Closes, drains into the discard function, destroys. The tunnel is empty afterwards.
  void destroy() noexcept {
    if (id_ == 0) return;
    (void)table_->tunnel_close(instance_, id_, last_now_us_);
    (void)drain_each([this](const mpath_token& token) {
      if (discard_) discard_(token);
    });
    (void)table_->tunnel_destroy(instance_, std::exchange(id_, 0));
  }

  // Legs.
  Status set_path(mpath_leg_id leg, const Path& path) noexcept {
    const mpath_path raw = path.raw();
    return Status{table_->leg_set_path(instance_, id_, leg, &raw)};
  }
  // All or none; `out` must have room for one id per leg. kErrorLegInvalid: see detail().
  Status add_legs(std::span<const mpath_leg_params> legs, const Views& views,
                  std::span<mpath_leg_id> out) noexcept {
    if (out.size() < legs.size()) return Status::kErrorArgument;
    const mpath_leg_views raw = views.raw();
    return Status{table_->legs_add(instance_, id_, legs.data(), count32(legs.size()),
                                   sizeof(mpath_leg_params), &raw, out.data())};
  }
  Status link(std::uint64_t now_us) noexcept {
    return Status{table_->link(instance_, id_, at(now_us))};
  }
  Status remove_leg(mpath_leg_id leg, Reason reason, const Views& views,
                    std::uint64_t now_us) noexcept {
    const mpath_leg_views raw = views.raw();
    return Status{table_->leg_remove(instance_, id_, leg, static_cast<std::uint32_t>(reason), &raw,
                                     at(now_us))};
  }
  Status take_single_leg(mpath_leg_info* out, std::uint64_t now_us) noexcept {
    *out = sized<mpath_leg_info>();
    return Status{table_->leg_take_single(instance_, id_, out, at(now_us))};
  }
  Status single_leg(mpath_leg_id* out) const noexcept {
    return Status{table_->leg_single(instance_, id_, out)};
  }
  Status uses_stream_sendme(mpath_leg_id leg, std::uint32_t hop, bool* out) const noexcept {
    std::uint32_t answer = 0;
    const Status status{table_->leg_uses_stream_sendme(instance_, id_, leg, hop, &answer)};
    if (status == Status::kOk) *out = answer != 0;
    return status;
  }
  // `action` is one of MPATH_PADDING_*.
  Status padding_event(mpath_leg_id leg, std::uint32_t action, std::uint64_t now_us) noexcept {
    return Status{table_->padding_event(instance_, id_, leg, action, at(now_us))};
  }

  // Cells.
  // Decides and commits. kBlocked: reason_of(*out) says why and nothing has changed. Fields of
  // `*out` other than struct_size need not be set before.
  Status route(const RouteRequest& request, const Views& views, std::uint64_t now_us,
               mpath_grant* out) noexcept {
    const mpath_route_request raw = request.raw();
    const mpath_leg_views raw_views = views.raw();
    out->struct_size = sizeof(mpath_grant);
    out->reason = MPATH_REASON_NONE;
    out->granted = 0;
    return Status{table_->route(instance_, id_, &raw, &raw_views, at(now_us), out)};
  }
  // May streams of the join point be read now? kOk, or kBlocked and `*reason`. `leg` (may be null)
  // gets the leg that would carry the next DATA cell.
  Status can_read(const Views& views, std::uint64_t now_us, Reason* reason,
                  mpath_leg_id* leg) const noexcept {
    const mpath_leg_views raw = views.raw();
    std::uint32_t why = MPATH_REASON_NONE;
    const Status status{table_->can_read(instance_, id_, &raw, now_us, &why, leg)};
    if (reason != nullptr) *reason = Reason{why};
    return status;
  }
  // kOk: deliver it now, then drain out->ready tokens. kHeld: keep it. Fields of `*out` other than
  // struct_size need not be set before.
  Status receive(const Cell& cell, std::uint64_t now_us, mpath_receipt* out) noexcept {
    const mpath_cell raw = cell.raw();
    out->struct_size = sizeof(mpath_receipt);
    out->reason = MPATH_REASON_NONE;
    out->ready = 0;
    return Status{table_->receive(instance_, id_, &raw, at(now_us), out)};
  }
  // Takes tokens into `buffer`; `*count` were written and `*left` remain.
  Status drain(std::span<mpath_token> buffer, std::uint32_t* count, std::uint32_t* left) noexcept {
    mpath_tokens out{buffer.data(), count32(buffer.size()), sizeof(mpath_token), 0, 0};
    const Status status{table_->drain(instance_, id_, &out)};
    *count = out.count;
    *left = out.left;
    return status;
  }
  // Calls each(const mpath_token&) until nothing is left. `each` must not destroy this tunnel.
  template <typename Each>
  Status drain_each(Each&& each) {
    std::array<mpath_token, 64> buffer;
    for (;;) {
      std::uint32_t count = 0;
      std::uint32_t left = 0;
      const Status status = drain(buffer, &count, &left);
      if (is_error(status)) return status;
      for (std::uint32_t i = 0; i < count; ++i) each(std::as_const(buffer[i]));
      if (left == 0 || count == 0) return status;
    }
  }

  // Events.
  Status poll(const Views& views, std::uint64_t now_us, EventBuffer* out) noexcept {
    return poll(views, now_us, out->items, &out->count, &out->next_deadline_us);
  }
  // kErrorBuffer: nothing was consumed and `*count` says how much room is needed.
  Status poll(const Views& views, std::uint64_t now_us, std::span<mpath_event> buffer,
              std::uint32_t* count, std::uint64_t* next_deadline_us) noexcept {
    const mpath_leg_views raw = views.raw();
    mpath_events out{buffer.data(), count32(buffer.size()), sizeof(mpath_event), 0, 0, MPATH_NEVER};
    const Status status{table_->poll(instance_, id_, &raw, at(now_us), &out)};
    *count = out.count;
    *next_deadline_us = out.next_deadline_us;
    return status;
  }

  // What is known.
  Status info(mpath_tunnel_info* out) const noexcept {
    *out = sized<mpath_tunnel_info>();
    return Status{table_->tunnel_info(instance_, id_, out)};
  }
  Status leg_info(mpath_leg_id leg, mpath_leg_info* out) const noexcept {
    *out = sized<mpath_leg_info>();
    return Status{table_->leg_info(instance_, id_, leg, out)};
  }
  // Why the last call answered as it did, where the status says too little.
  Status detail(mpath_detail* out) const noexcept {
    *out = sized<mpath_detail>();
    return Status{table_->tunnel_detail(instance_, id_, out)};
  }
  Status activity(const Views& views, mpath_activity* out) const noexcept {
    const mpath_leg_views raw = views.raw();
    *out = sized<mpath_activity>();
    return Status{table_->tunnel_activity(instance_, id_, &raw, out)};
  }
  // [any-thread] The legs as of the last change; `*count` is what there is, even if it did not fit.
  Status snapshot(std::span<mpath_leg_summary> buffer, std::uint32_t* count) const noexcept {
    mpath_leg_summaries out{buffer.data(), count32(buffer.size()), sizeof(mpath_leg_summary), 0, 0};
    const Status status{table_->tunnel_snapshot(instance_, id_, &out)};
    *count = out.count;
    return status;
  }

  [[nodiscard]] mpath_tunnel_id id() const noexcept { return id_; }
  explicit operator bool() const noexcept { return id_ != 0; }

 private:
  // The destructor has no clock, so the latest time that the host told serves it.
  // One that the plugin refuses would have it refuse the destructor's calls too, and an older one
  // be another step back.
  std::uint64_t at(std::uint64_t now_us) noexcept {
    if (now_us <= MPATH_TIME_MAX && now_us > last_now_us_) last_now_us_ = now_us;
    return now_us;
  }

  void take(Tunnel& other) noexcept {
    table_ = other.table_;
    instance_ = other.instance_;
    id_ = std::exchange(other.id_, 0);
    last_now_us_ = other.last_now_us_;
    discard_ = std::exchange(other.discard_, nullptr);
  }

  const mpath_plugin_table* table_ = nullptr;
  mpath_instance* instance_ = nullptr;
  mpath_tunnel_id id_ = 0;
  std::uint64_t last_now_us_ = 0;
  Discard discard_;
};

}  // namespace mpath
