// Pooling, trainable subsampling and activations, each written once for both kinds of pixel: V (part of a
// tile's pixel) and float (one image alone).

LENET_INLINE V activated(Activation activation, V x) {
  switch (activation) {
    case Activation::linear: return x;
    case Activation::tanh: return tanh_of(x);
    case Activation::scaled_tanh: return splat(1.7159f) * tanh_of(splat(2.0f / 3.0f) * x);
    case Activation::sigmoid: return splat(1.0f) / (splat(1.0f) + exp_of(-x));  // exact enough near 1 for its slope
    case Activation::relu: return larger(x, V{});
  }
  return x;
}

// The derivative, from the activation's own output.
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
      }
    }
}

// One window: its pixels in row-major order.
template <class P>
LENET_INLINE P window_of(PoolKind kind, const float* corner, int window, std::size_t row) {
  P result = read<P>(corner);
  for (int dy = 0; dy < window; ++dy)
    for (int dx = dy == 0; dx < window; ++dx) {
      const P x = read<P>(corner + dy * row + std::size_t(dx) * kPixel<P>);
      result = kind == PoolKind::max ? larger(x, result) : result + x;
    }
  return result;
}

// Calls visit(map, y, x, lane) for every part of every output pixel.
template <class P, class Visit>
LENET_INLINE void each_pixel(const Planes& at, const Visit& visit) {
  for (int m = 0; m < at.maps; ++m)
    for (int y = 0; y < at.height; ++y)
      for (int x = 0; x < at.width; ++x)
        for (int lane = 0; lane < kPixel<P>; lane += kStep<P>) visit(m, y, x, lane);
}

template <class P>
void pool_any(const PoolShape& s, const float* in, float* out) {
  const std::size_t row = std::size_t(s.in.row) * kPixel<P>;
  const float share = 1.0f / float(s.window * s.window);
  each_pixel<P>(s.out, [&](int m, int y, int x, int lane) {
    const float* corner = in + s.in.at(m, y * s.stride, x * s.stride) * kPixel<P> + lane;
    P value = window_of<P>(s.kind, corner, s.window, row);
    if (s.kind == PoolKind::mean) value = value * share;
    write(out + s.out.at(m, y, x) * kPixel<P> + lane, value);
  });
}

template <class P>
void subsample_any(const PoolShape& s, const float* coefficient, const float* bias, const float* in, float* out) {
  const std::size_t row = std::size_t(s.in.row) * kPixel<P>;
  each_pixel<P>(s.out, [&](int m, int y, int x, int lane) {
    const float* corner = in + s.in.at(m, y * s.stride, x * s.stride) * kPixel<P> + lane;
    const P sum = window_of<P>(PoolKind::mean, corner, s.window, row);
    write(out + s.out.at(m, y, x) * kPixel<P> + lane,
          multiply_add(sum, spread_over<P>(coefficient[m]), spread_over<P>(bias[m])));
  });
}

template <class P>
void clear(const Planes& at, float* values) {
  for (int m = 0; m < at.maps; ++m)
    for (int y = 0; y < at.height; ++y)
      __builtin_memset(values + at.at(m, y, 0) * kPixel<P>, 0, sizeof(float) * kPixel<P> * at.width);
}

// Adds an output's gradient to every pixel of its window.
template <class P>
LENET_INLINE void spread(P gradient, float* corner, int window, std::size_t row) {
  for (int dy = 0; dy < window; ++dy)
    for (int dx = 0; dx < window; ++dx) {
      float* to = corner + dy * row + std::size_t(dx) * kPixel<P>;
      write(to, read<P>(to) + gradient);
    }
}

// Of a maximum, the first of the window that has it gets the whole gradient.
template <class P>
void pool_gradient_any(const PoolShape& s, Order order, const float* in, const Planes& d, const float* gradient,
                       const Planes& out, float* in_gradient) {
  clear<P>(out, in_gradient);
  const std::size_t row = std::size_t(s.in.row) * kPixel<P>, out_row = std::size_t(out.row) * kPixel<P>;
  const float even = 1.0f / float(s.window * s.window), share = order == Order::first ? even : even * even;
  each_pixel<P>(d, [&](int m, int y, int x, int lane) {
    const P g = read<P>(gradient + d.at(m, y, x) * kPixel<P> + lane);
    float* to = in_gradient + out.at(m, y * s.stride, x * s.stride) * kPixel<P> + lane;
    if (s.kind == PoolKind::mean) return spread(g * share, to, s.window, out_row);
    const float* corner = in + s.in.at(m, y * s.stride, x * s.stride) * kPixel<P> + lane;
    const P best = window_of<P>(PoolKind::max, corner, s.window, row);
    P left = g;
    for (int dy = 0; dy < s.window; ++dy)
      for (int dx = 0; dx < s.window; ++dx) {
        const auto won = read<P>(corner + dy * row + std::size_t(dx) * kPixel<P>) == best;
        float* place = to + dy * out_row + std::size_t(dx) * kPixel<P>;
        write(place, read<P>(place) + (won ? left : P{}));
        left = won ? P{} : left;
      }
  });
}

// `d` is where the gradient lies, `out` where the input's goes (a null in_gradient: not wanted). Second derivatives
// want the coefficients' squares, and the sums of the windows are squared here.
template <class P>
void subsample_gradient_any(const PoolShape& s, Order order, const float* coefficient, const float* in, const Planes& d,
                            const float* gradient, float* coefficient_gradient, float* bias_gradient, const Planes& out,
                            float* in_gradient, bool accumulate) {
  if (in_gradient) clear<P>(out, in_gradient);
  const std::size_t row = std::size_t(s.in.row) * kPixel<P>, out_row = std::size_t(out.row) * kPixel<P>;
  for (int m = 0; m < d.maps; ++m) {
    alignas(64) float sums[2 * kTile] = {};
    for (int lane = 0; lane < kPixel<P>; lane += kStep<P>) {
      P for_coefficient{}, for_bias{};
      for (int y = 0; y < d.height; ++y)
        for (int x = 0; x < d.width; ++x) {
          const P g = read<P>(gradient + d.at(m, y, x) * kPixel<P> + lane);
          const float* corner = in + s.in.at(m, y * s.stride, x * s.stride) * kPixel<P> + lane;
          const P sum = window_of<P>(PoolKind::mean, corner, s.window, row);
          for_coefficient = multiply_add(g, order == Order::first ? sum : sum * sum, for_coefficient);
          for_bias += g;
          if (in_gradient)
            spread(g * coefficient[m], in_gradient + out.at(m, y * s.stride, x * s.stride) * kPixel<P> + lane, s.window,
                   out_row);
        }
      write(sums + lane, for_coefficient);
      write(sums + kTile + lane, for_bias);
    }
    sum_lanes(sums, 1, coefficient_gradient + m, accumulate);
    sum_lanes(sums + kTile, 1, bias_gradient + m, accumulate);
  }
}
