#include "training/trainer.hpp"

#include <algorithm>

#include "isa/dispatch.hpp"
#include "training/batch_trainer.hpp"
#include "training/online_trainer.hpp"

namespace lenet {

Trainer::Trainer(const Description& description, const float* weights, Scale scale, const TrainingOptions& options,
                 const Kernels& kernels)
    : description_(description),
      plan_(description_, true),
      scale_(scale),
      options_(options),
      kernels_(kernels),
      weights_(plan_.parameters()),
      first_(plan_.parameters()),
      second_(options.update.kind == UpdateShape::Kind::sgd ? 0 : plan_.parameters()) {
  std::copy_n(weights, plan_.parameters(), weights_.data());
  options_.loss.classes = plan_.classes();
  options_.loss.sign = plan_.sign();
}

void Trainer::place(const Images& images) { placed_ = plan_.placed(images.maps, images.height, images.width); }

void Trainer::prepare_augmentation(const Images& images, int threads) {
  if (!options_.distortion.any()) return;
  if (!distorter_ || !distorter_->fits(images)) {
    distorted_.clear();
    distorter_ = std::make_unique<Distorter>(options_.distortion, kernels_, images.maps, images.height, images.width);
  }
  while (int(distorted_.size()) < threads) distorted_.push_back(std::make_unique<Distorter::Scratch>(*distorter_));
}

const std::uint8_t* Trainer::augmented(const Selection& selection, std::uint32_t sample, int thread, int lane) {
  const std::uint8_t* image = selection.samples.images[sample];
  if (!distorter_ || !selection.epoch) return image;
  Distorter::Scratch& scratch = *distorted_[thread];
  std::uint8_t* to = scratch.images.data() + std::size_t(lane) * distorter_->bytes();
  distorter_->apply({options_.seed, selection.epoch, sample}, image, scratch, to);
  return to;
}

void Trainer::load(const Selection& selection, long step, const TileRange& to, int thread) {
  const Draws draws{options_.seed, std::uint32_t(step)};
  const Images& images = selection.samples.images;
  for (int t = 0; t < to.tiles; ++t) {
    const std::uint8_t* from[kTile];
    float* drawn = to.work.draws(to.at + t);
    for (int l = 0; l < kTile; ++l) {
      const std::size_t index = std::min(to.first + std::size_t(t) * kTile + l, selection.count - 1);
      const std::uint32_t sample = selection.order[index];
      from[l] = augmented(selection, sample, thread, l);
      if (drawn) draws.fill(plan_, sample, drawn + l, kTile);
    }
    kernels_.load_tile(from, images.maps, images.height, images.width, scale_.paper, scale_.step(), placed_,
                       to.work.tile_values(to.at + t));
  }
}

std::unique_ptr<Trainer> make_trainer(const Description& description, const float* weights, Scale scale,
                                      const TrainingOptions& options, const std::string& isa) {
  const Kernels& k = kernels(isa);
  if (options.batch == 1) return std::make_unique<OnlineTrainer>(description, weights, scale, options, k);
  return std::make_unique<BatchTrainer>(description, weights, scale, options, k);
}

}  // namespace lenet
