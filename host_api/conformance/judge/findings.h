// What was found out about a host and a plugin: per requirement, how often it was tested and
// broken.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mpath::judge {

// One violation. Names tunnels and legs by ordinal: a finding holds no id, cookie, token or nonce.
struct Finding {
  std::string requirement;   // "MPATH-H-8"
  std::string function;      // "receive"; empty: not of one call
  std::uint64_t call = 0;    // counts calls from 1
  std::uint64_t tunnel = 0;  // ordinal; 0: none
  std::string what;
};

// Not thread-safe: whoever owns it locks.
class Findings {
 public:
  using Listener = std::function<void(const Finding&)>;
  struct Entry {
    std::uint64_t exercised = 0;
    std::uint64_t violations = 0;
    std::vector<std::string> words;  // of the first few violations
  };

  // Every violation is told to `listener` at once.
  void listen(Listener listener) { listener_ = std::move(listener); }
  void exercise(std::string_view requirement) { ++at(requirement).exercised; }
  void violation(Finding finding);

  [[nodiscard]] const std::map<std::string, Entry, std::less<>>& entries() const noexcept {
    return entries_;
  }

 private:
  Entry& at(std::string_view requirement);

  std::map<std::string, Entry, std::less<>> entries_;
  Listener listener_;
};

}  // namespace mpath::judge
