// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011): a counter-based random generator. A value is a function
// of (key, counter) alone, so it does not depend on which thread asks for it, or when.
#pragma once

#include <array>
#include <cstdint>

namespace lenet {

using Block = std::array<std::uint32_t, 4>;

inline Block philox(Block counter, std::uint32_t key0, std::uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = 0xD2511F53ull * counter[0], b = 0xCD9E8D57ull * counter[2];
    counter = {std::uint32_t(b >> 32) ^ counter[1] ^ key0, std::uint32_t(b), std::uint32_t(a >> 32) ^ counter[3] ^ key1,
               std::uint32_t(a)};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

// What a random value is for: one stream each, so that adding a use never changes another.
enum class Stream : std::uint32_t { order = 0, layers = 1, distortion = 2, ink = 3 };

inline Block draw(std::uint64_t seed, Stream stream, std::uint32_t epoch, std::uint32_t index) {
  return philox({index, epoch, std::uint32_t(stream), 0}, std::uint32_t(seed), std::uint32_t(seed >> 32));
}

// A permutation of 0 .. count - 1 (Fisher and Yates). A draw of 32 bits is mapped to [0, i] by a
// multiplication, whose bias, below count / 2^32, is of no consequence.
inline void permutation(std::uint64_t seed, std::uint32_t epoch, std::uint32_t count, std::uint32_t* out) {
  for (std::uint32_t i = 0; i < count; ++i) out[i] = i;
  Block random{};
  for (std::uint32_t i = count; i-- > 1;) {
    const std::uint32_t which = i % 4;
    if (which == 3 || i == count - 1) random = draw(seed, Stream::order, epoch, i / 4);
    const std::uint32_t j = std::uint32_t((std::uint64_t(random[which]) * (i + 1)) >> 32);
    const std::uint32_t swap = out[i];
    out[i] = out[j];
    out[j] = swap;
  }
}

}  // namespace lenet
