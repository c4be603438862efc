#include "host_api/src/refusal.h"

#include <cstdio>

namespace mpath::detail {

std::string quoted(std::string_view path) {
  std::string out = "\"";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '"' || c == '\\') {
      char escape[5];
      std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned>(byte));
      out += escape;
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string mode_text(unsigned mode) {
  char text[16];
  std::snprintf(text, sizeof text, "mode %04o", mode & 07777U);
  return text;
}

}  // namespace mpath::detail
