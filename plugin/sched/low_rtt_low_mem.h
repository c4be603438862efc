// LowRtt, with at most one change of leg per window of cells.
#pragma once

#include "plugin/sched/low_mem.h"
#include "plugin/sched/low_rtt.h"

namespace conflux {

using LowRttLowMem = LowMem<LowRtt>;

static_assert(RememberingScheduler<LowRttLowMem>);
CONFLUX_SCHEDULER(5, LowRttLowMem, "low_rtt, at most one switch per window");

}  // namespace conflux
