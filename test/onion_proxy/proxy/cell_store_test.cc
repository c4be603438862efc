#include "examples/onion_proxy/proxy/cell_store.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace onion_proxy {
namespace {

std::string text_of(const CellStore& store, uint64_t token) {
  return std::string(as_text(store.get(token).body));
}

// A cell arrives and is kept; its token.
uint64_t keep(CellStore& store, RelayHeader header, std::string_view body) {
  encode_relay_cell(store.room(), header, as_bytes(body));
  const uint64_t token = store.token();
  store.keep();
  return token;
}

TEST(CellStore, KeepsWhatArrivedUntilItIsFreed) {
  CellStore store;
  const uint64_t first = keep(store, {RelayCommand::kData, 7}, "one");
  const uint64_t second = keep(store, {RelayCommand::kEnd, 8}, "");
  ASSERT_NE(first, second);
  EXPECT_EQ(store.used(), 2U);
  EXPECT_EQ(store.get(first).command, RelayCommand::kData);
  EXPECT_EQ(store.get(first).stream_id, 7);
  EXPECT_EQ(text_of(store, first), "one");
  EXPECT_EQ(store.get(second).command, RelayCommand::kEnd);
  EXPECT_EQ(store.get(second).stream_id, 8);
  EXPECT_TRUE(store.get(second).body.empty());
  store.free(first);
  EXPECT_EQ(store.used(), 1U);
  keep(store, {RelayCommand::kData, 1}, "uses the room that was taken before");
  EXPECT_EQ(keep(store, {RelayCommand::kData, 1}, ""), first) << "what was freed last comes first";
}

TEST(CellStore, GivesTheSameRoomUntilItIsKept) {
  CellStore store;
  const uint8_t* room = store.room().data();
  EXPECT_EQ(store.room().data(), room);
  EXPECT_EQ(store.used(), 0U);
  store.keep();
  EXPECT_NE(store.room().data(), room);
  EXPECT_EQ(store.used(), 1U);
}

TEST(CellStore, HoldsTheLongestBodyWhereItWasWritten) {
  CellStore store;
  const uint8_t* room = store.room().data();
  const std::string longest(kRelayBodyMax, 'x');
  const uint64_t token = keep(store, {RelayCommand::kData, 1}, longest);
  EXPECT_EQ(text_of(store, token), longest);
  EXPECT_EQ(store.get(token).body.data(), room + kRelayHeaderSize);
}

// Against a map, over several chunks: no slot is given twice, and growing moves nothing.
TEST(CellStore, AgreesWithAMap) {
  std::mt19937 random(1);
  CellStore store;
  std::map<uint64_t, std::string> held;
  for (int step = 0; step < 5'000; ++step) {
    const bool rising = step / 500 % 2 == 0;
    if (held.empty() || random() % 4 < (rising ? 3U : 1U)) {
      const std::string body = "cell " + std::to_string(step);
      const uint64_t token = keep(store, {RelayCommand::kData, 1}, body);
      ASSERT_TRUE(held.emplace(token, body).second) << "given twice, step " << step;
    } else {
      const auto it = std::next(held.begin(), static_cast<long>(random() % held.size()));
      ASSERT_EQ(text_of(store, it->first), it->second) << "step " << step;
      store.free(it->first);
      held.erase(it);
    }
    ASSERT_EQ(store.used(), held.size());
  }
  for (const auto& [token, body] : held) EXPECT_EQ(text_of(store, token), body);
}

}  // namespace
}  // namespace onion_proxy
