// SPDX-License-Identifier: Apache-2.0
// The switch-global registers and fields as the model names them. A name that the map does not
// have is a compile error; no offset stands here.
#pragma once

#include "model/regs/sw_map.h"

namespace ntb::sw {

constexpr regs::reg_ref reg(std::string_view name) {
    return regs::find(regs::sw_map, name);
}
constexpr regs::field_ref field(std::string_view name, std::string_view f) {
    return regs::find_field(regs::sw_map, name, f);
}

inline constexpr regs::reg_ref SWCTL = reg("SWCTL");
inline constexpr regs::reg_ref BCVSTS = reg("BCVSTS");
inline constexpr regs::field_ref BCVSTS_SWMODE = field("BCVSTS", "SWMODE");
inline constexpr regs::reg_ref RDRAINDELAY = reg("RDRAINDELAY");
inline constexpr regs::reg_ref POMCDELAY = reg("POMCDELAY");
inline constexpr regs::reg_ref SEDELAY = reg("SEDELAY");
inline constexpr regs::reg_ref USSBRDELAY = reg("USSBRDELAY");
inline constexpr regs::reg_ref SWPARTCTL = reg("SWPART{x}CTL");
inline constexpr regs::field_ref SWPARTCTL_STATE = field("SWPART{x}CTL", "STATE");
inline constexpr regs::reg_ref SWPARTSTS = reg("SWPART{x}STS");
inline constexpr regs::field_ref SWPARTSTS_SCI = field("SWPART{x}STS", "SCI");
inline constexpr regs::field_ref SWPARTSTS_SCC = field("SWPART{x}STS", "SCC");
inline constexpr regs::field_ref SWPARTSTS_STATE = field("SWPART{x}STS", "STATE");
inline constexpr regs::field_ref SWPARTSTS_US = field("SWPART{x}STS", "US");
inline constexpr regs::field_ref SWPARTSTS_USID = field("SWPART{x}STS", "USID");
inline constexpr regs::field_ref SWPARTSTS_NT = field("SWPART{x}STS", "NT");
inline constexpr regs::field_ref SWPARTSTS_DMA = field("SWPART{x}STS", "DMA");
inline constexpr regs::reg_ref SWPARTFCTL = reg("SWPART{x}FCTL");
inline constexpr regs::reg_ref SWPORTCTL = reg("SWPORT{x}CTL");
inline constexpr regs::field_ref SWPORTCTL_MODE = field("SWPORT{x}CTL", "MODE");
inline constexpr regs::field_ref SWPORTCTL_SWPART = field("SWPORT{x}CTL", "SWPART");
inline constexpr regs::field_ref SWPORTCTL_DEVNUM = field("SWPORT{x}CTL", "DEVNUM");
inline constexpr regs::field_ref SWPORTCTL_OMA = field("SWPORT{x}CTL", "OMA");
inline constexpr regs::reg_ref SWPORTSTS = reg("SWPORT{x}STS");
inline constexpr regs::field_ref SWPORTSTS_OMCI = field("SWPORT{x}STS", "OMCI");
inline constexpr regs::field_ref SWPORTSTS_OMCC = field("SWPORT{x}STS", "OMCC");
inline constexpr regs::field_ref SWPORTSTS_LINKUP = field("SWPORT{x}STS", "LINKUP");
inline constexpr regs::field_ref SWPORTSTS_MODE = field("SWPORT{x}STS", "MODE");
inline constexpr regs::field_ref SWPORTSTS_SWPART = field("SWPORT{x}STS", "SWPART");
inline constexpr regs::field_ref SWPORTSTS_DEVNUM = field("SWPORT{x}STS", "DEVNUM");
inline constexpr regs::reg_ref SWPORTFCTL = reg("SWPORT{x}FCTL");
inline constexpr regs::reg_ref SESTS = reg("SESTS");
inline constexpr regs::field_ref SESTS_LNKUP = field("SESTS", "LNKUP");
inline constexpr regs::field_ref SESTS_LNKDN = field("SESTS", "LNKDN");
inline constexpr regs::field_ref SESTS_FRST = field("SESTS", "FRST");
inline constexpr regs::field_ref SESTS_HRST = field("SESTS", "HRST");
inline constexpr regs::field_ref SESTS_FOVER = field("SESTS", "FOVER");
inline constexpr regs::field_ref SESTS_GSIG = field("SESTS", "GSIG");
inline constexpr regs::reg_ref SEMSK = reg("SEMSK");
inline constexpr regs::field_ref SEMSK_LNKUP = field("SEMSK", "LNKUP");
inline constexpr regs::field_ref SEMSK_LNKDN = field("SEMSK", "LNKDN");
inline constexpr regs::field_ref SEMSK_FRST = field("SEMSK", "FRST");
inline constexpr regs::field_ref SEMSK_HRST = field("SEMSK", "HRST");
inline constexpr regs::field_ref SEMSK_FOVER = field("SEMSK", "FOVER");
inline constexpr regs::field_ref SEMSK_GSIG = field("SEMSK", "GSIG");
inline constexpr regs::reg_ref SEPMSK = reg("SEPMSK");
inline constexpr regs::field_ref SEPMSK_PART = field("SEPMSK", "PART");
inline constexpr regs::reg_ref SELINKUPSTS = reg("SELINKUPSTS");
inline constexpr regs::reg_ref SELINKUPMSK = reg("SELINKUPMSK");
inline constexpr regs::reg_ref SELINKDNSTS = reg("SELINKDNSTS");
inline constexpr regs::reg_ref SELINKDNMSK = reg("SELINKDNMSK");
inline constexpr regs::reg_ref SEFRSTSTS = reg("SEFRSTSTS");
inline constexpr regs::reg_ref SEFRSTMSK = reg("SEFRSTMSK");
inline constexpr regs::reg_ref SEHRSTSTS = reg("SEHRSTSTS");
inline constexpr regs::reg_ref SEHRSTMSK = reg("SEHRSTMSK");
inline constexpr regs::reg_ref SEFOVRMSK = reg("SEFOVRMSK");
inline constexpr regs::reg_ref SEGSIGSTS = reg("SEGSIGSTS");
inline constexpr regs::reg_ref SEGSIGMSK = reg("SEGSIGMSK");
inline constexpr regs::reg_ref GDBELLSTS = reg("GDBELLSTS");
inline constexpr regs::reg_ref GODBELLMSK = reg("GODBELLMSK{n}");
inline constexpr regs::reg_ref GIDBELLMSK = reg("GIDBELLMSK{n}");
inline constexpr regs::reg_ref SWPMSGCTL = reg("SWP{x}MSGCTL{n}");
inline constexpr regs::field_ref SWPMSGCTL_REG = field("SWP{x}MSGCTL{n}", "REG");
inline constexpr regs::field_ref SWPMSGCTL_PART = field("SWP{x}MSGCTL{n}", "PART");
inline constexpr regs::reg_ref SMBUSSTS = reg("SMBUSSTS");
inline constexpr regs::field_ref SMBUSSTS_SSMBADDR = field("SMBUSSTS", "SSMBADDR");
inline constexpr regs::field_ref SMBUSSTS_MSMBADDR = field("SMBUSSTS", "MSMBADDR");
inline constexpr regs::reg_ref SMBUSCTL = reg("SMBUSCTL");
inline constexpr regs::reg_ref EEPROMINTF = reg("EEPROMINTF");
inline constexpr regs::reg_ref TMPCTL = reg("TMPCTL");
inline constexpr regs::field_ref TMPCTL_LTH = field("TMPCTL", "LTH");
inline constexpr regs::field_ref TMPCTL_MTH = field("TMPCTL", "MTH");
inline constexpr regs::field_ref TMPCTL_HTH = field("TMPCTL", "HTH");
inline constexpr regs::field_ref TMPCTL_AHTH_EN = field("TMPCTL", "AHTH_EN");
inline constexpr regs::field_ref TMPCTL_PDOWN = field("TMPCTL", "PDOWN");
inline constexpr regs::reg_ref TMPSTS = reg("TMPSTS");
inline constexpr regs::field_ref TMPSTS_TEMP = field("TMPSTS", "TEMP");
inline constexpr regs::field_ref TMPSTS_LTEMP = field("TMPSTS", "LTEMP");
inline constexpr regs::field_ref TMPSTS_HTEMP = field("TMPSTS", "HTEMP");
inline constexpr regs::field_ref TMPSTS_BLTH = field("TMPSTS", "BLTH");
inline constexpr regs::field_ref TMPSTS_AHTH = field("TMPSTS", "AHTH");
inline constexpr regs::reg_ref TMPALARM = reg("TMPALARM");
inline constexpr regs::field_ref TMPALARM_LTEMP = field("TMPALARM", "LTEMP");
inline constexpr regs::field_ref TMPALARM_HTEMP = field("TMPALARM", "HTEMP");
inline constexpr regs::field_ref TMPALARM_IRQ = field("TMPALARM", "IRQ");
inline constexpr regs::reg_ref TMPADJ = reg("TMPADJ");
inline constexpr regs::field_ref TMPADJ_OFFSET = field("TMPADJ", "OFFSET");

} // namespace ntb::sw
