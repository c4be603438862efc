/* Loads a plugin and says what it is. */
#include <dlfcn.h>
#include <mpath/plugin.h>
#include <stdio.h>

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: host_c PLUGIN\n");
    return 2;
  }
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  mpath_negotiate_fn negotiate;
  *(void **)&negotiate = dlsym(library, MPATH_NEGOTIATE_SYMBOL);
  mpath_negotiation io = {.struct_size = sizeof io,
                          .host_major_min = MPATH_ABI_MAJOR,
                          .host_major_max = MPATH_ABI_MAJOR,
                          .magic = MPATH_NEGOTIATION_MAGIC};
  if (negotiate == NULL || negotiate(&io) != MPATH_OK) {
    fprintf(stderr, "%s: no plugin for ABI %u\n", argv[1], MPATH_ABI_MAJOR);
    return 1;
  }
  printf("%s, ABI %u.%u\n", io.plugin_name, (unsigned)io.major, (unsigned)io.minor);
  return 0;
}
