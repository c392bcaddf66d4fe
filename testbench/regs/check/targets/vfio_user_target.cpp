// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/targets/vfio_user_target.h"

#include <cstring>

#include "testbench/regs/check/targets/config_window.h"

namespace ntb::regs::check {

namespace wire = vfio_user::wire;

namespace {

constexpr std::uint32_t region_bar0 = 0;
constexpr std::uint32_t region_config = 7;

struct [[gnu::packed]] write_payload {
    wire::region_access access;
    std::uint32_t value;
};

/// What the client reports, as an error of the target.
template <class Action>
auto guarded(const std::string& name, Action action) {
    try {
        return action();
    } catch (const vfio_user::client_error& e) {
        throw target_error(name + ": " + e.what());
    }
}

} // namespace

vfio_user_target::vfio_user_target(const std::string& socket_path, bool fresh)
    : path_(socket_path), fresh_(fresh), server_(guarded("vfio-user:" + socket_path, [&] {
          return vfio_user::client_connection(socket_path);
      })) {
    guarded(name(), [this] { server_.shake_hands(); });
    bar0_ = bar0_is_config_window(*this, 0);
    d3hot_resets_ = ntb::regs::check::d3hot_resets(*this, 0);
}

std::uint32_t vfio_user_target::read(door by, unsigned /*function*/, std::uint32_t offset,
                                     unsigned width, unsigned /*byte_enables*/) {
    return guarded(name(), [&] {
        const wire::region_access a{offset, by == door::config ? region_config : region_bar0,
                                    width};
        const auto reply =
            server_.round_trip(server_.make(wire::command::region_read, 0, &a, sizeof a));
        if (reply.size() != sizeof(wire::header) + sizeof a + width)
            throw vfio_user::client_error("a reply has the wrong size");
        std::uint32_t value = 0;
        std::memcpy(&value, reply.data() + sizeof(wire::header) + sizeof a, width);
        return value;
    });
}

void vfio_user_target::write(door by, unsigned /*function*/, std::uint32_t offset, unsigned width,
                             std::uint32_t value, unsigned /*byte_enables*/) {
    guarded(name(), [&] {
        const write_payload w{{offset, by == door::config ? region_config : region_bar0, width},
                              value};
        server_.round_trip(
            server_.make(wire::command::region_write, 0, &w, sizeof w.access + width));
    });
}

void vfio_user_target::reset(reset_kind kind, unsigned function) {
    if (kind == reset_kind::from_d3hot) {
        pass_d3hot(*this, function);
        return;
    }
    guarded(name(), [this] {
        server_.round_trip(server_.make(wire::command::device_reset, 0, nullptr, 0));
    });
}

} // namespace ntb::regs::check
