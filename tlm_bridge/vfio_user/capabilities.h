// SPDX-License-Identifier: Apache-2.0
// The JSON text of a VERSION message: what the client says it can, and what we answer.
//
// Errors: text that is no JSON object, or members of the wrong type, give `valid` = false; no
// exception escapes (clients write this text).
#pragma once

#include <cstdint>
#include <string>

#include "tlm_bridge/bytes.h"

namespace ntb::vfio_user {

struct client_capabilities {
    bool valid = true;
    std::uint64_t max_msg_fds = 1;                 ///< default of the specification
    std::uint64_t max_data_xfer_size = 1ULL << 20; ///< default of the specification
    std::uint64_t max_dma_maps = 65535;            ///< default of the specification
    bool write_multiple = false;
};

/// `data` is what follows the version numbers; empty = no capabilities given.
[[nodiscard]] client_capabilities parse_capabilities(bridge::const_bytes data);

/// Our text, without the terminating NUL. The reply must be a subset of what was proposed.
[[nodiscard]] std::string server_capabilities(const client_capabilities& client);

} // namespace ntb::vfio_user
