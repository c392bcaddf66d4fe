// SPDX-License-Identifier: Apache-2.0
// A PCI function of plain storage for the bridge's tests: configuration space with a PCI Express
// and an MSI capability, and 4 KiB of BAR0 in which two registers make interrupts. It answers
// the same to the same accesses, so recorded sessions can be replayed.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "tlm_bridge/device.h"
#include "tlm_bridge/host_memory.h"
#include "tlm_bridge/interrupts.h"

namespace ntb::bridge::test {

class plain_device final : public device {
public:
    static constexpr std::uint64_t bar_size = 4096;
    static constexpr std::uint64_t reg_msi = 0x10;  ///< any write emits the MSI
    static constexpr std::uint64_t reg_intx = 0x14; ///< bit 0 = level of INTx
    /// Writes 4 bytes of storage behind it to the guest address written here.
    static constexpr std::uint64_t reg_dma = 0x18;

    explicit plain_device(std::shared_ptr<spdlog::logger> logger)
        : memory(std::move(logger), "plain device") {
        description_.regions[0] = {bar_size, true, true};
        description_.regions[region_config] = {config_space_size, true, true};
        fill_config();
    }

    [[nodiscard]] const device_description& description() const override { return description_; }
    void connected() override { ++connects; }
    void disconnected() override {
        ++disconnects;
        memory.unmap_all();
        irqs.disconnect();
    }
    [[nodiscard]] int region_read(std::uint32_t region, std::uint64_t offset,
                                  mutable_bytes data) override {
        ++reads;
        if (on_access) {
            on_access();
        }
        std::memcpy(data.data, storage(region) + offset, data.size);
        return next_error;
    }
    [[nodiscard]] int region_write(std::uint32_t region, std::uint64_t offset,
                                   const_bytes data) override {
        ++writes;
        if (on_access) {
            on_access();
        }
        if (region == region_config && offset == 0x30) {
            return next_error; // no ROM: its base address reads 0 whatever is written
        }
        std::memcpy(storage(region) + offset, data.data, data.size);
        if (region == 0) {
            act(offset, data.data[0]);
        }
        return next_error;
    }
    [[nodiscard]] int dma_map(const dma_mapping& mapping, unique_fd file) override {
        return memory.map(mapping, std::move(file));
    }
    [[nodiscard]] int dma_unmap(const dma_range& range) override { return memory.unmap(range); }
    [[nodiscard]] int reset() override {
        ++resets;
        bar.fill(0);
        irqs.set_intx(false);
        return next_error;
    }
    [[nodiscard]] int set_irqs(const irq_request& request) override { return irqs.set(request); }

    std::array<std::uint8_t, config_space_size> config{};
    std::array<std::uint8_t, bar_size> bar{};
    host_memory memory;
    interrupts irqs;
    unsigned connects = 0;
    unsigned disconnects = 0;
    unsigned resets = 0;
    std::uint64_t reads = 0;
    std::uint64_t writes = 0;
    int next_error = 0;              ///< returned by accesses and reset
    std::function<void()> on_access; ///< stands for a device call that takes its time

private:
    std::uint8_t* storage(std::uint32_t region) {
        return region == region_config ? config.data() : bar.data();
    }
    void act(std::uint64_t offset, std::uint8_t low_byte) {
        if (offset == reg_msi) {
            (void)irqs.trigger_msi();
        } else if (offset == reg_intx) {
            irqs.set_intx((low_byte & 1) != 0);
        } else if (offset == reg_dma) {
            std::uint32_t address = 0;
            std::memcpy(&address, bar.data() + reg_dma, sizeof address);
            last_dma = memory.write(address, {bar.data() + reg_dma + 4, 4});
        }
    }
    void put(std::size_t at, std::initializer_list<unsigned> bytes) {
        for (const unsigned b : bytes) {
            config[at++] = static_cast<std::uint8_t>(b);
        }
    }
    void fill_config() {
        put(0x00, {0x1d, 0x11, 0x91, 0x80}); // vendor and device ID
        put(0x06, {0x10, 0x00});             // status: capability list
        put(0x08, {0x02, 0x00, 0x80, 0x06}); // revision; class: bridge, other
        put(0x34, {0x40});                   // first capability
        put(0x3d, {0x01});                   // INTA
        // PCI Express capability, version 2, endpoint; x4 at 5 GT/s
        put(0x40, {0x10, 0x80, 0x02, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00});
        put(0x4c, {0x42, 0x00, 0x00, 0x00, 0x00, 0x00, 0x42, 0x00});
        put(0x80, {0x05, 0x00, 0x80, 0x00}); // MSI, 64-bit address, one vector
    }

public:
    memory_status last_dma = memory_status::not_mapped;

private:
    device_description description_;
};

} // namespace ntb::bridge::test
