// SPDX-License-Identifier: Apache-2.0
// One port with an NT function: its sockets, its link and its function. Transactions of the host
// come in through a door, occupy the link, wait out the ingress pipeline and their turn
// (ingress.h), act in the function, and are answered through the egress pipeline; MSI, INTx and
// translated requests leave by `upstream` (egress.h).
//
// A memory write of the host is posted: its transport returns when the function has carried it out
// or, of a window, when the other port has taken it. Its response tells what this switch refused,
// which no host would learn; what became of it in the other host is not told.
//
// The function is there while the port's mode has one; without it, or without a host, or while its
// partition is held in reset, the link is down.
//
// Units: bytes; picoseconds. Threading: the SystemC thread; b_transport waits, so only from
// SC_THREADs. Errors: TLM_ADDRESS_ERROR_RESPONSE for an unsupported request or a dead link,
// TLM_GENERIC_ERROR_RESPONSE where no completion came (reads give all ones), as PCIe completes them
// at the requester. What the function itself refuses is logged in its AER (nt_errors.h).
#pragma once

#include <array>
#include <systemc>
#include <tlm>

#include "model/config.h"
#include "model/configurable_port.h"
#include "model/delay_line.h"
#include "model/dma_function.h"
#include "model/egress.h"
#include "model/fault_injector.h"
#include "model/forwarding.h"
#include "model/ingress.h"
#include "model/link.h"
#include "model/nt_function.h"
#include "model/nt_port_sockets.h"
#include "model/pcie_extension.h"
#include "model/register_mirror.h"

namespace ntb {

class nt_port : public sc_core::sc_module,
                public interrupt_output,
                public error_output,
                public punch_output,
                public forwarding_target,
                public configurable_port,
                private register_mirror {
public:
    nt_port(const sc_core::sc_module_name& name, port_number number,
            const topology_config& topology, const timing_config& timing, switch_core& core);
    ~nt_port() override;

    [[nodiscard]] nt_target_socket& config_socket() { return config_.socket; }
    /// Configuration space of the port's DMA function; unsupported requests while there is none.
    [[nodiscard]] nt_target_socket& dma_config_socket() { return dma_config_.socket; }
    [[nodiscard]] nt_target_socket& bar_socket(unsigned bar) { return bars_[bar].socket; }
    [[nodiscard]] nt_initiator_socket& upstream_socket() { return upstream_.socket; }
    [[nodiscard]] nt_function& function() { return function_; }
    [[nodiscard]] dma_function& dma() { return dma_; }
    [[nodiscard]] const link& pcie_link() const { return link_; }

    /// The host comes, or goes: data link up, if the port can have one now, or surprise down.
    void set_host_connected(bool connected);
    /// PME_Turn_Off arrives: what is under way upstream goes out first, then PME_TO_Ack, then the
    /// link is in L2/L3 Ready until the host is connected anew or a fundamental reset (B13.2; that
    /// the registers are reset as whenever the link goes down is not confirmed). Waits.
    void pme_turn_off();
    /// Something goes wrong here, now or next (fault_injector.h).
    void inject(const fault& f);
    /// The link goes down. Down resets the function as a hot reset does (PCIe 2.1 section 2.9.1).
    void drop_link();
    /// The link comes up if there is a host and a function out of reset.
    void train_link();

    /// Tells `mirror` from now on, until it is given another one or null (register_mirror.h).
    void set_mirror(register_mirror* mirror);

    /// Where requests of this port's host to its window BARs would go now: reads and writes alike,
    /// completions included. BAR0 is left out.
    void list_windows(window_list& out) const;

    /// Whether memory writes of other hosts are under way to this port's host, or a fault keeps one
    /// of this host back.
    [[nodiscard]] bool writes_under_way() const { return held_write_.used || egress_.has_writes(); }
    /// Waits, at most that long, until those that are under way now have arrived. False: not all
    /// have.
    [[nodiscard]] bool await_writes(std::uint64_t limit_ps) {
        return egress_.drain_writes(core_clock::now_ps() + limit_ps) && !held_write_.used;
    }

    /// Declares this port's signals. Elaboration only.
    void trace(trace_sink& sink);

    // interrupt_output
    bool send_msi(std::uint64_t address, std::uint32_t data) override;
    bool send_intx(bool asserted) override;

    // error_output
    bool send_error(error_severity severity) override;

    // punch_output
    [[nodiscard]] punch_result send_config(const punch_request& request,
                                           std::uint32_t& data) override;

    // configurable_port
    void attach(port_mode mode, partition_number partition, bool reset) override;
    void hold_in_reset(bool held) override;
    void reset_fundamental() override;
    void forget() override;
    [[nodiscard]] bool ready_for_requests() const override;

    // forwarding_target
    [[nodiscard]] bool accepts_requests() const override;
    [[nodiscard]] forward_result forward(tlm::tlm_generic_payload& request) override;
    [[nodiscard]] forward_result forward_here(tlm::tlm_generic_payload& request) override;
    [[nodiscard]] unsigned bus_number() const override { return captured_bus; }
    [[nodiscard]] port_number number() const override { return number_; }

private:
    /// The bus behind a root port; a switch captures it from configuration writes, which carry no
    /// bus number here (assumed).
    static constexpr unsigned captured_bus = 1;
    static constexpr unsigned punch_requester = 4; ///< device 0 function 4 of it (B10.3)

    /// Configuration space, of the DMA function, or a BAR.
    enum class door_kind : std::uint8_t { config, dma_config, bar };

    /// Target of one socket.
    class door : public tlm::tlm_fw_transport_if<> {
    public:
        door(nt_port& owner, door_kind kind, unsigned bar, const char* socket_name)
            : socket(socket_name), owner_(owner), kind_(kind), bar_(bar) {
            socket.bind(*this);
        }
        nt_target_socket socket;

        void b_transport(tlm::tlm_generic_payload& p, sc_core::sc_time& delay) override {
            if (delay != sc_core::SC_ZERO_TIME) {
                sc_core::wait(delay);
                delay = sc_core::SC_ZERO_TIME;
            }
            if (!owner_.read_at_once(p, kind_, bar_))
                owner_.transport(p, kind_, bar_);
        }
        tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& p, tlm::tlm_phase&,
                                           sc_core::sc_time&) override {
            p.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE); // loosely timed model only
            return tlm::TLM_COMPLETED;
        }
        bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) override {
            dmi.allow_none();
            return false;
        }
        unsigned int transport_dbg(tlm::tlm_generic_payload& p) override {
            return owner_.transport_debug(p, kind_, bar_);
        }

    private:
        nt_port& owner_;
        door_kind kind_;
        unsigned bar_;
    };

    /// The initiator side: nothing comes backwards in this model.
    class upstream_door : public tlm::tlm_bw_transport_if<> {
    public:
        upstream_door() : socket("upstream") { socket.bind(*this); }
        nt_initiator_socket socket;
        tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase&,
                                           sc_core::sc_time&) override {
            return tlm::TLM_COMPLETED;
        }
        void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
    };

    struct msi_write {
        std::uint64_t address = 0;
        std::uint32_t data = 0;
    };
    /// A window write that a fault keeps back.
    struct held_write {
        bool used = false;
        forwarding_target* target = nullptr;
        tlm::tlm_generic_payload payload;
        pcie_extension extension;
        std::array<unsigned char, egress::max_copy> data{};
        std::array<unsigned char, egress::max_enables> enables{};
    };

    /// A plain register read where the link takes no time and nobody watches it.
    [[nodiscard]] bool read_at_once(tlm::tlm_generic_payload& p, door_kind kind,
                                    unsigned bar) const {
        return link_.clear() && !link_.traced() && kind != door_kind::dma_config &&
               (kind == door_kind::config || opens_config_space(bar)) && function_.read_plain(p);
    }
    /// Any register access that takes no time and that nobody watches, and no fault awaits.
    [[nodiscard]] bool acts_at_once(door_kind kind, unsigned bar) const {
        return link_.clear() && !link_.traced() && timing_.gasa + timing_.message == 0 &&
               !faults_.any() && kind != door_kind::dma_config &&
               (kind == door_kind::config || opens_config_space(bar));
    }
    void access_registers(tlm::tlm_generic_payload& p, door_kind kind, unsigned bar, bool debug);
    /// Whether a memory request to this BAR reaches the registers.
    [[nodiscard]] bool opens_config_space(unsigned bar) const {
        return bar == 0 && function_.memory_space_enabled() && function_.bar0_is_config_space();
    }
    // register_mirror: what the function tells, passed on with what only the port knows
    void changed(std::uint32_t offset, std::uint32_t value) noexcept override;
    void plain(std::uint32_t offset, bool is) noexcept override { mirror_->plain(offset, is); }
    void decides_windows(std::uint32_t offset) noexcept override {
        mirror_->decides_windows(offset);
    }
    void answers(bool does) noexcept override { mirror_->answers(does); }
    void mirror_bar0() noexcept;
    void link_is(bool up);
    void train_link_later();
    void transport(tlm::tlm_generic_payload& p, door_kind kind, unsigned bar);
    void carry(tlm::tlm_generic_payload& p, door_kind kind, unsigned bar);
    unsigned transport_debug(tlm::tlm_generic_payload& p, door_kind kind, unsigned bar);
    /// `way` is that of a request that came over the link; null for a debug access.
    void act(tlm::tlm_generic_payload& p, door_kind kind, unsigned bar, ingress::passage* way);
    /// A request to a window BAR: checked, translated and forwarded piece by piece.
    void cross(tlm::tlm_generic_payload& p, unsigned bar, requester_id who, ingress::passage& way);
    /// Whether every part of a request has somewhere to go, over several table entries too: a TLP
    /// is refused as a whole, before any of it has left.
    [[nodiscard]] bool all_translates(std::uint64_t address, unsigned bar,
                                      std::uint32_t length) const;
    [[nodiscard]] forward_result cross_piece(tlm::tlm_generic_payload& p,
                                             const translated_piece& piece, std::uint32_t done,
                                             unsigned entry, ingress::passage& way);
    [[nodiscard]] forward_result forward_write(tlm::tlm_generic_payload& request);
    [[nodiscard]] forward_result forward_read(tlm::tlm_generic_payload& request);
    /// The completion of a request that left here crosses this port's link. False: it is lost.
    [[nodiscard]] bool receive_completion(const tlm::tlm_generic_payload& request,
                                          std::uint64_t give_up_ps);
    /// The completion of a request of this port's host. False: none arrives.
    [[nodiscard]] bool complete(tlm::tlm_generic_payload& p, std::uint64_t give_up_ps);
    void show_request(const tlm::tlm_generic_payload& p, const link::slot& s, door_kind kind,
                      unsigned bar);
    void refuse(tlm::tlm_generic_payload& p);
    /// The function itself does not support the request: refused, and logged.
    void refuse_and_log(tlm::tlm_generic_payload& p, door_kind kind, unsigned bar);
    [[nodiscard]] tlp_header header_of(const tlm::tlm_generic_payload& p, door_kind kind,
                                       unsigned bar) const;
    /// Ones as data, TLM_GENERIC_ERROR_RESPONSE: the requester's completion time-out is over.
    static void time_out(tlm::tlm_generic_payload& p);
    /// When a request that is sent now is given up.
    [[nodiscard]] std::uint64_t completion_deadline() const;
    [[nodiscard]] requester_id requester_of(const tlm::tlm_generic_payload& p) const;
    /// A configuration request leaves and is completed.
    [[nodiscard]] punch_result exchange(const punch_request& request,
                                        tlm::tlm_generic_payload& payload);
    void show_config(const link::slot& place, const punch_request& request);
    /// Keeps a window write back, if a fault asks for it and it can be kept.
    [[nodiscard]] bool hold(tlm::tlm_generic_payload& write, forwarding_target& target);
    void release_held_writes();

    const port_number number_;
    const timing_config& timing_;
    const requester_id host_requester_;
    const core_clock& clock_;
    switch_core& core_;
    link link_;
    nt_function function_;
    dma_function dma_;
    door config_;
    door dma_config_;
    std::array<door, bar_count> bars_;
    upstream_door upstream_;
    ingress ingress_;
    egress egress_;
    fault_injector faults_;
    held_write held_write_; ///< at most one at a time
    sc_core::sc_event held_write_due_;
    delay_line<msi_write, 1> held_msi_; ///< by a fault, at most one at a time
    bool present_ = false;              ///< the mode has an NT function
    bool held_ = false;                 ///< the partition is in reset
    bool in_l23_ready_ = false;         ///< since PME_TO_Ack
    bool host_connected_ = false;       ///< what set_host_connected() said last
    sc_core::sc_event trained_;
    register_mirror* mirror_ = nullptr;
    bool bar0_answers_ = false; ///< as the mirror was told last
    payload_pool forwarded_;    ///< requests of this port's host on their way to others
};

} // namespace ntb
