#include "training/batch.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <stdexcept>

#include "base/threads.hpp"

namespace lenet {
namespace {

int tiles_of(std::size_t images) { return int((images + kTile - 1) / kTile); }

// Small minibatches: a tile a slot, for the sake of threads. Then pairs of tiles, which read the dense layers' weights
// once for both; and never more than sixteen slots, each of which costs a gradient's memory.
int tiles_in_slot(int batch) {
  const int tiles = tiles_of(std::size_t(batch));
  return tiles < 8 ? 1 : std::max(2, (tiles + 15) / 16);
}

}  // namespace

BatchTrainer::Phase BatchTrainer::Phase::slots_forward(Span span, bool loads) {
  return {.kind = Kind::slots, .forward = span, .loads = loads};
}
BatchTrainer::Phase BatchTrainer::Phase::slots_loss(Span span, bool loads, int wide_below) {
  return {.kind = Kind::slots, .forward = span, .backward = span, .loads = loads, .loss = true, .wide = wide_below};
}
BatchTrainer::Phase BatchTrainer::Phase::slots_backward(Span span, int wide_below) {
  return {.kind = Kind::slots, .backward = span, .wide = wide_below};
}
BatchTrainer::Phase BatchTrainer::Phase::wide_forward(int wide) { return {.kind = Kind::wide_forward, .wide = wide}; }
BatchTrainer::Phase BatchTrainer::Phase::wide_backward(int wide) { return {.kind = Kind::wide_backward, .wide = wide}; }
BatchTrainer::Phase BatchTrainer::Phase::wide_update() { return {.kind = Kind::wide_update}; }

BatchTrainer::BatchTrainer(const Description& description, const float* weights, const TrainingSettings& settings)
    : Trainer(description, weights, settings),
      tiles_per_slot_(tiles_in_slot(settings.batch)),
      wide_(plan_, tiles_of(std::size_t(settings.batch))) {
  plan_phases();
  for (int s = 0; s < slots(std::size_t(settings.batch)); ++s) gradients_.emplace_back(plan_.parameters());
  losses_.resize(gradients_.size());
}

// Forward up to each wide layer, through it, and on to the loss; then all the way back.
void BatchTrainer::plan_phases() {
  const int count = wide_.count();
  const auto begin_of = [&](int wide) { return wide < 0 ? 0 : wide_.operation(wide) + 1; };
  const auto end_of = [&](int wide) { return wide < count ? wide_.operation(wide) : plan_.size(); };
  for (int wide = 0; wide < count; ++wide) {
    phases_.push_back(Phase::slots_forward({begin_of(wide - 1), end_of(wide)}, wide == 0));
    phases_.push_back(Phase::wide_forward(wide));
  }
  phases_.push_back(Phase::slots_loss({begin_of(count - 1), end_of(count)}, count == 0, count - 1));
  for (int wide = count - 1; wide >= 0; --wide) {
    if (wide_.operation(wide) == 0) continue;  // nobody wants the image's gradient
    phases_.push_back(Phase::wide_backward(wide));
    phases_.push_back(Phase::slots_backward({begin_of(wide - 1), end_of(wide)}, wide - 1));
  }
  if (count) phases_.push_back(Phase::wide_update());
}

void BatchTrainer::prepare(const Samples& samples, int threads) {
  place(samples.images);
  const bool shared = wide_.count() > 0;
  const int tiles = shared ? slots(std::size_t(batch())) * tiles_per_slot_ : tiles_per_slot_;
  while (workspaces_.size() < (shared ? 1 : std::size_t(threads)))
    workspaces_.push_back(std::make_unique<Workspace>(plan_, tiles, true));
  for (auto& work : workspaces_) work->prepare(plan_, placed_, settings_.scale.paper);
  while (int(memory_.size()) < threads)
    memory_.push_back(
        {Buffer(plan_.scratch_floats(tiles_per_slot_)), Buffer(std::size_t(settings_.loss.classes) * kTile)});
  wide_.prepare(threads);
}

int BatchTrainer::slots(std::size_t images) const {
  const std::size_t slot = std::size_t(tiles_per_slot_) * kTile;
  return int((images + slot - 1) / slot);
}

int BatchTrainer::items(const Phase& phase, std::size_t images) const {
  switch (phase.kind) {
    case Phase::Kind::slots: return slots(images);
    case Phase::Kind::wide_forward: return wide_.forward_items(phase.wide);
    case Phase::Kind::wide_backward: return wide_.backward_items(phase.wide);
    case Phase::Kind::wide_update: return wide_.update_items();
  }
  return 0;
}

// So many threads can be of use.
int BatchTrainer::most_items() const {
  int most = 1;
  for (const Phase& phase : phases_) most = std::max(most, items(phase, std::size_t(batch())));
  return most;
}

TileRun BatchTrainer::over(TileRange tiles, int thread) {
  Workspace& work = *workspaces_[wide_.count() ? 0 : std::size_t(thread)];
  return {plan_, kernels_, parameters_.weights.data(), work, tiles};
}

void BatchTrainer::work(const Phase& phase, const Minibatch& minibatch, const Step& step, int item, int thread) {
  if (phase.kind == Phase::Kind::slots) return work_on_slot(phase, minibatch, item, thread);
  const std::size_t images = minibatch.order.size();
  const TileRun all = over({0, tiles_of(images)}, thread);
  switch (phase.kind) {
    case Phase::Kind::slots: break;
    case Phase::Kind::wide_forward: return wide_.forward(phase.wide, item, all);
    case Phase::Kind::wide_backward: return wide_.backward(phase.wide, item, all);
    case Phase::Kind::wide_update: return wide_.update(item, int(images), all, step, thread);
  }
}

void BatchTrainer::work_on_slot(const Phase& phase, const Minibatch& minibatch, int slot, int thread) {
  const std::size_t size = std::size_t(tiles_per_slot_) * kTile, first = std::size_t(slot) * size;
  const int tiles = tiles_of(std::min(minibatch.order.size() - first, size));
  const TileRun run = over({wide_.count() ? slot * tiles_per_slot_ : 0, tiles}, thread);
  if (phase.loads) load(minibatch, first, run.work, run.tiles, thread);
  forward(run, phase.forward);
  if (phase.loss) losses_[std::size_t(slot)] = loss(minibatch, first, run, thread);
  backward(run, phase.backward, memory_[std::size_t(thread)].scratch.data(), gradients_[std::size_t(slot)].data());
  if (phase.wide >= 0) wide_.keep(phase.wide, run);
}

// The sum of the images' losses; leaves the gradients of the outputs.
double BatchTrainer::loss(const Minibatch& minibatch, std::size_t first, const TileRun& run, int thread) {
  const Samples& samples = minibatch.samples;
  const std::size_t count = minibatch.order.size(), classes = std::size_t(settings_.loss.classes);
  float* targets = samples.targets ? memory_[std::size_t(thread)].targets.data() : nullptr;
  const Tiles out = planes_of(run.work.values(run.tiles), plan_.output().out);
  const Tiles d = planes_of(run.work.gradients(run.tiles), plan_.output().out_gradient);
  double total = 0;
  for (int t = 0; t < run.tiles.count; ++t) {
    std::uint8_t labels[kTile], answers[kTile];
    alignas(64) float weight[kTile], losses[kTile];
    const std::size_t here = first + std::size_t(t) * kTile;
    for (std::size_t l = 0; l < kTile; ++l) {
      const bool fills = here + l >= count;  // lanes that fill up the last tile have no weight
      const std::uint32_t sample = minibatch.order[fills ? count - 1 : here + l];
      labels[l] = samples.label(sample);
      for (std::size_t c = 0; targets && c < classes; ++c)
        targets[c * kTile + l] = samples.targets[std::size_t(sample) * classes + c];
      weight[l] = fills ? 0.0f : 1.0f / float(count);
    }
    kernels_.loss(settings_.loss, out[t], labels, targets, weight, d[t], losses, answers);
    const std::size_t real = std::min<std::size_t>(kTile, count - here);
    for (std::size_t l = 0; l < real; ++l) total += losses[l];
    if (minibatch.answers) std::copy_n(answers, real, minibatch.answers + here);
  }
  return total;
}

// A thread's part of the step of all weights except the wide layers': the slots' gradients are added.
void BatchTrainer::update_rest(std::size_t images, const Step& step, int thread, int threads) {
  std::vector<const float*> parts(std::size_t(slots(images)));
  std::size_t begin = 0;
  for (int wide = 0; wide <= wide_.count(); ++wide) {
    const Operation* next = wide < wide_.count() ? &plan_[wide_.operation(wide)] : nullptr;
    const std::size_t count = (next ? next->weight : plan_.parameters()) - begin;
    // A part for each thread, in whole registers.
    const auto cut = [&](int at) { return std::min(count, round_up(count * std::size_t(at) / std::size_t(threads))); };
    const std::size_t first = begin + cut(thread);
    for (std::size_t s = 0; s < parts.size(); ++s) parts[s] = gradients_[s].data() + first;
    step.use(first, cut(thread + 1) - cut(thread), parts);
    if (next) begin = next->bias + next->biases;
  }
}

float BatchTrainer::mean_loss(std::size_t images) const {
  double total = 0;
  for (int s = 0; s < slots(images); ++s) total += losses_[std::size_t(s)];
  return float(total / double(images));
}

// What the threads of one `run` share.
struct BatchTrainer::Session {
  static constexpr std::size_t kNever = SIZE_MAX;

  Session(const EpochRun& epoch, int threads, long steps, std::size_t phases, const std::function<bool()>& stop)
      : epoch(epoch), threads(threads), steps_before(steps), next(phases), barrier(threads), question(stop) {}

  const EpochRun& epoch;
  const int threads;
  const long steps_before;
  std::deque<std::atomic<int>> next;  // the first item of each phase that no thread has taken
  // The phase, counted from the first minibatch, after which all stop; the barrier after it lets all see it.
  std::atomic<std::size_t> last{kNever};
  std::size_t done = 0;
  Barrier barrier;
  StopQuestion question;  // asked by thread 0
};

// Returns whether to go on.
bool BatchTrainer::run_phase(Session& session, const Minibatch& minibatch, const Step& step, std::size_t phase,
                             int thread) {
  const std::size_t here = std::size_t(step.number - session.steps_before - 1) * phases_.size() + phase;
  const bool may_stop = phases_[phase].kind != Phase::Kind::wide_update;  // once weights change, it is done to its end
  const int count = items(phases_[phase], minibatch.order.size());
  for (int item; (item = session.next[phase].fetch_add(1, std::memory_order_relaxed)) < count;) {
    const bool going = session.last.load(std::memory_order_relaxed) > here;
    if (going) work(phases_[phase], minibatch, step, item, thread);
    if (thread == 0 && may_stop && going && session.question.stops())
      session.last.store(here, std::memory_order_relaxed);
  }
  session.barrier.arrive_and_wait();
  return session.last.load(std::memory_order_relaxed) > here;
}

void BatchTrainer::run_thread(Session& session, int thread) {
  const EpochRun& epoch = session.epoch;
  const std::size_t size = std::size_t(batch());
  for (std::size_t b = 0; b * size < epoch.order.size(); ++b) {
    const long number = session.steps_before + long(b) + 1;
    const auto order = epoch.order.subspan(b * size, std::min(size, epoch.order.size() - b * size));
    const Minibatch minibatch{epoch.samples, order, epoch.epoch, number, epoch.answers + b * size};
    const Step step = this->step(number, epoch.rates[b], nullptr);
    for (std::size_t phase = 0; phase < phases_.size(); ++phase)
      if (!run_phase(session, minibatch, step, phase, thread)) return;
    if (thread == 0) {
      for (auto& next : session.next) next.store(0, std::memory_order_relaxed);
      epoch.losses[b] = mean_loss(order.size());
      ++parameters_.steps, ++session.done;
    }
    update_rest(order.size(), step, thread, session.threads);
    session.barrier.arrive_and_wait();
  }
}

std::size_t BatchTrainer::run(const EpochRun& epoch, int threads, const std::function<bool()>& stop) {
  images_.prepare(epoch.samples.images, threads);
  threads = std::min(threads, most_items());
  prepare(epoch.samples, threads);
  Session session(epoch, threads, parameters_.steps, phases_.size(), stop);
  run_parallel(threads, [&](int thread) { run_thread(session, thread); });
  return session.done;
}

float BatchTrainer::gradient(const Samples& samples, std::span<const std::uint32_t> order, int threads, float* out) {
  if (order.size() > std::size_t(batch())) throw std::invalid_argument("more images than a minibatch");
  threads = std::min(threads, most_items());
  prepare(samples, threads);
  const long number = parameters_.steps + 1;
  const Minibatch minibatch{samples, order, 0, number};
  const Step step = this->step(number, 0.0f, out);
  for (const Phase& phase : phases_) {
    const int count = items(phase, order.size());
    std::atomic<int> next{0};
    run_parallel(threads, [&](int thread) {
      for (int item; (item = next.fetch_add(1, std::memory_order_relaxed)) < count;)
        work(phase, minibatch, step, item, thread);
    });
  }
  update_rest(order.size(), step, 0, 1);
  return mean_loss(order.size());
}

}  // namespace lenet
