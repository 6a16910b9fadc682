// AVX-512: thirty-two registers of sixteen floats, one register a pixel of a tile.
#include <immintrin.h>

#include "kernels/contract.hpp"

#define LENET_KERNELS kernels_avx512
#define LENET_NAME "avx512"

namespace lenet {
namespace {

constexpr int kLanes = 16;
constexpr bool kFused = true;
constexpr int kRowBlock = 14;     // pixels of two output rows that stay in registers
constexpr int kGradientMaps = 5;  // maps of a weight gradient, times up to five taps
constexpr int kDenseUnits = 12;   // units of a dense layer, times two tiles
typedef float V __attribute__((vector_size(4 * kLanes)));
// Masked forms throughout: the others draw warnings out of GCC's own header (its bug 105593).
typedef int I __attribute__((vector_size(4 * kLanes)));
inline I widen(const std::uint8_t* p) {
  return (I)_mm512_maskz_cvtepu8_epi32(0xffff, _mm_loadu_si128((const __m128i*)p));
}
inline void narrow(std::uint8_t* p, I v) {
  _mm_storeu_si128((__m128i*)p, _mm512_maskz_cvtepi32_epi8(0xffff, (__m512i)v));
}
#define LENET_GATHERS  // it has an instruction for `gather`: four bytes from each place
inline I gather(const std::uint8_t* from, I at) {
  return (I)_mm512_mask_i32gather_epi32(_mm512_setzero_si512(), 0xffff, (__m512i)at, from, 1);
}
inline V splat(float x) { return _mm512_set1_ps(x); }
inline V multiply_add(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
inline float multiply_add(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline V larger(V a, V b) { return _mm512_maskz_max_ps(0xffff, a, b); }
inline V smaller(V a, V b) { return _mm512_maskz_min_ps(0xffff, a, b); }
inline V root(V a) { return _mm512_maskz_sqrt_ps(0xffff, a); }

}  // namespace
}  // namespace lenet

#include "kernels/table.inl"
