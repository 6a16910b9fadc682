// A network that is trained: the interface of the two trainers, and what they share. BatchTrainer takes a step after
// every minibatch, OnlineTrainer after every image; `make_trainer` picks one. Both give the same weights for any number
// of threads. Samples, orders and labels are checked by the caller.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "execute/tiles.hpp"
#include "training/augmentation.hpp"

namespace lenet {

// Images with their labels; or with targets for a cross-entropy: a probability for each class, [image][class].
struct Samples {
  Images images;
  const std::uint8_t* labels;
  const float* targets = nullptr;
  std::uint8_t label(std::uint32_t sample) const { return labels ? labels[sample] : 0; }
};

struct TrainingSettings {
  Scale scale;
  LossShape loss;
  OptimizerShape optimizer;
  int batch;           // images in a minibatch
  std::uint64_t seed;  // of what operations and distortions draw
  Distortion distortion;
  std::string isa;  // see kernels() in isa/dispatch.hpp
};

// What a training needs to be resumed: the weights, the optimizer's two vectors (see Kernels::update), its steps.
struct Parameters {
  Buffer weights, first, second;
  long steps = 0;
};

// What becomes of a minibatch's gradient: a step of the optimizer, or a copy.
struct Step {
  const Kernels& kernels;
  const OptimizerShape& optimizer;
  Parameters& parameters;
  long number;  // counts from 1
  float rate;   // the learning rate
  float* copy;  // not null: the gradient is wanted, and no step

  // For `count` parameters starting with `begin`: the gradient of parameter begin + i is the sum of parts[k][i].
  void use(std::size_t begin, std::size_t count, std::span<const float* const> parts) const;
};

// The samples order[0], order[1], ... in an epoch; epoch 0 shows images without distortion. What operations draw
// depends on the number of the step.
struct Minibatch {
  const Samples& samples;
  std::span<const std::uint32_t> order;
  std::uint32_t epoch;
  long step;
  std::uint8_t* answers = nullptr;  // see EpochRun; null: not wanted
};

// The samples order[0], order[1], ... of an epoch, a minibatch at a time (the last one may be smaller).
struct EpochRun {
  const Samples& samples;
  std::span<const std::uint32_t> order;
  std::uint32_t epoch;
  const float* rates;     // the learning rate of each minibatch
  float* losses;          // gets the mean loss of each minibatch, before its step
  std::uint8_t* answers;  // gets the class with the best score of each sample of `order`, before its step
};

class Trainer {
 public:
  virtual ~Trainer() = default;
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  // Trains. `stop` (or null) is asked some fifty times a second; when it says true, the minibatch under way is dropped.
  // Returns how many minibatches were done.
  virtual std::size_t run(const EpochRun& epoch, int threads, const std::function<bool()>& stop) = 0;
  // The mean loss over the samples order[0], order[1], ..., at most a minibatch, and its gradient, without distortion.
  virtual float gradient(const Samples& samples, std::span<const std::uint32_t> order, int threads, float* out) = 0;
  // The mean over the samples of the loss's second derivative by every weight, as LeCun et al. 1998 estimate it:
  // without terms off the diagonal and without the activations' curvature (appendix C).
  void curvature(const Samples& samples, std::span<const std::uint32_t> order, float* out);

  const Plan& plan() const { return plan_; }
  int batch() const { return settings_.batch; }
  bool takes_targets() const { return settings_.loss.kind == LossShape::Kind::cross_entropy; }
  Parameters& parameters() { return parameters_; }

 protected:
  Trainer(const Description& description, const float* weights, const TrainingSettings& settings);

  // Says where images of that size lie in the input.
  void place(const Images& images);
  // Loads images of the minibatch, starting with `first`, into tiles. The last tile is filled up with the last image.
  void load(const Minibatch& minibatch, std::size_t first, Workspace& work, TileRange tiles, int thread);
  Step step(long number, float rate, float* copy);

  Plan plan_;
  TrainingSettings settings_;
  const Kernels& kernels_;
  Parameters parameters_;
  AugmentedImages images_;
  Planes placed_{};
};

std::unique_ptr<Trainer> make_trainer(const Description& description, const float* weights,
                                      const TrainingSettings& settings);

// Asks `stop` at most once in twenty milliseconds.
class StopQuestion {
 public:
  explicit StopQuestion(const std::function<bool()>& stop) : stop_(stop) {}
  bool stops() {
    const auto now = std::chrono::steady_clock::now();
    if (!stop_ || now - asked_ <= std::chrono::milliseconds(20)) return false;
    const bool stops = stop_();
    asked_ = std::chrono::steady_clock::now();
    return stops;
  }

 private:
  const std::function<bool()>& stop_;
  std::chrono::steady_clock::time_point asked_ = std::chrono::steady_clock::now();
};

}  // namespace lenet
