#include "plugin/types/reason.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace conflux {
namespace {

const std::vector<Reason> kAll = {
#define CONFLUX_REASON(name, number, words) Reason::name,
    MPATH_REASON_LIST(CONFLUX_REASON)
#undef CONFLUX_REASON
};

TEST(Reason, EachHasWordsOfItsOwn) {
  std::set<std::string> seen;
  for (const Reason reason : kAll) {
    EXPECT_FALSE(std::string(text(reason)).empty());
    EXPECT_TRUE(seen.insert(text(reason)).second) << text(reason);
  }
}

TEST(Reason, AnUnknownNumberHasWordsToo) {
  EXPECT_STREQ(text(static_cast<Reason>(9999)), "an unknown reason");
}

TEST(Reason, OnlyThePeersViolationsAreViolations) {
  EXPECT_FALSE(is_violation(Reason::NONE));
  EXPECT_FALSE(is_violation(Reason::INTERNAL));
  EXPECT_FALSE(is_violation(Reason::REORDER_LIMIT)) << "an honest exit can run into our limit";
  EXPECT_FALSE(is_violation(Reason::STALLED));
  EXPECT_TRUE(is_violation(Reason::WRONG_HOP));
  EXPECT_TRUE(is_violation(Reason::SWITCH_FLOOD));
}

}  // namespace
}  // namespace conflux
