#include "trainer.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "dispatch.hpp"
#include "pool.hpp"

namespace lenet {
namespace {

constexpr auto kBetweenQuestions = std::chrono::milliseconds(20);

// Small minibatches: a tile a slot, for the sake of threads. Then pairs of tiles, which share the dense
// layers' weights; and never more than sixteen slots, each of which costs a gradient's memory.
int tiles_in_slot(int batch) {
  const int tiles = (batch + kTile - 1) / kTile;
  return tiles < 8 ? 1 : std::max(2, (tiles + 15) / 16);
}

}  // namespace

struct Trainer::Batch {
  const std::uint32_t* order;
  std::size_t count;
};

Trainer::Trainer(const Description& description, const float* weights, Scale scale, LossShape loss, UpdateShape update,
                 int batch, const std::string& isa)
    : description_(description),
      plan_(description_, true),
      scale_(scale),
      loss_(loss),
      update_(update),
      batch_(batch),
      tiles_per_slot_(tiles_in_slot(batch)),
      kernels_(lenet::kernels(isa)),
      weights_(plan_.parameters()),
      first_(plan_.parameters()),
      second_(update.kind == UpdateShape::Kind::adam ? plan_.parameters() : 0) {
  std::copy_n(weights, plan_.parameters(), weights_.data());
  loss_.classes = plan_.classes();
  loss_.sign = plan_.sign();
  for (int s = 0; s < slots(std::size_t(batch)); ++s) gradients_.emplace_back(plan_.parameters());
  losses_.resize(gradients_.size());
}

int Trainer::slots(std::size_t images) const {
  const std::size_t slot = std::size_t(tiles_per_slot_) * kTile;
  return int((images + slot - 1) / slot);
}

void Trainer::prepare(const Samples& samples, int threads) {
  placed_ = plan_.placed(samples.images.height, samples.images.width);
  if (samples.images.maps != plan_.input().maps) throw std::invalid_argument("images with another number of maps");
  while (int(workspaces_.size()) < threads)
    workspaces_.push_back(std::make_unique<Workspace>(plan_, tiles_per_slot_, true));
  for (auto& work : workspaces_) work->prepare(plan_, placed_, scale_.paper);
}

void Trainer::run_slot(const Samples& samples, const Batch& batch, int slot, Workspace& work) {
  const std::size_t first = std::size_t(slot) * tiles_per_slot_ * kTile;
  const std::size_t images = std::min(batch.count - first, std::size_t(tiles_per_slot_) * kTile);
  const int tiles = int((images + kTile - 1) / kTile);
  const std::uint32_t* order = batch.order + first;
  const auto sample = [&](int t, int l) { return std::size_t(t) * kTile + l; };
  for (int t = 0; t < tiles; ++t) {
    const std::uint8_t* from[kTile];
    for (int l = 0; l < kTile; ++l) from[l] = samples.images[order[std::min(sample(t, l), images - 1)]];
    kernels_.load_tile(from, samples.images.maps, samples.images.height, samples.images.width, scale_.paper,
                       scale_.step(), placed_, work.tile_values(t));
  }
  forward(plan_, kernels_, weights_.data(), work, tiles);
  const Tiles out = work.values(plan_.output().out, tiles);
  const Tiles d = work.gradients(plan_.output().out_gradient, tiles);
  double total = 0;
  for (int t = 0; t < tiles; ++t) {
    std::uint8_t labels[kTile];
    alignas(64) float share[kTile], losses[kTile];
    for (int l = 0; l < kTile; ++l) {
      const bool real = sample(t, l) < images;  // the last tile may be filled up: those lanes weigh nothing
      labels[l] = samples.labels[order[real ? sample(t, l) : images - 1]];
      share[l] = real ? 1.0f / float(batch.count) : 0.0f;
    }
    kernels_.loss(loss_, out[t], labels, share, d[t], losses);
    for (int l = 0; l < kTile && sample(t, l) < images; ++l) total += losses[l];
  }
  losses_[slot] = total;
  backward(plan_, kernels_, weights_.data(), work, tiles, gradients_[slot].data());
}

float Trainer::mean_loss(const Batch& batch) const {
  double total = 0;
  for (int s = 0; s < slots(batch.count); ++s) total += losses_[s];
  return float(total / double(batch.count));
}

std::size_t Trainer::run(const Samples& samples, const std::uint32_t* order, std::size_t count, const float* rates,
                         float* losses, int threads, const std::function<bool()>& stop) {
  threads = std::min(threads, slots(std::size_t(batch_)));
  prepare(samples, threads);
  const std::size_t batches = (count + batch_ - 1) / batch_;
  const std::size_t parameters = plan_.parameters();
  std::vector<const float*> parts;
  for (const Buffer& g : gradients_) parts.push_back(g.data());
  std::atomic<int> next{0};
  std::atomic<bool> halted{false};
  std::size_t done = 0;
  const long step_before = steps;
  Barrier barrier(threads);
  auto asked = std::chrono::steady_clock::now();
  run_parallel(threads, [&](int id) {
    // Whole cache lines of parameters each.
    const auto share = [&](int of) { return std::min(parameters, (parameters * of / threads + 15) / 16 * 16); };
    for (std::size_t b = 0; b < batches; ++b) {
      const Batch batch{order + b * batch_, std::min<std::size_t>(batch_, count - b * batch_)};
      const int size = slots(batch.count);
      for (int s; (s = next.fetch_add(1, std::memory_order_relaxed)) < size;) {
        if (!halted.load(std::memory_order_relaxed)) run_slot(samples, batch, s, *workspaces_[id]);
        if (id == 0 && stop && !halted.load(std::memory_order_relaxed) &&
            std::chrono::steady_clock::now() - asked > kBetweenQuestions) {
          if (stop()) halted.store(true, std::memory_order_relaxed);
          asked = std::chrono::steady_clock::now();
        }
      }
      barrier.arrive_and_wait();
      if (halted.load(std::memory_order_relaxed)) return;
      if (id == 0) {
        next.store(0, std::memory_order_relaxed);
        losses[b] = mean_loss(batch);
        ++steps, ++done;
      }
      kernels_.update(update_, share(id), share(id + 1), parts.data(), size, rates[b], int(step_before + b + 1),
                      weights_.data(), first_.data(), second_.data());
      barrier.arrive_and_wait();
    }
  });
  return done;
}

float Trainer::gradient(const Samples& samples, const std::uint32_t* order, std::size_t count, int threads,
                        float* out) {
  if (count > std::size_t(batch_)) throw std::invalid_argument("more images than a minibatch");
  threads = std::min(threads, slots(count));
  prepare(samples, threads);
  const Batch batch{order, count};
  std::atomic<int> next{0};
  run_parallel(threads, [&](int id) {
    for (int s; (s = next.fetch_add(1, std::memory_order_relaxed)) < slots(count);)
      run_slot(samples, batch, s, *workspaces_[id]);
  });
  for (std::size_t i = 0; i < plan_.parameters(); ++i) {
    out[i] = gradients_[0].data()[i];
    for (int s = 1; s < slots(count); ++s) out[i] += gradients_[s].data()[i];
  }
  return mean_loss(batch);
}

}  // namespace lenet
