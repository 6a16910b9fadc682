// Training as the 1998 paper did it: a step after every image, on one thread.
#pragma once

#include "execute/one_image.hpp"
#include "training/trainer.hpp"

namespace lenet {

class OnlineTrainer final : public Trainer {
 public:
  OnlineTrainer(const Description& description, const float* weights, Scale scale, const TrainingOptions& options,
                const Kernels& kernels);
  std::size_t run(const Selection& selection, const float* rates, float* losses, int threads,
                  const Stop& stop) override;
  float gradient(const Selection& selection, int threads, float* out) override;

 private:
  // The loss of one image; its gradient is left in packed_gradient_.
  float learn(const Selection& selection, std::uint32_t sample, long step);

  OneImage one_image_;
  // The vectors as `one_image_` takes them, and the loss's tiles: outputs, their gradients, targets.
  Buffer packed_weights_, packed_first_, packed_second_, packed_gradient_, loss_tiles_;
};

}  // namespace lenet
