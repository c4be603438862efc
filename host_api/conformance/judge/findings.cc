#include "host_api/conformance/judge/findings.h"

namespace mpath::judge {

Findings::Entry& Findings::at(std::string_view requirement) {
  const auto found = entries_.find(requirement);
  if (found != entries_.end()) return found->second;
  return entries_.emplace(requirement, Entry{}).first->second;
}

void Findings::violation(Finding finding) {
  constexpr std::size_t kKeptWords = 5;
  Entry& entry = at(finding.requirement);
  ++entry.exercised;
  ++entry.violations;
  if (entry.words.size() < kKeptWords) {
    entry.words.push_back(finding.function.empty() ? finding.what
                                                   : finding.function + ": " + finding.what);
  }
  if (listener_) listener_(finding);
}

}  // namespace mpath::judge
