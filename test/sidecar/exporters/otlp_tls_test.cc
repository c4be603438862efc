// mTLS to an OTLP receiver that wants a certificate of us.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "plugin/sidecar/exporters/otlp/otlp_exporter.h"
#include "test/sidecar/exporters/otlp_receiver.h"
#include "test/sidecar/exporters/support.h"

namespace conflux::sidecar::test {
namespace {

using namespace std::chrono_literals;

// Authorities and certificates, made once by the openssl command.
class Certificates {
 public:
  Certificates() {
    make_authority("ca");
    make_authority("other-ca");
    make("server", "ca");
    make("client", "ca");
    make("stranger", "other-ca");
  }
  [[nodiscard]] std::string file(const std::string& name) const { return directory_.path() / name; }

 private:
  void run(const std::string& arguments) const {
    const std::string command =
        "cd " + directory_.path().string() + " && openssl " + arguments + " >/dev/null 2>&1";
    if (std::system(command.c_str()) != 0) throw std::runtime_error(command);
  }
  void make_authority(const std::string& name) const {
    run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + name +
        " -keyout " + name + ".key -out " + name + ".pem");
  }
  void make(const std::string& name, const std::string& authority) const {
    run("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=test "
        "-addext subjectAltName=IP:127.0.0.1 -keyout " +
        name + ".key -out " + name + ".csr");
    run("x509 -req -days 2 -copy_extensions copy -in " + name + ".csr -CA " + authority +
        ".pem -CAkey " + authority + ".key -CAcreateserial -out " + name + ".pem");
  }

  region::test::Directory directory_;
};

class OtlpTls : public testing::Test {
 protected:
  static void SetUpTestSuite() { certificates_ = std::make_unique<Certificates>(); }
  static void TearDownTestSuite() { certificates_.reset(); }

  static OtlpOptions options_with(const OtlpReceiver& receiver, const std::string& authority,
                                  const std::string& client) {
    OtlpOptions options;
    options.endpoint.target = receiver.address();
    options.endpoint.ca_file = certificates_->file(authority + ".pem");
    if (!client.empty()) {
      options.endpoint.certificate_file = certificates_->file(client + ".pem");
      options.endpoint.key_file = certificates_->file(client + ".key");
    }
    options.interval = 20ms;
    options.timeout = 2s;
    options.retry = {.first = 10ms, .most = 20ms};
    return options;
  }
  static ReceiverTls server() {
    return {.ca = certificates_->file("ca.pem"),
            .certificate = certificates_->file("server.pem"),
            .key = certificates_->file("server.key")};
  }
  // Nothing arrives, however often it is tried.
  static void expect_refused(const std::string& authority, const std::string& client) {
    const OtlpReceiver receiver(server());
    OtlpExporter::Result result =
        OtlpExporter::start(options_with(receiver, authority, client), facts);
    ASSERT_NE(result.exporter, nullptr) << result.problem;
    result.exporter->offer(snapshot_of({region_of("relay", {counter("conflux_x")}, {8})}));
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (result.exporter->counters().retried < 2 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(1ms);
    }
    EXPECT_GE(result.exporter->counters().retried, 2U);
    EXPECT_EQ(result.exporter->counters().accepted, 0U);
    EXPECT_EQ(receiver.requests(), 0U);
  }

  static std::unique_ptr<Certificates> certificates_;
};
std::unique_ptr<Certificates> OtlpTls::certificates_;

TEST_F(OtlpTls, DeliversToAReceiverThatKnowsOurCertificate) {
  OtlpReceiver receiver(server());
  OtlpExporter::Result result = OtlpExporter::start(options_with(receiver, "ca", "client"), facts);
  ASSERT_NE(result.exporter, nullptr) << result.problem;
  result.exporter->offer(snapshot_of({region_of("relay", {counter("conflux_x")}, {8})}));
  EXPECT_TRUE(receiver.wait([](const OtlpTotals& it) { return it.at("conflux_x") == 8; }));
}

TEST_F(OtlpTls, SendsNothingWithoutACertificateOrWithThatOfAStranger) {
  expect_refused("ca", "");
  expect_refused("ca", "stranger");
}

TEST_F(OtlpTls, SendsNothingToAReceiverOfAnotherAuthority) { expect_refused("other-ca", "client"); }

}  // namespace
}  // namespace conflux::sidecar::test
