#include "examples/onion_proxy/proxy/stream_set.h"

#include <gmock/gmock.h>

#include <set>

#include "test/onion_proxy/support/fake_application.h"

namespace onion_proxy {
namespace {

using std::chrono::seconds;
using test::FakeApplication;
using ::testing::UnorderedElementsAre;

const Instant kStart{Micros(1'000'000)};
constexpr bool kExitKnows = true;

class StreamSetTest : public ::testing::Test, protected StreamHost {
 protected:
  // StreamHost
  void send_control(RelayHeader, Bytes) override {}
  void note_ready(Stream&) override {}
  void note_finished(Stream&, bool) override {}
  Instant now() const override { return kStart; }

  Stream& add() {
    applications_.push_back(std::make_unique<FakeApplication>(io_));
    Stream::Options options;
    options.id = streams_.allocate_id();
    StreamHost& host = *this;
    return streams_.add(
        std::make_unique<Stream>(host, applications_.back()->connect_to("a.test", 80), options));
  }

  boost::asio::io_context io_;
  std::vector<std::unique_ptr<FakeApplication>> applications_;
  StreamSet streams_;
};

TEST_F(StreamSetTest, NoIdIsZeroOrInUse) {
  std::set<uint16_t> seen;
  for (uint32_t i = 0; i < 0xffff; ++i) seen.insert(streams_.allocate_id());
  EXPECT_EQ(seen.size(), 0xffffu);
  EXPECT_FALSE(seen.contains(0));
  // All round once more: an open one is left out.
  const uint16_t open = add().id();
  for (uint32_t i = 0; i < 0xfffe; ++i) ASSERT_NE(streams_.allocate_id(), open);
}

TEST_F(StreamSetTest, AnIdThatTheExitMayStillUseIsNotGivenAgain) {
  Stream& stream = add();
  const uint16_t id = stream.id();
  streams_.remove(stream, !kExitKnows, kStart);
  EXPECT_TRUE(streams_.is_half_closed(id));
  for (uint32_t i = 0; i < 0xfffe; ++i) ASSERT_NE(streams_.allocate_id(), id);
  streams_.forget_half_closed(id);
  EXPECT_EQ(streams_.allocate_id(), id);
}

TEST_F(StreamSetTest, AnEndFromTheExitLeavesNothingHalfClosed) {
  Stream& stream = add();
  const uint16_t id = stream.id();
  streams_.remove(stream, kExitKnows, kStart);
  EXPECT_FALSE(streams_.is_half_closed(id));
  EXPECT_EQ(streams_.half_closed_expiry(), std::nullopt);
}

TEST_F(StreamSetTest, HalfClosedIdsExpireInTheirOrder) {
  Stream& first = add();
  Stream& second = add();
  const uint16_t first_id = first.id();
  const uint16_t second_id = second.id();
  streams_.remove(first, !kExitKnows, kStart);
  streams_.remove(second, !kExitKnows, kStart + seconds(10));
  EXPECT_EQ(streams_.half_closed_expiry(), kStart + StreamSet::kHalfClosedLife);
  streams_.expire_half_closed(kStart + StreamSet::kHalfClosedLife);
  EXPECT_FALSE(streams_.is_half_closed(first_id));
  EXPECT_TRUE(streams_.is_half_closed(second_id));
  streams_.expire_half_closed(kStart + seconds(10) + StreamSet::kHalfClosedLife);
  EXPECT_FALSE(streams_.is_half_closed(second_id));
  EXPECT_EQ(streams_.half_closed_expiry(), std::nullopt);
}

TEST_F(StreamSetTest, AReservedIdIsKnownUntilItsExpiry) {
  const uint16_t id = streams_.reserve_id(kStart + seconds(5));
  EXPECT_NE(id, 0);
  EXPECT_TRUE(streams_.is_half_closed(id));
  EXPECT_EQ(streams_.size(), 0u) << "no application waits for it";
  streams_.expire_half_closed(kStart + seconds(5));
  EXPECT_FALSE(streams_.is_half_closed(id));
}

TEST_F(StreamSetTest, TheOldestHalfClosedIdIsForgottenWhenThereAreTooMany) {
  const uint16_t oldest = streams_.reserve_id(kStart + seconds(5));
  Stream& stream = add();
  const uint16_t id = stream.id();
  for (size_t i = 1; i < StreamSet::kHalfClosedMax; ++i) {
    ASSERT_NE(streams_.reserve_id(kStart + seconds(5)), 0);
  }
  EXPECT_TRUE(streams_.is_half_closed(oldest));
  streams_.remove(stream, !kExitKnows, kStart);
  EXPECT_FALSE(streams_.is_half_closed(oldest));
  EXPECT_TRUE(streams_.is_half_closed(id));
}

TEST_F(StreamSetTest, AStreamThatIsRemovedLivesUntilItIsCollected) {
  Stream& stream = add();
  const uint16_t id = stream.id();
  streams_.remove(stream, kExitKnows, kStart);
  EXPECT_EQ(streams_.find(id), nullptr);
  EXPECT_EQ(stream.id(), id) << "it may be on the call stack";
  streams_.collect();
}

TEST_F(StreamSetTest, VisitingSurvivesARemovalOnTheWay) {
  add();
  add();
  std::vector<uint16_t> visited;
  streams_.for_each([&](Stream& stream) {
    visited.push_back(stream.id());
    streams_.remove(stream, kExitKnows, kStart);
  });
  EXPECT_THAT(visited, UnorderedElementsAre(1, 2));
  EXPECT_EQ(streams_.size(), 0u);
}

TEST_F(StreamSetTest, AStreamWithNothingToSendHasNoTurn) {
  Stream& stream = add();
  streams_.note_ready(stream);
  EXPECT_EQ(streams_.sendable_cells(31), 0u);
  EXPECT_EQ(streams_.next_ready(), nullptr);
}

}  // namespace
}  // namespace onion_proxy
