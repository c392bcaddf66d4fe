// SPDX-License-Identifier: Apache-2.0
// The interrupts of one function as VFIO has them: INTx with automask and unmask, one MSI. An
// interrupt is a count in the client's eventfd, never a write to guest memory.
//
// Threading: the SystemC thread. Nothing blocks: an eventfd whose counter is full has signals
// waiting that the client has not taken, so one more would tell it nothing new.
// Source: linux/vfio.h, VFIO_DEVICE_SET_IRQS; vfio-user "VFIO_USER_DEVICE_SET_IRQS". As in the
// kernel, an eventfd given for unmasking is one that the client signals (KVM does, at the end of
// interrupt); an eventfd for masking is not offered.
#pragma once

#include <cstdint>

#include "tlm_bridge/device.h"
#include "tlm_bridge/unique_fd.h"

namespace ntb::bridge {

class interrupts {
public:
    /// What became of an MSI.
    enum class outcome : unsigned char { delivered, not_connected, full, failed };

    /// VFIO_DEVICE_SET_IRQS on INTx or MSI, already checked as irq_request says.
    /// 0, or ENOTTY: this interrupt does not know that action.
    [[nodiscard]] int set(const irq_request& request) noexcept;

    /// The function emitted its MSI.
    outcome trigger_msi() noexcept;
    /// The function's INTx is asserted or not. While asserted, the client is told once and the
    /// interrupt is masked until the client unmasks it.
    void set_intx(bool asserted) noexcept;
    [[nodiscard]] bool intx_asserted() const { return intx_asserted_; }
    [[nodiscard]] bool intx_masked() const { return intx_masked_; }

    /// Descriptor to poll for input, -1 if none: the client unmasks INTx with it.
    [[nodiscard]] int unmask_fd() const { return intx_unmask_.get(); }
    /// To be called when unmask_fd() has input (or any time).
    void service_unmask_fd() noexcept;

    /// Forgets the client's descriptors (it is gone); the level of INTx stays.
    void disconnect() noexcept;

    [[nodiscard]] std::uint64_t msi_delivered() const { return msi_delivered_; }
    /// MSIs that no eventfd took.
    [[nodiscard]] std::uint64_t msi_lost() const { return msi_lost_; }

private:
    [[nodiscard]] int set_intx_irq(const irq_request& request) noexcept;
    [[nodiscard]] int set_msi_irq(const irq_request& request) noexcept;
    void update_intx() noexcept;
    void unmask_intx() noexcept;

    unique_fd msi_;
    unique_fd intx_;
    unique_fd intx_unmask_;
    bool intx_asserted_ = false;
    bool intx_masked_ = false;
    static constexpr unsigned most_undrained = 64; ///< unmaskings in a row before it is dropped
    unsigned undrained_ = 0;
    std::uint64_t msi_delivered_ = 0;
    std::uint64_t msi_lost_ = 0;
};

} // namespace ntb::bridge
