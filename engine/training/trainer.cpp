#include "training/trainer.hpp"

#include <algorithm>

#include "execute/draws.hpp"
#include "isa/dispatch.hpp"
#include "training/batch.hpp"
#include "training/online.hpp"

namespace lenet {

void Step::use(std::size_t begin, std::size_t count, std::span<const float* const> parts) const {
  if (!copy) {
    float* second = parameters.second.size() ? parameters.second.data() + begin : nullptr;
    kernels.update(optimizer, 0, count, parts.data(), int(parts.size()), rate, int(number),
                   parameters.weights.data() + begin, parameters.first.data() + begin, second);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    float sum = parts[0][i];
    for (std::size_t k = 1; k < parts.size(); ++k) sum += parts[k][i];
    copy[begin + i] = sum;
  }
}

Trainer::Trainer(const Description& description, const float* weights, const TrainingSettings& settings)
    : plan_(description, true),
      settings_(settings),
      kernels_(lenet::kernels(settings.isa)),
      images_(settings.distortion, kernels_, settings.seed) {
  const std::size_t count = plan_.parameters();
  parameters_.weights = Buffer(count);
  parameters_.first = Buffer(count);
  if (settings.optimizer.has_second()) parameters_.second = Buffer(count);
  std::copy_n(weights, count, parameters_.weights.data());
  settings_.loss.classes = plan_.classes();
  settings_.loss.sign = plan_.output().sign();
}

void Trainer::place(const Images& images) { placed_ = plan_.placed(images.maps, images.height, images.width); }

void Trainer::load(const Minibatch& minibatch, std::size_t first, Workspace& work, TileRange tiles, int thread) {
  const Tiles values = work.values(tiles), draws = work.draws(tiles);
  const Draws drawn{settings_.seed, std::uint32_t(minibatch.step)};
  for (int t = 0; t < tiles.count; ++t) {
    const std::uint8_t* images[kTile];
    for (int l = 0; l < kTile; ++l) {
      const std::size_t at = first + std::size_t(t) * kTile + std::size_t(l);
      const std::uint32_t sample = minibatch.order[std::min(at, minibatch.order.size() - 1)];
      images[l] = images_.image(minibatch.samples.images, minibatch.epoch, sample, thread, l);
      if (draws[t]) drawn.fill(plan_, sample, draws[t] + l, kTile);
    }
    load_tile(kernels_, images, settings_.scale, placed_, values[t]);
  }
}

Step Trainer::step(long number, float rate, float* copy) {
  return {kernels_, settings_.optimizer, parameters_, number, rate, copy};
}

std::unique_ptr<Trainer> make_trainer(const Description& description, const float* weights,
                                      const TrainingSettings& settings) {
  if (settings.batch == 1) return std::make_unique<OnlineTrainer>(description, weights, settings);
  return std::make_unique<BatchTrainer>(description, weights, settings);
}

}  // namespace lenet
