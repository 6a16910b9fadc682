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

// Calls use.operator()<activation>(), so that loops need not ask which activation it is.
template <class Use>
LENET_INLINE void with_activation(Activation activation, const Use& use) {
  switch (activation) {
    case Activation::linear: return use.template operator()<Activation::linear>();
    case Activation::tanh: return use.template operator()<Activation::tanh>();
    case Activation::scaled_tanh: return use.template operator()<Activation::scaled_tanh>();
    case Activation::sigmoid: return use.template operator()<Activation::sigmoid>();
    case Activation::relu: return use.template operator()<Activation::relu>();
    case Activation::leaky_relu: return use.template operator()<Activation::leaky_relu>();
    case Activation::elu: return use.template operator()<Activation::elu>();
  }
}

// In place; count is a multiple of kTile.
void activate_run(Activation activation, float* values, std::size_t count) {
  if (activation == Activation::linear) return;
  with_activation(activation, [&]<Activation known>() {
    for (std::size_t i = 0; i < count; i += kLanes) store(values + i, activated(known, load(values + i)));
  });
}

void activate(Activation activation, const Planes& at, float* values) {
  for (int m = 0; m < at.maps; ++m)
    for (int y = 0; y < at.height; ++y)
      activate_run(activation, values + at.at(m, y, 0) * kTile, std::size_t(at.width) * kTile);
}

void activate_gradient(Activation activation, const Planes& values_at, const float* values, const Planes& gradient_at,
                       float* gradient) {
  if (activation == Activation::linear) return;
  with_activation(activation, [&]<Activation known>() {
    for (int m = 0; m < values_at.maps; ++m)
      for (int y = 0; y < values_at.height; ++y) {
        const float* v = values + values_at.at(m, y, 0) * kTile;
        float* g = gradient + gradient_at.at(m, y, 0) * kTile;
        for (int i = 0; i < values_at.width * kTile; i += kLanes) store(g + i, load(g + i) * slope(known, load(v + i)));
      }
  });
}
