#include "plugin/sidecar/serve/page_token.h"

#include <gtest/gtest.h>

namespace conflux::sidecar {
namespace {

TEST(PageTokens, OpenWhatTheySealed) {
  const PageTokens tokens;
  const PagePosition position{.instance = "proxy-1", .slot = 4711};
  EXPECT_EQ(tokens.open(tokens.seal(position, "proxy-1"), "proxy-1"), position);
  EXPECT_EQ(tokens.open(tokens.seal(position, ""), ""), position);
}

TEST(PageTokens, OpenNothingThatWasChangedInAnyByte) {
  const PageTokens tokens;
  const std::string token = tokens.seal({.instance = "a", .slot = 100}, "");
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string forged = token;
    forged[i] = static_cast<char>(forged[i] ^ 1);
    EXPECT_EQ(tokens.open(forged, ""), std::nullopt) << i;
  }
  for (std::size_t size = 0; size < token.size(); ++size) {
    EXPECT_EQ(tokens.open(token.substr(0, size), ""), std::nullopt) << size;
  }
}

TEST(PageTokens, OpenNothingOfAnotherQuestionOrAnotherProcess) {
  const PageTokens tokens;
  const PageTokens others;
  const std::string token = tokens.seal({.instance = "a", .slot = 1}, "a");
  EXPECT_EQ(tokens.open(token, ""), std::nullopt);
  EXPECT_EQ(others.open(token, "a"), std::nullopt);
}

}  // namespace
}  // namespace conflux::sidecar
