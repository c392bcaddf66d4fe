// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/peer/ivshmem_line.h"

#include <cerrno>
#include <cstring>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utility>

#include "tlm_bridge/peer/layout.h"
#include "tlm_bridge/setup_error.h"

namespace ntb::peer {

namespace {
ivshmem::client::options client_options(const std::string& path) {
    ivshmem::client::options o;
    o.path = path;
    o.smallest_memory = layout::memory_bytes;
    return o;
}
} // namespace

ivshmem_line::ivshmem_line(const std::string& path, std::shared_ptr<spdlog::logger> logger)
    : logger_(std::move(logger)), client_(client_options(path)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
    if (!timer_)
        throw bridge::setup_error("timer", std::strerror(errno), "close some files");
}

void ivshmem_line::ring(std::uint32_t id) {
    if (id > 0xFFFF)
        return;
    const auto peer = static_cast<ivshmem::peer_id>(id);
    if (client_.has_peer(peer))
        (void)client_.ring(peer, 0);
    else
        owed_ = id;
}

void ivshmem_line::joined(ivshmem::peer_id peer) {
    if (owed_ != peer)
        return;
    owed_.reset();
    (void)client_.ring(peer, 0);
}

void ivshmem_line::watch_from(bridge::bridge_thread& thread, std::function<void()> look) {
    look_ = std::move(look);
    thread.watch(client_.interrupt_fd(0), [this] {
        (void)client_.take_interrupt(0);
        look_();
    });
    thread.watch(timer_.get(), [this] {
        std::uint64_t times = 0;
        if (::read(timer_.get(), &times, sizeof times) > 0)
            look_();
    });
    if (client_.server_fd() >= 0)
        thread.watch(client_.server_fd(), [this] { server_speaks(); });
    else
        server_is_lost();
}

void ivshmem_line::server_speaks() {
    client_.process(*this);
    if (client_.server_fd() < 0)
        server_is_lost();
    look_();
}

void ivshmem_line::server_is_lost() {
    logger_->warn("peer: {}; nobody can join until server and simulators are started again",
                  client_.server_failure());
    itimerspec every{};
    every.it_interval.tv_nsec = every.it_value.tv_nsec = look_every_ms * 1'000'000;
    (void)::timerfd_settime(timer_.get(), 0, &every, nullptr);
}

} // namespace ntb::peer
