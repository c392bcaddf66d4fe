// SPDX-License-Identifier: Apache-2.0
// What leaves a port towards its host: the buffer in which TLPs of three kinds wait for the link
// and for the host's credits, in the order that tlp_order.h states, and the way of posted ones to
// the host. Where TLPs may pass each other, the oldest that can go goes first.
//
// Posted requests move on by themselves: whoever hands one over goes on at once, and finds out
// nothing about its end. Their data is copied, at most a TLP's largest payload; of a larger
// transaction, which is many TLPs, the data stays with its initiator, who waits until it has
// arrived. Non-posted requests and completions are carried by the thread of the request.
//
// The link takes a TLP a pipeline (timing_config::egress) after it came here, at the earliest.
// While nothing waits for credits its place on the link is known when it comes, in closed form.
//
// Units: bytes; core-clock cycles; picoseconds. Threading: the SystemC thread; run() is an
// SC_THREAD; what waits says so. Nothing is allocated after elaboration. Errors: what goes down
// with the link is lost, as on silicon.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <systemc>
#include <tlm>

#include "model/config.h"
#include "model/core_clock.h"
#include "model/flow_control.h"
#include "model/link.h"
#include "model/nt_port_sockets.h"
#include "model/pcie_extension.h"

namespace ntb {

class egress {
public:
    static constexpr std::size_t capacity = 256;     ///< posted TLPs in the buffer
    static constexpr std::size_t writes = 16;        ///< of which with copied data
    static constexpr std::uint32_t max_copy = 4096;  ///< largest payload of a TLP (PCIe 2.1, 2.2.2)
    static constexpr std::uint32_t max_enables = 64; ///< byte enables that are copied

    egress(link& of, const timing_config& timing, const core_clock& clock,
           nt_initiator_socket& upstream);
    egress(const egress&) = delete;
    egress& operator=(const egress&) = delete;
    ~egress() { payload_.clear_extension(&extension_); } // is not its to free

    // --- posted ----------------------------------------------------------------------------------
    /// An MSI (data of 4 bytes at `address`) or a message. False: lost, for want of room or link.
    [[nodiscard]] bool send(tlp_kind kind, std::uint64_t address, std::uint32_t data);
    /// A write of another host, which enters `cross_cycles` from now. Waits for room, and for the
    /// end of what is not copied. False: lost, the link went down before it was taken.
    [[nodiscard]] bool post(tlm::tlm_generic_payload& write, const wire_load& w,
                            std::uint32_t cross_cycles);
    /// Waits until all that is in the buffer now is with the host. False: the link went down
    /// before.
    [[nodiscard]] bool drain();
    /// Whether writes of other hosts are in the buffer.
    [[nodiscard]] bool has_writes() const;
    /// Waits, at most until `give_up_ps`, until those that are in the buffer now have left it, to
    /// the host or with the link. False: not all have.
    [[nodiscard]] bool drain_writes(std::uint64_t give_up_ps);
    /// Whether a write of that length is copied.
    [[nodiscard]] static bool copies(const tlm::tlm_generic_payload& write) {
        return write.get_data_length() <= max_copy && write.get_byte_enable_length() <= max_enables;
    }

    // --- carried by the caller's thread
    // ------------------------------------------------------------
    enum class outcome : std::uint8_t { granted, lost, timed_out };
    /// A place on the link, which may be in the future.
    struct granted_place {
        link::slot slot{};
        std::uint64_t number = 0; ///< in the order of coming
    };
    /// Waits until a non-posted request or a completion has its place on the link, at most until
    /// `give_up_ps`.
    /// `passes_posted`: a completion of a configuration write (B18.2).
    [[nodiscard]] outcome await_link(tlp_class c, const wire_load& w, std::uint32_t cross_cycles,
                                     std::uint64_t give_up_ps, granted_place& out,
                                     bool passes_posted = false);
    /// Waits until its last symbol is at the host, and what it may not pass is there, too.
    void await_end(const granted_place& place);

    // --- link and credits
    // --------------------------------------------------------------------------
    /// Everything in the buffer is lost; INTx that the host has seen asserted is taken back, as the
    /// host's own port does it (PCIe 2.1 section 2.2.8.1).
    void link_went_down();
    /// The host gives no credits of that kind any more, or does again.
    void stick_credits(tlp_class c, bool stuck);

    /// The process that takes posted TLPs to the host; never returns.
    void run();
    /// The time when credits come back, for an SC_METHOD that calls arbitrate().
    [[nodiscard]] sc_core::sc_event& credits_due() { return credits_due_; }
    /// Gives the link to whoever can have it.
    void arbitrate();

private:
    /// Who wants the link. `place` is valid once it is granted.
    struct claim {
        std::uint64_t number = 0; ///< in the order of coming
        std::uint64_t ready_ps = 0;
        wire_load load{};
        bool passes_posted = false;
        bool granted = false;
        link::slot place{};
    };
    struct posted {
        tlp_kind kind = tlp_kind::msi;
        claim wants{};
        std::uint64_t address = 0;
        std::uint32_t word = 0; ///< data of an MSI
        unsigned char* data = nullptr;
        std::uint32_t length = 4;
        unsigned char* enables = nullptr;
        std::uint32_t enables_length = 0;
        int buffer = -1; ///< of copied data
        pcie_extension attributes{};
    };
    struct buffer {
        std::array<unsigned char, max_copy> data;
        std::array<unsigned char, max_enables> enables;
    };
    /// Claims of one kind that have not been granted, in order.
    class queue {
    public:
        static constexpr std::size_t size = capacity;
        [[nodiscard]] bool empty() const { return used_ == 0; }
        [[nodiscard]] bool full() const { return used_ == size; }
        [[nodiscard]] claim* front() const { return used_ != 0 ? claims_[head_] : nullptr; }
        void push(claim& c) { claims_[(head_ + used_++) % size] = &c; }
        void pop() {
            head_ = (head_ + 1) % size;
            --used_;
        }
        void remove(const claim& c);
        void clear() { used_ = 0; }

    private:
        std::array<claim*, size> claims_{};
        std::size_t head_ = 0;
        std::size_t used_ = 0;
    };

    /// Whether one that is older than `number` is in the buffer.
    [[nodiscard]] bool has_write_before(std::uint64_t number) const;
    [[nodiscard]] static std::size_t index(tlp_class c) { return static_cast<std::size_t>(c); }
    [[nodiscard]] bool nothing_waits() const;
    [[nodiscard]] bool may_go(const claim& x) const;
    /// Gives it the link if it has credits.
    [[nodiscard]] bool grant(tlp_class c, claim& x);
    /// Granted at once, or queued.
    void want(tlp_class c, claim& x);
    void arm();
    posted& push();
    void pop();
    void used_is(std::size_t used);
    int free_buffer();
    void show(const posted& p);
    void show_write(const link::slot& place, const tlm::tlm_generic_payload& write, bool poisoned);
    void deliver(posted& p);

    link& link_;
    const timing_config& timing_;
    const core_clock& clock_;
    nt_initiator_socket& upstream_;
    std::array<credit_pool, tlp_classes> credits_; ///< by tlp_class
    std::array<queue, tlp_classes> waiting_;       ///< by tlp_class
    std::uint64_t next_number_ = 0;

    std::array<posted, capacity> posted_{};
    std::size_t head_ = 0;
    std::size_t used_ = 0;
    std::uint32_t cleared_ = 0;  ///< times that the buffer was emptied
    bool delivering_ = false;    ///< the oldest is in the host's hands
    std::uint64_t finished_ = 0; ///< number after that of the last one that has left
    std::array<buffer, writes> buffers_{};
    std::bitset<writes> busy_{};
    bool host_sees_intx_ = false; ///< Assert_INTA has reached it

    sc_core::sc_event came_, granted_, left_, credits_due_;
    tlm::tlm_generic_payload payload_;
    pcie_extension extension_;
};

} // namespace ntb
