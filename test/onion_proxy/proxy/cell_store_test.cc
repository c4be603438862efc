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

TEST(CellStore, KeepsWhatWasPutUntilItIsFreed) {
  CellStore store;
  const uint64_t first = store.allocate();
  const uint64_t second = store.allocate();
  ASSERT_NE(first, second);
  store.put(first, {RelayCommand::kData, 7, as_bytes("one")});
  store.put(second, {RelayCommand::kEnd, 8, {}});
  EXPECT_EQ(store.used(), 2U);
  EXPECT_EQ(store.get(first).command, RelayCommand::kData);
  EXPECT_EQ(store.get(first).stream_id, 7);
  EXPECT_EQ(text_of(store, first), "one");
  EXPECT_EQ(store.get(second).command, RelayCommand::kEnd);
  EXPECT_TRUE(store.get(second).body.empty());
  store.free(first);
  EXPECT_EQ(store.used(), 1U);
  EXPECT_EQ(store.allocate(), first) << "what was freed last is used first";
}

TEST(CellStore, HoldsTheLongestBody) {
  CellStore store;
  const std::string longest(kRelayBodyMax, 'x');
  const uint64_t token = store.allocate();
  store.put(token, {RelayCommand::kData, 1, as_bytes(longest)});
  EXPECT_EQ(text_of(store, token), longest);
}

// Against a map, over several chunks: no slot is given twice, and growing moves nothing.
TEST(CellStore, AgreesWithAMap) {
  std::mt19937 random(1);
  CellStore store;
  std::map<uint64_t, std::string> held;
  for (int step = 0; step < 5'000; ++step) {
    const bool rising = step / 500 % 2 == 0;
    if (held.empty() || random() % 4 < (rising ? 3U : 1U)) {
      const uint64_t token = store.allocate();
      const std::string body = "cell " + std::to_string(step);
      ASSERT_TRUE(held.emplace(token, body).second) << "given twice, step " << step;
      store.put(token, {RelayCommand::kData, 1, as_bytes(body)});
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
