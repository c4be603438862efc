// Many verdicts by one process, for schema_agreement_test.py. Reads texts from standard input, each
// behind its length (32 bits, little endian). Writes a line "accepted" or "refused" for each,
// behind the diagnostics, which begin with "t:".

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

#include "config/parse.h"

namespace {

bool read_exactly(char* out, std::size_t size) {
  return size == 0 || std::fread(out, 1, size, stdin) == size;
}

bool read_text(std::string& text) {
  std::array<unsigned char, 4> prefix{};
  if (!read_exactly(reinterpret_cast<char*>(prefix.data()), prefix.size())) {
    return false;
  }
  text.resize(prefix[0] | prefix[1] << 8U | prefix[2] << 16U | prefix[3] << 24U);
  return read_exactly(text.data(), text.size());
}

}  // namespace

int main() {
  for (std::string text; read_text(text);) {
    const conflux::config::ParseResult result = conflux::config::parse(text, "t");
    std::fputs(to_string(result).c_str(), stdout);
    std::puts(result.ok() ? "accepted" : "refused");
  }
  return std::ferror(stdin) == 0 ? 0 : 1;
}
