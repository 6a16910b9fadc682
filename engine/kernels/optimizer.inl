// One step of the optimizers: stochastic gradient descent with momentum, Adam and AdamW, and the stochastic diagonal
// Levenberg-Marquardt method of LeCun et al. 1998 (appendix C). Elementwise on registers, then on single floats to the
// end: the same operations in the same order. P is V or float.

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

// What is the same for all parameters of a step. Adam divides its moments by 1 - beta^step: `mean_scale` and
// `square_scale` are the inverses.
struct StepFactors {
  float rate, mean_scale, square_scale;
};

// Each of these returns the new weight from the old one and its gradient, and updates the optimizer's state in place.

template <class P>
LENET_INLINE P sgd(const OptimizerShape& s, const StepFactors& step, P w, P g, float* velocity_at) {
  if (s.momentum != 0.0f) {
    const P velocity = multiply_add(spread_over<P>(s.momentum), read_loose<P>(velocity_at), g);
    write_loose(velocity_at, velocity);
    g = s.nesterov ? multiply_add(spread_over<P>(s.momentum), velocity, g) : velocity;
  }
  return multiply_add(spread_over<P>(-step.rate), g, w);
}

template <class P>
LENET_INLINE P levenberg(const StepFactors& step, P w, P g, const float* rate_at) {
  return multiply_add(read_loose<P>(rate_at) * -step.rate, g, w);
}

template <class P>
LENET_INLINE P adam(const OptimizerShape& s, const StepFactors& step, P w, P g, float* mean_at, float* square_at) {
  const P mean = multiply_add(spread_over<P>(s.beta1), read_loose<P>(mean_at), g * (1.0f - s.beta1));
  const P square = multiply_add(spread_over<P>(s.beta2), read_loose<P>(square_at), g * g * (1.0f - s.beta2));
  write_loose(mean_at, mean);
  write_loose(square_at, square);
  return w - (mean * step.mean_scale) / (root(square * step.square_scale) + s.epsilon) * step.rate;
}

template <class P>
LENET_INLINE void update_at(std::size_t i, const OptimizerShape& s, const StepFactors& step,
                            const float* const* gradients, int parts, float* weights, float* first, float* second) {
  P g = read_loose<P>(gradients[0] + i);
  for (int k = 1; k < parts; ++k) g = g + read_loose<P>(gradients[k] + i);
  P w = read_loose<P>(weights + i);
  if (s.decoupled) w = w * (1.0f - step.rate * s.weight_decay);
  else if (s.weight_decay != 0.0f) g = multiply_add(spread_over<P>(s.weight_decay), w, g);
  switch (s.kind) {
    case OptimizerShape::Kind::sgd: w = sgd<P>(s, step, w, g, first + i); break;
    case OptimizerShape::Kind::adam: w = adam<P>(s, step, w, g, first + i, second + i); break;
    case OptimizerShape::Kind::levenberg: w = levenberg<P>(step, w, g, second + i); break;
  }
  write_loose(weights + i, w);
}

void update(const OptimizerShape& s, std::size_t begin, std::size_t end, const float* const* gradients, int parts,
            float rate, int number, float* weights, float* first, float* second) {
  // 1 / (1 - beta^number) by repeated squaring in double: the same on every machine.
  const auto correction = [number](double beta) {
    double power = 1.0;
    for (int left = number; left > 0; left >>= 1, beta *= beta)
      if (left & 1) power *= beta;
    return float(1.0 / (1.0 - power));
  };
  const bool adam = s.kind == OptimizerShape::Kind::adam;
  const StepFactors step{rate, adam ? correction(s.beta1) : 0.0f, adam ? correction(s.beta2) : 0.0f};
  std::size_t i = begin;
  for (; i + kLanes <= end; i += kLanes) update_at<V>(i, s, step, gradients, parts, weights, first, second);
  for (; i < end; ++i) update_at<float>(i, s, step, gradients, parts, weights, first, second);
}
