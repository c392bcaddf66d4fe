// SPDX-License-Identifier: Apache-2.0
// Writes a capture while a session runs: a line for everything that the bridges tell, streamed into
// a file, compressed if its name ends with ".gz". Whatever ends the process, the file is a readable
// beginning of the session.
//
// When the limit is reached or a write fails, one line on stderr says what, why and what to do, and
// the rest is dropped. Units: bytes. Threading: the SystemC thread; the time of a line is
// sc_time_stamp(). Errors: capture_error from the constructor; later ones as above.
#pragma once

#include <cstdint>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <zlib.h>

#include "testbench/capture/header.h"
#include "testbench/capture/record.h"
#include "tlm_bridge/kernel/input_log.h"

namespace ntb::capture {

class writer {
public:
    static constexpr std::uint64_t no_limit = 0;

    /// `limit_bytes` of the lines before compression.
    writer(std::string path, std::uint64_t limit_bytes, const header& h);
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;
    ~writer();

    /// What a function's bridge is to be given as its log.
    [[nodiscard]] bridge::input_log& log_of(function_place place);
    /// A statement of the stimulus language that acts now.
    void control(std::string_view statement);

    /// Everything told so far is in the file afterwards. For idle moments.
    void flush() noexcept;
    /// The session ends, in order.
    void close() noexcept;
    /// Lines written so far.
    [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }
    /// Whether an error has ended the capture. Final after close().
    [[nodiscard]] bool failed() const noexcept { return failed_; }

private:
    class function_log;
    struct closer {
        void operator()(gzFile file) const noexcept { (void)::gzclose(file); }
    };

    /// Begins a line: "at 123ps ".
    fmt::memory_buffer& begin();
    void end_line() noexcept;
    void stop(const std::string& why, const char* remedy) noexcept;

    std::string path_;
    std::uint64_t limit_;
    std::unique_ptr<gzFile_s, closer> file_;
    fmt::memory_buffer line_{};
    std::map<function_place, std::unique_ptr<function_log>> functions_;
    std::uint64_t written_ = 0;
    std::uint64_t lines_ = 0;
    bool failed_ = false;
};

} // namespace ntb::capture
