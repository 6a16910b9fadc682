// Dropout, written once for both kinds of pixel: V (part of a tile's pixel) and float (one image).

// What a value is multiplied by: 0 where its draw is below the rate.
template <class P>
LENET_INLINE P kept(const DropoutShape& s, const float* draws, const Planes& at, int m, int y, int x, int lane) {
  const std::size_t pixel = (std::size_t(m) * at.height + y) * at.width + x;
  const P draw = read<P>(draws + pixel * kPixel<P> + lane);
  return draw < spread_over<P>(s.rate) ? P{} : spread_over<P>(s.factor);
}

template <class P>
void dropout_any(const DropoutShape& s, const float* in, const float* draws, float* out) {
  each_pixel<P>(s.out, [&](int m, int y, int x, int lane) {
    const P value = read<P>(in + s.in.at(m, y, x) * kPixel<P> + lane);
    write(out + s.out.at(m, y, x) * kPixel<P> + lane, draws ? value * kept<P>(s, draws, s.out, m, y, x, lane) : value);
  });
}

template <class P>
void dropout_gradient_any(const DropoutShape& s, Order order, const float* draws, const Planes& d,
                          const float* gradient, const Planes& out, float* in_gradient) {
  each_pixel<P>(d, [&](int m, int y, int x, int lane) {
    const P g = read<P>(gradient + d.at(m, y, x) * kPixel<P> + lane);
    const P slope = kept<P>(s, draws, d, m, y, x, lane);
    write(in_gradient + out.at(m, y, x) * kPixel<P> + lane, order == Order::first ? g * slope : g * slope * slope);
  });
}
