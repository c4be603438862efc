// mpath_check.so: the entry point and the table that it hands out.
#define MPATH_BUILDING_PLUGIN
#include <mpath/plugin.h>
#include <pthread.h>

#include <cstring>

#include "host_api/conformance/check/layer.h"

namespace mpath::layer {
namespace {

// Never destroyed: a host may call to its very end.
Layer& layer() {
  static Layer* const one = [] {
    auto* const made = new Layer(settings_from_environment());
    ::pthread_atfork(nullptr, nullptr, [] { layer().forked(); });
    return made;
  }();
  return *one;
}

mpath_status handle(judge::Call& call) noexcept { return layer().handle(call); }

const char* status_text(mpath_status status) {
  return layer().words("status_text", layer().target()->status_text(status));
}
const char* reason_text(std::uint32_t reason) {
  return layer().words("reason_text", layer().target()->reason_text(reason));
}
const char* log_text(std::uint32_t event) {
  return layer().words("log_text", layer().target()->log_text(event));
}
// What an extension does is not looked at.
const void* get_extension(const char* id) { return layer().target()->get_extension(id); }

const mpath_plugin_table* table() {
  static const mpath_plugin_table one = [] {
    mpath_plugin_table made = judge::make_table(handle);
    std::memcpy(made.signalling, layer().target()->signalling, sizeof made.signalling);
    std::memcpy(made.sequenced, layer().target()->sequenced, sizeof made.sequenced);
    made.status_text = status_text;
    made.reason_text = reason_text;
    made.log_text = log_text;
    made.get_extension = get_extension;
    return made;
  }();
  return &one;
}

}  // namespace
}  // namespace mpath::layer

mpath_status mpath_plugin_negotiate(mpath_negotiation* io) try {
  const mpath_status status = mpath::layer::layer().negotiate(io);
  if (status != MPATH_OK || mpath::layer::layer().target() == nullptr) {
    return status == MPATH_OK ? MPATH_E_UNSUPPORTED : status;
  }
  io->table = mpath::layer::table();
  io->minor = MPATH_ABI_MINOR;  // of this table, whatever the plugin has besides
  return MPATH_OK;
} catch (...) {
  return MPATH_E_NO_MEMORY;
}
