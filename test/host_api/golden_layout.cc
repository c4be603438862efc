#include "test/host_api/golden_layout.h"
#include "test/host_api/golden_layout_metrics.h"
