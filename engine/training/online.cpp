#include "training/online.hpp"

#include <stdexcept>
#include <utility>

namespace lenet {

OnlineTrainer::OnlineTrainer(const Description& description, const float* weights, const TrainingSettings& settings)
    : Trainer(description, weights, settings), one_image_(plan_, kernels_, settings.scale, true) {
  for (Buffer* buffer : {&packed_.weights, &packed_.first, &packed_.second, &gradient_})
    *buffer = Buffer(one_image_.floats());
  for (Buffer* buffer : {&outputs_, &output_gradients_, &targets_})
    *buffer = Buffer(std::size_t(settings_.loss.classes) * kTile);
}

// The kernel for losses knows tiles: this image is the first of one, and the others have no weight.
float OnlineTrainer::loss(const Minibatch& minibatch, const float* outputs, float* output_gradient) {
  const Samples& samples = minibatch.samples;
  const std::uint32_t sample = minibatch.order[0];
  const std::size_t classes = std::size_t(settings_.loss.classes);
  const float weight[kTile] = {1.0f};
  const std::uint8_t labels[kTile] = {samples.label(sample)};
  alignas(64) float losses[kTile];
  std::uint8_t answers[kTile];
  for (std::size_t c = 0; c < classes; ++c) {
    outputs_.data()[c * kTile] = outputs[c];
    if (samples.targets) targets_.data()[c * kTile] = samples.targets[std::size_t(sample) * classes + c];
  }
  kernels_.loss(settings_.loss, outputs_.data(), labels, samples.targets ? targets_.data() : nullptr, weight,
                output_gradient, losses, answers);
  for (std::size_t c = 0; c < classes; ++c) output_gradient[c] = output_gradient[c * kTile];
  if (minibatch.answers) *minibatch.answers = answers[0];
  return losses[0];
}

float OnlineTrainer::backpropagate(const Minibatch& minibatch) {
  const std::uint32_t sample = minibatch.order[0];
  one_image_.load(images_.image(minibatch.samples.images, minibatch.epoch, sample, 0, 0), placed_);
  one_image_.draw({settings_.seed, std::uint32_t(minibatch.step)}, sample);
  const float* outputs = one_image_.forward(packed_.weights.data());
  const float value = loss(minibatch, outputs, output_gradients_.data());
  one_image_.backward(packed_.weights.data(), output_gradients_.data(), gradient_.data());
  return value;
}

std::size_t OnlineTrainer::run(const EpochRun& epoch, int, const std::function<bool()>& stop) {
  images_.prepare(epoch.samples.images, 1);
  place(epoch.samples.images);
  const std::pair<Buffer*, Buffer*> vectors[] = {{&parameters_.weights, &packed_.weights},
                                                 {&parameters_.first, &packed_.first},
                                                 {&parameters_.second, &packed_.second}};
  for (const auto& [flat, packed] : vectors)
    if (flat->size()) one_image_.pack(flat->data(), packed->data());
  StopQuestion question(stop);
  const float* gradient = gradient_.data();
  std::size_t done = 0;
  for (; done < epoch.order.size() && !question.stops(); ++done) {
    const long number = ++parameters_.steps;
    epoch.losses[done] =
        backpropagate({epoch.samples, epoch.order.subspan(done, 1), epoch.epoch, number, epoch.answers + done});
    kernels_.update(settings_.optimizer, 0, one_image_.floats(), &gradient, 1, epoch.rates[done], int(number),
                    packed_.weights.data(), packed_.first.data(), packed_.second.data());
  }
  for (const auto& [flat, packed] : vectors)
    if (flat->size()) one_image_.unpack(packed->data(), flat->data());
  return done;
}

float OnlineTrainer::gradient(const Samples& samples, std::span<const std::uint32_t> order, int, float* out) {
  if (order.size() > 1) throw std::invalid_argument("more images than a minibatch");
  place(samples.images);
  one_image_.pack(parameters_.weights.data(), packed_.weights.data());
  const float value = backpropagate({samples, order, 0, parameters_.steps + 1});
  one_image_.unpack(gradient_.data(), out);
  return value;
}

}  // namespace lenet
