// Configuration: the kit knows no key of any plugin, only that three functions must agree.
#include <cstring>
#include <random>

#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/scene.h"

namespace mpath::kit {
namespace {

std::vector<std::string> texts(std::uint64_t seed) {
  std::vector<std::string> all = {
      "",
      "\n",
      "# nothing\n",
      "version: 1\n",
      "version: 999999999999999999999999\n",
      "no_such_key_of_any_plugin: 1\n",
      "- a list\n- instead\n",
      "just words",
      ": : :\n\t- [",
      "a: &x [*x]\n",
      "a: &a [b, b]\nc: &c [*a, *a]\nd: [*c, *c]\n",
      std::string("nul\0inside: 1\n", 14),
      "\xff\xfe\xfd",
      "\xef\xbb\xbfversion: 1\n",
      "\"\\x",
      "--- !!binary\n...\n---\n",
      std::string(70'000, '['),
      std::string(70'000, ' ') + "a: 1\n",
      "a: " + std::string(100'000, 'x') + "\n",
  };
  std::mt19937_64 random(seed);
  for (int i = 0; i < 200; ++i) {
    std::string bytes(random() % 60, '\0');
    static constexpr char kSoup[] = "ab:-[]{}#&*!|>'\"%@`, \n\t\\?\x00\x7f\x80\xff";
    for (char& byte : bytes) byte = kSoup[random() % (sizeof kSoup - 1)];
    all.push_back(bytes);
  }
  return all;
}

void defaults_are_accepted(Context& check) {
  Stage stage(check);
  const std::string empty;
  for (const std::string* text : {static_cast<const std::string*>(nullptr), &empty}) {
    const char* what = text == nullptr ? "null" : "an empty text";
    mpath_status status = stage.driver.config_check(text, 0, nullptr);
    check.expect(status == MPATH_OK, "MPATH-P-33", "config_check of {} answered {}", what, status);
    mpath_instance* instance = nullptr;
    status = stage.driver.instance_open(text, instance);
    check.expect(status == MPATH_OK && instance != nullptr, "MPATH-P-33",
                 "instance_open of {} answered {}", what, status);
    stage.driver.instance = instance;
    status = stage.driver.instance_reload(text);
    check.expect(status == MPATH_OK, "MPATH-P-33", "instance_reload of {} answered {}", what,
                 status);
    (void)stage.driver.instance_close(instance);
  }
}

void all_three_agree(Context& check) {
  Stage stage(check);
  // Not with a configuration of somebody's own: a reload may refuse to change that.
  open_defaults(stage.driver);
  const Blame blame("MPATH-P-33");
  for (const std::string& text : texts(check.settings().seed)) {
    mpath_instance* instance = nullptr;
    const mpath_status checked = stage.driver.config_check(&text, 0, nullptr);
    const mpath_status opened = stage.driver.instance_open(&text, instance);
    check.expect(checked == MPATH_OK || checked == MPATH_E_CONFIG, "MPATH-P-33",
                 "config_check of \"{:.40}\" answered {}", text, checked);
    check.expect(opened == checked && (instance != nullptr) == (opened == MPATH_OK), "MPATH-P-33",
                 "of \"{:.40}\" config_check says {}, instance_open {}", text, checked, opened);
    if (instance != nullptr) (void)stage.driver.instance_close(instance);
    mpath_instance_info before{};
    (void)stage.driver.instance_info(before);
    const mpath_status reloaded = stage.driver.instance_reload(&text);
    check.expect((reloaded == MPATH_OK) == (checked == MPATH_OK), "MPATH-P-33",
                 "of \"{:.40}\" config_check says {}, instance_reload {}", text, checked, reloaded);
    mpath_instance_info after{};
    (void)stage.driver.instance_info(after);
    check.expect(reloaded == MPATH_OK || std::memcmp(&before, &after, sizeof before) == 0,
                 "MPATH-P-33", "instance_reload refused \"{:.40}\" and changed the settings", text);
  }
  (void)stage.driver.instance_close(stage.driver.instance);
}

// A text that the plugin refuses with words; empty if there is none.
std::string find_refused(Context& check, Driver& driver, TextOut& whole) {
  for (const std::string& text : texts(check.settings().seed)) {
    if (driver.config_check(&text, 10'000, &whole) == MPATH_E_CONFIG && whole.length > 20) {
      return text;
    }
  }
  check.skip("the plugin says nothing about any of the kit's texts");
}

void texts_are_cut(Context& check) {
  Stage stage(check);
  TextOut whole;
  const std::string refused = find_refused(check, stage.driver, whole);
  check.expect(whole.length < whole.bytes.size() && whole.bytes[whole.length] == '\0' &&
                   std::strlen(whole.bytes.c_str()) == whole.length,
               "MPATH-P-26", "a text of {} bytes is not ended by NUL", whole.length);
  const std::string words = whole.bytes.c_str();
  for (const std::uint32_t capacity : {0U, 1U, 2U, 10U, whole.length, whole.length + 1}) {
    TextOut cut;
    const mpath_status status = stage.driver.config_check(&refused, capacity, &cut);
    check.expect(status == MPATH_E_CONFIG, "MPATH-P-26", "with room for {}: status {}", capacity,
                 status);
    check.expect(cut.length == whole.length, "MPATH-P-26",
                 "with room for {} the length is said to be {}, not {}", capacity, cut.length,
                 whole.length);
    if (capacity == 0) continue;
    check.expect(std::string(cut.bytes.c_str()) == words.substr(0, capacity - 1) &&
                     cut.bytes.find('\0') != std::string::npos,
                 "MPATH-P-26", "with room for {} the text is not cut there, or not ended by NUL",
                 capacity);
  }
}

}  // namespace

std::vector<Check> config_checks() {
  return {
      {"config.defaults_are_accepted",
       {"MPATH-P-33"},
       defaults_are_accepted,
       "Null and an empty text are the defaults"},
      {"config.all_three_agree",
       {"MPATH-P-33"},
       all_three_agree,
       "config_check, instance_open and instance_reload agree about odd texts"},
      {"config.texts_are_cut",
       {"MPATH-P-26"},
       texts_are_cut,
       "Diagnostics are cut to their capacity, ended by NUL, and say their full length"},
  };
}

}  // namespace mpath::kit
