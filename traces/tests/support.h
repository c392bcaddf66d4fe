// SPDX-License-Identifier: Apache-2.0
// What the tests of traces/ share: a directory that goes away, files as text, stderr as text.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "traces/unique_fd.h"

namespace ntb::traces::test {

extern std::atomic<std::size_t> allocations; ///< calls of operator new so far

class temporary_directory {
public:
    temporary_directory() {
        std::string name = (std::filesystem::temp_directory_path() / "ntbsim-traces-XXXXXX");
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error("no temporary directory");
        path_ = name;
    }
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;
    ~temporary_directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

inline std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

inline void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

/// Sends stderr to a file for its lifetime.
class captured_stderr {
public:
    captured_stderr() : path_(directory_.file("stderr")), saved_(::dup(STDERR_FILENO)) {
        std::fflush(stderr);
        const unique_fd file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
        ::dup2(file.get(), STDERR_FILENO);
    }
    captured_stderr(const captured_stderr&) = delete;
    captured_stderr& operator=(const captured_stderr&) = delete;
    ~captured_stderr() {
        std::fflush(stderr);
        ::dup2(saved_.get(), STDERR_FILENO);
    }
    [[nodiscard]] std::string text() const {
        std::fflush(stderr);
        return read_file(path_);
    }

private:
    temporary_directory directory_;
    std::string path_;
    unique_fd saved_;
};

inline std::size_t lines(const std::string& text) {
    std::size_t n = 0;
    for (const char c : text)
        n += c == '\n' ? 1 : 0;
    return n;
}

} // namespace ntb::traces::test
