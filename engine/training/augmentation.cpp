#include "training/augmentation.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "base/random.hpp"

namespace lenet {
namespace {

// Weights of the four points around a place between the second and the third, of a uniform cubic B-spline.
void spline(float place, float (&weights)[4]) {
  const float t = place, u = 1 - t;
  weights[0] = u * u * u / 6;
  weights[1] = (3 * t * t * t - 6 * t * t + 4) / 6;
  weights[2] = (3 * u * u * u - 6 * u * u + 4) / 6;
  weights[3] = t * t * t / 6;
}

// Standard deviation of a field whose control points are drawn evenly from [-1, 1): 1/3 times the mean of the squared
// weights, 151/315, along both axes.
constexpr float kUnitDeviation = 0.57735027f * 0.47936508f;

Block drawn_block(const SampleKey& key, Stream stream, std::uint32_t block) {
  return philox({block, key.sample, std::uint32_t(stream), key.epoch}, std::uint32_t(key.seed),
                std::uint32_t(key.seed >> 32));
}

void check(const Distortion& d, int height, int width) {
  const auto check_pixels = [&](const char* what, float pixels) {
    if (pixels >= float(std::min(height, width)))
      throw std::invalid_argument(std::string("a ") + what + " of " + std::to_string(pixels) +
                                  " pixels; the images have " + std::to_string(height) + "x" + std::to_string(width));
  };
  for (const float range : {d.shift, d.scale, d.squeeze, d.rotation, d.shear, d.elastic, d.thickness, d.cut, d.lines,
                            d.faint, d.blur, d.noise})
    if (!(range >= 0 && range <= 1e6f)) throw std::invalid_argument("a distortion's range is negative or no number");
  if (!(d.spacing >= 2 && d.spacing <= 1e6f) || d.thickness > 1)
    throw std::invalid_argument("a spacing of at least 2 pixels and a thickness of at most 1 expected");
  if (d.lines > 1 || d.faint > 1 || d.noise > 1 || d.blur > 10)
    throw std::invalid_argument("lines, faint and noise of at most 1 and a blur of at most 10 pixels expected");
  check_pixels("cut", d.cut);
  if (width > kWidestWarp) throw std::invalid_argument("images wider than 1024 pixels cannot be distorted");
  check_pixels("shift", d.shift);
}

}  // namespace

Distorter::Distorter(const Distortion& distortion, const Kernels& kernels, int maps, int height, int width)
    : distortion_(distortion), kernels_(kernels), maps_(maps) {
  check(distortion, height, width);
  shape_.height = height, shape_.width = width;
  if (distortion.elastic > 0) place_control_points();
}

void Distorter::place_control_points() {
  const float spacing = distortion_.spacing;
  const int height = shape_.height, width = shape_.width;
  const std::size_t padded = round_up(std::size_t(width));
  shape_.rows = int(float(height - 1) / spacing) + 4, shape_.columns = int(float(width - 1) / spacing) + 4;
  column_weights_ = Buffer(std::size_t(shape_.columns) * padded);
  float weights[4];
  for (int y = 0; y < height; ++y) {
    const int first = int(float(y) / spacing);
    spline(float(y) / spacing - float(first), weights);
    row_first_.push_back(first);
    row_weights_.insert(row_weights_.end(), weights, weights + 4);
  }
  for (int x = 0; x < width; ++x) {
    const int first = int(float(x) / spacing);
    spline(float(x) / spacing - float(first), weights);
    for (int k = 0; k < 4; ++k) column_weights_.data()[std::size_t(first + k) * padded + std::size_t(x)] = weights[k];
  }
  shape_.row_first = row_first_.data(), shape_.row_weights = row_weights_.data();
  shape_.column_weights = column_weights_.data();
}

Distorter::Scratch::Scratch(const Distorter& d)
    : images(d.bytes() * kTile),
      source(std::size_t(d.shape_.height + 2 * kWarpBorder + 1) * d.shape_.stride() + 64),
      displacements(2 * std::size_t(d.shape_.rows) * round_up(std::size_t(d.shape_.width))),
      control(2 * round_up(std::size_t(d.shape_.rows) * d.shape_.columns)),
      ink(std::size_t(d.shape_.height + 3) * (round_up(std::size_t(d.shape_.width)) + 2 * kTile)) {}

void Distorter::apply(const SampleKey& key, const std::uint8_t* image, Scratch& scratch, std::uint8_t* out) const {
  if (distortion_.warps()) {
    const Warp warp = drawn_warp(key, scratch.control.data());
    for (int m = 0; m < maps_; ++m)
      kernels_.warp(shape_, warp, image + std::size_t(m) * plane(), scratch.source.data(), scratch.displacements.data(),
                    out + std::size_t(m) * plane());
  } else {
    std::copy_n(image, bytes(), out);
  }
  if (!distortion_.inks()) return;
  Ink ink = drawn_ink(key);
  for (int m = 0; m < maps_; ++m, ink.key += 0x9E3779B9u)  // other grain in each map
    kernels_.ink(shape_, ink, out + std::size_t(m) * plane(), scratch.ink.data());
}

Ink Distorter::drawn_ink(const SampleKey& key) const {
  float numbers[16];  // from [0, 1)
  Block bits{};
  for (std::uint32_t block = 0; block < 4; ++block) {
    bits = drawn_block(key, Stream::ink, block);
    for (std::size_t k = 0; k < 4; ++k) numbers[4 * block + k] = float(bits[k] >> 8) * 0x1p-24f;
  }
  const Distortion& d = distortion_;
  const auto sometimes = [&](int at) { return std::max(0.0f, 2 * numbers[at] - 1); };  // 0 in every second image
  Ink ink{};
  int* const borders[] = {&ink.top, &ink.bottom, &ink.left, &ink.right};
  *borders[int(4 * numbers[0])] = int(sometimes(1) * (std::floor(d.cut) + 1));
  if (numbers[2] < d.lines) {
    // Across or upright, a little askew, somewhere on the image; one and a half to four pixels wide.
    const bool across = numbers[3] < 0.7f;
    const float askew = 0.2f * numbers[4] - 0.1f, length = float(across ? shape_.width : shape_.height);
    const float place = numbers[5] * float(across ? shape_.height : shape_.width);
    ink.line = 255 * (0.2f + 0.8f * numbers[6]);
    ink.line_y = across ? 1 : askew, ink.line_x = across ? askew : 1;
    ink.line_0 = -place - 0.5f * askew * length;
    ink.line_half = 0.75f + 1.25f * numbers[7];
  }
  ink.level = 1 - d.faint * sometimes(8);
  // Passes of weight w have variance 2 w: so a standard deviation of b takes b^2 / 2 of them in sum.
  const float deviation = d.blur * sometimes(9);
  ink.blur = deviation * deviation / 2;
  ink.grain = 255 * d.noise * sometimes(10);
  ink.key = bits[3];
  return ink;
}

Warp Distorter::drawn_warp(const SampleKey& key, float* control) const {
  const auto fill = [&](std::uint32_t block, float (&numbers)[4]) {
    const Block bits = drawn_block(key, Stream::distortion, block);
    for (int k = 0; k < 4; ++k) numbers[k] = float(std::int32_t(bits[std::size_t(k)]) >> 8) * 0x1p-23f;  // [-1, 1)
  };
  float a[4], b[4];
  fill(0, a);
  fill(1, b);
  const Distortion& d = distortion_;
  // From the distorted image back to the given one, around its middle: rotated, sheared, then scaled along each axis.
  const float angle = d.rotation * a[0], shear = d.shear * a[1];
  const float scale = 1 + d.scale * a[2], squeeze = 1 + d.squeeze * a[3];
  const float tall = 1 / (scale * squeeze), wide = squeeze / scale;
  const float c = std::cos(angle), s = std::sin(angle);
  Warp warp{};
  warp.yy = tall * c, warp.yx = tall * s;
  warp.xy = wide * (shear * c - s), warp.xx = wide * (shear * s + c);
  const float middle_y = 0.5f * float(shape_.height - 1), middle_x = 0.5f * float(shape_.width - 1);
  warp.y0 = middle_y - warp.yy * middle_y - warp.yx * middle_x - d.shift * b[0];
  warp.x0 = middle_x - warp.xy * middle_y - warp.xx * middle_x - d.shift * b[1];
  warp.thicken = d.thickness * b[2];
  if (!shape_.rows) return warp;
  const std::size_t numbers = 2 * std::size_t(shape_.rows) * std::size_t(shape_.columns);
  for (std::size_t i = 0; i < numbers; i += 4) {
    float four[4];
    fill(std::uint32_t(2 + i / 4), four);
    for (std::size_t k = i; k < std::min(i + 4, numbers); ++k) control[k] = four[k - i] * (d.elastic / kUnitDeviation);
  }
  warp.control = control;
  return warp;
}

void AugmentedImages::prepare(const Images& images, int threads) {
  if (!distortion_.any()) return;
  if (!distorter_ || !distorter_->fits(images)) {
    scratches_.clear();
    distorter_ = std::make_unique<Distorter>(distortion_, kernels_, images.maps, images.height, images.width);
  }
  while (int(scratches_.size()) < threads) scratches_.push_back(std::make_unique<Distorter::Scratch>(*distorter_));
}

const std::uint8_t* AugmentedImages::image(const Images& images, std::uint32_t epoch, std::uint32_t sample, int thread,
                                           int lane) {
  if (!distorter_ || !epoch) return images[sample];
  Distorter::Scratch& scratch = *scratches_[std::size_t(thread)];
  std::uint8_t* to = scratch.images.data() + std::size_t(lane) * distorter_->bytes();
  distorter_->apply({seed_, epoch, sample}, images[sample], scratch, to);
  return to;
}

}  // namespace lenet
