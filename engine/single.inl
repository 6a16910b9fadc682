// One image alone: lanes run along the pixels, so that a single picture does not pay for sixteen. The
// chains of operations are the tile kernels' own, so the results are the same bits.

// A convolution first copies each input plane once per kernel column, shifted by it and with rows padded to whole
// registers: then every load below is of a whole cache line. What the padding gives is garbage that nobody
// reads. `shifted` is [input map][kernel column][row], M maps and P registers of the output are summed at a time.
template <int M, int P>
void single_conv_block(const ConvShape& s, int first, int at, const float* weight, const float* bias,
                       const float* shifted, float* out) {
  const int height = s.kernel_height, width = s.kernel_width;
  const std::size_t plane = std::size_t(s.out.row) * (s.out.height + height - 1);
  const std::size_t next = std::size_t(s.in.maps) * height * width;
  V sum[M][P];
  LENET_EACH (m, M)
    LENET_EACH (p, P) sum[m][p] = splat(bias[first + m]);
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

using SingleConvFunction = decltype(&single_conv_block<1, 1>);
template <int M, int... P>
constexpr SingleConvFunction single_conv_functions[] = {&single_conv_block<M, P>...};
template <int M>
SingleConvFunction single_conv_function(int registers) {
  if constexpr (kRowBlock == 14) return single_conv_functions<M, LENET_TO_14>[registers - 1];
  else return single_conv_functions<M, LENET_TO_6>[registers - 1];
}

// s.out.row is the output's width padded to kTile.
void single_conv(const ConvShape& s, const float* weight, const float* bias, const float* in, float* out,
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
  // Pairs of maps share every load; where a table makes them see other inputs, each goes by itself.
  const bool full = s.table.inputs_begin[s.out.maps] == s.out.maps * s.in.maps;
  for (int m = 0; m < s.out.maps;) {
    const bool pair = full && m + 1 < s.out.maps;
    const SingleConvFunction block = pair ? single_conv_function<2>(cut.length) : single_conv_function<1>(cut.length);
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
LENET_INLINE void single_windows(const PoolShape& s, const float* in, float* out, const Finish& finish) {
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

void single_pool(const PoolShape& s, const float* in, float* out) {
  if (s.window != 2 || s.stride != 2) return pool_any<float>(s, in, out);
  if (s.kind == PoolKind::max) return single_windows<true>(s, in, out, [](int, V v) { return v; });
  single_windows<false>(s, in, out, [](int, V v) { return v * 0.25f; });
}

void single_subsample(const PoolShape& s, const float* coefficient, const float* bias, const float* in, float* out) {
  if (s.window != 2 || s.stride != 2) return subsample_any<float>(s, coefficient, bias, in, out);
  single_windows<false>(s, in, out, [&](int m, V v) { return multiply_add(v, splat(coefficient[m]), splat(bias[m])); });
}

// Q registers of neighbouring units.
template <int Q>
void single_dense_block(const DenseShape& s, const float* transposed, std::size_t stride, const float* bias,
                        const float* in, float* out) {
  V sum[Q];
  LENET_EACH (q, Q) sum[q] = load_loose(bias + q * kLanes);
  _Pragma("GCC unroll 2") for (int i = 0; i < s.inputs; ++i, transposed += stride) {
    const V x = splat(in[i]);
    LENET_EACH (q, Q) sum[q] = multiply_add(load(transposed + q * kLanes), x, sum[q]);
  }
  LENET_EACH (q, Q) store_loose(out + q * kLanes, sum[q]);
}

// `bias` and `out` have room for the units padded to kTile.
void single_dense(const DenseShape& s, const float* transposed, const float* bias, const float* in, float* out) {
  constexpr decltype(&single_dense_block<1>) functions[] = {
      &single_dense_block<1>, &single_dense_block<2>, &single_dense_block<3>, &single_dense_block<4>,
      &single_dense_block<5>, &single_dense_block<6>, &single_dense_block<7>, &single_dense_block<8>};
  const std::size_t stride = round_up(std::size_t(s.outputs));
  const Blocks cut = blocks(int(stride) / kLanes, 8, 1);
  for (int i = 0; i < cut.count; ++i) {
    const int at = cut.start(i) * kLanes;
    functions[cut.length - 1](s, transposed + at, stride, bias + at, in, out + at);
  }
}

void single_rbf(const DenseShape& s, const float* code, const float* in, float* out) {
  for (int u = 0; u < s.outputs; ++u) {
    float sum = 0.0f;
    for (int i = 0; i < s.inputs; ++i) {
      const float difference = in[i] - code[std::size_t(u) * s.inputs + i];
      sum = multiply_add(difference, difference, sum);
    }
    out[u] = sum;
  }
}

void single_activate(Activation activation, std::size_t count, float* values) {
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store_loose(values + i, activated(activation, load_loose(values + i)));
  if (i == count) return;
  alignas(64) float rest[kLanes] = {};
  __builtin_memcpy(rest, values + i, (count - i) * sizeof(float));
  store(rest, activated(activation, load(rest)));
  __builtin_memcpy(values + i, rest, (count - i) * sizeof(float));
}
