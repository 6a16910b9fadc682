// A network that learns: minibatches of images read by index, gradients, and the optimiser's steps.
//
// A minibatch is cut into slots of a few tiles, by its size alone. A slot's gradient is computed by one
// thread, whichever comes first; the slots' gradients are added in their order. A wide layer, whose weights outgrow
// a core's cache, is run by ranges of its units over all slots at once, and its gradient is used where it is made.
// Minibatches of one image have lanes along the pixels. Hence the same weights for any number of threads.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>

#include "alone.hpp"
#include "distort.hpp"
#include "run.hpp"

namespace lenet {

inline constexpr auto kBetweenQuestions = std::chrono::milliseconds(20);  // whether to stop

// Images with their labels; or with targets for a cross-entropy: what each class should get, [image][class].
struct Samples {
  Images images;
  const std::uint8_t* labels;
  const float* targets = nullptr;
  std::uint8_t label(std::uint32_t sample) const { return labels ? labels[sample] : 0; }
};

class Trainer {
 public:
  // `seed` is of what layers draw; the order of the samples is given to `run`.
  Trainer(const Description& description, const float* weights, Scale scale, LossShape loss, UpdateShape update,
          int batch, std::uint64_t seed, const Distortion& distortion, const std::string& isa);

  // Trains on samples[order[0 .. count)], a minibatch at a time (the last one may be smaller), minibatch b at
  // rates[b]; losses[b] gets its mean loss before the step. `stop` is asked some fifty times a second; when
  // it says true, the minibatch under way is dropped. Returns how many minibatches were done. Images are distorted as
  // `epoch`, from 1 on, has it; gradients and second derivatives are those of the images as they are.
  std::size_t run(const Samples& samples, std::uint32_t epoch, const std::uint32_t* order, std::size_t count,
                  const float* rates, float* losses, int threads, const std::function<bool()>& stop);
  // The mean loss over samples[order[0 .. count)], count at most a minibatch, and its gradient.
  float gradient(const Samples& samples, const std::uint32_t* order, std::size_t count, int threads, float* out);
  // The mean over samples[order[0 .. count)] of the loss's second derivative by every weight, as LeCun et al. 1998
  // estimate it: without terms off the diagonal and without the activations' own curvature (appendix C).
  void curvature(const Samples& samples, const std::uint32_t* order, std::size_t count, float* out);

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
  bool takes_targets() const { return loss_.kind == LossShape::Kind::cross_entropy; }
  const Kernels& kernels() const { return kernels_; }
  // What a training that goes on later needs: the weights, the optimiser's two vectors (see Kernels::update), its
  // steps.
  Buffer& weights() { return weights_; }
  Buffer& first() { return first_; }
  Buffer& second() { return second_; }
  long steps = 0;

 private:
  // A dense layer that is run by ranges over the whole minibatch.
  struct Wide {
    std::size_t op;
    std::vector<Range> units, inputs;
    Buffer in, d;  // its inputs and its units' gradients, an image a row
  };
  // What the threads do between two barriers: some items, in any order.
  struct Phase {
    enum class Kind { slots, wide_forward, wide_backward, wide_update } kind;
    Span forward{0, 0}, backward{0, 0};  // slots
    bool loads = false, loses = false;   // slots: begins with the images, has the loss between its two spans
    int wide = -1;                       // slots: the wide layer below its backward span; else: whose work this is
  };
  struct Batch {
    const std::uint32_t* order;
    std::size_t count;
    float rate;
    long step;
    std::uint32_t epoch;  // 0: images as they are
    float* gradient;      // wanted instead of a step
  };

  void plan_phases();
  void prepare(const Samples& samples, int threads);
  void prepare_distortion(const Samples& samples, int threads);
  int slots(std::size_t images) const;
  int items(const Phase& phase, const Batch& batch) const;
  int most_items() const;
  void work(const Phase& phase, const Samples& samples, const Batch& batch, int item, int thread);
  void run_slot(const Phase& phase, const Samples& samples, const Batch& batch, int slot, int thread);
  // The image as the epoch has it; distorted, it lies in the thread's room, at place `lane`.
  const std::uint8_t* seen(const Samples& samples, std::uint32_t epoch, std::uint32_t sample, int thread, int lane);
  void load(const Samples& samples, const Batch& batch, std::size_t first, Workspace& work, int at, int tiles,
            int thread);
  double loss(const Samples& samples, const Batch& batch, std::size_t first, Workspace& work, int at, int tiles,
              Scratch& scratch);
  void update_range(Wide& wide, Range units, const Batch& batch, int thread);
  void update_rest(const Batch& batch, int thread, int threads);
  float mean_loss(const Batch& batch) const;
  float run_alone(const Samples& samples, std::uint32_t epoch, std::uint32_t sample, long step);
  std::size_t run_each_alone(const Samples& samples, std::uint32_t epoch, const std::uint32_t* order, std::size_t count,
                             const float* rates, float* losses, const std::function<bool()>& stop);

  Description description_;
  Plan plan_;
  Scale scale_;
  LossShape loss_;
  UpdateShape update_;
  Distortion distortion_;
  int batch_, tiles_per_slot_;
  std::uint64_t seed_;
  const Kernels& kernels_;
  Buffer weights_, first_, second_;
  std::vector<Wide> wides_;
  std::vector<Phase> phases_;
  std::vector<Buffer> gradients_;  // one a slot
  std::vector<double> losses_;     // one a slot
  // One a thread, used for one slot after the other; or, with wide layers, one for the whole minibatch.
  std::vector<std::unique_ptr<Workspace>> workspaces_;
  std::vector<std::unique_ptr<Scratch>> scratches_;      // one a thread
  std::unique_ptr<Distorter> distorter_;                 // for images of the size that came last
  std::vector<std::unique_ptr<Distorter::Room>> rooms_;  // one a thread
  std::vector<Buffer> range_gradients_;                  // one a thread: of a range of a wide layer's units
  // For minibatches of one image: the vectors as `alone` likes them, and the loss's tiles.
  struct Packed {
    Alone alone;
    Buffer weights, first, second, gradient, loss;
  };
  std::unique_ptr<Packed> packed_;
  Planes placed_{};
  std::atomic<bool> busy_{false};
};

}  // namespace lenet
