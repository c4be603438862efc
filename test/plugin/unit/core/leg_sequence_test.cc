#include "plugin/core/leg_sequence.h"

#include <gtest/gtest.h>

namespace conflux {
namespace {

TEST(LegSequence, BeginsAtZeroBothWays) {
  const LegSequence sequence;
  EXPECT_EQ(sequence.last_sent(), SeqNo{0});
  EXPECT_EQ(sequence.last_received(), SeqNo{0});
  EXPECT_EQ(sequence.last_received(), SeqNo{0});
  EXPECT_FALSE(sequence.awaits_cell_after_switch());
}

TEST(LegSequence, CountsWhatItCarriesItselfApartFromWhereItStands) {
  LegSequence sequence;
  sequence.commit_sent(Cells{5});
  sequence.commit_take_over(SeqNo{100});
  sequence.commit_sent(Cells{2});
  EXPECT_EQ(sequence.last_sent(), SeqNo{102});
  EXPECT_EQ(sequence.carried_out(), Cells{7});
  sequence.commit_sent_up_to(SeqNo{105});
  EXPECT_EQ(sequence.last_sent(), SeqNo{105});
  EXPECT_EQ(sequence.carried_out(), Cells{10});

  sequence.commit_received(next(sequence.last_received()));
  sequence.commit_switch(SeqNo{50});
  sequence.commit_received(next(sequence.last_received()));
  EXPECT_EQ(sequence.last_received(), SeqNo{51}) << "a SWITCH is not a cell: no + 1 for it";
  EXPECT_EQ(sequence.carried_in(), Cells{2});
}

TEST(LegSequence, AwaitsACellAfterASwitchUntilOneCame) {
  LegSequence sequence;
  sequence.commit_switch(SeqNo{4});
  EXPECT_TRUE(sequence.awaits_cell_after_switch());
  sequence.commit_sent(Cells{1});
  EXPECT_TRUE(sequence.awaits_cell_after_switch()) << "what we send is another direction";
  sequence.commit_received(SeqNo{5});
  EXPECT_FALSE(sequence.awaits_cell_after_switch());
  sequence.commit_switch(SeqNo{5});
  EXPECT_TRUE(sequence.awaits_cell_after_switch()) << "a SWITCH of zero is one too";
}

}  // namespace
}  // namespace conflux
