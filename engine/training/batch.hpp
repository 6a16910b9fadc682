// Training by minibatches of several images, over tiles. A minibatch is cut into slots of a few tiles, by its size
// alone. A slot's gradient is computed by one thread, whichever comes first; the slots' gradients are added in their
// order. Hence the same weights for any number of threads. Wide dense layers are run over all slots at once
// (wide_layers.hpp), so the threads meet before and after them: a minibatch is a list of phases, planned once.
#pragma once

#include <vector>

#include "training/wide_layers.hpp"

namespace lenet {

class BatchTrainer final : public Trainer {
 public:
  BatchTrainer(const Description& description, const float* weights, const TrainingSettings& settings);

  std::size_t run(const EpochRun& epoch, int threads, const std::function<bool()>& stop) override;
  float gradient(const Samples& samples, std::span<const std::uint32_t> order, int threads, float* out) override;

 private:
  // What the threads do between two barriers: some items, in any order. Items are slots, or ranges of wide layers.
  struct Phase {
    enum class Kind { slots, wide_forward, wide_backward, wide_update } kind;
    Span forward{0, 0}, backward{0, 0};  // slots: the operations, forward and then backward
    bool loads = false, loss = false;    // slots: loads the images first; computes the loss between the two spans
    int wide = -1;                       // the wide layer; of slots: the one below the backward span, or -1

    // Forward up to a wide layer.
    static Phase slots_forward(Span span, bool loads);
    // Forward to the end, the loss, and back to where it began.
    static Phase slots_loss(Span span, bool loads, int wide_below);
    static Phase slots_backward(Span span, int wide_below);
    static Phase wide_forward(int wide);
    static Phase wide_backward(int wide);
    static Phase wide_update();
  };
  struct Session;

  void plan_phases();
  void prepare(const Samples& samples, int threads);
  int slots(std::size_t images) const;
  int items(const Phase& phase, std::size_t images) const;
  int most_items() const;
  TileRun over(TileRange tiles, int thread);

  void work(const Phase& phase, const Minibatch& minibatch, const Step& step, int item, int thread);
  void work_on_slot(const Phase& phase, const Minibatch& minibatch, int slot, int thread);
  double loss(const Minibatch& minibatch, std::size_t first, const TileRun& run, int thread);
  void update_rest(std::size_t images, const Step& step, int thread, int threads);
  float mean_loss(std::size_t images) const;
  void run_thread(Session& session, int thread);
  bool run_phase(Session& session, const Minibatch& minibatch, const Step& step, std::size_t phase, int thread);

  // What a thread needs for itself.
  struct ThreadMemory {
    Buffer scratch, targets;
  };

  int tiles_per_slot_;
  WideLayers wide_;
  std::vector<Phase> phases_;
  std::vector<Buffer> gradients_;  // one a slot
  std::vector<double> losses_;     // one a slot
  // One a thread, used for one slot after the other; or, with wide layers, one for the whole minibatch.
  std::vector<std::unique_ptr<Workspace>> workspaces_;
  std::vector<ThreadMemory> memory_;  // one a thread
};

}  // namespace lenet
