// Layers in which every unit sees every input, over all the tiles of a slot at once: pairs of tiles share
// each load of a weight. A unit's value is one chain over its inputs, a weight's gradient one chain over
// the images, so neither depends on how the work is cut.

template <int J, int T>
void dense_block(const DenseShape& s, const float* weight, const float* bias, const float* const* in,
                 float* const* out) {
  V sum[J][T];
  LENET_EACH (j, J)
    LENET_EACH (t, T) sum[j][t] = splat(bias[j]);
  _Pragma("GCC unroll 1") for (int i = 0; i < s.inputs; ++i) {
    V x[T];
    LENET_EACH (t, T) x[t] = load(in[t] + std::size_t(i) * kTile);
    LENET_EACH (j, J) {
      const V w = splat(weight[std::size_t(j) * s.inputs + i]);
      LENET_EACH (t, T) sum[j][t] = multiply_add(w, x[t], sum[j][t]);
    }
  }
  LENET_EACH (j, J)
    LENET_EACH (t, T) store(out[t] + std::size_t(j) * kTile, sum[j][t]);
}

// d/d(input) of J neighbouring inputs. `bias` is not used.
template <int J, int T>
void dense_back_block(const DenseShape& s, const float* weight, const float*, const float* const* d,
                      float* const* out) {
  V sum[J][T];
  LENET_EACH (j, J)
    LENET_EACH (t, T) sum[j][t] = V{};
  _Pragma("GCC unroll 1") for (int u = 0; u < s.outputs; ++u) {
    V g[T];
    LENET_EACH (t, T) g[t] = load(d[t] + std::size_t(u) * kTile);
    const float* row = weight + std::size_t(u) * s.inputs;
    LENET_EACH (j, J) {
      const V w = splat(row[j]);
      LENET_EACH (t, T) sum[j][t] = multiply_add(w, g[t], sum[j][t]);
    }
  }
  LENET_EACH (j, J)
    LENET_EACH (t, T) store(out[t] + std::size_t(j) * kTile, sum[j][t]);
}

// By tiles and units (or inputs), less 1.
inline constexpr auto kDenseBlock =
    table_of<2>([]<int T>() { return table_of<kDenseUnits>([]<int J>() { return &dense_block<J, T>; }); });
inline constexpr auto kDenseBackBlock =
    table_of<2>([]<int T>() { return table_of<kDenseUnits>([]<int J>() { return &dense_back_block<J, T>; }); });

// Both directions: `from` and `to` are tiles of inputs and units, or of units and inputs; `range` is of `to`.
void dense_any(bool back, const DenseShape& s, Range range, const float* weight, const float* bias, const Tiles& from,
               const Tiles& to) {
  const Blocks cut = blocks(range.size(), kDenseUnits, 1);
  const std::size_t weight_step = back ? 1 : std::size_t(s.inputs);
  for (int t = 0; t < from.count; t += 2) {
    const bool pair = t + 1 < from.count;
    const auto block = (back ? kDenseBackBlock : kDenseBlock)[pair ? 1 : 0][cut.length - 1];
    for (int i = 0; i < cut.count; ++i)
      for (int lane = 0; lane < kTile; lane += kLanes) {
        const std::size_t start = std::size_t(range.begin + cut.start(i));
        const float* in[2] = {from[t] + lane, pair ? from[t + 1] + lane : nullptr};
        float* out[2] = {to[t] + start * kTile + lane, pair ? to[t + 1] + start * kTile + lane : nullptr};
        block(s, weight + start * weight_step, bias ? bias + start : nullptr, in, out);
      }
  }
}

void dense_forward(const DenseShape& s, Range units, const float* weight, const float* bias, const Tiles& in,
                   const Tiles& out) {
  dense_any(false, s, units, weight, bias, in, out);
}
void dense_input_gradient(const DenseShape& s, Range inputs, const float* weight, const Tiles& d, const Tiles& out) {
  dense_any(true, s, inputs, weight, nullptr, d, out);
}

// Tiles [value][16] to rows [16 * count][stride]; rows are padded with whatever lies there.
void tiles_to_rows(const Tiles& tiles, int values, float* rows, std::size_t stride) {
  for (int t = 0; t < tiles.count; ++t) {
    const float* from = tiles[t];
    float* to = rows + std::size_t(t) * kTile * stride;
    int i = 0;
    for (; i + 4 <= values; i += 4)
      for (int l = 0; l < kTile; l += 4)
        transpose_four(from + std::size_t(i) * kTile + l, kTile, to + std::size_t(l) * stride + i, stride);
    for (; i < values; ++i)
      for (int l = 0; l < kTile; ++l) to[std::size_t(l) * stride + i] = from[std::size_t(i) * kTile + l];
  }
}

// The product of gradients and inputs over the images: J units by Q registers of inputs.
template <int J, int Q>
void outer_block(const float* x, std::size_t x_stride, const float* d, std::size_t d_stride, int images, float* weight,
                 std::size_t inputs, int valid) {
  V sum[J][Q];
  LENET_EACH (j, J)
    LENET_EACH (q, Q) sum[j][q] = V{};
  _Pragma("GCC unroll 1") for (int n = 0; n < images; ++n, x += x_stride, d += d_stride) {
    V in[Q];
    LENET_EACH (q, Q) in[q] = load(x + q * kLanes);
    LENET_EACH (j, J) {
      const V g = splat(d[j]);
      LENET_EACH (q, Q) sum[j][q] = multiply_add(g, in[q], sum[j][q]);
    }
  }
  LENET_EACH (j, J)
    LENET_EACH (q, Q) {
      float* to = weight + j * inputs + q * kLanes;
      if (valid >= (q + 1) * kLanes) store_loose(to, sum[j][q]);
      else
        for (int lane = 0; lane < valid - q * kLanes; ++lane) to[lane] = sum[j][q][lane];
    }
}

inline constexpr int kOuterVectors = 5;
inline constexpr int kOuterUnits = kRowBlock == 14 ? 4 : 2;
// By units and registers of inputs, less 1.
inline constexpr auto kOuterBlock =
    table_of<kOuterUnits>([]<int J>() { return table_of<kOuterVectors>([]<int Q>() { return &outer_block<J, Q>; }); });

// Written, not accumulated. `in` and `d` hold an image a row; `weight` and `bias` begin with the range's first unit.
void wide_weight_gradient(const DenseShape& s, Range range, int images, const float* in, const float* d,
                          const Tiles& d_tiles, float* weight, float* bias) {
  const std::size_t in_stride = round_up(std::size_t(s.inputs)), d_stride = round_up(std::size_t(s.outputs));
  const Blocks vectors = blocks((s.inputs + kLanes - 1) / kLanes, kOuterVectors, 1);
  const Blocks units = blocks(range.size(), kOuterUnits, 1);
  const auto block = kOuterBlock[units.length - 1][vectors.length - 1];
  for (int v = 0; v < vectors.count; ++v)
    for (int u = 0; u < units.count; ++u) {
      const int at = vectors.start(v) * kLanes, unit = units.start(u);
      block(in + at, in_stride, d + range.begin + unit, d_stride, images, weight + std::size_t(unit) * s.inputs + at,
            std::size_t(s.inputs), s.inputs - at);
    }
  for (int u = range.begin; u < range.end; ++u) {
    alignas(64) float sums[kTile];
    for (int lane = 0; lane < kTile; lane += kLanes) {
      V sum{};
      for (int t = 0; t < d_tiles.count; ++t) sum += load(d_tiles[t] + std::size_t(u) * kTile + lane);
      store(sums + lane, sum);
    }
    sum_lanes(sums, 1, bias + u - range.begin, false);
  }
}

// `scratch`: 16 * tiles * (padded inputs + padded outputs) floats.
void dense_weight_gradient(const DenseShape& s, const Tiles& in, const Tiles& d, float* weight, float* bias,
                           float* scratch) {
  const int images = in.count * kTile;
  const std::size_t in_stride = round_up(std::size_t(s.inputs)), d_stride = round_up(std::size_t(s.outputs));
  float* d_rows = scratch + images * in_stride;
  tiles_to_rows(in, s.inputs, scratch, in_stride);
  tiles_to_rows(d, s.outputs, d_rows, d_stride);
  wide_weight_gradient(s, {0, s.outputs}, images, scratch, d_rows, d, weight, bias);
}

// Radial basis functions: squared distance of the inputs from a fixed code, eq. (7) of LeCun et al. 1998.
void rbf_forward(const DenseShape& s, const float* code, const Tiles& in, const Tiles& out) {
  for (int t = 0; t < in.count; ++t)
    for (int u = 0; u < s.outputs; ++u)
      for (int lane = 0; lane < kTile; lane += kLanes) {
        V sum{};
        for (int i = 0; i < s.inputs; ++i) {
          const V difference = load(in[t] + std::size_t(i) * kTile + lane) - splat(code[std::size_t(u) * s.inputs + i]);
          sum = multiply_add(difference, difference, sum);
        }
        store(out[t] + std::size_t(u) * kTile + lane, sum);
      }
}

void rbf_input_gradient(const DenseShape& s, const float* code, const Tiles& in, const Tiles& d, const Tiles& out) {
  for (int t = 0; t < in.count; ++t)
    for (int i = 0; i < s.inputs; ++i)
      for (int lane = 0; lane < kTile; lane += kLanes) {
        const V x = load(in[t] + std::size_t(i) * kTile + lane);
        V sum{};
        for (int u = 0; u < s.outputs; ++u)
          sum = multiply_add(load(d[t] + std::size_t(u) * kTile + lane), x - splat(code[std::size_t(u) * s.inputs + i]),
                             sum);
        store(out[t] + std::size_t(i) * kTile + lane, sum + sum);
      }
}

void rbf_second_derivatives(const DenseShape& s, const float* code, const float* in, const float* second,
                            const float image_weight[kTile], float* in_second) {
  for (int i = 0; i < s.inputs; ++i)
    for (int lane = 0; lane < kTile; lane += kLanes) {
      const V x = load(in + std::size_t(i) * kTile + lane);
      V sum = load_loose(image_weight + lane) * 2.0f;
      for (int u = 0; u < s.outputs; ++u) {
        const V slope = (x - splat(code[std::size_t(u) * s.inputs + i])) * 2.0f;
        sum = multiply_add(load(second + std::size_t(u) * kTile + lane), slope * slope, sum);
      }
      store(in_second + std::size_t(i) * kTile + lane, sum);
    }
}
