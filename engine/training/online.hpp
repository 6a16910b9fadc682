// Training as LeCun et al. 1998 did it: a step after every image, on one thread, since each waits for the one before.
// Lanes run along the pixels (execute/one_image.hpp): a tile would use a sixteenth of each register.
#pragma once

#include "execute/one_image.hpp"
#include "training/trainer.hpp"

namespace lenet {

class OnlineTrainer final : public Trainer {
 public:
  OnlineTrainer(const Description& description, const float* weights, const TrainingSettings& settings);

  std::size_t run(const EpochRun& epoch, int threads, const std::function<bool()>& stop) override;
  float gradient(const Samples& samples, std::span<const std::uint32_t> order, int threads, float* out) override;

 private:
  // The loss of the minibatch's only image; its gradient is left in `gradient_`.
  float backpropagate(const Minibatch& minibatch);
  // Computes the loss, and the gradient of the outputs.
  float loss(const Minibatch& minibatch, const float* outputs, float* output_gradient);

  OneImage one_image_;
  Parameters packed_;                            // the parameters as `one_image_` wants them, during a run
  Buffer gradient_;                              // packed, too
  Buffer outputs_, output_gradients_, targets_;  // tiles for the loss
};

}  // namespace lenet
