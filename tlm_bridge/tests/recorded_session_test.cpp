// SPDX-License-Identifier: Apache-2.0
// Sessions of a stock QEMU 11.1 client, recorded byte by byte (record_qemu_session.py), replayed:
// the same requests with the same descriptors must get the same replies.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "tlm_bridge/tests/client_fixture.h"

using namespace ntb::bridge;
using namespace ntb::bridge::test;

#ifndef NTBSIM_TEST_DATA
#error "NTBSIM_TEST_DATA names the directory of the recordings"
#endif

namespace {

byte_vector from_hex(const std::string& text) {
    byte_vector b(text.size() / 2);
    for (std::size_t i = 0; i < b.size(); ++i) {
        b[i] = static_cast<std::uint8_t>(std::stoul(text.substr(2 * i, 2), nullptr, 16));
    }
    return b;
}

unique_fd descriptor(const std::string& what) {
    if (what.rfind("+memfd:", 0) == 0) {
        return new_memory(std::stoull(what.substr(7)));
    }
    return new_eventfd();
}

struct step {
    byte_vector request;
    std::vector<std::string> descriptors;
    byte_vector replies;
};

std::vector<step> load(const std::string& name) {
    std::vector<step> steps;
    std::ifstream file(std::string(NTBSIM_TEST_DATA) + "/" + name);
    std::string line;
    while (std::getline(file, line)) {
        std::istringstream words(line);
        std::string word;
        words >> word;
        if (word == ">") {
            step s;
            while (words >> word && word[0] == '+') {
                s.descriptors.push_back(word);
            }
            s.request = from_hex(word);
            steps.push_back(std::move(s));
        } else if (word == "<") {
            words >> word;
            append_all(steps.at(steps.size() - 1).replies, from_hex(word));
        }
    }
    return steps;
}

struct replay : raw_client {
    /// Feeds everything; returns how many steps were answered as recorded.
    std::size_t run(const std::vector<step>& steps) {
        std::size_t same = 0;
        for (const step& s : steps) {
            std::vector<unique_fd> fds;
            for (const auto& d : s.descriptors) {
                fds.push_back(descriptor(d));
            }
            (void)ask(s.request, std::move(fds));
            BOOST_TEST_CONTEXT("step " << same) {
                BOOST_TEST(transport.output == s.replies, boost::test_tools::per_element());
            }
            same += transport.output == s.replies ? 1 : 0;
        }
        return same;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(recorded_sessions, replay)

BOOST_AUTO_TEST_CASE(qemu_from_firmware_to_reset_gets_the_recorded_answers) {
    const auto steps = load("qemu.session");
    BOOST_REQUIRE(steps.size() > 100U);
    BOOST_TEST(run(steps) == steps.size());
    BOOST_TEST(device.resets >= 2U);
    BOOST_TEST(device.irqs.msi_delivered() == 1U);
    BOOST_TEST((device.last_dma == memory_status::ok));
    BOOST_TEST(!log.has("refused"));
    BOOST_TEST(!log.has("unwanted"));
}

BOOST_AUTO_TEST_CASE(multi_writes_of_qemu_are_understood) {
    const auto steps = load("qemu_multi.session");
    BOOST_REQUIRE(!steps.empty());
    BOOST_TEST(run(steps) == steps.size());
    BOOST_TEST(device.writes > 1U);
    BOOST_TEST(!log.has("refused"));
}

BOOST_AUTO_TEST_SUITE_END()
