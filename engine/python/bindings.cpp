// The extension module. This file and arguments.hpp are the only ones that know Python. It checks shapes, types and
// ranges, releases the GIL, and turns arrays into pointers; what it refuses is a ValueError.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <numeric>
#include <variant>

#include "base/random.hpp"
#include "base/threads.hpp"
#include "execute/draws.hpp"
#include "inference/model.hpp"
#include "isa/dispatch.hpp"
#include "python/arguments.hpp"
#include "training/trainer.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace lenet {
namespace {

template <class T, class... Shape>
using In = nb::ndarray<const T, nb::c_contig, nb::device::cpu, Shape...>;
template <class T>
using Out = nb::ndarray<nb::numpy, T, nb::c_contig>;
using Bytes = In<std::uint8_t, nb::ndim<4>>;
using Floats = In<float, nb::ndim<1>>;

template <class T>
Out<T> new_array(std::initializer_list<std::size_t> shape) {
  std::size_t size = 1;
  for (std::size_t n : shape) size *= n;
  T* data = new T[size ? size : 1];
  nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
  return Out<T>(data, shape, owner);
}

Out<float> copy_of(const Buffer& buffer) {
  Out<float> array = new_array<float>({buffer.size()});
  std::copy_n(buffer.data(), buffer.size(), array.data());
  return array;
}

void check_state(const Buffer& buffer, const Floats& values, const char* what) {
  if (values.size() != buffer.size())
    throw std::invalid_argument(std::string(what) + ": " + std::to_string(values.size()) + " values given, " +
                                std::to_string(buffer.size()) + " expected");
}

void check_size(const Plan& plan, std::size_t given) {
  if (given != plan.parameters())
    throw std::invalid_argument(std::to_string(given) + " weights given, " + std::to_string(plan.parameters()) +
                                " expected");
}

Images images_of(const Bytes& a) { return {a.data(), a.shape(0), int(a.shape(1)), int(a.shape(2)), int(a.shape(3))}; }

// A trainer, and whether it is at work: calls release the GIL, so another thread, or a signal's handler, may come in.
struct TrainerHandle {
  std::unique_ptr<Trainer> trainer;
  std::atomic<bool> busy{false};
};

// Marks the trainer as at work; throws std::logic_error if it is already, on this thread or another.
class Turn {
 public:
  explicit Turn(TrainerHandle& handle) : busy_(handle.busy) {
    if (busy_.exchange(true)) throw std::logic_error("this trainer is at work already");
  }
  ~Turn() { busy_.store(false); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  std::atomic<bool>& busy_;
};

using Labels = std::variant<In<std::uint8_t, nb::ndim<1>>, In<float, nb::ndim<2>>>;

void check_target(const float* target, std::size_t classes, std::uint32_t sample) {
  float sum = 0;
  for (std::size_t c = 0; c < classes; ++c) sum += target[c] >= 0 ? target[c] : NAN;
  if (!(std::fabs(sum - 1) < 1e-3f))
    throw std::invalid_argument("targets of sample " + std::to_string(sample) + " are not probabilities that sum to 1");
}

// Labels in range, targets that are probabilities, order in range: checked here once, so that the loops need not.
Samples samples_of(const Trainer& trainer, const Bytes& images, const Labels& given,
                   const std::vector<std::uint32_t>& order) {
  const auto* labels = std::get_if<0>(&given);
  const auto* targets = std::get_if<1>(&given);
  const std::size_t count = labels ? labels->shape(0) : targets->shape(0);
  const std::size_t classes = std::size_t(trainer.plan().classes());
  if (count != images.shape(0))
    throw std::invalid_argument(std::to_string(count) + " labels for " + std::to_string(images.shape(0)) + " images");
  if (targets && targets->shape(1) != classes)
    throw std::invalid_argument("targets for " + std::to_string(targets->shape(1)) + " classes: the network has " +
                                std::to_string(classes));
  if (targets && !trainer.takes_targets()) throw std::invalid_argument("targets need a cross-entropy");
  if (order.empty()) throw std::invalid_argument("no samples");
  for (const std::uint32_t at : order) {
    if (at >= images.shape(0)) throw std::invalid_argument("sample " + std::to_string(at) + " does not exist");
    if (labels && labels->data()[at] >= classes)
      throw std::invalid_argument("label " + std::to_string(labels->data()[at]) + " of sample " + std::to_string(at) +
                                  ": the network has " + std::to_string(classes) + " classes");
    if (targets) check_target(targets->data() + at * classes, classes, at);
  }
  return {images_of(images), labels ? labels->data() : nullptr, targets ? targets->data() : nullptr};
}

int checked_threads(int threads) {
  if (threads < 1 || threads > 1024)
    throw std::invalid_argument(std::to_string(threads) + " threads; expected 1 to 1024");
  return threads;
}

// A copy: what was checked must not change while the GIL is released.
std::vector<std::uint32_t> copied(const In<std::uint32_t, nb::ndim<1>>& order) {
  return {order.data(), order.data() + order.size()};
}

nb::tuple layer_outputs(Model& model, const Bytes& images, bool soft,
                        const std::vector<std::vector<std::size_t>>& shapes) {
  const std::size_t count = images.shape(0);
  const std::vector<std::size_t> sizes = model.layer_sizes();
  if (shapes.size() != sizes.size()) throw std::invalid_argument("one shape a layer expected");
  nb::list arrays;
  std::vector<float*> outs;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    std::vector<std::size_t> full{count};
    std::size_t size = 1;
    for (std::size_t n : shapes[i]) full.push_back(n), size *= n;
    if (size != sizes[i]) throw std::invalid_argument("a layer's shape of another size");
    float* data = new float[std::max<std::size_t>(size * count, 1)];
    nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<float*>(p); });
    arrays.append(Out<float>(data, full.size(), full.data(), owner));
    outs.push_back(data);
  }
  {
    nb::gil_scoped_release release;
    model.trace(images_of(images), soft, outs);
  }
  return nb::tuple(arrays);
}

// Operations per second of fused multiply-adds in registers, on `threads` threads at once.
double measure_peak(int threads, double seconds, const std::string& isa) {
  const Kernels& k = kernels(isa);
  checked_threads(threads);
  nb::gil_scoped_release release;
  std::vector<double> rates(std::size_t(threads), 0.0);
  run_parallel(threads, [&](int id) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    double operations = 0, elapsed = 0;
    float sink;
    do {
      operations += k.peak(100000, &sink);
      elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    } while (elapsed < seconds);
    rates[std::size_t(id)] = operations / elapsed;
  });
  double sum = 0;
  for (double r : rates) sum += r;
  return sum;
}

using Size = std::tuple<int, int, int>;
using Layers = std::vector<nb::dict>;
using Numbers = In<std::uint32_t, nb::ndim<1>>;

Out<std::uint32_t> new_permutation(std::uint64_t seed, std::uint32_t epoch, std::uint32_t count) {
  auto out = new_array<std::uint32_t>({count});
  permutation(seed, epoch, count, out.data());
  return out;
}

// What a trainer with these layers and this seed draws at a step for samples: (samples, draws of all layers).
Out<float> draws(const Size& input, const Layers& layers, std::uint64_t seed, std::uint32_t step,
                 const std::vector<std::uint32_t>& samples) {
  const Plan plan(description_of(input, layers), true);
  const std::size_t count = plan.sizes().draw_pixels;
  auto out = new_array<float>({samples.size(), count});
  std::fill_n(out.data(), samples.size() * count, 0.0f);
  for (std::size_t i = 0; i < samples.size(); ++i) Draws{seed, step}.fill(plan, samples[i], out.data() + i * count, 1);
  return out;
}

// Images as a trainer of that seed shows them in an epoch, which counts from 1; `samples` are their numbers.
Out<std::uint8_t> distort(const Bytes& images, const nb::dict& distortion, std::uint64_t seed, std::uint32_t epoch,
                          const Numbers& samples, int threads, const std::string& isa) {
  if (samples.size() != images.shape(0)) throw std::invalid_argument("a number for each image expected");
  const Images from = images_of(images);
  const Distorter distorter(distortion_of(distortion), kernels(isa), from.maps, from.height, from.width);
  auto out = new_array<std::uint8_t>({images.shape(0), images.shape(1), images.shape(2), images.shape(3)});
  checked_threads(threads);
  nb::gil_scoped_release release;
  std::atomic<std::size_t> next{0};
  run_parallel(threads, [&](int) {
    Distorter::Scratch scratch(distorter);
    for (std::size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < from.count;)
      distorter.apply({seed, epoch, samples.data()[i]}, from[i], scratch, out.data() + i * from.bytes());
  });
  return out;
}

void bind_functions(nb::module_& m) {
  m.def("supported_isas", &supported_isas);
  m.def(
      "isa",
      [](const std::string& isa) {
        const Kernels& k = kernels(isa);
        return nb::make_tuple(k.name, k.compiled_for(), k.lanes, k.fused);
      },
      "isa"_a = "");
  m.def("available_threads", &available_threads);
  m.def("measure_peak", &measure_peak, "threads"_a, "seconds"_a, "isa"_a = "");
  m.def("philox", [](std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t> c, std::uint32_t key0,
                     std::uint32_t key1) {
    const Block b = philox({std::get<0>(c), std::get<1>(c), std::get<2>(c), std::get<3>(c)}, key0, key1);
    return nb::make_tuple(b[0], b[1], b[2], b[3]);
  });
  m.def("permutation", &new_permutation, "seed"_a, "epoch"_a, "count"_a);
  m.def("draws", &draws, "input"_a, "layers"_a, "seed"_a, "step"_a, "samples"_a);
  m.def("distort", &distort, "images"_a.noconvert(), "distortion"_a, "seed"_a, "epoch"_a, "samples"_a.noconvert(),
        "threads"_a = 1, "isa"_a = "");
}

void init_model(Model* self, const Size& input, const Layers& layers, const Floats& weights, const Pair& scale,
                const std::string& isa) {
  const Description description = description_of(input, layers);
  check_size(Plan(description, true), weights.size());
  new (self) Model(description, weights.data(), scale_of(scale), isa);
}

Out<float> scores(Model& self, const Bytes& images, int threads) {
  auto out = new_array<float>({images.shape(0), self.answers()});
  nb::gil_scoped_release release;
  self.scores(images_of(images), checked_threads(threads), out.data());
  return out;
}

Out<std::int64_t> predict(Model& self, const Bytes& images, int threads) {
  auto out = new_array<std::int64_t>({images.shape(0)});
  nb::gil_scoped_release release;
  self.predict(images_of(images), checked_threads(threads), out.data());
  return out;
}

void bind_model(nb::module_& m) {
  nb::class_<Model>(m, "Model")
      .def("__init__", &init_model, "input"_a, "layers"_a, "weights"_a, "scale"_a, "isa"_a = "")
      .def_prop_ro("isa", [](const Model& self) { return self.kernels().name; })
      .def("scores", &scores, "images"_a.noconvert(), "threads"_a)
      .def("predict", &predict, "images"_a.noconvert(), "threads"_a)
      .def("trace", &layer_outputs, "images"_a.noconvert(), "soft"_a, "shapes"_a);
}

void init_trainer(TrainerHandle* self, const Size& input, const Layers& layers, const Floats& weights,
                  const Pair& scale, const nb::dict& loss, const nb::dict& update, int batch, std::uint64_t seed,
                  const nb::dict& distortion, const std::string& isa) {
  const Description description = description_of(input, layers);
  check_size(Plan(description, true), weights.size());
  if (batch < 1 || batch > 65536)
    throw std::invalid_argument("batch size " + std::to_string(batch) + ": 1 to 65536 expected");
  const TrainingSettings settings{.scale = scale_of(scale),
                                  .loss = loss_of(loss),
                                  .optimizer = optimizer_of(update),
                                  .batch = batch,
                                  .seed = seed,
                                  .distortion = distortion_of(distortion),
                                  .isa = isa};
  new (self) TrainerHandle{make_trainer(description, weights.data(), settings)};
}

nb::tuple run(TrainerHandle& self, const Bytes& images, const Labels& labels, const Numbers& order, const Floats& rates,
              int threads, std::uint32_t epoch) {
  Trainer& trainer = *self.trainer;
  const std::vector<std::uint32_t> samples_order = copied(order);
  const Samples samples = samples_of(trainer, images, labels, samples_order);
  const std::size_t batch = std::size_t(trainer.batch()), batches = (samples_order.size() + batch - 1) / batch;
  if (rates.size() != batches)
    throw std::invalid_argument(std::to_string(rates.size()) + " rates for " + std::to_string(batches) +
                                " minibatches");
  checked_threads(threads);
  auto losses = new_array<float>({batches});
  auto answers = new_array<std::uint8_t>({samples_order.size()});
  const Turn turn(self);
  // A signal's handler runs here, within a fiftieth of a second; its exception is raised on return.
  bool raised = false;
  {
    nb::gil_scoped_release release;
    trainer.run({samples, samples_order, epoch, rates.data(), losses.data(), answers.data()}, threads, [&raised] {
      nb::gil_scoped_acquire acquire;
      return raised = PyErr_CheckSignals() != 0;
    });
  }
  if (raised) throw nb::python_error();
  return nb::make_tuple(losses, answers);
}

std::vector<std::uint32_t> all_of(const Bytes& images) {
  std::vector<std::uint32_t> order(images.shape(0));
  std::iota(order.begin(), order.end(), 0u);
  return order;
}

nb::tuple gradient(TrainerHandle& self, const Bytes& images, const Labels& labels, int threads) {
  Trainer& trainer = *self.trainer;
  const std::vector<std::uint32_t> order = all_of(images);
  const Samples samples = samples_of(trainer, images, labels, order);
  checked_threads(threads);
  auto out = new_array<float>({trainer.plan().parameters()});
  const Turn turn(self);
  float loss;
  {
    nb::gil_scoped_release release;
    loss = trainer.gradient(samples, order, threads, out.data());
  }
  return nb::make_tuple(loss, out);
}

Out<float> curvature(TrainerHandle& self, const Bytes& images) {
  const std::vector<std::uint32_t> order = all_of(images);
  if (order.empty()) throw std::invalid_argument("no samples");
  auto out = new_array<float>({self.trainer->plan().parameters()});
  const Turn turn(self);
  nb::gil_scoped_release release;
  self.trainer->curvature({images_of(images), nullptr}, order, out.data());
  return out;
}

nb::tuple state(TrainerHandle& self) {
  const Turn turn(self);
  const Parameters& p = self.trainer->parameters();
  return nb::make_tuple(copy_of(p.weights), copy_of(p.first), copy_of(p.second), p.steps);
}

void restore(TrainerHandle& self, const Floats& weights, const Floats& first, const Floats& second, long steps) {
  const Turn turn(self);
  Parameters& p = self.trainer->parameters();
  const std::tuple<Buffer&, const Floats&, const char*> parts[] = {
      {p.weights, weights, "weights"}, {p.first, first, "first"}, {p.second, second, "second"}};
  for (const auto& [buffer, values, what] : parts) check_state(buffer, values, what);
  if (steps < 0) throw std::invalid_argument(std::to_string(steps) + " steps; expected at least 0");
  for (const auto& [buffer, values, what] : parts) std::copy_n(values.data(), values.size(), buffer.data());
  p.steps = steps;
}

Out<float> weights(TrainerHandle& self) {
  const Turn turn(self);
  return copy_of(self.trainer->parameters().weights);
}

void bind_trainer(nb::module_& m) {
  nb::class_<TrainerHandle>(m, "Trainer")
      .def("__init__", &init_trainer, "input"_a, "layers"_a, "weights"_a, "scale"_a, "loss"_a, "update"_a, "batch"_a,
           "seed"_a = 0, "distortion"_a = nb::dict(), "isa"_a = "")
      .def("run", &run, "images"_a.noconvert(), "labels"_a.noconvert(), "order"_a.noconvert(), "rates"_a.noconvert(),
           "threads"_a, "epoch"_a = 0)
      .def("gradient", &gradient, "images"_a.noconvert(), "labels"_a.noconvert(), "threads"_a)
      .def("curvature", &curvature, "images"_a.noconvert())
      .def("state", &state)
      .def("restore", &restore)
      .def("weights", &weights);
}

}  // namespace
}  // namespace lenet

NB_MODULE(_engine, m) {
  m.doc() = "The native engine; lenet.engine is its Python face.";
  lenet::bind_functions(m);
  lenet::bind_model(m);
  lenet::bind_trainer(m);
}
