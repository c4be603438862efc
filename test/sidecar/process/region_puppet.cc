// A writer of one region whose strings a test pulls: commands on standard input, one a line, each
// answered with "ok" on standard output.
//
//   open DIRECTORY INSTANCE SLOTS    make the region
//   set METRIC AT VALUE              a word of the metric's, published at once
//   tunnels COUNT                    fill that many slots, two legs each
//   beat                             tick
//   close                            end in good order

#include <algorithm>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "plugin/region/catalogue.h"
#include "plugin/region/writer.h"

namespace {

using conflux::region::Word;
using conflux::region::Writer;

class Puppet {
 public:
  // Empty, or what is wrong.
  std::string obey(std::istringstream& words) {
    std::string verb;
    words >> verb;
    if (verb == "open") return open(words);
    if (writer_ == nullptr) return "open first";
    if (verb == "set") return set(words);
    if (verb == "tunnels") return fill(words);
    if (verb == "beat") {
      writer_->beat();
      return {};
    }
    if (verb == "close") {
      writer_.reset();
      return {};
    }
    return "unknown command";
  }

 private:
  std::string open(std::istringstream& words) {
    conflux::region::WriterOptions options;
    words >> options.directory >> options.instance >> options.slots;
    conflux::region::WriterResult result = Writer::create(options);
    writer_ = std::move(result.writer);
    values_.assign(conflux::region::aggregate_words(), 0);
    if (writer_ != nullptr) writer_->publish_aggregates(values_);
    return result.problem;
  }

  std::string set(std::istringstream& words) {
    std::string metric;
    std::size_t at = 0;
    Word value = 0;
    words >> metric >> at >> value;
    const auto specs = conflux::region::catalogue();
    const auto found = std::ranges::find(specs, metric, &conflux::region::MetricSpec::name);
    if (found == specs.end()) return "unknown metric";
    const auto index = static_cast<conflux::region::Metric>(found - specs.begin());
    values_.at(conflux::region::word_of(index) + at) = value;
    writer_->publish_aggregates(values_);
    writer_->beat();
    return {};
  }

  std::string fill(std::istringstream& words) {
    std::size_t count = 0;
    words >> count;
    if (count > writer_->slots()) return "not so many slots";
    for (std::size_t slot = 0; slot < count; ++slot) {
      conflux::region::Slot tunnel{};
      tunnel[conflux::region::kSlotDisplayId] = 1 + slot * 2654435761U % 4294967291U;
      tunnel[conflux::region::kSlotState] = 3 | 2U << 8U;
      tunnel[conflux::region::kSlotAgeClass] = 2;
      tunnel[conflux::region::kSlotCellsReceived] = 100000 + slot;
      tunnel[conflux::region::kSlotPrimary] = 1;
      for (std::size_t leg = 0; leg < 2; ++leg) {
        Word* at = &tunnel[conflux::region::kSlotLegs + leg * conflux::region::kLegWords];
        at[conflux::region::kLegWindow] = Word{600} << 32U | 31;
        at[conflux::region::kLegRtt] = Word{6} << 48U | Word{leg + 1} << 32U | 120;
        at[conflux::region::kLegCellsReceived] = 50000 + slot;
      }
      writer_->publish_slot(slot, tunnel);
    }
    return {};
  }

  std::unique_ptr<Writer> writer_;
  std::vector<Word> values_;
};

}  // namespace

int main() {
  Puppet puppet;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    const std::string problem = puppet.obey(words);
    std::cout << (problem.empty() ? "ok" : problem) << std::endl;
  }
}
