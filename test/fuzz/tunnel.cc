// Sequences of calls on a few tunnels of one instance through the C table, held against a model of
// what the contract promises (tunnel/tunnel_model.h).
#include "test/fuzz/tunnel/world.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  conflux::fuzz::World world(conflux::fuzz::Input(data, size));
  world.run();
  return 0;
}
