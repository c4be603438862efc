#include "plugin/region/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/region/support.h"

namespace conflux::region::test {
namespace {

using testing::HasSubstr;

TEST(Writer, LeavesOneFileThatItsGroupMayReadWhateverTheUmaskIs) {
  for (const mode_t mask : {0022U, 0077U, 0U}) {
    const Directory directory;
    const mode_t before = umask(mask);
    const auto writer = make_writer(directory.options());
    umask(before);
    EXPECT_EQ(directory.files(), 1U);
    struct stat status {};
    ASSERT_EQ(stat(directory.region().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0640U) << "and nobody else";
  }
}

TEST(Writer, RemovesItsFileWhenItEnds) {
  const Directory directory;
  make_writer(directory.options()).reset();
  EXPECT_EQ(directory.files(), 0U);
}

TEST(Writer, LeavesTheFileOfAnotherAlone) {
  const Directory directory;
  auto writer = make_writer(directory.options());
  std::filesystem::remove(directory.region());
  overwrite(directory.region(), "another");
  writer.reset();
  EXPECT_EQ(contents(directory.region()), "another");
}

TEST(Writer, DoesNotReplaceTheRegionOfAProxyThatLives) {
  const Directory directory;
  const auto writer = make_writer(directory.options());
  const WriterResult second = Writer::create(directory.options());
  EXPECT_EQ(second.writer, nullptr);
  EXPECT_THAT(second.problem, HasSubstr("in use by another proxy"));
  EXPECT_THAT(second.problem, HasSubstr("metrics.instance"));
  EXPECT_EQ(directory.files(), 1U) << "no draft stays behind";
}

TEST(Writer, ReplacesWhatADeadProxyLeftBehind) {
  const Directory directory;
  overwrite(directory.region(), "whatever was there");
  const auto writer = make_writer(directory.options());
  EXPECT_NE(Reader::open(directory.region()).reader, nullptr);
}

TEST(Writer, RefusesADirectoryThatOthersCanWrite) {
  const Directory directory;
  ASSERT_EQ(chmod(directory.path().c_str(), 0777), 0);
  const WriterResult result = Writer::create(directory.options());
  EXPECT_EQ(result.writer, nullptr);
  EXPECT_THAT(result.problem, HasSubstr("writable by others; chmod go-w it"));
}

TEST(Writer, RefusesADirectoryThatIsNotThereAndSaysWhatToDo) {
  const WriterResult result = Writer::create({.directory = "/dev/shm/no-such", .instance = "x"});
  EXPECT_EQ(result.writer, nullptr);
  EXPECT_THAT(result.problem, HasSubstr("make that directory"));
}

TEST(Writer, RefusesALinkInTheDirectorysPlace) {
  const Directory directory;
  const std::string link = directory.path() / "link";
  ASSERT_EQ(symlink("/dev/shm", link.c_str()), 0);
  EXPECT_EQ(Writer::create({.directory = link, .instance = "x"}).writer, nullptr);
}

TEST(Writer, RefusesADiskUnlessItIsTold) {
  const conflux::test::TemporaryDirectory disk(CONFLUX_BINARY_DIR);
  WriterOptions options{.directory = disk.path(), .instance = "proxy"};
  const WriterResult refused = Writer::create(options);
  if (refused.writer != nullptr) GTEST_SKIP() << "the build directory is on tmpfs";
  EXPECT_THAT(refused.problem, HasSubstr("not on tmpfs"));
  options.allow_disk = true;
  EXPECT_NE(Writer::create(options).writer, nullptr);
}

constexpr int kCannotMount = 77;

// In a process and a mount namespace of its own: answers what creating says on a tmpfs of 8 KiB.
int create_on_a_full_tmpfs(const std::string& directory) {
  const bool mounted = unshare(CLONE_NEWNS) == 0 &&
                       mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                       mount("tmpfs", directory.c_str(), "tmpfs", 0, "size=8k,mode=0755") == 0;
  if (!mounted) return kCannotMount;
  const WriterResult result =
      Writer::create({.directory = directory, .instance = "proxy", .slots = 1000});
  const bool said = result.problem.find("no room for") != std::string::npos &&
                    result.problem.find("lower metrics.slots") != std::string::npos;
  const bool left_nothing = std::filesystem::is_empty(directory);
  return result.writer == nullptr && said && left_nothing ? 0 : 1;
}

TEST(Writer, SaysThatTheTmpfsIsFullAtStartAndNotBySigbusLater) {
  const Directory directory;
  const pid_t child = fork();
  if (child == 0) _exit(create_on_a_full_tmpfs(directory.path()));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kCannotMount) GTEST_SKIP() << "nothing may be mounted here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Writer, MakesAnotherKeyAndRegionIdEachTime) {
  const Directory directory;
  const auto first = make_writer({.directory = directory.path(), .instance = "one"});
  const auto second = make_writer({.directory = directory.path(), .instance = "two"});
  EXPECT_FALSE(std::ranges::equal(first->key(), second->key()));
  EXPECT_NE(Reader::open(directory.path() / "one.cfxm").reader->identity().region_id,
            Reader::open(directory.path() / "two.cfxm").reader->identity().region_id);
}

}  // namespace
}  // namespace conflux::region::test
