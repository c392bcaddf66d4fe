// SPDX-License-Identifier: Apache-2.0
#include "traces/fst_format.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstapi.h>
#include <sys/stat.h>
#include <utility>

#include "traces/scope_tree.h"
#include "traces/trace_error.h"

namespace ntb::traces {
namespace {

/// The library removes what is at the path and writes without a look at errors, so both are found
/// out before.
void must_be_writable(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
        throw trace_error(path, "is no regular file", "give --fst a file name");
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    if (file == nullptr)
        throw trace_error(path, std::strerror(errno), "give --fst a file that can be written");
    std::fclose(file);
}

} // namespace

void fst_format::writer_end::operator()(void* context) const noexcept {
    fstWriterClose(context);
}

fst_format::fst_format(std::string path, std::uint64_t limit_bytes)
    : path_(std::move(path)), limit_bytes_(limit_bytes) {
    must_be_writable(path_);
    writer_.reset(fstWriterCreate(path_.c_str(), 1));
    if (!writer_)
        throw trace_error(path_, "cannot be made as FST", "use --vcd");
}

void fst_format::begin(const std::vector<signal_declaration>& declarations) {
    void* const w = writer_.get();
    fstWriterSetFileType(w, FST_FT_VERILOG);
    fstWriterSetPackType(w, FST_WR_PT_LZ4);
    fstWriterSetVersion(w, "ntbsim waveform 1");
    fstWriterSetDate(w, "");
    fstWriterSetTimescaleFromString(w, "1ps");
    if (limit_bytes_ != 0)
        fstWriterSetDumpSizeLimit(w, limit_bytes_);
    variables_.resize(declarations.size());
    scope_tree(declarations)
        .walk({[w](const std::string& name) {
                   fstWriterSetScope(w, FST_ST_VCD_MODULE, name.c_str(), nullptr);
               },
               [w] { fstWriterSetUpscope(w); },
               [&](std::size_t i, const std::string& leaf) {
                   const unsigned width = declarations[i].width;
                   const std::string name =
                       width > 1 ? leaf + " [" + std::to_string(width - 1) + ":0]" : leaf;
                   const fstVarType type = width == 0 ? FST_VT_GEN_STRING : FST_VT_VCD_WIRE;
                   variables_[i] = {
                       fstWriterCreateVar(w, type, FST_VD_IMPLICIT, width, name.c_str(), 0), width};
               }});
    stamp(0);
}

void fst_format::stamp(std::uint64_t time_ps) noexcept {
    fstWriterEmitTimeChange(writer_.get(), time_ps);
    if (fstWriterGetDumpSizeLimitReached(writer_.get()) != 0) {
        std::fprintf(stderr,
                     "ntbsim: %s: the limit of %llu bytes is reached at %llu ps: nothing more is "
                     "recorded (raise the limit or select fewer signals with --signals)\n",
                     path_.c_str(), static_cast<unsigned long long>(limit_bytes_),
                     static_cast<unsigned long long>(time_ps));
        stopped_ = true;
    }
}

void fst_format::bits(std::uint32_t index, std::uint64_t value) noexcept {
    const variable& v = variables_[index];
    fstWriterEmitValueChange64(writer_.get(), v.handle, v.width, value);
}

void fst_format::text(std::uint32_t index, std::string_view text) noexcept {
    fstWriterEmitVariableLengthValueChange(writer_.get(), variables_[index].handle, text.data(),
                                           static_cast<std::uint32_t>(text.size()));
}

void fst_format::tlp(std::uint32_t index, const tlp_appearance& what) noexcept {
    std::array<char, tlp_room<plain_blank>> out; // NOLINT(*-member-init): written first
    const char* const end = put_tlp<plain_blank>(out.data(), what);
    text(index, {out.data(), static_cast<std::size_t>(end - out.data())});
}

void fst_format::close() noexcept {
    if (!writer_)
        return;
    writer_.reset();
    stopped_ = true;
    struct stat status {};
    size_ = ::stat(path_.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
    void* const reader = fstReaderOpen(path_.c_str());
    if (reader == nullptr || fstReaderGetVarCount(reader) != variables_.size()) {
        failed_ = true;
        std::fprintf(stderr,
                     "ntbsim: %s: the waveform is not complete (free some space and record it "
                     "again, or use --vcd)\n",
                     path_.c_str());
    }
    if (reader != nullptr)
        fstReaderClose(reader);
}

} // namespace ntb::traces
