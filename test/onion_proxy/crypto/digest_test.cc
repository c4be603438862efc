#include "examples/onion_proxy/crypto/digest.h"

#include <gtest/gtest.h>

#include "examples/onion_proxy/crypto/aes_ctr.h"
#include "examples/onion_proxy/crypto/random.h"

namespace onion_proxy {
namespace {

std::string hex(ByteView bytes) { return encode_hex(bytes); }

TEST(Digest, MatchesThePublishedAnswersForAbc) {
  const ByteView abc = as_bytes("abc");
  EXPECT_EQ(hex(sha1(abc)), "A9993E364706816ABA3E25717850C26C9CD0D89D");
  EXPECT_EQ(hex(sha256(abc)), "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD");
  EXPECT_EQ(hex(sha3_256(abc)), "3A985DA74FE225B2045C172D6BD390BD855F086E3E9D525B46BFE24511431532");
}

TEST(Digest, Shake256MatchesThePublishedAnswerForNothing) {
  EXPECT_EQ(hex(shake256({}, 32)),
            "46B9DD2B0BA88D13233B3FEB743EEB243FCD52EA62B81B82B50C27646ED5762F");
}

TEST(Digest, HmacMatchesRfc4231Case2) {
  EXPECT_EQ(hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843");
}

TEST(Digest, HkdfMatchesRfc5869Case1) {
  const Bytes key(22, 0x0b);
  const Bytes salt = *decode_hex("000102030405060708090a0b0c");
  const Bytes info = *decode_hex("f0f1f2f3f4f5f6f7f8f9");
  EXPECT_EQ(hex(hkdf_sha256({.key_material = key, .salt = salt, .info = info}, 42)),
            "3CB25F25FAACD57A90434F64D0362F2A2D2D0A90CF1A5A4C5DB02D56ECC4C5BF34007208D5B887185865");
}

TEST(RunningSha1, PeekDoesNotEndTheRunningState) {
  RunningSha1 running;
  running.update(as_bytes("a"));
  EXPECT_EQ(running.peek(), sha1(as_bytes("a")));
  running.update(as_bytes("bc"));
  EXPECT_EQ(running.peek(), sha1(as_bytes("abc")));
  EXPECT_EQ(running.peek(), sha1(as_bytes("abc")));
}

TEST(RunningSha1, CopyGoesItsOwnWay) {
  RunningSha1 original;
  original.update(as_bytes("a"));
  RunningSha1 copy = original;
  copy.update(as_bytes("bc"));
  EXPECT_EQ(copy.peek(), sha1(as_bytes("abc")));
  EXPECT_EQ(original.peek(), sha1(as_bytes("a")));
}

TEST(AesCtr, MatchesTheZeroKeyZeroBlock) {
  AesCtr aes(Bytes(16, 0));
  Bytes block(16, 0);
  aes.apply(block);
  EXPECT_EQ(hex(block), "66E94BD4EF8A2C3B884CFA59CA342B2E");
}

TEST(AesCtr, KeyStreamGoesOnAcrossUnevenPieces) {
  Bytes whole(509 * 2, 7);
  Bytes pieces = whole;
  AesCtr(Bytes(32, 1)).apply(whole);
  AesCtr split(Bytes(32, 1));
  split.apply(MutableByteView(pieces).first(509));
  split.apply(MutableByteView(pieces).subspan(509));
  EXPECT_EQ(pieces, whole);
}

TEST(ConstantTimeEqual, ComparesLengthsAndBytes) {
  EXPECT_TRUE(constant_time_equal(Bytes{1, 2}, Bytes{1, 2}));
  EXPECT_FALSE(constant_time_equal(Bytes{1, 2}, Bytes{1, 3}));
  EXPECT_FALSE(constant_time_equal(Bytes{1, 2}, Bytes{1, 2, 0}));
}

TEST(Random, TwoDrawsDiffer) { EXPECT_NE(random_array<32>(), random_array<32>()); }

}  // namespace
}  // namespace onion_proxy
