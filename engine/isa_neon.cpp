// NEON on 64-bit Arm: thirty-two registers of four floats, four registers a pixel of a tile.
#include <arm_neon.h>

#include "kernels.hpp"

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
inline V splat(float x) { return (V)vdupq_n_f32(x); }
inline V multiply_add(V a, V b, V c) { return (V)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
inline float multiply_add(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline V larger(V a, V b) { return a > b ? a : b; }
inline V smaller(V a, V b) { return a < b ? a : b; }
inline V root(V a) { return (V)vsqrtq_f32((float32x4_t)a); }

}  // namespace
}  // namespace lenet

#include "ops.inl"
