// What a tunnel weighs that does nothing: all that the process has touched because of it.
#include <gtest/gtest.h>

#include <vector>

#include "test/support/bare_tunnel.h"
#include "test/support/resident_bytes.h"

namespace conflux {
namespace {

using test::BareTunnel;
using test::conflux_table;
using test::resident_bytes;

TEST(IdleTunnel, OfTwoLegsWeighsTwoKibibytesAtMost) {
  constexpr std::size_t kTunnels = 50'000;
  mpath_instance* instance = test::open_instance();
  std::vector<mpath_tunnel_id> ids(kTunnels, 1);  // touched here, so not counted below
  const double before = resident_bytes();
  for (mpath_tunnel_id& id : ids) {
    BareTunnel tunnel(instance, 2);
    tunnel.build();
    id = tunnel.release();
  }
  const double each = (resident_bytes() - before) / static_cast<double>(kTunnels);
  EXPECT_LE(each, 2048.0);
  // Less cannot be: it would be the measurement that is wrong.
  EXPECT_GE(each, 1024.0);
  for (const mpath_tunnel_id id : ids) {
    ASSERT_EQ(conflux_table().tunnel_destroy(instance, id), MPATH_OK);
  }
  EXPECT_EQ(conflux_table().instance_close(instance), MPATH_OK);
}

}  // namespace
}  // namespace conflux
