#include "network/workspace.hpp"

#include <algorithm>

namespace lenet {

Workspace::Workspace(const Plan& plan, int tiles, bool training)
    : values_(plan.sizes().value_pixels * kTile * tiles),
      value_stride_(plan.sizes().value_pixels * kTile),
      tiles_(tiles) {
  if (!training) return;
  gradient_stride_ = plan.sizes().gradient_pixels * kTile;
  gradients_ = Buffer(gradient_stride_ * tiles);
  draw_stride_ = plan.sizes().draw_pixels * kTile;
  draws_ = Buffer(draw_stride_ * tiles);
  winner_stride_ = plan.sizes().winner_bytes;
  if (winner_stride_) winners_ = std::make_unique<std::uint8_t[]>(winner_stride_ * tiles);
}

void Workspace::prepare(const Plan& plan, const Planes& placed, float paper) {
  if (placed.height == placed_height_ && placed.width == placed_width_ && paper == paper_) return;
  placed_height_ = placed.height, placed_width_ = placed.width, paper_ = paper;
  const Planes& all = plan.input();
  for (int t = 0; t < tiles_; ++t)
    for (int m = 0; m < all.maps; ++m)
      for (int y = 0; y < all.height; ++y)
        std::fill_n(tile_values(t) + all.at(m, y, 0) * kTile, std::size_t(all.width) * kTile, paper);
}

}  // namespace lenet
