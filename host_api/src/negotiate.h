#pragma once

#include <mpath/loader.hpp>
#include <string_view>

#include "host_api/src/refusal.h"

namespace mpath::detail {

// Agrees on a version with the plugin and checks that its table is whole.
Refusal negotiate(mpath_negotiate_fn entry, const LoadOptions& options, Plugin* out);

// Does the table reach as far as version 1.0 promises, without a null function in it?
Refusal judge_table(const mpath_plugin_table* table, std::string_view name);

}  // namespace mpath::detail
