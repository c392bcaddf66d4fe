// SPDX-License-Identifier: Apache-2.0
#include "testbench/bench/vfio_client.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <unistd.h>

namespace ntb::bench {

namespace wire = vfio_user::wire;

namespace {

constexpr std::uint32_t region_bar0 = 0;
constexpr std::uint32_t region_config = 7;
constexpr std::size_t reply_bytes = sizeof(wire::header) + sizeof(wire::region_access) + 4;

struct [[gnu::packed]] write_payload {
    wire::region_access access;
    std::uint32_t value;
};

} // namespace

void give_up(const std::string& what) {
    std::fprintf(stderr, "bench: %s\n", what.c_str());
    std::exit(2);
}

vfio_client::vfio_client(const std::string& socket_path, client_shape shape, bool handshake)
    : server_(socket_path), shape_(shape) {
    reply_.reserve(4096);
    const wire::region_access access{0, region_bar0, 4};
    read_request_ = server_.make(wire::command::region_read, 0, &access, sizeof access);
    const write_payload write{access, 0};
    write_request_ =
        server_.make(wire::command::region_write, wire::flag_no_reply, &write, sizeof write);
    if (handshake) {
        server_.shake_hands();
        const write_payload command{{4, region_config, 4}, 6}; // memory space, bus master
        server_.round_trip(server_.make(wire::command::region_write, 0, &command, sizeof command));
    }
    if (shape_ == client_shape::queued) {
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) < 0)
            give_up("no pipe");
        end_read_ = bridge::unique_fd(ends[0]);
        end_write_ = bridge::unique_fd(ends[1]);
        receiver_ = std::thread([this] { receive_loop(); });
    }
}

vfio_client::~vfio_client() {
    if (receiver_.joinable()) {
        end_write_ = bridge::unique_fd();
        receiver_.join();
    }
}

void vfio_client::receive_loop() try {
    for (;;) {
        std::array<pollfd, 2> polled{
            {{server_.descriptor(), POLLIN, 0}, {end_read_.get(), POLLIN, 0}}};
        if (::poll(polled.data(), polled.size(), -1) < 0)
            continue;
        if (polled[1].revents != 0)
            return;
        message m = server_.receive();
        const std::lock_guard<std::mutex> lock(mutex_);
        reply_ = std::move(m);
        replied_ = true;
        arrived_.notify_one();
    }
} catch (const vfio_user::client_error& e) {
    give_up(e.what()); // the asking thread would wait for ever
}

std::uint32_t vfio_client::read(std::uint32_t offset) {
    const std::uint64_t wide = offset;
    std::memcpy(read_request_.data() + sizeof(wire::header), &wide, sizeof wide);
    std::uint32_t value = 0;
    if (shape_ == client_shape::plain) {
        server_.send(read_request_);
        std::array<std::uint8_t, reply_bytes> reply{};
        server_.read_exactly(reply.data(), reply.size()); // the size is known: one system call
        std::memcpy(&value, reply.data() + reply_bytes - 4, 4);
        return value;
    }
    server_.send(read_request_);
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_.wait(lock, [this] { return replied_; });
    replied_ = false;
    if (reply_.size() != reply_bytes)
        give_up("a reply has the wrong size");
    std::memcpy(&value, reply_.data() + reply_bytes - 4, 4);
    return value;
}

void vfio_client::post(std::uint32_t offset, std::uint32_t value, std::uint32_t region) {
    const wire::region_access access{offset, region, 4};
    std::memcpy(write_request_.data() + sizeof(wire::header), &access, sizeof access);
    std::memcpy(write_request_.data() + write_request_.size() - 4, &value, 4);
    server_.send(write_request_);
}

void vfio_client::post_many(std::uint32_t offset, std::uint32_t first, std::uint32_t count,
                            std::uint32_t region) {
    const wire::write_multi head{count};
    const std::size_t size = sizeof head + count * sizeof(wire::single_write);
    if (multi_request_.size() != sizeof(wire::header) + size) {
        const message empty(size);
        multi_request_ = server_.make(wire::command::region_write_multi, wire::flag_no_reply,
                                      empty.data(), size);
    }
    std::uint8_t* at = multi_request_.data() + sizeof(wire::header);
    std::memcpy(at, &head, sizeof head);
    at += sizeof head;
    for (std::uint32_t i = 0; i < count; ++i, at += sizeof(wire::single_write)) {
        wire::single_write one{offset + 4 * i, region, 4, {}};
        const std::uint32_t value = first + i;
        std::memcpy(one.data, &value, sizeof value);
        std::memcpy(at, &one, sizeof one);
    }
    server_.send(multi_request_);
}

void vfio_client::map(int file, std::uint64_t address, std::uint64_t size) {
    constexpr std::uint32_t readable_and_writable = 3;
    const wire::dma_map m{sizeof m, readable_and_writable, 0, address, size};
    server_.round_trip(server_.make(wire::command::dma_map, 0, &m, sizeof m), file);
}

} // namespace ntb::bench
