// `eval --batch` alone, for checking the expression languages without building all of skiff.
#include <iostream>
#include <string_view>

#include "spec/expr/batch.h"

int main(int argc, char** argv) {
  if (argc != 3 || std::string_view(argv[1]) != "eval" || std::string_view(argv[2]) != "--batch") {
    std::cerr << "usage: " << argv[0] << " eval --batch  (one JSON request a line on standard input)\n";
    return 2;
  }
  std::ios::sync_with_stdio(false);
  skiff::spec::expr::evaluate_batch(std::cin, std::cout);
  return 0;
}
