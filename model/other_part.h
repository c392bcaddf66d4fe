// SPDX-License-Identifier: Apache-2.0
// The part of the switch that is somewhere else. A switch may be built in two parts that run side
// by side: each has all of the model, but executes only the ports that are its own, and one of the
// two executes the switch-global registers. What leaves one part for the other goes through this
// interface; what comes from there goes in by ntb_switch::arrive() and the calls beside it. The
// model does not know where the other part is (docs/peer-link.md).
//
// A port of the other part exists here, too: as it is after a fundamental reset, with its link
// down. That is what software sees of it while the other part is not there.
//
// Units: bytes. Threading: the SystemC thread; read(), write() and forward() wait, so only from
// SC_THREADs. Errors: a crossing access that the other part does not answer in time is `no_answer`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <systemc>
#include <tlm>

#include "model/forwarding.h"
#include "model/types.h"

namespace ntb {

struct register_access;

/// What of the switch events has no register (switch_events.h), by type.
struct event_state {
    std::array<std::uint32_t, 8> status{};
    std::array<std::uint32_t, 8> opened{}; ///< masks: 1 = open
};

/// Storage of the switch-global registers and tables. It lies in memory that both parts see where
/// there are two, and somebody else may write there at any time: each word is loaded once and used
/// by its fields, of which every value is possible (shared_word.h).
struct global_state {
    static constexpr std::size_t register_dwords = 0x800; ///< 0x3E000 to the end of the space
    std::array<std::uint32_t, register_dwords> registers{};
    std::array<std::uint32_t, mapping_table_size> mapping{};
    event_state events{};
};

/// One thing that crosses and needs no answer. `port` is always the port concerned.
struct crossing {
    enum class what : std::uint8_t {
        doorbells,         ///< value = bits that reach INDBELLSTS of `port`
        message,           ///< for INMSG`index` of `port`: value, from `from_port`'s
                           ///< OUTMSG`from_index`, `partition`
        message_outcome,   ///< of OUTMSG`index` of `port`, by its tag: flag = accepted
        switch_event,      ///< reaches the function of `port`
        temperature_alarm, ///< reaches the function of `port`
        failover_change,   ///< of `port`: flag = complete
        raise,             ///< switch event of type `index` of port or partition value
        link_changed,      ///< of `port`: flag = up
        mode_took_effect,  ///< of `port`: flag = the port is reset
        hold_in_reset,     ///< ports of `partition`: flag = held
        reset_partition,   ///< fundamental reset of the ports of `partition`
        reset_switch,      ///< fundamental reset of everything
        fail_over,         ///< capability `index`, kind value
        set_temperature,   ///< value = half degrees
    };
    static constexpr unsigned kinds = 14;

    what kind = what::doorbells;
    port_number port{};
    port_number from_port{};
    partition_number partition{};
    std::uint8_t index = 0;
    std::uint8_t from_index = 0;
    bool flag = false;
    std::uint32_t value = 0;
    std::uint32_t tag = 0; ///< of a message and its outcome; whoever carries crossings gives it
};

/// How an access of the other part's registers ended.
enum class crossing_result : std::uint8_t {
    done,
    gone,      ///< the other part has left: who asked decides anew who executes it
    no_answer, ///< none came within the completion time-out
};

class other_part {
public:
    other_part() = default;
    other_part(const other_part&) = delete;
    other_part& operator=(const other_part&) = delete;
    virtual ~other_part() = default;

    /// Where switch-global state is; for the life of the switch.
    [[nodiscard]] virtual global_state& state() = 0;
    /// Elaboration: that state is in use already and must not be reset.
    [[nodiscard]] virtual bool powered() const = 0;
    /// Whether this part executes the port; does not change.
    [[nodiscard]] virtual bool is_here(port_number port) const = 0;

    /// Whether the other part executes that port now.
    [[nodiscard]] virtual bool has(port_number port) const = 0;
    /// Whether the other part executes the switch-global registers now.
    [[nodiscard]] virtual bool has_core() const = 0;

    /// `c` goes to the other part, in order with everything else; without one, nowhere.
    virtual void send(const crossing& c) = 0;
    /// An access of the global space that the other part executes.
    [[nodiscard]] virtual crossing_result read(std::uint32_t address, const register_access& a,
                                               std::uint32_t& value) = 0;
    [[nodiscard]] virtual crossing_result write(std::uint32_t address,
                                                const register_access& a) = 0;
    /// A translated request to a port of the other part (forwarding_target::forward()).
    [[nodiscard]] virtual forward_result forward(port_number port,
                                                 tlm::tlm_generic_payload& request) = 0;

    /// What the other part sees of a port of this one: whether requests may be emitted there, and
    /// INDBELLSTS.
    virtual void publish(port_number port, bool accepts_requests, std::uint32_t doorbells) = 0;
    /// The same of a port of the other part.
    [[nodiscard]] virtual bool accepts_requests(port_number port) const = 0;
    [[nodiscard]] virtual std::uint32_t inbound_doorbells(port_number port) const = 0;
};

} // namespace ntb
