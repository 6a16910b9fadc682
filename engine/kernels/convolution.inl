// Convolutions of a tile, with and without a 2x2 max pooling after them. Two output rows of up to kRowBlock pixels are
// held in registers and share every load of the input. Rows longer than a block are covered by blocks of equal length,
// the last of which may overlap the one before: the pixels computed twice get the same bits twice.

// How a length is cut: `count` blocks of `length`, the last ending at the end.
struct Blocks {
  int count, length, total;
  int start(int i) const { return i + 1 < count ? i * length : total - length; }
};
LENET_INLINE Blocks blocks(int total, int longest, int multiple) {
  const int count = (total + longest - 1) / longest;
  int length = (total + count - 1) / count;
  length = (length + multiple - 1) / multiple * multiple;
  return {count, length, total};
}

// K is the kernel's width where the compiler has it, else 0.
template <int K, int P>
LENET_INLINE void taps_one(V (&a)[P], const float* row, const float* w, int runtime_width) {
  const int width = K ? K : runtime_width;
  _Pragma("GCC unroll 5") for (int k = 0; k < width; ++k, row += kTile) {
    const V wa = splat(w[k]);
    LENET_EACH (p, P) a[p] = multiply_add(wa, load(row + p * kTile), a[p]);
  }
}

template <int K, int P>
LENET_INLINE void taps_two(V (&a)[P], V (&b)[P], const float* row, const float* w_a, const float* w_b,
                           int runtime_width) {
  const int width = K ? K : runtime_width;
  _Pragma("GCC unroll 5") for (int k = 0; k < width; ++k, row += kTile) {
    const V wa = splat(w_a[k]), wb = splat(w_b[k]);
    LENET_EACH (p, P) {
      const V x = load(row + p * kTile);
      a[p] = multiply_add(wa, x, a[p]);
      b[p] = multiply_add(wb, x, b[p]);
    }
  }
}

// Output rows y (a) and y + 1 (b) of map m, P pixels starting with x; `in` is the lane's part of the tile.
template <int K, int P>
LENET_INLINE void convolve_two(const ConvShape& s, int m, int y, int x, const float* weight, float bias,
                               const float* in, V (&a)[P], V (&b)[P]) {
  const int height = s.kernel_height, width = K ? K : s.kernel_width;
  LENET_EACH (p, P) a[p] = b[p] = splat(bias);
  for (int i = s.table.inputs_begin[m]; i < s.table.inputs_begin[m + 1]; ++i) {
    const int c = s.table.inputs[i];
    const float* row = in + s.in.at(c, y, x) * kTile;
    const float* w = weight + (std::size_t(m) * s.in.maps + c) * height * width;
    taps_one<K>(a, row, w, width);
    for (int k = 1; k < height; ++k) {
      row += std::size_t(s.in.row) * kTile;
      taps_two<K>(a, b, row, w + k * width, w + (k - 1) * width, width);
    }
    taps_one<K>(b, row + std::size_t(s.in.row) * kTile, w + (height - 1) * width, width);
  }
}

template <int P, int K>
void conv_rows(const ConvShape& s, int m, int y, int x, const float* weight, float bias, const float* in, float* out) {
  V a[P], b[P];
  if (y + 1 < s.out.height) {
    convolve_two<K>(s, m, y, x, weight, bias, in, a, b);
    float* below = out + s.out.at(m, y + 1, x) * kTile;
    LENET_EACH (p, P) store(below + p * kTile, b[p]);
  } else {
    LENET_EACH (p, P) a[p] = splat(bias);
    for (int i = s.table.inputs_begin[m]; i < s.table.inputs_begin[m + 1]; ++i) {
      const int c = s.table.inputs[i];
      const float* w = weight + (std::size_t(m) * s.in.maps + c) * s.kernel_height * s.kernel_width;
      for (int k = 0; k < s.kernel_height; ++k)
        taps_one<K>(a, in + s.in.at(c, y + k, x) * kTile, w + k * s.kernel_width, s.kernel_width);
    }
  }
  float* here = out + s.out.at(m, y, x) * kTile;
  LENET_EACH (p, P) store(here + p * kTile, a[p]);
}

// Where the pooled pixel goes, and (if wanted) which of its four won, a byte a lane.
template <int P, int K, bool keep>
void conv_pool_rows(const ConvShape& s, const Planes& pooled, int m, int y, int x, const float* weight, float bias,
                    const float* in, float* out, std::uint8_t* winners) {
  V a[P], b[P];
  convolve_two<K>(s, m, y, x, weight, bias, in, a, b);
  float* to = out + pooled.at(m, y / 2, x / 2) * kTile;
  [[maybe_unused]] std::uint8_t* won = nullptr;
  if constexpr (keep) won = winners + ((std::size_t(m) * pooled.height + y / 2) * pooled.width + x / 2) * kTile;
  LENET_EACH (pair, P / 2) {
    const int p = 2 * pair;
    V best = larger(a[p], a[p + 1]);
    if constexpr (keep) {
      I who = (a[p + 1] > a[p]) & 1;
      who = b[p] > best ? I{} + 2 : who;
      best = larger(best, b[p]);
      who = b[p + 1] > best ? I{} + 3 : who;
      best = larger(best, b[p + 1]);
      narrow(won + pair * kTile, who);
    } else {
      best = larger(larger(best, b[p]), b[p + 1]);
    }
    store(to + pair * kTile, best);
  }
}

// Instances for kernels of five and three columns; others have their width (0) at run time.
template <class Use>
LENET_INLINE auto with_width(int kernel_width, const Use& use) {
  return kernel_width == 5   ? use.template operator()<5>()
         : kernel_width == 3 ? use.template operator()<3>()
                             : use.template operator()<0>();
}

// By pixels, less 1.
template <int K>
inline constexpr auto kConvRows = table_of<kRowBlock>([]<int P>() { return &conv_rows<P, K>; });
// By pooled pixels, less 1.
template <int K, bool keep>
inline constexpr auto kConvPoolRows =
    table_of<kRowBlock / 2>([]<int half>() { return &conv_pool_rows<2 * half, K, keep>; });

void conv_forward(const ConvShape& s, Activation activation, const float* weight, const float* bias, const float* in,
                  float* out) {
  const Blocks cut = blocks(s.out.width, kRowBlock, 1);
  const auto rows = with_width(s.kernel_width, [&]<int K>() { return kConvRows<K>[cut.length - 1]; });
  for (int y = 0; y < s.out.height; y += 2)
    for (int m = 0; m < s.out.maps; ++m) {
      for (int lane = 0; lane < kTile; lane += kLanes)
        for (int i = 0; i < cut.count; ++i) rows(s, m, y, cut.start(i), weight, bias[m], in + lane, out + lane);
      for (int k = y; k < y + 2 && k < s.out.height; ++k)
        activate_run(activation, out + s.out.at(m, k, 0) * kTile, std::size_t(s.out.width) * kTile);
    }
}

void conv_pool_forward(const ConvShape& s, Activation activation, const float* weight, const float* bias,
                       const float* in, const Planes& pooled, float* out, std::uint8_t* winners) {
  const Blocks cut = blocks(pooled.width * 2, kRowBlock, 2);
  const auto rows = with_width(s.kernel_width, [&]<int K>() {
    return winners ? kConvPoolRows<K, true>[cut.length / 2 - 1] : kConvPoolRows<K, false>[cut.length / 2 - 1];
  });
  for (int y = 0; y < pooled.height; ++y)
    for (int m = 0; m < s.out.maps; ++m) {
      for (int lane = 0; lane < kTile; lane += kLanes)
        for (int i = 0; i < cut.count; ++i)
          rows(s, pooled, m, 2 * y, cut.start(i), weight, bias[m], in + lane, out + lane,
               winners ? winners + lane : nullptr);
      activate_run(activation, out + pooled.at(m, y, 0) * kTile, std::size_t(pooled.width) * kTile);
    }
}
