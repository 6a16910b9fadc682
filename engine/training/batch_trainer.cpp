#include "training/batch_trainer.hpp"

#include <algorithm>

#include "base/threads.hpp"

namespace lenet {
namespace {

int tiles_of(std::size_t images) { return int((images + kTile - 1) / kTile); }

// Small minibatches: a tile a slot, for the sake of threads. Then pairs of tiles, which share the dense layers'
// weights; and never more than sixteen slots, each of which costs a gradient's memory.
int tiles_in_slot(int batch) {
  const int tiles = tiles_of(std::size_t(batch));
  return tiles < 8 ? 1 : std::max(2, (tiles + 15) / 16);
}

}  // namespace

BatchTrainer::BatchTrainer(const Description& description, const float* weights, Scale scale,
                           const TrainingOptions& options, const Kernels& kernels)
    : Trainer(description, weights, scale, options, kernels),
      tiles_per_slot_(tiles_in_slot(options.batch)),
      wide_(plan_, kernels_, tiles_of(std::size_t(options.batch))) {
  plan_phases();
  for (int s = 0; s < slots(std::size_t(options_.batch)); ++s) gradients_.emplace_back(plan_.parameters());
  losses_.resize(gradients_.size());
}

// Forward up to each wide layer, through it, and on to the loss; then all the way back.
void BatchTrainer::plan_phases() {
  using Kind = Phase::Kind;
  const int count = wide_.count();
  // The operations between a wide layer and the one before it.
  const auto before = [&](int w) {
    return Span{w == 0 ? 0 : wide_.op(w - 1) + 1, w < count ? wide_.op(w) : plan_.ops().size()};
  };
  for (int w = 0; w < count; ++w) {
    phases_.push_back(Phase::forward_slots(before(w), w == 0));
    phases_.push_back(Phase::of_wide(Kind::wide_forward, w));
  }
  phases_.push_back(Phase::loss_slots(before(count), count == 0, count - 1));
  for (int w = count - 1; w >= 0; --w) {
    if (wide_.op(w) == 0) continue;  // the image's gradient is not computed
    phases_.push_back(Phase::of_wide(Kind::wide_backward, w));
    phases_.push_back(Phase::backward_slots(before(w), w - 1));
  }
  if (count) phases_.push_back(Phase::of_wide(Kind::wide_update, -1));
}

int BatchTrainer::slots(std::size_t images) const {
  const std::size_t slot = std::size_t(tiles_per_slot_) * kTile;
  return int((images + slot - 1) / slot);
}

int BatchTrainer::items(const Phase& phase, std::size_t images) const {
  switch (phase.kind) {
    case Phase::Kind::slots: return slots(images);
    case Phase::Kind::wide_forward: return wide_.unit_ranges(phase.wide);
    case Phase::Kind::wide_backward: return wide_.input_ranges(phase.wide);
    case Phase::Kind::wide_update: break;
  }
  return wide_.all_unit_ranges();
}

int BatchTrainer::most_items() const {
  int most = 1;
  for (const Phase& phase : phases_) most = std::max(most, items(phase, std::size_t(options_.batch)));
  return most;
}

void BatchTrainer::prepare(const Images& images, int threads) {
  place(images);
  const std::size_t workspaces = wide_.none() ? std::size_t(threads) : 1;
  const int tiles = wide_.none() ? tiles_per_slot_ : slots(std::size_t(options_.batch)) * tiles_per_slot_;
  while (workspaces_.size() < workspaces) workspaces_.push_back(std::make_unique<Workspace>(plan_, tiles, true));
  for (auto& work : workspaces_) work->prepare(plan_, placed_, scale_.paper);
  while (int(scratches_.size()) < threads) scratches_.push_back(std::make_unique<Scratch>(plan_, tiles_per_slot_));
  wide_.prepare(threads);
}

double BatchTrainer::loss(const Batch& batch, const TileRange& tiles, Scratch& scratch) {
  const Selection& selection = batch.selection;
  const Samples& samples = selection.samples;
  const LossShape& shape = options_.loss;
  float* targets = samples.targets ? scratch.targets.data() : nullptr;
  const Tiles out = tiles.work.values(plan_.output().out, tiles.at, tiles.tiles);
  const Tiles d = tiles.work.gradients(plan_.output().out_gradient, tiles.at, tiles.tiles);
  double total = 0;
  for (int t = 0; t < tiles.tiles; ++t) {
    std::uint8_t labels[kTile];
    alignas(64) float weight[kTile], losses[kTile];
    const std::size_t here = tiles.first + std::size_t(t) * kTile;
    for (std::size_t l = 0; l < kTile; ++l) {
      const bool real = here + l < selection.count;  // lanes that fill up the last tile weigh nothing
      const std::uint32_t sample = selection.order[real ? here + l : selection.count - 1];
      labels[l] = samples.label(sample);
      for (int c = 0; targets && c < shape.classes; ++c)
        targets[std::size_t(c) * kTile + l] = samples.targets[std::size_t(sample) * shape.classes + c];
      weight[l] = real ? 1.0f / float(selection.count) : 0.0f;
    }
    kernels_.loss(shape, out[t], labels, targets, weight, d[t], losses);
    for (std::size_t l = 0; l < kTile && here + l < selection.count; ++l) total += losses[l];
  }
  return total;
}

void BatchTrainer::run_slot(const Phase& phase, const Batch& batch, int slot, int thread) {
  const std::size_t first = std::size_t(slot) * tiles_per_slot_ * kTile;
  const std::size_t images = std::min(batch.selection.count - first, std::size_t(tiles_per_slot_) * kTile);
  const int at = wide_.none() ? 0 : slot * tiles_per_slot_;
  const TileRange tiles{*workspaces_[wide_.none() ? thread : 0], first, at, tiles_of(images)};
  const TilePass pass{kernels_, weights_.data(), tiles.work, at, tiles.tiles};
  if (phase.loads) load(batch.selection, batch.step, tiles, thread);
  forward(plan_, phase.forward, pass);
  if (phase.has_loss) losses_[slot] = loss(batch, tiles, *scratches_[thread]);
  backward(plan_, phase.backward, {pass, *scratches_[thread], gradients_[slot].data()});
  if (phase.wide >= 0) wide_.gather(phase.wide, pass, first);
}

void BatchTrainer::work(const Phase& phase, const Batch& batch, int item, int thread) {
  if (phase.kind == Phase::Kind::slots) return run_slot(phase, batch, item, thread);
  if (phase.kind == Phase::Kind::wide_update) return update_wide(batch, item, thread);
  const TilePass pass{kernels_, weights_.data(), *workspaces_[0], 0, tiles_of(batch.selection.count)};
  if (phase.kind == Phase::Kind::wide_forward) wide_.forward(phase.wide, item, pass);
  else wide_.backward(phase.wide, item, pass);
}

void BatchTrainer::update_wide(const Batch& batch, int range, int thread) {
  const auto part = wide_.weight_gradient(range, int(batch.selection.count), *workspaces_[0], thread);
  const auto use = [&](const float* gradient, std::size_t begin, std::size_t count) {
    if (batch.gradient) {
      std::copy_n(gradient, count, batch.gradient + begin);
      return;
    }
    float* second = second_.size() ? second_.data() + begin : nullptr;
    kernels_.update(options_.update, 0, count, &gradient, 1, batch.rate, int(batch.step), weights_.data() + begin,
                    first_.data() + begin, second);
  };
  use(part.weights, part.weight, part.weight_count);
  use(part.biases, part.bias, part.bias_count);
}

void BatchTrainer::update_rest(const Batch& batch, int thread, int threads) {
  std::vector<const float*> parts;
  for (int s = 0; s < slots(batch.selection.count); ++s) parts.push_back(gradients_[s].data());
  std::size_t begin = 0;
  for (int w = 0; w <= wide_.count(); ++w) {
    const bool last = w == wide_.count();
    const std::size_t end = last ? plan_.parameters() : plan_.ops()[wide_.op(w)].weight, count = end - begin;
    // A part for each thread, in whole vectors of the tile.
    const auto part = [&](int of) { return begin + std::min(count, round_up(count * of / threads)); };
    if (batch.gradient) {
      for (std::size_t i = part(thread); i < part(thread + 1); ++i) {
        batch.gradient[i] = parts[0][i];
        for (std::size_t s = 1; s < parts.size(); ++s) batch.gradient[i] += parts[s][i];
      }
    } else if (count) {
      kernels_.update(options_.update, part(thread), part(thread + 1), parts.data(), int(parts.size()), batch.rate,
                      int(batch.step), weights_.data(), first_.data(), second_.data());
    }
    if (!last) begin = plan_.ops()[wide_.op(w)].bias + plan_.ops()[wide_.op(w)].biases;
  }
}

float BatchTrainer::mean_loss(std::size_t images) const {
  double total = 0;
  for (int s = 0; s < slots(images); ++s) total += losses_[s];
  return float(total / double(images));
}

// Several threads go through the minibatches together, and meet at a barrier after each phase.
class BatchTrainer::Run {
 public:
  Run(BatchTrainer& trainer, const Selection& selection, const float* rates, float* losses, int threads,
      const Stop& stop)
      : trainer_(trainer),
        selection_(selection),
        rates_(rates),
        losses_(losses),
        threads_(threads),
        stop_(stop),
        next_(trainer.phases_.size()),
        step_before_(trainer.steps),
        barrier_(threads) {}

  std::size_t done() const { return done_; }

  void thread(int id) {
    const std::size_t size = std::size_t(trainer_.options_.batch);
    for (std::size_t b = 0; b * size < selection_.count; ++b) {
      const std::size_t images = std::min(size, selection_.count - b * size);
      const Batch batch{{selection_.samples, selection_.order + b * size, images, selection_.epoch},
                        rates_[b],
                        step_before_ + long(b) + 1,
                        nullptr};
      if (!run_phases(batch, b, id)) return;
      if (id == 0) {
        for (auto& n : next_) n.store(0, std::memory_order_relaxed);
        losses_[b] = trainer_.mean_loss(images);
        ++trainer_.steps, ++done_;
      }
      trainer_.update_rest(batch, id, threads_);
      barrier_.arrive_and_wait();
    }
  }

 private:
  // Whether the minibatch was done to its end.
  bool run_phases(const Batch& batch, std::size_t b, int id) {
    for (std::size_t p = 0; p < trainer_.phases_.size(); ++p) {
      const Phase& phase = trainer_.phases_[p];
      const std::size_t here = b * trainer_.phases_.size() + p;
      const int items = trainer_.items(phase, batch.selection.count);
      for (int item; (item = next_[p].fetch_add(1, std::memory_order_relaxed)) < items;) {
        const bool going = last_.load(std::memory_order_relaxed) > here;
        if (going) trainer_.work(phase, batch, item, id);
        // Once weights change, the minibatch is done to its end.
        if (id == 0 && going && phase.kind != Phase::Kind::wide_update) ask_to_stop(here);
      }
      barrier_.arrive_and_wait();
      if (last_.load(std::memory_order_relaxed) <= here) return false;
    }
    return true;
  }

  void ask_to_stop(std::size_t here) {
    if (!stop_ || std::chrono::steady_clock::now() - asked_ <= kStopInterval) return;
    if (stop_()) last_.store(here, std::memory_order_relaxed);
    asked_ = std::chrono::steady_clock::now();
  }

  BatchTrainer& trainer_;
  const Selection& selection_;
  const float* rates_;
  float* losses_;
  const int threads_;
  const Stop& stop_;
  std::deque<std::atomic<int>> next_;  // the first item of each phase that no thread has taken
  // The phase, counted over all minibatches, after which all stop; the barrier after it lets all see it.
  std::atomic<std::size_t> last_{SIZE_MAX};
  std::size_t done_ = 0;
  const long step_before_;
  Barrier barrier_;
  std::chrono::steady_clock::time_point asked_ = std::chrono::steady_clock::now();
};

std::size_t BatchTrainer::run(const Selection& selection, const float* rates, float* losses, int threads,
                              const Stop& stop) {
  prepare_augmentation(selection.samples.images, threads);
  threads = std::min(threads, most_items());
  prepare(selection.samples.images, threads);
  Run run(*this, selection, rates, losses, threads, stop);
  run_parallel(threads, [&](int id) { run.thread(id); });
  return run.done();
}

float BatchTrainer::gradient(const Selection& selection, int threads, float* out) {
  if (selection.count > std::size_t(options_.batch)) throw std::invalid_argument("more images than a minibatch");
  threads = std::min(threads, most_items());
  prepare(selection.samples.images, threads);
  const Batch batch{selection, 0.0f, steps + 1, out};
  for (const Phase& phase : phases_) {
    std::atomic<int> next{0};
    const int count = items(phase, selection.count);
    run_parallel(threads, [&](int id) {
      for (int item; (item = next.fetch_add(1, std::memory_order_relaxed)) < count;) work(phase, batch, item, id);
    });
  }
  update_rest(batch, 0, 1);
  return mean_loss(selection.count);
}

}  // namespace lenet
