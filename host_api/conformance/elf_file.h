// What an ELF shared object says of itself, read from the file without loading it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mpath::kit {

struct ElfSymbol {
  std::string name;
  bool is_unique = false;  // STB_GNU_UNIQUE: one for the whole process
};

struct ElfFile {
  std::vector<ElfSymbol> exported;
  std::vector<std::string> needed;  // libraries
  bool has_text_relocations = false;
  bool has_search_path = false;
  bool binds_now = false;
  bool stays_loaded = false;  // -z nodelete
  bool has_relro = false;
  bool stack_is_executable = true;  // unless the file says that it is not
  bool maps_writable_code = false;
};

// Throws std::runtime_error if it is no 64-bit shared object of this machine, or is cut short.
[[nodiscard]] ElfFile read_elf(const std::string& path);

}  // namespace mpath::kit
