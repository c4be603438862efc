#include "plugin/adapters/log_words.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "plugin/core/event.h"

namespace conflux {
namespace {

TEST(LogWords, AreThereForEveryEventAndEachItsOwn) {
  std::set<std::string> seen;
  for (std::uint32_t event = 1; event <= static_cast<std::uint32_t>(LogEvent::kMetricsUnavailable);
       ++event) {
    const std::string words = log_words(event);
    EXPECT_NE(words, "unknown event") << event;
    EXPECT_TRUE(seen.insert(words).second) << words;
  }
}

TEST(LogWords, AreThereForAnUnknownEventToo) {
  EXPECT_STREQ(log_words(0), "unknown event");
  EXPECT_STREQ(log_words(static_cast<std::uint32_t>(LogEvent::kMetricsUnavailable) + 1),
               "unknown event");
}

}  // namespace
}  // namespace conflux
