// SPDX-License-Identifier: Apache-2.0
// The peer link of a simulator that has only some of the switch's ports: sends what the model has
// for the other part over the shared memory, and lets what comes from there act in the model.
//
// Order: what one side sends acts at the other in the order in which it was sent; only requests
// that are completed (reads, register accesses) go to SC_THREADs of their own when their turn
// comes, so that one that waits holds up nothing. A read that the other side does not answer for 4
// s though it lives ends as an unsupported request.
//
// Room: input is always taken, whether output finds room or not. What the model sends without
// waiting is kept here until there is room; who may wait, waits. That is bounded: doorbells and
// events become one with their like that waits already, a message is withdrawn when it is given up,
// and the model waits when too many are under way. A side that lets more than max_kept wait all the
// same counts as gone.
//
// Time with the wall clock: what comes acts at the simulated time at which it was due, or at once
// if that is over; both sides count from one epoch. Without it: turns.h. Units: picoseconds.
//
// The other side comes and goes: connected() says how it is now. Nothing that it writes is trusted;
// when it writes what cannot be, it counts as gone until another simulator comes. When it cuts the
// memory off, the switch's state is gone with it: the switch is reset, and this part is alone.
// Threading: the SystemC thread. Errors: none; what happens is logged, once, and not without limit.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <spdlog/spdlog.h>
#include <systemc>
#include <vector>

#include "model/ntb_switch.h"
#include "model/other_part.h"
#include "tlm_bridge/kernel/time_partner.h"
#include "tlm_bridge/peer/attachment.h"
#include "tlm_bridge/peer/companion.h"
#include "tlm_bridge/peer/record.h"
#include "tlm_bridge/peer/ring.h"
#include "tlm_bridge/peer/turns.h"
#include "tlm_bridge/rate_limit.h"

namespace ntb::peer {

class peer_link : public sc_core::sc_module, public other_part, public bridge::time_partner {
public:
    struct options {
        /// How long one is waited for who has not answered the last time.
        std::uint64_t completion_timeout_ps = 50'000'000'000;
        /// Wakes the other side, whose ivshmem ID is given.
        std::function<void(std::uint32_t)> ring;
        bool exact = false; ///< --pace none
    };

    /// `place` outlives the link.
    peer_link(const sc_core::sc_module_name& name, attachment& place, options o,
              std::shared_ptr<spdlog::logger> logger);

    /// The switch that this is the other part of. Elaboration only; before the simulation starts.
    void bind(ntb_switch& s);

    /// The other side has rung, or may have come or gone: takes what there is.
    void look();
    /// Whether the other side is there.
    [[nodiscard]] bool connected() const { return connected_; }
    /// Bit p = port p is executed by the other side, while it is there.
    [[nodiscard]] std::uint32_t other_ports() const { return other_ports_; }

    /// Number of the other simulator (layout::side::incarnation), 0 while there is none.
    [[nodiscard]] std::uint32_t other_incarnation() const { return acting_incarnation_; }
    /// Called when the other side has come or gone, from a process, before the model learns that it
    /// has gone. Elaboration only.
    void on_change(std::function<void()> f) { changed_ = std::move(f); }
    /// Whether memory writes that were sent may not be in memory yet. Asks the other side if so.
    [[nodiscard]] bool writes_under_way();
    /// Waits, at most so long, for those that are under way now; not at all where the last wait was
    /// in vain and nothing has been heard since. From an SC_THREAD.
    [[nodiscard]] bool await_writes(std::uint64_t limit_ps);
    /// Called when writes have settled. Elaboration only.
    void on_settled(std::function<void()> f) { on_settled_ = std::move(f); }

    /// Who is told what the other side's companion says, and who comes and goes. Elaboration only;
    /// outlives the simulation.
    void set_companion(companion& c) { companion_ = &c; }
    /// For the other side's companion, in order with everything else that is sent.
    void say(std::uint32_t word);
    /// Returns when all is sent. From an SC_THREAD.
    void drain();
    /// Nothing more is done for the other side, and how it fares is no matter any more.
    void leave();

    // time_partner, where there is no wall clock
    void take_input() override;
    [[nodiscard]] bool may_go_on(std::uint64_t next_ps, bool input) override;
    [[nodiscard]] std::uint64_t partner_ps() const override;

    // other_part
    [[nodiscard]] global_state& state() override { return place_.state(); }
    [[nodiscard]] bool powered() const override { return place_.powered(); }
    [[nodiscard]] bool is_here(port_number port) const override {
        return (place_.ports() >> port.value() & 1U) != 0;
    }
    [[nodiscard]] bool has(port_number port) const override {
        return present() && !is_here(port) &&
               (has_core_ || (other_ports_ >> port.value() & 1U) != 0);
    }
    [[nodiscard]] bool has_core() const override { return present() && has_core_; }
    void send(const crossing& c) override;
    [[nodiscard]] crossing_result read(std::uint32_t address, const register_access& a,
                                       std::uint32_t& value) override;
    [[nodiscard]] crossing_result write(std::uint32_t address, const register_access& a) override;
    [[nodiscard]] forward_result forward(port_number port,
                                         tlm::tlm_generic_payload& payload) override;
    void publish(port_number port, bool accepts_requests, std::uint32_t doorbells) override;
    [[nodiscard]] bool accepts_requests(port_number port) const override;
    [[nodiscard]] std::uint32_t inbound_doorbells(port_number port) const override;

private:
    static constexpr unsigned workers = 8;
    static constexpr unsigned max_requests = 32;
    /// Records that wait for their time before input is left in the ring, and nobody who comes is
    /// let in. What a dead simulator left there, a ring at most, is taken all the same.
    static constexpr std::size_t max_arrived = 512;
    /// Lines in the log at once, by whatever the other side does; then one a second.
    static constexpr std::uint32_t max_lines = 64;
    /// Records that wait for room before who may wait does.
    static constexpr std::size_t max_unsent = 64;
    /// Records, and bytes of their data, that wait for room before the other side counts as gone.
    static constexpr std::size_t max_kept = 4096;
    static constexpr std::size_t max_kept_bytes = std::size_t{64} << 20U;
    /// How long an answer of the other side is awaited while it lives. Not PCIe's completion
    /// time-out: that counts time on links, this one also what the machine takes to let the other
    /// process run. Below QEMU's patience with a device, 5 s.
    static constexpr std::uint64_t patience_ps = 4'000'000'000'000;
    static constexpr std::uint64_t never = ~std::uint64_t{0};
    /// How often is looked whether who asks for settled writes is still there.
    static constexpr std::uint64_t settle_look_ps = 100'000'000'000;

    /// A request of this side that is to be completed.
    struct request {
        bool used = false;
        bool ended = false;
        crossing_result result = crossing_result::done;
        record completion{};
        std::uint32_t tag = 0;
        sc_core::sc_event event{};
    };
    /// A message whose outcome the other side is to tell.
    struct message {
        port_number port{};
        std::uint8_t outbound = 0;
        std::uint32_t tag = 0;
        std::uint64_t deadline_ps = 0;
    };
    /// What is in arrived_: a record, that the other side has come or gone, or the memory has.
    struct arrival {
        enum class what : std::uint8_t { record, came, gone, cut_off } kind = what::record;
        record r{};
        std::uint32_t incarnation = 0;
        std::uint32_t ports = 0;
    };

    /// Whether the other side is there and the memory is whole, which it ceases to be unasked.
    [[nodiscard]] bool present() const {
        if (!cut_off_ && place_.damaged())
            has_arrived_.notify(sc_core::SC_ZERO_TIME); // act_thread() sees to it
        return connected_ && !place_.damaged();
    }
    void check_other_side();
    /// Takes what has come until `limit` records wait for their time.
    void take_records(std::size_t limit);
    /// Whether the next record is of one who took the other side and has not been seen yet.
    [[nodiscard]] bool next_is_of_a_comer();
    /// Whether the memory has been cut off; the first time it is said and done something about.
    bool notice_damage();
    void sever(const char* why);
    /// The other side is not there any more: the model learns it after what was sent before.
    void lose();
    void arrived(arrival a);
    void act_thread();
    void worker_thread();
    void give_up_messages();
    void act(arrival& a);
    void execute(const record& r);
    void came(const arrival& a);
    void gone();
    void memory_write_here(const record& r);
    /// Returns when no memory write is under way to a host here; false: who asked has gone.
    [[nodiscard]] bool writes_settle_here(std::uint32_t asked_by);
    void writes_settled(std::uint64_t number);
    [[nodiscard]] forward_result memory_request_here(const record& r, record& completion);
    void complete(const record& asked, record completion);
    [[nodiscard]] static crossing outcome_of(const message& m, bool accepted);
    /// Its outcome goes to the model, once.
    void message_ended(std::uint32_t tag, bool accepted);
    [[nodiscard]] request& begin_request();
    /// When what is asked now is given up; with the wall clock only.
    [[nodiscard]] std::uint64_t deadline_ps() const;
    [[nodiscard]] crossing_result await(request& q, std::uint64_t give_up_ps);
    [[nodiscard]] crossing_result access(record_kind kind, std::uint32_t address,
                                         const register_access& a, std::uint32_t* value);
    [[nodiscard]] forward_result forward_piece(port_number port, tlm::tlm_generic_payload& payload,
                                               std::uint32_t begin, std::uint32_t size);
    /// Whether it becomes one with a record that waits for room.
    [[nodiscard]] bool merge(const layout::slot_header& h);
    /// What was given up need not be sent any more.
    void withdraw_message(std::uint32_t tag);
    /// Sends it, if need be when there is room; its number.
    std::uint64_t post(record r);
    void flush();
    void forget_unsent();
    /// Waits until something more may be sent; false: the time is over, or the other side is gone.
    [[nodiscard]] bool await_room(std::uint64_t give_up_ps);
    /// Waits until that record cannot get lost with this process any more.
    void await_in_ring(std::uint64_t number);
    [[nodiscard]] std::uint64_t due_ps(const record& r) const;

    attachment& place_;
    options options_;
    bridge::guest_log log_;
    ntb_switch* switch_ = nullptr;
    companion* companion_ = nullptr;
    bool left_ = false;    ///< nothing more is to be done here
    bool cut_off_ = false; ///< the memory was, and that is known
    bool silent_ = false;  ///< something was given up, and nothing has been heard since
    ring_sender out_;
    ring_receiver in_;
    turns turns_;

    // How the other side is, as the model sees it: after what it sent before has acted.
    bool connected_ = false;
    bool has_core_ = false;
    std::uint32_t other_ports_ = 0;
    std::uint32_t acting_incarnation_ = 0;
    // How it is now.
    std::uint32_t seen_incarnation_ = 0;
    std::uint32_t last_incarnation_ = 0; ///< is gone, or broke the rules: does not come again

    std::deque<arrival> arrived_;
    mutable sc_core::sc_event has_arrived_;
    std::deque<record> unsent_;
    std::size_t unsent_bytes_ = 0; ///< of their data
    std::uint64_t posted_ = 0;     ///< number of the last record
    std::uint64_t in_ring_ = 0;    ///< of the last that is in the ring, or never will be
    sc_core::sc_event has_room_;
    std::deque<record> work_;
    sc_core::sc_event has_work_;
    std::array<request, max_requests> requests_; // `{}` makes GCC 14 warn
    std::uint32_t next_tag_ = 1;
    sc_core::sc_event request_free_;
    std::function<void()> changed_{};
    std::function<void()> on_settled_{};
    std::uint64_t writes_sent_ = 0;    ///< that nobody is told the end of
    std::uint64_t writes_settled_ = 0; ///< how many of them are in memory
    std::uint64_t writes_asked_ = 0;   ///< how many the question was about that is under way
    std::uint32_t settle_tag_ = 0;     ///< of it, 0: none is
    bool settles_late_ = false;        ///< the last wait was in vain
    sc_core::sc_event has_settled_;
    std::deque<message> messages_;
    sc_core::sc_event message_is_late_;
};

} // namespace ntb::peer
