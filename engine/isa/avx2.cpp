// AVX2 with FMA: sixteen registers of eight floats, two registers a pixel of a tile.
#include <immintrin.h>

#include "kernels/contract.hpp"

#define LENET_KERNELS kernels_avx2
#define LENET_NAME "avx2"

namespace lenet {
namespace {

constexpr int kLanes = 8;
constexpr bool kFused = true;
constexpr int kRowBlock = 6;
constexpr int kGradientMaps = 2;
constexpr int kDenseUnits = 6;
typedef float V __attribute__((vector_size(4 * kLanes)));
typedef int I __attribute__((vector_size(4 * kLanes)));
inline I widen(const std::uint8_t* p) { return (I)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)p)); }
inline void narrow(std::uint8_t* p, I v) {
  const __m128i low = _mm256_castsi256_si128((__m256i)v), high = _mm256_extracti128_si256((__m256i)v, 1);
  const __m128i words = _mm_packus_epi32(low, high);
  _mm_storel_epi64((__m128i*)p, _mm_packus_epi16(words, words));
}
#define LENET_GATHERS  // it has an instruction for `gather`: four bytes from each place
inline I gather(const std::uint8_t* from, I at) { return (I)_mm256_i32gather_epi32((const int*)from, (__m256i)at, 1); }
inline V splat(float x) { return _mm256_set1_ps(x); }
inline V multiply_add(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
inline float multiply_add(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline V larger(V a, V b) { return _mm256_max_ps(a, b); }
inline V smaller(V a, V b) { return _mm256_min_ps(a, b); }
inline V root(V a) { return _mm256_sqrt_ps(a); }

}  // namespace
}  // namespace lenet

#include "kernels/table.inl"
