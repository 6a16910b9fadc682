// Local contrast normalization (Jarrett, Kavukcuoglu, Ranzato and LeCun 2009): each pixel less the weighted mean around
// it over all maps, divided by the weighted standard deviation around it, or by that one's mean over the picture where
// it is larger. At the border the window's weights inside are scaled up to sum to 1.

// The maps of `work`, all written by `contrasts`.
inline constexpr float kPlain = 1e-5f;  // of the mean: smaller deviations are none
enum ContrastMap { kMean, kDeviation, kDivisor, kByMean, kByDeviation, kSpare, kCover };

// Weighted sums over windows, in place; zeros outside. Its own transpose.
template <class P>
void blur(const ContrastShape& s, float* values, int map) {
  const int half = s.window / 2, height = s.work.height, width = s.work.width;
  const auto pass = [&](int from, int to, int stride_y, int stride_x, int length, bool down) {
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        for (int lane = 0; lane < kPixel<P>; lane += kStep<P>) {
          const int here = down ? y : x;
          const int first = here < half ? -here : -half, last = length - 1 - here < half ? length - 1 - here : half;
          P sum{};
          for (int k = first; k <= last; ++k)
            sum = multiply_add(spread_over<P>(s.weights[half + k]),
                               read<P>(values + s.work.at(from, y + k * stride_y, x + k * stride_x) * kPixel<P> + lane),
                               sum);
          write(values + s.work.at(to, y, x) * kPixel<P> + lane, sum);
        }
  };
  pass(map, kSpare, 0, 1, width, false);
  pass(kSpare, map, 1, 0, height, true);
}

// Calls visit(y, x, lane, pixel), where pixel(map) is the place of that map of `work`.
template <class P, class Visit>
LENET_INLINE void each_place(const ContrastShape& s, float* values, const Visit& visit) {
  for (int y = 0; y < s.work.height; ++y)
    for (int x = 0; x < s.work.width; ++x)
      for (int lane = 0; lane < kPixel<P>; lane += kStep<P>)
        visit(y, x, lane, [&](int map) { return values + s.work.at(map, y, x) * kPixel<P> + lane; });
}

// Means, deviations and divisors of every place.
template <class P>
void contrasts(const ContrastShape& s, float* values) {
  const auto in = [&](int m, int y, int x, int lane) { return read<P>(values + s.in.at(m, y, x) * kPixel<P> + lane); };
  each_place<P>(s, values, [&](int y, int x, int lane, const auto& at) {
    P sum{};
    for (int m = 0; m < s.in.maps; ++m) sum = sum + in(m, y, x, lane);
    write(at(kMean), sum);
    write(at(kCover), spread_over<P>(float(s.in.maps)));
  });
  blur<P>(s, values, kCover);
  blur<P>(s, values, kMean);
  each_place<P>(s, values, [&](int y, int x, int lane, const auto& at) {
    const P mean = read<P>(at(kMean)) / read<P>(at(kCover));
    write(at(kMean), mean);
    P sum{};
    for (int m = 0; m < s.in.maps; ++m) {
      const P v = in(m, y, x, lane) - mean;
      sum = multiply_add(v, v, sum);
    }
    write(at(kDeviation), sum);
  });
  blur<P>(s, values, kDeviation);
  P total[kTile / kStep<P>] = {};
  each_place<P>(s, values, [&](int, int, int lane, const auto& at) {
    const P measured = root(read<P>(at(kDeviation)) / read<P>(at(kCover))), mean = read<P>(at(kMean));
    // Where all is alike, what is left is rounding, and no contrast.
    const P deviation = measured > larger(mean, -mean) * kPlain ? measured : P{};
    write(at(kDeviation), deviation);
    total[lane / kStep<P>] = total[lane / kStep<P>] + deviation;
  });
  const float fraction = 1.0f / float(s.work.height * s.work.width);
  each_place<P>(s, values, [&](int, int, int lane, const auto& at) {
    write(at(kDivisor), larger(read<P>(at(kDeviation)), total[lane / kStep<P>] * fraction));
  });
}

template <class P>
void contrast_any(const ContrastShape& s, float* values) {
  contrasts<P>(s, values);
  each_place<P>(s, values, [&](int y, int x, int lane, const auto& at) {
    const P mean = read<P>(at(kMean)), divisor = read<P>(at(kDivisor));
    for (int m = 0; m < s.in.maps; ++m) {
      const P v = read<P>(values + s.in.at(m, y, x) * kPixel<P> + lane) - mean;
      write(values + s.out.at(m, y, x) * kPixel<P> + lane, divisor > P{} ? v / divisor : P{});
    }
  });
}

template <class P>
void contrast_gradient_any(const ContrastShape& s, float* values, const Planes& d, const float* gradient,
                           const Planes& out, float* in_gradient) {
  contrasts<P>(s, values);
  const auto centered = [&](int m, int y, int x, int lane, P mean) {
    return read<P>(values + s.in.at(m, y, x) * kPixel<P> + lane) - mean;
  };
  const auto of_output = [&](int m, int y, int x, int lane) {
    return read<P>(gradient + d.at(m, y, x) * kPixel<P> + lane);
  };
  // By the divisor: by the deviation where that is the larger, else by its mean over the picture.
  P by_mean_deviation[kTile / kStep<P>] = {};
  each_place<P>(s, values, [&](int y, int x, int lane, const auto& at) {
    const P mean = read<P>(at(kMean)), divisor = read<P>(at(kDivisor));
    P sum{};
    for (int m = 0; m < s.in.maps; ++m)
      sum = multiply_add(of_output(m, y, x, lane), centered(m, y, x, lane, mean), sum);
    const P by = divisor > P{} ? -sum / (divisor * divisor) : P{};
    const auto larger_here = read<P>(at(kDeviation)) >= divisor;
    write(at(kByDeviation), larger_here ? by : P{});
    by_mean_deviation[lane / kStep<P>] = by_mean_deviation[lane / kStep<P>] + (larger_here ? P{} : by);
  });
  const float fraction = 1.0f / float(s.work.height * s.work.width);
  each_place<P>(s, values, [&](int, int, int lane, const auto& at) {
    const P deviation = read<P>(at(kDeviation));
    const P by = read<P>(at(kByDeviation)) + by_mean_deviation[lane / kStep<P>] * fraction;
    // The deviation is a root of the weighted sum of squares over the cover.
    write(at(kByDeviation), deviation > P{} ? by / (deviation + deviation) / read<P>(at(kCover)) : P{});
  });
  blur<P>(s, values, kByDeviation);
  each_place<P>(s, values, [&](int y, int x, int lane, const auto& at) {
    const P mean = read<P>(at(kMean)), divisor = read<P>(at(kDivisor)), twice = read<P>(at(kByDeviation)) * 2.0f;
    P sum{};
    for (int m = 0; m < s.in.maps; ++m) {
      const P direct = divisor > P{} ? of_output(m, y, x, lane) / divisor : P{};
      const P by = multiply_add(twice, centered(m, y, x, lane, mean), direct);
      write(in_gradient + out.at(m, y, x) * kPixel<P> + lane, by);
      sum = sum + by;
    }
    write(at(kByMean), sum / read<P>(at(kCover)));
  });
  blur<P>(s, values, kByMean);
  each_place<P>(s, values, [&](int y, int x, int lane, const auto& at) {
    const P by = read<P>(at(kByMean));
    for (int m = 0; m < s.in.maps; ++m) {
      float* to = in_gradient + out.at(m, y, x) * kPixel<P> + lane;
      write(to, read<P>(to) - by);
    }
  });
}
