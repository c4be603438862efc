#include "test/plugin/decisions/decisions_page.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace conflux::test {
namespace {

TEST(DecisionsPage, IsTheTableOfTheCode) {
  std::ifstream file(CONFLUX_SOURCE_DIR "/plugin/core/DECISIONS.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(page, decisions_page()) << "run: print_decisions > plugin/core/DECISIONS.md";
}

}  // namespace
}  // namespace conflux::test
