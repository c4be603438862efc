// The one exported function, and the table that it hands out.
#define MPATH_BUILDING_PLUGIN
#include <mpath/plugin.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "plugin/abi/convert.h"
#include "plugin/abi/extension_metrics.h"
#include "plugin/abi/shim.h"
#include "plugin/adapters/log_words.h"
#include "plugin/types/reason.h"
#include "plugin/types/relay_command.h"

namespace conflux {
namespace {

const char* status_text(mpath_status status) noexcept {
  switch (status) {
    case MPATH_OK:
      return "ok";
    case MPATH_BLOCKED:
      return "blocked: nothing granted";
    case MPATH_HELD:
      return "held: a cell before it is missing";
    case MPATH_CONSUMED:
      return "consumed: a signalling cell";
    case MPATH_PASS:
      return "pass: not sequenced, handle it at once";
    case MPATH_IGNORED:
      return "ignored: the leg has gone";
    case MPATH_E_ARGUMENT:
      return "bad argument: a null pointer, a value out of range or a reserved field set";
    case MPATH_E_SIZE:
      return "a struct or stride is smaller than version 1 of it";
    case MPATH_E_STALE:
      return "the id names nothing alive";
    case MPATH_E_STATE:
      return "not allowed in this state";
    case MPATH_E_BUFFER:
      return "the buffer is too short";
    case MPATH_E_VIEWS:
      return "a leg of the tunnel has no view, or has two";
    case MPATH_E_NOT_SINGLE:
      return "the tunnel does not have exactly one leg";
    case MPATH_E_LEG_INVALID:
      return "a leg cannot join";
    case MPATH_E_UNSUPPORTED:
      return "not supported by this plugin";
    case MPATH_E_CONFIG:
      return "the configuration was refused";
    case MPATH_E_TOKENS_HELD:
      return "tokens are held: close and drain first";
    case MPATH_E_VERSION:
      return "no common version";
    case MPATH_E_PROTOCOL:
      return "the peer violated the protocol; the tunnel is closed";
    case MPATH_E_CLOSED:
      return "the tunnel is closed";
    case MPATH_E_NO_MEMORY:
      return "out of memory";
    case MPATH_E_LIMIT:
      return "a limit was reached";
    case MPATH_E_RANDOM:
      return "no random bytes to be had";
    case MPATH_E_POISONED:
      return "a bug in the plugin: the tunnel is poisoned";
    default:
      return "an unknown status";
  }
}

const char* reason_text(std::uint32_t reason) noexcept { return text(static_cast<Reason>(reason)); }

constexpr void set_bit(std::uint8_t (&bits)[32], std::uint8_t command) {
  bits[command / 8U] = static_cast<std::uint8_t>(bits[command / 8U] | 1U << command % 8U);
}

constexpr mpath_plugin_table make_table() {
  mpath_plugin_table table{};
  table.struct_size = sizeof(mpath_plugin_table);
  for (unsigned command = 0; command < 256; ++command) {
    const auto byte = static_cast<std::uint8_t>(command);
    if (classify(byte) == CommandClass::kSignalling) set_bit(table.signalling, byte);
    if (is_sequenced(classify(byte))) set_bit(table.sequenced, byte);
  }
  table.status_text = status_text;
  table.reason_text = reason_text;
  table.log_text = log_words;
  table.get_extension = extension;
  table.config_check = shim::config_check;
  table.instance_open = shim::instance_open;
  table.instance_close = shim::instance_close;
  table.instance_reload = shim::instance_reload;
  table.instance_tick = shim::instance_tick;
  table.instance_info = shim::instance_info;
  table.instance_drain_log = shim::instance_drain_log;
  table.instance_shed = shim::instance_shed;
  table.tunnel_create = shim::tunnel_create;
  table.tunnel_destroy = shim::tunnel_destroy;
  table.tunnel_close = shim::tunnel_close;
  table.tunnel_info = shim::tunnel_info;
  table.tunnel_detail = shim::tunnel_detail;
  table.tunnel_snapshot = shim::tunnel_snapshot;
  table.tunnel_activity = shim::tunnel_activity;
  table.leg_set_path = shim::leg_set_path;
  table.legs_add = shim::legs_add;
  table.link = shim::link;
  table.leg_remove = shim::leg_remove;
  table.leg_take_single = shim::leg_take_single;
  table.leg_single = shim::leg_single;
  table.leg_info = shim::leg_info;
  table.leg_uses_stream_sendme = shim::leg_uses_stream_sendme;
  table.padding_event = shim::padding_event;
  table.route = shim::route;
  table.can_read = shim::can_read;
  table.receive = shim::receive;
  table.drain = shim::drain;
  table.poll = shim::poll;
  return table;
}

constexpr mpath_plugin_table kTable = make_table();

}  // namespace
}  // namespace conflux

mpath_status mpath_plugin_negotiate(mpath_negotiation* io) {
  if (const mpath_status status = conflux::check_sized(io); status != MPATH_OK) return status;
  if (io->magic != MPATH_NEGOTIATION_MAGIC || io->reserved != 0 ||
      io->host_major_min > io->host_major_max) {
    return MPATH_E_ARGUMENT;
  }
  io->plugin_major_min = MPATH_ABI_MAJOR;
  io->plugin_major_max = MPATH_ABI_MAJOR;
  if (io->host_major_min > MPATH_ABI_MAJOR || io->host_major_max < MPATH_ABI_MAJOR) {
    return MPATH_E_VERSION;
  }
  io->major = MPATH_ABI_MAJOR;
  io->minor = MPATH_ABI_MINOR;
  io->table = &conflux::kTable;
  io->plugin_name = "conflux";
  io->plugin_version = CONFLUX_VERSION;
  return MPATH_OK;
}
