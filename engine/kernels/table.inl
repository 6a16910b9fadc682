// All kernels, compiled once per instruction set: the files below, the loading of images, the measuring loop, and the
// table of it all. Included at the end of each file in isa/, which defines the vector type. Everything is in an unnamed
// namespace, so that no code for one instruction set can be linked into another's place.

#include <utility>

namespace lenet {
namespace {

#include "kernels/simd.inl"

#include "kernels/activation.inl"

#include "kernels/pooling.inl"

#include "kernels/contrast.inl"

#include "kernels/dropout.inl"

#include "kernels/convolution.inl"

#include "kernels/convolution_gradient.inl"

#include "kernels/strided_convolution.inl"

#include "kernels/dense.inl"

#include "kernels/loss.inl"

#include "kernels/optimizer.inl"

#include "kernels/one_image.inl"

#include "kernels/warp.inl"

#include "kernels/ink.inl"

typedef std::uint8_t Sixteen __attribute__((vector_size(16), may_alias));

// The transpose of sixteen rows of sixteen bytes, in four rounds of interleaving.
LENET_INLINE void transpose_bytes(Sixteen (&row)[16]) {
  LENET_EACH (round, 4) {
    Sixteen next[16];
    LENET_EACH (i, 8) {
      next[2 * i] = __builtin_shufflevector(row[i], row[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      next[2 * i + 1] =
          __builtin_shufflevector(row[i], row[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    LENET_EACH (i, 16) row[i] = next[i];
  }
}

void load_tile(const std::uint8_t* const images[kTile], int maps, int height, int width, float paper, float step,
               const Planes& out, float* tile) {
  const int count = maps * height * width;
  int m = 0, y = 0, x = 0;
  for (int p = 0; p < count; p += 16) {
    Sixteen rows[16] = {};
    const int size = count - p < 16 ? count - p : 16;
    if (size == 16) {
      LENET_EACH (l, kTile) __builtin_memcpy(&rows[l], images[l] + p, 16);
    } else {
      for (int l = 0; l < kTile; ++l) __builtin_memcpy(&rows[l], images[l] + p, std::size_t(size));
    }
    transpose_bytes(rows);
    for (int k = 0; k < size; ++k) {
      float* to = tile + out.at(m, y, x) * kTile;
      const std::uint8_t* bytes = reinterpret_cast<const std::uint8_t*>(&rows[k]);
      for (int lane = 0; lane < kTile; lane += kLanes)
        store(to + lane, multiply_add(__builtin_convertvector(widen(bytes + lane), V), splat(step), splat(paper)));
      if (++x == width) {
        x = 0;
        if (++y == height) y = 0, ++m;
      }
    }
  }
}

double peak(long rounds, float* sink) {
  constexpr int kChains = kRowBlock == 14 ? 28 : 12;
  V sum[kChains];
  const V factor = splat(0.999f), term = splat(1e-3f);
  LENET_EACH (i, kChains) sum[i] = splat(float(i));
  for (long r = 0; r < rounds; ++r) {
    LENET_EACH (i, kChains) sum[i] = multiply_add(sum[i], factor, term);
  }
  V total{};
  LENET_EACH (i, kChains) total += sum[i];
  *sink = total[0];
  return 2.0 * kLanes * kChains * double(rounds);
}

const char* compiled_for() {
#if defined(__AVX512F__)
  return "avx512";
#elif defined(__AVX2__) && defined(__FMA__)
  return "avx2";
#elif defined(__aarch64__)
  return kFused ? "neon" : "baseline";
#else
  return "baseline";
#endif
}

}  // namespace

extern const Kernels LENET_KERNELS;
const Kernels LENET_KERNELS = {
    .name = LENET_NAME,
    .lanes = kLanes,
    .fused = kFused,
    .compiled_for = compiled_for,
    .load_tile = load_tile,
    .warp = warp,
    .ink = ink,
    .conv_forward = conv_forward,
    .conv_pool_forward = conv_pool_forward,
    .unpool = unpool,
    .copy_between_zeros = copy_between_zeros,
    .conv_bias_gradient = conv_bias_gradient,
    .conv_weight_gradient = conv_weight_gradient,
    .conv_pool_weight_gradient = conv_pool_weight_gradient,
    .conv_input_gradient = conv_input_gradient,
    .strided_conv_forward = strided_conv_any<V>,
    .strided_conv_gradient = strided_conv_gradient_any<V>,
    .strided_conv_input_gradient = strided_conv_input_gradient_any<V>,
    .pool_forward = pool_any<V>,
    .pool_gradient = pool_gradient_any<V>,
    .deform_forward = deform_any<V>,
    .deform_gradient = deform_gradient_any<V>,
    .subsample_forward = subsample_any<V>,
    .subsample_gradient = subsample_gradient_any<V>,
    .contrast_forward = contrast_any<V>,
    .contrast_gradient = contrast_gradient_any<V>,
    .dropout_forward = dropout_any<V>,
    .dropout_gradient = dropout_gradient_any<V>,
    .activate = activate,
    .activate_gradient = activate_gradient,
    .dense_forward = dense_forward,
    .dense_weight_gradient = dense_weight_gradient,
    .dense_input_gradient = dense_input_gradient,
    .tiles_to_rows = tiles_to_rows,
    .wide_weight_gradient = wide_weight_gradient,
    .rbf_forward = rbf_forward,
    .rbf_input_gradient = rbf_input_gradient,
    .rbf_second_derivatives = rbf_second_derivatives,
    .loss = loss,
    .loss_second_derivatives = loss_second_derivatives,
    .softmax = softmax,
    .update = update,
    .one_image_conv = one_image_conv,
    .one_image_conv_gradient = one_image_conv_gradient,
    .one_image_strided_conv = strided_conv_any<float>,
    .one_image_strided_conv_gradient = strided_conv_gradient_any<float>,
    .one_image_strided_conv_input_gradient = strided_conv_input_gradient_any<float>,
    .one_image_unpool = one_image_unpool,
    .one_image_pool = one_image_pool,
    .one_image_pool_gradient = pool_gradient_any<float>,
    .one_image_deform = deform_any<float>,
    .one_image_deform_gradient = deform_gradient_any<float>,
    .one_image_contrast = contrast_any<float>,
    .one_image_contrast_gradient = contrast_gradient_any<float>,
    .one_image_dropout = dropout_any<float>,
    .one_image_dropout_gradient = dropout_gradient_any<float>,
    .one_image_subsample = one_image_subsample,
    .one_image_subsample_gradient = one_image_subsample_gradient,
    .one_image_dense = one_image_dense,
    .one_image_dense_gradient = one_image_dense_gradient,
    .one_image_rbf = one_image_rbf,
    .one_image_rbf_gradient = one_image_rbf_gradient,
    .one_image_activate = one_image_activate,
    .one_image_activate_gradient = one_image_activate_gradient,
    .peak = peak,
};

}  // namespace lenet
