// Losses on a tile's outputs, with their gradients, and the step of the optimiser.

// The largest score, the sum of exp(score - largest); exp(score - largest) itself goes to `to`.
struct Softmax {
  V largest, sum;
};
LENET_INLINE Softmax exponentials(int classes, float sign, const float* output, float* to, const V* floor) {
  V largest = floor ? *floor : load(output) * sign;
  for (int k = 0; k < classes; ++k) largest = larger(load(output + k * kTile) * sign, largest);
  V sum = floor ? exp_of(*floor - largest) : V{};
  for (int k = 0; k < classes; ++k) {
    const V e = exp_of(load(output + k * kTile) * sign - largest);
    store(to + k * kTile, e);
    sum += e;
  }
  return {largest, sum};
}

void loss(const LossShape& s, const float* output, const std::uint8_t labels[kTile], const float* targets,
          const float weight[kTile], float* gradient, float losses[kTile]) {
  for (int lane = 0; lane < kTile; lane += kLanes) {
    I label;
    for (int i = 0; i < kLanes; ++i) label[i] = labels[lane + i];
    const V share = load_loose(weight + lane);
    V total{};
    if (s.kind == LossShape::Kind::mean_squared) {  // eq. (8): the right class's own distance
      for (int k = 0; k < s.classes; ++k) {
        const I right = label == k;
        total = right ? load(output + k * kTile + lane) : total;
        store(gradient + k * kTile + lane, right ? share : V{});
      }
    } else {
      const V floor = splat(-s.rubbish);
      const bool map = s.kind == LossShape::Kind::map;
      const Softmax soft = exponentials(s.classes, s.sign, output + lane, gradient + lane, map ? &floor : nullptr);
      const float even = map ? 0.0f : s.smoothing / float(s.classes), rest = map ? 1.0f : 1.0f - s.smoothing;
      const V scale = splat(1.0f) / soft.sum;
      total = log_of(soft.sum) + soft.largest;
      for (int k = 0; k < s.classes; ++k) {
        const V wanted = targets ? load(targets + k * kTile + lane) * rest : label == k ? splat(rest) : V{};
        const V target = wanted + splat(even);
        const V p = load(gradient + k * kTile + lane) * scale;
        total = multiply_add(-target, load(output + k * kTile + lane) * s.sign, total);
        store(gradient + k * kTile + lane, (p - target) * share * s.sign);
      }
    }
    store_loose(losses + lane, total);
  }
}

void loss_curvature(const LossShape& s, const float* output, const float weight[kTile], float* curvature) {
  const V floor = splat(-s.rubbish);
  for (int lane = 0; lane < kTile; lane += kLanes) {
    const V share = load_loose(weight + lane);
    const bool map = s.kind == LossShape::Kind::map, linear = s.kind == LossShape::Kind::mean_squared;
    const Softmax soft = exponentials(s.classes, s.sign, output + lane, curvature + lane, map ? &floor : nullptr);
    for (int k = 0; k < s.classes; ++k) {
      float* to = curvature + k * kTile + lane;
      const V p = load(to) / soft.sum;
      store(to, linear ? V{} : (p - p * p) * share);
    }
  }
}

void softmax(int classes, float sign, const float* output, float* probabilities) {
  for (int lane = 0; lane < kTile; lane += kLanes) {
    const Softmax soft = exponentials(classes, sign, output + lane, probabilities + lane, nullptr);
    for (int k = 0; k < classes; ++k) {
      float* p = probabilities + k * kTile + lane;
      store(p, load(p) / soft.sum);
    }
  }
}

// Elementwise on registers, then on single floats to the end: the same operations in the same order.
template <class P>
LENET_INLINE P read_loose(const float* p);
template <>
LENET_INLINE V read_loose<V>(const float* p) {
  return load_loose(p);
}
template <>
LENET_INLINE float read_loose<float>(const float* p) {
  return *p;
}
LENET_INLINE void write_loose(float* p, V v) { store_loose(p, v); }
LENET_INLINE void write_loose(float* p, float v) { *p = v; }

template <class P>
LENET_INLINE void step_one(const UpdateShape& s, const float* const* gradients, int parts, float rate, float mean_scale,
                           float square_scale, std::size_t i, float* weights, float* first, float* second) {
  P g = read_loose<P>(gradients[0] + i);
  for (int k = 1; k < parts; ++k) g = g + read_loose<P>(gradients[k] + i);
  P w = read_loose<P>(weights + i);
  if (s.decoupled) w = w * (1.0f - rate * s.weight_decay);
  else if (s.weight_decay != 0.0f) g = multiply_add(spread_over<P>(s.weight_decay), w, g);
  if (s.kind == UpdateShape::Kind::sgd) {
    if (s.momentum != 0.0f) {
      const P velocity = multiply_add(spread_over<P>(s.momentum), read_loose<P>(first + i), g);
      write_loose(first + i, velocity);
      g = s.nesterov ? multiply_add(spread_over<P>(s.momentum), velocity, g) : velocity;
    }
    w = multiply_add(spread_over<P>(-rate), g, w);
  } else if (s.kind == UpdateShape::Kind::levenberg) {
    w = multiply_add(read_loose<P>(second + i) * -rate, g, w);
  } else {
    const P mean = multiply_add(spread_over<P>(s.beta1), read_loose<P>(first + i), g * (1.0f - s.beta1));
    const P square = multiply_add(spread_over<P>(s.beta2), read_loose<P>(second + i), g * g * (1.0f - s.beta2));
    write_loose(first + i, mean);
    write_loose(second + i, square);
    w = w - (mean * mean_scale) / (root(square * square_scale) + s.epsilon) * rate;
  }
  write_loose(weights + i, w);
}

void update(const UpdateShape& s, std::size_t begin, std::size_t end, const float* const* gradients, int parts,
            float rate, int step, float* weights, float* first, float* second) {
  // 1 / (1 - beta^step) by repeated squaring in double: the same on every machine.
  const auto correction = [step](double beta) {
    double power = 1.0;
    for (int left = step; left > 0; left >>= 1, beta *= beta)
      if (left & 1) power *= beta;
    return float(1.0 / (1.0 - power));
  };
  const bool adam = s.kind == UpdateShape::Kind::adam;
  const float mean_scale = adam ? correction(s.beta1) : 0.0f, square_scale = adam ? correction(s.beta2) : 0.0f;
  std::size_t i = begin;
  for (; i + kLanes <= end; i += kLanes)
    step_one<V>(s, gradients, parts, rate, mean_scale, square_scale, i, weights, first, second);
  for (; i < end; ++i) step_one<float>(s, gradients, parts, rate, mean_scale, square_scale, i, weights, first, second);
}
