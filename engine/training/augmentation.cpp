#include "distort.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "random.hpp"

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

// Standard deviation of a field whose points are drawn evenly from [-1, 1): 1/3 times the mean of the squared weights,
// 151/315, along both axes.
constexpr float kBendOfUnit = 0.57735027f * 0.47936508f;

}  // namespace

Distorter::Distorter(const Distortion& distortion, const Kernels& kernels, int maps, int height, int width)
    : distortion_(distortion), kernels_(kernels), maps_(maps) {
  shape_.height = height, shape_.width = width;
  for (const float range : {distortion.shift, distortion.scale, distortion.squeeze, distortion.rotation,
                            distortion.shear, distortion.elastic, distortion.thickness, distortion.cut,
                            distortion.lines, distortion.faint, distortion.blur, distortion.noise})
    if (!(range >= 0 && range <= 1e6f)) throw std::invalid_argument("a distortion's range is negative or no number");
  if (!(distortion.spacing >= 2 && distortion.spacing <= 1e6f) || distortion.thickness > 1)
    throw std::invalid_argument("a spacing of at least 2 pixels and a thickness of at most 1 expected");
  if (distortion.lines > 1 || distortion.faint > 1 || distortion.noise > 1 || distortion.blur > 10)
    throw std::invalid_argument("lines, faint and noise of at most 1 and a blur of at most 10 pixels expected");
  if (distortion.cut >= float(std::min(height, width)))
    throw std::invalid_argument("a cut of " + std::to_string(distortion.cut) + " pixels; the images have " +
                                std::to_string(height) + "x" + std::to_string(width));
  if (width > kWidestWarp) throw std::invalid_argument("images wider than 1024 pixels cannot be distorted");
  if (distortion.shift >= float(std::min(height, width)))
    throw std::invalid_argument("a shift of " + std::to_string(distortion.shift) + " pixels; the images have " +
                                std::to_string(height) + "x" + std::to_string(width));
  if (distortion.elastic <= 0) return;
  const float spacing = distortion.spacing;
  shape_.rows = int(float(height - 1) / spacing) + 4, shape_.columns = int(float(width - 1) / spacing) + 4;
  column_weights_ = Buffer(std::size_t(shape_.columns) * round_up(std::size_t(width)));
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
    for (int k = 0; k < 4; ++k)
      column_weights_.data()[std::size_t(first + k) * round_up(std::size_t(width)) + std::size_t(x)] = weights[k];
  }
  shape_.row_first = row_first_.data(), shape_.row_weights = row_weights_.data();
  shape_.column_weights = column_weights_.data();
}

Distorter::Room::Room(const Distorter& of)
    : images(of.bytes() * kTile),
      source(std::size_t(of.shape_.height + 2 * kWarpBorder + 1) * of.shape_.stride() + 64),
      bends(2 * std::size_t(of.shape_.rows) * round_up(std::size_t(of.shape_.width))),
      control(2 * round_up(std::size_t(of.shape_.rows) * of.shape_.columns)),
      ink(std::size_t(of.shape_.height + 3) * (round_up(std::size_t(of.shape_.width)) + 2 * kTile)) {}

void Distorter::apply(std::uint64_t seed, std::uint32_t epoch, std::uint32_t sample, const std::uint8_t* image,
                      Room& room, std::uint8_t* out) const {
  if (distortion_.warps()) warp(seed, epoch, sample, image, room, out);
  else std::copy_n(image, bytes(), out);
  if (!distortion_.inks()) return;
  Ink ink = drawn_ink(seed, epoch, sample);
  const std::size_t plane = std::size_t(shape_.height) * shape_.width;
  for (int m = 0; m < maps_; ++m, ink.key += 0x9E3779B9u)
    kernels_.ink(shape_, ink, out + std::size_t(m) * plane, room.ink.data());
}

Ink Distorter::drawn_ink(std::uint64_t seed, std::uint32_t epoch, std::uint32_t sample) const {
  float numbers[16];  // from [0, 1)
  Block bits{};
  for (std::uint32_t block = 0; block < 4; ++block) {
    bits = philox({block, sample, std::uint32_t(Stream::ink), epoch}, std::uint32_t(seed), std::uint32_t(seed >> 32));
    for (std::size_t k = 0; k < 4; ++k) numbers[4 * block + k] = float(bits[k] >> 8) * 0x1p-24f;
  }
  const Distortion& d = distortion_;
  const auto sometimes = [&](int at) { return std::max(0.0f, 2 * numbers[at] - 1); };  // 0 in every second image
  Ink ink{};
  int* const borders[] = {&ink.top, &ink.bottom, &ink.left, &ink.right};
  *borders[int(4 * numbers[0])] = int(sometimes(1) * (std::floor(d.cut) + 1));
  if (numbers[2] < d.lines) {
    // Across or upright, a little askew, somewhere on the picture; one and a half to four pixels wide.
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

void Distorter::warp(std::uint64_t seed, std::uint32_t epoch, std::uint32_t sample, const std::uint8_t* image,
                     Room& room, std::uint8_t* out) const {
  const auto drawn = [&](std::uint32_t block, float (&numbers)[4]) {
    const Block bits = philox({block, sample, std::uint32_t(Stream::distortion), epoch}, std::uint32_t(seed),
                              std::uint32_t(seed >> 32));
    for (int k = 0; k < 4; ++k) numbers[k] = float(std::int32_t(bits[std::size_t(k)]) >> 8) * 0x1p-23f;  // [-1, 1)
  };
  float a[4], b[4];
  drawn(0, a);
  drawn(1, b);
  const Distortion& d = distortion_;
  // From the distorted picture back to the given one, around its middle: turned, slanted, then scaled along each axis.
  const float turn = d.rotation * a[0], slant = d.shear * a[1];
  const float scale = 1 + d.scale * a[2], squeeze = 1 + d.squeeze * a[3];
  const float tall = 1 / (scale * squeeze), wide = squeeze / scale;
  const float c = std::cos(turn), s = std::sin(turn);
  Warp warp{};
  warp.yy = tall * c, warp.yx = tall * s;
  warp.xy = wide * (slant * c - s), warp.xx = wide * (slant * s + c);
  const float middle_y = 0.5f * float(shape_.height - 1), middle_x = 0.5f * float(shape_.width - 1);
  warp.y0 = middle_y - warp.yy * middle_y - warp.yx * middle_x - d.shift * b[0];
  warp.x0 = middle_x - warp.xy * middle_y - warp.xx * middle_x - d.shift * b[1];
  warp.thicken = d.thickness * b[2];
  if (shape_.rows) {
    const std::size_t points = std::size_t(shape_.rows) * shape_.columns;
    float* control = room.control.data();
    for (std::size_t i = 0; i < 2 * points; i += 4) {
      float numbers[4];
      drawn(std::uint32_t(2 + i / 4), numbers);
      for (std::size_t k = i; k < std::min(i + 4, 2 * points); ++k)
        control[k] = numbers[k - i] * (d.elastic / kBendOfUnit);
    }
    warp.control = control;
  }
  const std::size_t plane = std::size_t(shape_.height) * shape_.width;
  for (int m = 0; m < maps_; ++m)
    kernels_.warp(shape_, warp, image + std::size_t(m) * plane, room.source.data(), room.bends.data(),
                  out + std::size_t(m) * plane);
}

}  // namespace lenet
