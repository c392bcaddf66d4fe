// SPDX-License-Identifier: Apache-2.0
#include "testbench/capture/writer.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <systemc>

#include "model/regs/nt_register_at.h"
#include "testbench/stimulus/stimulus_error.h"

namespace ntb::capture {

namespace {

using buffer = fmt::memory_buffer;

template <class... Args>
void put(buffer& out, fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

void put_hex(buffer& out, bridge::const_bytes data) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::size_t i = 0; i < data.size; ++i) {
        out.push_back(digits[data.data[i] >> 4U]);
        out.push_back(digits[data.data[i] & 0xFU]);
    }
}

[[nodiscard]] bool is_word(std::size_t size) {
    return size == 1 || size == 2 || size == 4 || size == 8;
}

/// " 0x00000004" of sizes that a register access has, " data 0011..." of others.
void put_data(buffer& out, bridge::const_bytes data) {
    if (!is_word(data.size)) {
        put(out, " data ");
        put_hex(out, data);
        return;
    }
    std::uint64_t value = 0;
    std::memcpy(&value, data.data, data.size); // x86: little endian, as PCIe
    put(out, " 0x{:0{}x}", value, 2 * data.size);
}

/// The name of the register that an access is exactly of, else "+0x428". Whether its size is
/// another than the reader would take it for.
[[nodiscard]] bool put_place(buffer& out, function_place where, std::uint32_t region,
                             std::uint64_t offset, std::size_t size) {
    if (where.function == 0 && (region == 0 || region == bridge::region_config)) {
        const regs::named_member* r = regs::nt_register_at(offset);
        if (r != nullptr && r->at.offset() == offset && r->at.row->size == size) {
            put(out, "{}", r->name.view());
            return false;
        }
    }
    put(out, "+0x{:x}", offset);
    return size != 4;
}

} // namespace

/// One function's lines.
class writer::function_log final : public bridge::input_log {
public:
    function_log(writer& owner, function_place place)
        : owner_(owner), place_(place), name_(place_name(place)) {}

    void connected() override { say("connect"); }
    void disconnected() override { say("disconnect"); }
    void reset() override { say("reset"); }

    void reads(std::uint32_t region, std::uint64_t offset, std::size_t size) override {
        buffer& out = begin_access(region, "read ");
        if (put_place(out, place_, region, offset, size))
            put(out, " size {}", size);
        owner_.end_line();
    }
    void writes(std::uint32_t region, std::uint64_t offset, bridge::const_bytes data) override {
        buffer& out = begin_access(region, "write ");
        const bool other_size = put_place(out, place_, region, offset, data.size);
        put_data(out, data);
        if (other_size && is_word(data.size))
            put(out, " size {}", data.size);
        owner_.end_line();
    }

    void mapped(const bridge::dma_mapping& m, bool with_file, int error) override {
        buffer& out = begin();
        put(out, "map 0x{:x} size 0x{:x} {}{} {}", m.iova, m.size, m.readable ? "r" : "",
            m.writable ? "w" : "", with_file ? "file" : "no-file");
        end_with(out, error);
    }
    void unmapped(const bridge::dma_range& range, int error) override {
        buffer& out = begin();
        if (range.all)
            put(out, "unmap all");
        else
            put(out, "unmap 0x{:x} size 0x{:x}", range.iova, range.size);
        end_with(out, error);
    }
    void irqs_set(const bridge::irq_request& r, int error) override {
        constexpr std::array<std::string_view, 3> actions{"mask", "unmask", "trigger"};
        constexpr std::array<std::string_view, 3> kinds{"none", "flags", "eventfd"};
        buffer& out = begin();
        put(out, "irq {} {} {} count {}", r.index == bridge::irq_intx ? "intx" : "msi",
            actions[static_cast<std::size_t>(r.action)], kinds[static_cast<std::size_t>(r.data)],
            r.count);
        end_with(out, error);
    }
    void intx_unmasked() override { say("irq intx unmasked"); }

    void completed(bridge::const_bytes data) override {
        buffer& out = begin();
        put(out, "completes");
        put_data(out, data);
        owner_.end_line();
    }
    void sent(tlp_kind kind, bridge::interrupts::outcome became) override {
        buffer& out = begin();
        put(out, "sends {}", message_words[static_cast<std::size_t>(kind)]);
        if (kind == tlp_kind::msi)
            put(out, " {}", outcome_words[static_cast<std::size_t>(became)]);
        owner_.end_line();
    }
    void memory_read(std::uint64_t iova, bridge::const_bytes data,
                     bridge::memory_status status) override {
        buffer& out = begin();
        put(out, "memory read 0x{:x} size {} {}", iova, data.size,
            memory_words[static_cast<std::size_t>(status)]);
        if (status == bridge::memory_status::ok)
            put_data(out, data);
        owner_.end_line();
    }
    void memory_written(std::uint64_t iova, std::size_t size,
                        bridge::memory_status status) override {
        put(begin(), "memory write 0x{:x} size {} {}", iova, size,
            memory_words[static_cast<std::size_t>(status)]);
        owner_.end_line();
    }

private:
    buffer& begin() {
        buffer& out = owner_.begin();
        put(out, "{} ", name_);
        return out;
    }
    buffer& begin_access(std::uint32_t region, std::string_view verb) {
        buffer& out = owner_.begin();
        if (region == bridge::region_config)
            put(out, "{}.config {}", name_, verb);
        else
            put(out, "{}.bar{} {}", name_, region, verb);
        return out;
    }
    void say(std::string_view what) {
        put(begin(), "{}", what);
        owner_.end_line();
    }
    void end_with(buffer& out, int error) {
        if (error == 0)
            put(out, " ok");
        else
            put(out, " errno {}", error);
        owner_.end_line();
    }

    writer& owner_;
    function_place place_;
    std::string name_;
};

std::string place_name(function_place place) {
    std::string out = "port" + std::to_string(place.port);
    return place.function == 0 ? out : out + ".f" + std::to_string(place.function);
}

writer::writer(std::string path, std::uint64_t limit_bytes, const header& h)
    : path_(std::move(path)), limit_(limit_bytes) {
    const bool compressed =
        path_.size() > 3 && path_.compare(path_.size() - 3, std::string::npos, ".gz") == 0;
    // 'e': close on exec. Level 1: a session makes some megabytes a second, and it compresses well.
    file_.reset(::gzopen(path_.c_str(), compressed ? "wbe1" : "wbeT"));
    if (!file_)
        throw stimulus::stimulus_error(path_, {},
                                       "cannot be written: " + std::string(std::strerror(errno)),
                                       "give another file to --capture");
    (void)::gzbuffer(file_.get(), 1U << 17U);
    const std::string text = header_text(h);
    line_.append(text.data(), text.data() + text.size() - 1);
    end_line();
    flush();
}

writer::~writer() = default;

bridge::input_log& writer::log_of(function_place place) {
    std::unique_ptr<function_log>& log = functions_[place];
    if (!log)
        log = std::make_unique<function_log>(*this, place);
    return *log;
}

fmt::memory_buffer& writer::begin() {
    line_.clear();
    put(line_, "at {}ps ", sc_core::sc_time_stamp().value());
    return line_;
}

void writer::end_line() noexcept {
    if (!file_)
        return;
    line_.push_back('\n');
    if (limit_ != no_limit && written_ + line_.size() > limit_) {
        stop("is as large as it may become", "give a larger --capture-limit, or 0 for none");
        return;
    }
    if (::gzwrite(file_.get(), line_.data(), static_cast<unsigned>(line_.size())) <= 0) {
        failed_ = true;
        stop(std::strerror(errno), "make room and capture again");
        return;
    }
    written_ += line_.size();
    ++lines_;
}

void writer::control(std::string_view statement) {
    put(begin(), "{}", statement);
    end_line();
}

void writer::flush() noexcept {
    if (file_ && ::gzflush(file_.get(), Z_SYNC_FLUSH) != Z_OK) {
        failed_ = true;
        stop(std::strerror(errno), "make room and capture again");
    }
}

void writer::close() noexcept {
    if (!file_)
        return;
    put(begin(), "end");
    end_line();
    if (file_ && ::gzclose(file_.release()) != Z_OK) {
        failed_ = true;
        stop(std::strerror(errno), "make room and capture again");
    }
}

void writer::stop(const std::string& why, const char* remedy) noexcept {
    std::fprintf(stderr, "ntbsim: %s: %s; the capture ends here, before %s (%s)\n", path_.c_str(),
                 why.c_str(), sc_core::sc_time_stamp().to_string().c_str(), remedy);
    file_.reset();
}

} // namespace ntb::capture
