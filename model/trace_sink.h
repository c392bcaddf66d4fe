// SPDX-License-Identifier: Apache-2.0
// What the model tells of its state, and to whom. The model reports a change when it happens and
// knows nothing of files; traces/ records it. A signal that nobody selected has no handle, so an
// untraced model pays one comparison a change.
//
// Units: picoseconds of simulated time. Threading: the SystemC thread only. Errors: none are
// reported back; a recorder that cannot write says so itself and drops what follows.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/tlp_appearance.h"

namespace ntb {

/// Handle of one declared signal; a default-constructed one means "not traced".
class signal_id {
public:
    constexpr signal_id() = default;
    constexpr explicit signal_id(std::uint32_t index) : index_plus_1_(index + 1) {}
    [[nodiscard]] constexpr bool traced() const { return index_plus_1_ != 0; }
    /// Position in the order of declaration; only where traced().
    [[nodiscard]] constexpr std::uint32_t index() const { return index_plus_1_ - 1; }

private:
    std::uint32_t index_plus_1_ = 0;
};

/// Receiver of state changes. Names are those of the signal list in README: dotted scopes from
/// "switch" down ("switch.port2.nt.indbellsts").
class trace_sink {
public:
    trace_sink() = default;
    trace_sink(const trace_sink&) = delete;
    trace_sink& operator=(const trace_sink&) = delete;
    virtual ~trace_sink() = default;

    /// Declares a vector of `width` bits (1..64) with its value at time 0. Elaboration only.
    /// Returns an untraced handle if the selection does not include the name.
    virtual signal_id declare_bits(std::string_view name, unsigned width,
                                   std::uint64_t initial) = 0;
    /// Declares a text signal (idle = empty). Elaboration only.
    virtual signal_id declare_text(std::string_view name) = 0;

    /// The vector has `value` from `now_ps` on. Times never run backwards over all calls.
    virtual void set(signal_id id, std::uint64_t now_ps, std::uint64_t value) noexcept = 0;
    /// The vector has `value` from `now_ps` to `until_ps`, then 0, unless a later call comes
    /// first (an event of one clock cycle: `value` 1; a set-only register: the bits written).
    virtual void pulse(signal_id id, std::uint64_t now_ps, std::uint64_t until_ps,
                       std::uint64_t value) noexcept = 0;
    /// A text signal shows `text` from `from_ps`, which is now or later, to `until_ps`, then is
    /// empty, unless another text is shown first. The text is printable ASCII; the callee copies
    /// it. So nobody has to wait only to tell of a TLP whose place on the link is known.
    virtual void text(signal_id id, std::uint64_t now_ps, std::uint64_t from_ps,
                      std::uint64_t until_ps, std::string_view text) noexcept = 0;
    /// The same for a TLP, whose text is that of put_tlp (model/tlp_appearance.h).
    virtual void tlp(signal_id id, std::uint64_t now_ps, std::uint64_t from_ps,
                     std::uint64_t until_ps, const tlp_appearance& what) noexcept = 0;
    /// The text signal is empty from `now_ps` on, whatever was to be shown.
    virtual void clear_text(signal_id id, std::uint64_t now_ps) noexcept = 0;
};

} // namespace ntb
