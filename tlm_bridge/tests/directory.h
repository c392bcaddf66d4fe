// SPDX-License-Identifier: Apache-2.0
// A directory of its own for a test, gone at its end.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace ntb::bridge::test {

struct directory {
    directory() {
        char name[] = "/tmp/ntb-bridge-XXXXXX";
        path_ = ::mkdtemp(name);
    }
    directory(const directory&) = delete;
    directory& operator=(const directory&) = delete;
    ~directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

} // namespace ntb::bridge::test
