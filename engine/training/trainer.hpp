// A network that learns: minibatches of images read by index, gradients, and the optimizer's steps.
//
// `BatchTrainer` runs minibatches in tiles of sixteen images; `OnlineTrainer` takes a step after every image. Either
// gives the same weights for any number of threads.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>

#include "training/augmentation.hpp"

namespace lenet {

inline constexpr auto kStopInterval = std::chrono::milliseconds(20);  // between two questions whether to stop

// Images with their labels; or with targets for a cross-entropy: the probability of each class, [image][class].
struct Samples {
  Images images;
  const std::uint8_t* labels;
  const float* targets = nullptr;
  std::uint8_t label(std::uint32_t sample) const { return labels ? labels[sample] : 0; }
};

// How a network learns. `seed` is of what layers and augmentation draw; the order of the samples is given to `run`.
struct TrainingOptions {
  LossShape loss;
  UpdateShape update;
  int batch;
  std::uint64_t seed;
  Distortion distortion;
};

// Samples in an order, as `epoch` has them: starting with 1; 0: as they are, without distortion.
struct Selection {
  const Samples& samples;
  const std::uint32_t* order;
  std::size_t count;
  std::uint32_t epoch;
};

class Trainer {
 public:
  using Stop = std::function<bool()>;

  Trainer(const Description& description, const float* weights, Scale scale, const TrainingOptions& options,
          const Kernels& kernels);
  virtual ~Trainer() = default;

  // Trains on the selection, a minibatch at a time (the last one may be smaller), minibatch b at rates[b]; losses[b]
  // gets its mean loss before the step. `stop` is asked some fifty times a second; when it says true, the minibatch
  // under way is dropped. Returns how many minibatches were done.
  virtual std::size_t run(const Selection& selection, const float* rates, float* losses, int threads,
                          const Stop& stop) = 0;
  // The mean loss over the selection, at most a minibatch, and its gradient.
  virtual float gradient(const Selection& selection, int threads, float* out) = 0;
  // The mean over the selection of the loss's second derivative by every weight, as LeCun et al. 1998 estimate it:
  // without terms off the diagonal and without the activations' second derivatives (appendix C).
  void curvature(const Selection& selection, float* out);

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
  int batch() const { return options_.batch; }
  bool takes_targets() const { return options_.loss.kind == LossShape::Kind::cross_entropy; }
  // What a training that continues later needs: the weights, the optimizer's two vectors (see Kernels::update), its
  // steps.
  Buffer& weights() { return weights_; }
  Buffer& first() { return first_; }
  Buffer& second() { return second_; }
  long steps = 0;

 protected:
  // Tiles of a workspace, starting with tile `at`, that get the images starting with `first` of a selection.
  struct TileRange {
    Workspace& work;
    std::size_t first;
    int at, tiles;
  };

  void place(const Images& images);
  void prepare_augmentation(const Images& images, int threads);
  // The image as the epoch has it; distorted, it lies in the thread's scratch, at place `lane`.
  const std::uint8_t* augmented(const Selection& selection, std::uint32_t sample, int thread, int lane);
  // Fills tiles with images; lanes after the last image repeat it.
  void load(const Selection& selection, long step, const TileRange& to, int thread);

  Description description_;
  Plan plan_;
  Scale scale_;
  TrainingOptions options_;
  const Kernels& kernels_;
  Buffer weights_, first_, second_;
  Planes placed_{};

 private:
  std::unique_ptr<Distorter> distorter_;                        // for images of the size that came last
  std::vector<std::unique_ptr<Distorter::Scratch>> distorted_;  // one a thread
  std::atomic<bool> busy_{false};
};

// `isa`: see kernels() in isa/dispatch.hpp.
std::unique_ptr<Trainer> make_trainer(const Description& description, const float* weights, Scale scale,
                                      const TrainingOptions& options, const std::string& isa);

}  // namespace lenet
