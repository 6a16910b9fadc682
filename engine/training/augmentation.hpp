// Data augmentation: training images distorted a little differently in every epoch, as LeCun et al. 1998 did it
// (section III-B) and further: shifted, scaled, squeezed, rotated, sheared, elastically bent, with a thicker or thinner
// pen; cut off, on ruled or grainy paper, faint, blurred. What is drawn for an image is a function of the seed, the
// epoch and the sample. The result is bytes again, so that nothing after it differs. It refuses ranges that leave
// nothing of the images.
#pragma once

#include <memory>
#include <vector>

#include "network/workspace.hpp"

namespace lenet {

// Each number is drawn evenly between minus and plus what stands here.
struct Distortion {
  float shift = 0;      // pixels, down and to the right
  float scale = 0;      // fraction of the size
  float squeeze = 0;    // fraction by which one side grows and the other shrinks
  float rotation = 0;   // radians
  float shear = 0;      // pixels to the right for each pixel down
  float elastic = 0;    // pixels: standard deviation of the elastic distortion
  float spacing = 7;    // pixels between the control points that move independently
  float thickness = 0;  // pixels that the pen gains on each side, at most 1
  // These are drawn from 0 to what stands here, for one image in two; lines with this probability.
  float cut = 0;    // pixels of one of the borders
  float lines = 0;  // probability of a ruled line
  float faint = 0;  // fraction of the ink's level that is lost
  float blur = 0;   // pixels: standard deviation
  float noise = 0;  // fraction of full ink by which pixels are off, at most
  bool warps() const {
    return shift > 0 || scale > 0 || squeeze > 0 || rotation > 0 || shear > 0 || elastic > 0 || thickness > 0;
  }
  bool inks() const { return cut > 0 || lines > 0 || faint > 0 || blur > 0 || noise > 0; }
  bool any() const { return warps() || inks(); }
};

// An image of a training: what is drawn for it depends on this alone.
struct SampleKey {
  std::uint64_t seed;
  std::uint32_t epoch;
  std::uint32_t sample;
};

class Distorter {
 public:
  // For images of that size; throws std::invalid_argument for distortions that leave nothing of them.
  Distorter(const Distortion& distortion, const Kernels& kernels, int maps, int height, int width);
  Distorter(const Distorter&) = delete;
  Distorter& operator=(const Distorter&) = delete;

  // What one thread needs: memory for a tile's distorted images, and for the work on one.
  struct Scratch {
    explicit Scratch(const Distorter& distorter);
    std::vector<std::uint8_t> images, source;
    Buffer displacements, control, ink;
  };
  // Distorts an image to `out`.
  void apply(const SampleKey& key, const std::uint8_t* image, Scratch& scratch, std::uint8_t* out) const;
  bool fits(const Images& i) const { return i.maps == maps_ && i.height == shape_.height && i.width == shape_.width; }
  std::size_t bytes() const { return plane() * std::size_t(maps_); }

 private:
  void place_control_points();
  Warp drawn_warp(const SampleKey& key, float* control) const;
  Ink drawn_ink(const SampleKey& key) const;
  std::size_t plane() const { return std::size_t(shape_.height) * std::size_t(shape_.width); }

  Distortion distortion_;
  const Kernels& kernels_;
  int maps_;
  WarpShape shape_{};
  std::vector<int> row_first_;
  std::vector<float> row_weights_;
  Buffer column_weights_;
};

// The images of a training as an epoch shows them, for several threads.
class AugmentedImages {
 public:
  AugmentedImages(const Distortion& distortion, const Kernels& kernels, std::uint64_t seed)
      : distortion_(distortion), kernels_(kernels), seed_(seed) {}

  void prepare(const Images& images, int threads);
  // The image as the epoch shows it; epoch 0 shows it as it is. If it is distorted, it lies in the thread's memory, at
  // place `lane`.
  const std::uint8_t* image(const Images& images, std::uint32_t epoch, std::uint32_t sample, int thread, int lane);

 private:
  Distortion distortion_;
  const Kernels& kernels_;
  std::uint64_t seed_;
  std::unique_ptr<Distorter> distorter_;                        // for images of the size that came last
  std::vector<std::unique_ptr<Distorter::Scratch>> scratches_;  // one a thread
};

}  // namespace lenet
