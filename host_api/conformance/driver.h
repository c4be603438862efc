// Calls a plugin's functions as a careful host does: what goes in lies at the end of a page and is
// read-only, what comes out is fenced, and all of it is out of reach once the call has returned.
//
// Whatever a check is about, each call here also proves: nothing is touched outside of what was
// lent, or later (P-5, P-28); misuse writes nothing (P-11); no exception, no poison (P-29); no
// positive status that the function does not have (P-12).
#pragma once

#include <mpath/plugin.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "host_api/conformance/check.h"
#include "host_api/conformance/lent_memory.h"

namespace mpath::kit {

// The call that a crash happened in; for signal handlers. nullptr: none yet.
[[nodiscard]] const char* current_call() noexcept;

// A struct or an array element (then with "[]" behind its name) that says another size than ours.
struct Skew {
  std::string_view type;  // "mpath_grant", "mpath_event[]"
  std::uint32_t size = 0;
};

struct Views {
  std::vector<mpath_leg_view> items;
  std::uint32_t backlog = 0;
  std::uint32_t reserved = 0;
};

struct Polled {
  std::vector<mpath_event> events;
  std::uint32_t count = 0;  // as told; with E_BUFFER what suffices
  std::uint64_t next_deadline_us = 0;
};

struct Drained {
  std::vector<mpath_token> tokens;
  bool left = false;
};

struct LogTaken {
  std::vector<mpath_log_record> records;
  std::uint32_t left = 0;
  std::uint64_t lost = 0;
};

struct TextOut {
  std::string bytes;         // all `capacity` of them
  std::uint32_t length = 0;  // as told
};

struct TunnelParams {
  mpath_leg_params first{};
  const std::uint8_t* seed = nullptr;  // MPATH_SEED_LEN bytes
  std::uint64_t cookie = 0;
  std::uint32_t role = MPATH_ROLE_CLIENT;
};

// One thread each; several may share an instance. Every function is that of the table.
class Driver {
 public:
  Driver(Context& context, const mpath_plugin_table& plugin) : check(context), table(plugin) {}

  Context& check;
  const mpath_plugin_table& table;
  mpath_instance* instance = nullptr;  // that the calls are on

  Skew skew;                       // of one struct
  std::uint32_t stretch = 0;       // bytes that every struct and element has more: a newer host
  bool retries_no_memory = false;  // E_NO_MEMORY: once more, for the caller to see that nothing
                                   // had changed

  // What `--config` named; empty for the defaults. Does not change: to reload it changes nothing.
  [[nodiscard]] const std::string& configuration() const noexcept {
    return check.settings().config;
  }

  mpath_status config_check(const std::string* config, std::uint32_t capacity, TextOut* text);
  mpath_status instance_open(const std::string* config, mpath_instance*& out);
  mpath_status instance_close(mpath_instance* which);
  mpath_status instance_reload(const std::string* config);
  mpath_status instance_tick(std::uint64_t now_us, std::uint64_t& next);
  mpath_status instance_info(mpath_instance_info& out);
  mpath_status instance_drain_log(std::uint32_t capacity, LogTaken& out);
  mpath_status instance_shed(std::uint64_t bytes, std::uint32_t capacity,
                             std::vector<mpath_tunnel_id>& victims, std::uint32_t& count);

  mpath_status tunnel_create(const TunnelParams& params, mpath_tunnel_id& out, mpath_leg_id& leg);
  mpath_status tunnel_destroy(mpath_tunnel_id tunnel);
  mpath_status tunnel_close(mpath_tunnel_id tunnel, std::uint64_t now_us);
  mpath_status tunnel_info(mpath_tunnel_id tunnel, mpath_tunnel_info& out);
  mpath_status tunnel_detail(mpath_tunnel_id tunnel, mpath_detail& out);
  mpath_status tunnel_snapshot(mpath_tunnel_id tunnel, std::uint32_t capacity,
                               std::vector<mpath_leg_summary>& out, std::uint32_t& count);
  mpath_status tunnel_activity(mpath_tunnel_id tunnel, const Views& views, mpath_activity& out);

  mpath_status leg_set_path(mpath_tunnel_id tunnel, mpath_leg_id leg, const mpath_path& path);
  mpath_status legs_add(mpath_tunnel_id tunnel, const std::vector<mpath_leg_params>& legs,
                        const Views& views, std::vector<mpath_leg_id>& out);
  mpath_status link(mpath_tunnel_id tunnel, std::uint64_t now_us);
  struct Removal {
    mpath_leg_id leg;
    std::uint32_t reason;
  };
  mpath_status leg_remove(mpath_tunnel_id tunnel, Removal removal, const Views& views,
                          std::uint64_t now_us);
  mpath_status leg_take_single(mpath_tunnel_id tunnel, mpath_leg_info& out, std::uint64_t now_us);
  mpath_status leg_single(mpath_tunnel_id tunnel, mpath_leg_id& out);
  mpath_status leg_info(mpath_tunnel_id tunnel, mpath_leg_id leg, mpath_leg_info& out);
  mpath_status leg_uses_stream_sendme(mpath_tunnel_id tunnel, mpath_leg_id leg, std::uint32_t hop,
                                      std::uint32_t& out);
  mpath_status padding_event(mpath_tunnel_id tunnel, mpath_leg_id leg, std::uint32_t action,
                             std::uint64_t now_us);

  mpath_status route(mpath_tunnel_id tunnel, const mpath_route_request& request, const Views& views,
                     std::uint64_t now_us, mpath_grant& out);
  mpath_status can_read(mpath_tunnel_id tunnel, const Views& views, std::uint64_t now_us,
                        std::uint32_t& reason, mpath_leg_id& leg);
  mpath_status receive(mpath_tunnel_id tunnel, const mpath_cell& cell, std::uint64_t now_us,
                       mpath_receipt& out);
  mpath_status drain(mpath_tunnel_id tunnel, std::uint32_t capacity, Drained& out);
  mpath_status poll(mpath_tunnel_id tunnel, const Views& views, std::uint64_t now_us,
                    std::uint32_t capacity, Polled& out);
  // A poll with a field of mpath_events set that must be zero.
  mpath_status poll_reserved(mpath_tunnel_id tunnel, const Views& views, std::uint64_t now_us);

  // A call with arguments that no wrapper makes, such as null pointers.
  mpath_status direct(const char* name, const std::function<mpath_status()>& call);

 private:
  friend class Loan;
  LentMemory memory_;
};

}  // namespace mpath::kit
