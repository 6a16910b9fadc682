// What every processor of the architecture has (SSE2 on x86-64), or plain vectors elsewhere: four floats
// a register, and a multiply and an add that round one after the other.
#include "kernels/contract.hpp"

#define LENET_KERNELS kernels_baseline
#define LENET_NAME "baseline"

namespace lenet {
namespace {

constexpr int kLanes = 4;
constexpr bool kFused = false;
constexpr int kRowBlock = 6;
constexpr int kGradientMaps = 2;
constexpr int kDenseUnits = 6;
typedef float V __attribute__((vector_size(4 * kLanes)));
typedef int I __attribute__((vector_size(4 * kLanes)));
inline I widen(const std::uint8_t* p) { return I{p[0], p[1], p[2], p[3]}; }
inline void narrow(std::uint8_t* p, I v) {
  for (int lane = 0; lane < kLanes; ++lane) p[lane] = std::uint8_t(v[lane]);
}
inline V splat(float x) { return V{x, x, x, x}; }
inline V multiply_add(V a, V b, V c) { return a * b + c; }
inline float multiply_add(float a, float b, float c) { return a * b + c; }
inline V larger(V a, V b) { return a > b ? a : b; }
inline V smaller(V a, V b) { return a < b ? a : b; }
inline V root(V a) {
  for (int lane = 0; lane < kLanes; ++lane) a[lane] = __builtin_sqrtf(a[lane]);
  return a;
}

}  // namespace
}  // namespace lenet

#include "kernels/table.inl"
