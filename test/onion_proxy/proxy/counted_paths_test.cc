// What the plugin counts of sets that the proxy gives up.
#include "plugin/region/catalogue.h"
#include "plugin/region/reader.h"
#include "test/onion_proxy/support/two_legs.h"
#include "test/region/support.h"

namespace onion_proxy {
namespace {

using conflux::region::HandshakeResult;

class CountedPathsTest : public test::TwoLegs {
 protected:
  CountedPathsTest() {
    profile_ = "lab";
    conflux_lines_ =
        "  metrics:\n    mode: aggregate\n    unsafe_fine_grained: true\n    directory: " +
        directory_.path().string() + "\n";
  }
  uint64_t handshakes(HandshakeResult result) const {
    conflux::region::Counters counters;
    const auto reader = conflux::region::Reader::open(directory_.region()).reader;
    if (reader == nullptr || !reader->read(counters)) return 0;
    return counters.aggregates.at(conflux::region::word_of(conflux::region::Metric::kHandshakes) +
                                  static_cast<size_t>(result));
  }

  conflux::region::test::Directory directory_;
};

TEST_F(CountedPathsTest, TheHandshakeOfASetThatBeganAndIsGivenUpIsCounted) {
  // Given a leg that has asked to be linked, and another one that is still being built,
  leg(2).pause();
  ASSERT_TRUE(run([&] { return leg(1).find(RelayCommand::kConfluxLink) != nullptr; }));
  // when its circuit goes and the tunnel begins anew, without the set and its tunnel,
  leg(1).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  ASSERT_TRUE(run([&] { return tunnel_->state() == Tunnel::State::kBuilding; }));
  // then the one that was lost is counted, and so is the one that comes of the second try.
  EXPECT_TRUE(run([&] { return handshakes(HandshakeResult::kLost) == 1; }));
  leg(2).resume();
  link(2);
  EXPECT_TRUE(run([&] { return handshakes(HandshakeResult::kLinked) == 1; }));
  EXPECT_EQ(handshakes(HandshakeResult::kLost), 1U);
}

}  // namespace
}  // namespace onion_proxy
