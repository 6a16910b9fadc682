// Layers in which every unit sees every input, over all the tiles of a slot at once: pairs of tiles share
// each weight that is read. A unit's value is one chain over its inputs, a weight's gradient one chain over
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

using DenseFunction = decltype(&dense_block<1, 1>);
template <int T, int... J>
constexpr DenseFunction dense_functions[] = {&dense_block<J, T>...};
template <int T, int... J>
constexpr DenseFunction dense_back_functions[] = {&dense_back_block<J, T>...};
#define LENET_TO_12 LENET_TO_6, 7, 8, 9, 10, 11, 12

template <int T>
DenseFunction dense_function(bool back, int units) {
  if constexpr (kDenseUnits == 12)
    return back ? dense_back_functions<T, LENET_TO_12>[units - 1] : dense_functions<T, LENET_TO_12>[units - 1];
  else return back ? dense_back_functions<T, LENET_TO_6>[units - 1] : dense_functions<T, LENET_TO_6>[units - 1];
}

// Both directions: `from` and `to` are tiles of inputs and units, or of units and inputs; `range` is of `to`.
void dense_any(bool back, const DenseShape& s, Range range, const float* weight, const float* bias, const Tiles& from,
               const Tiles& to) {
  const Blocks cut = blocks(range.size(), kDenseUnits, 1);
  const std::size_t weight_step = back ? 1 : std::size_t(s.inputs);
  for (int t = 0; t < from.count; t += 2) {
    const bool pair = t + 1 < from.count;
    const DenseFunction block = pair ? dense_function<2>(back, cut.length) : dense_function<1>(back, cut.length);
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

// Tiles [value][16] to images [16 * count][stride]; rows are padded with whatever lies there.
void to_images(const Tiles& tiles, int values, float* images, std::size_t stride) {
  for (int t = 0; t < tiles.count; ++t) {
    const float* from = tiles[t];
    float* to = images + std::size_t(t) * kTile * stride;
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

using OuterFunction = decltype(&outer_block<1, 1>);
template <int J>
constexpr OuterFunction outer_functions[] = {&outer_block<J, 1>, &outer_block<J, 2>, &outer_block<J, 3>,
                                             &outer_block<J, 4>, &outer_block<J, 5>};
inline constexpr int kOuterVectors = 5;
inline constexpr int kOuterUnits = kRowBlock == 14 ? 4 : 2;
OuterFunction outer_function(int units, int vectors) {
  if constexpr (kOuterUnits == 4) {
    constexpr const OuterFunction* by_units[] = {outer_functions<1>, outer_functions<2>, outer_functions<3>,
                                                 outer_functions<4>};
    return by_units[units - 1][vectors - 1];
  } else {
    constexpr const OuterFunction* by_units[] = {outer_functions<1>, outer_functions<2>};
    return by_units[units - 1][vectors - 1];
  }
}

// Written, not accumulated. `in` and `d` hold an image a row; `weight` and `bias` begin with the range's first unit.
void wide_weight_gradient(const DenseShape& s, Range range, int images, const float* in, const float* d,
                          const Tiles& d_tiles, float* weight, float* bias) {
  const std::size_t in_stride = round_up(std::size_t(s.inputs)), d_stride = round_up(std::size_t(s.outputs));
  const Blocks vectors = blocks((s.inputs + kLanes - 1) / kLanes, kOuterVectors, 1);
  const Blocks units = blocks(range.size(), kOuterUnits, 1);
  const OuterFunction block = outer_function(units.length, vectors.length);
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
  float* d_images = scratch + images * in_stride;
  to_images(in, s.inputs, scratch, in_stride);
  to_images(d, s.outputs, d_images, d_stride);
  wide_weight_gradient(s, {0, s.outputs}, images, scratch, d_images, d, weight, bias);
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

void rbf_curvature(const DenseShape& s, const float* code, const float* in, const float* curvature,
                   const float weight[kTile], float* in_curvature) {
  for (int i = 0; i < s.inputs; ++i)
    for (int lane = 0; lane < kTile; lane += kLanes) {
      const V x = load(in + std::size_t(i) * kTile + lane);
      V sum = load_loose(weight + lane) * 2.0f;
      for (int u = 0; u < s.outputs; ++u) {
        const V slope = (x - splat(code[std::size_t(u) * s.inputs + i])) * 2.0f;
        sum = multiply_add(load(curvature + std::size_t(u) * kTile + lane), slope * slope, sum);
      }
      store(in_curvature + std::size_t(i) * kTile + lane, sum);
    }
}
