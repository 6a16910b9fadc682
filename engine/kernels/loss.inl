// Losses on a tile's outputs, with their gradients and second derivatives.

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

// The class of the best score in each lane; of equal scores the lowest.
LENET_INLINE void best_classes(int classes, float sign, const float* output, std::uint8_t* best) {
  V highest = load(output) * sign;
  I at{};
  for (int k = 1; k < classes; ++k) {
    const V score = load(output + k * kTile) * sign;
    const I better = score > highest;
    highest = better ? score : highest;
    at = better ? I{} + k : at;
  }
  for (int i = 0; i < kLanes; ++i) best[i] = std::uint8_t(at[i]);
}

void loss(const LossShape& s, const float* output, const std::uint8_t labels[kTile], const float* targets,
          const float image_weight[kTile], float* gradient, float losses[kTile], std::uint8_t answers[kTile]) {
  for (int lane = 0; lane < kTile; lane += kLanes) {
    I label;
    for (int i = 0; i < kLanes; ++i) label[i] = labels[lane + i];
    const V weight = load_loose(image_weight + lane);
    best_classes(s.classes, s.sign, output + lane, answers + lane);
    V total{};
    if (s.kind == LossShape::Kind::mean_squared) {  // eq. (8): the right class's distance
      for (int k = 0; k < s.classes; ++k) {
        const I right = label == k;
        total = right ? load(output + k * kTile + lane) : total;
        store(gradient + k * kTile + lane, right ? weight : V{});
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
        store(gradient + k * kTile + lane, (p - target) * weight * s.sign);
      }
    }
    store_loose(losses + lane, total);
  }
}

void loss_second_derivatives(const LossShape& s, const float* output, const float image_weight[kTile], float* second) {
  const V floor = splat(-s.rubbish);
  for (int lane = 0; lane < kTile; lane += kLanes) {
    const V weight = load_loose(image_weight + lane);
    const bool map = s.kind == LossShape::Kind::map, linear = s.kind == LossShape::Kind::mean_squared;
    const Softmax soft = exponentials(s.classes, s.sign, output + lane, second + lane, map ? &floor : nullptr);
    for (int k = 0; k < s.classes; ++k) {
      float* to = second + k * kTile + lane;
      const V p = load(to) / soft.sum;
      store(to, linear ? V{} : (p - p * p) * weight);
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
