// What is checked is what is loaded, even while somebody renames files under the path.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mpath/loader.hpp>
#include <string>
#include <thread>

#include "host_api/src/library.h"
#include "host_api/src/sha256.h"
#include "host_api/src/trusted_file.h"
#include "test/host_api/sandbox.h"

namespace conflux::test {
namespace {

namespace fs = std::filesystem;
using mpath::LoadError;
using mpath::detail::Library;
using mpath::detail::TrustedFile;

constexpr int kRenames = 10'000;

// Swaps two files under one name with rename(2), until it has done so kRenames times.
class Swapper {
 public:
  Swapper(const fs::path& one, const fs::path& other, const fs::path& name)
      : thread_([=, this] {
          const fs::path next = name.string() + ".next";
          for (int i = 0; i < kRenames; ++i) {
            if (::link((i % 2 == 0 ? one : other).c_str(), next.c_str()) != 0) std::abort();
            if (::rename(next.c_str(), name.c_str()) != 0) std::abort();
            // If `name` is that very file already, rename() does nothing and `next` remains.
            (void)::unlink(next.c_str());
            done_.store(i + 1, std::memory_order_release);
          }
        }) {}
  ~Swapper() { thread_.join(); }
  Swapper(const Swapper&) = delete;
  Swapper& operator=(const Swapper&) = delete;

  [[nodiscard]] bool running() const { return done_.load(std::memory_order_acquire) < kRenames; }

 private:
  std::atomic<int> done_{0};
  std::thread thread_;
};

std::string name_of(const Library& library) {
  mpath_negotiate_fn entry = nullptr;
  if (library.find_entry("test", &entry)) return "no entry point";
  mpath_negotiation io = mpath::sized<mpath_negotiation>();
  io.magic = MPATH_NEGOTIATION_MAGIC;
  io.host_major_min = io.host_major_max = MPATH_ABI_MAJOR;
  return entry(&io) == MPATH_OK ? io.plugin_name : "no negotiation";
}

class LoaderRename : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::unsetenv("MPATH_TEST_EVIL"), 0);
    fs::copy_file(good_, path_);
    change_mode(path_, 0644);
  }

  Sandbox box_;
  fs::path good_ = box_.copy_plugin("good", "good.so");
  fs::path evil_ = box_.copy_plugin("evil", "evil.so");
  fs::path path_ = box_.path() / "plugin.so";
};

TEST_F(LoaderRename, NeverLoadsTheOtherFileDuringTenThousandRenames) {
  mpath::LoadOptions options;
  options.path = path_.string();
  options.pins = {sha256_of(good_)};
  int loaded = 0;
  int refused = 0;
  {
    const Swapper swapper(good_, evil_, path_);
    // Until the swapper has ended and both outcomes were seen; its last file is the evil one.
    while (swapper.running() || refused == 0) {
      const mpath::LoadResult result = mpath::load_plugin(options);
      if (result) {
        ASSERT_STREQ(result.plugin.name(), "good");
        ASSERT_EQ(result.sha256, options.pins.front());
        ++loaded;
      } else {
        ASSERT_EQ(result.error, LoadError::kPinMismatch) << result.message;
        ++refused;
      }
    }
  }
  EXPECT_EQ(std::getenv("MPATH_TEST_EVIL"), nullptr);
  EXPECT_GT(loaded, 0);
  RecordProperty("loaded", loaded);
  RecordProperty("refused", refused);
}

// As above, but maps and unmaps the file each time (the loader itself keeps what it has loaded),
// and takes both files: what runs is always what was hashed.
TEST_F(LoaderRename, MapsTheFileThatItHashedDuringTenThousandRenames) {
  const mpath::Sha256 good = sha256_of(good_);
  const mpath::Sha256 evil = sha256_of(evil_);
  int seen_good = 0;
  int seen_evil = 0;
  {
    const Swapper swapper(good_, evil_, path_);
    while (swapper.running()) {
      TrustedFile file = mpath::detail::open_trusted_file(path_.string());
      ASSERT_FALSE(file.refusal) << file.refusal.message;
      mpath::Sha256 digest{};
      ASSERT_FALSE(mpath::detail::hash_file(file.fd.get(), "test", &digest));
      ASSERT_TRUE(digest == good || digest == evil);
      Library library;
      const auto refused = Library::open(file.fd.get(), file.facts, "test", &library);
      ASSERT_FALSE(refused) << refused.message;
      ASSERT_EQ(name_of(library), digest == good ? "good" : "evil");
      ++(digest == good ? seen_good : seen_evil);
    }
  }
  EXPECT_GT(seen_good, 0);
  EXPECT_GT(seen_evil, 0);
  RecordProperty("seen_good", seen_good);
  RecordProperty("seen_evil", seen_evil);
}

// The dynamic linker recognises a library by the path that it was opened with before it looks at
// the file, and descriptor numbers are used again.
TEST_F(LoaderRename, IsNotFooledByADescriptorNumberThatIsUsedAgain) {
  TrustedFile first = mpath::detail::open_trusted_file(good_.string());
  TrustedFile second = mpath::detail::open_trusted_file(evil_.string());
  const int number = first.fd.get();
  Library good;
  ASSERT_FALSE(Library::open(number, first.facts, "good", &good));
  ASSERT_EQ(::dup2(second.fd.get(), number), number);

  Library other;
  ASSERT_FALSE(Library::open(number, second.facts, "evil", &other));
  EXPECT_EQ(name_of(good), "good");
  EXPECT_EQ(name_of(other), "evil");
}

TEST_F(LoaderRename, RefusesADirectoryThatIsSwappedForALinkToAnOpenOne) {
  box_.make_directory("safe");
  box_.make_directory("open", 0777);
  fs::copy_file(good_, box_.path() / "safe/p.so");
  fs::copy_file(evil_, box_.path() / "open/p.so");
  change_mode(box_.path() / "safe/p.so", 0644);
  change_mode(box_.path() / "open/p.so", 0644);
  const fs::path here = box_.path() / "current";
  fs::create_directory_symlink("safe", here);
  std::atomic<bool> stop{false};
  std::thread renamer([&] {
    const fs::path next = box_.path() / "next";
    for (int i = 0; i < kRenames; ++i) {
      if (::symlink(i % 2 == 0 ? "open" : "safe", next.c_str()) != 0) std::abort();
      if (::rename(next.c_str(), here.c_str()) != 0) std::abort();
    }
    stop.store(true, std::memory_order_release);
  });
  int safe = 0;
  int refused = 0;
  const mpath::Sha256 good = sha256_of(good_);
  while (!stop.load(std::memory_order_acquire)) {
    const TrustedFile file = mpath::detail::open_trusted_file((here / "p.so").string());
    mpath::Sha256 digest{};
    if (file.refusal) {
      EXPECT_EQ(file.refusal.error, LoadError::kDirectoryWritable) << file.refusal.message;
      ++refused;
    } else if (!mpath::detail::hash_file(file.fd.get(), "test", &digest)) {
      EXPECT_EQ(digest, good);
      ++safe;
    }
  }
  renamer.join();
  EXPECT_GT(safe, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace conflux::test
