// One image: lanes run along the pixels, so that it does not pay for sixteen. The chains of operations are those of the
// tile kernels, so the results are the same bits.

// A convolution first copies each input plane once per kernel column, shifted by it and with rows padded to whole
// registers: then every load below is of a whole cache line. What the padding gives is garbage that nobody
// reads. `shifted` is [input map][kernel column][row], M maps and P registers of the output are summed at a time.
template <int M, int P>
void one_image_conv_block(const ConvShape& s, int first, int at, const float* weight, const float* bias,
                          const float* shifted, float* out) {
  const int height = s.kernel_height, width = s.kernel_width;
  const std::size_t plane = std::size_t(s.out.row) * (s.out.height + height - 1);
  const std::size_t next = std::size_t(s.in.maps) * height * width;
  V sum[M][P];
  LENET_EACH (m, M)
    LENET_EACH (p, P) sum[m][p] = bias ? splat(bias[first + m]) : V{};
  for (int i = s.table.inputs_begin[first]; i < s.table.inputs_begin[first + 1]; ++i) {
    const int c = s.table.inputs[i];
    const float* w = weight + std::size_t(first) * next + std::size_t(c) * height * width;
    for (int ky = 0; ky < height; ++ky) {
      const float* from = shifted + std::size_t(c) * width * plane + std::size_t(ky) * s.out.row + at;
      _Pragma("GCC unroll 1") for (int kx = 0; kx < width; ++kx, ++w, from += plane) {
        V tap[M];
        LENET_EACH (m, M) tap[m] = splat(w[m * next]);
        LENET_EACH (p, P) {
          const V x = load(from + p * kLanes);
          LENET_EACH (m, M) sum[m][p] = multiply_add(tap[m], x, sum[m][p]);
        }
      }
    }
  }
  LENET_EACH (m, M)
    LENET_EACH (p, P) store(out + s.out.at(first + m, 0, 0) + at + p * kLanes, sum[m][p]);
}

// By maps and registers, less 1.
inline constexpr auto kOneImageConvBlock =
    table_of<2>([]<int M>() { return table_of<kRowBlock>([]<int P>() { return &one_image_conv_block<M, P>; }); });

// s.out.row is the output's width padded to kTile.
void one_image_conv(const ConvShape& s, const float* weight, const float* bias, const float* in, float* out,
                    float* shifted) {
  const int rows = s.out.height + s.kernel_height - 1;
  float* to = shifted;
  for (int c = 0; c < s.in.maps; ++c)
    for (int kx = 0; kx < s.kernel_width; ++kx)
      for (int y = 0; y < rows; ++y, to += s.out.row) {
        const float* from = in + s.in.at(c, y, kx);
        for (int x = 0; x < s.out.row; x += kLanes) store(to + x, load_loose(from + x));
      }
  const Blocks cut = blocks(s.out.height * s.out.row / kLanes, kRowBlock, 1);
  // Pairs of maps share every load; where a connection table gives them different inputs, each goes by itself.
  const bool full = s.table.inputs_begin[s.out.maps] == s.out.maps * s.in.maps;
  for (int m = 0; m < s.out.maps;) {
    const bool pair = full && m + 1 < s.out.maps;
    const auto block = kOneImageConvBlock[pair ? 1 : 0][cut.length - 1];
    for (int i = 0; i < cut.count; ++i) block(s, m, cut.start(i) * kLanes, weight, bias, shifted, out);
    m += pair ? 2 : 1;
  }
}

template <std::size_t... i>
LENET_INLINE V evens(V a, V b, std::index_sequence<i...>) {
  return __builtin_shufflevector(a, b, (2 * i)...);
}
template <std::size_t... i>
LENET_INLINE V odds(V a, V b, std::index_sequence<i...>) {
  return __builtin_shufflevector(a, b, (2 * i + 1)...);
}

// Windows of two by two, a register of them at a time; finish(map, value) makes the output. May read up to two
// registers past a row's end; writes past it only where the same planes' later rows will be written, and never
// where there are borders.
template <bool maximum, class Finish>
LENET_INLINE void one_image_windows(const PoolShape& s, const float* in, float* out, const Finish& finish) {
  constexpr auto lanes = std::make_index_sequence<kLanes>();
  const auto join = [](V a, V b) { return maximum ? larger(b, a) : a + b; };
  const bool bordered = s.out.row != s.out.width || s.out.plane != s.out.row * s.out.height;
  const float* end = out + s.out.origin + s.out.pixels();
  for (int m = 0; m < s.out.maps; ++m)
    for (int y = 0; y < s.out.height; ++y) {
      const float* above = in + s.in.at(m, 2 * y, 0);
      const float* below = above + s.in.row;
      float* to = out + s.out.at(m, y, 0);
      for (int x = 0; x < s.out.width; x += kLanes) {
        const V a = load_loose(above + 2 * x), b = load_loose(above + 2 * x + kLanes);
        const V c = load_loose(below + 2 * x), d = load_loose(below + 2 * x + kLanes);
        const V top = join(evens(a, b, lanes), odds(a, b, lanes));
        const V value = finish(m, join(join(top, evens(c, d, lanes)), odds(c, d, lanes)));
        if (x + kLanes <= s.out.width || (!bordered && to + x + kLanes <= end)) store_loose(to + x, value);
        else __builtin_memcpy(to + x, &value, std::size_t(s.out.width - x) * sizeof(float));
      }
    }
}

void one_image_pool(const PoolShape& s, const float* in, const float* draws, float* out) {
  const bool whole = s.window == 2 && s.stride == 2 && 2 * s.out.height <= s.in.height && 2 * s.out.width <= s.in.width;
  if (whole && s.kind == PoolKind::max) return one_image_windows<true>(s, in, out, [](int, V v) { return v; });
  if (whole && s.kind == PoolKind::mean)
    return one_image_windows<false>(s, in, out, [](int, V v) { return v * 0.25f; });
  pool_any<float>(s, in, draws, out);
}

void one_image_subsample(const PoolShape& s, const float* coefficient, const float* bias, const float* in, float* out) {
  if (s.window != 2 || s.stride != 2) return subsample_any<float>(s, coefficient, bias, in, out);
  one_image_windows<false>(s, in, out,
                           [&](int m, V v) { return multiply_add(v, splat(coefficient[m]), splat(bias[m])); });
}

// The first `count` lanes of v, then zeros.
LENET_INLINE V first_lanes(V v, int count) {
  I lane;
  LENET_EACH (i, kLanes) lane[i] = i;
  return lane < count ? v : V{};
}

template <std::size_t... i>
LENET_INLINE V doubled(V v, std::size_t first, std::index_sequence<i...>) {
  return first == 0 ? __builtin_shufflevector(v, v, (i / 2)...)
                    : __builtin_shufflevector(v, v, (kLanes / 2 + i / 2)...);
}

// Windows of two by two. Reads and writes past a row's end as one_image_windows does; gradients have no borders.
void one_image_subsample_gradient(const PoolShape& s, Order order, const float* coefficient, const float* in,
                                  const Planes& d, const float* gradient, float* coefficient_gradient,
                                  float* bias_gradient, const Planes& out, float* in_gradient, bool accumulate) {
  if (s.window != 2 || s.stride != 2 || order != Order::first)
    return subsample_gradient_any<float>(s, order, coefficient, in, d, gradient, coefficient_gradient, bias_gradient,
                                         out, in_gradient, accumulate);
  constexpr auto lanes = std::make_index_sequence<kLanes>();
  constexpr int kParts = kTile / kLanes;
  if (in_gradient && (out.height > 2 * d.height || out.width > 2 * d.width)) clear<float>(out, in_gradient);
  const bool odd = out.width > 2 * d.width;  // a last column without a gradient must stay zero
  const float* end = in_gradient + out.origin + out.pixels();
  for (int m = 0; m < d.maps; ++m) {
    V for_coefficient[kParts] = {}, for_bias[kParts] = {};
    for (int y = 0; y < d.height; ++y) {
      const float *from = gradient + d.at(m, y, 0), *above = in + s.in.at(m, 2 * y, 0), *below = above + s.in.row;
      for (int x = 0, part = 0; x < d.width; x += kLanes, part = (part + 1) % kParts) {
        const V g = first_lanes(load_loose(from + x), d.width - x);
        const V a = load_loose(above + 2 * x), b = load_loose(above + 2 * x + kLanes);
        const V c = load_loose(below + 2 * x), e = load_loose(below + 2 * x + kLanes);
        const V sum = evens(a, b, lanes) + odds(a, b, lanes) + evens(c, e, lanes) + odds(c, e, lanes);
        for_coefficient[part] = multiply_add(g, sum, for_coefficient[part]);
        for_bias[part] += g;
        if (!in_gradient) continue;
        const V in_g = g * coefficient[m], halves[2] = {doubled(in_g, 0, lanes), doubled(in_g, 1, lanes)};
        for (int row = 0; row < 2; ++row)
          for (int half = 0; half < 2; ++half) {
            float* to = in_gradient + out.at(m, 2 * y + row, 2 * x + half * kLanes);
            const int left = 2 * d.width - 2 * x - half * kLanes;
            const bool rewritten = !odd && (row == 1 || x == 0) && to + kLanes <= end;  // what lies behind the row
            if (left >= kLanes || (left > 0 && rewritten)) store_loose(to, halves[half]);
            else if (left > 0) __builtin_memcpy(to, &halves[half], std::size_t(left) * sizeof(float));
          }
      }
    }
    alignas(64) float sums[2][kTile];
    LENET_EACH (part, kParts) {
      store(sums[0] + part * kLanes, for_coefficient[part]);
      store(sums[1] + part * kLanes, for_bias[part]);
    }
    sum_lanes(sums[0], 1, coefficient_gradient + m, accumulate);
    sum_lanes(sums[1], 1, bias_gradient + m, accumulate);
  }
}

// Q registers of neighbouring units.
template <int Q>
void one_image_dense_block(const DenseShape& s, const float* transposed, std::size_t stride, const float* bias,
                           const float* in, float* out) {
  V sum[Q];
  LENET_EACH (q, Q) sum[q] = load_loose(bias + q * kLanes);
  _Pragma("GCC unroll 2") for (int i = 0; i < s.inputs; ++i, transposed += stride) {
    const V x = splat(in[i]);
    LENET_EACH (q, Q) sum[q] = multiply_add(load(transposed + q * kLanes), x, sum[q]);
  }
  LENET_EACH (q, Q) store_loose(out + q * kLanes, sum[q]);
}

inline constexpr int kOneImageDenseVectors = 8;
// By registers of units, less 1.
inline constexpr auto kOneImageDenseBlock =
    table_of<kOneImageDenseVectors>([]<int Q>() { return &one_image_dense_block<Q>; });

// `bias` and `out` have as many floats as the units rounded up to kTile.
void one_image_dense(const DenseShape& s, const float* transposed, const float* bias, const float* in, float* out) {
  const std::size_t stride = round_up(std::size_t(s.outputs));
  const Blocks cut = blocks(int(stride) / kLanes, kOneImageDenseVectors, 1);
  for (int i = 0; i < cut.count; ++i) {
    const int at = cut.start(i) * kLanes;
    kOneImageDenseBlock[cut.length - 1](s, transposed + at, stride, bias + at, in, out + at);
  }
}

void one_image_rbf(const DenseShape& s, const float* code, const float* in, float* out) {
  for (int u = 0; u < s.outputs; ++u) {
    float sum = 0.0f;
    for (int i = 0; i < s.inputs; ++i) {
      const float difference = in[i] - code[std::size_t(u) * s.inputs + i];
      sum = multiply_add(difference, difference, sum);
    }
    out[u] = sum;
  }
}

void one_image_activate(Activation activation, std::size_t count, float* values) {
  with_activation(activation, [&]<Activation known>() {
    std::size_t i = 0;
    for (; i + kLanes <= count; i += kLanes) store_loose(values + i, activated(known, load_loose(values + i)));
    if (i == count) return;
    alignas(64) float rest[kLanes] = {};
    __builtin_memcpy(rest, values + i, (count - i) * sizeof(float));
    store(rest, activated(known, load(rest)));
    __builtin_memcpy(values + i, rest, (count - i) * sizeof(float));
  });
}

void one_image_activate_gradient(Activation activation, std::size_t count, const float* values, float* gradient) {
  with_activation(activation, [&]<Activation known>() {
    std::size_t i = 0;
    for (; i + kLanes <= count; i += kLanes)
      store_loose(gradient + i, load_loose(gradient + i) * slope(known, load_loose(values + i)));
    if (i == count) return;
    alignas(64) float rest[2][kLanes] = {};
    __builtin_memcpy(rest[0], values + i, (count - i) * sizeof(float));
    __builtin_memcpy(rest[1], gradient + i, (count - i) * sizeof(float));
    store(rest[1], load(rest[1]) * slope(known, load(rest[0])));
    __builtin_memcpy(gradient + i, rest[1], (count - i) * sizeof(float));
  });
}

// T taps of one kernel column, for M output maps of one input map: products of whole planes, `step` floats from tap
// to tap. The lanes' sums go to sums[m][tap].
template <int T, int M>
void one_image_taps(const float* shifted, std::size_t step, const float* const* gradient, std::size_t count,
                    float* sums) {
  for (int lane = 0; lane < kTile; lane += kLanes) {
    V sum[M][T];
    LENET_EACH (m, M)
      LENET_EACH (t, T) sum[m][t] = V{};
    _Pragma("GCC unroll 1") for (std::size_t i = lane; i < count; i += kTile) {
      V tap[T];
      LENET_EACH (t, T) tap[t] = load(shifted + t * step + i);
      LENET_EACH (m, M) {
        const V g = load(gradient[m] + i);
        LENET_EACH (t, T) sum[m][t] = multiply_add(g, tap[t], sum[m][t]);
      }
    }
    LENET_EACH (m, M)
      LENET_EACH (t, T) store(sums + (m * T + t) * kTile + lane, sum[m][t]);
  }
}

// By maps and taps, less 1.
inline constexpr auto kOneImageTaps =
    table_of<kGradientMaps>([]<int M>() { return table_of<kTaps>([]<int T>() { return &one_image_taps<T, M>; }); });

void one_image_conv_gradient(const ConvShape& s, const float* shifted, const float* gradient, float* weight,
                             float* bias) {
  const int height = s.kernel_height, width = s.kernel_width;
  const std::size_t count = s.out.plane, row = s.out.row, plane = row * std::size_t(s.out.height + height - 1);
  for (int c = 0; c < s.in.maps; ++c) {
    const int* maps = s.table.outputs + s.table.outputs_begin[c];
    const int joined = s.table.outputs_begin[c + 1] - s.table.outputs_begin[c];
    const int groups = (joined + kGradientMaps - 1) / kGradientMaps;
    for (int g = 0; g < groups; ++g) {
      const int first = joined * g / groups, size = joined * (g + 1) / groups - first;
      const float* from[kGradientMaps];
      for (int m = 0; m < size; ++m) from[m] = gradient + s.out.at(maps[first + m], 0, 0);
      for (int kx = 0; kx < width; ++kx)
        for (int ky = 0; ky < height;) {
          const int tall = height - ky < kTaps ? height - ky : kTaps;
          alignas(64) float sums[kGradientMaps * kTaps * kTile];
          float taps[kGradientMaps * kTaps];
          kOneImageTaps[size - 1][tall - 1](shifted + (std::size_t(c) * width + kx) * plane + ky * row, row, from,
                                            count, sums);
          sum_lanes(sums, size * tall, taps, false);
          for (int m = 0; m < size; ++m)
            for (int t = 0; t < tall; ++t)
              weight[((std::size_t(maps[first + m]) * s.in.maps + c) * height + ky + t) * width + kx] =
                  taps[m * tall + t];
          ky += tall;
        }
    }
  }
  for (int m = 0; m < s.out.maps; ++m) {
    alignas(64) float sums[kTile];
    for (int lane = 0; lane < kTile; lane += kLanes) {
      V sum{};
      for (std::size_t i = lane; i < count; i += kTile) sum += load(gradient + s.out.at(m, 0, 0) + i);
      store(sums + lane, sum);
    }
    sum_lanes(sums, 1, bias + m, false);
  }
}

void one_image_unpool(const PoolShape& s, const float* gradient, float* inner) {
  for (int m = 0; m < s.in.maps; ++m) {
    for (int y = 0; y < s.out.height; ++y) {
      float* above = inner + s.in.at(m, 2 * y, 0);
      float* below = above + s.in.row;
      const float* from = gradient + s.out.at(m, y, 0);
      for (int x = 0; x < s.out.width; ++x) {
        float* pixels[4] = {above + 2 * x, above + 2 * x + 1, below + 2 * x, below + 2 * x + 1};
        int won = 0;
        for (int k = 1; k < 4; ++k) won = *pixels[k] > *pixels[won] ? k : won;
        for (int k = 0; k < 4; ++k) *pixels[k] = k == won ? from[x] : 0.0f;
      }
      const std::size_t rest = std::size_t(s.in.row - 2 * s.out.width) * sizeof(float);
      __builtin_memset(above + 2 * s.out.width, 0, rest);
      __builtin_memset(below + 2 * s.out.width, 0, rest);
    }
    for (int y = 2 * s.out.height; y < s.in.height; ++y)
      __builtin_memset(inner + s.in.at(m, y, 0), 0, std::size_t(s.in.row) * sizeof(float));
  }
}

// Four inputs at a time: their weights' gradients, and products of their weights with the units' gradients.
void one_image_dense_gradient(const DenseShape& s, const float* transposed, const float* in, const float* gradient,
                              float* weight, float* bias, float* in_gradient) {
  const std::size_t stride = round_up(std::size_t(s.outputs));
  for (int i = 0; i < s.inputs; i += 4) {
    const int left = s.inputs - i < 4 ? s.inputs - i : 4;
    alignas(64) float sums[4 * kTile];
    const float* w[4];
    float* to[4];
    V x[4];
    LENET_EACH (k, 4) {
      const int row = i + (k < left ? k : 0);  // past the end: the first again
      w[k] = transposed + row * stride;
      to[k] = weight + row * stride;
      x[k] = splat(in[row]);
    }
    for (int lane = 0; lane < kTile; lane += kLanes) {
      V sum[4] = {};
      for (std::size_t u = lane; u < stride; u += kTile) {
        const V g = load(gradient + u);
        LENET_EACH (k, 4) {
          store(to[k] + u, x[k] * g);
          if (in_gradient) sum[k] = multiply_add(load(w[k] + u), g, sum[k]);
        }
      }
      LENET_EACH (k, 4) store(sums + k * kTile + lane, sum[k]);
    }
    if (in_gradient) sum_lanes(sums, left, in_gradient + i, false);
  }
  __builtin_memcpy(bias, gradient, std::size_t(s.outputs) * sizeof(float));
}

void one_image_rbf_gradient(const DenseShape& s, const float* code, const float* in, const float* gradient,
                            float* in_gradient) {
  for (int i = 0; i < s.inputs; ++i) {
    float sum = 0.0f;
    for (int u = 0; u < s.outputs; ++u)
      sum = multiply_add(gradient[u], in[i] - code[std::size_t(u) * s.inputs + i], sum);
    in_gradient[i] = sum + sum;
  }
}
