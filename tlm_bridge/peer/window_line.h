// SPDX-License-Identifier: Apache-2.0
// Windows as RAM where a switch is in two simulators: what the two tell each other so that a guest
// with a stub reaches memory of a guest of the other one (tlm_bridge/stub/window_broker.h).
//
// A UNIX socket carries the descriptors of guests' memory, which an ivshmem server does not pass,
// and who may reach which host. It has a name without a file, made of what both know: device and
// inode of the shared memory, and the number of the simulator that listens (side 0). Both look at
// the other's user ID: it has to be their own. What memory there is and whether its host takes
// requests (link, bus master, D0) comes over this socket only; mapping table, partitions and modes
// are in the shared memory.
//
// Nothing is told before the other side asks (`want`), which it does when one of its stubs accesses
// a window. From then on each change of what its windows depend on is told, and waited for until
// its stubs have let go (`follow`, `followed`). Who waits serves the other one's changes meanwhile,
// so two that wait for each other do not stand still. Who does not answer for answer_limit is
// given up: the socket is closed, which takes everything away over there when it goes on.
//
// Windows between two guests of this process depend on what the other one may write as well, so
// nothing at all is mapped while it is there and does not tell: before its first `follow`, after
// it was given up, or where it maps no windows itself.
//
// What the other one says is bounded: a few words at a time are taken, only the last `follow` is
// answered, by who waits for nothing else, and talk does not put off the end of a wait.
//
// Threading: the SystemC thread. What waits blocks the process. Errors: none; windows that are not
// mapped are trapped, and why is said in one line.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <spdlog/spdlog.h>
#include <string>
#include <sys/types.h>
#include <vector>

#include "model/types.h"
#include "tlm_bridge/host_memory.h"
#include "tlm_bridge/kernel/bridge_thread.h"
#include "tlm_bridge/kernel/epoll_set.h"
#include "tlm_bridge/kernel/port_control.h"
#include "tlm_bridge/peer/attachment.h"
#include "tlm_bridge/peer/peer_link.h"
#include "tlm_bridge/rate_limit.h"
#include "tlm_bridge/stub/window_broker.h"
#include "tlm_bridge/unique_fd.h"

namespace ntb::peer {

/// What crosses the socket, whole in one packet each.
struct window_word {
    enum class what : std::uint32_t {
        hello = 1, ///< port = version, serial = number of the sender (layout::side::incarnation)
        want,      ///< tell me
        map,       ///< of `port`: address, size, offset; with the file's descriptor or without
        withdraw,  ///< nothing of `port` is mapped any more
        follow,    ///< ports = bit p: requests may be emitted at port p; answered by `followed`
        followed,  ///< serial of `follow`
    };
    what kind = what::hello;
    std::uint32_t serial = 0;
    std::uint32_t port = 0;
    std::uint32_t ports = 0;
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    std::uint64_t offset = 0;
};
static_assert(sizeof(window_word) == 40);

class window_line final : public bridge::window_partner {
public:
    static constexpr std::uint32_t version = 1;
    /// Longer than the other one waits for its stubs.
    static constexpr auto answer_limit = std::chrono::seconds(2);
    /// How often, and how many times, side 1 looks whether side 0 listens.
    static constexpr long look_every_ms = 100;
    static constexpr unsigned looks = 100;
    /// Words that are taken before something else is seen to.
    static constexpr unsigned words_at_once = 64;
    /// How often words are taken when a wait is over: what had come by then counts.
    static constexpr unsigned late_rounds = 16;

    /// All outlive it. `memory_fd` is the shared memory's. Elaboration only.
    window_line(attachment& place, int memory_fd, peer_link& link, bridge::window_broker& broker,
                std::shared_ptr<spdlog::logger> logger);
    ~window_line() override;

    /// An NT function of this process; to be added to the broker by the caller.
    void add_here(port_number port, bridge::port_control& control,
                  const bridge::host_memory& memory);
    /// One of the other process; adds it to the broker.
    void add_elsewhere(port_number port);
    /// When everything is built.
    void begin(bridge::bridge_thread& thread);

    // window_partner
    [[nodiscard]] bool tells_changes() const override;
    [[nodiscard]] bool may_map() const override { return usable() && tells_; }
    void follow() override;
    void take_away(port_number port) override;

private:
    class elsewhere;
    struct here {
        port_number port{};
        bridge::port_control* control = nullptr;
        const bridge::host_memory* memory = nullptr;
        std::vector<bridge::host_memory::shared_map> told{};
        std::uint64_t told_changes = ~std::uint64_t{0};
    };

    void listen();
    void other_changed();
    void service();
    void look();
    void set_timer(bool runs);
    void connect();
    void accept();
    /// What who has connected says first; he is the other simulator, or dropped.
    void hear_stranger();
    void adopt_stranger();
    [[nodiscard]] bool send_hello();
    /// Whether the one at the socket is of this user.
    [[nodiscard]] static bool is_ours(int socket);
    /// The other simulator is known to be at the socket.
    void meet(std::uint32_t number);
    /// Whether the other simulator is at the socket, the one whose ports the model knows.
    [[nodiscard]] bool usable() const;
    /// Takes what has come, words_at_once at most.
    void receive();
    /// Says `followed` when the stubs have let go, if it is to be said.
    void answer();
    [[nodiscard]] bool obey(const window_word& w, bridge::unique_fd file);
    [[nodiscard]] bool map(const window_word& w, bridge::unique_fd file);
    bool send(const window_word& w, int file = -1);
    void begin_to_wait();
    /// False: the time is over, and nothing has come.
    [[nodiscard]] bool await(short events);
    void tell_maps(here& h);
    void tell_and_wait();
    [[nodiscard]] std::uint32_t accepting() const;
    [[nodiscard]] std::uint64_t state_hash();
    void withdraw_elsewhere(elsewhere& e);
    /// The socket is closed, and nothing over there is reached any more.
    void hang_up();
    void give_up(const std::string& why);
    void say_trapped(const char* why);

    attachment& place_;
    peer_link& link_;
    bridge::window_broker& broker_;
    std::shared_ptr<spdlog::logger> logger_;
    bridge::guest_log log_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
    bridge::epoll_set set_;
    bridge::unique_fd listener_;
    bridge::unique_fd timer_;
    bridge::unique_fd socket_;
    bridge::unique_fd stranger_; ///< has connected, and is not known to be the other simulator
    std::uint32_t stranger_number_ = 0; ///< that he says to be, 0: nothing yet
    std::vector<here> here_{};
    std::vector<std::unique_ptr<elsewhere>> elsewhere_{};
    unsigned looks_left_ = 0;
    bool said_trapped_ = false;
    std::uint32_t met_ = 0;      ///< number of who is at the socket, 0: not said yet
    std::uint32_t given_up_ = 0; ///< number of who has hung up, or was hung up on
    std::uint32_t granted_ = 0;  ///< bit p: requests may be emitted at port p over there
    bool wants_ = false;         ///< `want` is sent
    bool tells_ = false;         ///< the other one wants to be told
    bool told_ = false;          ///< it has been
    bool is_told_ = false;       ///< the other one tells this one
    bool owes_ = false;          ///< `follow` is to be answered
    std::uint32_t asked_ = 0;    ///< its serial
    std::chrono::steady_clock::time_point deadline_{}; ///< of what is waited for
    unsigned late_ = 0;                                ///< rounds after it
    std::uint32_t told_ports_ = 0;
    std::uint64_t told_state_ = 0;
    std::uint32_t serial_ = 0;   ///< of the last `follow`
    std::uint32_t followed_ = 0; ///< the last that was answered
};

} // namespace ntb::peer
