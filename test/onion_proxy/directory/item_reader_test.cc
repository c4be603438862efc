#include "examples/onion_proxy/directory/item_reader.h"

#include <gtest/gtest.h>

namespace onion_proxy {
namespace {

std::string first_error(std::string_view document) {
  ItemReader reader(document);
  while (true) {
    const auto item = reader.next();
    if (!item.ok()) return item.error();
    if (!item.value()) return "(no error)";
  }
}

TEST(ItemReader, ReadsKeywordArgumentsAndObject) {
  ItemReader reader(
      "first a  b\nkey\n-----BEGIN THING-----\nZm9v\nYmFy\n-----END THING-----\nlast\n");

  const auto first = reader.next();
  ASSERT_TRUE(first.ok() && first.value());
  EXPECT_EQ(first.value()->keyword, "first");
  EXPECT_EQ(split_arguments(first.value()->arguments), (std::vector<std::string_view>{"a", "b"}));
  EXPECT_FALSE(first.value()->object);

  const auto key = reader.next();
  ASSERT_TRUE(key.ok() && key.value());
  ASSERT_TRUE(key.value()->object);
  EXPECT_EQ(key.value()->object->label, "THING");
  EXPECT_EQ(as_text(key.value()->object->body), "foobar");

  const auto last = reader.next();
  ASSERT_TRUE(last.ok() && last.value());
  EXPECT_EQ(last.value()->line, 7U);
  const auto end = reader.next();
  ASSERT_TRUE(end.ok());
  EXPECT_FALSE(end.value());
}

TEST(ItemReader, TellsWhereAnItemLies) {
  const std::string_view document = "a\nkey x\n-----BEGIN T-----\nZm9v\n-----END T-----\nz\n";
  ItemReader reader(document);
  (void)reader.next();
  const auto item = reader.next();
  ASSERT_TRUE(item.ok() && item.value());
  EXPECT_EQ(document.substr(0, item.value()->begin), "a\n");
  EXPECT_EQ(document.substr(0, item.value()->body), "a\nkey x\n");
  EXPECT_EQ(document.substr(item.value()->end), "z\n");
}

TEST(ItemReader, RefusesBrokenLinesWithTheirNumber) {
  EXPECT_EQ(first_error("a\nb"), "line 2: document ends inside a line");
  EXPECT_EQ(first_error("a\n\nb\n"), "line 2: line without a keyword");
  EXPECT_EQ(first_error(std::string_view("a\nb\0c\n", 6)), "line 2: NUL byte in a text document");
  EXPECT_EQ(first_error(std::string(ItemReader::kLineMax + 1, 'a') + "\n"),
            "line 1: line is longer than 65536 bytes");
}

TEST(ItemReader, AcceptsTheLongestLine) {
  EXPECT_EQ(first_error(std::string(ItemReader::kLineMax, 'a') + "\n"), "(no error)");
}

TEST(ItemReader, RefusesBrokenObjects) {
  EXPECT_EQ(first_error("-----BEGIN T-----\n-----END T-----\n"),
            "line 1: object without a keyword line before it");
  EXPECT_EQ(first_error("k\n-----BEGIN T-----\nZm9v\n-----END U-----\n"),
            "line 4: END does not match BEGIN");
  EXPECT_EQ(first_error("k\n-----BEGIN T-----\nZm 9v\n-----END T-----\n"),
            "line 4: T object is not base64");
  EXPECT_EQ(first_error("k\n-----BEGIN T\n"), "line 2: malformed BEGIN line");
  EXPECT_EQ(first_error("k\n-----BEGIN T-----\nZm9v\n"), "line 4: document ends inside a line");
}

TEST(ItemReader, RefusesAnObjectWithoutEndBeforeItGrows) {
  std::string document = "k\n-----BEGIN T-----\n";
  for (int i = 0; i < 5000; ++i) document += std::string(64, 'A') + "\n";
  EXPECT_EQ(first_error(document), "line 1027: object is longer than 65536 bytes");
}

TEST(ParseTime, ReadsUtcAndRefusesDatesThatDoNotExist) {
  const auto time = parse_time("2026-02-28", "23:59:59");
  ASSERT_TRUE(time);
  EXPECT_EQ(time->time_since_epoch().count(), 1772323199);
  for (const char* date : {"2026-02-29", "2026-13-01", "2026-00-10", "26-01-01", "2026/01/01"}) {
    EXPECT_FALSE(parse_time(date, "00:00:00")) << date;
  }
  for (const char* clock : {"24:00:00", "00:60:00", "0:00:00", "00-00-00", "00:00:-1"}) {
    EXPECT_FALSE(parse_time("2026-01-01", clock)) << clock;
  }
}

TEST(ParseNumber, TakesDigitsWithinTheBoundOnly) {
  EXPECT_EQ(parse_number("65535", 65535), 65535U);
  for (const char* text : {"65536", "", "-1", "+1", " 1", "1 ", "0x1", "99999999999999999999"}) {
    EXPECT_FALSE(parse_number(text, 65535)) << text;
  }
}

}  // namespace
}  // namespace onion_proxy
