// SPDX-License-Identifier: GPL-2.0-or-later
// Topology two-host with one change, in a file.
//
// Threading: none. Errors: fail the test.
#pragma once

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>

namespace ntb::stub::test {

/// At most one in a process.
class changed_topology {
public:
    /// `with` instead of the first `what`: that of port 0, if ports have it.
    changed_topology(const std::string& what, const std::string& with)
        : path_("/tmp/ntb-stub-topology-" + std::to_string(::getpid()) + ".toml") {
        std::ifstream original(NTB_STUB_TEST_TOPOLOGY);
        std::string text{std::istreambuf_iterator<char>(original), {}};
        const std::size_t at = text.find(what);
        BOOST_REQUIRE(at != std::string::npos);
        std::ofstream(path_) << text.replace(at, what.size(), with);
    }
    changed_topology(const changed_topology&) = delete;
    changed_topology& operator=(const changed_topology&) = delete;
    ~changed_topology() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

} // namespace ntb::stub::test
