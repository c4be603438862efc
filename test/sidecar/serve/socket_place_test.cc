#include "plugin/sidecar/serve/socket_place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "test/region/support.h"

namespace conflux::sidecar {
namespace {

using testing::HasSubstr;

class SocketPlace : public testing::Test {
 protected:
  std::string in(const std::string& name) const { return directory_.path() / name; }

  region::test::Directory directory_;
};

TEST_F(SocketPlace, IsGoodInADirectoryOfOurOwn) { EXPECT_EQ(check_socket_place(in("a.sock")), ""); }

TEST_F(SocketPlace, IsBadWhereOthersMayWrite) {
  for (const mode_t mode : {0770U, 0707U, 01777U}) {
    ASSERT_EQ(chmod(directory_.path().c_str(), mode), 0);
    EXPECT_THAT(check_socket_place(in("a.sock")), HasSubstr("chmod go-w")) << std::oct << mode;
  }
}

TEST_F(SocketPlace, IsBadWithoutADirectoryOrBehindALink) {
  EXPECT_THAT(check_socket_place(in("missing/a.sock")), HasSubstr("install -d -m 0750"));
  region::test::overwrite(in("file"), "x");
  EXPECT_THAT(check_socket_place(in("file/a.sock")), HasSubstr("not a directory"));
  std::filesystem::create_directory(in("real"));
  std::filesystem::create_directory_symlink(in("real"), in("link"));
  EXPECT_THAT(check_socket_place(in("link/a.sock")), HasSubstr("not a directory"));
}

}  // namespace
}  // namespace conflux::sidecar
