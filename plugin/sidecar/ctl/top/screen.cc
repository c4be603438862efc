#include "plugin/sidecar/ctl/top/screen.h"

#include <algorithm>
#include <stdexcept>

namespace conflux::top {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// Wide and combining characters would move what stands right of them.
bool takes_one_column(char32_t glyph) {
  if (glyph < 0x20 || (glyph >= 0x7F && glyph < 0xA0)) return false;
  return glyph < 0x300 || (glyph >= 0x2010 && glyph < 0x2028) ||
         (glyph >= 0x2190 && glyph < 0x2900);
}

std::size_t length_of(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  if (first >= 0xF0 && first < 0xF5) return 4;
  return 0;
}

}  // namespace

std::u32string decode_utf8(std::string_view text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t length = length_of(first);
    bool whole = length > 0 && i + length <= text.size();
    char32_t glyph = length <= 1 ? first : first & (0xFFU >> (length + 1));
    for (std::size_t k = 1; whole && k < length; ++k) {
      const auto byte = static_cast<unsigned char>(text[i + k]);
      whole = (byte & 0xC0U) == 0x80U;
      glyph = glyph << 6U | (byte & 0x3FU);
    }
    out.push_back(whole ? glyph : kReplacement);
    i += whole ? length : 1;
  }
  return out;
}

std::string encode_utf8(char32_t glyph) {
  const auto tail = [glyph](unsigned shift) {
    return static_cast<char>(0x80U | (glyph >> shift & 0x3FU));
  };
  if (glyph < 0x80) return {static_cast<char>(glyph)};
  if (glyph < 0x800) return {static_cast<char>(0xC0U | glyph >> 6U), tail(0)};
  if (glyph < 0x10000) return {static_cast<char>(0xE0U | glyph >> 12U), tail(6), tail(0)};
  return {static_cast<char>(0xF0U | glyph >> 18U), tail(12), tail(6), tail(0)};
}

Screen::Screen(int width, int height)
    : width_(std::clamp(width, 0, 1000)),
      height_(std::clamp(height, 0, 10000)),
      cells_(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_)) {}

const Cell& Screen::at(int row, int column) const {
  if (row < 0 || row >= height_ || column < 0 || column >= width_) {
    throw std::out_of_range("no such cell");
  }
  return cells_[static_cast<std::size_t>(row) * static_cast<std::size_t>(width_) +
                static_cast<std::size_t>(column)];
}

int Screen::put(At at, std::string_view text, Look look, int columns) {
  for (const char32_t glyph : decode_utf8(text)) {
    if (columns-- <= 0) break;
    if (at.row >= 0 && at.row < height_ && at.column >= 0 && at.column < width_) {
      cells_[static_cast<std::size_t>(at.row) * static_cast<std::size_t>(width_) +
             static_cast<std::size_t>(at.column)] = {takes_one_column(glyph) ? glyph : U'?', look};
    }
    ++at.column;
  }
  return at.column;
}

void Screen::put_right(At at, std::string_view text, Look look) {
  at.column -= static_cast<int>(decode_utf8(text).size());
  put(at, text, look);
}

void Screen::mark_row(int row, Look look) {
  if (row < 0 || row >= height_) return;
  const auto first = cells_.begin() + static_cast<std::ptrdiff_t>(row) * width_;
  std::for_each(first, first + width_, [look](Cell& cell) { cell.look = look; });
}

std::string Screen::text() const {
  std::string out;
  for (int row = 0; row < height_; ++row) {
    std::string line;
    for (int column = 0; column < width_; ++column) line += encode_utf8(at(row, column).glyph);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace conflux::top
