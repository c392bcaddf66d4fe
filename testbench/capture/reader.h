// SPDX-License-Identifier: Apache-2.0
// Reads a capture, compressed or not, line by line: a long one is never in memory as a whole. Any
// bytes are input. A file that ends in the middle (its writer was killed, or has come to its limit)
// is read up to its last whole line.
//
// Threading: none. Errors: stimulus_error, which names file and line.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zlib.h>

#include "testbench/capture/header.h"
#include "testbench/capture/record.h"

namespace ntb::capture {

class reader {
public:
    /// Longest line: a write of 64 KiB in hexadecimal, and its head.
    static constexpr std::size_t max_line_bytes = std::size_t{1} << 18U;

    /// Opens it and reads the header.
    explicit reader(std::string path);

    [[nodiscard]] const header& head() const { return header_; }
    [[nodiscard]] const std::string& path() const { return path_; }
    /// The record after those taken; null behind the last.
    [[nodiscard]] const record* peek() { return fill() ? &*next_ : nullptr; }
    /// Goes on to the next one.
    void take() { next_.reset(); }

    /// Whether `path` is a capture, by its first lines. False also if it cannot be read.
    [[nodiscard]] static bool is_capture(const std::string& path);

private:
    struct closer {
        void operator()(gzFile file) const noexcept { (void)::gzclose(file); }
    };

    /// Makes next_ the next record that a replay has a use for.
    [[nodiscard]] bool fill();
    /// The next line without its end; false at the end of the file.
    [[nodiscard]] bool next_line(std::string_view& line);
    void read_header();
    [[nodiscard]] bool read_header_line(std::string_view line);
    [[nodiscard]] record parse(std::string_view line) const;
    [[noreturn]] void fail(std::string why) const;

    std::string path_;
    std::unique_ptr<gzFile_s, closer> file_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0; ///< of what is not read yet, in buffer_
    std::size_t end_ = 0;
    bool at_end_ = false;
    std::uint32_t line_ = 0;
    header header_{};
    std::uint64_t topology_hash_ = 0;
    std::uint64_t timing_hash_ = 0;
    std::uint64_t last_ps_ = 0;
    std::optional<record> next_{};
};

} // namespace ntb::capture
