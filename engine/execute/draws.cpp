#include "execute/draws.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace lenet {

void Draws::fill(const Plan& plan, std::uint32_t sample, float* out, int stride) const {
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const std::uint32_t stream = std::uint32_t(Stream::layers) + (std::uint32_t(i) << 8);
    for (std::size_t p = 0; p < plan[i].draws; p += 4) {
      const Block block =
          philox({std::uint32_t(p / 4), sample, stream, step}, std::uint32_t(seed), std::uint32_t(seed >> 32));
      for (std::size_t k = p; k < std::min(plan[i].draws, p + 4); ++k)
        out[(plan[i].first_draw + k) * std::size_t(stride)] = float(block[k - p] >> 9) * 0x1p-23f;
    }
  }
}

}  // namespace lenet
