// Prints the decision tables as a page: print_decisions > plugin/core/DECISIONS.md
#include <iostream>

#include "test/plugin/decisions/decisions_page.h"

int main() {
  std::cout << conflux::test::decisions_page() << std::flush;
  return std::cout ? 0 : 1;
}
