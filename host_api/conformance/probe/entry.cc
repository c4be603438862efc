// mpath_probe.so: the entry point and the table that it hands out.
#define MPATH_BUILDING_PLUGIN
#include <mpath/plugin.h>
#include <pthread.h>

#include <algorithm>

#include "host_api/conformance/probe/probe.h"

namespace mpath::probe {
namespace {

constexpr std::uint32_t kTableExtraMax = 256;

// Never destroyed: a host may call to its very end.
Probe& probe() {
  static Probe* const one = [] {
    auto* const made = new Probe;
    ::pthread_atfork(nullptr, nullptr, [] { probe().forked(); });
    return made;
  }();
  return *one;
}

mpath_status handle(judge::Call& call) noexcept { return probe().handle(call); }

const char* status_text(mpath_status status) {
  return status < 0 ? "an error (probe)" : "ok (probe)";
}
const char* number_text(std::uint32_t) { return "words (probe)"; }
const void* get_extension(const char*) { return nullptr; }

// A table of a newer minor version is longer than ours.
struct LongTable {
  mpath_plugin_table table;
  std::uint8_t newer[kTableExtraMax];
};

const mpath_plugin_table* table() {
  static const LongTable one = [] {
    LongTable made{judge::make_table(handle), {}};
    made.table.struct_size += std::min(probe().table_extra(), kTableExtraMax);
    made.table.signalling[2] = 0x78;  // 19 to 22
    made.table.sequenced[0] = 0x1e;   // 1 to 4
    made.table.sequenced[1] = 0x18;   // 11, 12
    made.table.sequenced[5] = 0x18;   // 43, 44
    made.table.status_text = status_text;
    made.table.reason_text = number_text;
    made.table.log_text = number_text;
    made.table.get_extension = get_extension;
    return made;
  }();
  return &one.table;
}

}  // namespace
}  // namespace mpath::probe

mpath_status mpath_plugin_negotiate(mpath_negotiation* io) try {
  return mpath::probe::probe().negotiate(io, mpath::probe::table());
} catch (...) {
  return MPATH_E_NO_MEMORY;
}
