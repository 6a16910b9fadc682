// The step of the optimizer on some weights: stochastic gradient descent, Adam, and the 1998 paper's method.

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
