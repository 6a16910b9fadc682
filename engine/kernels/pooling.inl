// Pooling of all kinds and trainable subsampling, each written once for both kinds of pixel: V (part of a tile's
// pixel) and float (one image).

// Calls visit(map, y, x, lane) for every part of every output pixel.
template <class P, class Visit>
LENET_INLINE void each_pixel(const Planes& at, const Visit& visit) {
  for (int m = 0; m < at.maps; ++m)
    for (int y = 0; y < at.height; ++y)
      for (int x = 0; x < at.width; ++x)
        for (int lane = 0; lane < kPixel<P>; lane += kStep<P>) visit(m, y, x, lane);
}

// The window of an output pixel: how much of it lies inside, and where its corner is in other planes.
struct Window {
  int y, x, height, width;
  LENET_INLINE Window(const PoolShape& s, int out_y, int out_x)
      : y(out_y * s.stride),
        x(out_x * s.stride),
        height(s.in.height - y < s.window ? s.in.height - y : s.window),
        width(s.in.width - x < s.window ? s.in.width - x : s.window) {}
  template <class P>
  LENET_INLINE std::size_t corner(const Planes& at, int map, int lane) const {
    return at.at(map, y, x) * kPixel<P> + lane;
  }
  // Calls visit(dy, dx) for its pixels in row-major order.
  template <class Visit>
  LENET_INLINE void each(const Visit& visit) const {
    for (int dy = 0; dy < height; ++dy)
      for (int dx = 0; dx < width; ++dx) visit(dy, dx);
  }
};

template <class P>
LENET_INLINE std::size_t step(const Planes& at, int dy, int dx) {
  return (std::size_t(dy) * at.row + dx) * kPixel<P>;
}

template <class P>
LENET_INLINE P sum_of(const PoolShape& s, const Window& window, const float* corner) {
  P sum{};
  window.each([&](int dy, int dx) { sum = sum + read<P>(corner + step<P>(s.in, dy, dx)); });
  return sum;
}
template <class P>
LENET_INLINE P squares_of(const PoolShape& s, const Window& window, const float* corner) {
  P sum{};
  window.each([&](int dy, int dx) {
    const P x = read<P>(corner + step<P>(s.in, dy, dx));
    sum = multiply_add(x, x, sum);
  });
  return sum;
}
template <class P>
LENET_INLINE P largest_of(const PoolShape& s, const Window& window, const float* corner) {
  P best = read<P>(corner);
  window.each([&](int dy, int dx) { best = larger(read<P>(corner + step<P>(s.in, dy, dx)), best); });
  return best;
}

// Stochastic pooling (Zeiler and Fergus 2013): the first pixel at which the running sum exceeds `draw` times the whole
// gets `prize`, the others nothing. Calls visit(dy, dx, pixel, what it gets).
template <class P, class Visit>
LENET_INLINE void draw_one(const PoolShape& s, const Window& window, const float* corner, P draw, P prize,
                           const Visit& visit) {
  const P threshold = draw * sum_of<P>(s, window, corner);
  P running{}, left = prize;
  window.each([&](int dy, int dx) {
    const P x = read<P>(corner + step<P>(s.in, dy, dx));
    running = running + x;
    const auto won = running > threshold;
    visit(dy, dx, x, won ? left : P{});
    left = won ? P{} : left;
  });
}

template <class P>
void pool_any(const PoolShape& s, const float* in, const float* draws, float* out) {
  each_pixel<P>(s.out, [&](int m, int y, int x, int lane) {
    const Window window(s, y, x);
    const float* corner = in + window.corner<P>(s.in, m, lane);
    P value{};
    switch (s.kind) {
      case PoolKind::max: value = largest_of<P>(s, window, corner); break;
      case PoolKind::mean: value = sum_of<P>(s, window, corner) * (1.0f / float(window.height * window.width)); break;
      case PoolKind::l2: value = root(squares_of<P>(s, window, corner)); break;
      case PoolKind::stochastic:
        if (draws) {
          const std::size_t pixel = (std::size_t(m) * s.out.height + y) * s.out.width + x;
          draw_one<P>(s, window, corner, read<P>(draws + pixel * kPixel<P> + lane), spread_over<P>(1.0f),
                      [&](int, int, P from, P part) { value = multiply_add(part, from, value); });
        } else {
          const P sum = sum_of<P>(s, window, corner);
          value = sum > P{} ? squares_of<P>(s, window, corner) / sum : P{};
        }
    }
    write(out + s.out.at(m, y, x) * kPixel<P> + lane, value);
  });
}

template <class P>
void subsample_any(const PoolShape& s, const float* coefficient, const float* bias, const float* in, float* out) {
  each_pixel<P>(s.out, [&](int m, int y, int x, int lane) {
    const Window window(s, y, x);
    const P sum = sum_of<P>(s, window, in + window.corner<P>(s.in, m, lane));
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

// Windows may overlap: their gradients are added. Second derivatives want the derivatives squared. Of a maximum, the
// first of the window that has it gets the whole gradient.
template <class P>
void pool_gradient_any(const PoolShape& s, Order order, const float* in, const float* draws, const Planes& d,
                       const float* gradient, const Planes& out, float* in_gradient) {
  clear<P>(out, in_gradient);
  const bool second = order == Order::second;
  each_pixel<P>(d, [&](int m, int y, int x, int lane) {
    const P g = read<P>(gradient + d.at(m, y, x) * kPixel<P> + lane);
    const Window window(s, y, x);
    const float* corner = in + window.corner<P>(s.in, m, lane);
    float* to = in_gradient + window.corner<P>(out, m, lane);
    const auto add = [&](int dy, int dx, P value) {
      float* place = to + step<P>(out, dy, dx);
      write(place, read<P>(place) + value);
    };
    const auto pixel = [&](int dy, int dx) { return read<P>(corner + step<P>(s.in, dy, dx)); };
    const auto use = [&](P slope) { return second ? g * slope * slope : g * slope; };
    switch (s.kind) {
      case PoolKind::max: {
        const P best = largest_of<P>(s, window, corner);
        P left = g;
        window.each([&](int dy, int dx) {
          const auto won = pixel(dy, dx) == best;
          add(dy, dx, won ? left : P{});
          left = won ? P{} : left;
        });
        break;
      }
      case PoolKind::mean: {
        const P part = use(spread_over<P>(1.0f / float(window.height * window.width)));
        window.each([&](int dy, int dx) { add(dy, dx, part); });
        break;
      }
      case PoolKind::l2: {
        const P length = root(squares_of<P>(s, window, corner));
        window.each([&](int dy, int dx) { add(dy, dx, use(length > P{} ? pixel(dy, dx) / length : P{})); });
        break;
      }
      case PoolKind::stochastic: {
        const std::size_t at = (std::size_t(m) * d.height + y) * d.width + x;
        draw_one<P>(s, window, corner, read<P>(draws + at * kPixel<P> + lane), g,
                    [&](int dy, int dx, P, P part) { add(dy, dx, part); });
      }
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
  for (int m = 0; m < d.maps; ++m) {
    alignas(64) float sums[2 * kTile] = {};
    for (int lane = 0; lane < kPixel<P>; lane += kStep<P>) {
      P for_coefficient{}, for_bias{};
      for (int y = 0; y < d.height; ++y)
        for (int x = 0; x < d.width; ++x) {
          const P g = read<P>(gradient + d.at(m, y, x) * kPixel<P> + lane);
          const Window window(s, y, x);
          const P sum = sum_of<P>(s, window, in + window.corner<P>(s.in, m, lane));
          for_coefficient = multiply_add(g, order == Order::first ? sum : sum * sum, for_coefficient);
          for_bias += g;
          if (!in_gradient) continue;
          float* to = in_gradient + window.corner<P>(out, m, lane);
          const P part = g * coefficient[m];
          window.each([&](int dy, int dx) {
            float* place = to + step<P>(out, dy, dx);
            write(place, read<P>(place) + part);
          });
        }
      write(sums + lane, for_coefficient);
      write(sums + kTile + lane, for_bias);
    }
    sum_lanes(sums, 1, coefficient_gradient + m, accumulate);
    sum_lanes(sums + kTile, 1, bias_gradient + m, accumulate);
  }
}

// Deformation-constrained pooling (Ouyang et al. 2015): a pixel less its penalty.
template <class P>
LENET_INLINE P penalized(const PoolShape& s, const float* penalty, int dy, int dx, P x) {
  const float middle = 0.5f * float(s.window - 1), v = float(dy) - middle, u = float(dx) - middle;
  const float cost =
      multiply_add(penalty[0], v * v, multiply_add(penalty[1], u * u, multiply_add(penalty[2], v, penalty[3] * u)));
  return x - cost;
}

template <class P>
LENET_INLINE P deformed(const PoolShape& s, const Window& window, const float* penalty, const float* corner) {
  P best = penalized<P>(s, penalty, 0, 0, read<P>(corner));
  window.each([&](int dy, int dx) {
    best = larger(penalized<P>(s, penalty, dy, dx, read<P>(corner + step<P>(s.in, dy, dx))), best);
  });
  return best;
}

template <class P>
void deform_any(const PoolShape& s, const float* penalty, const float* in, float* out) {
  each_pixel<P>(s.out, [&](int m, int y, int x, int lane) {
    const Window window(s, y, x);
    write(out + s.out.at(m, y, x) * kPixel<P> + lane,
          deformed<P>(s, window, penalty + 4 * m, in + window.corner<P>(s.in, m, lane)));
  });
}

// The winner gets the gradient, and its offsets, squared or not, are the penalties' derivatives.
template <class P>
void deform_gradient_any(const PoolShape& s, Order order, const float* penalty, const float* in, const Planes& d,
                         const float* gradient, float* penalty_gradient, const Planes& out, float* in_gradient,
                         bool accumulate) {
  if (in_gradient) clear<P>(out, in_gradient);
  const float middle = 0.5f * float(s.window - 1);
  for (int m = 0; m < d.maps; ++m) {
    alignas(64) float sums[4 * kTile] = {};
    for (int lane = 0; lane < kPixel<P>; lane += kStep<P>) {
      P total[4] = {};
      for (int y = 0; y < d.height; ++y)
        for (int x = 0; x < d.width; ++x) {
          const Window window(s, y, x);
          const float* corner = in + window.corner<P>(s.in, m, lane);
          const P best = deformed<P>(s, window, penalty + 4 * m, corner);
          P left = read<P>(gradient + d.at(m, y, x) * kPixel<P> + lane);
          window.each([&](int dy, int dx) {
            const P value = penalized<P>(s, penalty + 4 * m, dy, dx, read<P>(corner + step<P>(s.in, dy, dx)));
            const auto won = value == best;
            const P g = won ? left : P{};
            left = won ? P{} : left;
            const float v = float(dy) - middle, u = float(dx) - middle, by[4] = {v * v, u * u, v, u};
            LENET_EACH (k, 4)
              total[k] = multiply_add(g, spread_over<P>(order == Order::first ? -by[k] : by[k] * by[k]), total[k]);
            if (!in_gradient) return;
            float* place = in_gradient + window.corner<P>(out, m, lane) + step<P>(out, dy, dx);
            write(place, read<P>(place) + g);
          });
        }
      LENET_EACH (k, 4) write(sums + k * kTile + lane, total[k]);
    }
    sum_lanes(sums, 4, penalty_gradient + 4 * m, accumulate);
  }
}
