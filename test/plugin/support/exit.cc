#include "test/plugin/support/exit.h"

#include <numeric>
#include <stdexcept>

namespace conflux::test {
namespace {

std::uint64_t at_or_zero(const std::map<int, std::uint64_t>& counts, int leg) {
  const auto found = counts.find(leg);
  return found == counts.end() ? 0 : found->second;
}

}  // namespace

void Exit::receive(const Grant& grant) {
  if (grant.status != Status::kOk) return;
  std::uint64_t& last = received_by_leg_[grant.leg];
  last += grant.switch_delta.value_or(0);
  for (std::uint32_t i = 0; i < grant.granted; ++i) {
    if (!seen_.insert(++last).second) throw std::logic_error("a sequence number came twice");
    highest_ = std::max(highest_, last);
  }
}

std::uint64_t Exit::last_received(int leg) const { return at_or_zero(received_by_leg_, leg); }
std::uint64_t Exit::last_sent(int leg) const { return at_or_zero(sent_by_leg_, leg); }

void Exit::send_later(int leg, std::uint8_t command) {
  if (current_ != 0 && current_ != leg) {
    const std::uint64_t delta = sent_by_leg_[current_] - sent_by_leg_[leg];
    waiting_[leg].push_back({kSwitch, 0, static_cast<std::uint32_t>(delta)});
    sent_by_leg_[leg] = sent_by_leg_[current_];
  }
  current_ = leg;
  sent_by_leg_[leg] += 1;
  sent_ += 1;
  waiting_[leg].push_back({command, sent_by_leg_[leg], 0});
}

bool Exit::has_waiting(int leg) const {
  const auto found = waiting_.find(leg);
  return found != waiting_.end() && !found->second.empty();
}

Answer Exit::deliver_next(Host& host, int leg) {
  const Cell cell = waiting_.at(leg).front();
  waiting_[leg].erase(waiting_[leg].begin());
  if (cell.command == kSwitch) return host.switched(leg, cell.delta);
  return host.cell(leg, cell.token, cell.command);
}

Answer Exit::send(Host& host, int leg, std::uint8_t command) {
  send_later(leg, command);
  Answer answer{Status::kOk};
  while (has_waiting(leg)) answer = deliver_next(host, leg);
  return answer;
}

std::vector<std::uint64_t> in_order(std::uint64_t count) {
  std::vector<std::uint64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{1});
  return numbers;
}

}  // namespace conflux::test
