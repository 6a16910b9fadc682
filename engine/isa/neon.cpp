// NEON on 64-bit Arm: thirty-two registers of four floats, four registers a pixel of a tile.
#include <arm_neon.h>

#include "kernels/contract.hpp"

#define LENET_KERNELS kernels_neon
#define LENET_NAME "neon"

namespace lenet {
namespace {

constexpr int kLanes = 4;
constexpr bool kFused = true;
constexpr int kRowBlock = 14;
constexpr int kGradientMaps = 5;
constexpr int kDenseUnits = 12;
typedef float V __attribute__((vector_size(4 * kLanes)));
typedef int I __attribute__((vector_size(4 * kLanes)));
inline I widen(const std::uint8_t* p) {
  std::uint32_t four;
  __builtin_memcpy(&four, p, 4);
  return (I)vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(four))));
}
inline void narrow(std::uint8_t* p, I v) {
  const uint16x4_t words = vmovn_u32((uint32x4_t)v);
  const std::uint64_t bytes = vget_lane_u64((uint64x1_t)vmovn_u16(vcombine_u16(words, words)), 0);
  __builtin_memcpy(p, &bytes, 4);
}
inline V splat(float x) { return (V)vdupq_n_f32(x); }
inline V multiply_add(V a, V b, V c) { return (V)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
inline float multiply_add(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline V larger(V a, V b) { return a > b ? a : b; }
inline V smaller(V a, V b) { return a < b ? a : b; }
inline V root(V a) { return (V)vsqrtq_f32((float32x4_t)a); }

}  // namespace
}  // namespace lenet

#include "kernels/table.inl"
