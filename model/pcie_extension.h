// SPDX-License-Identifier: Apache-2.0
// The PCIe attributes that a TLM generic payload lacks, in one extension. Initiators attach it to
// a payload that they own; it is never cloned in the model.
#pragma once

#include <cstdint>
#include <systemc>
#include <tlm>

#include "model/types.h"

namespace ntb {

/// What a transaction is on the link.
enum class tlp_kind : std::uint8_t {
    memory,        ///< MRd/MWr
    config,        ///< CfgRd/CfgWr; upstream (punch-through) the address is as of ECAM
    msi,           ///< MWr that is a message signalled interrupt; vector says which
    assert_intx,   ///< Msg Assert_INTA
    deassert_intx, ///< Msg Deassert_INTA
    err_cor,       ///< Msg ERR_COR
    err_nonfatal,  ///< Msg ERR_NONFATAL
    err_fatal,     ///< Msg ERR_FATAL
    pme_to_ack,    ///< Msg PME_TO_Ack
};

class pcie_extension : public tlm::tlm_extension<pcie_extension> {
public:
    tlp_kind kind = tlp_kind::memory;
    requester_id requester{};     ///< of the TLP
    bool requester_valid = false; ///< false: the port's topology says who the host is
    bool poisoned = false;        ///< EP bit
    std::uint8_t tag = 0;
    std::uint8_t vector = 0; ///< with kind msi

    tlm::tlm_extension_base* clone() const override { return new pcie_extension(*this); }
    void copy_from(const tlm::tlm_extension_base& other) override {
        *this = static_cast<const pcie_extension&>(other);
    }
};

} // namespace ntb
