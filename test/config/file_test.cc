#include "config/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "config/parse.h"
#include "test/support/temporary_directory.h"

namespace conflux::config {
namespace {

using testing::HasSubstr;

class ConfigFile : public testing::Test {
 protected:
  std::string path(const char* name) const { return directory_.path(name); }
  std::string write(const char* name, const std::string& text) const {
    return directory_.write(name, text);
  }

  const conflux::test::TemporaryDirectory directory_;
};

TEST_F(ConfigFile, IsReadAsItIs) {
  using namespace std::string_literals;
  EXPECT_EQ(read_config_file(write("a", "x\0\r\n\xFF"s)).text, "x\0\r\n\xFF"s);
  EXPECT_EQ(read_config_file(write("b", "")).text, "");
}

TEST_F(ConfigFile, ThatIsMissingIsNamedSo) {
  EXPECT_EQ(read_config_file(path("none")).text, std::nullopt);
  EXPECT_THAT(read_config_file(path("none")).error, HasSubstr("No such file"));
}

TEST_F(ConfigFile, IsNotADirectory) {
  EXPECT_THAT(read_config_file(directory_.path().string()).error, HasSubstr("is a directory"));
}

TEST_F(ConfigFile, IsNotReachedThroughALink) {
  write("real", "version: 1\n");
  ASSERT_EQ(::symlink("real", path("link").c_str()), 0);
  EXPECT_THAT(read_config_file(path("link")).error, HasSubstr("symbolic link"));
}

TEST_F(ConfigFile, IsNotAPipeAndDoesNotWaitForItsWriter) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(read_config_file(path("pipe")).error, HasSubstr("not a regular file"));
}

TEST_F(ConfigFile, HasAtMostOneMebibyte) {
  EXPECT_EQ(read_config_file(write("fits", std::string(kMaxTextBytes, '#'))).text->size(),
            kMaxTextBytes);
  EXPECT_THAT(read_config_file(write("more", std::string(kMaxTextBytes + 1, '#'))).error,
              HasSubstr("larger than 1 MiB"));
}

TEST_F(ConfigFile, ThatIsADeviceIsRefused) {
  EXPECT_THAT(read_config_file("/dev/zero").error, HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace conflux::config
