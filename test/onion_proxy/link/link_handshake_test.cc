#include "examples/onion_proxy/link/link_handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/onion_proxy/support/fake_link_certs.h"

namespace onion_proxy {
namespace {

using test::FakeLinkIdentity;
using ::testing::HasSubstr;

class LinkHandshakeTest : public testing::Test {
 protected:
  LinkHandshakeTest() {
    peer_.ed_id = identity_.master().public_key();
    peer_.rsa_id = identity_.rsa().digest();
    peer_.ipv4 = {127, 0, 0, 1};
    peer_.tls_certificate = identity_.tls_certificate();
  }

  // The outcome in words: "more", "open", or the reason of the refusal.
  std::string give(LinkCommand command, Bytes body) {
    LinkCell cell;
    cell.command = command;
    cell.body = body;
    const auto step = handshake().handle_cell(
        cell, std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    if (!step.ok()) return step.error();
    sent_ = step.value().send;
    return step.value().open ? "open" : "more";
  }
  std::string give_versions(Bytes body = {0, 3, 0, 4, 0, 5}) {
    return give(LinkCommand::kVersions, std::move(body));
  }
  std::string give_certs() {
    return give(LinkCommand::kCerts, FakeLinkIdentity::encode(identity_.all()));
  }
  std::string give_challenge() { return give(LinkCommand::kAuthChallenge, Bytes(38)); }
  std::string give_netinfo() {
    Bytes body = {0, 0, 0, 0, 4, 4, 127, 0, 0, 1, 0};
    body.resize(kCellPayloadSize);
    return give(LinkCommand::kNetinfo, std::move(body));
  }
  LinkHandshake& handshake() {
    if (!handshake_) handshake_.emplace(peer_);
    return *handshake_;
  }

  static inline const FakeLinkIdentity identity_{sha256(as_bytes("TLS certificate"))};
  LinkPeer peer_;
  std::optional<LinkHandshake> handshake_;
  Bytes sent_;
};

TEST_F(LinkHandshakeTest, OffersVersionsThreeToFiveWithATwoByteCircuitId) {
  EXPECT_EQ(handshake().start(), (Bytes{0, 0, 7, 0, 6, 0, 3, 0, 4, 0, 5}));
  EXPECT_EQ(handshake().circuit_id_width(), CircuitIdWidth::kTwo);
}

TEST_F(LinkHandshakeTest, OpensAfterNetinfoAndAnswersIt) {
  EXPECT_EQ(give_versions(), "more");
  EXPECT_EQ(handshake().circuit_id_width(), CircuitIdWidth::kFour);
  EXPECT_EQ(handshake().link_protocol(), 5);
  EXPECT_EQ(give_certs(), "more");
  EXPECT_TRUE(sent_.empty());
  EXPECT_EQ(give_challenge(), "more");
  EXPECT_EQ(give_netinfo(), "open");
  ASSERT_EQ(sent_.size(), 2 * kFixedCellSize);
  const Bytes netinfo(sent_.begin(), sent_.begin() + 16);
  // No time, their address, none of ours.
  EXPECT_EQ(netinfo, (Bytes{0, 0, 0, 0, 8, 0, 0, 0, 0, 4, 4, 127, 0, 0, 1, 0}));
}

TEST_F(LinkHandshakeTest, StopsLinkPaddingWhereTheProtocolHasIt) {
  give_versions();
  give_certs();
  give_netinfo();
  const Bytes negotiate(sent_.begin() + kFixedCellSize, sent_.begin() + kFixedCellSize + 7);
  EXPECT_EQ(negotiate, (Bytes{0, 0, 0, 0, 12, 0, 1}));

  handshake_.reset();
  give_versions({0, 4});
  give_certs();
  EXPECT_EQ(give_netinfo(), "open");
  EXPECT_EQ(sent_.size(), kFixedCellSize);
}

TEST_F(LinkHandshakeTest, PaddingIsIgnoredAnywhereAfterVersions) {
  give_versions();
  EXPECT_EQ(give(LinkCommand::kVpadding, Bytes(9)), "more");
  give_certs();
  EXPECT_EQ(give(LinkCommand::kPadding, Bytes(kCellPayloadSize)), "more");
  EXPECT_EQ(give_netinfo(), "open");
}

TEST_F(LinkHandshakeTest, RefusesARelayWithoutACommonVersion) {
  EXPECT_THAT(give_versions({0, 3}), HasSubstr("neither link protocol 4 nor 5"));
  handshake_.reset();
  EXPECT_THAT(give_versions({0, 6}), HasSubstr("neither link protocol 4 nor 5"));
  handshake_.reset();
  EXPECT_THAT(give_versions({}), HasSubstr("neither link protocol 4 nor 5"));
}

TEST_F(LinkHandshakeTest, RefusesVersionsOfABadLength) {
  EXPECT_THAT(give_versions({0, 4, 0}), HasSubstr("bad length"));
  handshake_.reset();
  EXPECT_THAT(give_versions(Bytes(1000)), HasSubstr("bad length"));
}

TEST_F(LinkHandshakeTest, RefusesCellsOutOfOrder) {
  EXPECT_EQ(give_certs(), "link handshake: CERTS (command 129) where VERSIONS was due");
  handshake_.reset();
  give_versions();
  EXPECT_EQ(give_netinfo(), "link handshake: NETINFO (command 8) where CERTS was due");
  handshake_.reset();
  give_versions();
  EXPECT_EQ(give_versions(), "link handshake: VERSIONS (command 7) where CERTS was due");
  handshake_.reset();
  give_versions();
  give_certs();
  EXPECT_EQ(give(LinkCommand::kRelay, Bytes(kCellPayloadSize)),
            "link handshake: RELAY (command 3) where AUTH_CHALLENGE or NETINFO was due");
  handshake_.reset();
  give_versions();
  give_certs();
  give_challenge();
  EXPECT_EQ(give_challenge(), "link handshake: AUTH_CHALLENGE came twice");
}

TEST_F(LinkHandshakeTest, RefusesAValidChainOfAnotherRelay) {
  peer_.ed_id[0] ^= 1;
  give_versions();
  EXPECT_THAT(give_certs(), HasSubstr("another Ed25519 identity"));

  handshake_.reset();
  peer_.ed_id[0] ^= 1;
  peer_.rsa_id[0] ^= 1;
  give_versions();
  EXPECT_THAT(give_certs(), HasSubstr("another RSA identity"));
}

TEST_F(LinkHandshakeTest, SendsNothingBeforeTheRelayHasProvenItself) {
  give_versions();
  EXPECT_TRUE(sent_.empty());
  peer_.tls_certificate[0] ^= 1;
  handshake_.emplace(peer_);
  give_versions();
  EXPECT_THAT(give_certs(), HasSubstr("made for another TLS certificate"));
  EXPECT_TRUE(sent_.empty());
}

TEST_F(LinkHandshakeTest, AFailureIsFinal) {
  give_netinfo();
  EXPECT_EQ(give_versions(), "link handshake: it is over");
}

TEST_F(LinkHandshakeTest, DoesNotListenToPaddingForEver) {
  give_versions();
  std::string outcome = "more";
  int cells = 1;
  for (; outcome == "more" && cells < 1000; ++cells) outcome = give(LinkCommand::kVpadding, {});
  EXPECT_EQ(outcome, "link handshake: more than 32 cells before its end");
  EXPECT_EQ(cells, LinkHandshake::kCellsMax + 1);
}

TEST_F(LinkHandshakeTest, RefusesMalformedNetinfo) {
  give_versions();
  give_certs();
  EXPECT_EQ(give(LinkCommand::kNetinfo, {0, 0, 0, 0, 4, 200, 1}),
            "link handshake: NETINFO is malformed");
}

}  // namespace
}  // namespace onion_proxy
