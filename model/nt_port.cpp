// SPDX-License-Identifier: Apache-2.0
#include "model/nt_port.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "model/regs/nt_register_at.h"
#include "model/switch_core.h"

namespace ntb {

namespace {

bool is_poisoned_write(const tlm::tlm_generic_payload& p) {
    const pcie_extension* const e = p.get_extension<pcie_extension>();
    return e != nullptr && e->poisoned && p.get_command() == tlm::TLM_WRITE_COMMAND;
}

/// Poison that a fault gives to a request, with an extension of its own where it has none.
class poison_mark {
public:
    explicit poison_mark(tlm::tlm_generic_payload& p)
        : payload_(p), marked_(p.get_extension<pcie_extension>()) {
        if (marked_ == nullptr) {
            payload_.set_extension(&own_);
            marked_ = &own_;
        }
        before_ = marked_->poisoned;
        marked_->poisoned = true;
    }
    poison_mark(const poison_mark&) = delete;
    poison_mark& operator=(const poison_mark&) = delete;
    ~poison_mark() {
        marked_->poisoned = before_;
        if (marked_ == &own_)
            payload_.clear_extension(&own_);
    }

private:
    tlm::tlm_generic_payload& payload_;
    pcie_extension own_{};
    pcie_extension* marked_;
    bool before_ = false;
};

/// The requester is told that this part of its data is poisoned; who cannot see the mark sees no
/// data either.
void pass_poison_on(tlm::tlm_generic_payload& p, std::uint32_t begin, std::uint32_t length) {
    if (pcie_extension* const e = p.get_extension<pcie_extension>())
        e->poisoned = true;
    else
        std::memset(p.get_data_ptr() + begin, 0xFF, length);
}

/// Tells a non-posted request from others of its requester (PCIe 2.1 section 2.2.6.2).
std::uint8_t tag_of(const tlm::tlm_generic_payload& p) {
    const pcie_extension* const e = p.get_extension<pcie_extension>();
    return e != nullptr ? e->tag : std::uint8_t{0};
}

tlp_appearance completion_appearance(const tlm::tlm_generic_payload& p, bool ok, bool has_data) {
    tlp_appearance out;
    out.head = !ok        ? tlp_head::completion_refused
               : has_data ? tlp_head::completion_with_data
                          : tlp_head::completion;
    out.tag = tag_of(p);
    if (ok && has_data)
        out.length = p.get_data_length();
    if (has_data)
        out.set_data(p.get_data_ptr(), p.get_data_length());
    return out;
}

std::uint32_t header_bytes(std::uint64_t address) {
    return (address >> 32) != 0 ? link::header_4dw : link::header_3dw;
}

void wait_until(std::uint64_t ps) {
    if (ps > core_clock::now_ps())
        sc_core::wait(core_clock::until(ps));
}

} // namespace

nt_port::nt_port(const sc_core::sc_module_name& name, port_number number,
                 const topology_config& topology, const timing_config& timing, switch_core& core)
    : sc_module(name), number_(number), timing_(timing),
      host_requester_(topology.ports[number.value()].host_requester), clock_(core.clock()),
      core_(core), link_(topology.ports[number.value()], timing, core.clock()),
      function_(number, topology, timing, core.clock(), core, *this, *this, *this),
      dma_(topology, core, core.clock()), config_(*this, door_kind::config, 0, "config"),
      dma_config_(*this, door_kind::dma_config, 0, "dma_config"),
      bars_{{{*this, door_kind::bar, 0, "bar0"},
             {*this, door_kind::bar, 1, "bar1"},
             {*this, door_kind::bar, 2, "bar2"},
             {*this, door_kind::bar, 3, "bar3"},
             {*this, door_kind::bar, 4, "bar4"},
             {*this, door_kind::bar, 5, "bar5"}}},
      ingress_(link_, timing, core.clock()),
      egress_(link_, timing, core.clock(), upstream_.socket) {
    const auto on_event = [](const char* process, sc_core::sc_event& event, auto act_on_it) {
        sc_core::sc_spawn_options options;
        options.spawn_method();
        options.set_sensitivity(&event);
        options.dont_initialize();
        sc_core::sc_spawn(act_on_it, process, &options);
    };
    on_event("deliver_interrupts", function_.interrupts().due(),
             [this] { function_.interrupts().deliver(); });
    on_event("train_link", trained_, [this] { train_link(); });
    on_event("return_credits", egress_.credits_due(), [this] { egress_.arbitrate(); });
    on_event("send_held_msi", held_msi_.event(), [this] {
        msi_write msi;
        while (held_msi_.pop_due(msi))
            (void)egress_.send(tlp_kind::msi, msi.address, msi.data);
    });
    sc_core::sc_spawn([this] { release_held_writes(); }, "release_held_writes");
    sc_core::sc_spawn([this] { egress_.run(); }, "egress");
    held_write_.payload.set_extension(&held_write_.extension);
    if (function_.punch().by_registers())
        sc_core::sc_spawn([this] { function_.punch().run(); }, "punch_through");
}

nt_port::~nt_port() {
    held_write_.payload.clear_extension(&held_write_.extension); // or the payload would free it
}

requester_id nt_port::requester_of(const tlm::tlm_generic_payload& p) const {
    const pcie_extension* const e = p.get_extension<pcie_extension>();
    return e != nullptr && e->requester_valid ? e->requester : host_requester_;
}

void nt_port::transport(tlm::tlm_generic_payload& p, door_kind kind, unsigned bar) {
    if (!link_.up()) {
        refuse(p);
        return;
    }
    if (acts_at_once(kind, bar)) {
        access_registers(p, kind, bar, false);
        return;
    }
    if (p.get_command() == tlm::TLM_WRITE_COMMAND && faults_.poisons(link_direction::rx)) {
        const poison_mark poison(p);
        carry(p, kind, bar);
    } else {
        carry(p, kind, bar);
    }
}

void nt_port::carry(tlm::tlm_generic_payload& p, door_kind kind, unsigned bar) {
    const bool is_write = p.get_command() == tlm::TLM_WRITE_COMMAND;
    // Memory writes are posted; all else is completed, over a link that has been up all the time.
    const bool posted = is_write && kind == door_kind::bar;
    const std::uint32_t epoch = link_.epoch();
    const std::uint64_t give_up_ps = posted ? credit_pool::never : completion_deadline();
    ingress::passage way(ingress_, posted ? tlp_class::posted : tlp_class::non_posted);
    if (!way.enter(link::load(is_write ? p.get_data_length() : 0, function_.max_payload(),
                              link::header_3dw),
                   give_up_ps)) {
        if (link_.epoch() != epoch)
            refuse(p);
        else
            time_out(p);
        return;
    }
    show_request(p, way.slot(), kind, bar);
    std::uint64_t arrival = link_.arrival_ps(way.slot().end_ps);
    if (kind == door_kind::bar && !opens_config_space(bar) && timing_.window != 0)
        arrival = clock_.edge(arrival) + timing_.window * clock_.period_ps(); // a pipeline, too
    wait_until(arrival);
    way.await_turn();
    if (link_.epoch() != epoch) { // went down on the way
        refuse(p);
        return;
    }
    act(p, kind, bar, &way);
    way.leave();
    if (posted || p.get_response_status() == tlm::TLM_GENERIC_ERROR_RESPONSE)
        return; // nothing to complete, or given up already
    const bool completed = link_.epoch() == epoch && complete(p, give_up_ps);
    if (link_.epoch() != epoch)
        refuse(p);
    else if (!completed)
        time_out(p);
}

unsigned nt_port::transport_debug(tlm::tlm_generic_payload& p, door_kind kind, unsigned bar) {
    act(p, kind, bar, nullptr);
    return p.is_response_ok() ? p.get_data_length() : 0;
}

void nt_port::act(tlm::tlm_generic_payload& p, door_kind kind, unsigned bar,
                  ingress::passage* way) {
    const bool debug = way == nullptr;
    if (kind == door_kind::dma_config) {
        if (has_dma_function(core_.modes().now(number_).mode))
            dma_.access(p, requester_of(p), debug);
        else
            refuse(p);
        return;
    }
    if (kind == door_kind::config || opens_config_space(bar)) {
        access_registers(p, kind, bar, debug);
        return;
    }
    if (debug) { // windows have no debug access: the other host is not ours to look into
        refuse(p);
        return;
    }
    cross(p, bar, requester_of(p), *way);
}

void nt_port::access_registers(tlm::tlm_generic_payload& p, door_kind kind, unsigned bar,
                               bool debug) {
    if (!debug && is_poisoned_write(p)) {
        // It must not change a register and counts as an unsupported request (PCIe 2.0 section
        // 2.7.2.2; B17.5 has it of the DMA function).
        function_.errors().saw_poison();
        refuse_and_log(p, kind, bar);
        return;
    }
    function_.access(p, requester_of(p), debug);
    if (!debug && p.get_response_status() == tlm::TLM_ADDRESS_ERROR_RESPONSE)
        function_.errors().unsupported_request(header_of(p, kind, bar));
}

tlp_header nt_port::header_of(const tlm::tlm_generic_payload& p, door_kind kind,
                              unsigned bar) const {
    return kind == door_kind::config
               ? config_header(p, requester_id(captured_bus << 8), requester_of(p))
               : memory_header(p, function_.bar_address(bar), requester_of(p));
}

void nt_port::refuse_and_log(tlm::tlm_generic_payload& p, door_kind kind, unsigned bar) {
    function_.errors().unsupported_request(header_of(p, kind, bar));
    refuse(p);
}

std::uint64_t nt_port::completion_deadline() const {
    return core_clock::now_ps() + std::uint64_t{timing_.completion_timeout_us} * 1'000'000U;
}

void nt_port::time_out(tlm::tlm_generic_payload& p) {
    if (p.get_command() == tlm::TLM_READ_COMMAND)
        std::memset(p.get_data_ptr(), 0xFF, p.get_data_length());
    p.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
}

void nt_port::cross(tlm::tlm_generic_payload& p, unsigned bar, requester_id who,
                    ingress::passage& way) {
    const bool is_write = p.get_command() == tlm::TLM_WRITE_COMMAND;
    const std::uint32_t length = p.get_data_length();
    if (p.get_command() == tlm::TLM_IGNORE_COMMAND) {
        p.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
        return;
    }
    if (p.get_streaming_width() < length ||
        (p.get_byte_enable_ptr() != nullptr && p.get_byte_enable_length() < length)) {
        p.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
        return;
    }
    unsigned entry = 0;
    // Which side's BME counts is not confirmed (B8.1): both must be set, the target's is asked by
    // accepts_requests().
    const auto may_cross = [&] {
        return function_.memory_space_enabled() && function_.bus_master() &&
               function_.requester_may_cross(who, entry);
    };
    const std::uint32_t epoch = link_.epoch();
    const bool good = length != 0 && may_cross() && all_translates(p.get_address(), bar, length);
    if (is_poisoned_write(p)) {
        // It goes on with its mark (what the device does is not confirmed; PCIe 2.1 section
        // 6.2.3.2.4 for a TLP that is passed on).
        function_.errors().saw_poison();
        if (good)
            function_.errors().poisoned(header_of(p, door_kind::bar, bar));
    }
    forward_result result = good ? forward_result::done : forward_result::lost;
    for (std::uint32_t done = 0; result == forward_result::done && done < length;) {
        // While a piece is on its way registers may change. The next one is judged by what they
        // are now, as a TLP of its own; what has arrived stays.
        if (done != 0 && timing_.window != 0) // that of the first piece has passed
            wait_until(clock_.after(timing_.window));
        const bool still = done == 0 || may_cross();
        const translated_piece piece =
            function_.translate(bar, p.get_address() + done, length - done);
        result = still && piece.result == translated_piece::verdict::forwarded
                     ? cross_piece(p, piece, done, entry, way)
                     : forward_result::lost;
        done += piece.length;
    }
    if (result == forward_result::lost) {
        if (link_.epoch() == epoch) // what ended with a reset is no error of the function after it
            function_.errors().unsupported_request(header_of(p, door_kind::bar, bar));
        refuse(p);
        return;
    }
    if (result == forward_result::no_completion) {
        time_out(p);
        return;
    }
    if (!is_write && !function_.completions_enabled()) {
        // The completion is dropped (B8.2): the requester waits for it until its time-out.
        wait_until(completion_deadline());
        time_out(p);
        return;
    }
    // A refusal by the other host is not this function's error; the completion carries it on.
    if (result == forward_result::unsupported)
        refuse(p);
    else
        p.set_response_status(tlm::TLM_OK_RESPONSE);
}

void nt_port::list_windows(window_list& out) const {
    out.clear();
    unsigned entry = 0;
    if (!link_.up() || !function_.memory_space_enabled() || !function_.bus_master() ||
        !function_.completions_enabled() ||
        !function_.requester_may_cross(host_requester_, entry) || core_.mode_under_way(number_))
        return;
    for (unsigned b = 1; b < bar_count; ++b)
        function_.for_each_window(b, [&](std::uint64_t offset, std::uint64_t size,
                                         partition_number partition, std::uint64_t address) {
            const forwarding_target* const target = core_.target_in(partition, function_);
            if (target != nullptr && target->accepts_requests() &&
                !core_.mode_under_way(target->number()))
                out.add({static_cast<std::uint8_t>(b), offset, size, target->number(), address});
        });
}

bool nt_port::all_translates(std::uint64_t address, unsigned bar, std::uint32_t length) const {
    for (std::uint32_t done = 0; done < length;) {
        const translated_piece piece = function_.translate(bar, address + done, length - done);
        if (piece.result != translated_piece::verdict::forwarded)
            return false;
        const forwarding_target* const target = core_.target_in(piece.partition, function_);
        if (target == nullptr || !target->accepts_requests())
            return false;
        done += piece.length;
    }
    return true;
}

forward_result nt_port::cross_piece(tlm::tlm_generic_payload& p, const translated_piece& piece,
                                    std::uint32_t done, unsigned entry, ingress::passage& way) {
    payload_pool::entry& out = forwarded_.acquire(); // may wait, so the target is asked after it
    forwarding_target* const target = core_.target_in(piece.partition, function_);
    if (target == nullptr || !target->accepts_requests()) {
        forwarded_.release(out);
        return forward_result::lost;
    }
    out.extension = pcie_extension{};
    // Bus of the function on the other side, entry number as device and function (B7.5).
    out.extension.requester = requester_id((target->bus_number() << 8) | entry);
    out.extension.requester_valid = true;
    out.extension.poisoned = is_poisoned_write(p);
    // The completion finds its requester by the entry number, so the tag can stay (assumed).
    out.extension.tag = tag_of(p);
    out.payload.set_command(p.get_command());
    out.payload.set_address(piece.address);
    out.payload.set_data_ptr(p.get_data_ptr() + done);
    out.payload.set_data_length(piece.length);
    out.payload.set_streaming_width(piece.length);
    unsigned char* const enables = p.get_byte_enable_ptr();
    out.payload.set_byte_enable_ptr(enables != nullptr ? enables + done : nullptr);
    out.payload.set_byte_enable_length(enables != nullptr ? piece.length : 0);
    out.payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    if (out.payload.is_read())
        way.leave(); // what comes after it does not wait for its completion
    const forward_result result = out.payload.is_write() && hold(out.payload, *target)
                                      ? forward_result::done
                                      : target->forward(out.payload);
    if (p.get_command() == tlm::TLM_READ_COMMAND && out.extension.poisoned)
        pass_poison_on(p, done, piece.length); // of the completion
    forwarded_.release(out);
    return result;
}

bool nt_port::ready_for_requests() const {
    return link_.up() && function_.bus_master() && function_.in_d0();
}

bool nt_port::accepts_requests() const {
    const bool ready =
        core_.executes(number_) ? ready_for_requests() : core_.other()->accepts_requests(number_);
    return ready && function_.in_active_partition();
}

void nt_port::forget() {
    if (!present_)
        return;
    function_.reset_fundamental();
    dma_.reset_fundamental();
}

forward_result nt_port::forward(tlm::tlm_generic_payload& request) {
    if (!core_.executes(number_))
        return core_.other()->forward(number_, request);
    return forward_here(request);
}

forward_result nt_port::forward_here(tlm::tlm_generic_payload& request) {
    return request.is_write() ? forward_write(request) : forward_read(request);
}

forward_result nt_port::forward_write(tlm::tlm_generic_payload& request) {
    pcie_extension* const extension = request.get_extension<pcie_extension>();
    if (faults_.poisons(link_direction::tx))
        extension->poisoned = true;
    if (extension->poisoned)
        function_.errors().requester_saw_poison();
    const wire_load w = link::load(request.get_data_length(), function_.max_payload(),
                                   header_bytes(request.get_address()));
    return egress_.post(request, w, timing_.cross_request) ? forward_result::done
                                                           : forward_result::lost;
}

forward_result nt_port::forward_read(tlm::tlm_generic_payload& request) {
    const std::uint32_t epoch = link_.epoch();
    const auto lost = [&] { return link_.epoch() != epoch; }; // even if it is up again
    const std::uint64_t give_up_ps = completion_deadline();
    const auto give_up = [&] {
        wait_until(give_up_ps);
        if (lost())
            return forward_result::lost;
        function_.errors().completion_timeout();
        return forward_result::no_completion;
    };
    egress::granted_place at;
    const wire_load w = link::load(0, function_.max_payload(), header_bytes(request.get_address()));
    switch (egress_.await_link(tlp_class::non_posted, w, timing_.cross_request, give_up_ps, at)) {
    case egress::outcome::granted:
        break;
    case egress::outcome::lost:
        return forward_result::lost;
    case egress::outcome::timed_out:
        return give_up();
    }
    if (link_.traced()) {
        tlp_appearance read;
        read.head = tlp_head::memory_read;
        read.address = request.get_address();
        read.length = request.get_data_length();
        read.tag = tag_of(request);
        link_.show_tx(at.slot, read);
    }
    egress_.await_end(at);
    if (lost())
        return forward_result::lost;
    sc_core::sc_time none = sc_core::SC_ZERO_TIME;
    upstream_.socket->b_transport(request, none);
    if (lost())
        return forward_result::lost;
    if (request.get_response_status() == tlm::TLM_GENERIC_ERROR_RESPONSE ||
        faults_.drops_completion(link_direction::rx))
        return give_up();
    pcie_extension* const extension = request.get_extension<pcie_extension>();
    const bool ok = request.is_response_ok();
    if (ok && faults_.poisons(link_direction::rx))
        extension->poisoned = true;
    const bool received = receive_completion(request, give_up_ps);
    if (received)
        wait_until(clock_.after(timing_.cross_completion));
    if (lost())
        return forward_result::lost;
    if (!received)
        return give_up();
    if (!ok) {
        function_.errors().received_unsupported_request();
        return forward_result::unsupported;
    }
    if (extension->poisoned) {
        function_.errors().saw_poison();
        function_.errors().requester_saw_poison();
        function_.errors().poisoned(completion_header(request)); // passed on: an advisory case
    }
    return forward_result::done;
}

bool nt_port::receive_completion(const tlm::tlm_generic_payload& request,
                                 std::uint64_t give_up_ps) {
    const bool has_data = request.is_response_ok() && request.is_read();
    ingress::passage way(ingress_, tlp_class::completion);
    if (!way.enter(link::load(has_data ? request.get_data_length() : 0, function_.max_payload(),
                              link::header_3dw),
                   give_up_ps))
        return false;
    if (link_.traced())
        link_.show_rx(way.slot(),
                      completion_appearance(request, request.is_response_ok(), has_data));
    wait_until(link_.arrival_ps(way.slot().end_ps));
    way.await_turn();
    return true;
}

bool nt_port::hold(tlm::tlm_generic_payload& write, forwarding_target& target) {
    if (held_write_.used || !egress::copies(write))
        return false;
    const std::uint64_t ps = faults_.holds_write();
    if (ps == 0)
        return false;
    held_write_.used = true;
    held_write_.target = &target;
    held_write_.extension = *write.get_extension<pcie_extension>();
    tlm::tlm_generic_payload& kept = held_write_.payload;
    const std::uint32_t length = write.get_data_length();
    std::memcpy(held_write_.data.data(), write.get_data_ptr(), length);
    kept.set_command(tlm::TLM_WRITE_COMMAND);
    kept.set_address(write.get_address());
    kept.set_data_ptr(held_write_.data.data());
    kept.set_data_length(length);
    kept.set_streaming_width(length);
    kept.set_byte_enable_ptr(nullptr);
    kept.set_byte_enable_length(0);
    if (write.get_byte_enable_ptr() != nullptr) {
        std::memcpy(held_write_.enables.data(), write.get_byte_enable_ptr(),
                    write.get_byte_enable_length());
        kept.set_byte_enable_ptr(held_write_.enables.data());
        kept.set_byte_enable_length(write.get_byte_enable_length());
    }
    kept.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    held_write_due_.notify(sc_core::sc_time::from_value(ps));
    return true;
}

void nt_port::release_held_writes() {
    for (;;) {
        sc_core::wait(held_write_due_);
        if (held_write_.target->accepts_requests())
            (void)held_write_.target->forward(held_write_.payload);
        held_write_.used = false;
    }
}

void nt_port::refuse(tlm::tlm_generic_payload& p) {
    if (p.get_command() == tlm::TLM_READ_COMMAND)
        std::memset(p.get_data_ptr(), 0xFF, p.get_data_length());
    p.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

bool nt_port::complete(tlm::tlm_generic_payload& p, std::uint64_t give_up_ps) {
    if (faults_.drops_completion(link_direction::tx)) {
        wait_until(give_up_ps);
        return false;
    }
    const bool has_data = p.get_command() == tlm::TLM_READ_COMMAND && p.is_response_ok();
    if (has_data && faults_.poisons(link_direction::tx))
        pass_poison_on(p, 0, p.get_data_length());
    egress::granted_place at;
    const wire_load w =
        link::load(has_data ? p.get_data_length() : 0, function_.max_payload(), link::header_3dw);
    const bool of_write = p.get_command() == tlm::TLM_WRITE_COMMAND;
    if (egress_.await_link(tlp_class::completion, w, 0, give_up_ps, at, of_write) !=
        egress::outcome::granted)
        return false;
    if (link_.traced())
        link_.show_tx(at.slot, completion_appearance(p, p.is_response_ok(), has_data));
    egress_.await_end(at);
    return true;
}

void nt_port::show_request(const tlm::tlm_generic_payload& p, const link::slot& s, door_kind kind,
                           unsigned bar) {
    if (!link_.traced())
        return;
    const bool is_write = p.get_command() == tlm::TLM_WRITE_COMMAND;
    tlp_appearance request;
    switch (kind) {
    case door_kind::bar:
        request.head = is_write ? tlp_head::bar_write : tlp_head::bar_read;
        request.bar = static_cast<std::uint8_t>(bar);
        break;
    case door_kind::config:
        request.head = is_write ? tlp_head::config_write : tlp_head::config_read;
        break;
    case door_kind::dma_config:
        request.head = is_write ? tlp_head::dma_config_write : tlp_head::dma_config_read;
        break;
    }
    request.address = p.get_address();
    if (kind == door_kind::config || (kind == door_kind::bar && opens_config_space(bar)))
        if (const regs::named_member* r = regs::nt_register_at(p.get_address()); r != nullptr)
            request.set_name(r->name.view());
    request.length = p.get_data_length();
    if (request.head != tlp_head::bar_write)
        request.tag = tag_of(p);
    request.poisoned = is_poisoned_write(p);
    if (is_write)
        request.set_data(p.get_data_ptr(), p.get_data_length());
    link_.show_rx(s, request);
}

bool nt_port::send_msi(std::uint64_t address, std::uint32_t data) {
    if (!link_.up())
        return false;
    const fault_injector::msi_fate fate = faults_.next_msi();
    if (fate.what == fault_kind::msi_drop)
        return true; // the function does not know
    if (fate.what == fault_kind::msi_delay &&
        held_msi_.push(core_clock::now_ps() + fate.ps, msi_write{address, data}))
        return true;
    if (fate.what == fault_kind::msi_double &&
        (fate.ps == 0 || !held_msi_.push(core_clock::now_ps() + fate.ps, msi_write{address, data})))
        (void)egress_.send(tlp_kind::msi, address, data);
    return egress_.send(tlp_kind::msi, address, data);
}

bool nt_port::send_intx(bool asserted) {
    return egress_.send(asserted ? tlp_kind::assert_intx : tlp_kind::deassert_intx, 0, 0);
}

bool nt_port::send_error(error_severity severity) {
    constexpr std::array<tlp_kind, 3> kinds{tlp_kind::err_cor, tlp_kind::err_nonfatal,
                                            tlp_kind::err_fatal};
    return egress_.send(kinds[static_cast<std::size_t>(severity)], 0, 0);
}

punch_result nt_port::send_config(const punch_request& request, std::uint32_t& data) {
    if (!link_.up() || !function_.in_d0())
        return punch_result::lost;
    payload_pool::entry& out = forwarded_.acquire();
    std::uint32_t word = request.write ? request.data : 0;
    out.extension = pcie_extension{};
    out.extension.kind = tlp_kind::config;
    out.extension.requester = requester_id(captured_bus << 8 | punch_requester);
    out.extension.requester_valid = true;
    out.payload.set_command(request.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    out.payload.set_address(std::uint64_t{request.target.value()} << 12 | request.offset);
    out.payload.set_data_ptr(reinterpret_cast<unsigned char*>(&word));
    out.payload.set_data_length(4);
    out.payload.set_streaming_width(4);
    out.payload.set_byte_enable_ptr(nullptr);
    out.payload.set_byte_enable_length(0);
    out.payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    const punch_result result = exchange(request, out.payload);
    forwarded_.release(out);
    data = word;
    return result;
}

punch_result nt_port::exchange(const punch_request& request, tlm::tlm_generic_payload& payload) {
    const std::uint32_t epoch = link_.epoch();
    const auto lost = [&] { return link_.epoch() != epoch; };
    const std::uint64_t give_up_ps = completion_deadline();
    const auto give_up = [&] {
        wait_until(give_up_ps);
        if (lost())
            return punch_result::lost;
        function_.errors().completion_timeout();
        return punch_result::no_completion;
    };
    egress::granted_place at;
    const wire_load w =
        link::load(request.write ? 4U : 0U, function_.max_payload(), link::header_3dw);
    switch (egress_.await_link(tlp_class::non_posted, w, 0, give_up_ps, at)) {
    case egress::outcome::granted:
        break;
    case egress::outcome::lost:
        return punch_result::lost;
    case egress::outcome::timed_out:
        return give_up();
    }
    if (link_.traced())
        show_config(at.slot, request);
    egress_.await_end(at);
    if (lost())
        return punch_result::lost;
    sc_core::sc_time none = sc_core::SC_ZERO_TIME;
    upstream_.socket->b_transport(payload, none);
    if (lost())
        return punch_result::lost;
    const bool ok = payload.is_response_ok();
    if (payload.get_response_status() == tlm::TLM_GENERIC_ERROR_RESPONSE ||
        faults_.drops_completion(link_direction::rx))
        return give_up();
    const bool received = receive_completion(payload, give_up_ps);
    if (lost())
        return punch_result::lost;
    if (!received)
        return give_up();
    if (!ok)
        function_.errors().received_unsupported_request();
    return ok ? punch_result::done : punch_result::unsupported;
}

void nt_port::show_config(const link::slot& place, const punch_request& request) {
    tlp_appearance out;
    out.head = request.write ? tlp_head::routed_config_write : tlp_head::routed_config_read;
    out.address = std::uint64_t{request.target.value()} << 12U | request.offset;
    out.length = 4;
    if (request.write) { // the tag is 0: B10.3
        out.data = request.data;
        out.data_bytes = 4;
        out.has_data = true;
    }
    link_.show_tx(place, out);
}

void nt_port::inject(const fault& f) {
    const bool before = faults_.any();
    faults_.ask(f);
    if (faults_.any() != before) // nothing takes the short way that asks for no fault
        link_.count_obstacle(before ? -1 : 1);
    if (f.kind == fault_kind::stick_credits || f.kind == fault_kind::free_credits) {
        const bool stuck = f.kind == fault_kind::stick_credits;
        if (f.direction == link_direction::tx)
            egress_.stick_credits(f.of, stuck);
        else
            ingress_.stick_credits(f.of, stuck);
    }
    if (f.kind == fault_kind::clear) {
        for (const tlp_class c :
             {tlp_class::posted, tlp_class::non_posted, tlp_class::completion}) {
            egress_.stick_credits(c, false);
            ingress_.stick_credits(c, false);
        }
    }
}

void nt_port::pme_turn_off() {
    if (!link_.up())
        return; // a message to nobody
    const std::uint32_t epoch = link_.epoch();
    {
        ingress::passage way(ingress_, tlp_class::posted);
        if (!way.enter(link::load(0, function_.max_payload(), link::header_4dw),
                       completion_deadline()))
            return;
        link_.show_rx(way.slot(), "PME_Turn_Off");
        wait_until(link_.arrival_ps(way.slot().end_ps));
        way.await_turn();
    }
    if (link_.epoch() == epoch && egress_.send(tlp_kind::pme_to_ack, 0, 0) && egress_.drain()) {
        in_l23_ready_ = true;
        drop_link();
    }
}

void nt_port::set_host_connected(bool connected) {
    host_connected_ = connected;
    in_l23_ready_ = false;
    if (connected)
        train_link();
    else
        drop_link();
}

void nt_port::drop_link() {
    trained_.cancel();
    if (link_.up())
        link_is(false);
}

void nt_port::train_link() {
    // Nobody is at an unbound socket, whatever is said of the host.
    if (!link_.up() && host_connected_ && present_ && !held_ && !in_l23_ready_ &&
        !core_.held_in_reset() && upstream_.socket.size() != 0)
        link_is(true);
}

void nt_port::train_link_later() {
    if (timing_.link_retrain_ns == 0)
        train_link();
    else if (host_connected_)
        trained_.notify(sc_core::sc_time(timing_.link_retrain_ns, sc_core::SC_NS));
}

void nt_port::link_is(bool up) {
    core_.windows_change();
    if (!up) {
        function_.reset_hot();
        dma_.reset_hot();
        held_msi_.clear();
    }
    link_.set_up(up);
    if (!up) {
        egress_.link_went_down();
        ingress_.link_went_down();
    }
    mirror_bar0();
    function_.set_negotiated_link(up);
    core_.link_changed(number_, up);
    if (up)
        function_.interrupts().link_came_up();
}

void nt_port::attach(port_mode mode, partition_number partition, bool reset) {
    const bool appears = has_nt_function(mode);
    if (present_ && (!appears || reset)) {
        const bool was_up = link_.up();
        drop_link(); // resets the function
        if (!was_up)
            function_.reset_hot();
    }
    function_.move_to(partition);
    if (appears && !present_)
        function_.reset_fundamental();
    present_ = appears;
    train_link_later();
}

void nt_port::hold_in_reset(bool held) {
    held_ = held;
    if (held)
        drop_link();
    else
        train_link_later();
}

void nt_port::reset_fundamental() {
    if (!present_)
        return;
    function_.reset_fundamental();
    dma_.reset_fundamental();
    function_.set_negotiated_link(link_.up()); // the link stays as it is
    if (in_l23_ready_) {                       // but it wakes up
        in_l23_ready_ = false;
        train_link_later();
    }
}

void nt_port::set_mirror(register_mirror* mirror) {
    mirror_ = mirror;
    if (mirror_ == nullptr) {
        function_.set_mirror(nullptr);
        return;
    }
    bar0_answers_ = false;
    function_.set_mirror(this);
    mirror_bar0();
}

void nt_port::changed(std::uint32_t offset, std::uint32_t value) noexcept {
    mirror_->changed(offset, value);
    if (nt_function::decides_bar0(offset))
        mirror_bar0();
}

void nt_port::mirror_bar0() noexcept {
    if (mirror_ == nullptr)
        return;
    const bool does = link_.up() && opens_config_space(0);
    if (does != bar0_answers_) {
        bar0_answers_ = does;
        mirror_->answers(does);
    }
}

void nt_port::trace(trace_sink& sink) {
    const std::string scope = "switch.port" + std::to_string(number_.value()) + ".";
    link_.trace(sink, scope + "link.");
    function_.trace(sink, scope + "nt.");
    if (bridge_function* const bridge = core_.bridge(number_))
        bridge->trace(sink, scope + "bridge.");
    if (has_dma_function(core_.modes().now(number_).mode))
        dma_.trace(sink, scope + "dma.");
}

} // namespace ntb
