// Data augmentation: an image seen through a map from each of its places to another, an affine one and an elastic
// distortion, sampled between pixels. Lanes run along a row.

// A pen that is thicker by `thicken` pixels on each side (thinner if negative): so far towards the largest (smallest)
// of a pixel and its four neighbours. From `image` to the middle of `source`, with paper around.
LENET_INLINE void prepare_source(const WarpShape& s, float thicken, const std::uint8_t* image, std::uint8_t* source) {
  const std::size_t stride = s.stride();
  __builtin_memset(source, 0, std::size_t(s.height + 2 * kWarpBorder + 1) * stride);
  std::uint8_t* middle = source + kWarpBorder * stride + kWarpBorder;
  for (int y = 0; y < s.height; ++y)
    __builtin_memcpy(middle + y * stride, image + std::size_t(y) * s.width, std::size_t(s.width));
  const int strength = int(256.0f * (thicken < 0 ? -thicken : thicken));
  if (strength == 0) return;
  // Rows are changed in place: this one and the one above are kept as they were, the one below is still unchanged.
  std::uint8_t rows[2][kWidestWarp + 2] = {};
  for (int y = 0; y < s.height; ++y) {
    std::uint8_t *to = middle + y * stride, *above = rows[y % 2], *here = rows[(y + 1) % 2];
    __builtin_memcpy(here + 1, to, std::size_t(s.width));
    here[0] = here[s.width + 1] = 0;
    const std::uint8_t* below = to + stride;
    for (int x = 0; x < s.width; ++x) {
      const int pixel = here[x + 1], left = here[x], right = here[x + 2], up = above[x + 1], down = below[x];
      const int most_a = left > right ? left : right, most_b = up > down ? up : down;
      const int least_a = left < right ? left : right, least_b = up < down ? up : down;
      const int most = most_a > most_b ? most_a : most_b, least = least_a < least_b ? least_a : least_b;
      const int other = thicken > 0 ? (most > pixel ? most : pixel) : (least < pixel ? least : pixel);
      to[x] = std::uint8_t(pixel + (other - pixel) * strength / 256);
    }
  }
}

void warp(const WarpShape& s, const Warp& w, const std::uint8_t* image, std::uint8_t* source, float* displacements,
          std::uint8_t* out) {
  prepare_source(s, w.thicken, image, source);
  const std::size_t padded = round_up(std::size_t(s.width)), stride = s.stride();
  // The displacements along columns, for every row of control points.
  for (int row = 0; row < 2 * s.rows; ++row)
    for (std::size_t x = 0; x < padded; x += kLanes) {
      V sum{};
      for (int k = 0; k < s.columns; ++k)
        sum = multiply_add(splat(w.control[row * s.columns + k]), load(s.column_weights + k * padded + x), sum);
      store(displacements + row * padded + x, sum);
    }
  V ramp;
  LENET_EACH (i, kLanes) ramp[i] = float(i);
  const V border = splat(float(kWarpBorder)), most_y = splat(float(s.height + kWarpBorder)),
          most_x = splat(float(s.width + kWarpBorder));
  alignas(64) std::uint8_t pixels[kWidestWarp + kTile];
  for (int y = 0; y < s.height; ++y) {
    for (std::size_t x = 0; x < padded; x += kLanes) {
      const V column = ramp + splat(float(x));
      V from_y = multiply_add(column, splat(w.yx), splat(multiply_add(w.yy, float(y), w.y0)));
      V from_x = multiply_add(column, splat(w.xx), splat(multiply_add(w.xy, float(y), w.x0)));
      for (int k = 0; k < 4 && s.rows; ++k) {
        const float* bend = displacements + (s.row_first[y] + k) * padded + x;
        const V weight = splat(s.row_weights[4 * y + k]);
        from_y = multiply_add(weight, load(bend), from_y);
        from_x = multiply_add(weight, load(bend + s.rows * padded), from_x);
      }
      from_y = smaller(larger(from_y + border, V{}), most_y);
      from_x = smaller(larger(from_x + border, V{}), most_x);
      const I row = __builtin_convertvector(from_y, I), left = __builtin_convertvector(from_x, I);
      const V down = from_y - __builtin_convertvector(row, V), right = from_x - __builtin_convertvector(left, V);
      const I at = row * int(stride) + left;
      const I above = gather(source, at), below = gather(source + stride, at);
      const auto between = [&](I pair) {
        const V first = __builtin_convertvector(pair & 255, V), second = __builtin_convertvector((pair >> 8) & 255, V);
        return multiply_add(right, second - first, first);
      };
      const V top = between(above), value = multiply_add(down, between(below) - top, top);
      narrow(pixels + x, __builtin_convertvector(value + splat(0.5f), I));
    }
    __builtin_memcpy(out + std::size_t(y) * s.width, pixels, std::size_t(s.width));
  }
}
