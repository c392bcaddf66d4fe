// SPDX-License-Identifier: Apache-2.0
// A simulator's place in the memory that two share: maps it, checks or makes its header, and takes
// one of the two sides. The switch is powered while the memory exists: who comes first finds zeros
// and begins, everybody else finds the state of the switch and goes on with it.
//
// A side is taken while its record lock on the file is held. The system lets go of it when the
// process ends, however that happens, so alive() needs neither the server nor the other's help.
//
// Threading: one thread. Errors: setup_error from the constructor: memory too small or in use by
// something else, another format version, topology, timing or pace, a port that the other side
// has, a third simulator. Memory that is truncated afterwards: damaged().
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "tlm_bridge/peer/layout.h"
#include "tlm_bridge/peer/ring.h"

namespace ntb::peer {

class attachment {
public:
    struct options {
        std::string name;                ///< of the link, in errors: "--peer ivshmem:/run/x"
        int memory_fd = -1;              ///< stays open, and no other of this process to that file
                                         ///< is closed, as long as the attachment lives
        std::uint32_t ports = 0;         ///< bit p = port p is executed here
        std::uint64_t topology_hash = 0; ///< of topology and timing, and what else must be equal
        std::string hashed = "topology or timing"; ///< what that is of, in errors
        bool fresh = false; ///< where nobody is, a new switch begins instead of the one before
        bool exact = false; ///< --pace none
        std::uint32_t ivshmem_id = 0;               ///< by which the other side rings this one
        std::chrono::milliseconds patience{10'000}; ///< for another one that is just starting
    };

    explicit attachment(const options& o);
    ~attachment();
    attachment(const attachment&) = delete;
    attachment& operator=(const attachment&) = delete;

    /// This side, 0 or 1, and what it and the other one write.
    [[nodiscard]] unsigned side() const { return side_; }
    [[nodiscard]] layout::side& mine() { return header().by_side[side_]; }
    [[nodiscard]] layout::side& other() { return header().by_side[1 - side_]; }
    [[nodiscard]] layout::header& header() { return *reinterpret_cast<layout::header*>(memory_); }
    [[nodiscard]] global_state& state() {
        return *reinterpret_cast<global_state*>(memory_ + layout::state_offset);
    }
    [[nodiscard]] ring_memory outgoing() { return ring_of(memory_, side_); }
    [[nodiscard]] ring_memory incoming() { return ring_of(memory_, 1 - side_); }

    /// Where what is meant for this simulator begins in incoming(): the other one may have sent
    /// since this one attached.
    [[nodiscard]] std::uint64_t first_incoming() const { return first_incoming_; }

    /// Number of this simulator among all that attached.
    [[nodiscard]] std::uint32_t incarnation() const { return incarnation_; }
    /// Whether the switch's state was there already.
    [[nodiscard]] bool powered() const { return powered_; }
    /// Whether the other side was taken when this one came: then it executes the switch-global
    /// registers.
    [[nodiscard]] bool joined_another() const { return joined_another_; }
    /// Monotonic clock at simulated time 0.
    [[nodiscard]] std::uint64_t epoch_ns() const { return epoch_ns_; }
    [[nodiscard]] std::uint32_t ports() const { return ports_; }

    /// Whether a living process has the other side.
    [[nodiscard]] bool other_alive() const;
    /// The switch-global state has its reset values: this switch is powered.
    void state_is_complete() { header().powered.store(1); }
    /// This side executes the switch-global registers from now on.
    void take_core();
    /// The memory became shorter: it holds zeros now that only this process sees.
    [[nodiscard]] bool damaged() const;

private:
    void map(const options& o);
    void hold_attach_lock(const options& o);
    void make_header(const options& o);
    void begin_anew(const options& o);
    void describe_switch(const options& o);
    void check_format(const options& o);
    void check_header(const options& o);
    [[nodiscard]] bool deserted() const;
    [[nodiscard]] bool take_lock_of(unsigned side);
    void take_side(const options& o);
    void begin_rings();
    void await_power(const options& o);

    int fd_;
    std::uint8_t* memory_ = nullptr;
    int guard_ = -1;
    unsigned side_ = 0;
    std::uint32_t incarnation_ = 0;
    std::uint64_t first_incoming_ = 0;
    std::uint32_t ports_;
    std::uint64_t epoch_ns_ = 0;
    bool powered_ = false;
    bool joined_another_ = false;
};

/// Nanoseconds of the system's monotonic clock.
[[nodiscard]] std::uint64_t monotonic_ns();

} // namespace ntb::peer
