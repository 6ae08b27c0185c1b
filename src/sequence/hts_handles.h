// Owners of htslib's handles, so that nothing else in the module frees anything.
#pragma once

#include <htslib/bgzf.h>
#include <htslib/hfile.h>
#include <htslib/hts.h>
#include <htslib/sam.h>

#include <memory>

namespace virnucpro {

// Closing reports only failed writes, and these files are read: the results are not looked at.
struct HFileCloser {
  void operator()(hFILE* file) const { hclose_abruptly(file); }
};
struct BgzfCloser {
  void operator()(BGZF* file) const { static_cast<void>(bgzf_close(file)); }
};
struct HtsFileCloser {
  void operator()(htsFile* file) const { static_cast<void>(hts_close(file)); }
};
struct SamHeaderDeleter {
  void operator()(sam_hdr_t* header) const { sam_hdr_destroy(header); }
};
struct BamRecordDeleter {
  void operator()(bam1_t* record) const { bam_destroy1(record); }
};

using HFile = std::unique_ptr<hFILE, HFileCloser>;
using BgzfFile = std::unique_ptr<BGZF, BgzfCloser>;
using HtsFile = std::unique_ptr<htsFile, HtsFileCloser>;
using SamHeader = std::unique_ptr<sam_hdr_t, SamHeaderDeleter>;
using BamRecord = std::unique_ptr<bam1_t, BamRecordDeleter>;

}  // namespace virnucpro
