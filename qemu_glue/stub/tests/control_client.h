// SPDX-License-Identifier: GPL-2.0-or-later
// A client of a simulator's control socket (docs/control.md).
//
// Threading: none. Errors: fail the test.
#pragma once

#include <boost/test/unit_test.hpp>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace ntb::stub::test {

struct control_client {
    /// Has a statement obeyed.
    void say(const std::string& statement) const {
        const int s = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        name.copy(address.sun_path, sizeof address.sun_path - 1);
        BOOST_REQUIRE(::connect(s, reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                      0);
        const std::string line = statement + "\n";
        BOOST_REQUIRE(::send(s, line.data(), line.size(), MSG_NOSIGNAL) ==
                      static_cast<ssize_t>(line.size()));
        char answer[256] = {};
        BOOST_REQUIRE(::recv(s, answer, sizeof answer - 1, 0) > 0);
        BOOST_TEST(std::string(answer).rfind("ok at ", 0) == 0U);
        ::close(s);
    }

    std::string name; ///< of the socket
};

} // namespace ntb::stub::test
