// What a terminal shows, without a terminal: cells with a look.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace conflux::top {

enum class Colour : std::uint8_t { kPlain, kGood, kWarning, kBad, kAccent, kLeg1, kLeg2, kLeg3 };

struct Look {
  Colour colour = Colour::kPlain;
  bool bold = false;
  bool dim = false;
  bool reverse = false;

  friend bool operator==(const Look&, const Look&) = default;
};

struct Cell {
  char32_t glyph = U' ';
  Look look{};

  friend bool operator==(const Cell&, const Cell&) = default;
};

// A place, relative to the top left corner.
struct At {
  int row = 0;
  int column = 0;
};

// Whatever is drawn outside of it vanishes.
class Screen {
 public:
  Screen(int width, int height);

  [[nodiscard]] int width() const noexcept { return width_; }
  [[nodiscard]] int height() const noexcept { return height_; }
  [[nodiscard]] const Cell& at(int row, int column) const;

  // UTF-8, cut after `columns`. What is no single printable column becomes '?'. The column after
  // the last one that was written.
  int put(At at, std::string_view text, Look look = {}, int columns = 1 << 16);
  // As put(), ending before `at.column`.
  void put_right(At at, std::string_view text, Look look = {});
  // Gives a whole row this look, and keeps what stands there.
  void mark_row(int row, Look look);

  // Rows without trailing blanks, each with a line end.
  [[nodiscard]] std::string text() const;

 private:
  int width_;
  int height_;
  std::vector<Cell> cells_;
};

// Code points of well-formed UTF-8; U+FFFD for what is not.
std::u32string decode_utf8(std::string_view text);
std::string encode_utf8(char32_t glyph);

}  // namespace conflux::top
