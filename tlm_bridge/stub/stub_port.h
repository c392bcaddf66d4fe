// SPDX-License-Identifier: Apache-2.0
// One function's end of the stub that may sit inside its client's QEMU: the control socket, the
// page shared with it (page.h), and the accesses that come by it.
//
// It stands between the vfio-user session and the device. What came by the ring before a message
// is carried out before that message, so the two ways keep one order: QEMU waits for the answer
// to every message that the ring could overtake. A stub lives no longer than the client it came
// with.
//
// What the stub's end of the page says is copied once, then checked; a stub that says what it may
// not is cut off, and its QEMU goes on over vfio-user. Units: bytes. Threading: the SystemC thread;
// serve() and the calls of `device` may wait(), so they come from the function's SC_THREAD, one at
// a time; the rest may be called any time. Errors: setup_error on construction, none later.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <spdlog/spdlog.h>
#include <string>
#include <utility>

#include "model/register_mirror.h"
#include "tlm_bridge/device.h"
#include "tlm_bridge/kernel/port_control.h"
#include "tlm_bridge/rate_limit.h"
#include "tlm_bridge/stub/shared_page.h"
#include "tlm_bridge/unique_fd.h"
#include "tlm_bridge/unix_socket.h"

namespace ntb::bridge {

class window_broker;

class stub_port final : public device, private register_mirror {
public:
    struct options {
        bool log_reads = false; ///< somebody records accesses: every one must reach the device
        unsigned spin_us = 0;   ///< how long the stub polls before it sleeps
    };

    /// `device` and `control` outlive this; `path` is the control socket's, `name` tells the
    /// function in log lines.
    stub_port(std::string path, device& inner, port_control& control,
              std::shared_ptr<spdlog::logger> logger, std::string name, const options& o);
    ~stub_port() override;

    /// To poll for input: accept() has something to do.
    [[nodiscard]] int listener_fd() const { return listener_.fd(); }
    /// Of a stub that is there, else -1. Input there means that it leaves: hung_up() is to be
    /// called, and the descriptor not to be polled any more.
    [[nodiscard]] int control_fd() const { return control_socket_.get(); }
    /// The stub signals it when the simulator sleeps; edge-triggered, it need not be read.
    [[nodiscard]] int wake_fd() const { return wake_.get(); }

    /// Takes the stub of the client that is there; refuses others.
    void accept();
    /// The stub has gone; serve() clears away.
    void hung_up() { leave(); }

    /// Who maps this function's windows; none are without.
    void set_broker(window_broker* broker) { broker_ = broker; }
    /// Whether there is a stub that has accessed a window.
    [[nodiscard]] bool wants_windows() const { return page_ && !leaving_ && wants_windows_; }
    // To the stub (page.h); a stub that cannot be told, or does not answer in time, is cut off.
    void send_unmap(std::uint64_t bar, std::uint64_t offset, std::uint64_t size) {
        send({stub::window_command::unmap, 0, bar, offset, size, 0}, -1);
    }
    void send_commit() { send({stub::window_command::commit, ++serial_, 0, 0, 0, 0}, -1); }
    [[nodiscard]] bool send_map(std::uint64_t bar, std::uint64_t offset, std::uint64_t size,
                                int file, std::uint64_t file_offset) {
        return send({stub::window_command::map, 0, bar, offset, size, file_offset}, file);
    }
    /// page.h; before what is mapped meanwhile is committed.
    void set_mixed_bars(std::uint32_t bars) {
        if (page_)
            (*page_)->mixed_bars.store(bars, std::memory_order_seq_cst);
    }
    /// Until it has obeyed all that was sent.
    void await_windows(std::chrono::steady_clock::time_point deadline);

    /// Brings what is mapped of all functions up to date, if something has changed.
    void update_windows();

    /// Called before each access that was there together with the one before it: it need not wait
    /// for the wall clock any more than that one. Elaboration only.
    void set_on_time(std::function<void()> say) { on_time_ = std::move(say); }

    /// Whether serve() has something to do.
    [[nodiscard]] bool pending() const;
    /// Carries out at most `budget` accesses. Returns whether some are left.
    bool serve(unsigned budget);
    /// Says that the simulator is about to sleep. False: it must not, something is pending.
    [[nodiscard]] bool may_sleep();
    /// The simulator is awake.
    void woken();

    // device
    [[nodiscard]] const device_description& description() const override {
        return inner_.description();
    }
    void connected() override;
    void disconnected() override;
    [[nodiscard]] int region_read(std::uint32_t region, std::uint64_t offset,
                                  mutable_bytes data) override;
    [[nodiscard]] int region_write(std::uint32_t region, std::uint64_t offset,
                                   const_bytes data) override;
    [[nodiscard]] int dma_map(const dma_mapping& mapping, unique_fd file) override;
    [[nodiscard]] int dma_unmap(const dma_range& range) override;
    [[nodiscard]] int reset() override;
    [[nodiscard]] int set_irqs(const irq_request& request) override;

private:
    // register_mirror
    void changed(std::uint32_t offset, std::uint32_t value) noexcept override;
    void plain(std::uint32_t offset, bool is) noexcept override;
    void decides_windows(std::uint32_t offset) noexcept override;
    void answers(bool does) noexcept override;

    /// Receives the greeting and answers it; false: not a stub, or not now.
    [[nodiscard]] bool greet(int socket);
    /// Carries out all that has been posted up to now.
    void drain();
    /// Carries out one entry; false: it says what it may not.
    [[nodiscard]] bool carry_out(const stub::entry& e);
    /// What must be so before the guest is told that its access has been carried out.
    void settle_windows(const stub::entry& e);
    void publish_done();
    /// Whether the stub waits.
    [[nodiscard]] bool awaited() const {
        return (*page_)->waiting.load(std::memory_order_relaxed) != 0;
    }
    bool send(const stub::window_message& m, int file);
    void cut_off(const char* why);
    /// The ring ends with what has been posted up to now. serve() does the rest: this may be in the
    /// middle of the model.
    void leave();
    /// The stub is gone, or is to be.
    void detach();
    [[nodiscard]] std::uint32_t waiting_entries() const;

    unix_listener listener_;
    device& inner_;
    port_control& control_;
    guest_log log_;
    options options_;
    unique_fd wake_;
    unique_fd control_socket_;
    std::unique_ptr<shared_page> page_; ///< while a stub is there
    std::uint32_t done_ = 0;            ///< our own count: the page's is for the stub to read
    std::uint32_t published_ = 0;       ///< of that, what the page says
    std::uint32_t end_ = 0;             ///< of the ring, while leaving_
    window_broker* broker_ = nullptr;
    std::function<void()> on_time_;
    std::uint32_t serial_ = 0; ///< of the last window message that is answered
    bool takes_windows_ = false;
    bool wants_windows_ = false;
    bool client_ = false;
    bool leaving_ = false;
};

} // namespace ntb::bridge
