// Data augmentation: what pen, paper and camera do to an image: part of it cut off, a ruled line, fainter ink, blur,
// grain. Lanes run along a row. The image is worked on in floats, rows padded to whole registers, with a register of
// paper on either side and a row above and below.

// A float from [-1, 1) for each whole number and key: two rounds of multiplying and shifting (Wellons 2018).
typedef std::uint32_t Word __attribute__((vector_size(4 * kLanes)));
LENET_INLINE V grain(Word at, std::uint32_t key) {
  Word h = at ^ key;
  h ^= h >> 16;
  h *= 0x7feb352du;
  h ^= h >> 15;
  h *= 0x846ca68bu;
  h ^= h >> 16;
  return __builtin_convertvector((I)h >> 8, V) * 0x1p-23f;
}

// One pass of w, 1 - 2w, w along both axes; w is `side_weight`.
LENET_INLINE void blur_once(const WarpShape& s, float side_weight, std::size_t stride, float* middle, float* above) {
  const V side = splat(side_weight), whole = splat(1 - 2 * side_weight);
  const std::size_t padded = round_up(std::size_t(s.width));
  for (std::size_t x = 0; x < padded; x += kLanes) store(above + x, V{});
  for (int y = 0; y < s.height; ++y) {
    float* row = middle + y * stride;
    for (std::size_t x = 0; x < padded; x += kLanes) {
      const V here = load(row + x), sides = load(above + x) + load(row + stride + x);
      store(above + x, here);
      store(row + x, multiply_add(side, sides, here * whole));
    }
    // Along the row, from left to right: what lies left was changed already, so it is kept.
    float before = 0;
    for (std::size_t x = 0; x < padded; x += kLanes) {
      const V here = load(row + x), right = load_loose(row + x + 1);
      V left = load_loose(row + x - 1);
      left[0] = before, before = here[kLanes - 1];
      store(row + x, multiply_add(side, left + right, here * whole));
    }
    for (std::size_t x = std::size_t(s.width); x < padded; ++x) row[x] = 0;  // paper again
  }
}

void ink(const WarpShape& s, const Ink& k, std::uint8_t* image, float* scratch) {
  const std::size_t padded = round_up(std::size_t(s.width)), stride = padded + 2 * kTile;
  __builtin_memset(scratch, 0, (std::size_t(s.height) + 3) * stride * sizeof(float));
  float *above = scratch + kTile, *middle = scratch + 2 * stride + kTile;
  V ramp;
  LENET_EACH (i, kLanes) ramp[i] = float(i);
  const V level = splat(k.level);
  alignas(64) std::uint8_t pixels[kWidestWarp + kTile];
  const std::size_t width = std::size_t(s.width);
  for (int y = 0; y < s.height; ++y) {
    float* row = middle + y * stride;
    __builtin_memset(pixels, 0, padded);
    if (y >= k.top && y < s.height - k.bottom)
      __builtin_memcpy(pixels + k.left, image + std::size_t(y) * width + std::size_t(k.left),
                       width - std::size_t(k.left + k.right));
    for (std::size_t x = 0; x < padded; x += kLanes) {
      V value = __builtin_convertvector(widen(pixels + x), V);
      if (k.line > 0) {  // how far this pixel reaches into the line, 0 to 1
        const V column = ramp + splat(float(x));
        const V off = multiply_add(column, splat(k.line_x), splat(multiply_add(k.line_y, float(y), k.line_0)));
        const V inside = smaller(larger(splat(k.line_half) - larger(off, -off), V{}), splat(1.0f));
        value = larger(value, inside * k.line);
      }
      store(row + x, value * level);
    }
    for (std::size_t x = width; k.line > 0 && x < padded; ++x) row[x] = 0;  // the line ends with the image
  }
  for (float left = k.blur; left > 0; left -= 0.25f) blur_once(s, left < 0.25f ? left : 0.25f, stride, middle, above);
  for (int y = 0; y < s.height; ++y) {
    for (std::size_t x = 0; x < padded; x += kLanes) {
      V value = load(middle + y * stride + x);
      if (k.grain > 0) {
        const Word at = (Word) __builtin_convertvector(ramp + splat(float(x) + float(y) * float(padded)), I);
        value = multiply_add(grain(at, k.key), splat(k.grain), value);
      }
      value = smaller(larger(value, V{}), splat(255.0f));
      narrow(pixels + x, __builtin_convertvector(value + splat(0.5f), I));
    }
    __builtin_memcpy(image + std::size_t(y) * s.width, pixels, std::size_t(s.width));
  }
}
