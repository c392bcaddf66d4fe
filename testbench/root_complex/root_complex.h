// SPDX-License-Identifier: Apache-2.0
// A host in TLM: the CPU side of one NT port. It makes configuration and memory accesses with its
// requester ID, has RAM that the device reaches, and receives MSI and INTx. Enumeration as a BIOS
// does it is in enumeration.h.
//
// Units: bytes; simulated time. Threading: the accesses wait, so call them from SC_THREADs; up to
// access_pool::size of them run at a time. Errors: a read that failed gives all ones, as a CPU
// sees it, and the status says why; the upstream target answers an address outside RAM with
// TLM_ADDRESS_ERROR_RESPONSE.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include "model/pcie_extension.h"
#include "model/types.h"
#include "testbench/root_complex/access_pool.h"
#include "testbench/root_complex/enumerated_function.h"
#include "testbench/root_complex/host_answers.h"
#include "testbench/root_complex/host_ram.h"
#include "testbench/root_complex/interrupt_log.h"

namespace ntb {

/// How an access ended.
struct completion {
    tlm::tlm_response_status status = tlm::TLM_INCOMPLETE_RESPONSE;
    std::uint64_t data = 0; ///< of a read, right-aligned
    bool poisoned = false;  ///< of a read: the completion had EP set

    [[nodiscard]] bool ok() const { return status == tlm::TLM_OK_RESPONSE; }
};

class root_complex : public sc_core::sc_module {
public:
    static constexpr std::uint64_t default_ram = std::uint64_t{256} << 20;
    /// Where x86 and others take MSIs.
    static constexpr std::uint64_t msi_window = 0xFEE00000;
    static constexpr std::uint64_t msi_window_size = 0x00100000;

    root_complex(const sc_core::sc_module_name& name, requester_id id,
                 std::uint64_t ram_bytes = default_ram);

    tlm_utils::simple_initiator_socket<root_complex> config_socket;
    sc_core::sc_vector<tlm_utils::simple_initiator_socket<root_complex>> bar_sockets;
    tlm_utils::simple_target_socket<root_complex> upstream_socket;

    // Accesses of 1 to 8 bytes, little-endian; byte enable bit i = byte i (all by default).
    completion config_read(std::uint64_t offset, unsigned size = 4, unsigned byte_enables = 0xFF);
    completion config_write(std::uint64_t offset, std::uint64_t value, unsigned size = 4,
                            unsigned byte_enables = 0xFF);
    completion bar_read(bar_number bar, std::uint64_t offset, unsigned size = 4,
                        unsigned byte_enables = 0xFF);
    completion bar_write(bar_number bar, std::uint64_t offset, std::uint64_t value,
                         unsigned size = 4, unsigned byte_enables = 0xFF);
    /// Any length in one transaction.
    tlm::tlm_response_status bar_transfer(bar_number bar, tlm::tlm_command command,
                                          std::uint64_t offset, unsigned char* data,
                                          unsigned length);

    // The same writes with a poisoned payload (EP set).
    completion config_write_poisoned(std::uint64_t offset, std::uint64_t value, unsigned size = 4,
                                     unsigned byte_enables = 0xFF);
    completion bar_write_poisoned(bar_number bar, std::uint64_t offset, std::uint64_t value,
                                  unsigned size = 4, unsigned byte_enables = 0xFF);

    void set_answers(host_answers how) { answers_ = how; }
    /// Poisoned writes that came in; they are not stored.
    [[nodiscard]] std::uint64_t poisoned_writes() const { return poisoned_writes_; }

    /// A dword of configuration space behind this link, which answers the device's own
    /// configuration requests (punch-through); all others are unsupported. `offset` below 4096.
    void answer_config(requester_id function, std::uint32_t offset, std::uint32_t value) {
        behind_link_[std::uint64_t{function.value()} << 12 | (offset & 0xFFCU)] = value;
    }
    /// What is there now, or nothing.
    [[nodiscard]] std::optional<std::uint32_t> behind_link(requester_id function,
                                                           std::uint32_t offset) const;
    /// Of the last such request.
    [[nodiscard]] requester_id config_requester() const { return config_requester_; }

    [[nodiscard]] host_ram& ram() { return ram_; }
    [[nodiscard]] interrupt_log& interrupts() { return interrupts_; }
    [[nodiscard]] requester_id id() const { return id_; }
    /// What the last enumeration found; `present` is false before.
    [[nodiscard]] enumerated_function& function() { return function_; }

private:
    using initiator = tlm_utils::simple_initiator_socket<root_complex>;

    completion access(initiator& socket, tlp_kind kind, tlm::tlm_command command,
                      std::uint64_t offset, std::uint64_t value, unsigned size,
                      unsigned byte_enables, bool poisoned = false);
    tlm::tlm_response_status transfer(initiator& socket, tlp_kind kind, tlm::tlm_command command,
                                      std::uint64_t offset, unsigned char* data, unsigned length,
                                      unsigned char* enables, bool& poisoned);
    /// True if it was a message, which is then dealt with.
    bool receive_message(tlp_kind kind, std::uint64_t now);
    void receive(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    void receive_config(tlm::tlm_generic_payload& payload, const pcie_extension& extension);

    requester_id id_;
    host_ram ram_;
    access_pool pool_{};
    interrupt_log interrupts_{};
    host_answers answers_ = host_answers::normally;
    std::uint64_t poisoned_writes_ = 0;
    enumerated_function function_{};
    std::map<std::uint64_t, std::uint32_t> behind_link_{}; ///< by ECAM address
    requester_id config_requester_{};
};

} // namespace ntb
