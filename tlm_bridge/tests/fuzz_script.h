// SPDX-License-Identifier: Apache-2.0
// The input of a fuzzer as a script: the values that its steps take.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tlm_bridge/tests/memory_transport.h"

namespace ntb::bridge::test {

/// Takes values off the input; zeros when it is used up.
class script {
public:
    script(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}
    [[nodiscard]] bool more() const { return at_ != end_; }
    std::uint8_t byte() { return at_ == end_ ? std::uint8_t{0} : *at_++; }
    byte_vector bytes(std::size_t n) {
        byte_vector b(n);
        for (auto& x : b) {
            x = byte();
        }
        return b;
    }
    /// Numbers at which implementations break.
    std::uint64_t number() {
        static constexpr std::uint64_t edges[] = {0,
                                                  1,
                                                  2,
                                                  3,
                                                  4,
                                                  7,
                                                  8,
                                                  15,
                                                  16,
                                                  24,
                                                  32,
                                                  0x1000,
                                                  0x2000,
                                                  0xfffff000,
                                                  0xffffffff,
                                                  0x100000000,
                                                  0x7fffffffffffffff,
                                                  0x8000000000000000,
                                                  0xfffffffffffff000,
                                                  0xffffffffffffffff};
        const std::uint8_t b = byte();
        const std::uint64_t base = edges[(b >> 3) % (sizeof edges / sizeof *edges)];
        return base + (b & 7) - 3;
    }
    std::uint32_t number32() { return static_cast<std::uint32_t>(number()); }
    std::uint32_t small() { return byte() % 12U; }

private:
    const std::uint8_t* at_;
    const std::uint8_t* end_;
};

} // namespace ntb::bridge::test
