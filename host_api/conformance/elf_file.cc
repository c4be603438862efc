#include "host_api/conformance/elf_file.h"

#include <elf.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace mpath::kit {
namespace {

class Image {
 public:
  explicit Image(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(in), {});
  }
  template <class T>
  [[nodiscard]] T at(std::uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) {
      throw std::runtime_error("the file is cut short");
    }
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  [[nodiscard]] std::string text(std::uint64_t offset) const {
    const std::size_t end = bytes_.find('\0', offset);
    if (offset >= bytes_.size() || end == std::string::npos) {
      throw std::runtime_error("a name lies outside of the file");
    }
    return bytes_.substr(offset, end - offset);
  }

 private:
  std::string bytes_;
};

Elf64_Ehdr read_header(const Image& image) {
  const auto header = image.at<Elf64_Ehdr>(0);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) throw std::runtime_error("no ELF file");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_type != ET_DYN) {
    throw std::runtime_error("no 64-bit shared object");
  }
  return header;
}

void read_segments(const Image& image, const Elf64_Ehdr& header, ElfFile& out) {
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto segment =
        image.at<Elf64_Phdr>(header.e_phoff + std::uint64_t{i} * header.e_phentsize);
    const bool is_executable = (segment.p_flags & PF_X) != 0;
    if (segment.p_type == PT_GNU_RELRO) out.has_relro = true;
    if (segment.p_type == PT_GNU_STACK) out.stack_is_executable = is_executable;
    if (segment.p_type == PT_LOAD && is_executable && (segment.p_flags & PF_W) != 0) {
      out.maps_writable_code = true;
    }
  }
}

void read_dynamic(const Image& image, const Elf64_Shdr& section, std::uint64_t names,
                  ElfFile& out) {
  for (std::uint64_t i = 0; i < section.sh_size / sizeof(Elf64_Dyn); ++i) {
    const auto entry = image.at<Elf64_Dyn>(section.sh_offset + i * sizeof(Elf64_Dyn));
    switch (entry.d_tag) {
      case DT_NEEDED:
        out.needed.push_back(image.text(names + entry.d_un.d_val));
        break;
      case DT_TEXTREL:
        out.has_text_relocations = true;
        break;
      case DT_RPATH:
      case DT_RUNPATH:
        out.has_search_path = true;
        break;
      case DT_FLAGS:
        out.has_text_relocations |= (entry.d_un.d_val & DF_TEXTREL) != 0;
        out.binds_now |= (entry.d_un.d_val & DF_BIND_NOW) != 0;
        break;
      case DT_FLAGS_1:
        out.binds_now |= (entry.d_un.d_val & DF_1_NOW) != 0;
        out.stays_loaded = (entry.d_un.d_val & DF_1_NODELETE) != 0;
        break;
      default:
        break;
    }
  }
}

void read_symbols(const Image& image, const Elf64_Shdr& section, std::uint64_t names,
                  ElfFile& out) {
  for (std::uint64_t i = 1; i < section.sh_size / sizeof(Elf64_Sym); ++i) {
    const auto symbol = image.at<Elf64_Sym>(section.sh_offset + i * sizeof(Elf64_Sym));
    const auto binding = ELF64_ST_BIND(symbol.st_info);
    // Versions have a symbol of their own, which is no address.
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS || binding == STB_LOCAL)
      continue;
    out.exported.push_back({image.text(names + symbol.st_name), binding == STB_GNU_UNIQUE});
  }
}

}  // namespace

ElfFile read_elf(const std::string& path) {
  const Image image(path);
  const Elf64_Ehdr header = read_header(image);
  ElfFile out;
  read_segments(image, header, out);
  const auto section = [&](std::uint64_t i) {
    return image.at<Elf64_Shdr>(header.e_shoff + i * header.e_shentsize);
  };
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    const Elf64_Shdr one = section(i);
    if (one.sh_type == SHT_DYNAMIC) {
      read_dynamic(image, one, section(one.sh_link).sh_offset, out);
    } else if (one.sh_type == SHT_DYNSYM) {
      read_symbols(image, one, section(one.sh_link).sh_offset, out);
    }
  }
  return out;
}

}  // namespace mpath::kit
