// SPDX-License-Identifier: Apache-2.0
// The NT function's registers and fields as the model names them. A name that the map does not
// have is a compile error; no offset stands here.
#pragma once

#include "model/regs/nt_map.h"

namespace ntb::nt {

constexpr regs::reg_ref reg(std::string_view name) {
    return regs::find(regs::nt_map, name);
}
constexpr regs::field_ref field(std::string_view name, std::string_view f) {
    return regs::find_field(regs::nt_map, name, f);
}

inline constexpr regs::reg_ref DID = reg("DID");
inline constexpr regs::reg_ref PCICMD = reg("PCICMD");
inline constexpr regs::field_ref PCICMD_MAE = field("PCICMD", "MAE");
inline constexpr regs::field_ref PCICMD_BME = field("PCICMD", "BME");
inline constexpr regs::field_ref PCICMD_PERRE = field("PCICMD", "PERRE");
inline constexpr regs::field_ref PCICMD_SERRE = field("PCICMD", "SERRE");
inline constexpr regs::field_ref PCICMD_INTXD = field("PCICMD", "INTXD");
inline constexpr regs::field_ref PCISTS_INTS = field("PCISTS", "INTS");
inline constexpr regs::field_ref PCISTS_MDPED = field("PCISTS", "MDPED");
inline constexpr regs::field_ref PCISTS_RMAS = field("PCISTS", "RMAS");
inline constexpr regs::field_ref PCISTS_SSE = field("PCISTS", "SSE");
inline constexpr regs::field_ref PCISTS_DPE = field("PCISTS", "DPE");
inline constexpr regs::reg_ref BAR = reg("BAR{n}");
inline constexpr regs::reg_ref PCIEDCTL = reg("PCIEDCTL");
inline constexpr regs::field_ref PCIEDCTL_CEREN = field("PCIEDCTL", "CEREN");
inline constexpr regs::field_ref PCIEDCTL_NFEREN = field("PCIEDCTL", "NFEREN");
inline constexpr regs::field_ref PCIEDCTL_FEREN = field("PCIEDCTL", "FEREN");
inline constexpr regs::field_ref PCIEDCTL_URREN = field("PCIEDCTL", "URREN");
inline constexpr regs::field_ref PCIEDCTL_MPS = field("PCIEDCTL", "MPS");
inline constexpr regs::field_ref PCIEDSTS_CED = field("PCIEDSTS", "CED");
inline constexpr regs::field_ref PCIEDSTS_FED = field("PCIEDSTS", "FED");
inline constexpr regs::field_ref PCIEDSTS_NFED = field("PCIEDSTS", "NFED");
inline constexpr regs::field_ref PCIEDSTS_URD = field("PCIEDSTS", "URD");
inline constexpr regs::reg_ref PCIELCAP = reg("PCIELCAP");
inline constexpr regs::field_ref PCIELCAP_MAXLNKSPD = field("PCIELCAP", "MAXLNKSPD");
inline constexpr regs::field_ref PCIELCAP_MAXLNKWDTH = field("PCIELCAP", "MAXLNKWDTH");
inline constexpr regs::field_ref PCIELCAP_PORTNUM = field("PCIELCAP", "PORTNUM");
inline constexpr regs::reg_ref PCIELCTL = reg("PCIELCTL");
inline constexpr regs::field_ref PCIELSTS_CLS = field("PCIELSTS", "CLS");
inline constexpr regs::field_ref PCIELSTS_NLW = field("PCIELSTS", "NLW");
inline constexpr regs::reg_ref PMCSR = reg("PMCSR");
inline constexpr regs::reg_ref PTCCTL0 = reg("PTCCTL0");
inline constexpr regs::reg_ref PTCCTL1 = reg("PTCCTL1");
inline constexpr regs::reg_ref PTCDATA = reg("PTCDATA");
inline constexpr regs::reg_ref PTCSTS = reg("PTCSTS");
inline constexpr regs::field_ref PMCSR_PSTATE = field("PMCSR", "PSTATE");
inline constexpr regs::field_ref PMCSR_NOSOFTRST = field("PMCSR", "NOSOFTRST");
inline constexpr regs::reg_ref MSICAP = reg("MSICAP");
inline constexpr regs::field_ref MSICAP_EN = field("MSICAP", "EN");
inline constexpr regs::reg_ref MSIADDR = reg("MSIADDR");
inline constexpr regs::reg_ref MSIUADDR = reg("MSIUADDR");
inline constexpr regs::reg_ref MSIMDATA = reg("MSIMDATA");
inline constexpr regs::reg_ref AERUES = reg("AERUES");
inline constexpr regs::field_ref AERUES_POISONED = field("AERUES", "POISONED");
inline constexpr regs::field_ref AERUES_COMPTO = field("AERUES", "COMPTO");
inline constexpr regs::field_ref AERUES_UR = field("AERUES", "UR");
inline constexpr regs::reg_ref AERUEM = reg("AERUEM");
inline constexpr regs::reg_ref AERUESV = reg("AERUESV");
inline constexpr regs::reg_ref AERCES = reg("AERCES");
inline constexpr regs::field_ref AERCES_ADVISORYNF = field("AERCES", "ADVISORYNF");
inline constexpr regs::reg_ref AERCEM = reg("AERCEM");
inline constexpr regs::field_ref AERCEM_ADVISORYNF = field("AERCEM", "ADVISORYNF");
inline constexpr regs::reg_ref AERCTL = reg("AERCTL");
inline constexpr regs::field_ref AERCTL_FEPTR = field("AERCTL", "FEPTR");
inline constexpr regs::reg_ref AERHL1DW = reg("AERHL1DW");
inline constexpr regs::reg_ref AERHL2DW = reg("AERHL2DW");
inline constexpr regs::reg_ref AERHL3DW = reg("AERHL3DW");
inline constexpr regs::reg_ref AERHL4DW = reg("AERHL4DW");
inline constexpr regs::reg_ref NTCTL = reg("NTCTL");
inline constexpr regs::field_ref NTCTL_IDPROTDIS = field("NTCTL", "IDPROTDIS");
inline constexpr regs::field_ref NTCTL_CPEN = field("NTCTL", "CPEN");
inline constexpr regs::reg_ref NTINTSTS = reg("NTINTSTS");
inline constexpr regs::field_ref NTINTSTS_MSG = field("NTINTSTS", "MSG");
inline constexpr regs::field_ref NTINTSTS_DBELL = field("NTINTSTS", "DBELL");
inline constexpr regs::field_ref NTINTSTS_FMCI = field("NTINTSTS", "FMCI");
inline constexpr regs::field_ref NTINTSTS_FMCC = field("NTINTSTS", "FMCC");
inline constexpr regs::field_ref NTINTSTS_SEVENT = field("NTINTSTS", "SEVENT");
inline constexpr regs::field_ref NTINTSTS_TMPSENSOR = field("NTINTSTS", "TMPSENSOR");
inline constexpr regs::reg_ref NTINTMSK = reg("NTINTMSK");
inline constexpr regs::reg_ref NTGSIGNAL = reg("NTGSIGNAL");
inline constexpr regs::field_ref NTGSIGNAL_GSIGNAL = field("NTGSIGNAL", "GSIGNAL");
inline constexpr regs::reg_ref OUTDBELLSET = reg("OUTDBELLSET");
inline constexpr regs::reg_ref INDBELLSTS = reg("INDBELLSTS");
inline constexpr regs::reg_ref INDBELLMSK = reg("INDBELLMSK");
inline constexpr regs::reg_ref OUTMSG = reg("OUTMSG{n}");
inline constexpr regs::reg_ref INMSG = reg("INMSG{n}");
inline constexpr regs::reg_ref INMSGSRC = reg("INMSGSRC{n}");
inline constexpr regs::reg_ref MSGSTS = reg("MSGSTS");
inline constexpr regs::field_ref MSGSTS_OUTMSGSTS0 = field("MSGSTS", "OUTMSGSTS0");
inline constexpr regs::field_ref MSGSTS_INMSGSTS0 = field("MSGSTS", "INMSGSTS0");
inline constexpr regs::reg_ref MSGSTSMSK = reg("MSGSTSMSK");
inline constexpr regs::reg_ref BARSETUP = reg("BARSETUP{n}");
inline constexpr regs::field_ref BARSETUP_TYPE = field("BARSETUP{n}", "TYPE");
inline constexpr regs::field_ref BARSETUP_PREF = field("BARSETUP{n}", "PREF");
inline constexpr regs::field_ref BARSETUP_SIZE = field("BARSETUP{n}", "SIZE");
inline constexpr regs::field_ref BARSETUP_MODE = field("BARSETUP{n}", "MODE");
inline constexpr regs::field_ref BARSETUP_ATRAN = field("BARSETUP{n}", "ATRAN");
inline constexpr regs::field_ref BARSETUP_TPART = field("BARSETUP{n}", "TPART");
inline constexpr regs::field_ref BARSETUP_EN = field("BARSETUP{n}", "EN");
inline constexpr regs::reg_ref BARLIMIT = reg("BARLIMIT{n}");
inline constexpr regs::field_ref BARLIMIT_ONES = field("BARLIMIT{n}", "ONES");
inline constexpr regs::reg_ref BARLTBASE = reg("BARLTBASE{n}");
inline constexpr regs::reg_ref BARUTBASE = reg("BARUTBASE{n}");
inline constexpr regs::reg_ref NTMTBLADDR = reg("NTMTBLADDR");
inline constexpr regs::field_ref NTMTBLADDR_ADDR = field("NTMTBLADDR", "ADDR");
inline constexpr regs::reg_ref NTMTBLSTS = reg("NTMTBLSTS");
inline constexpr regs::field_ref NTMTBLSTS_ERR = field("NTMTBLSTS", "ERR");
inline constexpr regs::reg_ref NTMTBLDATA = reg("NTMTBLDATA");
inline constexpr regs::field_ref NTMTBLDATA_VALID = field("NTMTBLDATA", "VALID");
inline constexpr regs::field_ref NTMTBLDATA_BDF = field("NTMTBLDATA", "BDF");
inline constexpr regs::field_ref NTMTBLDATA_PART = field("NTMTBLDATA", "PART");
inline constexpr regs::reg_ref REQIDCAP = reg("REQIDCAP");
inline constexpr regs::reg_ref LUTOFFSET = reg("LUTOFFSET");
inline constexpr regs::field_ref LUTOFFSET_INDEX = field("LUTOFFSET", "INDEX");
inline constexpr regs::field_ref LUTOFFSET_BAR = field("LUTOFFSET", "BAR");
inline constexpr regs::reg_ref LUTLDATA = reg("LUTLDATA");
inline constexpr regs::reg_ref LUTMDATA = reg("LUTMDATA");
inline constexpr regs::reg_ref LUTUDATA = reg("LUTUDATA");
inline constexpr regs::field_ref LUTUDATA_PART = field("LUTUDATA", "PART");
inline constexpr regs::field_ref LUTUDATA_VALID = field("LUTUDATA", "VALID");
inline constexpr regs::reg_ref GASAADDR = reg("GASAADDR");
inline constexpr regs::reg_ref GASADATA = reg("GASADATA");

} // namespace ntb::nt
