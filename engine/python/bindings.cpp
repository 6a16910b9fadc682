// The extension module. The only file, with arguments.hpp, that knows Python: checks shapes and types, releases the
// GIL, turns arrays into pointers.
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

#include "python/arguments.hpp"
#include "isa/dispatch.hpp"
#include "inference/model.hpp"
#include "base/threads.hpp"
#include "base/random.hpp"
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

// Labels in range, targets that are probabilities, order in range: checked here once, so that the loops need not.
using Labels = std::variant<In<std::uint8_t, nb::ndim<1>>, In<float, nb::ndim<2>>>;
Samples samples_of(const Trainer& trainer, const Bytes& images, const Labels& given,
                   const std::vector<std::uint32_t>& order) {
  const Plan& plan = trainer.plan();
  const auto* labels = std::get_if<0>(&given);
  const auto* targets = std::get_if<1>(&given);
  const std::size_t count = labels ? labels->shape(0) : targets->shape(0), classes = std::size_t(plan.classes());
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
    float sum = 0;
    for (std::size_t c = 0; targets && c < classes; ++c) {
      const float target = targets->data()[at * classes + c];
      sum += target >= 0 ? target : NAN;
    }
    if (targets && !(std::fabs(sum - 1) < 1e-3f))
      throw std::invalid_argument("targets of sample " + std::to_string(at) + " are no shares that sum to 1");
  }
  return {images_of(images), labels ? labels->data() : nullptr, targets ? targets->data() : nullptr};
}

// What Python holds: trainers are of several classes.
struct TrainerHandle {
  std::unique_ptr<Trainer> trainer;
};

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

}  // namespace
}  // namespace lenet

NB_MODULE(_engine, m) {
  using namespace lenet;
  m.doc() = "The native engine; lenet.engine is its Python face.";
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
  m.def(
      "permutation",
      [](std::uint64_t seed, std::uint32_t epoch, std::uint32_t count) {
        auto out = new_array<std::uint32_t>({count});
        permutation(seed, epoch, count, out.data());
        return out;
      },
      "seed"_a, "epoch"_a, "count"_a);

  // What a trainer with these layers and this seed draws at a step for samples: (samples, draws of all layers).
  m.def(
      "draws",
      [](const std::tuple<int, int, int>& input, const std::vector<nb::dict>& layers, std::uint64_t seed,
         std::uint32_t step, const std::vector<std::uint32_t>& samples) {
        const Description description = description_of(input, layers);
        const Plan plan(description, true);
        auto out = new_array<float>({samples.size(), plan.draw_pixels()});
        std::fill_n(out.data(), samples.size() * plan.draw_pixels(), 0.0f);
        for (std::size_t i = 0; i < samples.size(); ++i)
          Draws{seed, step}.fill(plan, samples[i], out.data() + i * plan.draw_pixels(), 1);
        return out;
      },
      "input"_a, "layers"_a, "seed"_a, "step"_a, "samples"_a);

  // Images as a trainer of that seed sees them in an epoch, counted from 1; `samples` are their numbers.
  m.def(
      "distort",
      [](const Bytes& images, const nb::dict& distortion, std::uint64_t seed, std::uint32_t epoch,
         const In<std::uint32_t, nb::ndim<1>>& samples, int threads, const std::string& isa) {
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
      },
      "images"_a.noconvert(), "distortion"_a, "seed"_a, "epoch"_a, "samples"_a.noconvert(), "threads"_a = 1,
      "isa"_a = "");

  nb::class_<Model>(m, "Model")
      .def(
          "__init__",
          [](Model* self, const std::tuple<int, int, int>& input, const std::vector<nb::dict>& layers,
             const Floats& weights, const Pair& scale, const std::string& isa) {
            const Description description = description_of(input, layers);
            check_size(Plan(description, true), weights.size());
            new (self) Model(description, weights.data(), scale_of(scale), isa);
          },
          "input"_a, "layers"_a, "weights"_a, "scale"_a, "isa"_a = "")
      .def_prop_ro("isa", [](const Model& self) { return self.kernels().name; })
      .def(
          "scores",
          [](Model& self, const Bytes& images, int threads) {
            auto out = new_array<float>({images.shape(0), self.answers()});
            nb::gil_scoped_release release;
            self.scores(images_of(images), checked_threads(threads), out.data());
            return out;
          },
          "images"_a.noconvert(), "threads"_a)
      .def(
          "predict",
          [](Model& self, const Bytes& images, int threads) {
            auto out = new_array<std::int64_t>({images.shape(0)});
            nb::gil_scoped_release release;
            self.predict(images_of(images), checked_threads(threads), out.data());
            return out;
          },
          "images"_a.noconvert(), "threads"_a)
      .def("trace", &layer_outputs, "images"_a.noconvert(), "soft"_a, "shapes"_a);

  nb::class_<TrainerHandle>(m, "Trainer")
      .def(
          "__init__",
          [](TrainerHandle* self, const std::tuple<int, int, int>& input, const std::vector<nb::dict>& layers,
             const Floats& weights, const Pair& scale, const nb::dict& loss, const nb::dict& update, int batch,
             std::uint64_t seed, const nb::dict& distortion, const std::string& isa) {
            const Description description = description_of(input, layers);
            check_size(Plan(description, true), weights.size());
            if (batch < 1 || batch > 65536)
              throw std::invalid_argument("batch size " + std::to_string(batch) + ": 1 to 65536 expected");
            const TrainingOptions options{loss_of(loss), update_of(update), batch, seed, distortion_of(distortion)};
            new (self) TrainerHandle{make_trainer(description, weights.data(), scale_of(scale), options, isa)};
          },
          "input"_a, "layers"_a, "weights"_a, "scale"_a, "loss"_a, "update"_a, "batch"_a, "seed"_a = 0,
          "distortion"_a = nb::dict(), "isa"_a = "")
      .def(
          "run",
          [](TrainerHandle& handle, const Bytes& images, const Labels& labels,
             const In<std::uint32_t, nb::ndim<1>>& order, const Floats& rates, int threads, std::uint32_t epoch) {
            Trainer& self = *handle.trainer;
            const std::vector<std::uint32_t> samples_order = copied(order);
            const Samples samples = samples_of(self, images, labels, samples_order);
            const std::size_t batches = (samples_order.size() + self.batch() - 1) / self.batch();
            if (rates.size() != batches)
              throw std::invalid_argument(std::to_string(rates.size()) + " rates for " + std::to_string(batches) +
                                          " minibatches");
            checked_threads(threads);
            auto losses = new_array<float>({batches});
            const Trainer::Turn turn(self);
            // A signal's handler runs here, within a fiftieth of a second; its exception is raised on return.
            bool raised = false;
            {
              nb::gil_scoped_release release;
              self.run({samples, samples_order.data(), samples_order.size(), epoch}, rates.data(), losses.data(),
                       threads, [&raised] {
                         nb::gil_scoped_acquire acquire;
                         return raised = PyErr_CheckSignals() != 0;
                       });
            }
            if (raised) throw nb::python_error();
            return losses;
          },
          "images"_a.noconvert(), "labels"_a.noconvert(), "order"_a.noconvert(), "rates"_a.noconvert(), "threads"_a,
          "epoch"_a = 0)
      .def(
          "gradient",
          [](TrainerHandle& handle, const Bytes& images, const Labels& labels, int threads) {
            Trainer& self = *handle.trainer;
            std::vector<std::uint32_t> order(images.shape(0));
            std::iota(order.begin(), order.end(), 0u);
            const Samples samples = samples_of(self, images, labels, order);
            checked_threads(threads);
            auto out = new_array<float>({self.plan().parameters()});
            const Trainer::Turn turn(self);
            float loss;
            {
              nb::gil_scoped_release release;
              loss = self.gradient({samples, order.data(), order.size(), 0}, threads, out.data());
            }
            return nb::make_tuple(loss, out);
          },
          "images"_a.noconvert(), "labels"_a.noconvert(), "threads"_a)
      .def(
          "curvature",
          [](TrainerHandle& handle, const Bytes& images) {
            Trainer& self = *handle.trainer;
            std::vector<std::uint32_t> order(images.shape(0));
            std::iota(order.begin(), order.end(), 0u);
            if (order.empty()) throw std::invalid_argument("no samples");
            const Samples samples{images_of(images), nullptr};
            auto out = new_array<float>({self.plan().parameters()});
            const Trainer::Turn turn(self);
            nb::gil_scoped_release release;
            self.curvature({samples, order.data(), order.size(), 0}, out.data());
            return out;
          },
          "images"_a.noconvert())
      .def("state",
           [](TrainerHandle& handle) {
             Trainer& self = *handle.trainer;
             const Trainer::Turn turn(self);
             return nb::make_tuple(copy_of(self.weights()), copy_of(self.first()), copy_of(self.second()), self.steps);
           })
      .def("restore",
           [](TrainerHandle& handle, const Floats& weights, const Floats& first, const Floats& second, long steps) {
             Trainer& self = *handle.trainer;
             const Trainer::Turn turn(self);
             const std::tuple<Buffer&, const Floats&, const char*> parts[] = {{self.weights(), weights, "weights"},
                                                                              {self.first(), first, "first"},
                                                                              {self.second(), second, "second"}};
             for (const auto& [buffer, values, what] : parts) check_state(buffer, values, what);
             if (steps < 0) throw std::invalid_argument(std::to_string(steps) + " steps; expected at least 0");
             for (const auto& [buffer, values, what] : parts) std::copy_n(values.data(), values.size(), buffer.data());
             self.steps = steps;
           })
      .def("weights", [](TrainerHandle& handle) {
        Trainer& self = *handle.trainer;
        const Trainer::Turn turn(self);
        return copy_of(self.weights());
      });
}
