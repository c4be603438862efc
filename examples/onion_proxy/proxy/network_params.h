#pragma once

#include "examples/onion_proxy/circuit/stream_flow.h"
#include "examples/onion_proxy/circuit/vegas.h"
#include "examples/onion_proxy/directory/consensus.h"

namespace onion_proxy {

// C tor's defaults, unless the consensus says otherwise. Ranges: tor-spec "Network parameters".

VegasParams vegas_of(const Consensus& consensus);

/// An exit may still go by the consensus before ours, or already by the next, and either may leave
/// a parameter out: what is said of the peer is the least of ours and of the default, so that only
/// what no honest exit does breaks the protocol.
StreamFlowParams stream_flow_of(const Consensus& consensus);

}  // namespace onion_proxy
