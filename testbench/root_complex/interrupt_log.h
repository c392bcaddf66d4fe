// SPDX-License-Identifier: Apache-2.0
// The interrupts and messages that a host received: every MSI with its time, the level of INTx,
// error messages and the answer to PME_Turn_Off. The last `kept` of each can be asked for by
// number; counts never wrap in practice.
//
// Units: picoseconds. Threading: the SystemC thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <systemc>

namespace ntb {

struct msi_record {
    std::uint64_t time_ps = 0;
    std::uint64_t address = 0;
    std::uint32_t data = 0;
    bool marked = false; ///< its TLP was marked as an MSI, not just a write to that address
};

/// Messages that are no interrupts.
enum class host_message : std::uint8_t { err_cor, err_nonfatal, err_fatal, pme_to_ack };
inline constexpr std::size_t host_messages = 4;

class interrupt_log {
public:
    static constexpr std::uint64_t kept = 1024;

    void add_msi(const msi_record& record) {
        msis_.at(msi_count_ % kept) = record;
        ++msi_count_;
        changed_.notify();
    }
    void set_intx(bool asserted, std::uint64_t now_ps) {
        if (asserted && !intx_) {
            intx_times_.at(intx_count_ % kept) = now_ps;
            ++intx_count_;
        }
        intx_ = asserted;
        changed_.notify();
    }

    void add_message(host_message kind, std::uint64_t now_ps) {
        received& r = messages_.at(static_cast<std::size_t>(kind));
        r.times.at(r.count % kept) = now_ps;
        ++r.count;
        changed_.notify();
    }

    /// MSIs since the start; numbers run from 0.
    [[nodiscard]] std::uint64_t msi_count() const { return msi_count_; }
    /// The MSI of that number, which must be among the last `kept`.
    [[nodiscard]] const msi_record& msi(std::uint64_t number) const {
        return msis_.at(number % kept);
    }
    [[nodiscard]] const msi_record& last_msi() const { return msi(msi_count_ - 1); }

    [[nodiscard]] bool intx() const { return intx_; }
    /// How often INTx was asserted, and when (number as for MSIs).
    [[nodiscard]] std::uint64_t intx_count() const { return intx_count_; }
    [[nodiscard]] std::uint64_t intx_time_ps(std::uint64_t number) const {
        return intx_times_.at(number % kept);
    }

    /// How many messages of a kind came, and when (number as for MSIs).
    [[nodiscard]] std::uint64_t message_count(host_message kind) const {
        return messages_.at(static_cast<std::size_t>(kind)).count;
    }
    [[nodiscard]] std::uint64_t message_time_ps(host_message kind, std::uint64_t number) const {
        return messages_.at(static_cast<std::size_t>(kind)).times.at(number % kept);
    }

    /// Notified when anything above changes.
    [[nodiscard]] const sc_core::sc_event& changed() const { return changed_; }

private:
    struct received {
        std::array<std::uint64_t, kept> times{};
        std::uint64_t count = 0;
    };
    std::array<received, host_messages> messages_{};
    std::array<msi_record, kept> msis_{};
    std::array<std::uint64_t, kept> intx_times_{};
    std::uint64_t msi_count_ = 0;
    std::uint64_t intx_count_ = 0;
    bool intx_ = false;
    sc_core::sc_event changed_{};
};

} // namespace ntb
