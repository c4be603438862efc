#include "examples/onion_proxy/base/bytes.h"

#include <gtest/gtest.h>

namespace onion_proxy {
namespace {

std::string decoded(std::string_view text) {
  const auto bytes = decode_base64(text);
  return bytes ? std::string(as_text(*bytes)) : "(refused)";
}

TEST(Base64, DecodesWithAndWithoutPadding) {
  EXPECT_EQ(decoded("Zm9vYg=="), "foob");
  EXPECT_EQ(decoded("Zm9vYg"), "foob");
  EXPECT_EQ(decoded("Zm9vYmE="), "fooba");
  EXPECT_EQ(decoded("Zm9vYmE"), "fooba");
  EXPECT_EQ(decoded("Zm9vYmFy"), "foobar");
  EXPECT_EQ(decoded(""), "");
}

TEST(Base64, RefusesWhatIsNotBase64) {
  for (const std::string_view text : {"Zm9v YmFy", "Zm9vY", "Zm9v\n", "Zm-v", "Zg=", "=", "===="}) {
    EXPECT_EQ(decoded(text), "(refused)") << text;
  }
}

TEST(Base64, EncodesWithoutPadding) {
  EXPECT_EQ(encode_base64(as_bytes("foob")), "Zm9vYg");
  EXPECT_EQ(encode_base64(as_bytes("")), "");
}

TEST(Base64, DecodesWhatItEncodedForEveryLength) {
  Bytes bytes;
  for (int length = 0; length < 100; ++length) {
    EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes) << length;
    bytes.push_back(static_cast<uint8_t>(length * 37 + 200));
  }
}

TEST(Hex, DecodesBothCasesAndEncodesUpper) {
  EXPECT_EQ(decode_hex("00fFa9"), (Bytes{0x00, 0xFF, 0xA9}));
  EXPECT_EQ(encode_hex(Bytes{0x00, 0xFF, 0xA9}), "00FFA9");
}

TEST(Hex, RefusesOddLengthsAndOtherCharacters) {
  EXPECT_EQ(decode_hex("abc"), std::nullopt);
  EXPECT_EQ(decode_hex("0g"), std::nullopt);
  EXPECT_EQ(decode_hex("0 "), std::nullopt);
}

}  // namespace
}  // namespace onion_proxy
