// Every option of version 1.
#pragma once

#include "config/options/option.h"

namespace conflux::config {

const Catalogue& catalogue();

}  // namespace conflux::config
