// The small vector type that all kernels are written with: V is kLanes floats in one register, I as many whole numbers,
// both from the file of the instruction set. A pixel of a tile is kTile floats, so kTile / kLanes registers, one after
// the other. When one image is run by itself, a pixel is a float. Also tables of template instances.

typedef float Loose __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));
typedef float Tight __attribute__((vector_size(4 * kLanes), may_alias));

#define LENET_INLINE inline __attribute__((always_inline))
// A loop that is written out, so that the arrays it counts through live in registers.
#define LENET_EACH(i, count) _Pragma("GCC unroll 64") for (int i = 0; i < (count); ++i)
// Keeps the compiler from carrying what was loaded through `pointer` into the next turn of a loop: that would cost
// the registers that hold the sums.
#define LENET_FORGET(pointer) asm("" : "+r"(pointer))
// Keeps a value in its register: where memory still has it, the compiler would rather load it again.
#if defined(__x86_64__)
#define LENET_HOLD(value) asm("" : "+v"(value))
#elif defined(__aarch64__)
#define LENET_HOLD(value) asm("" : "+w"(value))
#else
#define LENET_HOLD(value)
#endif

// A table of template instances, so that a number that is known only at run time picks code that the compiler made for
// that number: entry i is instance<i + 1>(). In such a function sums in a C array stay in registers.
template <class Entry, int count>
struct InstanceTable {
  Entry entries[count];
  LENET_INLINE constexpr const Entry& operator[](int i) const { return entries[i]; }
};
template <class Instance, int... i>
constexpr auto table_of(Instance instance, std::integer_sequence<int, i...>) {
  return InstanceTable<decltype(instance.template operator()<1>()), sizeof...(i)> {
    {instance.template operator()<i + 1>()...}
  };
}
template <int count, class Instance>
constexpr auto table_of(Instance instance) {
  return table_of(instance, std::make_integer_sequence<int, count>());
}

LENET_INLINE V load(const float* p) { return *reinterpret_cast<const Tight*>(p); }
LENET_INLINE V load_loose(const float* p) { return *reinterpret_cast<const Loose*>(p); }
LENET_INLINE void store(float* p, V v) { *reinterpret_cast<Tight*>(p) = v; }
LENET_INLINE void store_loose(float* p, V v) { *reinterpret_cast<Loose*>(p) = v; }
#ifndef LENET_GATHERS
// Four bytes from each place.
LENET_INLINE I gather(const std::uint8_t* from, I at) {
  I result;
  for (int i = 0; i < kLanes; ++i) {
    int bytes;
    __builtin_memcpy(&bytes, from + at[i], sizeof bytes);
    result[i] = bytes;
  }
  return result;
}
#endif
LENET_INLINE float larger(float a, float b) { return a > b ? a : b; }
LENET_INLINE float root(float a) { return __builtin_sqrtf(a); }

// A pixel type P is V (part of a tile's pixel) or float (one image): the same code serves both.
template <class P>
inline constexpr int kPixel = kTile;
template <>
inline constexpr int kPixel<float> = 1;
template <class P>
inline constexpr int kStep = kLanes;
template <>
inline constexpr int kStep<float> = 1;
template <class P>
LENET_INLINE P read(const float* p);
template <>
LENET_INLINE V read<V>(const float* p) {
  return load(p);
}
template <>
LENET_INLINE float read<float>(const float* p) {
  return *p;
}
template <class P>
LENET_INLINE P spread_over(float x);
template <>
LENET_INLINE V spread_over<V>(float x) {
  return splat(x);
}
template <>
LENET_INLINE float spread_over<float>(float x) {
  return x;
}
LENET_INLINE void write(float* p, V v) { store(p, v); }
LENET_INLINE void write(float* p, float v) { *p = v; }

// tanh(x) = x P(x^2) / Q(x^2) on [-8, 8], coefficients from tools/fit_tanh.py; error below 4e-7.
LENET_INLINE V tanh_of(V x) {
  x = smaller(larger(x, splat(-8.0f)), splat(8.0f));
  const V u = x * x;
  V p = splat(1.523041445e-08f);
  p = multiply_add(p, u, splat(2.189465879e-05f));
  p = multiply_add(p, u, splat(3.571597801e-03f));
  p = multiply_add(p, u, splat(1.344449778e-01f));
  p = multiply_add(p, u, splat(9.999999936e-01f));
  V q = splat(8.522445037e-07f);
  q = multiply_add(q, u, splat(3.411291674e-04f));
  q = multiply_add(q, u, splat(2.616444206e-02f));
  q = multiply_add(q, u, splat(4.677782510e-01f));
  q = multiply_add(q, u, splat(1.0f));
  return smaller(larger(x * p / q, splat(-1.0f)), splat(1.0f));
}

// exp(x) = 2^n exp(r), |r| <= ln(2) / 2, the series to r^7 / 7!. Adding 3 * 2^22 rounds to an integer and
// leaves it in the low bits.
LENET_INLINE V exp_of(V x) {
  x = smaller(larger(x, splat(-87.0f)), splat(88.0f));
  const V shifted = multiply_add(x, splat(1.44269504f), splat(12582912.0f));
  const V n = shifted - splat(12582912.0f);
  V r = multiply_add(n, splat(-0.693359375f), x);  // ln 2 in two parts, the first exact in few bits
  r = multiply_add(n, splat(2.12194440e-4f), r);
  V p = splat(1.0f / 5040);
  p = multiply_add(p, r, splat(1.0f / 720));
  p = multiply_add(p, r, splat(1.0f / 120));
  p = multiply_add(p, r, splat(1.0f / 24));
  p = multiply_add(p, r, splat(1.0f / 6));
  p = multiply_add(p, r, splat(0.5f));
  p = multiply_add(p, r, splat(1.0f));
  p = multiply_add(p, r, splat(1.0f));
  const I power = (((I)shifted) << 23) + 0x3f800000;
  return p * (V)power;
}

// log(x), x > 0 and normal: x = 2^n m, sqrt(1/2) <= m < sqrt(2); log m = 2 artanh((m - 1) / (m + 1)).
LENET_INLINE V log_of(V x) {
  const I bits = (I)x - 0x3f3504f3;
  const I n = bits >> 23;
  const V m = (V)((bits & 0x7fffff) + 0x3f3504f3);
  const V s = (m - splat(1.0f)) / (m + splat(1.0f));
  const V u = s * s;
  V p = splat(2.0f / 9);
  p = multiply_add(p, u, splat(2.0f / 7));
  p = multiply_add(p, u, splat(2.0f / 5));
  p = multiply_add(p, u, splat(2.0f / 3));
  p = multiply_add(p, u, splat(2.0f));
  return multiply_add(__builtin_convertvector(n, V), splat(0.69314718f), p * s);
}

// Sums of sixteen lanes, four vectors at a time, always by halving (lane i + 8 to lane i, then
// i + 4, i + 2, i + 1), whatever the width of V: the sums are the same bits on every instruction set.
typedef float Quad __attribute__((vector_size(16), may_alias));
LENET_INLINE Quad fold(const float* p) {
  const Quad* q = reinterpret_cast<const Quad*>(p);
  return (q[0] + q[2]) + (q[1] + q[3]);
}
LENET_INLINE Quad sum_lanes(const float* a, const float* b, const float* c, const float* d) {
  const Quad fa = fold(a), fb = fold(b), fc = fold(c), fd = fold(d);
  const Quad ab = __builtin_shufflevector(fa, fb, 0, 4, 1, 5) + __builtin_shufflevector(fa, fb, 2, 6, 3, 7);
  const Quad cd = __builtin_shufflevector(fc, fd, 0, 4, 1, 5) + __builtin_shufflevector(fc, fd, 2, 6, 3, 7);
  return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}
// The transpose of a 4 x 4 block; strides in floats.
LENET_INLINE void transpose_four(const float* from, std::size_t from_stride, float* to, std::size_t to_stride) {
  typedef float Any __attribute__((vector_size(16), aligned(4), may_alias));
  const auto row = [&](int i) { return Quad(*reinterpret_cast<const Any*>(from + i * from_stride)); };
  const Quad a = row(0), b = row(1), c = row(2), d = row(3);
  const Quad ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Quad cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const auto put = [&](int i, Quad q) { *reinterpret_cast<Any*>(to + i * to_stride) = q; };
  put(0, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
  put(1, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
  put(2, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
  put(3, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
}

// out[k] (+)= the sum of the lanes of values[k * kTile ..], k < count.
LENET_INLINE void sum_lanes(const float* values, int count, float* out, bool accumulate) {
  for (int k = 0; k < count; k += 4) {
    const int left = count - k < 4 ? count - k : 4;
    const auto at = [&](int i) { return values + std::size_t(k + (i < left ? i : 0)) * kTile; };
    const Quad sums = sum_lanes(at(0), at(1), at(2), at(3));
    for (int i = 0; i < left; ++i) out[k + i] = accumulate ? out[k + i] + sums[i] : sums[i];
  }
}
