// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same for the same seed with every compiler and library (splitmix64,
// public domain algorithm of S. Vigna).
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace ntb::regs::check {

class random {
public:
    explicit random(std::uint64_t seed) : state_(seed) {}

    [[nodiscard]] std::uint64_t next() {
        state_ += 0x9E3779B97F4A7C15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31);
    }
    [[nodiscard]] std::uint32_t word() { return static_cast<std::uint32_t>(next() >> 32); }
    /// 0 .. count - 1; count > 0.
    [[nodiscard]] std::size_t below(std::size_t count) {
        return static_cast<std::size_t>((next() >> 32) * count >> 32);
    }
    template <class T>
    void shuffle(std::vector<T>& list) {
        for (std::size_t i = list.size(); i > 1; --i)
            std::swap(list[i - 1], list[below(i)]);
    }

private:
    std::uint64_t state_;
};

} // namespace ntb::regs::check
