// One image alone: lanes run along the pixels, so that a single picture does not pay for sixteen. The
// chains of operations are the tile kernels' own, so the results are the same bits.

// M output maps from the M-th on, P registers from flat position `at` on. Input and output rows have the same stride, so a
// plane is one long row; what falls between the rows of the output is garbage that nobody reads.
template <int M, int P>
void single_conv_block(const ConvShape& s, int first, int at, const float* weight, const float* bias, const float* in,
                       float* out) {
  const int taps = s.kernel_height * s.kernel_width;
  V sum[M][P];
  LENET_UNROLL for (int m = 0; m < M; ++m) LENET_UNROLL for (int p = 0; p < P; ++p) sum[m][p] = splat(bias[first + m]);
  const float* w = weight + std::size_t(first) * s.in.maps * taps;
  const std::size_t next = std::size_t(s.in.maps) * taps;
  for (int c = 0; c < s.in.maps; ++c, w += taps) {
    bool joined = false;  // absent connections of the pair's other map hold zeros, which change no sum
    for (int i = s.table.inputs_begin[first]; i < s.table.inputs_begin[first + M]; ++i) joined |= s.table.inputs[i] == c;
    if (!joined) continue;
    const float* plane = in + s.in.at(c, 0, 0) + at;
    for (int ky = 0; ky < s.kernel_height; ++ky)
      _Pragma("GCC unroll 1") for (int kx = 0; kx < s.kernel_width; ++kx) {
        const float* from = plane + std::size_t(ky) * s.in.row + kx;
        V x[P];
        LENET_UNROLL for (int p = 0; p < P; ++p) x[p] = load_loose(from + p * kLanes);
        LENET_UNROLL for (int m = 0; m < M; ++m) {
          const V tap = splat(w[m * next + ky * s.kernel_width + kx]);
          LENET_UNROLL for (int p = 0; p < P; ++p) sum[m][p] = multiply_add(tap, x[p], sum[m][p]);
        }
      }
  }
  LENET_UNROLL for (int m = 0; m < M; ++m)
    LENET_UNROLL for (int p = 0; p < P; ++p)
      store_loose(out + s.out.at(first + m, 0, 0) + at + p * kLanes, sum[m][p]);
}

using SingleConvFunction = decltype(&single_conv_block<1, 1>);
template <int M, int... P> constexpr SingleConvFunction single_conv_functions[] = {&single_conv_block<M, P>...};
inline constexpr int kSingleRegisters = kRowBlock == 14 ? 9 : 4;
template <int M> SingleConvFunction single_conv_function(int registers) {
  if constexpr (kSingleRegisters == 9) return single_conv_functions<M, LENET_TO_6, 7, 8, 9>[registers - 1];
  else return single_conv_functions<M, 1, 2, 3, 4>[registers - 1];
}

void single_conv(const ConvShape& s, const float* weight, const float* bias, const float* in, float* out) {
  const int length = (s.out.height - 1) * s.out.row + s.out.width;
  const Blocks cut = blocks((length + kLanes - 1) / kLanes, kSingleRegisters, 1);
  for (int m = 0; m < s.out.maps; m += 2) {
    const bool pair = m + 1 < s.out.maps;
    const SingleConvFunction block = pair ? single_conv_function<2>(cut.length) : single_conv_function<1>(cut.length);
    for (int i = 0; i < cut.count; ++i) block(s, m, cut.start(i) * kLanes, weight, bias, in, out);
  }
}

// Q registers of neighbouring units.
template <int Q>
void single_dense_block(const DenseShape& s, const float* transposed, std::size_t stride, const float* bias,
                        const float* in, float* out) {
  V sum[Q];
  LENET_UNROLL for (int q = 0; q < Q; ++q) sum[q] = load_loose(bias + q * kLanes);
  _Pragma("GCC unroll 2") for (int i = 0; i < s.inputs; ++i, transposed += stride) {
    const V x = splat(in[i]);
    LENET_UNROLL for (int q = 0; q < Q; ++q) sum[q] = multiply_add(load(transposed + q * kLanes), x, sum[q]);
  }
  LENET_UNROLL for (int q = 0; q < Q; ++q) store_loose(out + q * kLanes, sum[q]);
}

// `bias` and `out` have room for the units padded to kTile.
void single_dense(const DenseShape& s, const float* transposed, const float* bias, const float* in, float* out) {
  constexpr decltype(&single_dense_block<1>) functions[] = {
      &single_dense_block<1>, &single_dense_block<2>, &single_dense_block<3>, &single_dense_block<4>,
      &single_dense_block<5>, &single_dense_block<6>, &single_dense_block<7>, &single_dense_block<8>};
  const std::size_t stride = padded(s.outputs);
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
  for (; i + kLanes <= count; i += kLanes)
    store_loose(values + i, activated(activation, load_loose(values + i)));
  if (i == count) return;
  alignas(64) float rest[kLanes] = {};
  __builtin_memcpy(rest, values + i, (count - i) * sizeof(float));
  store(rest, activated(activation, load(rest)));
  __builtin_memcpy(values + i, rest, (count - i) * sizeof(float));
}
