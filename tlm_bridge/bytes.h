// SPDX-License-Identifier: Apache-2.0
// Views of bytes that somebody else owns (C++17 has no std::span).
#pragma once

#include <cstddef>
#include <cstdint>

namespace ntb::bridge {

struct const_bytes {
    const std::uint8_t* data = nullptr;
    std::size_t size = 0;
};

struct mutable_bytes {
    std::uint8_t* data = nullptr;
    std::size_t size = 0;
};

} // namespace ntb::bridge
