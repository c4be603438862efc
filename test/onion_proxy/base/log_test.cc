#include "examples/onion_proxy/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace onion_proxy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> lines_of(std::string_view findings, LogLevel level = LogLevel::kError) {
  std::vector<std::string> out;
  const Logger log(LogLevel::kWarn,
                   [&out](LogLevel, std::string_view line) { out.emplace_back(line); });
  log.lines(level, findings);
  return out;
}

TEST(Logger, MakesARecordOfEachFinding) {
  EXPECT_THAT(lines_of("one"), ElementsAre("one"));
  EXPECT_THAT(lines_of("one\n\ntwo\n"), ElementsAre("one", "two"));
  EXPECT_THAT(lines_of(""), IsEmpty());
  EXPECT_THAT(lines_of("one\ntwo", LogLevel::kInfo), IsEmpty()) << "below the level";
}

}  // namespace
}  // namespace onion_proxy
