// SPDX-License-Identifier: Apache-2.0
// The types of an NT port's sockets: those of TLM's base protocol, but they may stay unbound, as a
// port may have no host.
#pragma once

#include <systemc>
#include <tlm>

namespace ntb {

using nt_target_socket =
    tlm::tlm_target_socket<32, tlm::tlm_base_protocol_types, 1, sc_core::SC_ZERO_OR_MORE_BOUND>;
using nt_initiator_socket =
    tlm::tlm_initiator_socket<32, tlm::tlm_base_protocol_types, 1, sc_core::SC_ZERO_OR_MORE_BOUND>;

} // namespace ntb
