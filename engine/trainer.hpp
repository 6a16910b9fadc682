// A network that learns: minibatches of images read by index, gradients, and the optimiser's steps.
//
// A minibatch is cut into slots of a few tiles, by its size alone. A slot's gradient is computed by one
// thread, whichever comes first; the slots' gradients are added in their order. Hence the same weights for
// any number of threads.
#pragma once

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>

#include "run.hpp"

namespace lenet {

struct Samples {
  Images images;
  const std::uint8_t* labels;
};

class Trainer {
 public:
  Trainer(const Description& description, const float* weights, Scale scale, LossShape loss, UpdateShape update,
          int batch, const std::string& isa);

  // Trains on samples[order[0 .. count)], a minibatch at a time (the last one may be smaller), minibatch b at
  // rates[b]; losses[b] gets its mean loss before the step. `stop` is asked some fifty times a second; when
  // it says true, the minibatch under way is dropped. Returns how many minibatches were done.
  std::size_t run(const Samples& samples, const std::uint32_t* order, std::size_t count, const float* rates,
                  float* losses, int threads, const std::function<bool()>& stop);
  // The mean loss over samples[order[0 .. count)], count at most a minibatch, and its gradient.
  float gradient(const Samples& samples, const std::uint32_t* order, std::size_t count, int threads, float* out);

  // Marks the trainer as at work; throws std::logic_error if it is already, on this thread or another.
  class Turn {
   public:
    explicit Turn(Trainer& trainer) : busy_(trainer.busy_) {
      if (busy_.exchange(true)) throw std::logic_error("this trainer is at work already");
    }
    ~Turn() { busy_.store(false); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    std::atomic<bool>& busy_;
  };

  const Plan& plan() const { return plan_; }
  int batch() const { return batch_; }
  const Kernels& kernels() const { return kernels_; }
  // What a training that goes on later needs: the weights, the optimiser's two vectors, its steps.
  Buffer& weights() { return weights_; }
  Buffer& first() { return first_; }
  Buffer& second() { return second_; }
  long steps = 0;

 private:
  struct Batch;
  void prepare(const Samples& samples, int threads);
  void run_slot(const Samples& samples, const Batch& batch, int slot, Workspace& work);
  int slots(std::size_t images) const;
  float mean_loss(const Batch& batch) const;

  Description description_;
  Plan plan_;
  Scale scale_;
  LossShape loss_;
  UpdateShape update_;
  int batch_, tiles_per_slot_;
  const Kernels& kernels_;
  Buffer weights_, first_, second_;
  std::vector<Buffer> gradients_;  // one a slot
  std::vector<double> losses_;     // one a slot
  std::vector<std::unique_ptr<Workspace>> workspaces_;
  Planes placed_{};
  std::atomic<bool> busy_{false};
};

}  // namespace lenet
