// Training by minibatches, in tiles of sixteen images.
//
// A minibatch is cut into slots of a few tiles, by its size alone. A slot's gradient is computed by one thread,
// whichever comes first; the slots' gradients are added in their order. Wide layers are run by ranges of their units
// over all slots at once. Hence the same weights for any number of threads.
#pragma once

#include <deque>

#include "execute/tiles.hpp"
#include "training/trainer.hpp"
#include "training/wide_layers.hpp"

namespace lenet {

class BatchTrainer final : public Trainer {
 public:
  BatchTrainer(const Description& description, const float* weights, Scale scale, const TrainingOptions& options,
               const Kernels& kernels);
  std::size_t run(const Selection& selection, const float* rates, float* losses, int threads,
                  const Stop& stop) override;
  float gradient(const Selection& selection, int threads, float* out) override;

 private:
  // What the threads do between two barriers: some items, in any order.
  struct Phase {
    enum class Kind { slots, wide_forward, wide_backward, wide_update } kind;
    Span forward{0, 0}, backward{0, 0};    // slots: operations that are run
    bool loads = false, has_loss = false;  // slots: begins with the images; has the loss between its two spans
    int wide = -1;                         // slots: the wide layer before its backward span; else: whose work this is

    static Phase forward_slots(Span forward, bool loads) { return {Kind::slots, forward, {0, 0}, loads, false, -1}; }
    static Phase loss_slots(Span span, bool loads, int wide) { return {Kind::slots, span, span, loads, true, wide}; }
    static Phase backward_slots(Span backward, int wide) { return {Kind::slots, {0, 0}, backward, false, false, wide}; }
    static Phase of_wide(Kind kind, int wide) { return {kind, {0, 0}, {0, 0}, false, false, wide}; }
  };
  struct Batch {
    Selection selection;
    float rate;
    long step;
    float* gradient;  // wanted instead of a step
  };
  class Run;  // of several threads through several minibatches

  void plan_phases();
  void prepare(const Images& images, int threads);
  int slots(std::size_t images) const;
  int items(const Phase& phase, std::size_t images) const;
  // So many threads can be of use.
  int most_items() const;
  void work(const Phase& phase, const Batch& batch, int item, int thread);
  void run_slot(const Phase& phase, const Batch& batch, int slot, int thread);
  // The sum of the losses of a slot's images; leaves the gradients of the outputs.
  double loss(const Batch& batch, const TileRange& tiles, Scratch& scratch);
  void update_wide(const Batch& batch, int range, int thread);
  // A thread's part of the step of all other weights: the slots' gradients are added.
  void update_rest(const Batch& batch, int thread, int threads);
  float mean_loss(std::size_t images) const;

  int tiles_per_slot_;
  WideLayers wide_;
  std::vector<Phase> phases_;
  std::vector<Buffer> gradients_;  // one a slot
  std::vector<double> losses_;     // one a slot
  // One a thread, used for one slot after the other; or, with wide layers, one for the whole minibatch.
  std::vector<std::unique_ptr<Workspace>> workspaces_;
  std::vector<std::unique_ptr<Scratch>> scratches_;  // one a thread
};

}  // namespace lenet
