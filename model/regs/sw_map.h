// SPDX-License-Identifier: Apache-2.0
// The switch-global registers. Offsets are absolute byte addresses in the global address space
// (0x3E000..0x3FFFF, behaviour B1.7).
//
// Facts: docs/reference/registers.csv (the check registers_csv compares), reset values without a
// source: behaviour B21.1, marked not_confirmed. None of these belongs to a function, so a hot
// reset of a partition keeps them all.
#pragma once

#include <array>

#include "model/regs/declared.h"
#include "model/regs/map.h"
#include "model/regs/terms.h"
#include "model/regs/validate.h"

namespace ntb::regs {

// clang-format off
// A row: name, offset, size, description, source, behaviour IDs, confidence, dword accesses only,
//        first and second dimension of a family, fields.
// A field: name, msb, lsb, policy, reset value (of the field, right-aligned), its confidence,
//          what a hot reset does, gloss.
inline constexpr std::array<reg, 59> sw_map = [] {
    using namespace terms;
    return std::array<reg, 59>{{
    {"SWCTL", 0x3E000, 4,
     "Switch control; sibling manuals: holds RSTHALT (set when EEPROM load fails) and register "
     "unlock bits",
     "mainline header; T-Platforms header; sibling PES16T4AG2 p.57",
     "B15.5", documented, false, {}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"BCVSTS", 0x3E004, 4,
     "Boot configuration vector as sampled: boot mode 0 single partition; 1 +EEPROM; 2 +EEPROM "
     "jump 0; 3 +EEPROM jump 1; 8 single reduced latency; 9 same+EEPROM; A multi-partition "
     "unattached; B same+I2C reset; C same as A+EEPROM; D same as B+EEPROM; E multi-partition "
     "disabled ports; F same+EEPROM; 4-7 unknown. CLKMODE: bit0 = port 0 common clock, bit1 = "
     "all other ports common clock",
     "T-Platforms header; T-Platforms driver debugfs info",
     "B2.1 B2.2", documented, false, {}, {},
     {{
         {"SWMODE", 3, 0, ro, 0, not_confirmed, keeps, "boot mode"},
         {"GCLKFSEL", 5, 5, ro, 0, not_confirmed, keeps, "global clock frequency"},
         {"SSMBADDR", 8, 7, ro, 0, not_confirmed, keeps, "two bits of the slave SMBus address"},
         {"CLKMODE", 15, 14, ro, 0, not_confirmed, keeps,
          "bit 0: port 0, bit 1: all others share their partner's clock"},
     }}},
    {"PCLKMODE", 0x3E008, 4,
     "Port clocking mode per port group: 0 global clock, 1 local clock, other values unknown",
     "mainline header; T-Platforms header; EEPROM tool (idt_89hpesXnt8.h)",
     "B3.2", documented, false, {}, {},
     {{
         {"P0_1", 1, 0, rw, 0, not_confirmed, keeps},
         {"P2_3", 3, 2, rw, 0, not_confirmed, keeps},
         {"P4_5", 5, 4, rw, 0, not_confirmed, keeps},
         {"P6_7", 7, 6, rw, 0, not_confirmed, keeps},
         {"P8_11", 9, 8, rw, 0, not_confirmed, keeps},
         {"P12_15", 11, 10, rw, 0, not_confirmed, keeps},
         {"P16_19", 13, 12, rw, 0, not_confirmed, keeps},
         {"P20_23", 15, 14, rw, 0, not_confirmed, keeps},
     }}},
    {"STK{x}CFG", 0x3E010, 4,
     "Stack x lane bifurcation (32-lane parts have four x8 stacks)",
     "T-Platforms header",
     "B1.5", documented, false, {'x', 4, 0x4}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"RDRAINDELAY", 0x3E080, 4,
     "Reset drain delay (unit unknown; 250 decimal)",
     "mainline header; T-Platforms header; EEPROM tool (idt_89hpesXnt8.h)",
     "B3.2 B3.7", documented, false, {}, {},
     {{
         {"DELAY", 31, 0, rw, 0xFA, documented, keeps, "field width not confirmed"},
     }}},
    {"POMCDELAY", 0x3E084, 4,
     "Port operating mode change drain delay (1000 decimal; with SEDELAY probably microseconds: "
     "sibling quotes 2 ms total)",
     "mainline header; T-Platforms header; EEPROM tool (idt_89hpesXnt8.h)",
     "B3.2 B3.4", documented, false, {}, {},
     {{
         {"DELAY", 31, 0, rw, 0x3E8, documented, keeps, "field width not confirmed"},
     }}},
    {"SEDELAY", 0x3E088, 4,
     "Side effect delay",
     "mainline header; T-Platforms header; EEPROM tool (idt_89hpesXnt8.h)",
     "B3.2 B3.7", documented, false, {}, {},
     {{
         {"DELAY", 31, 0, rw, 0x3E8, documented, keeps, "field width not confirmed"},
     }}},
    {"USSBRDELAY", 0x3E08C, 4,
     "Upstream secondary bus reset delay (mainline header spells it SSBRDELAY)",
     "mainline header; T-Platforms header; EEPROM tool (idt_89hpesXnt8.h)",
     "B3.2 B3.7", documented, false, {}, {},
     {{
         {"DELAY", 31, 0, rw, 0, documented, keeps, "field width not confirmed"},
     }}},
    {"SWPART{x}CTL", 0x3E100, 4,
     "Partition control; EEPROM tool writes 1 to activate. A new state starts a state change "
     "(SCI then SCC). FEN and FCAPSEL exist, positions not confirmed",
     "mainline header; T-Platforms header; EEPROM tool (idt_89hpesXnt8.h); manual p.122",
     "B3.2 B3.3", documented, false, {'x', 8, 0x20}, {},
     {{
         {"STATE", 1, 0, rw, 0, not_confirmed, keeps, "0 = disable, 1 = active, 3 = reset"},
     }}},
    {"SWPART{x}STS", 0x3E104, 4,
     "Partition status: state-change flags, state, whether/which upstream port, and whether "
     "that port has NT / DMA functions. Failover flags exist too (position unknown)",
     "mainline header; T-Platforms header; EEPROM tool (idt_89hpesXnt8.h)",
     "B1.13 B3.3 B3.6", documented, false, {'x', 8, 0x20}, {},
     {{
         {"SCI", 0, 0, rw1c, 0, documented, keeps, "state change initiated"},
         {"SCC", 1, 1, rw1c, 0, documented, keeps, "state change completed"},
         {"STATE", 6, 5, ro, 0, not_confirmed, keeps, "0 = disabled, 1 = active, 3 = reset"},
         {"US", 8, 8, ro, 0, not_confirmed, keeps, "has an upstream port"},
         {"USID", 13, 9, ro, 0, not_confirmed, keeps, "its number"},
         {"NT", 14, 14, ro, 0, not_confirmed, keeps, "it has an NT function"},
         {"DMA", 15, 15, ro, 0, not_confirmed, keeps, "it has a DMA function"},
     }}},
    {"SWPART{x}FCTL", 0x3E108, 4,
     "Partition failover control: state to take on primary / secondary failover",
     "mainline header; T-Platforms header; manual p.122",
     "B3.9", documented, false, {'x', 8, 0x20}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"SWPORT{x}CTL", 0x3E200, 4,
     "Port control; the mainline header lists ports 0, 2, 4, 6, 8, 12, 16, 20, the others are "
     "at the same stride. FEN and FCAPSEL exist, positions not confirmed",
     "mainline header; T-Platforms header; EEPROM tool (idt_89hpesXnt8.h); manual p.122, p.735",
     "B3.1 B3.2 B3.3 B3.5", documented, false, {'x', 24, 0x20}, {},
     {{
         {"MODE", 3, 0, rw, 0, not_confirmed, keeps,
          "0 disabled 1 DS 2 US 3 NT 4 US+NT 5 unattached 6 US+DMA 7 US+NT+DMA 8 NT+DMA"},
         {"SWPART", 6, 4, rw, 0, not_confirmed, keeps, "partition; position inferred"},
         {"DEVNUM", 14, 10, rw, 0, not_confirmed, keeps, "device number; position inferred"},
         {"OMA", 16, 16, rw, 0, not_confirmed, keeps,
          "0 = no action, 1 = reset; field may be wider"},
     }}},
    {"SWPORT{x}STS", 0x3E204, 4,
     "Port status. PFAILOVER and SFAILOVER exist, positions not confirmed",
     "mainline header; T-Platforms header; EEPROM tool (idt_89hpesXnt8.h); manual p.122",
     "B1.13 B3.1 B3.3 B8.4", documented, false, {'x', 24, 0x20}, {},
     {{
         {"OMCI", 0, 0, rw1c, 0, documented, keeps, "operating mode change initiated"},
         {"OMCC", 1, 1, rw1c, 0, documented, keeps, "operating mode change completed"},
         {"LINKUP", 4, 4, ro, 0, not_confirmed, keeps, "link up (DL_Up)"},
         {"DS", 5, 5, ro, 0, not_confirmed, keeps, "lanes act as downstream"},
         {"MODE", 9, 6, ro, 0, not_confirmed, keeps, "as SWPORTxCTL.MODE"},
         {"SWPART", 12, 10, ro, 0, not_confirmed, keeps, "partition"},
         {"DEVNUM", 20, 16, ro, 0, not_confirmed, keeps, "device number"},
     }}},
    {"SWPORT{x}FCTL", 0x3E208, 4,
     "Port failover control: mode/partition/device number to load into SWPORTxCTL on a primary "
     "/ secondary failover",
     "mainline header; T-Platforms header; manual p.122",
     "B3.9", documented, false, {'x', 24, 0x20}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"FCAP{x}CTL", 0x3E500, 4,
     "Failover capability control (enable and trigger selection: software, signal, watchdog)",
     "T-Platforms header; manual p.125",
     "B3.8 B3.10", documented, false, {'x', 4, 0x20}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"FCAP{x}STS", 0x3E504, 4,
     "Failover capability status",
     "T-Platforms header; manual p.125",
     "B3.8 B3.10", documented, false, {'x', 4, 0x20}, {},
     {{
         {"VALUE", 31, 0, ro, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"FCAP{x}TIMER", 0x3E508, 4,
     "Failover watchdog timer",
     "T-Platforms header; manual p.125",
     "B3.8 B3.10", documented, false, {'x', 4, 0x20}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"GASAPROT", 0x3E700, 4,
     "Global address space access protection: blocks GASAADDR/GASADATA use from selected "
     "functions",
     "T-Platforms header",
     "B1.10", documented, false, {}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"NTMTBLPROT{x}", 0x3E710, 4,
     "NT mapping table protection of partition x: which entries that partition's NT function "
     "may write",
     "T-Platforms header",
     "B7.8", documented, false, {'x', 8, 0x4}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"SESTS", 0x3EC00, 4,
     "Switch event summary. AER error and failover events exist, positions not confirmed",
     "mainline header; T-Platforms header; manual p.325 (16-1)",
     "B11.1 B11.3 B11.7", documented, false, {}, {},
     {{
         {"LNKUP", 0, 0, ro, 0, not_confirmed, keeps, "a port's link went up"},
         {"LNKDN", 1, 1, ro, 0, not_confirmed, keeps, "a port's link went down"},
         {"FRST", 2, 2, ro, 0, not_confirmed, keeps, "a partition had a fundamental reset"},
         {"HRST", 3, 3, ro, 0, not_confirmed, keeps, "a partition had a hot reset"},
         {"FOVER", 4, 4, ro, 0, not_confirmed, keeps, "failover"},
         {"GSIG", 5, 5, ro, 0, not_confirmed, keeps, "a partition raised its global signal"},
     }}},
    {"SEMSK", 0x3EC04, 4,
     "1 = event type is not signalled to any partition. Mainline driver writes ~0x23",
     "mainline header; T-Platforms header",
     "B11.1 B11.3 B21.1", documented, false, {}, {},
     {{
         {"LNKUP", 0, 0, rw, 1, not_confirmed, keeps},
         {"LNKDN", 1, 1, rw, 1, not_confirmed, keeps},
         {"FRST", 2, 2, rw, 1, not_confirmed, keeps},
         {"HRST", 3, 3, rw, 1, not_confirmed, keeps},
         {"FOVER", 4, 4, rw, 1, not_confirmed, keeps},
         {"GSIG", 5, 5, rw, 1, not_confirmed, keeps},
     }}},
    {"SEPMSK", 0x3EC08, 4,
     "1 = partition does not receive switch events",
     "mainline header; T-Platforms header",
     "B11.1 B11.3 B21.1", documented, false, {}, {},
     {{
         {"PART", 7, 0, rw, 0xFF, not_confirmed, keeps, "a bit per partition"},
     }}},
    {"SELINKUPSTS", 0x3EC0C, 4,
     "One bit per port/partition: port x link went DL_Down->DL_Up (T-Platforms masks show only "
     "12 ports / 4 partitions)",
     "mainline header; T-Platforms header",
     "B11.3", documented, false, {}, {},
     {{
         {"PORT", 23, 0, rw1c, 0, not_confirmed, keeps, "a bit per port"},
     }}},
    {"SELINKUPMSK", 0x3EC10, 4,
     "1 = bit of SELINKUPSTS does not contribute to SESTS",
     "mainline header; T-Platforms header",
     "B11.3 B21.1", documented, false, {}, {},
     {{
         {"PORT", 23, 0, rw, 0xFFFFFF, not_confirmed, keeps, "a bit per port"},
     }}},
    {"SELINKDNSTS", 0x3EC14, 4,
     "One bit per port/partition: port x link went DL_Up->DL_Down (T-Platforms masks show only "
     "12 ports / 4 partitions)",
     "mainline header; T-Platforms header",
     "B11.3", documented, false, {}, {},
     {{
         {"PORT", 23, 0, rw1c, 0, not_confirmed, keeps, "a bit per port"},
     }}},
    {"SELINKDNMSK", 0x3EC18, 4,
     "1 = bit of SELINKDNSTS does not contribute to SESTS",
     "mainline header; T-Platforms header",
     "B11.3 B21.1", documented, false, {}, {},
     {{
         {"PORT", 23, 0, rw, 0xFFFFFF, not_confirmed, keeps, "a bit per port"},
     }}},
    {"SEFRSTSTS", 0x3EC1C, 4,
     "One bit per port/partition: partition x had a fundamental reset (T-Platforms masks show "
     "only 12 ports / 4 partitions)",
     "mainline header; T-Platforms header",
     "B4.2 B11.3", documented, false, {}, {},
     {{
         {"PART", 7, 0, rw1c, 0, not_confirmed, keeps, "a bit per partition"},
     }}},
    {"SEFRSTMSK", 0x3EC20, 4,
     "1 = bit of SEFRSTSTS does not contribute to SESTS. The mainline header's name; "
     "registers.csv has SEFRMSKTS",
     "mainline header; T-Platforms header",
     "B11.3 B21.1", documented, false, {}, {},
     {{
         {"PART", 7, 0, rw, 0xFF, not_confirmed, keeps, "a bit per partition"},
     }}},
    {"SEHRSTSTS", 0x3EC24, 4,
     "One bit per port/partition: partition x had a hot reset (T-Platforms masks show only 12 "
     "ports / 4 partitions)",
     "mainline header; T-Platforms header",
     "B4.2 B11.3", documented, false, {}, {},
     {{
         {"PART", 7, 0, rw1c, 0, not_confirmed, keeps, "a bit per partition"},
     }}},
    {"SEHRSTMSK", 0x3EC28, 4,
     "1 = bit of SEHRSTSTS does not contribute to SESTS. The mainline header's name; "
     "registers.csv has SEHRMSKTS",
     "mainline header; T-Platforms header",
     "B11.3 B21.1", documented, false, {}, {},
     {{
         {"PART", 7, 0, rw, 0xFF, not_confirmed, keeps, "a bit per partition"},
     }}},
    {"SEFOVRMSK", 0x3EC2C, 4,
     "Failover event mask (no separate status register is listed)",
     "mainline header; T-Platforms header",
     "B11.1 B21.1", documented, false, {}, {},
     {{
         {"VALUE", 31, 0, rw, 0xFFFFFFFF, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"SEGSIGSTS", 0x3EC30, 4,
     "One bit per port/partition: partition x raised its global signal (T-Platforms masks show "
     "only 12 ports / 4 partitions)",
     "mainline header; T-Platforms header",
     "B11.3 B11.8", documented, false, {}, {},
     {{
         {"PART", 7, 0, rw1c, 0, not_confirmed, keeps, "a bit per partition"},
     }}},
    {"SEGSIGMSK", 0x3EC34, 4,
     "1 = bit of SEGSIGSTS does not contribute to SESTS",
     "mainline header; T-Platforms header",
     "B11.3 B11.8 B21.1", documented, false, {}, {},
     {{
         {"PART", 7, 0, rw, 0xFF, not_confirmed, keeps, "a bit per partition"},
     }}},
    {"GDBELLSTS", 0x3EC3C, 4,
     "State of the 32 global doorbells",
     "mainline header; T-Platforms header",
     "B5.7", documented, false, {}, {},
     {{
         {"GDBELL", 31, 0, ro, 0, not_confirmed, keeps, "a bit per doorbell"},
     }}},
    {"GODBELLMSK{n}", 0x3ED00, 4,
     "1 in bit p = outbound doorbell n requested by partition p is ignored (older driver clears "
     "only the bits of the allowed senders)",
     "T-Platforms header; T-Platforms driver idt_ntb_init_gdbellmsk",
     "B5.2 B5.3 B5.5 B21.1", documented, false, {'n', 32, 0x4}, {},
     {{
         {"PART", 7, 0, rw, 0, not_confirmed, keeps, "a bit per partition"},
     }}},
    {"GIDBELLMSK{n}", 0x3ED80, 4,
     "1 in bit p = global doorbell n does not set INDBELLSTS[n] of partition p",
     "T-Platforms header; T-Platforms driver idt_ntb_init_gdbellmsk",
     "B5.2 B5.3 B5.5 B21.1", documented, false, {'n', 32, 0x4}, {},
     {{
         {"PART", 7, 0, rw, 0, not_confirmed, keeps, "a bit per partition"},
     }}},
    {"SWP{x}MSGCTL{n}", 0x3EE00, 4,
     "Route of outbound message n of partition x",
     "mainline header; T-Platforms header",
     "B6.1 B6.6", documented, false, {'x', 8, 0x4}, {'n', 4, 0x20},
     {{
         {"REG", 1, 0, rw, 0, not_confirmed, keeps, "destination INMSG register"},
         {"PART", 6, 4, rw, 0, not_confirmed, keeps, "destination partition"},
     }}},
    {"S{x}CTL", 0x3F000, 4,
     "SerDes quad x control",
     "T-Platforms header",
     "", documented, false, {'x', 8, 0x20}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"S{x}TXLCTL0", 0x3F004, 4,
     "SerDes x transmitter lane control 0",
     "T-Platforms header",
     "", documented, false, {'x', 8, 0x20}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"S{x}TXLCTL1", 0x3F008, 4,
     "SerDes x transmitter drive levels (full/low swing, Gen1/Gen2)",
     "T-Platforms header; EEPROM tool (idt_89hpesXnt8.h)",
     "", documented, false, {'x', 8, 0x20}, {},
     {{
         {"TDVL_FS3DBG1", 4, 0, rw, 0x12, not_confirmed, keeps},
         {"CDC_FS3DBG1", 7, 5, rw, 3, not_confirmed, keeps},
         {"TDVL_FS3DBG2", 12, 8, rw, 0x18, not_confirmed, keeps},
         {"CDC_FS3DBG2", 15, 13, rw, 3, not_confirmed, keeps},
         {"TDVL_FS6DBG2", 20, 16, rw, 0x15, not_confirmed, keeps},
         {"CDC_FS6DBG2", 23, 21, rw, 6, not_confirmed, keeps},
         {"TDVL_LSG1", 27, 24, rw, 0xA, documented, keeps},
         {"TDVL_LSG2", 31, 28, rw, 0xC, documented, keeps},
     }}},
    {"S{x}RXEQLCTL", 0x3F010, 4,
     "SerDes x receiver equaliser",
     "T-Platforms header",
     "", documented, false, {'x', 8, 0x20}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"GPIOFUNC", 0x3F16C, 4,
     "GPIO function select",
     "T-Platforms header",
     "", documented, false, {}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"GPIOAFSEL", 0x3F170, 4,
     "GPIO alternate function select",
     "T-Platforms header",
     "", documented, false, {}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"GPIOCFG", 0x3F174, 4,
     "GPIO direction",
     "T-Platforms header",
     "", documented, false, {}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"GPIOD", 0x3F178, 4,
     "GPIO data",
     "T-Platforms header",
     "", documented, false, {}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"HPCFGCTL", 0x3F17C, 4,
     "Hot-plug configuration control",
     "T-Platforms header",
     "", documented, false, {}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"SMBUSSTS", 0x3F188, 4,
     "SMBus status: slave and master (EEPROM) addresses, EEPROM load result",
     "mainline header; T-Platforms header; manual p.213; sibling PES16T4AG2 p.57",
     "B15.3 B15.5", documented, false, {}, {},
     {{
         {"SSMBADDR", 7, 1, ro, 0, not_confirmed, keeps, "slave address, from straps"},
         {"MSMBADDR", 15, 9, ro, 0, not_confirmed, keeps, "address of the EEPROM, from straps"},
     }}},
    {"SMBUSCTL", 0x3F18C, 4,
     "SMBus control; ICHECKSUM ignores the EEPROM checksum",
     "mainline header; T-Platforms header; manual p.213",
     "B15.3", documented, false, {}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"EEPROMINTF", 0x3F190, 4,
     "Indirect byte access to the configuration EEPROM: set ADDR and OP, wait BUSY=0, write "
     "DATA to start, wait DONE",
     "mainline header; T-Platforms header; siblings PES16T4AG2 p.57, PES24N3A p.72",
     "B15.7", documented, false, {}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"IOEXPINTF", 0x3F194, 4,
     "I/O expander interface/test register",
     "EEPROM tool (idt_89hpesXnt8.h)",
     "B19.2", documented, false, {}, {},
     {{
         {"IOEDATA", 15, 0, rw, 0, not_confirmed, keeps},
         {"IOEXTM", 25, 25, rw, 0, not_confirmed, keeps, "test mode"},
         {"SELECT", 30, 26, rw, 0, not_confirmed, keeps, "I/O expander"},
     }}},
    {"IOEXPADDR{n}", 0x3F198, 4,
     "SMBus addresses of I/O expanders 0..20 (17,18,19 are in register 4, 20 in register 5)",
     "mainline header; T-Platforms header; EEPROM tool (idt_89hpesXnt8.h)",
     "B19.2", documented, false, {'n', 6, 0x4}, {},
     {{
         {"ADDR0", 7, 1, rw, 0, not_confirmed, keeps, "I/O expander 4n"},
         {"ADDR1", 15, 9, rw, 0, not_confirmed, keeps, "I/O expander 4n+1"},
         {"ADDR2", 23, 17, rw, 0, not_confirmed, keeps, "I/O expander 4n+2"},
         {"ADDR3", 31, 25, rw, 0, not_confirmed, keeps, "I/O expander 4n+3"},
     }}},
    {"GPECTL", 0x3F1B0, 4,
     "General purpose event control",
     "mainline header; T-Platforms header",
     "", documented, false, {}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"GPESTS", 0x3F1B4, 4,
     "General purpose event status",
     "mainline header; T-Platforms header",
     "", documented, false, {}, {},
     {{
         {"VALUE", 31, 0, ro, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"TMPCTL", 0x3F1D4, 4,
     "Temperature sensor control: three thresholds in 0.5 degC, alarm enables, power down. "
     "Mainline driver writes 0 to switch the sensor on",
     "mainline header; T-Platforms header",
     "B14.1 B14.2", documented, false, {}, {},
     {{
         {"LTH", 7, 0, rw, 0, not_confirmed, keeps, "low threshold, 0.5 degC"},
         {"MTH", 15, 8, rw, 0, not_confirmed, keeps, "middle threshold, 0.5 degC"},
         {"HTH", 23, 16, rw, 0, not_confirmed, keeps, "high threshold, 0.5 degC"},
         {"ALARMEN", 28, 24, rw, 0, not_confirmed, keeps,
          "further alarm enables; their order is not confirmed"},
         {"AHTH_EN", 29, 29, rw, 0, not_confirmed, keeps, "alarm above the high threshold"},
         {"PDOWN", 31, 31, rw, 1, not_confirmed, keeps, "1 = sensor off"},
     }}},
    {"TMPSTS", 0x3F1D8, 4,
     "Current, lowest and highest temperature in 0.5 degC; alarm state flags",
     "mainline header; T-Platforms header",
     "B14.1 B14.2 B14.3", documented, false, {}, {},
     {{
         {"TEMP", 7, 0, ro, 0, not_confirmed, keeps, "current, 0.5 degC"},
         {"LTEMP", 15, 8, ro, 0, not_confirmed, keeps, "lowest, 0.5 degC"},
         {"HTEMP", 23, 16, ro, 0, not_confirmed, keeps, "highest, 0.5 degC"},
         {"BLTH", 24, 24, ro, 0, not_confirmed, keeps, "below the low threshold"},
         {"MIDALARMS", 28, 25, ro, 0, not_confirmed, keeps,
          "four further alarms; their order is not confirmed"},
         {"AHTH", 29, 29, ro, 0, not_confirmed, keeps, "above the high threshold"},
     }}},
    {"TMPALARM", 0x3F1DC, 4,
     "Alarm/history register: writing LTEMP/HTEMP reloads the history; IRQ bits latch alarms",
     "mainline header; T-Platforms header",
     "B14.2 B14.3", documented, false, {}, {},
     {{
         {"LTEMP", 15, 8, rw, 0, not_confirmed, keeps, "writing reloads the lowest"},
         {"HTEMP", 23, 16, rw, 0, not_confirmed, keeps, "writing reloads the highest"},
         {"IRQ", 29, 24, rw1c, 0, not_confirmed, keeps, "latched alarms, bits as in TMPSTS"},
     }}},
    {"TMPADJ", 0x3F1E0, 4,
     "Temperature adjustment",
     "mainline header; T-Platforms header",
     "B14.1", documented, false, {}, {},
     {{
         {"OFFSET", 7, 0, rw, 0, not_confirmed, keeps, "signed, 0.5 degC"},
     }}},
    {"TSSLOPE", 0x3F1E4, 4,
     "Temperature sensor slope",
     "mainline header; T-Platforms header",
     "B14.4", documented, false, {}, {},
     {{
         {"VALUE", 31, 0, rw, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    {"SMBUSCBHL", 0x3F1E8, 4,
     "SMBus configuration block header log (header of the EEPROM block that failed)",
     "mainline header; T-Platforms header",
     "B15.3", documented, false, {}, {},
     {{
         {"VALUE", 31, 0, ro, 0, not_confirmed, keeps, "layout not confirmed"},
     }}},
    }};
}();

// Registers without a known offset.
inline constexpr std::array<reg, 2> sw_declared = [] {
    using namespace terms;
    return std::array<reg, 2>{{
    {"SEAERSTS", unknown_offset, 4,
     "AER error event status, a bit per port. Name assumed: registers.csv has \"(AER error event "
     "status/mask)\"; 0x3EC38 is a hole in the headers",
     "manual p.325 (16-1, 16-5)",
     "B11.1", not_confirmed, false, {}, {}, {}},
    {"SEAERMSK", unknown_offset, 4,
     "AER error event mask, a bit per port. Name assumed: registers.csv has \"(AER error event "
     "status/mask)\"; 0x3EC38 is a hole in the headers",
     "manual p.325 (16-1, 16-5)",
     "B11.1 B21.1", not_confirmed, false, {}, {}, {}},
    }};
}();

// Fields without a known position: register, name, width (0 = unknown), policy, reset value, its
// confidence, what a hot reset does, gloss, source.
inline constexpr std::array<declared_field, 42> sw_declared_fields = [] {
    using namespace terms;
    return std::array<declared_field, 42>{{
    {"SWCTL", "RSTHALT", 1, rw, 0, not_confirmed, keeps,
     "the switch stays in reset after a failed EEPROM load", "sibling PES16T4AG2 p.57"},
    {"SWPART{x}CTL", "FEN", 1, rw, 0, not_confirmed, keeps,
     "failover enable", "manual p.122 (5-22)"},
    {"SWPART{x}CTL", "FCAPSEL", 2, rw, 0, not_confirmed, keeps,
     "failover capability 0..3; width from their number", "manual p.122 (5-22)"},
    {"SWPART{x}STS", "PFAILOVER", 1, rw1c, 0, not_confirmed, keeps,
     "primary failover done; name as in SWPORTxSTS", "manual p.122 (5-22)"},
    {"SWPART{x}STS", "SFAILOVER", 1, rw1c, 0, not_confirmed, keeps,
     "secondary failover done; name as in SWPORTxSTS", "manual p.122 (5-22)"},
    {"SWPART{x}FCTL", "PFSTATE", 2, rw, 0, not_confirmed, keeps,
     "state to take on primary failover; name assumed", "manual p.122 (5-22)"},
    {"SWPART{x}FCTL", "SFSTATE", 2, rw, 0, not_confirmed, keeps,
     "state to take on secondary failover; name assumed", "manual p.122 (5-22)"},
    {"SWPORT{x}CTL", "FEN", 1, rw, 0, not_confirmed, keeps,
     "failover enable", "manual p.122 (5-22)"},
    {"SWPORT{x}CTL", "FCAPSEL", 2, rw, 0, not_confirmed, keeps,
     "failover capability 0..3; width from their number", "manual p.122 (5-22)"},
    {"SWPORT{x}STS", "PFAILOVER", 1, rw1c, 0, not_confirmed, keeps,
     "primary failover done", "manual p.122 (5-22)"},
    {"SWPORT{x}STS", "SFAILOVER", 1, rw1c, 0, not_confirmed, keeps,
     "secondary failover done", "manual p.122 (5-22)"},
    {"SWPORT{x}FCTL", "PFMODE", 4, rw, 0, not_confirmed, keeps,
     "as SWPORTxCTL.MODE, on primary failover", "manual p.122 (5-22)"},
    {"SWPORT{x}FCTL", "PFSWPART", 3, rw, 0, not_confirmed, keeps,
     "as SWPORTxCTL.SWPART, on primary failover", "manual p.122 (5-22)"},
    {"SWPORT{x}FCTL", "PFDEVNUM", 5, rw, 0, not_confirmed, keeps,
     "as SWPORTxCTL.DEVNUM, on primary failover", "manual p.122 (5-22)"},
    {"SWPORT{x}FCTL", "SFMODE", 4, rw, 0, not_confirmed, keeps,
     "as SWPORTxCTL.MODE, on secondary failover", "manual p.122 (5-22)"},
    {"SWPORT{x}FCTL", "SFSWPART", 3, rw, 0, not_confirmed, keeps,
     "as SWPORTxCTL.SWPART, on secondary failover", "manual p.122 (5-22)"},
    {"SWPORT{x}FCTL", "SFDEVNUM", 5, rw, 0, not_confirmed, keeps,
     "as SWPORTxCTL.DEVNUM, on secondary failover", "manual p.122 (5-22)"},
    {"SESTS", "AERERR", 1, ro, 0, not_confirmed, keeps,
     "a port logged an AER error; name assumed", "manual p.325 (16-1)"},
    {"SESTS", "FMCI", 1, ro, 0, not_confirmed, keeps,
     "failover mode change initiated; name assumed", "manual p.325 (16-1)"},
    {"SESTS", "FMCC", 1, ro, 0, not_confirmed, keeps,
     "failover mode change completed; name assumed", "manual p.325 (16-1)"},
    {"SEMSK", "AERERR", 1, rw, 1, not_confirmed, keeps,
     "mask of SESTS.AERERR; name assumed", "manual p.325 (16-1)"},
    {"SEMSK", "FMCI", 1, rw, 1, not_confirmed, keeps,
     "mask of SESTS.FMCI; name assumed", "manual p.325 (16-1)"},
    {"SEMSK", "FMCC", 1, rw, 1, not_confirmed, keeps,
     "mask of SESTS.FMCC; name assumed", "manual p.325 (16-1)"},
    {"SEAERSTS", "PORT", 24, rw1c, 0, not_confirmed, keeps,
     "a bit per port; name as in SELINKUPSTS", "manual p.325 (16-1, 16-5)"},
    {"SEAERMSK", "PORT", 24, rw, 0xFFFFFF, not_confirmed, keeps,
     "a bit per port; name as in SELINKUPMSK", "manual p.325 (16-1, 16-5)"},
    {"SMBUSSTS", "EEPROMDONE", 1, ro, 0, not_confirmed, keeps,
     "the EEPROM load has ended", "sibling PES16T4AG2 p.57"},
    {"SMBUSSTS", "EED", 1, rw1c, 0, not_confirmed, keeps,
     "the EEPROM load failed", "manual p.213 (12-9)"},
    {"SMBUSCTL", "ICHECKSUM", 1, rw, 0, not_confirmed, keeps,
     "ignore the EEPROM checksum", "manual p.213 (12-9)"},
    {"EEPROMINTF", "ADDR", 16, rw, 0, not_confirmed, keeps,
     "address in the EEPROM; width from the jump block's",
     "siblings PES16T4AG2 p.57, PES24N3A p.72"},
    {"EEPROMINTF", "DATA", 8, rw, 0, not_confirmed, keeps,
     "writing it starts the access", "siblings PES16T4AG2 p.57, PES24N3A p.72"},
    {"EEPROMINTF", "OP", 1, rw, 0, not_confirmed, keeps,
     "read or write", "siblings PES16T4AG2 p.57, PES24N3A p.72"},
    {"EEPROMINTF", "BUSY", 1, ro, 0, not_confirmed, keeps,
     "an access is under way", "siblings PES16T4AG2 p.57, PES24N3A p.72"},
    {"EEPROMINTF", "DONE", 1, rw1c, 0, not_confirmed, keeps,
     "an access has ended", "siblings PES16T4AG2 p.57, PES24N3A p.72"},
    {"TMPCTL", "BLTH_EN", 1, rw, 0, not_confirmed, keeps,
     "alarm below the low threshold: bit 26 in the T-Platforms header, 24 by analogy with TMPSTS",
     "T-Platforms header"},
    {"TMPCTL", "ALTH_EN", 1, rw, 0, not_confirmed, keeps,
     "alarm above the low threshold; name after TMPSTS", "mainline header; T-Platforms header"},
    {"TMPCTL", "BMTH_EN", 1, rw, 0, not_confirmed, keeps,
     "alarm below the middle threshold; name after TMPSTS", "mainline header; T-Platforms header"},
    {"TMPCTL", "AMTH_EN", 1, rw, 0, not_confirmed, keeps,
     "alarm above the middle threshold; name after TMPSTS", "mainline header; T-Platforms header"},
    {"TMPCTL", "BHTH_EN", 1, rw, 0, not_confirmed, keeps,
     "alarm below the high threshold; name after TMPSTS", "mainline header; T-Platforms header"},
    {"TMPSTS", "ALTH", 1, ro, 0, not_confirmed, keeps,
     "above the low threshold; TMPALARM latches it at the same bit; name assumed",
     "mainline header; T-Platforms header"},
    {"TMPSTS", "BMTH", 1, ro, 0, not_confirmed, keeps,
     "below the middle threshold; TMPALARM latches it at the same bit; name assumed",
     "mainline header; T-Platforms header"},
    {"TMPSTS", "AMTH", 1, ro, 0, not_confirmed, keeps,
     "above the middle threshold; TMPALARM latches it at the same bit; name assumed",
     "mainline header; T-Platforms header"},
    {"TMPSTS", "BHTH", 1, ro, 0, not_confirmed, keeps,
     "below the high threshold; TMPALARM latches it at the same bit; name assumed",
     "mainline header; T-Platforms header"},
    }};
}();
// clang-format on

static_assert(validate<0x2000>(sw_map, 0x3E000) == map_fault::none);
static_assert(validate_declared(sw_map, sw_declared, sw_declared_fields) == declared_fault::none);

} // namespace ntb::regs
