#include "examples/onion_proxy/net/http_reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onion_proxy {
namespace {

using ::testing::HasSubstr;

std::string body_of(std::string_view reply) {
  const auto body = parse_http_reply(reply);
  return body.ok() ? body.value() : "(refused) " + body.error();
}

TEST(HttpReply, BodyEndsWithTheConnectionWhereNoLengthIsStated) {
  EXPECT_EQ(body_of("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nbody\r\n\r\n"),
            "body\r\n\r\n");
  EXPECT_EQ(body_of("HTTP/1.0 200 OK\r\n\r\n"), "");
}

TEST(HttpReply, BlanksBeforeTheStatusLineAreNotHttp) {
  EXPECT_THAT(body_of("  HTTP/1.0 200 OK\r\n\r\nbody"), HasSubstr("not HTTP"));
}

TEST(HttpReply, AStatedLengthMustBeRight) {
  EXPECT_EQ(body_of("HTTP/1.0 200 OK\r\ncontent-LENGTH: 4\r\n\r\nbody"), "body");
  EXPECT_THAT(body_of("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nbody"), HasSubstr("breaks off"));
  EXPECT_THAT(body_of("HTTP/1.0 200 OK\r\nContent-Length: x\r\n\r\nbody"), HasSubstr("breaks off"));
}

TEST(HttpReply, OtherStatusesAreRefusedInTheirWords) {
  EXPECT_EQ(body_of("HTTP/1.0 404 Not found\r\n\r\n"), "(refused) refused: 404 Not found");
}

TEST(HttpReply, RefusesEncodingsNotAskedFor) {
  EXPECT_EQ(body_of("HTTP/1.0 200 OK\r\nContent-Encoding: identity\r\n\r\nbody"), "body");
  EXPECT_THAT(body_of("HTTP/1.0 200 OK\r\nContent-Encoding: deflate\r\n\r\nxx"),
              HasSubstr("Content-Encoding deflate"));
}

TEST(HttpReply, RefusesWhatIsNotHttp) {
  for (const char* reply : {"", "\r\n\r\n", "HTTP/1.0 200 OK\r\n", "SSH-2.0-x\r\n\r\n",
                            "HTTP/1.0\r\n\r\n", "HTTP/1.0 2000\r\n\r\n"}) {
    EXPECT_THAT(body_of(reply), HasSubstr("(refused)")) << reply;
  }
}

}  // namespace
}  // namespace onion_proxy
