// The file under a Writer: directory, name, lock, mapping.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "plugin/region/writer.h"

namespace conflux::region {

// Owns its descriptors and the mapping. In the order of creation: open_directory, allocate, map,
// (the caller fills it), publish.
struct Writer::File {
  File() = default;
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Each answers false with `problem` set.
  bool open_directory(const WriterOptions& options);
  bool allocate(const std::string& instance, std::size_t bytes);
  bool map();
  bool publish();

  void* data = nullptr;
  std::size_t size = 0;
  std::string problem;

 private:
  bool fail(const std::string& what, const std::string& advice);
  bool check_directory(const WriterOptions& options, const struct stat& status);
  bool is_free();

  std::string directory_path_;
  std::string name_;
  std::string draft_;
  int directory_ = -1;
  int file_ = -1;
  bool published_ = false;
};

}  // namespace conflux::region
