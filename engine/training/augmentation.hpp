// Data augmentation: training images are distorted anew in every epoch. Shifted, scaled, squeezed, rotated, sheared,
// bent, with thicker or thinner strokes; cut off, on ruled or grainy paper, faint, blurred. What is drawn for an image
// is a function of the seed, the epoch and the sample.
#pragma once

#include <vector>

#include "network/workspace.hpp"

namespace lenet {

// Ranges: each amount is drawn evenly between minus and plus its range.
struct Distortion {
  float shift = 0;      // pixels, down and to the right
  float scale = 0;      // fraction of the size
  float squeeze = 0;    // fraction by which one side grows while the other shrinks
  float rotation = 0;   // radians
  float shear = 0;      // pixels to the right for each pixel down
  float elastic = 0;    // pixels: standard deviation of the bending
  float spacing = 7;    // pixels between the control points of the bending
  float thickness = 0;  // pixels that strokes gain on each side, at most 1
  // These are drawn between 0 and their range, for one image in two; lines with this probability.
  float cut = 0;    // pixels of one of the borders
  float lines = 0;  // probability of a ruled line
  float faint = 0;  // fraction of the ink's level that is lost
  float blur = 0;   // pixels: standard deviation
  float noise = 0;  // fraction of full ink by which pixels change, at most
  bool warps() const {
    return shift > 0 || scale > 0 || squeeze > 0 || rotation > 0 || shear > 0 || elastic > 0 || thickness > 0;
  }
  bool inks() const { return cut > 0 || lines > 0 || faint > 0 || blur > 0 || noise > 0; }
  bool any() const { return warps() || inks(); }
};

// By what an image's distortion is drawn.
struct DistortionKey {
  std::uint64_t seed;
  std::uint32_t epoch, sample;
};

class Distorter {
 public:
  // For images of that size; throws std::invalid_argument for distortions that leave nothing of them.
  Distorter(const Distortion& distortion, const Kernels& kernels, int maps, int height, int width);
  Distorter(const Distorter&) = delete;
  Distorter& operator=(const Distorter&) = delete;

  // What one thread needs: memory for a tile's distorted images, and for the work on one.
  struct Scratch {
    explicit Scratch(const Distorter& of);
    std::vector<std::uint8_t> images, source;
    Buffer bends, control, ink;
  };
  // Writes the image as that epoch has it to `out`.
  void apply(const DistortionKey& key, const std::uint8_t* image, Scratch& scratch, std::uint8_t* out) const;
  bool fits(const Images& i) const { return i.maps == maps_ && i.height == shape_.height && i.width == shape_.width; }
  std::size_t bytes() const { return std::size_t(maps_) * shape_.height * shape_.width; }

 private:
  void check(int height, int width) const;
  void plan_bending();
  void warp(const DistortionKey& key, const std::uint8_t* image, Scratch& scratch, std::uint8_t* out) const;
  Warp drawn_warp(const DistortionKey& key, float* control) const;
  Ink drawn_ink(const DistortionKey& key) const;

  Distortion distortion_;
  const Kernels& kernels_;
  int maps_;
  WarpShape shape_{};
  std::vector<int> row_first_;
  std::vector<float> row_weights_;
  Buffer column_weights_;
};

}  // namespace lenet
