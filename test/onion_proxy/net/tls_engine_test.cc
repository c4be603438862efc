#include "examples/onion_proxy/net/tls_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/onion_proxy/support/fake_tls_server.h"

namespace onion_proxy {
namespace {

using test::FakeTlsServer;
using ::testing::HasSubstr;

class TlsEngineTest : public testing::Test {
 protected:
  // Moves all that the client has for the server.
  void carry_to_server() {
    Bytes flight;
    client_.take_output(flight);
    server_.receive(flight);
  }
  // And what the server has for the client, as much as there is room for.
  size_t carry_to_client(size_t most = TlsEngine::kInputSize) {
    const MutableByteView room = client_.input_room();
    const size_t size = server_.take(room.first(std::min(most, room.size())));
    client_.commit_input(size);
    return size;
  }

  void shake_hands() {
    for (int flights = 0; flights < 10; ++flights) {
      const auto done = client_.handshake();
      ASSERT_TRUE(done.ok()) << done.error();
      carry_to_server();
      carry_to_client();
      if (done.value()) return;
    }
    FAIL() << "no end of the handshake";
  }

  // All clear text that has come.
  Bytes read_all() {
    Bytes out;
    Bytes record(TlsEngine::kRecordMax);
    for (auto size = client_.read(record); size.ok() && size.value() > 0;
         size = client_.read(record)) {
      append(out, ByteView(record).first(size.value()));
    }
    return out;
  }

  FakeTlsServer server_;
  TlsContext context_;
  TlsEngine client_{context_};
};

TEST_F(TlsEngineTest, ShowsThePeersCertificateOnceHandsAreShaken) {
  EXPECT_EQ(client_.peer_certificate_digest(), std::nullopt);
  shake_hands();
  EXPECT_EQ(client_.peer_certificate_digest(), server_.certificate_digest());
}

TEST_F(TlsEngineTest, CarriesMoreThanARecordEachWay) {
  shake_hands();
  Bytes sent(100'000);
  for (size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<uint8_t>(i * 7 / 5);
  ASSERT_TRUE(client_.write(sent).ok());
  carry_to_server();
  EXPECT_EQ(server_.received(), sent);

  server_.send(sent);
  Bytes received;
  while (carry_to_client() > 0) append(received, read_all());
  EXPECT_EQ(received, sent);
}

TEST_F(TlsEngineTest, WhatWasTakenGoesBeforeWhatTlsAnswersMeanwhile) {
  shake_hands();
  read_all();
  const Bytes sent(50'000, 's');
  ASSERT_TRUE(client_.write(sent).ok());
  Bytes taken;
  client_.take_output(taken);
  const Bytes as_taken = taken;
  // when the peer asks for new keys in between; OpenSSL answers the first at the second
  server_.ask_for_new_keys();
  server_.ask_for_new_keys();
  carry_to_client();
  read_all();
  EXPECT_FALSE(client_.output().empty()) << "TLS has answered";
  EXPECT_EQ(taken, as_taken);
  // then the peer understands both, in this order
  server_.receive(taken);
  carry_to_server();
  ASSERT_TRUE(client_.write(Bytes{1}).ok());
  carry_to_server();
  EXPECT_EQ(server_.received().size(), sent.size() + 1);
}

TEST_F(TlsEngineTest, SeveralRecordsOfOneReadAreThereAtOnce) {
  shake_hands();
  for (uint8_t i = 0; i < 3; ++i) server_.send(Bytes(1000, i));
  carry_to_client();
  Bytes record(TlsEngine::kRecordMax);
  for (uint8_t i = 0; i < 3; ++i) {
    const auto size = client_.read(record);
    ASSERT_TRUE(size.ok());
    ASSERT_EQ(size.value(), 1000u);
    EXPECT_EQ(record[0], i);
  }
  EXPECT_EQ(client_.read(record).value(), 0u) << "and then no more";
}

TEST_F(TlsEngineTest, ARecordMayComeByteByByte) {
  shake_hands();
  read_all();
  server_.send(Bytes{1, 2, 3});
  Bytes received;
  while (carry_to_client(1) > 0) {
    EXPECT_TRUE(received.empty());
    append(received, read_all());
    EXPECT_EQ(client_.input_room().size(), TlsEngine::kInputSize) << "nothing is kept back";
  }
  EXPECT_EQ(received, (Bytes{1, 2, 3}));
}

TEST_F(TlsEngineTest, AChangedBitEndsTheConnection) {
  shake_hands();
  read_all();
  server_.send(Bytes(100, 1));
  const MutableByteView room = client_.input_room();
  const size_t size = server_.take(room);
  room[size - 1] ^= 1;
  client_.commit_input(size);
  Bytes record(TlsEngine::kRecordMax);
  const auto read = client_.read(record);
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error(), HasSubstr("bad record mac"));
}

TEST_F(TlsEngineTest, SomethingElseThanTlsIsRefused) {
  ASSERT_TRUE(client_.handshake().ok());
  const std::string_view greeting = "HTTP/1.1 400 Bad Request\r\n\r\n";
  const MutableByteView room = client_.input_room();
  std::copy(greeting.begin(), greeting.end(), room.begin());
  client_.commit_input(greeting.size());
  const auto done = client_.handshake();
  ASSERT_FALSE(done.ok());
  EXPECT_THAT(done.error(), HasSubstr("wrong version number"));
}

TEST_F(TlsEngineTest, APeerThatSaysGoodbyeHasClosedTheConnection) {
  shake_hands();
  read_all();
  server_.say_goodbye();
  carry_to_client();
  Bytes record(TlsEngine::kRecordMax);
  const auto read = client_.read(record);
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error(), HasSubstr("closed the connection"));
}

}  // namespace
}  // namespace onion_proxy
