#include "config/yaml/utf8.h"

namespace conflux::config::utf8 {
namespace {

struct Form {
  std::size_t length;
  std::uint32_t payload;
  std::uint32_t least;  // a smaller code point in this form is overlong
};

Form form_of(unsigned char lead) {
  if (lead < 0x80) {
    return {1, lead, 0};
  }
  if (lead >= 0xC2 && lead < 0xE0) {
    return {2, lead & 0x1Fu, 0x80};
  }
  if (lead >= 0xE0 && lead < 0xF0) {
    return {3, lead & 0x0Fu, 0x800};
  }
  if (lead >= 0xF0 && lead < 0xF5) {
    return {4, lead & 0x07u, 0x10000};
  }
  return {0, 0, 0};
}

bool is_scalar_value(std::uint32_t code_point) {
  return code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF);
}

}  // namespace

Character decode(std::string_view text) {
  const Form form = form_of(static_cast<unsigned char>(text.front()));
  if (form.length == 0 || text.size() < form.length) {
    return {};
  }
  std::uint32_t code_point = form.payload;
  for (std::size_t i = 1; i < form.length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0u) != 0x80) {
      return {};
    }
    code_point = (code_point << 6) | (byte & 0x3Fu);
  }
  if (code_point < form.least || !is_scalar_value(code_point)) {
    return {};
  }
  return {code_point, form.length, true};
}

bool is_printable(std::uint32_t code_point) {
  if (code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0)) {
    return false;
  }
  const bool separator = code_point == 0x2028 || code_point == 0x2029;
  const bool bidi = code_point == 0x200E || code_point == 0x200F ||
                    (code_point >= 0x202A && code_point <= 0x202E) ||
                    (code_point >= 0x2066 && code_point <= 0x2069);
  return !separator && !bidi && code_point != 0xFEFF;
}

std::string_view without_bom(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) {
    text.remove_prefix(3);
  }
  return text;
}

std::size_t count(std::string_view text) {
  std::size_t characters = 0;
  while (!text.empty()) {
    text.remove_prefix(decode(text).length);
    ++characters;
  }
  return characters;
}

}  // namespace conflux::config::utf8
