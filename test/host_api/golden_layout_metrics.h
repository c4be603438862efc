// The layout of the extension mpath.metrics/1, byte by byte.
#pragma once

#include <mpath/metrics.h>

#include "test/host_api/golden_layout.h"

SIZE(mpath_metric, 88);
FIELD(mpath_metric, struct_size, 0, 4);
FIELD(mpath_metric, kind, 4, 4);
FIELD(mpath_metric, name, 8, 8);
FIELD(mpath_metric, unit, 16, 8);
FIELD(mpath_metric, help, 24, 8);
FIELD(mpath_metric, label, 32, 8);
FIELD(mpath_metric, values, 40, 8);
FIELD(mpath_metric, bounds, 48, 8);
FIELD(mpath_metric, value_count, 56, 4);
FIELD(mpath_metric, bound_count, 60, 4);
FIELD(mpath_metric, first_word, 64, 4);
FIELD(mpath_metric, word_count, 68, 4);
FIELD(mpath_metric, bin, 72, 8);
FIELD(mpath_metric, scale, 80, 8);

SIZE(mpath_metrics, 24);
FIELD(mpath_metrics, struct_size, 0, 4);
FIELD(mpath_metrics, count, 4, 4);
FIELD(mpath_metrics, describe, 8, 8);
FIELD(mpath_metrics, snapshot, 16, 8);
