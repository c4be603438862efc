#include "examples/onion_proxy/proxy/stream_set.h"

#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "test/onion_proxy/support/event_loop.h"
#include "test/onion_proxy/support/fake_application.h"

namespace onion_proxy {
namespace {

using std::chrono::seconds;
using test::FakeApplication;
using ::testing::ElementsAre;
using ::testing::Pair;
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
    return add_another();
  }
  // Of the application that came last.
  Stream& add_another() {
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

TEST_F(StreamSetTest, AReservedIdIsKnownUntilItIsForgotten) {
  const uint16_t id = streams_.reserve_id();
  EXPECT_NE(id, 0);
  EXPECT_TRUE(streams_.is_half_closed(id));
  EXPECT_EQ(streams_.size(), 0u) << "no application waits for it";
  EXPECT_EQ(streams_.half_closed_expiry(), std::nullopt);
  streams_.expire_half_closed(kStart + 10 * StreamSet::kHalfClosedLife);
  EXPECT_TRUE(streams_.is_half_closed(id)) << "an answer may be long in coming";
  streams_.forget_half_closed(id);
  EXPECT_FALSE(streams_.is_half_closed(id));
}

TEST_F(StreamSetTest, TheOldestHalfClosedIdIsForgottenWhenThereAreTooMany) {
  const uint16_t reserved = streams_.reserve_id();
  Stream& first = add();
  const uint16_t oldest = first.id();
  streams_.remove(first, !kExitKnows, kStart);
  Stream& stream = add();
  const uint16_t id = stream.id();
  for (size_t i = 1; i < StreamSet::kHalfClosedMax; ++i) {
    streams_.remove(add_another(), !kExitKnows, kStart);
    streams_.collect();
  }
  EXPECT_TRUE(streams_.is_half_closed(oldest));
  streams_.remove(stream, !kExitKnows, kStart);
  EXPECT_FALSE(streams_.is_half_closed(oldest));
  EXPECT_TRUE(streams_.is_half_closed(id));
  EXPECT_TRUE(streams_.is_half_closed(reserved));
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
  EXPECT_EQ(streams_.sendable_cells(31, kStart), 0u);
  EXPECT_EQ(streams_.next_turn(31, kStart).stream, nullptr);
}

// Several uploads at once.
class StreamRoundTest : public StreamSetTest {
 protected:
  static constexpr size_t kQuantum = StreamSet::kQuantumCells;

  // An open stream whose application has written that many cells.
  Stream& add_upload(size_t cells) {
    Stream& stream = add();
    stream.open();
    const Bytes loopback = {127, 0, 0, 1, 0, 0, 0, 60};
    EXPECT_TRUE(stream.handle_cell({RelayCommand::kConnected, stream.id(), loopback}, kStart).ok());
    applications_.back()->send(std::string(cells * kRelayBodyMax, 'u'));
    EXPECT_TRUE(test::run_until(io_, [&] { return stream.sendable_cells(kStart) == cells; }));
    streams_.note_ready(stream);
    return stream;
  }

  // Sends what the set lets whose turn it is send, in grants of `limit` cells, until nothing is
  // left; answers who sent how much at once.
  std::vector<std::pair<uint16_t, size_t>> turns(size_t limit) {
    std::vector<std::pair<uint16_t, size_t>> out;
    for (auto turn = streams_.next_turn(limit, kStart); turn.stream != nullptr;
         turn = streams_.next_turn(limit, kStart)) {
      out.emplace_back(turn.stream->id(), turn.cells);
      for (size_t i = 0; i < turn.cells; ++i) send_cell(*turn.stream);
    }
    return out;
  }

  static void send_cell(Stream& stream) {
    const ByteView body = stream.next_body(kRelayBodyMax, kStart);
    EXPECT_EQ(body.size(), kRelayBodyMax);
    stream.commit_sent(body.size());
  }
};

TEST_F(StreamRoundTest, EachStreamHasItsTurnAfterAQuantumOfEachOther) {
  const uint16_t a = add_upload(2 * kQuantum + 1).id();
  const uint16_t b = add_upload(kQuantum).id();
  const uint16_t c = add_upload(2).id();
  EXPECT_EQ(streams_.sendable_cells(1000, kStart), 3 * kQuantum + 3);
  EXPECT_THAT(turns(1000), ElementsAre(Pair(a, kQuantum), Pair(b, kQuantum), Pair(c, 2u),
                                       Pair(a, kQuantum), Pair(a, 1u)));
}

TEST_F(StreamRoundTest, ASmallGrantDoesNotEndATurn) {
  const uint16_t a = add_upload(kQuantum + 1).id();
  const uint16_t b = add_upload(1).id();
  EXPECT_THAT(turns(kQuantum - 1),
              ElementsAre(Pair(a, kQuantum - 1), Pair(a, 1u), Pair(b, 1u), Pair(a, 1u)));
}

TEST_F(StreamRoundTest, NeitherDoesANewcomerNorOneThatLeaves) {
  Stream& a = add_upload(2 * kQuantum);
  Stream& b = add_upload(kQuantum);
  const auto first = streams_.next_turn(1, kStart);
  ASSERT_EQ(first.stream, &a);
  send_cell(a);
  const uint16_t c = add_upload(1).id();
  streams_.remove(b, kExitKnows, kStart);
  EXPECT_THAT(turns(1000),
              ElementsAre(Pair(a.id(), kQuantum - 1), Pair(c, 1u), Pair(a.id(), kQuantum)));
}

TEST_F(StreamRoundTest, AfterTheOneWhoseTurnItIsHasLeftTheNextHasAWholeQuantum) {
  Stream& a = add_upload(kQuantum);
  Stream& b = add_upload(kQuantum);
  ASSERT_EQ(streams_.next_turn(1, kStart).stream, &a);
  streams_.remove(a, kExitKnows, kStart);
  EXPECT_THAT(turns(1000), ElementsAre(Pair(b.id(), kQuantum)));
}

TEST_F(StreamRoundTest, TheBacklogCountsWhatTheApplicationHasWrittenAndNobodyHasRead) {
  Stream& stream = add_upload(1);
  constexpr size_t kMore = 3 * AppSocket::kReadAhead / kRelayBodyMax;
  // given more than is read ahead
  std::thread application(
      [&] { applications_.back()->send(std::string(kMore * kRelayBodyMax, 'u')); });
  EXPECT_TRUE(test::run_until(
      io_, [&] { return stream.sendable_cells(kStart) * kRelayBodyMax >= AppSocket::kReadAhead; }));
  application.join();
  // then what schedulers are told is more than what can be sent at once
  EXPECT_GT(streams_.backlog_cells(10000, kStart), stream.sendable_cells(kStart));
  EXPECT_EQ(streams_.backlog_cells(100, kStart), 100u);
}

}  // namespace
}  // namespace onion_proxy
