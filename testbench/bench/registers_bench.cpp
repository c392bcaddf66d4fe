// SPDX-License-Identifier: Apache-2.0
// What a register read costs in the model, beside its floor and its peer, all through TLM sockets
// with the same initiator, payload and loop:
//   floor/array_read            simple_target_socket, b_transport copies from an array
//   model/read_*                bar0 of the NT function, timing `ideal`, all checks on, not traced
//   bank/read_all/N             the model's register bank with N registers behind a plain socket
//   linear/read_all/N           a list of N registers searched from its front
//   model/read_all, .../read_all walk over all registers in a shuffled order
#include <algorithm>
#include <benchmark/benchmark.h>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <vector>

#include "model/pcie_extension.h"
#include "model/register_bank.h"
#include "model/regs/nt_refs.h"
#include "testbench/bench/linear_registers.h"
#include "testbench/bench/simulated_benchmarks.h"

namespace {

using namespace ntb;

struct array_target : sc_core::sc_module {
    explicit array_target(const sc_core::sc_module_name& name) : sc_module(name), socket("socket") {
        socket.register_b_transport(this, &array_target::b_transport);
    }
    tlm_utils::simple_target_socket<array_target> socket;
    std::array<std::uint32_t, 1024> words{};

private:
    void b_transport(tlm::tlm_generic_payload& p, sc_core::sc_time&) {
        std::memcpy(p.get_data_ptr(), &words[p.get_address() / 4 & 1023U], 4);
        p.set_response_status(tlm::TLM_OK_RESPONSE);
    }
};

/// The model's storage and decode alone, with as many registers as wanted.
template <std::size_t Registers>
struct bank_target : sc_core::sc_module {
    explicit bank_target(const sc_core::sc_module_name& name)
        : sc_module(name), socket("socket"), bank(plan(), *this, 0) {
        socket.register_b_transport(this, &bank_target::b_transport);
    }
    tlm_utils::simple_target_socket<bank_target> socket;

private:
    using bank_type = register_bank<bank_target, Registers>;
    static const bank_plan<bank_target, Registers>& plan() {
        static const auto all_mapped = [] {
            bank_plan<bank_target, Registers> p;
            p.flags.fill(p.is_mapped);
            return p;
        }();
        return all_mapped;
    }
    void b_transport(tlm::tlm_generic_payload& p, sc_core::sc_time&) {
        std::uint32_t value = 0;
        register_access a;
        a.offset = static_cast<std::uint32_t>(p.get_address());
        bool refused = false;
        value = bank.read(a, refused);
        std::memcpy(p.get_data_ptr(), &value, 4);
        p.set_response_status(refused ? tlm::TLM_GENERIC_ERROR_RESPONSE : tlm::TLM_OK_RESPONSE);
    }

    bank_type bank;
};

struct initiator : sc_core::sc_module {
    explicit initiator(const sc_core::sc_module_name& name) : sc_module(name), socket("socket") {}
    tlm_utils::simple_initiator_socket<initiator> socket;
};

/// Every dword of the map: `count` of them, from the lowest offset up.
std::vector<std::uint32_t> mapped_offsets() {
    std::vector<std::uint32_t> out;
    const auto layout = regs::layout_of<1024>(regs::nt_map);
    for (std::uint32_t d = 0; d < layout.size(); ++d)
        if (layout[d].mapped)
            out.push_back(4 * d);
    return out;
}

std::vector<std::uint32_t> first_offsets(std::size_t count) {
    std::vector<std::uint32_t> out(count);
    for (std::size_t i = 0; i < count; ++i)
        out[i] = static_cast<std::uint32_t>(4 * i);
    return out;
}

/// The same access for all: one payload with the PCIe extension of a host's request.
class reader {
public:
    reader() {
        extension_.requester_valid = true;
        payload_.set_extension(&extension_);
        payload_.set_read();
        payload_.set_data_ptr(reinterpret_cast<unsigned char*>(&data_));
        payload_.set_data_length(4);
        payload_.set_streaming_width(4);
    }
    ~reader() { payload_.clear_extension(&extension_); }
    reader(const reader&) = delete;
    reader& operator=(const reader&) = delete;

    template <class Socket>
    std::uint32_t read(Socket& socket, std::uint32_t offset) {
        sc_core::sc_time delay;
        payload_.set_address(offset);
        payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
        socket->b_transport(payload_, delay);
        if (!payload_.is_response_ok())
            bench::give_up("a register read failed");
        return data_;
    }

private:
    tlm::tlm_generic_payload payload_{};
    pcie_extension extension_{};
    std::uint32_t data_ = 0;
};

template <class Socket>
void read_one(benchmark::State& state, Socket& socket, std::uint32_t offset) {
    reader r;
    for (auto _ : state)
        benchmark::DoNotOptimize(r.read(socket, offset));
}

/// Every register equally often, in an order that no predictor learns.
template <class Socket>
void read_all(benchmark::State& state, Socket& socket, const std::vector<std::uint32_t>& offsets) {
    std::vector<std::uint32_t> order;
    while (order.size() < 4096)
        order.insert(order.end(), offsets.begin(), offsets.end());
    std::shuffle(order.begin(), order.end(), std::mt19937(1)); // NOLINT: the same every time
    reader r;
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(r.read(socket, order[i]));
        i = i + 1 == order.size() ? 0 : i + 1;
    }
}

/// A peer behind an initiator of its own, bound at construction.
template <class Target>
struct bound {
    template <class... Arguments>
    explicit bound(const std::string& name, Arguments&&... arguments)
        : target(name.c_str(), std::forward<Arguments>(arguments)...),
          from((name + "_initiator").c_str()) {
        from.socket.bind(target.socket);
    }
    Target target;
    initiator from;
};

template <class Function>
void add(const std::string& name, Function function) {
    benchmark::RegisterBenchmark(name.c_str(), function);
}

} // namespace

int main(int argc, char** argv) {
    using namespace ntb;
    const std::vector<std::uint32_t> mapped = mapped_offsets();
    const std::string n = std::to_string(mapped.size());

    platform ideal("ideal", bench::two_host_topology(), ideal_timing());
    platform timed("timed", bench::two_host_topology(), timing_config{});
    bound<array_target> array("array");
    bound<bank_target<64>> bank64("bank64");
    bound<bank_target<1024>> bank1024("bank1024");
    bound<bench::linear_registers> linear64("linear64", first_offsets(64));
    bound<bench::linear_registers> linear_map("linear_map", mapped);
    bound<bench::linear_registers> linear512("linear512", first_offsets(512));

    // The first register, one in the middle, and the last but GASADATA, which is a second access.
    const std::uint32_t low = mapped.front();
    const std::uint32_t middle = nt::INDBELLSTS.at();
    const std::uint32_t high = nt::GASAADDR.at();
    auto& bar0 = ideal.host(port_number(0)).bar_sockets[0];
    auto& timed_bar0 = timed.host(port_number(0)).bar_sockets[0];

    add("floor/array_read", [&](benchmark::State& s) { read_one(s, array.from.socket, middle); });
    add("model/read_low", [&](benchmark::State& s) { read_one(s, bar0, low); });
    add("model/read_middle", [&](benchmark::State& s) { read_one(s, bar0, middle); });
    add("model/read_high", [&](benchmark::State& s) { read_one(s, bar0, high); });
    add("floor/array_read_all",
        [&](benchmark::State& s) { read_all(s, array.from.socket, mapped); });
    add("model/read_all", [&](benchmark::State& s) { read_all(s, bar0, mapped); });
    add("linear/read_all/" + n,
        [&](benchmark::State& s) { read_all(s, linear_map.from.socket, mapped); });
    add("linear/read_all/64",
        [&](benchmark::State& s) { read_all(s, linear64.from.socket, first_offsets(64)); });
    add("linear/read_all/512",
        [&](benchmark::State& s) { read_all(s, linear512.from.socket, first_offsets(512)); });
    add("bank/read_all/64",
        [&](benchmark::State& s) { read_all(s, bank64.from.socket, first_offsets(64)); });
    add("bank/read_all/1024",
        [&](benchmark::State& s) { read_all(s, bank1024.from.socket, first_offsets(1024)); });
    add("timed/read_middle", [&](benchmark::State& s) { read_one(s, timed_bar0, middle); });

    return bench::run_benchmarks(argc, argv, [&] {
        bench::bring_up(ideal);
        bench::bring_up(timed);
        reader r;
        if (r.read(bar0, 0) != r.read(timed_bar0, 0) || (r.read(bar0, 0) & 0xFFFFU) != 0x111DU)
            bench::give_up("the first register does not hold the device's ID");
    });
}
