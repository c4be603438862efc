#include "examples/onion_proxy/socks/socks5.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "examples/onion_proxy/base/wire.h"

namespace onion_proxy {
namespace {

using ::testing::HasSubstr;

// Feeds an application's bytes as the listener does, and keeps what a test may ask about.
class Application {
 public:
  // False once the negotiation is over, either way.
  bool send(ByteView bytes) {
    append(unread_, bytes);
    while (true) {
      size_t consumed = 0;
      auto outcome = negotiation_.handle_input(unread_, consumed);
      unread_.erase(unread_.begin(), unread_.begin() + static_cast<ptrdiff_t>(consumed));
      if (std::holds_alternative<Socks5Negotiation::NeedMore>(outcome)) return true;
      if (auto* send = std::get_if<Socks5Negotiation::Send>(&outcome)) {
        append(received, send->bytes);
        continue;
      }
      if (auto* done = std::get_if<Socks5Negotiation::Done>(&outcome)) request = done->request;
      if (auto* refused = std::get_if<Socks5Negotiation::Refused>(&outcome)) {
        append(received, refused->farewell);
        reason = refused->reason;
      }
      return false;
    }
  }
  bool send(std::initializer_list<uint8_t> bytes) { return send(Bytes(bytes)); }

  const Bytes& unread() const { return unread_; }

  Bytes received;
  std::optional<SocksRequest> request;
  std::string reason;

 private:
  Socks5Negotiation negotiation_;
  Bytes unread_;
};

Bytes connect_to_name(std::string_view name, uint16_t port) {
  Bytes out = {5, 1, 0, 3, static_cast<uint8_t>(name.size())};
  append(out, name);
  append_u16(out, port);
  return out;
}

TEST(Socks5, ConnectsByName) {
  Application application;
  EXPECT_TRUE(application.send({5, 1, 0}));
  EXPECT_EQ(application.received, (Bytes{5, 0}));
  EXPECT_FALSE(application.send(connect_to_name("example.net", 8080)));
  ASSERT_TRUE(application.request);
  EXPECT_EQ(application.request->command, SocksCommand::kConnect);
  EXPECT_EQ(application.request->host, "example.net");
  EXPECT_EQ(application.request->port, 8080);
  EXPECT_FALSE(application.request->host_is_ipv6);
  EXPECT_EQ(application.request->isolation, "");
}

TEST(Socks5, ConnectsByIpv4AndIpv6) {
  Application four;
  four.send({5, 1, 0, 5, 1, 0, 1, 192, 0, 2, 7, 0, 80});
  ASSERT_TRUE(four.request);
  EXPECT_EQ(four.request->host, "192.0.2.7");
  EXPECT_EQ(four.request->port, 80);

  Application six;
  six.send({5, 1, 0, 5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 187});
  ASSERT_TRUE(six.request);
  EXPECT_EQ(six.request->host, "2001:db8::1");
  EXPECT_TRUE(six.request->host_is_ipv6);
  EXPECT_EQ(six.request->port, 443);
}

TEST(Socks5, AnIpv6AddressInTheNameFieldIsSeenAsOne) {
  Application application;
  application.send({5, 1, 0});
  application.send(connect_to_name("::1", 80));
  ASSERT_TRUE(application.request);
  EXPECT_TRUE(application.request->host_is_ipv6);
}

TEST(Socks5, ResolvesWithTorsExtension) {
  Application application;
  application.send({5, 1, 0, 5, 0xF0, 0, 3, 4, 'h', 'o', 's', 't', 0, 0});
  ASSERT_TRUE(application.request);
  EXPECT_EQ(application.request->command, SocksCommand::kResolve);
  EXPECT_EQ(application.request->host, "host");
}

TEST(Socks5, TakesAnyPasswordAsAnIsolationWish) {
  Application application;
  EXPECT_TRUE(application.send({5, 2, 0, 2}));
  EXPECT_EQ(application.received, (Bytes{5, 2}));
  EXPECT_TRUE(application.send({1, 2, 'm', 'e', 3, 'p', 'w', 'd'}));
  EXPECT_EQ(application.received, (Bytes{5, 2, 1, 0}));
  application.send(connect_to_name("a", 1));
  ASSERT_TRUE(application.request);
  EXPECT_EQ(application.request->isolation, "2:mepwd");
}

TEST(Socks5, NameAndPasswordDoNotRunIntoEachOther) {
  const auto isolation = [](Bytes credentials) {
    Application application;
    application.send({5, 1, 2});
    application.send(credentials);
    application.send(connect_to_name("a", 1));
    return application.request ? application.request->isolation : "(none)";
  };
  EXPECT_NE(isolation({1, 2, 'a', 'b', 1, 'c'}), isolation({1, 1, 'a', 2, 'b', 'c'}));
}

TEST(Socks5, WaitsForEverySingleByte) {
  Application application;
  const Bytes all =
      concat(Bytes{5, 2, 0, 2}, Bytes{1, 1, 'u', 1, 'p'}, connect_to_name("host", 80));
  for (size_t i = 0; i + 1 < all.size(); ++i) {
    ASSERT_TRUE(application.send(ByteView(all).subspan(i, 1))) << i;
  }
  EXPECT_FALSE(application.send(ByteView(all).last(1)));
  ASSERT_TRUE(application.request);
  EXPECT_EQ(application.request->host, "host");
}

TEST(Socks5, LeavesWhatFollowsTheRequestToTheStream) {
  Application application;
  application.send({5, 1, 0});
  application.send(concat(connect_to_name("host", 80), std::string_view("GET /")));
  ASSERT_TRUE(application.request);
  EXPECT_EQ(as_text(application.unread()), "GET /");
}

TEST(Socks5, TellsHttpClientsWhatThisIs) {
  Application application;
  EXPECT_FALSE(application.send(as_bytes("GET http://example.net/ HTTP/1.1\r\n")));
  EXPECT_THAT(std::string(as_text(application.received)), HasSubstr("501 This is a SOCKS proxy"));
  EXPECT_THAT(application.reason, HasSubstr("speaks HTTP"));
}

TEST(Socks5, RejectsSocks4InItsOwnLanguage) {
  Application application;
  EXPECT_FALSE(application.send({4, 1, 0, 80, 127, 0, 0, 1, 0}));
  ASSERT_EQ(application.received.size(), 8U);
  EXPECT_EQ(application.received[1], 0x5B);
  EXPECT_THAT(application.reason, HasSubstr("SOCKS4"));
}

TEST(Socks5, RefusesWithTheReplyThatSaysWhy) {
  const struct {
    Bytes request;
    SocksReply reply;
    const char* reason;
  } kCases[] = {
      {{5, 2, 0, 1, 127, 0, 0, 1, 0, 80}, SocksReply::kCommandNotSupported, "command 2"},
      {{5, 3, 0, 1, 127, 0, 0, 1, 0, 80}, SocksReply::kCommandNotSupported, "command 3"},
      {{5, 1, 0, 2, 127, 0, 0, 1, 0, 80}, SocksReply::kAddressTypeNotSupported, "address type 2"},
      {{5, 1, 0, 1, 127, 0, 0, 1, 0, 0}, SocksReply::kGeneralFailure, "port 0"},
      {{5, 1, 0, 3, 0, 0, 80}, SocksReply::kGeneralFailure, "not a host name"},
      {{5, 1, 0, 3, 3, 'a', ' ', 'b', 0, 80}, SocksReply::kGeneralFailure, "not a host name"},
      {{5, 1, 0, 3, 2, 'a', 0, 0, 80}, SocksReply::kGeneralFailure, "not a host name"},
      {{9, 1, 0, 1, 127, 0, 0, 1, 0, 80}, SocksReply::kGeneralFailure, "malformed"},
  };
  for (const auto& test_case : kCases) {
    Application application;
    application.send({5, 1, 0});
    application.received.clear();
    EXPECT_FALSE(application.send(test_case.request));
    EXPECT_FALSE(application.request);
    EXPECT_EQ(application.received, encode_socks_reply(test_case.reply)) << test_case.reason;
    EXPECT_THAT(application.reason, HasSubstr(test_case.reason));
  }
}

TEST(Socks5, RefusesWhoOffersNoMethodOfOurs) {
  Application application;
  EXPECT_FALSE(application.send({5, 1, 1}));
  EXPECT_EQ(application.received, (Bytes{5, 0xFF}));
}

TEST(Socks5, RefusesAMalformedPassword) {
  Application application;
  application.send({5, 1, 2});
  EXPECT_FALSE(application.send({5, 1, 'u', 1, 'p'}));
  EXPECT_THAT(application.reason, HasSubstr("malformed user name"));
}

TEST(Socks5, NeverNeedsMoreThanItsBound) {
  // The longest message of each kind, one byte short.
  Application greeting;
  EXPECT_TRUE(greeting.send(concat(Bytes{5, 255}, Bytes(254))));
  EXPECT_LE(greeting.unread().size(), Socks5Negotiation::kMessageMax);
  Application password;
  password.send({5, 1, 2});
  EXPECT_TRUE(password.send(concat(Bytes{1, 255}, Bytes(255), Bytes{255}, Bytes(254))));
  EXPECT_LE(password.unread().size(), Socks5Negotiation::kMessageMax);
}

TEST(SocksReplies, CarryTheResolvedAddress) {
  EXPECT_EQ(encode_socks_resolved(Bytes{192, 0, 2, 1}), (Bytes{5, 0, 0, 1, 192, 0, 2, 1, 0, 0}));
  const Bytes six = encode_socks_resolved(Bytes(16, 7));
  EXPECT_EQ(six.size(), 22U);
  EXPECT_EQ(six[3], 4);
}

TEST(SocksReplies, TranslateEndReasons) {
  EXPECT_EQ(socks_reply_for_end_reason(3), SocksReply::kConnectionRefused);
  EXPECT_EQ(socks_reply_for_end_reason(4), SocksReply::kNotAllowed);
  EXPECT_EQ(socks_reply_for_end_reason(2), SocksReply::kHostUnreachable);
  EXPECT_EQ(socks_reply_for_end_reason(7), SocksReply::kTtlExpired);
  EXPECT_EQ(socks_reply_for_end_reason(1), SocksReply::kGeneralFailure);
  EXPECT_EQ(socks_reply_for_end_reason(255), SocksReply::kGeneralFailure);
  EXPECT_EQ(end_reason_text(4), "the exit's policy refuses the target");
  EXPECT_EQ(end_reason_text(255), "unknown reason");
}

}  // namespace
}  // namespace onion_proxy
