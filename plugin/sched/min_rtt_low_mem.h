// MinRtt, with at most one change of leg per window of cells.
#pragma once

#include "plugin/sched/low_mem.h"
#include "plugin/sched/min_rtt.h"

namespace conflux {

using MinRttLowMem = LowMem<MinRtt>;

static_assert(RememberingScheduler<MinRttLowMem>);
CONFLUX_SCHEDULER(4, MinRttLowMem, "min_rtt, at most one switch per window");

}  // namespace conflux
