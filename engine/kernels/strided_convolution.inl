// Convolutions with a stride above 1, written once for both kinds of pixel: V (part of a tile's pixel) and float (one
// image). Windows that are apart share few loads, so none of the blocks of convolution.inl would serve here: several
// sums of a row are held in registers, and that is all.

inline constexpr int kStridedBlock = 6;

// B output pixels of a row.
template <class P, int B>
void strided_block(const ConvShape& s, int m, int y, int x, int lane, const float* weight, const float* bias,
                   const float* in, float* out) {
  const int height = s.kernel_height, width = s.kernel_width, apart = s.stride * kPixel<P>;
  P sum[B];
  LENET_EACH (b, B) sum[b] = spread_over<P>(bias[m]);
  for (int i = s.table.inputs_begin[m]; i < s.table.inputs_begin[m + 1]; ++i) {
    const int c = s.table.inputs[i];
    const float* w = weight + (std::size_t(m) * s.in.maps + c) * height * width;
    for (int ky = 0; ky < height; ++ky) {
      const float* row = in + s.in.at(c, y * s.stride + ky, x * s.stride) * kPixel<P> + lane;
      _Pragma("GCC unroll 1") for (int kx = 0; kx < width; ++kx, ++w, row += kPixel<P>) {
        const P tap = spread_over<P>(*w);
        LENET_EACH (b, B) sum[b] = multiply_add(tap, read<P>(row + b * apart), sum[b]);
      }
    }
  }
  float* to = out + s.out.at(m, y, x) * kPixel<P> + lane;
  LENET_EACH (b, B) write(to + b * kPixel<P>, sum[b]);
}

// By pixels, less 1.
template <class P>
inline constexpr auto kStridedBlocks = table_of<kStridedBlock>([]<int B>() { return &strided_block<P, B>; });

template <class P>
void strided_conv_any(const ConvShape& s, const float* weight, const float* bias, const float* in, float* out) {
  const Blocks cut = blocks(s.out.width, kStridedBlock, 1);
  const auto block = kStridedBlocks<P>[cut.length - 1];
  for (int m = 0; m < s.out.maps; ++m)
    for (int y = 0; y < s.out.height; ++y)
      for (int lane = 0; lane < kPixel<P>; lane += kStep<P>)
        for (int i = 0; i < cut.count; ++i) block(s, m, y, cut.start(i), lane, weight, bias, in, out);
}

// T neighbouring taps of a kernel row, over the whole plane; the lanes' sums go to sums[tap].
template <class P, int T>
void strided_taps(const ConvShape& s, const float* in, int c, int ky, int kx, const Planes& d, const float* gradient,
                  int m, float* sums) {
  for (int lane = 0; lane < kPixel<P>; lane += kStep<P>) {
    P sum[T];
    LENET_EACH (t, T) sum[t] = P{};
    for (int y = 0; y < d.height; ++y)
      for (int x = 0; x < d.width; ++x) {
        const P g = read<P>(gradient + d.at(m, y, x) * kPixel<P> + lane);
        const float* row = in + s.in.at(c, y * s.stride + ky, x * s.stride + kx) * kPixel<P> + lane;
        LENET_EACH (t, T) sum[t] = multiply_add(g, read<P>(row + t * kPixel<P>), sum[t]);
      }
    LENET_EACH (t, T) write(sums + t * kTile + lane, sum[t]);
  }
}

// By taps, less 1.
template <class P>
inline constexpr auto kStridedTaps = table_of<kTaps>([]<int T>() { return &strided_taps<P, T>; });

template <class P>
void strided_conv_gradient_any(const ConvShape& s, const float* in, const Planes& d, const float* gradient,
                               float* weight, float* bias, bool accumulate) {
  alignas(64) float sums[kTaps * kTile] = {};
  for (int m = 0; m < d.maps; ++m) {
    for (int i = s.table.inputs_begin[m]; i < s.table.inputs_begin[m + 1]; ++i) {
      const int c = s.table.inputs[i];
      float* w = weight + (std::size_t(m) * s.in.maps + c) * s.kernel_height * s.kernel_width;
      for (int ky = 0; ky < s.kernel_height; ++ky)
        for (int kx = 0; kx < s.kernel_width;) {
          const int wide = s.kernel_width - kx < kTaps ? s.kernel_width - kx : kTaps;
          kStridedTaps<P>[wide - 1](s, in, c, ky, kx, d, gradient, m, sums);
          sum_lanes(sums, wide, w + ky * s.kernel_width + kx, accumulate);
          kx += wide;
        }
    }
    for (int lane = 0; lane < kPixel<P>; lane += kStep<P>) {
      P sum{};
      for (int y = 0; y < d.height; ++y)
        for (int x = 0; x < d.width; ++x) sum = sum + read<P>(gradient + d.at(m, y, x) * kPixel<P> + lane);
      write(sums + lane, sum);
    }
    sum_lanes(sums, 1, bias + m, accumulate);
  }
}

// By scattering: every output pixel's gradient, times each tap, is added to the pixel that the tap saw.
template <class P>
void strided_conv_input_gradient_any(const ConvShape& s, const float* weight, const Planes& d, const float* gradient,
                                     const Planes& out, float* in_gradient) {
  clear<P>(out, in_gradient);
  // The taps of a kernel that begins at `start` which lie inside of `size` pixels.
  const auto inside = [](int start, int taps, int size) {
    return Range{start < 0 ? -start : 0, start + taps > size ? size - start : taps};
  };
  each_pixel<P>(d, [&](int m, int y, int x, int lane) {
    const P g = read<P>(gradient + d.at(m, y, x) * kPixel<P> + lane);
    const int top = y * s.stride - s.before_height, left = x * s.stride - s.before_width;
    const Range rows = inside(top, s.kernel_height, out.height), columns = inside(left, s.kernel_width, out.width);
    for (int i = s.table.inputs_begin[m]; i < s.table.inputs_begin[m + 1]; ++i) {
      const int c = s.table.inputs[i];
      const float* w = weight + (std::size_t(m) * s.in.maps + c) * s.kernel_height * s.kernel_width;
      for (int ky = rows.begin; ky < rows.end; ++ky) {
        float* row = in_gradient + out.at(c, top + ky, 0) * kPixel<P> + lane;
        for (int kx = columns.begin; kx < columns.end; ++kx) {
          float* place = row + (left + kx) * kPixel<P>;
          write(place, multiply_add(spread_over<P>(w[ky * s.kernel_width + kx]), g, read<P>(place)));
        }
      }
    }
  });
}
