// Activations, and their slopes in terms of the activation's output. So every activation is one whose slope its output
// tells, and each is monotone, so that it commutes with a maximum (layers/convolution.cpp).

inline constexpr float kLeak = 0.01f;  // the slope of a leaky ReLU below zero

LENET_INLINE V activated(Activation activation, V x) {
  switch (activation) {
    case Activation::linear: return x;
    case Activation::tanh: return tanh_of(x);
    case Activation::scaled_tanh: return splat(1.7159f) * tanh_of(splat(2.0f / 3.0f) * x);
    case Activation::sigmoid: return splat(1.0f) / (splat(1.0f) + exp_of(-x));  // exact enough near 1 for its slope
    case Activation::relu: return larger(x, V{});
    case Activation::leaky_relu: return larger(x, splat(kLeak) * x);
    case Activation::elu: return x > V{} ? x : exp_of(x) - splat(1.0f);
  }
  return x;
}

// The derivative, from the activation's output.
LENET_INLINE V slope(Activation activation, V y) {
  switch (activation) {
    case Activation::linear: return splat(1.0f);
    case Activation::tanh: return multiply_add(-y, y, splat(1.0f));
    case Activation::scaled_tanh: {
      const V t = y * splat(1.0f / 1.7159f);
      return splat(1.7159f * 2.0f / 3.0f) * multiply_add(-t, t, splat(1.0f));
    }
    case Activation::sigmoid: return multiply_add(-y, y, y);
    case Activation::relu: return y > V{} ? splat(1.0f) : V{};
    case Activation::leaky_relu: return y > V{} ? splat(1.0f) : splat(kLeak);
    case Activation::elu: return y > V{} ? splat(1.0f) : y + splat(1.0f);
  }
  return splat(1.0f);
}

// In place; count is a multiple of kTile.
template <Activation activation>
LENET_INLINE void activate_all(float* values, std::size_t count) {
  for (std::size_t i = 0; i < count; i += kLanes) store(values + i, activated(activation, load(values + i)));
}
void activate_run(Activation activation, float* values, std::size_t count) {
  switch (activation) {
    case Activation::linear: return;
    case Activation::tanh: return activate_all<Activation::tanh>(values, count);
    case Activation::scaled_tanh: return activate_all<Activation::scaled_tanh>(values, count);
    case Activation::sigmoid: return activate_all<Activation::sigmoid>(values, count);
    case Activation::relu: return activate_all<Activation::relu>(values, count);
    case Activation::leaky_relu: return activate_all<Activation::leaky_relu>(values, count);
    case Activation::elu: return activate_all<Activation::elu>(values, count);
  }
}

void activate(Activation activation, const Planes& at, float* values) {
  for (int m = 0; m < at.maps; ++m)
    for (int y = 0; y < at.height; ++y)
      activate_run(activation, values + at.at(m, y, 0) * kTile, std::size_t(at.width) * kTile);
}

template <Activation activation>
LENET_INLINE void slope_all(const float* values, float* gradient, int count) {
  for (int i = 0; i < count; i += kLanes) store(gradient + i, load(gradient + i) * slope(activation, load(values + i)));
}
void activate_gradient(Activation activation, const Planes& values_at, const float* values, const Planes& gradient_at,
                       float* gradient) {
  if (activation == Activation::linear) return;
  for (int m = 0; m < values_at.maps; ++m)
    for (int y = 0; y < values_at.height; ++y) {
      const float* v = values + values_at.at(m, y, 0) * kTile;
      float* g = gradient + gradient_at.at(m, y, 0) * kTile;
      const int count = values_at.width * kTile;
      switch (activation) {
        case Activation::linear: break;
        case Activation::tanh: slope_all<Activation::tanh>(v, g, count); break;
        case Activation::scaled_tanh: slope_all<Activation::scaled_tanh>(v, g, count); break;
        case Activation::sigmoid: slope_all<Activation::sigmoid>(v, g, count); break;
        case Activation::relu: slope_all<Activation::relu>(v, g, count); break;
        case Activation::leaky_relu: slope_all<Activation::leaky_relu>(v, g, count); break;
        case Activation::elu: slope_all<Activation::elu>(v, g, count); break;
      }
    }
}
