// SPDX-License-Identifier: Apache-2.0
// Errors of an NT function as PCI Express Base 2.1 section 6.2 has them: what each sets in PCISTS,
// PCIEDSTS and AER, and which message goes to the host.
//
// The rules:
//   1. An uncorrectable error is fatal or non-fatal by AERUESV. Where the specification makes it an
//      advisory non-fatal case (6.2.3.2.4: among others a refused request that is answered by a
//      completion) and it is non-fatal, it counts as correctable: CED and AERCES.ADVISORYNF are
//      set, and nothing else happens while AERCEM.ADVISORYNF masks it, as after reset.
//   2. Otherwise, FED or NFED is set; with an unsupported request URD in either case.
//   3. AERUES gets the error's bit. If AERUEM does not mask it and no earlier error occupies them,
//      first error pointer and header log are written. They are free again when the bit that the
//      pointer names has been cleared; the pointer is then 0, a bit that is never set (6.2.4.2).
//   4. An unmasked error is told to the host: ERR_COR if CEREN; ERR_NONFATAL if NFEREN or SERRE;
//      ERR_FATAL if FEREN or SERRE. For an unsupported request CEREN, NFEREN and FEREN count only
//      together with URREN. SERRE and an uncorrectable message set PCISTS.SSE.
//   5. In D3hot only what a received TLP has caused is told (B13.2).
// Which of AER's bits this device implements is not confirmed (B13.4).
//
// Units: none. Threading: the SystemC thread. Errors: a message that cannot be sent (link down, no
// room) is lost, as on silicon.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "model/core_clock.h"
#include "model/nt_interrupts.h"
#include "model/tlp_header.h"
#include "model/trace_sink.h"

namespace ntb {

/// The three error messages; also how bad an error is.
enum class error_severity : std::uint8_t { correctable, nonfatal, fatal };

/// The uncorrectable errors that this model can have.
enum class uncorrectable_error : std::uint8_t {
    poisoned,
    completion_timeout,
    unsupported_request,
};

/// Where error messages leave the function: the port's link.
class error_output {
public:
    error_output() = default;
    error_output(const error_output&) = delete;
    error_output& operator=(const error_output&) = delete;
    virtual ~error_output() = default;
    /// Returns false if the message is lost.
    virtual bool send_error(error_severity severity) = 0;
};

/// Who wants to know of each error that is logged and not masked (switch event "port AER error",
/// B11.1).
class error_listener {
public:
    error_listener() = default;
    error_listener(const error_listener&) = delete;
    error_listener& operator=(const error_listener&) = delete;
    virtual ~error_listener() = default;
    virtual void error_logged(error_severity severity) = 0;
};

class nt_errors {
public:
    nt_errors(nt_bank& bank, error_output& output, error_listener& listener,
              const core_clock& clock)
        : bank_(bank), output_(output), listener_(listener), clock_(clock) {}

    /// A request was refused.
    void unsupported_request(const tlp_header& request) {
        uncorrectable(uncorrectable_error::unsupported_request, &request, request.non_posted);
    }
    /// A poisoned TLP came and is passed on as such, which makes it an advisory case (6.2.3.2.4.3).
    void poisoned(const tlp_header& tlp) {
        uncorrectable(uncorrectable_error::poisoned, &tlp, true);
    }
    /// A request of this function got no completion in time. No header is logged.
    void completion_timeout() {
        uncorrectable(uncorrectable_error::completion_timeout, nullptr, false);
    }

    // --- status bits without AER (PCI Express 2.1 section 7.5.1.2) ------------------------------
    /// A poisoned TLP came: PCISTS.DPE.
    void saw_poison();
    /// As a requester this function sent a poisoned write or got a poisoned completion:
    /// PCISTS.MDPED, if PCICMD.PERRE.
    void requester_saw_poison();
    /// As a requester this function got a completion with status UR: PCISTS.RMAS.
    void received_unsupported_request();

    /// AERUES was written.
    void status_written();

    /// Declares err_cor, err_nonfatal and err_fatal below `scope` ("switch.port0.nt.").
    void trace(trace_sink& sink, std::string_view scope);

private:
    void uncorrectable(uncorrectable_error what, const tlp_header* tlp, bool advisory_case);
    /// Rule 3; true if the error is not masked.
    [[nodiscard]] bool record(std::uint32_t bit, const tlp_header* tlp);
    void send(error_severity severity, bool caused_by_tlp);

    nt_bank& bank_;
    error_output& output_;
    error_listener& listener_;
    const core_clock& clock_;
    trace_sink* sink_ = nullptr;
    struct sent_message {
        signal_id wire{};
        signal_id count_signal{};
        std::uint32_t count = 0;
    };
    std::array<sent_message, 3> sent_{}; ///< by severity
};

} // namespace ntb
