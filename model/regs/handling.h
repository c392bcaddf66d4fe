// SPDX-License-Identifier: Apache-2.0
// What somebody who checks a device against the map has to know beyond policy and reset value: what
// hardware changes by itself, what an initialisation loads, which write touches other registers,
// what must not be written, and why. Data for the register checks (docs/regs-check.md); the model
// does not use it. Registers and fields by the names of the map; a name that the map does not have
// does not compile.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "model/regs/all_maps.h"

namespace ntb::regs {

enum class handling : std::uint8_t {
    live,        ///< hardware changes it by itself: a value is compared only where a rule gives it
    loaded,      ///< device, port, topology or EEPROM give the value after reset
    by_config,   ///< written by configuration cycles only: some of its values close other doors
    unraised,    ///< a status bit that nothing known sets: nobody sees it cleared, or kept
    own_rule,    ///< written only by the sequence that knows its side effect
    in_use,      ///< not written while its port or partition carries a function
    destructive, ///< never written on silicon
    host_owned,  ///< on silicon the host's operating system has set it up and depends on it
    shared,      ///< on silicon other hosts depend on it, or hear of a write
};

struct handling_row {
    std::string_view space{};
    std::string_view name{};  ///< row of the map
    std::string_view field{}; ///< empty = the whole register
    handling what = handling::live;
    std::string_view reason{};
};

/// Which members and functions an effect reaches.
enum class reach : std::uint8_t {
    same,       ///< the member of the same index, in the same function
    same_next,  ///< that and the one above it
    function,   ///< every member in the same function
    everywhere, ///< every member in every function
};

/// A write to `cause` may change `affected`, by the behaviour named.
struct effect_row {
    std::string_view space{};
    std::string_view cause{};
    std::string_view affected_space{};
    std::string_view affected{};
    reach how_far = reach::same;
    std::string_view behaviour{};
};

/// `name` acts as storage only while `field` of `other` (same function) has `value`.
struct condition_row {
    std::string_view space{};
    std::string_view name{};
    std::string_view other{};
    std::string_view field{};
    std::uint32_t value = 0;
    std::string_view behaviour{};
};

// clang-format off
inline constexpr std::array handling_rows{
    // What hardware changes by itself.
    handling_row{"nt", "PCISTS", "INTS", handling::live, "level of the interrupt"},
    handling_row{"nt", "PCIEDSTS", "TP", handling::live, "requests under way"},
    handling_row{"nt", "PCIELSTS", "CLS", handling::live, "state of the link"},
    handling_row{"nt", "PCIELSTS", "NLW", handling::live, "state of the link"},
    handling_row{"nt", "PCIELSTS", "LTRAIN", handling::live, "state of the link"},
    handling_row{"nt", "PCIELSTS2", "CDE", handling::live, "state of the link"},
    handling_row{"nt", "REQIDCAP", "REQID", handling::live, "depends on who reads (B7.7)"},
    handling_row{"nt", "NTINTSTS", "SEVENT", handling::live, "switch events (B11.4)"},
    handling_row{"port", "P2PPCIELCTLSTS", "CLS", handling::live, "state of the link"},
    handling_row{"port", "P2PPCIELCTLSTS", "NLW", handling::live, "state of the link"},
    handling_row{"sw", "SESTS", "", handling::live, "switch events (B11.7)"},
    handling_row{"sw", "SELINKUPSTS", "", handling::live, "links come up (B11.3)"},
    handling_row{"nt", "NTMTBLSTS", "ERR", handling::live, "accesses to the table (B7.8)"},
    handling_row{"sw", "SELINKDNSTS", "", handling::live, "links go down (B11.3)"},
    handling_row{"sw", "SEFRSTSTS", "", handling::live, "resets (B4.2)"},
    handling_row{"sw", "SEHRSTSTS", "", handling::live, "resets (B4.2)"},
    handling_row{"sw", "SEGSIGSTS", "", handling::live, "anybody may raise a global signal (B11.8)"},
    handling_row{"sw", "GDBELLSTS", "", handling::live, "doorbells pending anywhere (B5.7)"},
    handling_row{"sw", "SWPORT{x}STS", "", handling::live, "state of port and link (B3.3)"},
    handling_row{"sw", "SWPART{x}STS", "", handling::live, "state of the partition (B3.3)"},
    handling_row{"sw", "TMPSTS", "", handling::live, "the sensor (B14.3)"},
    handling_row{"sw", "TMPALARM", "IRQ", handling::live, "the sensor (B14.2)"},
    handling_row{"sw", "GPESTS", "", handling::live, "general purpose events"},
    handling_row{"sw", "FCAP{x}STS", "", handling::live, "failover (B3.8)"},

    // What nothing sets that a test could make happen. The error emulation of NTUEEM and NTCEEM is
    // named, but not described (B10.4).
    handling_row{"nt", "PCISTS", "STAS", handling::unraised, "no source says when it answers with a completer abort"},
    handling_row{"nt", "PCISTS", "RTAS", handling::unraised, "nobody here answers with a completer abort"},
    handling_row{"nt", "AERUES", "DLPERR", handling::unraised, "errors of the data link layer (B13.3)"},
    handling_row{"nt", "AERUES", "SDOERR", handling::unraised, "errors of the data link layer (B13.3)"},
    handling_row{"nt", "AERUES", "FCPERR", handling::unraised, "both ends keep to the credits"},
    handling_row{"nt", "AERUES", "CABORT", handling::unraised, "no source says when it answers with a completer abort"},
    handling_row{"nt", "AERUES", "UECOMP", handling::unraised, "every completion belongs to a request"},
    handling_row{"nt", "AERUES", "RCVOVR", handling::unraised, "both ends keep to the credits"},
    handling_row{"nt", "AERUES", "MALFORMED", handling::unraised, "every TLP is well formed"},
    handling_row{"nt", "AERUES", "ECRC", handling::unraised, "no TLP carries an ECRC"},
    handling_row{"nt", "AERUES", "ACSV", handling::unraised, "no source has the rules (B13.4)"},
    handling_row{"nt", "AERUES", "UIE", handling::unraised, "internal errors (B10.4)"},
    handling_row{"nt", "AERUES", "MCBLKTLP", handling::unraised, "multicast (B8.8)"},
    handling_row{"nt", "AERCES", "RCVERR", handling::unraised, "errors of the data link layer (B13.3)"},
    handling_row{"nt", "AERCES", "BADTLP", handling::unraised, "errors of the data link layer (B13.3)"},
    handling_row{"nt", "AERCES", "BADDLLP", handling::unraised, "errors of the data link layer (B13.3)"},
    handling_row{"nt", "AERCES", "RPLYROVR", handling::unraised, "errors of the data link layer (B13.3)"},
    handling_row{"nt", "AERCES", "RPLYTO", handling::unraised, "errors of the data link layer (B13.3)"},
    handling_row{"nt", "AERCES", "CIE", handling::unraised, "internal errors (B10.4)"},
    handling_row{"nt", "AERCES", "HLO", handling::unraised, "no source says how many headers are logged (B13.4)"},

    // What comes from elsewhere at reset.
    handling_row{"nt", "DID", "", handling::loaded, "one per family member (B1.1)"},
    handling_row{"nt", "RID", "", handling::loaded, "not confirmed"},
    handling_row{"nt", "HDR", "MFUNC", handling::loaded, "depends on the port mode"},
    handling_row{"nt", "BAR{n}", "MEMSI", handling::loaded, "as BARSETUP (B9.1)"},
    handling_row{"nt", "BAR{n}", "TYPE", handling::loaded, "as BARSETUP (B9.1)"},
    handling_row{"nt", "BAR{n}", "PREF", handling::loaded, "as BARSETUP (B9.1)"},
    handling_row{"nt", "PCIELCAP", "MAXLNKSPD", handling::loaded, "the port's"},
    handling_row{"nt", "PCIELCAP", "MAXLNKWDTH", handling::loaded, "the port's"},
    handling_row{"nt", "PCIELCAP", "PORTNUM", handling::loaded, "the port's (B1.13)"},
    handling_row{"nt", "PCIELSTS", "SCLK", handling::loaded, "by EEPROM (B15.8)"},
    handling_row{"nt", "SSIDSSVID", "", handling::loaded, "by EEPROM (B15.8)"},
    handling_row{"nt", "SNUMLDW", "", handling::loaded, "one per device"},
    handling_row{"nt", "SNUMUDW", "", handling::loaded, "one per device"},
    handling_row{"nt", "ACSCAP", "", handling::loaded, "by EEPROM (B15.8)"},
    handling_row{"nt", "BARSETUP{n}", "", handling::loaded, "by EEPROM (B2.3)"},
    handling_row{"port", "P2PDID", "", handling::loaded, "one per family member (B1.1)"},
    handling_row{"port", "P2PRID", "", handling::loaded, "not confirmed"},
    handling_row{"port", "P2PHDR", "MFUNC", handling::loaded, "depends on the port mode"},
    handling_row{"port", "P2PPCIELCTLSTS", "SCLK", handling::loaded, "by EEPROM (B15.8)"},
    handling_row{"port", "P2PACSCAP", "", handling::loaded, "by EEPROM (B15.8)"},
    handling_row{"dma", "DMADID", "", handling::loaded, "one per family member (B1.1)"},
    handling_row{"sw", "BCVSTS", "", handling::loaded, "straps (B2.1)"},
    handling_row{"sw", "SMBUSSTS", "", handling::loaded, "straps"},
    handling_row{"sw", "SWPART{x}CTL", "", handling::loaded, "by EEPROM (B2.3)"},
    handling_row{"sw", "SWPORT{x}CTL", "", handling::loaded, "by EEPROM (B2.3)"},

    // What closes doors or starts something.
    handling_row{"nt", "PCICMD", "", handling::by_config, "without memory space BAR0 is closed"},
    handling_row{"nt", "BARSETUP{n}", "", handling::by_config, "BARSETUP0 opens and closes BAR0"},
    handling_row{"nt", "PMCSR", "PSTATE", handling::own_rule, "outside D0 BAR0 is closed (B13.2)"},
    handling_row{"nt", "GASADATA", "", handling::own_rule, "the register at GASAADDR (B1.8)"},
    handling_row{"sw", "SWPART{x}CTL", "", handling::in_use, "would take the partition away (B3.3)"},
    handling_row{"sw", "SWPORT{x}CTL", "", handling::in_use, "would take the port away (B3.3)"},

    // What a running system depends on.
    handling_row{"nt", "PCICMD", "", handling::host_owned, "set by the operating system"},
    handling_row{"nt", "CLS", "", handling::host_owned, "set by the operating system"},
    handling_row{"nt", "INTRLINE", "", handling::host_owned, "set by the firmware"},
    handling_row{"nt", "BAR{n}", "", handling::host_owned, "the host has mapped the BARs"},
    handling_row{"nt", "PCIEDCTL", "", handling::host_owned, "payload sizes must agree with the path"},
    handling_row{"nt", "PCIELCTL", "", handling::host_owned, "link power management of both ends"},
    handling_row{"nt", "PCIEDCTL2", "", handling::host_owned, "set by the operating system"},
    handling_row{"nt", "PCIELCTL2", "", handling::host_owned, "speed of the link"},
    handling_row{"nt", "PMCSR", "", handling::host_owned, "power state"},
    handling_row{"nt", "MSICAP", "", handling::host_owned, "interrupt of the driver"},
    handling_row{"nt", "MSIADDR", "", handling::host_owned, "interrupt of the driver"},
    handling_row{"nt", "MSIUADDR", "", handling::host_owned, "interrupt of the driver"},
    handling_row{"nt", "MSIMDATA", "", handling::host_owned, "interrupt of the driver"},
    handling_row{"nt", "AERUEM", "", handling::host_owned, "error reporting of the host"},
    handling_row{"nt", "AERUESV", "", handling::host_owned, "error reporting of the host"},
    handling_row{"nt", "AERCEM", "", handling::host_owned, "error reporting of the host"},
    handling_row{"nt", "AERCTL", "", handling::host_owned, "error reporting of the host"},
    handling_row{"nt", "PVCCTL", "", handling::host_owned, "virtual channels of the path"},
    handling_row{"nt", "VCR0CTL", "", handling::host_owned, "traffic classes of the path"},
    handling_row{"nt", "ACSCTL", "", handling::host_owned, "isolation of the host"},

    // What other hosts see.
    handling_row{"nt", "OUTDBELLSET", "", handling::shared, "rings at other hosts (B5.2)"},
    handling_row{"nt", "OUTMSG{n}", "", handling::shared, "sends to other hosts (B6.1)"},
    handling_row{"nt", "NTGSIGNAL", "", handling::shared, "signals to other hosts (B11.8)"},
    handling_row{"nt", "NTCTL", "", handling::shared, "lets requests of other hosts pass (B7.4, B8.2)"},
    handling_row{"nt", "NTMTBLDATA", "", handling::shared, "one table for all hosts (B7.1)"},
    handling_row{"sw", "RDRAINDELAY", "", handling::shared, "resets of all partitions (B3.7)"},
    handling_row{"sw", "POMCDELAY", "", handling::shared, "mode changes of all ports (B3.7)"},
    handling_row{"sw", "SEDELAY", "", handling::shared, "changes of all ports (B3.7)"},
    handling_row{"sw", "USSBRDELAY", "", handling::shared, "resets of all ports (B3.7)"},
    handling_row{"sw", "SWPART{x}STS", "", handling::shared, "state changes that others wait for (B3.3)"},
    handling_row{"sw", "SWPORT{x}STS", "", handling::shared, "mode changes that others wait for (B3.3)"},
    handling_row{"sw", "SEMSK", "", handling::shared, "events of all hosts (B11.1)"},
    handling_row{"sw", "SEPMSK", "", handling::shared, "events of all hosts (B11.1)"},
    handling_row{"sw", "SELINKUPSTS", "", handling::shared, "events of all hosts (B11.3)"},
    handling_row{"sw", "SELINKUPMSK", "", handling::shared, "events of all hosts (B11.3)"},
    handling_row{"sw", "SELINKDNSTS", "", handling::shared, "events of all hosts (B11.3)"},
    handling_row{"sw", "SELINKDNMSK", "", handling::shared, "events of all hosts (B11.3)"},
    handling_row{"sw", "SEFRSTSTS", "", handling::shared, "events of all hosts (B11.3)"},
    handling_row{"sw", "SEFRSTMSK", "", handling::shared, "events of all hosts (B11.3)"},
    handling_row{"sw", "SEHRSTSTS", "", handling::shared, "events of all hosts (B11.3)"},
    handling_row{"sw", "SEHRSTMSK", "", handling::shared, "events of all hosts (B11.3)"},
    handling_row{"sw", "SEFOVRMSK", "", handling::shared, "events of all hosts (B11.1)"},
    handling_row{"sw", "SEGSIGSTS", "", handling::shared, "events of all hosts (B11.8)"},
    handling_row{"sw", "SEGSIGMSK", "", handling::shared, "events of all hosts (B11.8)"},
    handling_row{"sw", "GODBELLMSK{n}", "", handling::shared, "doorbells of all hosts (B5.2)"},
    handling_row{"sw", "GIDBELLMSK{n}", "", handling::shared, "doorbells of all hosts (B5.2)"},
    handling_row{"sw", "SWP{x}MSGCTL{n}", "", handling::shared, "routes of all hosts (B6.1)"},
    handling_row{"sw", "TMPALARM", "", handling::shared, "alarms that others have not read yet (B14.2)"},

    // What may do harm that a reset does not mend.
    handling_row{"nt", "BARSETUP{n}", "", handling::destructive, "changes BARs that the host has mapped (B9.1)"},
    handling_row{"nt", "ECFGADDR", "", handling::destructive, "layout not known (B10.5)"},
    handling_row{"nt", "ECFGDATA", "", handling::destructive, "writes the register at ECFGADDR (B10.5)"},
    handling_row{"nt", "NTUEEM", "", handling::destructive, "raises errors that the host may not survive (B10.4)"},
    handling_row{"nt", "NTCEEM", "", handling::destructive, "raises errors (B10.4)"},
    handling_row{"nt", "PTCCTL0", "", handling::destructive, "layout not known (B10.3)"},
    handling_row{"nt", "PTCCTL1", "", handling::destructive, "layout not known (B10.3)"},
    handling_row{"nt", "PTCDATA", "", handling::destructive, "sends a configuration request (B10.3)"},
    handling_row{"nt", "MCCTL", "", handling::destructive, "starts multicast (B8.8)"},
    handling_row{"nt", "NTIERRORMSK0", "", handling::destructive, "internal errors, layout not known (B10.4)"},
    handling_row{"nt", "NTIERRORMSK1", "", handling::destructive, "internal errors, layout not known (B10.4)"},
    handling_row{"port", "P2PPCIELCTLSTS", "", handling::destructive, "links of other hosts"},
    handling_row{"port", "SERDESCFG", "", handling::destructive, "electrical levels of the links (B19.3)"},
    handling_row{"sw", "SWCTL", "", handling::destructive, "RSTHALT and the register locks (B15.5)"},
    handling_row{"sw", "PCLKMODE", "", handling::destructive, "clocks of the ports (B3.2)"},
    handling_row{"sw", "STK{x}CFG", "", handling::destructive, "lanes of the ports"},
    handling_row{"sw", "SWPART{x}CTL", "", handling::destructive, "switches partitions off (B3.3)"},
    handling_row{"sw", "SWPORT{x}CTL", "", handling::destructive, "switches ports off (B3.3)"},
    handling_row{"sw", "SWPART{x}FCTL", "", handling::destructive, "failover, layout not known (B3.9)"},
    handling_row{"sw", "SWPORT{x}FCTL", "", handling::destructive, "failover, layout not known (B3.9)"},
    handling_row{"sw", "FCAP{x}CTL", "", handling::destructive, "starts a failover, layout not known (B3.10)"},
    handling_row{"sw", "FCAP{x}TIMER", "", handling::destructive, "watchdog of a failover (B3.10)"},
    handling_row{"sw", "GASAPROT", "", handling::destructive, "may close the window to itself (B1.10)"},
    handling_row{"sw", "NTMTBLPROT{x}", "", handling::destructive, "may lock the mapping table (B7.8)"},
    handling_row{"sw", "S{x}CTL", "", handling::destructive, "electrical levels of the links"},
    handling_row{"sw", "S{x}TXLCTL0", "", handling::destructive, "electrical levels of the links"},
    handling_row{"sw", "S{x}TXLCTL1", "", handling::destructive, "electrical levels of the links"},
    handling_row{"sw", "S{x}RXEQLCTL", "", handling::destructive, "electrical levels of the links"},
    handling_row{"sw", "GPIOFUNC", "", handling::destructive, "drives pins"},
    handling_row{"sw", "GPIOAFSEL", "", handling::destructive, "drives pins"},
    handling_row{"sw", "GPIOCFG", "", handling::destructive, "drives pins"},
    handling_row{"sw", "GPIOD", "", handling::destructive, "drives pins"},
    handling_row{"sw", "HPCFGCTL", "", handling::destructive, "hot plug, drives pins"},
    handling_row{"sw", "SMBUSCTL", "", handling::destructive, "the SMBus to the EEPROM (B15.3)"},
    handling_row{"sw", "EEPROMINTF", "", handling::destructive, "writes the EEPROM (B15.7)"},
    handling_row{"sw", "IOEXPINTF", "", handling::destructive, "writes to I/O expanders (B19.2)"},
    handling_row{"sw", "IOEXPADDR{n}", "", handling::destructive, "I/O expanders (B19.2)"},
    handling_row{"sw", "GPECTL", "", handling::destructive, "layout not known"},
    handling_row{"sw", "TMPCTL", "", handling::destructive, "temperature alarms of the system (B14.2)"},
    handling_row{"sw", "TMPADJ", "", handling::destructive, "calibration of the sensor (B14.1)"},
    handling_row{"sw", "TSSLOPE", "", handling::destructive, "calibration of the sensor (B14.4)"},
};

inline constexpr std::array effect_rows{
    effect_row{"nt", "BARSETUP{n}", "nt", "BAR{n}", reach::same_next, "B9.1"},
    effect_row{"nt", "BARSETUP{n}", "nt", "BARLIMIT{n}", reach::same_next, "B9.5"},
    effect_row{"nt", "NTMTBLADDR", "nt", "NTMTBLDATA", reach::same, "B7.1"},
    effect_row{"nt", "NTMTBLADDR", "nt", "NTMTBLSTS", reach::same, "B7.8"},
    effect_row{"nt", "NTMTBLDATA", "nt", "NTMTBLDATA", reach::everywhere, "B7.1"},
    effect_row{"nt", "NTMTBLDATA", "nt", "NTMTBLSTS", reach::same, "B7.8"},
    effect_row{"nt", "LUTOFFSET", "nt", "LUTLDATA", reach::same, "B9.7"},
    effect_row{"nt", "LUTOFFSET", "nt", "LUTMDATA", reach::same, "B9.7"},
    effect_row{"nt", "LUTOFFSET", "nt", "LUTUDATA", reach::same, "B9.7"},
    effect_row{"nt", "GASAADDR", "nt", "GASADATA", reach::same, "B1.8"},
    effect_row{"nt", "ECFGADDR", "nt", "ECFGDATA", reach::same, "B10.5"},
    effect_row{"nt", "OUTDBELLSET", "nt", "INDBELLSTS", reach::everywhere, "B5.2"},
    effect_row{"nt", "OUTDBELLSET", "nt", "NTINTSTS", reach::everywhere, "B5.8"},
    effect_row{"nt", "OUTDBELLSET", "sw", "GDBELLSTS", reach::everywhere, "B5.7"},
    effect_row{"nt", "INDBELLMSK", "nt", "NTINTSTS", reach::same, "B5.8"},
    effect_row{"nt", "OUTMSG{n}", "nt", "MSGSTS", reach::everywhere, "B6.2"},
    effect_row{"nt", "OUTMSG{n}", "nt", "INMSG{n}", reach::everywhere, "B6.2"},
    effect_row{"nt", "OUTMSG{n}", "nt", "INMSGSRC{n}", reach::everywhere, "B6.2"},
    effect_row{"nt", "OUTMSG{n}", "nt", "NTINTSTS", reach::everywhere, "B6.5"},
    effect_row{"nt", "MSGSTSMSK", "nt", "NTINTSTS", reach::same, "B6.5"},
    effect_row{"nt", "NTGSIGNAL", "nt", "NTINTSTS", reach::everywhere, "B11.8"},
    effect_row{"nt", "NTGSIGNAL", "sw", "SEGSIGSTS", reach::everywhere, "B11.8"},
    effect_row{"nt", "NTGSIGNAL", "sw", "SESTS", reach::everywhere, "B11.3"},
    effect_row{"nt", "NTUEEM", "nt", "AERUES", reach::same, "B10.4"},
    effect_row{"nt", "NTUEEM", "nt", "AERCTL", reach::same, "B10.4"},
    effect_row{"nt", "NTUEEM", "nt", "PCIEDSTS", reach::same, "B10.4"},
    effect_row{"nt", "NTCEEM", "nt", "AERCES", reach::same, "B10.4"},
    effect_row{"nt", "NTCEEM", "nt", "PCIEDSTS", reach::same, "B10.4"},
    effect_row{"nt", "PTCDATA", "nt", "PTCSTS", reach::same, "B10.3"},
    effect_row{"sw", "SEMSK", "sw", "SESTS", reach::same, "B11.3"},
    effect_row{"sw", "SELINKUPMSK", "sw", "SESTS", reach::same, "B11.3"},
    effect_row{"sw", "SELINKDNMSK", "sw", "SESTS", reach::same, "B11.3"},
    effect_row{"sw", "SEFRSTMSK", "sw", "SESTS", reach::same, "B11.3"},
    effect_row{"sw", "SEHRSTMSK", "sw", "SESTS", reach::same, "B11.3"},
    effect_row{"sw", "SEGSIGMSK", "sw", "SESTS", reach::same, "B11.3"},
    effect_row{"nt", "AERUES", "nt", "AERCTL", reach::same, "B13.4"},
    effect_row{"nt", "AERUES", "nt", "AERHL1DW", reach::same, "B13.4"},
    effect_row{"nt", "AERUES", "nt", "AERHL2DW", reach::same, "B13.4"},
    effect_row{"nt", "AERUES", "nt", "AERHL3DW", reach::same, "B13.4"},
    effect_row{"nt", "AERUES", "nt", "AERHL4DW", reach::same, "B13.4"},
    effect_row{"sw", "TMPCTL", "sw", "TMPSTS", reach::same, "B14.2"},
    effect_row{"sw", "TMPCTL", "sw", "TMPALARM", reach::same, "B14.2"},
    effect_row{"sw", "TMPCTL", "nt", "NTINTSTS", reach::everywhere, "B12.5"},
    effect_row{"sw", "TMPADJ", "sw", "TMPSTS", reach::same, "B14.1"},
    effect_row{"sw", "TMPADJ", "sw", "TMPALARM", reach::same, "B14.2"},
    effect_row{"sw", "TMPADJ", "nt", "NTINTSTS", reach::everywhere, "B12.5"},
    effect_row{"sw", "TMPALARM", "sw", "TMPSTS", reach::same, "B14.3"},
    effect_row{"sw", "TMPALARM", "nt", "NTINTSTS", reach::everywhere, "B12.5"},
    effect_row{"sw", "SWPART{x}CTL", "sw", "SWPART{x}STS", reach::same, "B3.3"},
    effect_row{"sw", "SWPORT{x}CTL", "sw", "SWPORT{x}STS", reach::same, "B3.3"},
    effect_row{"sw", "SWPORT{x}CTL", "sw", "SWPART{x}STS", reach::everywhere, "B3.6"},
};

inline constexpr std::array condition_rows{
    condition_row{"nt", "LUTLDATA", "LUTOFFSET", "BAR", 2, "B9.7"},
    condition_row{"nt", "LUTMDATA", "LUTOFFSET", "BAR", 2, "B9.7"},
    condition_row{"nt", "LUTUDATA", "LUTOFFSET", "BAR", 4, "B9.7"},
    // Changes take effect at once, not while something else is looked at.
    condition_row{"sw", "SWPART{x}CTL", "RDRAINDELAY", "DELAY", 0, "B3.4"},
    condition_row{"sw", "SWPART{x}CTL", "SEDELAY", "DELAY", 0, "B3.4"},
    condition_row{"sw", "SWPORT{x}CTL", "RDRAINDELAY", "DELAY", 0, "B3.4"},
    condition_row{"sw", "SWPORT{x}CTL", "POMCDELAY", "DELAY", 0, "B3.4"},
    condition_row{"sw", "SWPORT{x}CTL", "SEDELAY", "DELAY", 0, "B3.4"},
    condition_row{"sw", "SWPORT{x}CTL", "USSBRDELAY", "DELAY", 0, "B3.4"},
};
// clang-format on

namespace detail {

/// Written for few steps of constant evaluation: compilers limit them.
[[nodiscard]] constexpr bool has_register(std::string_view space_name, std::string_view name,
                                          std::string_view field_name) {
    for (const space& s : spaces) {
        if (s.name != space_name)
            continue;
        for (const reg& r : s) {
            if (r.name.size() != name.size() || r.name != name)
                continue;
            if (field_name.empty())
                return true;
            for (const field& f : r.fields)
                if (f.name == field_name)
                    return true;
        }
    }
    return false;
}

[[nodiscard]] constexpr bool handling_names_exist() {
    for (const handling_row& h : handling_rows)
        if (!has_register(h.space, h.name, h.field) || h.reason.empty())
            return false;
    return true;
}

[[nodiscard]] constexpr bool effect_names_exist() {
    for (const effect_row& e : effect_rows)
        if (!has_register(e.space, e.cause, {}) || !has_register(e.affected_space, e.affected, {}))
            return false;
    return true;
}

[[nodiscard]] constexpr bool condition_names_exist() {
    for (const condition_row& c : condition_rows)
        if (!has_register(c.space, c.name, {}) || !has_register(c.space, c.other, c.field))
            return false;
    return true;
}

} // namespace detail

static_assert(detail::handling_names_exist());
static_assert(detail::effect_names_exist());
static_assert(detail::condition_names_exist());

} // namespace ntb::regs
