// The loader's refusals: each has its own code, and its words say what is wrong and what to do.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mpath/loader.hpp>
#include <string>
#include <vector>

#include "test/host_api/sandbox.h"

namespace conflux::test {
namespace {

namespace fs = std::filesystem;
using mpath::LoadError;
using mpath::LoadOptions;
using mpath::LoadResult;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

LoadResult load(const fs::path& path) {
  LoadOptions options;
  options.path = path.string();
  return mpath::load_plugin(options);
}

// A refusal of `variant`, with every word that its message must hold.
#define EXPECT_REFUSED(result, code, ...)                                                  \
  do {                                                                                     \
    const LoadResult& refused = (result);                                                  \
    EXPECT_EQ(refused.error, code) << to_string(refused.error) << ": " << refused.message; \
    EXPECT_THAT(refused.message, AllOf(__VA_ARGS__));                                      \
    EXPECT_FALSE(refused.plugin);                                                          \
  } while (false)

class Loader : public ::testing::Test {
 protected:
  Sandbox box_;
};

TEST_F(Loader, LoadsAGoodPluginAndSaysItsDigest) {
  const fs::path file = box_.copy_plugin("good", "a.so");
  const LoadResult result = load(file);
  ASSERT_TRUE(result) << result.message;
  EXPECT_STREQ(result.plugin.name(), "good");
  EXPECT_EQ(result.plugin.abi_major(), MPATH_ABI_MAJOR);
  EXPECT_EQ(result.sha256, sha256_of(file));
  EXPECT_EQ(result.message, "");
}

TEST_F(Loader, ChecksAFileWithoutRunningIt) {
  const fs::path file = box_.copy_plugin("evil", "a.so");
  unsetenv("MPATH_TEST_EVIL");
  const mpath::FileCheck fine = mpath::check_plugin_file({.path = file.string(), .pins = {}});
  EXPECT_TRUE(fine) << fine.message;
  EXPECT_EQ(fine.sha256, sha256_of(file));
  EXPECT_EQ(getenv("MPATH_TEST_EVIL"), nullptr) << "its constructor ran";
  const mpath::FileCheck other =
      mpath::check_plugin_file({.path = file.string(), .pins = {mpath::Sha256{}}});
  EXPECT_EQ(other.error, LoadError::kPinMismatch);
  const mpath::FileCheck none =
      mpath::check_plugin_file({.path = (box_.path() / "none.so").string(), .pins = {}});
  EXPECT_EQ(none.error, LoadError::kMissing);
}

TEST_F(Loader, HandsOutTheSameTableWhenTheSameFileIsLoadedAgain) {
  const fs::path file = box_.copy_plugin("good", "a.so");
  const LoadResult first = load(file);
  const LoadResult second = load(file);
  ASSERT_TRUE(first && second) << second.message;
  EXPECT_EQ(first.plugin.table(), second.plugin.table());
}

TEST_F(Loader, RefusesARelativePath) {
  EXPECT_REFUSED(load("conflux.so"), LoadError::kRelativePath, HasSubstr("\"conflux.so\""),
                 HasSubstr("absolute"));
  EXPECT_REFUSED(load(""), LoadError::kRelativePath, HasSubstr("absolute"));
}

TEST_F(Loader, RefusesAMissingFileAndNamesThePartThatIsMissing) {
  EXPECT_REFUSED(load(box_.path() / "none.so"), LoadError::kMissing, HasSubstr("none.so"),
                 HasSubstr("Install"));
  EXPECT_REFUSED(load(box_.path() / "nowhere" / "a.so"), LoadError::kMissing,
                 HasSubstr("nowhere\" does not exist"));
}

TEST_F(Loader, RefusesAPathThatGoesThroughAFile) {
  const fs::path file = box_.copy_plugin("good", "a.so");
  EXPECT_REFUSED(load(file.string() + "/"), LoadError::kMissing, HasSubstr("a.so/"));
  EXPECT_REFUSED(load(file / "b.so"), LoadError::kMissing, HasSubstr("a.so/b.so"));
}

TEST_F(Loader, RefusesAPathWithANulByteInsteadOfCuttingIt) {
  const fs::path file = box_.copy_plugin("good", "a.so");
  LoadOptions options;
  options.path = file.string() + std::string("\0tail", 5);
  EXPECT_REFUSED(mpath::load_plugin(options), LoadError::kMissing, HasSubstr("\\x00tail"));
}

TEST_F(Loader, RefusesWhatIsNotARegularFile) {
  EXPECT_REFUSED(load(box_.make_directory("d.so")), LoadError::kNotRegularFile,
                 HasSubstr("not a regular file"));
  EXPECT_REFUSED(load("/"), LoadError::kNotRegularFile, HasSubstr("not a regular file"));
  EXPECT_REFUSED(load("/dev/null"), LoadError::kNotRegularFile, HasSubstr("not a regular file"));
}

TEST_F(Loader, RefusesAFifoWithoutWaitingForItsWriter) {
  const fs::path fifo = box_.path() / "fifo.so";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0644), 0);
  EXPECT_REFUSED(load(fifo), LoadError::kNotRegularFile, HasSubstr("fifo.so"));
}

TEST_F(Loader, RefusesAFileThatOthersMayWriteTo) {
  const fs::path file = box_.copy_plugin("good", "a.so");
  for (const unsigned mode : {0664U, 0646U}) {
    change_mode(file, mode);
    EXPECT_REFUSED(load(file), LoadError::kFileWritable, HasSubstr("mode 06"),
                   HasSubstr("chmod go-w"));
  }
}

TEST_F(Loader, RefusesADirectoryThatOthersMayWriteTo) {
  const fs::path directory = box_.make_directory("open", 0775);
  const fs::path file = box_.copy_plugin("good", "open/a.so");
  EXPECT_REFUSED(load(file), LoadError::kDirectoryWritable, HasSubstr("open\""),
                 HasSubstr("mode 0775"), HasSubstr("chmod go-w"));
}

TEST_F(Loader, RefusesAWritableDirectoryFarAboveTheFile) {
  box_.make_directory("open", 0777);
  box_.make_directory("open/closed", 0755);
  const fs::path file = box_.copy_plugin("good", "open/closed/a.so");
  EXPECT_REFUSED(load(file), LoadError::kDirectoryWritable, HasSubstr("open\" is writable"));
}

TEST_F(Loader, RefusesAFileInAStickyDirectoryThatOthersMayCreateFilesIn) {
  box_.make_directory("sticky", 01777);
  const fs::path file = box_.copy_plugin("good", "sticky/a.so");
  EXPECT_REFUSED(load(file), LoadError::kDirectoryWritable, HasSubstr("sticky\""),
                 HasSubstr("Move the plugin"));
}

TEST_F(Loader, AcceptsADirectoryOfOursBelowAStickyOne) {
  box_.make_directory("sticky", 01777);
  box_.make_directory("sticky/ours", 0755);
  EXPECT_TRUE(load(box_.copy_plugin("good", "sticky/ours/a.so")));
}

TEST_F(Loader, FollowsLinksAsFarAsTheirDirectoriesAreSafe) {
  box_.make_directory("v1");
  box_.copy_plugin("good", "v1/a.so");
  fs::create_symlink("v1/../v1/a.so", box_.path() / "relative.so");
  fs::create_directory_symlink(box_.path() / "v1", box_.path() / "current");
  fs::create_symlink(box_.path() / "current/a.so", box_.path() / "absolute.so");
  for (const char* name : {"relative.so", "current/a.so", "absolute.so", "v1/.././v1//a.so"}) {
    EXPECT_TRUE(load(box_.path() / name)) << name << ": " << load(box_.path() / name).message;
  }
}

TEST_F(Loader, RefusesALinkThatLiesInAStickyDirectory) {
  const fs::path file = box_.copy_plugin("good", "a.so");
  box_.make_directory("sticky", 01777);
  fs::create_symlink(file, box_.path() / "sticky/link.so");
  EXPECT_REFUSED(load(box_.path() / "sticky/link.so"), LoadError::kDirectoryWritable,
                 HasSubstr("sticky\""));
}

TEST_F(Loader, JudgesTheDirectoriesThatALinkLeadsThrough) {
  box_.make_directory("open", 0777);
  box_.copy_plugin("good", "open/a.so");
  fs::create_symlink("open/a.so", box_.path() / "link.so");
  EXPECT_REFUSED(load(box_.path() / "link.so"), LoadError::kDirectoryWritable,
                 HasSubstr("open\" is writable"));
}

TEST_F(Loader, RefusesLinksThatGoInCircles) {
  fs::create_symlink("b.so", box_.path() / "a.so");
  fs::create_symlink("a.so", box_.path() / "b.so");
  EXPECT_REFUSED(load(box_.path() / "a.so"), LoadError::kUnreadable, HasSubstr("symbolic links"));
}

TEST_F(Loader, AcceptsAnyOfItsPinsAndNothingElse) {
  LoadOptions options;
  options.path = box_.copy_plugin("good", "a.so").string();
  const mpath::Sha256 right = sha256_of(options.path);
  mpath::Sha256 wrong = right;
  wrong.back() ^= 1;
  options.pins = {wrong, right};
  EXPECT_TRUE(mpath::load_plugin(options));

  options.pins = {wrong};
  EXPECT_REFUSED(mpath::load_plugin(options), LoadError::kPinMismatch,
                 HasSubstr(mpath::to_hex(right)), HasSubstr("not the pinned one"),
                 HasSubstr("plugin.sha256"));
  options.pins = {wrong, wrong};
  EXPECT_REFUSED(mpath::load_plugin(options), LoadError::kPinMismatch,
                 HasSubstr("none of the 2 pinned ones"));
}

TEST_F(Loader, RunsNoCodeOfAFileWhosePinDoesNotMatch) {
  ASSERT_EQ(::unsetenv("MPATH_TEST_EVIL"), 0);
  LoadOptions options;
  options.path = box_.copy_plugin("evil", "a.so").string();
  options.pins = {mpath::Sha256{}};
  EXPECT_EQ(mpath::load_plugin(options).error, LoadError::kPinMismatch);
  EXPECT_EQ(std::getenv("MPATH_TEST_EVIL"), nullptr);

  options.pins.clear();  // the proof that the file would have left its trace
  EXPECT_TRUE(mpath::load_plugin(options));
  EXPECT_NE(std::getenv("MPATH_TEST_EVIL"), nullptr);
}

TEST_F(Loader, RefusesALoadedFileThatWasOverwrittenInPlace) {
  const fs::path file = box_.copy_plugin("good", "a.so");
  ASSERT_TRUE(load(file));
  std::ofstream(file, std::ios::binary | std::ios::app) << '\n';
  EXPECT_REFUSED(load(file), LoadError::kChangedInPlace, HasSubstr("restart this program"));
}

TEST_F(Loader, SaysTheLinkersWordsWhenAFileIsNotLoadable) {
  EXPECT_REFUSED(load(box_.write("text.so", std::string(4096, '#'))), LoadError::kNotLoadable,
                 HasSubstr("text.so\": invalid ELF header"), Not(HasSubstr("/proc")));
  EXPECT_REFUSED(load(box_.write("empty.so", "")), LoadError::kNotLoadable,
                 HasSubstr("file too short"));
}

TEST_F(Loader, RefusesAnUnresolvedSymbolAtOnceAndNamesIt) {
  EXPECT_REFUSED(load(box_.copy_plugin("unresolved", "a.so")), LoadError::kNotLoadable,
                 HasSubstr("mpath_test_function_that_nobody_has"));
}

TEST_F(Loader, RefusesALibraryWithoutTheEntryPoint) {
  EXPECT_REFUSED(load(box_.copy_plugin("no_entry", "a.so")), LoadError::kNoEntryPoint,
                 HasSubstr("mpath_plugin_negotiate"));
}

TEST_F(Loader, NamesBothVersionRangesWhenThereIsNoCommonOne) {
  EXPECT_REFUSED(load(box_.copy_plugin("newer", "a.so")), LoadError::kNoCommonVersion,
                 HasSubstr("version 2 to 3"), HasSubstr("this program 1"),
                 HasSubstr("Upgrade the program"));
  LoadOptions options;
  options.path = box_.copy_plugin("good", "b.so").string();
  options.major_min = 7;
  options.major_max = 9;
  EXPECT_REFUSED(mpath::load_plugin(options), LoadError::kNoCommonVersion,
                 HasSubstr("this program 7 to 9"), HasSubstr("Upgrade the plugin"));
}

TEST_F(Loader, DoesNotBelieveAVersionThatItDidNotOffer) {
  EXPECT_REFUSED(load(box_.copy_plugin("liar", "a.so")), LoadError::kNoCommonVersion,
                 HasSubstr("this program 1"));
}

TEST_F(Loader, RefusesAPluginThatFailsToNegotiate) {
  EXPECT_REFUSED(load(box_.copy_plugin("refuses", "a.so")), LoadError::kNegotiationFailed,
                 HasSubstr("-100"));
}

TEST_F(Loader, RefusesATableThatIsTooSmall) {
  EXPECT_REFUSED(load(box_.copy_plugin("small_table", "a.so")), LoadError::kTableTooSmall,
                 HasSubstr("function table"));
  EXPECT_REFUSED(load(box_.copy_plugin("no_table", "b.so")), LoadError::kTableTooSmall,
                 HasSubstr("of 0 bytes"));
}

TEST_F(Loader, AcceptsATableThatIsLargerThanItKnows) {
  EXPECT_TRUE(load(box_.copy_plugin("large_table", "a.so")));
}

TEST_F(Loader, RefusesATableWithANullFunction) {
  EXPECT_REFUSED(load(box_.copy_plugin("first_missing", "a.so")), LoadError::kTableIncomplete,
                 HasSubstr("function 1 "));
  EXPECT_REFUSED(load(box_.copy_plugin("last_missing", "b.so")), LoadError::kTableIncomplete,
                 HasSubstr("function "));
}

TEST_F(Loader, RefusesAPluginThatDoesNotStartAndShowsItsDiagnostics) {
  LoadOptions options;
  options.path = box_.copy_plugin("good", "a.so").string();
  const mpath::OpenResult bad = mpath::open_plugin(options, {"bad", "conf"});
  EXPECT_EQ(bad.error, LoadError::kInitFailed);
  EXPECT_THAT(bad.message, AllOf(HasSubstr("does not start"), HasSubstr("an error"),
                                 HasSubstr("conf:1:1: bad is not good")));
  EXPECT_FALSE(bad.instance);

  const mpath::OpenResult good = mpath::open_plugin(options, {"good", "conf"});
  EXPECT_TRUE(good) << good.message;
  EXPECT_TRUE(good.instance);
}

TEST_F(Loader, OpensNothingWhenTheFileIsRefused) {
  const mpath::OpenResult result = mpath::open_plugin({.path = "a.so", .pins = {}}, {});
  EXPECT_EQ(result.error, LoadError::kRelativePath);
  EXPECT_FALSE(result.instance);
}

// Owners can only be changed by root; TrustTest judges the same rules without it.
TEST_F(Loader, RefusesWhatSomebodyElseOwns) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give files away; see Trust.*";
  const fs::path file = box_.copy_plugin("good", "a.so");
  ASSERT_EQ(::chown(file.c_str(), 65534, 65534), 0);
  EXPECT_REFUSED(load(file), LoadError::kFileOwner, HasSubstr("uid 65534"),
                 HasSubstr("chown root"));

  const fs::path directory = box_.make_directory("theirs");
  const fs::path inside = box_.copy_plugin("good", "theirs/a.so");
  ASSERT_EQ(::chown(directory.c_str(), 65534, 65534), 0);
  EXPECT_REFUSED(load(inside), LoadError::kDirectoryOwner, HasSubstr("theirs\""),
                 HasSubstr("uid 65534"));
}

TEST_F(Loader, CannotBeMadeToForgeLogLines) {
  const LoadResult result = load("/tmp/a\nERROR \"forged\".so");
  EXPECT_EQ(result.error, LoadError::kMissing);
  EXPECT_THAT(result.message, HasSubstr("a\\x0aERROR \\x22forged\\x22.so"));
}

TEST(LoadErrors, HaveDistinctNames) {
  std::vector<std::string> names;
  for (int i = 0; i <= static_cast<int>(LoadError::kOutOfMemory); ++i) {
    names.emplace_back(to_string(static_cast<LoadError>(i)));
  }
  EXPECT_THAT(names, ::testing::Not(::testing::Contains("unknown")));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(Pins, AreReadFromSixtyFourHexDigitsOnly) {
  const std::string hex = "00ff" + std::string(60, 'a');
  const auto pin = mpath::parse_sha256(hex);
  ASSERT_TRUE(pin.has_value());
  EXPECT_EQ((*pin)[1], 0xff);
  EXPECT_EQ(mpath::to_hex(*pin), hex);
  EXPECT_EQ(mpath::parse_sha256("00FF" + std::string(60, 'A')), pin);
  EXPECT_FALSE(mpath::parse_sha256(hex.substr(1)));
  EXPECT_FALSE(mpath::parse_sha256(hex + "a"));
  EXPECT_FALSE(mpath::parse_sha256("0g" + hex.substr(2)));
  EXPECT_FALSE(mpath::parse_sha256(" " + hex.substr(1)));
}

TEST(FailurePolicy, StartsOnlyWhenTheOperatorSaidSo) {
  const auto refuse = mpath::plan_failure(mpath::OnFailure::kRefuse, "no plugin");
  EXPECT_FALSE(refuse.start);
  EXPECT_THAT(refuse.message, AllOf(HasSubstr("no plugin"), HasSubstr("single_path")));
  const auto degrade = mpath::plan_failure(mpath::OnFailure::kSinglePath, "no plugin");
  EXPECT_TRUE(degrade.start);
  EXPECT_THAT(degrade.message, AllOf(HasSubstr("no plugin"), HasSubstr("multipath is off")));
}

}  // namespace
}  // namespace conflux::test
