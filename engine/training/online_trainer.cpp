#include "training/online_trainer.hpp"

#include <utility>

namespace lenet {

OnlineTrainer::OnlineTrainer(const Description& description, const float* weights, Scale scale,
                             const TrainingOptions& options, const Kernels& kernels)
    : Trainer(description, weights, scale, options, kernels), one_image_(plan_, kernels_, scale_, true) {
  for (Buffer* b : {&packed_weights_, &packed_first_, &packed_second_, &packed_gradient_})
    *b = Buffer(one_image_.floats());
  loss_tiles_ = Buffer(3 * std::size_t(options_.loss.classes) * kTile);
}

float OnlineTrainer::learn(const Selection& selection, std::uint32_t sample, long step) {
  const Samples& samples = selection.samples;
  one_image_.load(augmented(selection, sample, 0, 0), placed_);
  one_image_.draw({options_.seed, std::uint32_t(step)}, sample);
  const float* output = one_image_.forward(packed_weights_.data());
  // The loss knows tiles: this image is the first of one, and the others weigh nothing.
  const int classes = options_.loss.classes;
  float *outputs = loss_tiles_.data(), *d = outputs + std::size_t(classes) * kTile, *targets = nullptr;
  alignas(64) float losses[kTile];
  const float weight[kTile] = {1.0f};
  const std::uint8_t labels[kTile] = {samples.label(sample)};
  if (samples.targets) {
    targets = d + std::size_t(classes) * kTile;
    for (int c = 0; c < classes; ++c) targets[c * kTile] = samples.targets[std::size_t(sample) * classes + c];
  }
  for (int c = 0; c < classes; ++c) outputs[c * kTile] = output[c];
  kernels_.loss(options_.loss, outputs, labels, targets, weight, d, losses);
  for (int c = 0; c < classes; ++c) d[c] = d[c * kTile];
  one_image_.backward(packed_weights_.data(), d, packed_gradient_.data());
  return losses[0];
}

std::size_t OnlineTrainer::run(const Selection& selection, const float* rates, float* losses, int, const Stop& stop) {
  prepare_augmentation(selection.samples.images, 1);
  place(selection.samples.images);
  const std::pair<Buffer*, Buffer*> vectors[] = {
      {&weights_, &packed_weights_}, {&first_, &packed_first_}, {&second_, &packed_second_}};
  for (const auto& [flat, packed] : vectors)
    if (flat->size()) one_image_.pack(flat->data(), packed->data());
  const float* gradient = packed_gradient_.data();
  std::size_t done = 0;
  auto asked = std::chrono::steady_clock::now();
  for (; done < selection.count; ++done) {
    if (stop && std::chrono::steady_clock::now() - asked > kStopInterval) {
      if (stop()) break;
      asked = std::chrono::steady_clock::now();
    }
    losses[done] = learn(selection, selection.order[done], ++steps);
    kernels_.update(options_.update, 0, one_image_.floats(), &gradient, 1, rates[done], int(steps),
                    packed_weights_.data(), packed_first_.data(), packed_second_.data());
  }
  for (const auto& [flat, packed] : vectors)
    if (flat->size()) one_image_.unpack(packed->data(), flat->data());
  return done;
}

float OnlineTrainer::gradient(const Selection& selection, int, float* out) {
  if (selection.count > 1) throw std::invalid_argument("more images than a minibatch");
  place(selection.samples.images);
  one_image_.pack(weights_.data(), packed_weights_.data());
  const float loss = learn(selection, selection.order[0], steps + 1);
  one_image_.unpack(packed_gradient_.data(), out);
  return loss;
}

}  // namespace lenet
