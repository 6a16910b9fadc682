// Training images seen a little differently in every epoch: shifted, scaled, squeezed, turned, slanted, bent, with a
// thicker or thinner pen; cut off, on ruled or grainy paper, faint, blurred. What is drawn for an image is a function
// of the seed, the epoch and the sample.
#pragma once

#include <vector>

#include "run.hpp"

namespace lenet {

// Each number is drawn evenly between minus and plus what stands here.
struct Distortion {
  float shift = 0;      // pixels, down and to the right
  float scale = 0;      // share of the size
  float squeeze = 0;    // share by which one side gains what the other loses
  float rotation = 0;   // radians
  float shear = 0;      // pixels to the right for each pixel down
  float elastic = 0;    // pixels: standard deviation of the bending
  float spacing = 7;    // pixels between the points that bend independently
  float thickness = 0;  // pixels that the pen gains on each side, at most 1
  // These are drawn from 0 to what stands here, for one image in two; lines with this chance.
  float cut = 0;    // pixels of one of the borders
  float lines = 0;  // chance of a ruled line
  float faint = 0;  // share of the ink's level that is lost
  float blur = 0;   // pixels: standard deviation
  float noise = 0;  // share of full ink by which pixels are off, at most
  bool warps() const {
    return shift > 0 || scale > 0 || squeeze > 0 || rotation > 0 || shear > 0 || elastic > 0 || thickness > 0;
  }
  bool inks() const { return cut > 0 || lines > 0 || faint > 0 || blur > 0 || noise > 0; }
  bool any() const { return warps() || inks(); }
};

class Distorter {
 public:
  // For images of that size; throws std::invalid_argument for distortions that leave nothing of them.
  Distorter(const Distortion& distortion, const Kernels& kernels, int maps, int height, int width);
  Distorter(const Distorter&) = delete;
  Distorter& operator=(const Distorter&) = delete;

  // What one thread needs: room for a tile's distorted images, and for the work on one.
  struct Room {
    explicit Room(const Distorter& of);
    std::vector<std::uint8_t> images, source;
    Buffer bends, control, ink;
  };
  // The image as it looks in that epoch; `out` has room for one.
  void apply(std::uint64_t seed, std::uint32_t epoch, std::uint32_t sample, const std::uint8_t* image, Room& room,
             std::uint8_t* out) const;
  bool fits(const Images& i) const { return i.maps == maps_ && i.height == shape_.height && i.width == shape_.width; }
  std::size_t bytes() const { return std::size_t(maps_) * shape_.height * shape_.width; }

 private:
  void warp(std::uint64_t seed, std::uint32_t epoch, std::uint32_t sample, const std::uint8_t* image, Room& room,
            std::uint8_t* out) const;
  Ink drawn_ink(std::uint64_t seed, std::uint32_t epoch, std::uint32_t sample) const;

  Distortion distortion_;
  const Kernels& kernels_;
  int maps_;
  WarpShape shape_{};
  std::vector<int> row_first_;
  std::vector<float> row_weights_;
  Buffer column_weights_;
};

}  // namespace lenet
