// SPDX-License-Identifier: Apache-2.0
#include "testbench/bench/vfio_client.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace ntb::bench {

namespace wire = vfio_user::wire;

namespace {

constexpr std::uint32_t region_bar0 = 0;
constexpr std::uint32_t region_config = 7;
constexpr std::size_t reply_bytes = sizeof(wire::header) + sizeof(wire::region_access) + 4;

bridge::unique_fd connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        give_up("the socket's path is too long: " + path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    bridge::unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
        give_up("cannot connect to " + path + ": " + std::strerror(errno));
    return fd;
}

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
    : socket_(connect_to(socket_path)), shape_(shape) {
    reply_.reserve(4096);
    const wire::region_access access{0, region_bar0, 4};
    read_request_ = request_of(wire::command::region_read, 0, &access, sizeof access);
    const write_payload write{access, 0};
    write_request_ =
        request_of(wire::command::region_write, wire::flag_no_reply, &write, sizeof write);
    if (handshake) {
        std::array<std::uint8_t, 128> version{};
        const wire::version v{wire::protocol_major, wire::protocol_minor};
        const char text[] =
            R"({"capabilities":{"max_msg_fds":8,"max_data_xfer_size":65536,"write_multiple":true}})";
        std::memcpy(version.data(), &v, sizeof v);
        std::memcpy(version.data() + sizeof v, text, sizeof text);
        const message hello =
            request_of(wire::command::version, 0, version.data(), sizeof v + sizeof text);
        send(hello);
        receive();
        const write_payload command{{4, region_config, 4}, 6}; // memory space, bus master
        send(request_of(wire::command::region_write, 0, &command, sizeof command));
        receive();
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

vfio_client::message vfio_client::request_of(wire::command command, std::uint32_t flags,
                                             const void* payload, std::size_t size) {
    wire::header h{};
    h.message_id = next_id_++;
    h.command = static_cast<std::uint16_t>(command);
    h.message_size = static_cast<std::uint32_t>(sizeof h + size);
    h.flags = wire::type_command | flags;
    message out(h.message_size);
    std::memcpy(out.data(), &h, sizeof h);
    std::memcpy(out.data() + sizeof h, payload, size);
    return out;
}

void vfio_client::send(const message& m, int file) {
    std::size_t sent = 0;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof file)> control{};
    while (sent < m.size()) {
        iovec part{const_cast<std::uint8_t*>(m.data()) + sent, m.size() - sent};
        msghdr h{};
        h.msg_iov = &part;
        h.msg_iovlen = 1;
        if (file >= 0 && sent == 0) {
            h.msg_control = control.data();
            h.msg_controllen = control.size();
            cmsghdr* const rights = CMSG_FIRSTHDR(&h);
            rights->cmsg_level = SOL_SOCKET;
            rights->cmsg_type = SCM_RIGHTS;
            rights->cmsg_len = CMSG_LEN(sizeof file);
            std::memcpy(CMSG_DATA(rights), &file, sizeof file);
        }
        const ssize_t n = ::sendmsg(socket_.get(), &h, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            give_up("the server went away");
        sent += static_cast<std::size_t>(n);
    }
}

void vfio_client::read_exactly(std::uint8_t* to, std::size_t size) {
    while (size != 0) {
        const ssize_t n = ::recv(socket_.get(), to, size, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            give_up("the server closed the connection");
        to += n;
        size -= static_cast<std::size_t>(n);
    }
}

vfio_client::message vfio_client::receive() {
    wire::header h{};
    read_exactly(reinterpret_cast<std::uint8_t*>(&h), sizeof h);
    if (h.message_size < sizeof h || h.message_size > wire::max_message_size)
        give_up("a reply has no sensible size");
    if ((h.flags & wire::flag_error) != 0)
        give_up("the server refused a request");
    message out(h.message_size);
    std::memcpy(out.data(), &h, sizeof h);
    read_exactly(out.data() + sizeof h, out.size() - sizeof h);
    return out;
}

void vfio_client::receive_loop() {
    for (;;) {
        std::array<pollfd, 2> polled{{{socket_.get(), POLLIN, 0}, {end_read_.get(), POLLIN, 0}}};
        if (::poll(polled.data(), polled.size(), -1) < 0)
            continue;
        if (polled[1].revents != 0)
            return;
        message m = receive();
        const std::lock_guard<std::mutex> lock(mutex_);
        reply_ = std::move(m);
        replied_ = true;
        arrived_.notify_one();
    }
}

std::uint32_t vfio_client::read(std::uint32_t offset) {
    const std::uint64_t wide = offset;
    std::memcpy(read_request_.data() + sizeof(wire::header), &wide, sizeof wide);
    std::uint32_t value = 0;
    if (shape_ == client_shape::plain) {
        send(read_request_);
        std::array<std::uint8_t, reply_bytes> reply{};
        read_exactly(reply.data(), reply.size()); // the size is known: one system call
        std::memcpy(&value, reply.data() + reply_bytes - 4, 4);
        return value;
    }
    send(read_request_);
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
    send(write_request_);
}

void vfio_client::post_many(std::uint32_t offset, std::uint32_t first, std::uint32_t count,
                            std::uint32_t region) {
    const wire::write_multi head{count};
    const std::size_t size = sizeof head + count * sizeof(wire::single_write);
    if (multi_request_.size() != sizeof(wire::header) + size) {
        const message empty(size);
        multi_request_ =
            request_of(wire::command::region_write_multi, wire::flag_no_reply, empty.data(), size);
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
    send(multi_request_);
}

void vfio_client::map(int file, std::uint64_t address, std::uint64_t size) {
    constexpr std::uint32_t readable_and_writable = 3;
    const wire::dma_map m{sizeof m, readable_and_writable, 0, address, size};
    send(request_of(wire::command::dma_map, 0, &m, sizeof m), file);
    receive();
}

} // namespace ntb::bench
