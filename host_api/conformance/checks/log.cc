// Logs are kept and shown: whoever reads one must learn nothing that identifies.
#include <cstring>

#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/history.h"

namespace mpath::kit {
namespace {

struct Secret {
  const char* what;
  std::uint64_t value;
};

// Eight bytes of a nonce from each place, in both orders.
void add_nonce(std::vector<Secret>& secrets, const Body& nonce) {
  for (std::size_t at = 0; at + 8 <= nonce.size(); ++at) {
    std::uint64_t value = 0;
    std::memcpy(&value, nonce.data() + at, sizeof value);
    secrets.push_back({"eight bytes of a nonce", value});
    secrets.push_back({"eight bytes of a nonce", __builtin_bswap64(value)});
  }
}

std::vector<Secret> secrets_of(Scene& scene) {
  std::vector<Secret> secrets = {{"the id of a tunnel", scene.tunnel},
                                 {"the cookie of a tunnel", scene.info().cookie}};
  for (Scene::Leg& leg : scene.legs()) {
    const mpath_leg_params circuit = make_circuit(leg.circuit);
    secrets.push_back({"the id of a leg", leg.id});
    secrets.push_back({"the cookie of a leg", circuit.cookie});
    for (std::uint32_t i = 0; i < circuit.path.count; ++i) {
      secrets.push_back({"a relay", circuit.path.hops[i].relay_tag});
    }
  }
  for (std::uint64_t number = 1; number < 20; ++number) {
    secrets.push_back({"a token", Scene::token_of(number)});
  }
  add_nonce(secrets, scene.peer().nonce());
  return secrets;
}

std::vector<mpath_log_record> all_records(Driver& driver) {
  std::vector<mpath_log_record> all;
  LogTaken taken{.records = {}, .left = 1, .lost = 0};
  while (taken.left > 0) {
    const mpath_status status = driver.instance_drain_log(32, taken);
    driver.check.expect(status == MPATH_OK && !taken.records.empty(), "MPATH-P-23",
                        "{} records are left, but draining them answered {} and gave none",
                        taken.left, status);
    all.insert(all.end(), taken.records.begin(), taken.records.end());
  }
  return all;
}

void names_nothing_that_identifies(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  Scene scene(stage.driver, {.legs = 3, .seed = 0xC3});
  for (const std::size_t leg : {0U, 1U, 1U, 2U}) scene.send(leg);
  for (const std::size_t leg : {1U, 2U, 1U}) (void)scene.arrive(leg);
  mpath_grant grant{};
  (void)scene.route(50, grant);
  (void)scene.remove(1, MPATH_REASON_CHANNEL_CLOSED);
  (void)scene.receive(0, kSwitch, {1});  // a violation is worth a word too
  (void)stage.driver.instance_reload(&stage.driver.configuration());
  const std::vector<Secret> secrets = secrets_of(scene);
  for (const mpath_log_record& record : all_records(stage.driver)) {
    check.expect(record.tunnel_ordinal <= 1 && record.leg_ordinal <= 3, "MPATH-P-23",
                 "a record names tunnel {} and leg {}, which are no ordinals",
                 record.tunnel_ordinal, record.leg_ordinal);
    for (const Secret& secret : secrets) {
      const bool shows = secret.value > UINT16_MAX &&
                         (record.value == secret.value || record.time_us == secret.value);
      check.expect(!shows, "MPATH-P-23", "a record (\"{}\") holds {}",
                   stage.driver.table.log_text(record.event), secret.what);
    }
    check.expect(record.level >= MPATH_LOG_ERROR && record.level <= MPATH_LOG_TRACE, "MPATH-P-23",
                 "a record has level {}", record.level);
  }
  scene.finish();
}

}  // namespace

std::vector<Check> log_checks() {
  return {
      {"log.names_nothing_that_identifies",
       {"MPATH-P-23"},
       names_nothing_that_identifies,
       "No nonce, relay, cookie, token or id stands in a log record"},
  };
}

}  // namespace mpath::kit
