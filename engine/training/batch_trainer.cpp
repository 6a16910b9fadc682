#include "trainer.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>

#include "dispatch.hpp"
#include "pool.hpp"

namespace lenet {
namespace {

// Small minibatches: a tile a slot, for the sake of threads. Then pairs of tiles, which share the dense
// layers' weights; and never more than sixteen slots, each of which costs a gradient's memory.
int tiles_in_slot(int batch) {
  const int tiles = (batch + kTile - 1) / kTile;
  return tiles < 8 ? 1 : std::max(2, (tiles + 15) / 16);
}

// Weights (floats) from which on a dense layer is wide: with its gradient and the activations they fill a core's L2
// cache. The minibatch's values are then all kept, so it must not be huge.
constexpr std::size_t kWide = 1 << 17;
constexpr int kMostWideTiles = 64;
// Weights in a range of a wide layer: half a megabyte.
constexpr std::size_t kRange = 1 << 17;

// Ranges of about equal size, of whole register blocks.
std::vector<Range> cut(int total, int other) {
  const int most = std::max(1, int(kRange / std::size_t(other)) / 12) * 12;
  const int count = (total + most - 1) / most, size = ((total + count - 1) / count + 11) / 12 * 12;
  std::vector<Range> ranges;
  for (int begin = 0; begin < total; begin += size) ranges.push_back({begin, std::min(total, begin + size)});
  return ranges;
}

}  // namespace

Trainer::Trainer(const Description& description, const float* weights, Scale scale, LossShape loss, UpdateShape update,
                 int batch, std::uint64_t seed, const Distortion& distortion, const std::string& isa)
    : description_(description),
      plan_(description_, true),
      scale_(scale),
      loss_(loss),
      update_(update),
      distortion_(distortion),
      batch_(batch),
      tiles_per_slot_(tiles_in_slot(batch)),
      seed_(seed),
      kernels_(lenet::kernels(isa)),
      weights_(plan_.parameters()),
      first_(plan_.parameters()),
      second_(update.kind == UpdateShape::Kind::sgd ? 0 : plan_.parameters()) {
  std::copy_n(weights, plan_.parameters(), weights_.data());
  loss_.classes = plan_.classes();
  loss_.sign = plan_.sign();
  if (batch_ == 1) {
    packed_.reset(new Packed{Alone(plan_, kernels_, scale_, true), {}, {}, {}, {}, {}});
    for (Buffer* b : {&packed_->weights, &packed_->first, &packed_->second, &packed_->gradient})
      *b = Buffer(packed_->alone.floats());
    packed_->loss = Buffer(3 * std::size_t(loss_.classes) * kTile);
  } else {
    plan_phases();
    for (int s = 0; s < slots(std::size_t(batch_)); ++s) gradients_.emplace_back(plan_.parameters());
    losses_.resize(gradients_.size());
  }
}

// Forward up to each wide layer, through it, and on to the loss; then all the way back.
void Trainer::plan_phases() {
  using Kind = Phase::Kind;
  const int tiles = (batch_ + kTile - 1) / kTile;
  for (std::size_t i = 0; i < plan_.ops().size() && tiles <= kMostWideTiles; ++i) {
    const Op& op = plan_.ops()[i];
    if (op.kind != Op::Kind::dense || op.weights < kWide) continue;
    const std::size_t rows = std::size_t(tiles) * kTile;
    wides_.push_back({i, cut(op.dense.outputs, op.dense.inputs), cut(op.dense.inputs, op.dense.outputs),
                      Buffer(rows * round_up(op.dense.inputs)), Buffer(rows * round_up(op.dense.outputs))});
  }
  const int count = int(wides_.size());
  const std::size_t end = plan_.ops().size();
  const auto begin_of = [&](int w) { return w < 0 ? 0 : wides_[w].op + 1; };
  const auto end_of = [&](int w) { return w < count ? wides_[w].op : end; };
  for (int w = 0; w <= count; ++w) {
    const Span span{begin_of(w - 1), end_of(w)};
    phases_.push_back({Kind::slots, span, {0, 0}, w == 0, w == count, -1});
    if (w < count) phases_.push_back({Kind::wide_forward, {0, 0}, {0, 0}, false, false, w});
  }
  phases_.back().backward = phases_.back().forward;
  phases_.back().wide = count - 1;
  for (int w = count - 1; w >= 0; --w) {
    if (wides_[w].op == 0) continue;  // nobody wants the image's gradient
    phases_.push_back({Kind::wide_backward, {0, 0}, {0, 0}, false, false, w});
    phases_.push_back({Kind::slots, {0, 0}, {begin_of(w - 1), end_of(w)}, false, false, w - 1});
  }
  if (count) phases_.push_back({Kind::wide_update, {0, 0}, {0, 0}, false, false, -1});
}

int Trainer::slots(std::size_t images) const {
  const std::size_t slot = std::size_t(tiles_per_slot_) * kTile;
  return int((images + slot - 1) / slot);
}

void Trainer::prepare(const Samples& samples, int threads) {
  placed_ = plan_.placed(samples.images.maps, samples.images.height, samples.images.width);
  const std::size_t workspaces = wides_.empty() ? std::size_t(threads) : 1;
  const int tiles = wides_.empty() ? tiles_per_slot_ : slots(std::size_t(batch_)) * tiles_per_slot_;
  while (workspaces_.size() < workspaces) workspaces_.push_back(std::make_unique<Workspace>(plan_, tiles, true));
  for (auto& work : workspaces_) work->prepare(plan_, placed_, scale_.paper);
  while (int(scratches_.size()) < threads) {
    scratches_.push_back(std::make_unique<Scratch>(plan_, tiles_per_slot_));
    std::size_t most = 0;
    for (const Wide& wide : wides_) {
      const std::size_t inputs = std::size_t(plan_.ops()[wide.op].dense.inputs);
      for (const Range& r : wide.units) most = std::max(most, std::size_t(r.size()) * (inputs + 1));
    }
    range_gradients_.emplace_back(most);
  }
}

void Trainer::prepare_distortion(const Samples& samples, int threads) {
  if (!distortion_.any()) return;
  const Images& images = samples.images;
  if (!distorter_ || !distorter_->fits(images)) {
    rooms_.clear();
    distorter_ = std::make_unique<Distorter>(distortion_, kernels_, images.maps, images.height, images.width);
  }
  while (int(rooms_.size()) < threads) rooms_.push_back(std::make_unique<Distorter::Room>(*distorter_));
}

const std::uint8_t* Trainer::seen(const Samples& samples, std::uint32_t epoch, std::uint32_t sample, int thread,
                                  int lane) {
  const std::uint8_t* image = samples.images[sample];
  if (!distorter_ || !epoch) return image;
  std::uint8_t* to = rooms_[thread]->images.data() + std::size_t(lane) * distorter_->bytes();
  distorter_->apply(seed_, epoch, sample, image, *rooms_[thread], to);
  return to;
}

// `tiles` tiles of images from the batch's `first` on, to the workspace's tile `at` and on. The last may be filled up.
void Trainer::load(const Samples& samples, const Batch& batch, std::size_t first, Workspace& work, int at, int tiles,
                   int thread) {
  const Draws draws{seed_, std::uint32_t(batch.step)};
  for (int t = 0; t < tiles; ++t) {
    const std::uint8_t* from[kTile];
    for (int l = 0; l < kTile; ++l) {
      const std::uint32_t sample = batch.order[std::min(first + std::size_t(t) * kTile + l, batch.count - 1)];
      from[l] = seen(samples, batch.epoch, sample, thread, l);
      if (work.draws(at + t)) draws.fill(plan_, sample, work.draws(at + t) + l, kTile);
    }
    kernels_.load_tile(from, samples.images.maps, samples.images.height, samples.images.width, scale_.paper,
                       scale_.step(), placed_, work.tile_values(at + t));
  }
}

// The sum of their losses; leaves the gradients of the outputs.
double Trainer::loss(const Samples& samples, const Batch& batch, std::size_t first, Workspace& work, int at, int tiles,
                     Scratch& scratch) {
  float* targets = samples.targets ? scratch.targets.data() : nullptr;
  const Tiles out = work.values(plan_.output().out, at, tiles);
  const Tiles d = work.gradients(plan_.output().out_gradient, at, tiles);
  double total = 0;
  for (int t = 0; t < tiles; ++t) {
    std::uint8_t labels[kTile];
    alignas(64) float share[kTile], losses[kTile];
    const std::size_t here = first + std::size_t(t) * kTile;
    for (std::size_t l = 0; l < kTile; ++l) {
      const bool real = here + l < batch.count;  // lanes that fill up the last tile weigh nothing
      const std::uint32_t sample = batch.order[real ? here + l : batch.count - 1];
      labels[l] = samples.label(sample);
      for (int c = 0; targets && c < loss_.classes; ++c)
        targets[std::size_t(c) * kTile + l] = samples.targets[std::size_t(sample) * loss_.classes + c];
      share[l] = real ? 1.0f / float(batch.count) : 0.0f;
    }
    kernels_.loss(loss_, out[t], labels, targets, share, d[t], losses);
    for (std::size_t l = 0; l < kTile && here + l < batch.count; ++l) total += losses[l];
  }
  return total;
}

int Trainer::items(const Phase& phase, const Batch& batch) const {
  switch (phase.kind) {
    case Phase::Kind::slots: return slots(batch.count);
    case Phase::Kind::wide_forward: return int(wides_[phase.wide].units.size());
    case Phase::Kind::wide_backward: return int(wides_[phase.wide].inputs.size());
    case Phase::Kind::wide_update: break;
  }
  std::size_t all = 0;
  for (const Wide& wide : wides_) all += wide.units.size();
  return int(all);
}

// So many threads can be of use.
int Trainer::most_items() const {
  int most = 1;
  for (const Phase& phase : phases_)
    most = std::max(most, items(phase, {nullptr, std::size_t(batch_), 0.0f, 0, 0, nullptr}));
  return most;
}

void Trainer::run_slot(const Phase& phase, const Samples& samples, const Batch& batch, int slot, int thread) {
  const std::size_t first = std::size_t(slot) * tiles_per_slot_ * kTile;
  const std::size_t images = std::min(batch.count - first, std::size_t(tiles_per_slot_) * kTile);
  const int tiles = int((images + kTile - 1) / kTile), at = wides_.empty() ? 0 : slot * tiles_per_slot_;
  Workspace& work = *workspaces_[wides_.empty() ? thread : 0];
  if (phase.loads) load(samples, batch, first, work, at, tiles, thread);
  forward(plan_, kernels_, weights_.data(), work, at, tiles, phase.forward);
  if (phase.loses) losses_[slot] = loss(samples, batch, first, work, at, tiles, *scratches_[thread]);
  backward(plan_, kernels_, weights_.data(), work, *scratches_[thread], at, tiles, phase.backward,
           gradients_[slot].data());
  if (phase.wide < 0) return;
  Wide& wide = wides_[phase.wide];
  const Op& op = plan_.ops()[wide.op];
  for (int t = at; t < at + tiles; ++t)
    kernels_.activate_gradient(op.activation, op.out, work.tile_values(t), op.out_gradient, work.tile_gradients(t));
  const std::size_t in_stride = round_up(op.dense.inputs), d_stride = round_up(op.dense.outputs);
  kernels_.to_images(work.values(op.in, at, tiles), op.dense.inputs, wide.in.data() + first * in_stride, in_stride);
  kernels_.to_images(work.gradients(op.out_gradient, at, tiles), op.dense.outputs, wide.d.data() + first * d_stride,
                     d_stride);
}

void Trainer::work(const Phase& phase, const Samples& samples, const Batch& batch, int item, int thread) {
  if (phase.kind == Phase::Kind::slots) return run_slot(phase, samples, batch, item, thread);
  if (phase.kind == Phase::Kind::wide_update) {
    for (Wide& wide : wides_) {
      if (item < int(wide.units.size())) return update_range(wide, wide.units[item], batch, thread);
      item -= int(wide.units.size());
    }
    return;
  }
  const Wide& wide = wides_[phase.wide];
  const Op& op = plan_.ops()[wide.op];
  const int tiles = int((batch.count + kTile - 1) / kTile);
  Workspace& work = *workspaces_[0];
  if (phase.kind == Phase::Kind::wide_backward)
    return kernels_.dense_input_gradient(op.dense, wide.inputs[item], weights_.data() + op.weight,
                                         work.gradients(op.out_gradient, 0, tiles),
                                         work.gradients(op.in_gradient, 0, tiles));
  const Range units = wide.units[item];
  kernels_.dense_forward(op.dense, units, weights_.data() + op.weight, weights_.data() + op.bias,
                         work.values(op.in, 0, tiles), work.values(op.out, 0, tiles));
  Planes part = op.out;
  part.origin = op.out.at(units.begin, 0, 0), part.maps = units.size();
  for (int t = 0; t < tiles; ++t) kernels_.activate(op.activation, part, work.tile_values(t));
}

// The gradient of a range's weights and biases, and the step that uses it at once.
void Trainer::update_range(Wide& wide, Range units, const Batch& batch, int thread) {
  const Op& op = plan_.ops()[wide.op];
  const std::size_t inputs = std::size_t(op.dense.inputs), weight = op.weight + inputs * std::size_t(units.begin),
                    bias = op.bias + std::size_t(units.begin), weights = inputs * std::size_t(units.size());
  float *for_weights = range_gradients_[thread].data(), *for_biases = for_weights + weights;
  const int tiles = int((batch.count + kTile - 1) / kTile);
  kernels_.wide_weight_gradient(op.dense, units, int(batch.count), wide.in.data(), wide.d.data(),
                                workspaces_[0]->gradients(op.out_gradient, 0, tiles), for_weights, for_biases);
  const auto use = [&](const float* gradient, std::size_t begin, std::size_t count) {
    if (batch.gradient) {
      std::copy_n(gradient, count, batch.gradient + begin);
      return;
    }
    float* second = second_.size() ? second_.data() + begin : nullptr;
    kernels_.update(update_, 0, count, &gradient, 1, batch.rate, int(batch.step), weights_.data() + begin,
                    first_.data() + begin, second);
  };
  use(for_weights, weight, weights);
  use(for_biases, bias, std::size_t(units.size()));
}

// A thread's share of the step of all other weights: the slots' gradients are added.
void Trainer::update_rest(const Batch& batch, int thread, int threads) {
  std::vector<const float*> parts;
  for (int s = 0; s < slots(batch.count); ++s) parts.push_back(gradients_[s].data());
  std::size_t begin = 0;
  for (std::size_t w = 0; w <= wides_.size(); ++w) {
    const bool last = w == wides_.size();
    const std::size_t end = last ? plan_.parameters() : plan_.ops()[wides_[w].op].weight, count = end - begin;
    // A part for each thread, in whole vectors of the tile.
    const auto share = [&](int of) { return begin + std::min(count, round_up(count * of / threads)); };
    if (batch.gradient) {
      for (std::size_t i = share(thread); i < share(thread + 1); ++i) {
        batch.gradient[i] = parts[0][i];
        for (std::size_t s = 1; s < parts.size(); ++s) batch.gradient[i] += parts[s][i];
      }
    } else if (count) {
      kernels_.update(update_, share(thread), share(thread + 1), parts.data(), int(parts.size()), batch.rate,
                      int(batch.step), weights_.data(), first_.data(), second_.data());
    }
    if (!last) begin = plan_.ops()[wides_[w].op].bias + plan_.ops()[wides_[w].op].biases;
  }
}

float Trainer::mean_loss(const Batch& batch) const {
  double total = 0;
  for (int s = 0; s < slots(batch.count); ++s) total += losses_[s];
  return float(total / double(batch.count));
}

std::size_t Trainer::run(const Samples& samples, std::uint32_t epoch, const std::uint32_t* order, std::size_t count,
                         const float* rates, float* losses, int threads, const std::function<bool()>& stop) {
  prepare_distortion(samples, packed_ ? 1 : threads);
  if (packed_) return run_each_alone(samples, epoch, order, count, rates, losses, stop);
  threads = std::min(threads, most_items());
  prepare(samples, threads);
  const std::size_t batches = (count + batch_ - 1) / batch_;
  std::deque<std::atomic<int>> next(phases_.size());  // the first item of each phase that nobody has taken
  // The phase, counted from the first minibatch on, after which all stop; the barrier behind it lets all see it.
  constexpr std::size_t kNever = SIZE_MAX;
  std::atomic<std::size_t> last{kNever};
  std::size_t done = 0;
  const long step_before = steps;
  Barrier barrier(threads);
  auto asked = std::chrono::steady_clock::now();
  run_parallel(threads, [&](int id) {
    for (std::size_t b = 0; b < batches; ++b) {
      const Batch batch{order + b * batch_,
                        std::min<std::size_t>(batch_, count - b * batch_),
                        rates[b],
                        step_before + long(b) + 1,
                        epoch,
                        nullptr};
      for (std::size_t p = 0; p < phases_.size(); ++p) {
        const Phase& phase = phases_[p];
        const std::size_t here = b * phases_.size() + p;
        // Once weights change, the minibatch is done to its end.
        const bool may_stop = phase.kind != Phase::Kind::wide_update;
        for (int item; (item = next[p].fetch_add(1, std::memory_order_relaxed)) < items(phase, batch);) {
          const bool going = last.load(std::memory_order_relaxed) > here;
          if (going) work(phase, samples, batch, item, id);
          if (id == 0 && stop && may_stop && going && std::chrono::steady_clock::now() - asked > kBetweenQuestions) {
            if (stop()) last.store(here, std::memory_order_relaxed);
            asked = std::chrono::steady_clock::now();
          }
        }
        barrier.arrive_and_wait();
        if (last.load(std::memory_order_relaxed) <= here) return;
      }
      if (id == 0) {
        for (auto& n : next) n.store(0, std::memory_order_relaxed);
        losses[b] = mean_loss(batch);
        ++steps, ++done;
      }
      update_rest(batch, id, threads);
      barrier.arrive_and_wait();
    }
  });
  return done;
}

float Trainer::gradient(const Samples& samples, const std::uint32_t* order, std::size_t count, int threads,
                        float* out) {
  if (count > std::size_t(batch_)) throw std::invalid_argument("more images than a minibatch");
  if (packed_) {
    placed_ = plan_.placed(samples.images.maps, samples.images.height, samples.images.width);
    packed_->alone.pack(weights_.data(), packed_->weights.data());
    const float loss = run_alone(samples, 0, order[0], steps + 1);
    packed_->alone.unpack(packed_->gradient.data(), out);
    return loss;
  }
  threads = std::min(threads, most_items());
  prepare(samples, threads);
  const Batch batch{order, count, 0.0f, steps + 1, 0, out};
  for (const Phase& phase : phases_) {
    std::atomic<int> next{0};
    run_parallel(threads, [&](int id) {
      for (int item; (item = next.fetch_add(1, std::memory_order_relaxed)) < items(phase, batch);)
        work(phase, samples, batch, item, id);
    });
  }
  update_rest(batch, 0, 1);
  return mean_loss(batch);
}

}  // namespace lenet
