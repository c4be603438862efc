#include "test/host_api/golden_layout.h"
