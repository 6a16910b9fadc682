// Gradients of convolutions of a tile: of the weights, and of the input.

// Zeros in the columns on either side of a row that begins at `row`.
LENET_INLINE void clear_beside(const Planes& at, float* row) {
  const std::size_t beside = std::size_t(at.row - at.width) / 2 * kTile * sizeof(float);
  __builtin_memset(row - beside / sizeof(float), 0, beside);
  __builtin_memset(row + std::size_t(at.width) * kTile, 0, beside);
}

void unpool(const Planes& pooled, const float* gradient, const std::uint8_t* winners, const Planes& out,
            float* conv_gradient) {
  for (int m = 0; m < pooled.maps; ++m)
    for (int y = 0; y < pooled.height; ++y) {
      const float* from = gradient + pooled.at(m, y, 0) * kTile;
      const std::uint8_t* won = winners + (std::size_t(m) * pooled.height + y) * pooled.width * kTile;
      float* above = conv_gradient + out.at(m, 2 * y, 0) * kTile;
      float* below = conv_gradient + out.at(m, 2 * y + 1, 0) * kTile;
      clear_beside(out, above);
      clear_beside(out, below);
      for (int k = 0; k < pooled.width * kTile; k += kLanes) {
        const int at = k / kTile * 2 * kTile + k % kTile;
        const V g = load(from + k);
        const I who = widen(won + k);
        store(above + at, who == 0 ? g : V{});
        store(above + at + kTile, who == 1 ? g : V{});
        store(below + at, who == 2 ? g : V{});
        store(below + at + kTile, who == 3 ? g : V{});
      }
    }
}

void copy_between_zeros(const Planes& from, const float* gradient, const Planes& out, float* conv_gradient) {
  for (int m = 0; m < from.maps; ++m)
    for (int y = 0; y < from.height; ++y) {
      float* row = conv_gradient + out.at(m, y, 0) * kTile;
      clear_beside(out, row);
      __builtin_memcpy(row, gradient + from.at(m, y, 0) * kTile, sizeof(float) * kTile * from.width);
    }
}

void conv_bias_gradient(const Planes& d, const float* gradient, float* bias, bool accumulate) {
  for (int m = 0; m < d.maps; ++m) {
    alignas(64) float sums[kTile];
    for (int lane = 0; lane < kTile; lane += kLanes) {
      V sum{};
      for (int y = 0; y < d.height; ++y) {
        const float* row = gradient + d.at(m, y, 0) * kTile + lane;
        for (int x = 0; x < d.width; ++x) sum += load(row + x * kTile);
      }
      store(sums + lane, sum);
    }
    sum_lanes(sums, 1, bias + m, accumulate);
  }
}

// T neighbouring taps of one kernel row, for M output maps of one input map, over the whole plane. The
// lanes' sums go to sums[m][tap], tap stride kTile, map stride `stride`.
template <int T, int M>
void tap_gradients(const ConvShape& s, const float* in, int in_map, int ky, int kx, const Planes& d,
                   const float* gradient, const int* maps, float* sums, std::size_t stride) {
  V sum[M][T];
  LENET_EACH (m, M)
    LENET_EACH (t, T) sum[m][t] = V{};
  for (int y = 0; y < d.height; ++y) {
    const float* row = in + s.in.at(in_map, y + ky, kx) * kTile;
    const float* from[M];
    LENET_EACH (m, M) from[m] = gradient + d.at(maps[m], y, 0) * kTile;
    _Pragma("GCC unroll 1") for (int x = 0; x < d.width * kTile; x += kTile) {
      V tap[T];
      LENET_EACH (t, T) tap[t] = load(row + x + t * kTile);
      LENET_EACH (m, M) {
        const V g = load(from[m] + x);
        LENET_EACH (t, T) sum[m][t] = multiply_add(g, tap[t], sum[m][t]);
      }
    }
  }
  LENET_EACH (m, M)
    LENET_EACH (t, T) store(sums + m * stride + t * kTile, sum[m][t]);
}

inline constexpr int kTaps = 5;  // of a kernel row, at most, at a time
static_assert(kGradientMaps <= kMostGradientMaps);
// By maps and taps, less 1.
inline constexpr auto kTapGradients =
    table_of<kGradientMaps>([]<int M>() { return table_of<kTaps>([]<int T>() { return &tap_gradients<T, M>; }); });

// `scratch` holds kGradientMaps * kernel_height * kernel_width tile pixels.
void conv_weight_gradient(const ConvShape& s, const float* in, const Planes& d, const float* gradient, float* weight,
                          float* scratch, bool accumulate) {
  const int taps = s.kernel_height * s.kernel_width;
  for (int c = 0; c < s.in.maps; ++c) {
    const int* maps = s.table.outputs + s.table.outputs_begin[c];
    const int count = s.table.outputs_begin[c + 1] - s.table.outputs_begin[c];
    const int groups = (count + kGradientMaps - 1) / kGradientMaps;
    for (int g = 0; g < groups; ++g) {
      const int first = count * g / groups, size = count * (g + 1) / groups - first;
      for (int lane = 0; lane < kTile; lane += kLanes)
        for (int ky = 0; ky < s.kernel_height; ++ky)
          for (int kx = 0; kx < s.kernel_width;) {
            const int wide = s.kernel_width - kx < kTaps ? s.kernel_width - kx : kTaps;
            kTapGradients[size - 1][wide - 1](s, in + lane, c, ky, kx, d, gradient + lane, maps + first,
                                              scratch + std::size_t(ky * s.kernel_width + kx) * kTile + lane,
                                              std::size_t(taps) * kTile);
            kx += wide;
          }
      for (int m = 0; m < size; ++m)
        sum_lanes(scratch + std::size_t(m) * taps * kTile, taps,
                  weight + (std::size_t(maps[first + m]) * s.in.maps + c) * taps, accumulate);
    }
  }
}

// The same for a convolution under 2x2 max pooling. Of the four pixels of a window only the winner has a
// gradient, so instead of four products, most of them with zero, each tap needs one: with the winner's input,
// chosen lane by lane, first between two rows, then between two columns. R kernel rows of T taps.
template <int T, int R>
void winner_tap_gradients(const ConvShape& s, const float* in, int in_map, int ky, int kx, const Planes& pooled,
                          const float* gradient, const std::uint8_t* winners, int map, float* sums) {
  V sum[R][T];
  LENET_EACH (r, R)
    LENET_EACH (t, T) sum[r][t] = V{};
  const std::size_t next = std::size_t(s.in.row) * kTile;
  for (int y = 0; y < pooled.height; ++y) {
    const float* corner = in + s.in.at(in_map, 2 * y + ky, kx) * kTile;
    const float* from = gradient + pooled.at(map, y, 0) * kTile;
    const std::uint8_t* won = winners + (std::size_t(map) * pooled.height + y) * pooled.width * kTile;
    _Pragma("GCC unroll 1") for (int x = 0; x < pooled.width; ++x) {
      const V g = load(from);
      const I who = widen(won);
      const I below = (who & 2) != 0, right = (who & 1) != 0;
      V above[T + 1];
      LENET_EACH (t, T + 1) above[t] = load(corner + t * kTile);
      LENET_EACH (r, R) {
        const float* row = corner + (r + 1) * next;
        V left{};
        LENET_EACH (t, T + 1) {
          V under = load(row + t * kTile);
          if constexpr (R > 1) LENET_HOLD(under);
          const V here = below ? under : above[t];
          above[t] = under;
          if (t > 0) sum[r][t - 1] = multiply_add(g, right ? here : left, sum[r][t - 1]);
          left = here;
        }
      }
      corner += 2 * kTile, from += kTile, won += kTile;
      LENET_FORGET(corner);
    }
  }
  LENET_EACH (r, R)
    LENET_EACH (t, T) store(sums + (r * s.kernel_width + t) * kTile, sum[r][t]);
}

inline constexpr int kWinnerRows = kRowBlock == 14 ? 3 : 1;
// By kernel rows and taps, less 1.
inline constexpr auto kWinnerTapGradients =
    table_of<kWinnerRows>([]<int R>() { return table_of<kTaps>([]<int T>() { return &winner_tap_gradients<T, R>; }); });

// `scratch` holds kernel_height * kernel_width tile pixels.
void conv_pool_weight_gradient(const ConvShape& s, const float* in, const Planes& pooled, const float* gradient,
                               const std::uint8_t* winners, float* weight, float* scratch, bool accumulate) {
  const int taps = s.kernel_height * s.kernel_width;
  for (int m = 0; m < s.out.maps; ++m)
    for (int i = s.table.inputs_begin[m]; i < s.table.inputs_begin[m + 1]; ++i) {
      const int c = s.table.inputs[i];
      for (int lane = 0; lane < kTile; lane += kLanes)
        for (int ky = 0; ky < s.kernel_height;) {
          const int rows = s.kernel_height - ky < kWinnerRows ? s.kernel_height - ky : kWinnerRows;
          for (int kx = 0; kx < s.kernel_width;) {
            const int wide = s.kernel_width - kx < kTaps ? s.kernel_width - kx : kTaps;
            kWinnerTapGradients[rows - 1][wide - 1](s, in + lane, c, ky, kx, pooled, gradient + lane, winners + lane, m,
                                                    scratch + std::size_t(ky * s.kernel_width + kx) * kTile + lane);
            kx += wide;
          }
          ky += rows;
        }
      sum_lanes(scratch, taps, weight + (std::size_t(m) * s.in.maps + c) * taps, accumulate);
    }
}

// d(loss)/d(input) by gathering: input pixel (y, x) gets weight[ky][kx] * d(y - ky, x - kx), and d's rows
// lie between kernel_width - 1 zeros on either side. Chains run over maps, then d's rows, then kx, upwards.
template <int P>
void gather_row(const ConvShape& s, int c, int y, int x, const float* weight, const Planes& d, const float* gradient,
                float* to) {
  const int height = s.kernel_height, width = s.kernel_width;
  V a[P];
  LENET_EACH (p, P) a[p] = V{};
  const int from = y + s.before_height;  // the same pixel, counted from the border's first row
  const int first = from - height + 1 > 0 ? from - height + 1 : 0;
  const int last = from < d.height - 1 ? from : d.height - 1;
  for (int i = s.table.outputs_begin[c]; i < s.table.outputs_begin[c + 1]; ++i) {
    const int m = s.table.outputs[i];
    const float* w = weight + (std::size_t(m) * s.in.maps + c) * height * width;
    for (int r = first; r <= last; ++r) {
      const float* row = gradient + d.at(m, r, 0) * kTile + std::ptrdiff_t(x + s.before_width) * kTile;
      const float* taps = w + (from - r) * width;
      _Pragma("GCC unroll 1") for (int k = 0; k < width; ++k, row -= kTile) {
        const V wk = splat(taps[k]);
        LENET_EACH (p, P) a[p] = multiply_add(wk, load(row + p * kTile), a[p]);
      }
    }
  }
  LENET_EACH (p, P) store(to + p * kTile, a[p]);
}

// The same sums by scattering, without touching the zeros: a whole input row of W pixels in registers.
template <int W, int K>
void scatter_row(const ConvShape& s, int c, int y, int, const float* weight, const Planes& d, const float* gradient,
                 float* to) {
  V a[W];
  LENET_EACH (p, W) a[p] = V{};
  const int first = y - s.kernel_height + 1 > 0 ? y - s.kernel_height + 1 : 0;
  const int last = y < d.height - 1 ? y : d.height - 1;
  for (int i = s.table.outputs_begin[c]; i < s.table.outputs_begin[c + 1]; ++i) {
    const int m = s.table.outputs[i];
    const float* w = weight + (std::size_t(m) * s.in.maps + c) * s.kernel_height * K;
    for (int r = first; r <= last; ++r) {
      const float* row = gradient + d.at(m, r, 0) * kTile;
      const float* taps = w + (y - r) * K;
      LENET_EACH (k, K) {
        const V wk = splat(taps[k]);
        LENET_EACH (x, W - K + 1) a[x + k] = multiply_add(wk, load(row + x * kTile), a[x + k]);
      }
    }
  }
  LENET_EACH (p, W) store(to + p * kTile, a[p]);
}

using InputRowFunction = decltype(&gather_row<1>);
inline constexpr int kWidestScatter = 14;
// By pixels, less 1; and by pixels less the kernel's width.
inline constexpr auto kGatherRow = table_of<kRowBlock>([]<int P>() { return &gather_row<P>; });
template <int K>
inline constexpr auto kScatterRow =
    table_of<kWidestScatter - K + 1>([]<int extra>() { return &scatter_row<K + extra - 1, K>; });

// Null where there is no such instance: then gathering serves.
InputRowFunction scatter_function(int width, int kernel) {
  if (width < kernel || width > kWidestScatter) return nullptr;
  if (kernel == 5) return kScatterRow<5>[width - 5];
  if (kernel == 3) return kScatterRow<3>[width - 3];
  return nullptr;
}

void conv_input_gradient(const ConvShape& s, const float* weight, const Planes& d, const float* gradient,
                         const Planes& out, float* in_gradient) {
  Blocks cut = blocks(out.width, kRowBlock, 1);
  const bool bordered = s.before_width != 0 || out.width != d.width + s.kernel_width - 1;
  InputRowFunction rows = bordered ? nullptr : scatter_function(out.width, s.kernel_width);
  if (rows) cut = {1, out.width, out.width};
  else rows = kGatherRow[cut.length - 1];
  for (int c = 0; c < out.maps; ++c)
    for (int y = 0; y < out.height; ++y)
      for (int lane = 0; lane < kTile; lane += kLanes)
        for (int i = 0; i < cut.count; ++i)
          rows(s, c, y, cut.start(i), weight, d, gradient + lane,
               in_gradient + lane + out.at(c, y, cut.start(i)) * kTile);
}
