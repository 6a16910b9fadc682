// Training as the 1998 paper did it: a step after every image, and the second derivatives that set its rates.
#include <algorithm>
#include <chrono>

#include "trainer.hpp"

namespace lenet {

// The loss of one image; its gradient is left in packed_->gradient.
float Trainer::run_alone(const Samples& samples, std::uint32_t epoch, std::uint32_t sample, long step) {
  Packed& p = *packed_;
  p.alone.load(seen(samples, epoch, sample, 0, 0), placed_);
  p.alone.draw({seed_, std::uint32_t(step)}, sample);
  const float* output = p.alone.forward(p.weights.data());
  // The loss knows tiles: this image is the first of one, and the others weigh nothing.
  const int classes = loss_.classes;
  float *outputs = p.loss.data(), *d = outputs + std::size_t(classes) * kTile, *targets = nullptr;
  alignas(64) float losses[kTile];
  const float share[kTile] = {1.0f};
  const std::uint8_t labels[kTile] = {samples.label(sample)};
  if (samples.targets) {
    targets = d + std::size_t(classes) * kTile;
    for (int c = 0; c < classes; ++c) targets[c * kTile] = samples.targets[std::size_t(sample) * classes + c];
  }
  for (int c = 0; c < classes; ++c) outputs[c * kTile] = output[c];
  kernels_.loss(loss_, outputs, labels, targets, share, d, losses);
  for (int c = 0; c < classes; ++c) d[c] = d[c * kTile];
  p.alone.backward(p.weights.data(), d, p.gradient.data());
  return losses[0];
}

// A step after every image, on this thread: each waits for the one before.
std::size_t Trainer::run_each_alone(const Samples& samples, std::uint32_t epoch, const std::uint32_t* order,
                                    std::size_t count, const float* rates, float* losses,
                                    const std::function<bool()>& stop) {
  Packed& p = *packed_;
  placed_ = plan_.placed(samples.images.maps, samples.images.height, samples.images.width);
  const std::pair<Buffer*, Buffer*> vectors[] = {{&weights_, &p.weights}, {&first_, &p.first}, {&second_, &p.second}};
  for (const auto& [flat, packed] : vectors)
    if (flat->size()) p.alone.pack(flat->data(), packed->data());
  const float* gradient = p.gradient.data();
  std::size_t done = 0;
  auto asked = std::chrono::steady_clock::now();
  for (; done < count; ++done) {
    if (stop && std::chrono::steady_clock::now() - asked > kBetweenQuestions) {
      if (stop()) break;
      asked = std::chrono::steady_clock::now();
    }
    losses[done] = run_alone(samples, epoch, order[done], ++steps);
    kernels_.update(update_, 0, p.alone.floats(), &gradient, 1, rates[done], int(steps), p.weights.data(),
                    p.first.data(), p.second.data());
  }
  for (const auto& [flat, packed] : vectors)
    if (flat->size()) p.alone.unpack(packed->data(), flat->data());
  return done;
}

void Trainer::curvature(const Samples& samples, const std::uint32_t* order, std::size_t count, float* out) {
  const Op& output = plan_.output();
  for (const Op& op : plan_.ops())
    if (op.kind == Op::Kind::contrast)
      throw std::invalid_argument("second derivatives do not go through contrast normalisation");
  placed_ = plan_.placed(samples.images.maps, samples.images.height, samples.images.width);
  Workspace work(plan_, 1, true);
  work.prepare(plan_, placed_, scale_.paper);
  Scratch scratch(plan_, 1);
  const Buffer squares(plan_.parameters()), part(plan_.parameters()), squared(plan_.value_pixels() * kTile);
  for (std::size_t i = 0; i < squares.size(); ++i) squares.data()[i] = weights_.data()[i] * weights_.data()[i];
  std::fill_n(out, squares.size(), 0.0f);
  for (std::size_t first = 0; first < count; first += kTile) {
    load(samples, {order, count, 0.0f, steps + 1, 0, nullptr}, first, work, 0, 1, 0);
    Span span = plan_.all();
    forward(plan_, kernels_, weights_.data(), work, 0, 1, span);
    alignas(64) float share[kTile];
    for (std::size_t l = 0; l < kTile; ++l) share[l] = first + l < count ? 1.0f / float(count) : 0.0f;
    float* d = work.gradients(output.out_gradient, 0, 1)[0];
    kernels_.loss_curvature(loss_, work.values(output.out, 0, 1)[0], share, d);
    if (output.kind == Op::Kind::rbf) {
      --span.end;
      if (span.end > 0)
        kernels_.rbf_curvature(output.dense, output.codes, work.values(output.in, 0, 1)[0], d, share,
                               work.gradients(output.in_gradient, 0, 1)[0]);
    }
    backward_twice(plan_, kernels_, weights_.data(), squares.data(), work, scratch, squared.data(), span, part.data());
    for (std::size_t i = 0; i < part.size(); ++i) out[i] += part.data()[i];
  }
}

}  // namespace lenet
