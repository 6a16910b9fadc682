#include "network/workspace.hpp"

#include "base/random.hpp"
#include "layers/layer.hpp"

namespace lenet {

Workspace::Workspace(const Plan& plan, int tiles, bool training)
    : values_(plan.value_pixels() * kTile * tiles), value_stride_(plan.value_pixels() * kTile), tiles_(tiles) {
  if (!training) return;
  gradient_stride_ = plan.gradient_pixels() * kTile;
  gradients_ = Buffer(gradient_stride_ * tiles);
  winner_stride_ = plan.winner_bytes();
  draw_stride_ = plan.draw_pixels() * kTile;
  draws_ = Buffer(draw_stride_ * tiles);
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

void Draws::fill(const Plan& plan, std::uint32_t sample, float* out, int stride) const {
  for (std::size_t i = 0; i < plan.ops().size(); ++i) {
    const Op& op = plan.ops()[i];
    if (!op.kind->draws(op)) continue;
    const std::size_t pixels = op.out.pixels();
    for (std::size_t p = 0; p < pixels; p += 4) {
      const std::uint32_t stream = std::uint32_t(Stream::pooling) + (std::uint32_t(i) << 8);
      const Block block =
          philox({std::uint32_t(p / 4), sample, stream, step}, std::uint32_t(seed), std::uint32_t(seed >> 32));
      for (std::size_t k = p; k < std::min(pixels, p + 4); ++k)
        out[(op.draws + k) * std::size_t(stride)] = float(block[k - p] >> 9) * 0x1p-23f;
    }
  }
}

}  // namespace lenet
