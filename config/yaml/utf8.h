// UTF-8 one character at a time. Spec: RFC 3629 (no overlong forms, no surrogates, <= U+10FFFF).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace conflux::config::utf8 {

struct Character {
  std::uint32_t code_point = 0;
  std::size_t length = 1;  // bytes; 1 for a byte that begins no valid character
  bool valid = false;
};

// The first character of `text`, which must not be empty.
Character decode(std::string_view text);

// False for control characters (C0, DEL, C1), line and paragraph separators, byte order marks and
// the bidirectional controls that make a text read differently from what it says.
bool is_printable(std::uint32_t code_point);

// `text` without a leading UTF-8 byte order mark.
std::string_view without_bom(std::string_view text);

// How many characters `text` holds; a byte that begins no valid character counts as one.
std::size_t count(std::string_view text);

}  // namespace conflux::config::utf8
