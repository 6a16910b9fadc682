#include "isa/dispatch.hpp"

#include <cstdlib>
#include <stdexcept>

namespace lenet {
namespace {

std::vector<const Kernels*> supported() {
  std::vector<const Kernels*> kernels;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq"))
    kernels.push_back(&kernels_avx512);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) kernels.push_back(&kernels_avx2);
#elif defined(__aarch64__)
  kernels.push_back(&kernels_neon);
#endif
  kernels.push_back(&kernels_baseline);
  return kernels;
}

}  // namespace

std::vector<std::string> supported_isas() {
  std::vector<std::string> names;
  for (const Kernels* k : supported()) names.emplace_back(k->name);
  return names;
}

const Kernels& kernels(const std::string& name) {
  std::string wanted = name, from = "isa";
  if (wanted.empty())
    if (const char* forced = std::getenv("LENET_ISA"); forced && *forced) wanted = forced, from = "LENET_ISA";
  std::string names;
  for (const Kernels* k : supported()) {
    if (wanted.empty() || wanted == k->name) return *k;
    names += (names.empty() ? "" : ", ") + std::string(k->name);
  }
  throw std::invalid_argument(from + " is '" + wanted + "'; this processor runs: " + names);
}

}  // namespace lenet
