#include "examples/onion_proxy/base/byte_queue.h"

#include <gtest/gtest.h>

#include <numeric>

namespace onion_proxy {
namespace {

Bytes numbered(size_t size, uint8_t first) {
  Bytes out(size);
  std::iota(out.begin(), out.end(), first);
  return out;
}

void put(ByteQueue& queue, const Bytes& bytes) {
  std::copy(bytes.begin(), bytes.end(), queue.prepare(bytes.size()).begin());
  queue.commit(bytes.size());
}

Bytes copy_of(const ByteQueue& queue) { return Bytes(queue.bytes().begin(), queue.bytes().end()); }

TEST(ByteQueue, GivesBytesInTheOrderInWhichTheyCame) {
  ByteQueue queue;
  EXPECT_TRUE(queue.empty());
  put(queue, {1, 2, 3});
  queue.consume(1);
  put(queue, {4, 5});
  EXPECT_EQ(copy_of(queue), (Bytes{2, 3, 4, 5}));
  queue.consume(4);
  EXPECT_TRUE(queue.empty());
}

TEST(ByteQueue, RoomThatWasNotFilledIsNotThere) {
  ByteQueue queue;
  queue.prepare(100);
  queue.commit(0);
  EXPECT_TRUE(queue.empty());
}

TEST(ByteQueue, BytesMayBeConsumedWhileAReadIsUnderWay) {
  ByteQueue queue;
  put(queue, {1, 2, 3});
  const MutableByteView room = queue.prepare(2);
  queue.consume(3);
  room[0] = 4;
  room[1] = 5;
  queue.commit(2);
  EXPECT_EQ(copy_of(queue), (Bytes{4, 5}));
}

TEST(ByteQueue, KeepsNoMoreMemoryThanTwiceWhatWaitsAndTheRoom) {
  ByteQueue queue;
  const size_t waiting = 1000;
  const size_t piece = 100;
  put(queue, Bytes(waiting));
  const uint8_t* lowest = queue.bytes().data();
  const uint8_t* highest = lowest;
  for (uint8_t i = 0; i < 250; ++i) {
    queue.consume(piece);
    put(queue, numbered(piece, i));
    if (i < 20) {
      lowest = queue.bytes().data();  // memory has settled
      highest = lowest;
    }
    lowest = std::min<const uint8_t*>(lowest, queue.bytes().data());
    highest = std::max<const uint8_t*>(highest, queue.bytes().data() + queue.size());
  }
  EXPECT_LE(static_cast<size_t>(highest - lowest), 2 * waiting + piece);
  EXPECT_EQ(queue.bytes()[waiting - piece], 249);
}

}  // namespace
}  // namespace onion_proxy
