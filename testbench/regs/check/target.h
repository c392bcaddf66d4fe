// SPDX-License-Identifier: Apache-2.0
// What register validation works on: a device seen through the doors of its functions. The model in
// process, a running simulator and silicon are targets alike (docs/regs-check.md).
//
// Units: bytes; values are right-aligned to the access. Byte enable bit i = byte i of the access.
// Threading: one thread. Errors: an access that does not reach the device throws target_error;
// what a device answers is never an error of the target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace ntb::regs::check {

/// How a register is reached (behaviour B1.8, B1.12). The third, GASAADDR/GASADATA, is made of
/// accesses through the first two (device_view.h).
enum class door : std::uint8_t { config, bar0 };

enum class reset_kind : std::uint8_t {
    power_on,    ///< the state in which the target was found, when nothing has used it yet
    fundamental, ///< of the function's partition
    hot,         ///< of the function's partition
    from_d3hot,  ///< by PMCSR to D3hot and back, of the function alone (PCI PM 1.2 section 5.4.1)
};

/// What can be made to happen to a function, so that its status bits have something to tell.
enum class stimulus : std::uint8_t {
    poisoned_write,     ///< its host writes one of its registers, NTSDATA, with a poisoned payload
    poisoned_answer,    ///< a read that it sends to its host is answered with a poisoned payload
    unsupported_answer, ///< with status UR
    no_answer,          ///< not at all; over when the function has given up
    failover,           ///< of its port, and back: what reports it is all that is left
};
constexpr unsigned stimuli = 5;
[[nodiscard]] const char* words_for(stimulus what);

class target_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct target_traits {
    bool silicon = false;          ///< registers that can do damage are left alone
    bool writes_allowed = true;    ///< false: nothing is written, GASAADDR neither
    bool fresh = false;            ///< nothing has written to it since power-on
    bool any_byte_enables = false; ///< byte enables need not be contiguous
    bool host_manages = false;     ///< an operating system has set the function up, and keeps it so
    bool shared_allowed = true;    ///< on silicon: what other hosts see may be written, too
};

class target {
public:
    target() = default;
    target(const target&) = delete;
    target& operator=(const target&) = delete;
    virtual ~target() = default;

    /// As the user names it: "model", "vfio-user:/run/ntb/0.sock", "pci:0000:01:00.0".
    [[nodiscard]] virtual std::string name() const = 0;
    [[nodiscard]] virtual target_traits traits() const = 0;
    /// How many functions can be reached by their own doors.
    [[nodiscard]] virtual unsigned functions() const = 0;
    /// The space of the map that the function's doors open: "nt", "dma".
    [[nodiscard]] virtual std::string space_of(unsigned /*function*/) const { return "nt"; }
    /// Whether BAR0 of the function opens its registers (memory space enabled, BARSETUP0).
    [[nodiscard]] virtual bool has_bar0(unsigned /*function*/) const { return true; }

    /// Reads `width` (1, 2, 4) bytes at `offset`, which is aligned to it; bytes that are not
    /// enabled read 0.
    [[nodiscard]] virtual std::uint32_t read(door by, unsigned function, std::uint32_t offset,
                                             unsigned width, unsigned byte_enables) = 0;
    virtual void write(door by, unsigned function, std::uint32_t offset, unsigned width,
                       std::uint32_t value, unsigned byte_enables) = 0;

    [[nodiscard]] virtual bool can_reset(reset_kind kind) const = 0;
    /// Resets the function; its link is up again on return.
    virtual void reset(reset_kind kind, unsigned function) = 0;

    /// Why that cannot be made to happen to the function; empty if it can.
    [[nodiscard]] virtual std::string why_not(stimulus /*what*/, unsigned /*function*/) const {
        return "this target cannot make it happen";
    }
    /// Makes it happen, once; every register is afterwards as before, but for what reports it.
    virtual void provoke(stimulus what, unsigned function);

    /// Lets what a write has started come to its end.
    virtual void settle() {}

    [[nodiscard]] std::uint32_t read(door by, unsigned function, std::uint32_t offset,
                                     unsigned width = 4) {
        return read(by, function, offset, width, (1U << width) - 1U);
    }
    void write(door by, unsigned function, std::uint32_t offset, unsigned width,
               std::uint32_t value) {
        write(by, function, offset, width, value, (1U << width) - 1U);
    }
};

} // namespace ntb::regs::check
