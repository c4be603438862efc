// A small fuzz run that needs no fuzzer: texts of the corpus, changed at random from a fixed seed.

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "test/config/oracle.h"
#include "test/config/support.h"

namespace conflux::config::test {
namespace {

std::vector<std::string> seeds() {
  std::vector<std::string> texts;
  for (const char* directory : {"good", "bad", "beyond_schema"}) {
    for (const std::string& stem : corpus(directory)) {
      texts.push_back(read_file(corpus_file(directory, stem)));
    }
  }
  return texts;
}

class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_(seed), seeds_(seeds()) {}

  std::string next() {
    std::string text = seeds_[below(seeds_.size())];
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
      change(text);
    }
    return text;
  }

 private:
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }

  void change(std::string& text) {
    static constexpr std::string_view kMarks = ":-,{}[]&*!|>'\"%@`#? \t\n\\0x~<";
    const std::size_t at = below(text.size() + 1);
    switch (below(5)) {
      case 0:
        text.insert(at, 1, kMarks[below(kMarks.size())]);
        break;
      case 1:
        text.erase(at, below(8));
        break;
      case 2:
        text.insert(at, text.substr(below(text.size() + 1), below(20)));
        break;
      case 3:
        text.resize(at);
        break;
      default:
        text.insert(at, 1, static_cast<char>(below(256)));
        break;
    }
  }

  std::mt19937 random_;
  std::vector<std::string> seeds_;
};

TEST(AnyText, IsTreatedAsPromised) {
  constexpr std::uint32_t kSeed = 329;
  Mutator mutator(kSeed);
  std::size_t accepted_texts = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string text = mutator.next();
    ASSERT_EQ(broken_promise(text), "") << "round " << i << ", seed " << kSeed << "\n" << text;
    accepted_texts += parse(text, "t").ok() ? 1 : 0;
  }
  // Both answers must have been tried often.
  EXPECT_GT(accepted_texts, 500U);
  EXPECT_LT(accepted_texts, 15000U);
}

TEST(AnyText, OfTheCorpusIsTreatedAsPromised) {
  for (const std::string& text : seeds()) {
    EXPECT_EQ(broken_promise(text), "") << text;
  }
}

}  // namespace
}  // namespace conflux::config::test
