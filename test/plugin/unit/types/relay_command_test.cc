#include "plugin/types/relay_command.h"

#include <gtest/gtest.h>

#include <set>

namespace conflux {
namespace {

// Written out again, from prop329 [SEQUENCING] and tor-spec, so that an edit of the switch in the
// header is an edit of two places.
const std::set<int> kData = {2};
const std::set<int> kControl = {1, 3, 4, 11, 12, 43, 44};
const std::set<int> kSignalling = {19, 20, 21, 22};

TEST(Classify, KnowsEachOfTheTwoHundredFiftySixCommands) {
  for (int command = 0; command < 256; ++command) {
    CommandClass expected = CommandClass::kUnsequenced;
    if (kData.contains(command)) expected = CommandClass::kData;
    if (kControl.contains(command)) expected = CommandClass::kControl;
    if (kSignalling.contains(command)) expected = CommandClass::kSignalling;
    EXPECT_EQ(classify(static_cast<std::uint8_t>(command)), expected) << command;
  }
}

TEST(Classify, SequencesExactlyDataAndControl) {
  int sequenced = 0;
  for (int command = 0; command < 256; ++command) {
    if (is_sequenced(classify(static_cast<std::uint8_t>(command)))) ++sequenced;
  }
  EXPECT_EQ(sequenced, 8);
  EXPECT_FALSE(is_sequenced(CommandClass::kSignalling));
  EXPECT_FALSE(is_sequenced(CommandClass::kUnsequenced));
}

TEST(Classify, LeavesSendmeAndExtendAndBeginDirAlone) {
  for (const int command : {5, 6, 7, 8, 9, 10, 13, 14, 15, 41, 42}) {
    EXPECT_EQ(classify(static_cast<std::uint8_t>(command)), CommandClass::kUnsequenced) << command;
  }
}

TEST(Classify, SequencesXonAndXoff) {  // regression R59
  EXPECT_TRUE(is_sequenced(classify(43)));
  EXPECT_TRUE(is_sequenced(classify(44)));
}

}  // namespace
}  // namespace conflux
