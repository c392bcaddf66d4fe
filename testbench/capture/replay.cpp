// SPDX-License-Identifier: Apache-2.0
#include "testbench/capture/replay.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <systemc>
#include <utility>

#include "tlm_bridge/kernel/stepping.h"

namespace ntb::capture {

namespace stepping = bridge::stepping;

namespace {

constexpr std::size_t stack_bytes = std::size_t{256} * 1024;

std::string data_text(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t longest = 16;
    std::uint64_t value = 0;
    if (size <= sizeof value) {
        std::memcpy(&value, data, size);
        return fmt::format("0x{:0{}x}", value, 2 * size);
    }
    std::string out;
    for (std::size_t i = 0; i < std::min(size, longest); ++i)
        out += fmt::format("{:02x}", data[i]);
    return size > longest ? out + "..." : out;
}

/// What a record says, for people.
std::string text_of(const record& r) {
    const std::string where = place_name(r.where);
    switch (r.kind) {
    case record_kind::completion:
        return where + " completes " + data_text(r.data.data(), r.data.size());
    case record_kind::memory_read:
    case record_kind::memory_write:
        return fmt::format("{} memory {} 0x{:x} size {}", where,
                           r.kind == record_kind::memory_read ? "read" : "write", r.address,
                           r.size);
    case record_kind::sends:
        return fmt::format("{} sends {}", where,
                           message_words[static_cast<std::size_t>(r.message)]);
    default:
        return where + " nothing";
    }
}

} // namespace

/// One function of the switch: an SC_THREAD that repeats its host's accesses, and the other end of
/// what the function does then.
class replay::function final : public bridge::input_log, public bridge::upstream_memory {
public:
    function(replay& owner, function_place place, bridge::port_bridge& bridge)
        : owner_(owner), place_(place), bridge_(bridge) {
        bridge.set_log(this);
        bridge.set_memory(*this);
        sc_core::sc_spawn_options thread;
        thread.set_stack_size(stack_bytes);
        sc_core::sc_spawn([this] { run(); }, sc_core::sc_gen_unique_name("replay"), &thread);
    }

    [[nodiscard]] bool busy() const { return busy_; }
    /// Acts at the kernel's next step.
    void act(const record& r) {
        kind_ = r.kind;
        region_ = r.region;
        offset_ = r.address;
        data_ = r.data;
        data_.resize(static_cast<std::size_t>(r.size));
        busy_ = true;
        due_.notify();
    }

    // input_log: inputs are the replay's own.
    void connected() override {}
    void disconnected() override {}
    void reset() override {}
    void reads(std::uint32_t, std::uint64_t, std::size_t) override {}
    void writes(std::uint32_t, std::uint64_t, bridge::const_bytes) override {}
    void mapped(const bridge::dma_mapping&, bool, int) override {}
    void unmapped(const bridge::dma_range&, int) override {}
    void irqs_set(const bridge::irq_request&, int) override {}
    void intx_unmasked() override {}
    void memory_read(std::uint64_t, bridge::const_bytes, bridge::memory_status) override {}
    void memory_written(std::uint64_t, std::size_t, bridge::memory_status) override {}

    void completed(bridge::const_bytes data) override {
        const std::string got = data_text(data.data, data.size);
        const record* const r =
            owner_.expected(record_kind::completion, place_, "completes " + got);
        if (r == nullptr)
            return;
        if (r->data.size() != data.size || !std::equal(r->data.begin(), r->data.end(), data.data))
            owner_.fail(r->line, text_of(*r), got);
        owner_.in_.take();
    }
    void sent(tlp_kind kind, bridge::interrupts::outcome) override {
        const std::string word(message_words[static_cast<std::size_t>(kind)]);
        const record* const r = owner_.expected(record_kind::sends, place_, "sends " + word);
        if (r == nullptr)
            return;
        if (r->message != kind)
            owner_.fail(r->line, text_of(*r), word);
        owner_.in_.take();
    }

    // upstream_memory
    bridge::memory_status read(std::uint64_t iova, bridge::mutable_bytes data) noexcept override {
        const record* const r = request(record_kind::memory_read, "read", iova, data.size);
        if (r == nullptr)
            return bridge::memory_status::not_mapped;
        std::copy_n(r->data.begin(), std::min(r->data.size(), data.size), data.data);
        return taken(*r);
    }
    bridge::memory_status write(std::uint64_t iova, bridge::const_bytes data) noexcept override {
        const record* const r = request(record_kind::memory_write, "write", iova, data.size);
        return r == nullptr ? bridge::memory_status::not_mapped : taken(*r);
    }

private:
    const record* request(record_kind kind, const char* verb, std::uint64_t iova,
                          std::size_t size) {
        const std::string what = fmt::format("memory {} 0x{:x} size {}", verb, iova, size);
        const record* const r = owner_.expected(kind, place_, what);
        if (r != nullptr && (r->address != iova || r->size != size))
            owner_.fail(r->line, text_of(*r), what);
        return r;
    }
    bridge::memory_status taken(const record& r) {
        const bridge::memory_status status = r.status;
        owner_.in_.take();
        return status;
    }

    void run() {
        for (;;) {
            sc_core::wait(due_);
            switch (kind_) {
            case record_kind::connect:
                bridge_.connected();
                break;
            case record_kind::disconnect:
                bridge_.disconnected();
                break;
            case record_kind::reset:
                (void)bridge_.reset();
                break;
            case record_kind::read:
                (void)bridge_.region_read(region_, offset_, {data_.data(), data_.size()});
                break;
            case record_kind::write:
                (void)bridge_.region_write(region_, offset_, {data_.data(), data_.size()});
                break;
            default:
                break;
            }
            busy_ = false;
        }
    }

    replay& owner_;
    function_place place_;
    bridge::port_bridge& bridge_;
    sc_core::sc_event due_;
    bool busy_ = false;
    record_kind kind_ = record_kind::connect;
    std::uint32_t region_ = 0;
    std::uint64_t offset_ = 0;
    std::vector<std::uint8_t> data_{};
};

replay::replay(reader& in, executor controls) : in_(in), controls_(std::move(controls)) {
    sc_core::sc_spawn([this] { run_controls(); }, "controls");
}

replay::~replay() = default;

void replay::add(function_place place, bridge::port_bridge& function_bridge) {
    functions_.emplace(place, std::make_unique<function>(*this, place, function_bridge));
}

void replay::run_controls() {
    for (;;) {
        sc_core::wait(control_due_);
        try {
            controls_(statement_);
        } catch (const sc_core::sc_unwind_exception&) {
            throw; // the kernel ends this thread
        } catch (...) {
            thrown_ = std::current_exception(); // not through the kernel's stack
        }
        statement_.clear();
    }
}

void replay::run() {
    stepping::initialise();
    while (const record* next = in_.peek()) {
        const std::uint32_t line = next->line;
        stepping::run_to(next->ps);
        if (thrown_)
            std::rethrow_exception(thrown_);
        if (diverged_)
            return;
        next = in_.peek();
        if (next == nullptr || next->line != line)
            continue; // the model did it
        if (!is_input(next->kind)) {
            diverge(line, text_of(*next), "nothing");
            return;
        }
        if (next->kind == record_kind::end) {
            complete_ = true;
            return;
        }
        act(*next);
        in_.take();
    }
    stepping::settle(); // what the last input does at once
}

void replay::act(const record& r) {
    ++inputs_;
    if (r.kind == record_kind::control) {
        if (!statement_.empty()) {
            diverge(r.line, "the statement before to be done", "one that still runs");
            return;
        }
        statement_ = r.statement;
        control_due_.notify();
        return;
    }
    const auto found = functions_.find(r.where);
    if (found == functions_.end())
        throw stimulus::stimulus_error(in_.path(), {r.line, 0},
                                       "the topology has no such function: " + place_name(r.where),
                                       "the file has been changed; capture again");
    if (found->second->busy())
        diverge(r.line, "the access before to be done", "one that still runs");
    else
        found->second->act(r);
}

const record* replay::expected(record_kind kind, function_place where, const std::string& what) {
    if (diverged_)
        return nullptr;
    ++expectations_;
    const record* r = nullptr;
    try {
        r = in_.peek();
    } catch (...) {
        thrown_ = std::current_exception(); // not through the kernel's stack
    }
    if (r == nullptr) { // the capture ends here, without an end
        diverged_ = true;
        sc_core::sc_pause();
        return nullptr;
    }
    if (r->kind == kind && r->where == where && r->ps == stepping::now_ps())
        return r;
    diverge(r->line,
            is_input(r->kind) ? "nothing before " + stimulus::time_text(r->ps)
                              : text_of(*r) + " at " + stimulus::time_text(r->ps),
            place_name(where) + " " + what);
    return nullptr;
}

void replay::fail(std::uint32_t line, const std::string& expected, const std::string& got) {
    ++failed_;
    if (failures_.size() < kept_failures)
        failures_.push_back({in_.path(), line, expected, got, stepping::now_ps()});
}

void replay::diverge(std::uint32_t line, const std::string& expected, const std::string& got) {
    fail(line, expected, got + ", and the replay ends here");
    diverged_ = true;
}

} // namespace ntb::capture
