// The memory in which one thread runs a plan: the values of some tiles of images, and for training their gradients.
// Also what goes in: byte images, and the gray levels that bytes become.
#pragma once

#include <cstdint>
#include <memory>

#include "base/buffer.hpp"
#include "network/plan.hpp"

namespace lenet {

// Gray levels: what a network is given for paper (byte 0) and for ink (byte 255).
struct Scale {
  float paper, ink;
  float step() const { return (ink - paper) / 255.0f; }
};

// Byte images one after the other in memory, [image][map][row][column].
struct Images {
  const std::uint8_t* data;
  std::size_t count;
  int maps, height, width;
  std::size_t bytes() const { return std::size_t(maps) * height * width; }
  const std::uint8_t* operator[](std::size_t i) const { return data + i * bytes(); }
};

// Tiles of a workspace.
struct TileRange {
  int first, count;
  int end() const { return first + count; }
};

class Workspace {
 public:
  Workspace(const Plan& plan, int tiles, bool training);

  // Whole tiles; without `training`, only values are not null.
  Tiles values(TileRange tiles) { return {tile_values(tiles.first), value_stride_, tiles.count}; }
  Tiles gradients(TileRange tiles) {
    return {gradients_.data() + std::size_t(tiles.first) * gradient_stride_, gradient_stride_, tiles.count};
  }
  // Which pixels won in fused max poolings.
  TilesOf<std::uint8_t> winners(TileRange tiles) {
    return {winners_.get() + std::size_t(tiles.first) * winner_stride_, winner_stride_, tiles.count};
  }
  // Numbers from [0, 1) that layers draw; null if nothing is drawn.
  Tiles draws(TileRange tiles) {
    return {draws_.data() + std::size_t(tiles.first) * draw_stride_, draw_stride_, tiles.count};
  }
  float* tile_values(int t) { return values_.data() + std::size_t(t) * value_stride_; }

  // Fills the input with paper, around images that are smaller, unless that is done already.
  void prepare(const Plan& plan, const Planes& placed, float paper);

 private:
  Buffer values_, gradients_, draws_;
  std::unique_ptr<std::uint8_t[]> winners_;
  std::size_t value_stride_, gradient_stride_ = 0, winner_stride_ = 0, draw_stride_ = 0;
  int tiles_;
  int placed_height_ = 0, placed_width_ = 0;
  float paper_ = 0.0f;
};

}  // namespace lenet
