// Owner and mode rules, judged from facts alone.
#include "host_api/src/trust.h"

#include <gtest/gtest.h>

namespace mpath::detail {
namespace {

constexpr uid_t kMe = 1000;
constexpr uid_t kOther = 1001;

struct stat facts(mode_t mode, uid_t owner) {
  struct stat out {};
  out.st_mode = mode;
  out.st_uid = owner;
  return out;
}

LoadError file_error(mode_t mode, uid_t owner, uid_t euid = kMe,
                     DirectoryKind where = DirectoryKind::kPrivate) {
  return judge_file(facts(S_IFREG | mode, owner), "/d/a.so", where, euid).error;
}

TEST(Trust, FilesBelongToRootOrToTheEffectiveUser) {
  EXPECT_EQ(file_error(0644, 0), LoadError::kNone);
  EXPECT_EQ(file_error(0644, kMe), LoadError::kNone);
  EXPECT_EQ(file_error(0644, kOther), LoadError::kFileOwner);
  EXPECT_EQ(file_error(0644, kMe, 0), LoadError::kFileOwner);  // root trusts root alone
}

TEST(Trust, FilesAreWritableByTheirOwnerOnly) {
  for (mode_t mode = 0; mode <= 0777; ++mode) {
    const bool others_write = (mode & 0022) != 0;
    EXPECT_EQ(file_error(mode, kMe), others_write ? LoadError::kFileWritable : LoadError::kNone)
        << std::oct << mode;
  }
}

TEST(Trust, OnlyRegularFilesAreFiles) {
  for (const mode_t type : {S_IFDIR, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK, S_IFLNK}) {
    EXPECT_EQ(judge_file(facts(type | 0644, 0), "/a", DirectoryKind::kPrivate, kMe).error,
              LoadError::kNotRegularFile);
  }
}

TEST(Trust, FilesInSharedDirectoriesMayHaveBeenPutThereByAnybody) {
  EXPECT_EQ(file_error(0644, 0, kMe, DirectoryKind::kShared), LoadError::kDirectoryWritable);
  EXPECT_EQ(judge_name_in(DirectoryKind::kShared, "/tmp").error, LoadError::kDirectoryWritable);
  EXPECT_EQ(judge_name_in(DirectoryKind::kPrivate, "/usr").error, LoadError::kNone);
}

TEST(Trust, DirectoriesBelongToRootOrToTheEffectiveUser) {
  EXPECT_FALSE(judge_directory(facts(S_IFDIR | 0755, 0), "/d", kMe).refusal);
  EXPECT_FALSE(judge_directory(facts(S_IFDIR | 0755, kMe), "/d", kMe).refusal);
  const auto theirs = judge_directory(facts(S_IFDIR | 0755, kOther), "/d", kMe);
  EXPECT_EQ(theirs.refusal.error, LoadError::kDirectoryOwner);
  EXPECT_NE(theirs.refusal.message.find("uid 1001"), std::string::npos) << theirs.refusal.message;
  EXPECT_NE(theirs.refusal.message.find("uid 1000"), std::string::npos) << theirs.refusal.message;
}

TEST(Trust, AStickyDirectoryOfSomebodyElseIsNoBetter) {
  EXPECT_EQ(judge_directory(facts(S_IFDIR | 01777, kOther), "/d", kMe).refusal.error,
            LoadError::kDirectoryOwner);
}

TEST(Trust, DirectoriesThatOthersWriteToAreSharedIfStickyAndRefusedIfNot) {
  for (const mode_t mode : {0775U, 0757U, 0777U}) {
    EXPECT_EQ(judge_directory(facts(S_IFDIR | mode, 0), "/d", kMe).refusal.error,
              LoadError::kDirectoryWritable);
    const auto sticky = judge_directory(facts(S_IFDIR | S_ISVTX | mode, 0), "/d", kMe);
    EXPECT_FALSE(sticky.refusal);
    EXPECT_EQ(sticky.kind, DirectoryKind::kShared);
  }
  EXPECT_EQ(judge_directory(facts(S_IFDIR | 01755, 0), "/d", kMe).kind, DirectoryKind::kPrivate);
}

}  // namespace
}  // namespace mpath::detail
