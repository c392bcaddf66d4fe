// SPDX-License-Identifier: Apache-2.0
// The memory that a function's requests reach: a client's own (host_memory.h), or what a capture
// says that it answered.
//
// Units: bytes. Threading: the SystemC thread. Errors: memory_status; nothing was done unless it is
// `ok` (except `failed`, where some bytes may have moved).
#pragma once

#include <cstdint>

#include "tlm_bridge/bytes.h"

namespace ntb::bridge {

enum class memory_status : unsigned char {
    ok,
    not_mapped, ///< some byte is in no map
    protection, ///< some byte may not be read or written by the device
    no_file,    ///< some byte is in a map that came without a file descriptor
    failed,     ///< the memory behind a map is gone (its file was truncated)
};

class upstream_memory {
public:
    upstream_memory() = default;
    upstream_memory(const upstream_memory&) = delete;
    upstream_memory& operator=(const upstream_memory&) = delete;
    virtual ~upstream_memory() = default;

    [[nodiscard]] virtual memory_status read(std::uint64_t iova, mutable_bytes data) noexcept = 0;
    [[nodiscard]] virtual memory_status write(std::uint64_t iova, const_bytes data) noexcept = 0;
};

} // namespace ntb::bridge
