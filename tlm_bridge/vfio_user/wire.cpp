// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/vfio_user/wire.h"

namespace ntb::vfio_user::wire {

const char* name_of(std::uint16_t number) noexcept {
    switch (static_cast<command>(number)) {
    case command::version:
        return "VERSION";
    case command::dma_map:
        return "DMA_MAP";
    case command::dma_unmap:
        return "DMA_UNMAP";
    case command::device_get_info:
        return "DEVICE_GET_INFO";
    case command::device_get_region_info:
        return "DEVICE_GET_REGION_INFO";
    case command::device_get_region_io_fds:
        return "DEVICE_GET_REGION_IO_FDS";
    case command::device_get_irq_info:
        return "DEVICE_GET_IRQ_INFO";
    case command::device_set_irqs:
        return "DEVICE_SET_IRQS";
    case command::region_read:
        return "REGION_READ";
    case command::region_write:
        return "REGION_WRITE";
    case command::dma_read:
        return "DMA_READ";
    case command::dma_write:
        return "DMA_WRITE";
    case command::device_reset:
        return "DEVICE_RESET";
    case command::dirty_pages_or_old_write_multi:
        return "DIRTY_PAGES";
    case command::region_write_multi:
        return "REGION_WRITE_MULTI";
    case command::device_feature:
        return "DEVICE_FEATURE";
    case command::mig_data_read:
        return "MIG_DATA_READ";
    case command::mig_data_write:
        return "MIG_DATA_WRITE";
    }
    return "unknown command";
}

} // namespace ntb::vfio_user::wire
