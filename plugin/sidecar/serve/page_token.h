// Page tokens: where the next page begins, in a form that only this process can make.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace conflux::sidecar {

// A place in the list of all tunnels.
struct PagePosition {
  std::string instance;    // of the first tunnel of the next page
  std::uint32_t slot = 0;  // and its slot

  friend bool operator==(const PagePosition&, const PagePosition&) = default;
};

// Thread-safe after construction.
class PageTokens {
 public:
  // With a random key: tokens of another process are worth nothing.
  PageTokens();

  // `filter`: the instance that was asked for; a token is good for the same question only.
  [[nodiscard]] std::string seal(const PagePosition& position, const std::string& filter) const;
  // Nothing if this process has not made it, or for another question.
  [[nodiscard]] std::optional<PagePosition> open(const std::string& token,
                                                 const std::string& filter) const;

 private:
  [[nodiscard]] std::string tag(const std::string& body, const std::string& filter) const;

  std::array<unsigned char, 32> key_{};
};

}  // namespace conflux::sidecar
