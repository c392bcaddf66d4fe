// SPDX-License-Identifier: Apache-2.0
// recorder SOCKET FILE: serves the plain device to one vfio-user client and writes down every byte
// both ways; record_qemu_session.py drives a QEMU against it. Made data/*.session:
//
//   > [+memfd:SIZE|+eventfd|+other ...] HEX   what one receive gave, with its descriptors
//   < HEX                                     what was sent
#include <chrono>
#include <cstdio>
#include <fstream>
#include <poll.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/stat.h>
#include <thread>

#include "tlm_bridge/eventfd.h"
#include "tlm_bridge/setup_error.h"
#include "tlm_bridge/tests/plain_device.h"
#include "tlm_bridge/unix_socket.h"
#include "tlm_bridge/vfio_user/connection.h"

namespace {

using namespace ntb;
using namespace ntb::vfio_user;

class recording_transport final : public bridge::transport {
public:
    recording_transport(bridge::unique_fd socket, std::ostream& out)
        : stream_(std::move(socket)), out_(out) {}

    bridge::io_result receive(bridge::mutable_bytes into, bridge::fd_batch& fds) override {
        bridge::fd_batch arrived;
        const bridge::io_result r = stream_.receive(into, arrived);
        if (r.status == bridge::io_status::ok) {
            out_ << '>';
            for (std::size_t i = 0; i < arrived.size(); ++i) {
                describe(arrived[i].get());
            }
            write_hex({into.data, r.bytes});
        }
        fds.take(arrived);
        return r;
    }
    bridge::io_result send(bridge::const_bytes bytes) override {
        const bridge::io_result r = stream_.send(bytes);
        out_ << '<';
        write_hex({bytes.data, r.bytes});
        return r;
    }
    [[nodiscard]] int fd() const { return stream_.fd(); }

private:
    void describe(int fd) {
        struct stat status {};
        if (bridge::is_eventfd(fd)) {
            out_ << " +eventfd";
        } else if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
            out_ << " +memfd:" << status.st_size;
        } else {
            out_ << " +other";
        }
    }
    void write_hex(bridge::const_bytes bytes) {
        out_ << ' ';
        for (std::size_t i = 0; i < bytes.size; ++i) {
            char digits[3];
            std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(bytes.data[i]));
            out_ << digits;
        }
        out_ << '\n';
    }
    bridge::unix_stream stream_;
    std::ostream& out_;
};

void wait_for_input(int fd) {
    pollfd p{fd, POLLIN, 0};
    ::poll(&p, 1, -1);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: recorder SOCKET FILE\n");
        return 2;
    }
    try {
        auto logger = spdlog::stdout_logger_st("recorder");
        std::ofstream out(argv[2]);
        bridge::test::plain_device device(logger);
        device.on_access = [&device, paused = false]() mutable {
            // Written by --burst: long enough for a client to run out of patience with its queue.
            if (device.bar[0x20] != 0 && !paused) {
                paused = true;
                std::this_thread::sleep_for(std::chrono::seconds(3));
            }
        };
        bridge::unix_listener listener(argv[1]);
        std::printf("listening\n");
        std::fflush(stdout);
        wait_for_input(listener.fd());
        recording_transport stream(listener.accept(), out);
        bridge::guest_log log(logger, "client");
        connection client(stream, device, log);
        for (progress p = progress::idle; p != progress::closed; p = client.pump(64)) {
            if (p == progress::idle) { // with `more`, messages are waiting in the buffer
                wait_for_input(stream.fd());
            }
        }
        client.end();
        std::printf("guest memory access: %d, MSI delivered: %llu\n",
                    static_cast<int>(device.last_dma),
                    static_cast<unsigned long long>(device.irqs.msi_delivered()));
        return out.good() ? 0 : 1;
    } catch (const bridge::setup_error& e) {
        std::fprintf(stderr, "recorder: %s\n", e.what());
        return 2;
    }
}
