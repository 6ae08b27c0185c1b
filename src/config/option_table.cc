// The rows of the table of options.
#include <array>

#include "calls/call_request.h"
#include "config/options.h"
#include "run/shard_number.h"
#include "sequence/genetic_code.h"

namespace virnucpro {
namespace {

/// False for standard output, which cannot hold several files or a seekable one.
bool is_no_stream(const std::string& text) { return text != "-"; }

/// A list of paths without empty ones and standard output.
bool are_files(const std::string& text) {
  for (const std::string& path : split_list(text)) {
    if (path.empty() || path == "-") return false;
  }
  return true;
}

/// The name of a picture in a format that `plot` writes.
bool is_figure(const std::string& text) {
  return text.ends_with(".svg") || text.ends_with(".png") || text.ends_with(".pdf");
}

/// The chunk lengths of the method.
bool is_chunk_length(const std::string& text) {
  const std::optional<std::uint64_t> length = parse_whole(text);
  return length == 300u || length == 500u;
}

bool is_shard(const std::string& text) { return parse_shard(text).has_value(); }

bool is_prevalence(const std::string& text) {
  CallRequest unused;
  return assign_prevalence(unused, text);
}

bool is_fdr(const std::string& text) {
  CallRequest unused;
  return assign_fdr(unused, text);
}

bool is_genetic_code(const std::string& text) {
  return GeneticCode::of_number(parse_whole(text).value_or(0)).has_value();
}

/// Percent, not a share: below 1 only 0.
bool is_percentage(const std::string& text) {
  const std::optional<double> percent = parse_number(text, {.high = 100.0});
  return percent == 0.0 || (percent && *percent >= 1.0);
}

bool are_gpu_numbers(const std::string& text) {
  for (const std::string& number : split_list(text)) {
    if (!parse_whole(number, {.high = kMaxGpuNumber})) return false;
  }
  return true;
}

constexpr std::uint32_t kPredict = static_cast<std::uint32_t>(Command::kPredict);
constexpr std::uint32_t kEmbed = static_cast<std::uint32_t>(Command::kEmbed);
constexpr std::uint32_t kValidate = static_cast<std::uint32_t>(Command::kValidate);
constexpr std::uint32_t kPrecision = static_cast<std::uint32_t>(Command::kPrecision);
constexpr std::uint32_t kTrain = static_cast<std::uint32_t>(Command::kTrain);
constexpr std::uint32_t kReport = static_cast<std::uint32_t>(Command::kReport);
constexpr std::uint32_t kMerge = static_cast<std::uint32_t>(Command::kMerge);
constexpr std::uint32_t kEvaluate = static_cast<std::uint32_t>(Command::kEvaluate);
constexpr std::uint32_t kDataset = static_cast<std::uint32_t>(Command::kDataset);
constexpr std::uint32_t kCalibrate = static_cast<std::uint32_t>(Command::kCalibrate);
constexpr std::uint32_t kBench = static_cast<std::uint32_t>(Command::kBench);
constexpr std::uint32_t kImport = static_cast<std::uint32_t>(Command::kImport);
constexpr std::uint32_t kClassify = static_cast<std::uint32_t>(Command::kClassify);
constexpr std::uint32_t kLabelReads = static_cast<std::uint32_t>(Command::kLabelReads);
constexpr std::uint32_t kPlot = static_cast<std::uint32_t>(Command::kPlot);
constexpr std::uint32_t kPull = static_cast<std::uint32_t>(Command::kPull);
constexpr std::uint32_t kExport = static_cast<std::uint32_t>(Command::kExport);
constexpr std::uint32_t kVerify = static_cast<std::uint32_t>(Command::kVerify);
constexpr std::uint32_t kDoctor = static_cast<std::uint32_t>(Command::kDoctor);
constexpr std::uint32_t kShardsPlan = static_cast<std::uint32_t>(Command::kShardsPlan);
constexpr std::uint32_t kEstimates = static_cast<std::uint32_t>(Command::kEstimate) | kShardsPlan;
constexpr std::uint32_t kConvert = static_cast<std::uint32_t>(Command::kConvert);
constexpr std::uint32_t kOwnParts = kPredict | kEmbed | kPrecision;
constexpr std::uint32_t kWriters = kOwnParts | kTrain;
constexpr std::uint32_t kRuns = kWriters | kEstimates;
constexpr std::uint32_t kReading = kRuns | kValidate | kClassify;  // sequences
constexpr std::uint32_t kLogged = kReading | kPull | kLabelReads | kPlot | kReport | kMerge |
                                  kEvaluate | kDataset | kCalibrate | kBench | kVerify | kDoctor |
                                  kConvert;
constexpr std::uint32_t kAll = kLogged | kImport | kExport;
// `bench` and `doctor` measure, and nothing may run beside that; `plot` is quick,
// as is `models export`.
constexpr std::uint32_t kWithProgress = kAll & ~(kBench | kDoctor | kPlot | kExport);

constexpr std::string_view kFolderValues = "the path of a folder";
constexpr std::string_view kFileValues = "the path of a file";
constexpr std::string_view kBundleValues =
    "the name of an embedded or pulled bundle or the path of a bundle folder";
constexpr std::string_view kFolderMissing = "--output-dir is required";

using enum OptionType;

/// A flag of the Python program that has nothing to change here. Whole numbers are still checked.
constexpr Option no_effect(std::string_view name, int commands, std::string_view value_name = {},
                           char letter = 0) {
  Option option;
  option.name = name;
  option.letter = letter;
  option.sources = OptionSources::kNone;
  option.type = value_name.empty() ? kSwitch : kInteger;
  option.value_name = value_name;
  option.default_text = value_name.empty() ? "false" : "";
  option.help = "No effect; taken for the sake of old command lines.";
  option.commands = static_cast<std::uint32_t>(commands);
  option.has_effect = false;
  return option;
}

// Each row reads as one list of facts, which one line per fact would tear apart.
// clang-format off
constexpr std::array kOptions = {
    // The outputs, and what they may replace.
    Option{.name = "output-dir", .letter = 'o', .value_name = "DIR",
           .described_values = kFolderValues, .default_text = kDefaultOutputFolder,
           .help = "Folder of the results; made when missing.", .commands = kPredict,
           .also = is_no_stream},
    Option{.name = "output-dir", .letter = 'o', .value_name = "DIR",
           .described_values = kFolderValues, .default_text = "DIR",
           .help = "Folder of the results", .commands = kReport, .also = is_no_stream},
    Option{.name = "output-dir", .letter = 'o', .value_name = "DIR",
           .described_values = kFolderValues, .help = "Folder of the results (required)",
           .commands = kMerge, .missing = kFolderMissing, .also = is_no_stream},
    Option{.name = "output-dir", .letter = 'o', .value_name = "DIR",
           .described_values = kFolderValues,
           .help = "Folder for tables, charts and evaluation.json; made when missing",
           .commands = kEvaluate, .also = is_no_stream},
    Option{.name = "output-dir", .letter = 'o', .value_name = "DIR",
           .described_values = kFolderValues,
           .help = "Folder for fragments, labels and dataset.json; made when missing (required)",
           .commands = kDataset, .missing = kFolderMissing, .also = is_no_stream},
    Option{.name = "output-dir", .letter = 'o', .value_name = "DIR",
           .described_values = kFolderValues, .help = "Folder of the new bundle (required)",
           .commands = kTrain | kCalibrate | kImport | kConvert, .missing = kFolderMissing,
           .also = is_no_stream},
    Option{.name = "output", .letter = 'o', .value_name = "FILE", .described_values = kFileValues,
           .help = "HDF5 file with the datasets ids, dnabert_s and esm2 (required).",
           .commands = kEmbed, .missing = "embed needs the file to write: -o FEATURES.h5",
           .also = is_no_stream},
    Option{.name = "output", .letter = 'o', .value_name = "FILE", .described_values = kFileValues,
           .help = "Table of the reads; bgzip where the name ends in .gz (required)",
           .commands = kLabelReads,
           .missing = "label-reads needs the file to write: -o READS.tsv", .also = is_no_stream},
    Option{.name = "output", .letter = 'o', .value_name = "FILE",
           .described_values = "the path of a file that ends in .svg, .png or .pdf",
           .help = "The figure: .svg, .png (300 dots per inch) or .pdf (required)",
           .commands = kPlot, .missing = "plot needs the file to write: -o FIGURE.svg",
           .also = is_figure},
    Option{.name = "output", .letter = 'o', .value_name = "FILE", .described_values = kFileValues,
           .help = "Archive (tar) of the bundle (required)", .commands = kExport,
           .missing = "models export needs the file to write: -o BUNDLE.tar",
           .also = is_no_stream},
    Option{.name = "to", .sources = OptionSources::kNone, .value_name = "DIR",
           .described_values = kFolderValues,
           .default_text = "the first of VIRNUCPRO_MODELS, else ~/.local/share/virnucpro",
           .help = "Folder in which the bundle gets a folder of its name", .commands = kPull,
           .also = is_no_stream},
    Option{.name = "from", .sources = OptionSources::kNone, .value_name = "DIR",
           .described_values = kFolderValues,
           .help = "Take files that were copied into this folder, and fetch nothing",
           .commands = kPull},
    Option{.name = "list", .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false", .help = "Show the models that can be pulled, and from where",
           .commands = kPull},
    Option{.name = "registry", .value_name = "FILE", .described_values = kFileValues,
           .help = "Another list of models than the program's own (models/registry.json)",
           .commands = kPull},
    Option{.name = "connections", .type = kInteger, .value_name = "N",
           .whole = {.low = 1, .high = kMaxConnections}, .default_text = "4",
           .help = "Parts of a file that are fetched at once", .commands = kPull},
    Option{.name = "keep-downloads", .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false",
           .help = "Keep what was fetched, for another model of the same parts.",
           .commands = kPull},
    Option{.name = "output", .letter = 'o', .value_name = "FILE", .described_values = kFileValues,
           .help = "Read the inputs and write a plan of where the records of each shard lie, for "
                   "'predict --shard-plan'; replaced when it is there.",
           .commands = kShardsPlan, .also = is_no_stream},
    Option{.name = "report-dir", .letter = 'o', .value_name = "DIR",
           .described_values = kFolderValues,
           .help = "Folder for sequences.tsv, layers.tsv and precision.json; made when missing.",
           .commands = kPrecision, .also = is_no_stream},
    Option{.name = "save-bundle", .value_name = "DIR", .described_values = kFolderValues,
           .help = "Copy the bundle there, with the figures in its card: runs with it show them.",
           .commands = kPrecision, .also = is_no_stream},
    Option{.name = "json", .value_name = "FILE", .described_values = kFileValues,
           .help = "Write all figures to this file; - is standard output, instead of the table",
           .commands = kBench},
    Option{.name = "output-dir", .letter = 'o', .value_name = "DIR",
           .described_values = kFolderValues, .default_text = kDefaultOutputFolder,
           .help = "Folder that a run would write to: its disk is looked at", .commands = kDoctor,
           .also = is_no_stream},
    Option{.name = "json", .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false", .help = "Print all as one JSON object", .commands = kDoctor},
    Option{.name = "no-speed", .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false",
           .help = "Do not measure how fast the published models would run (some 45 seconds)",
           .commands = kDoctor},
    // No file or variable: what may be overwritten is decided anew for each run.
    Option{.name = "force", .letter = 'f', .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false", .help = "Replace results that are there already.",
           .commands = kWriters | kReport | kMerge},
    Option{.name = "force", .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false", .help = "Replace an evaluation that is there already.",
           .commands = kEvaluate},
    Option{.name = "force", .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false", .help = "Replace a dataset that is there already.",
           .commands = kDataset},
    Option{.name = "force", .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false", .help = "Replace a bundle that is there already.",
           .commands = kCalibrate | kImport | kPull | kConvert},
    Option{.name = "force", .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false", .help = "Replace the file of --output", .commands = kExport},
    Option{.name = "force", .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false", .help = "Replace the file of --json", .commands = kBench},
    Option{.name = "html", .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false",
           .help = "Write report.html and no other file.", .commands = kReport},
    Option{.name = "resume", .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false",
           .help = "Go on with the run in the folder, as happens anyway; warns when there is none.",
           .commands = kPredict},
    Option{.name = "resume", .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false",
           .help = "Go on with a left-over run beside the output; without it, start over.",
           .commands = kClassify},
    Option{.name = "repair", .other_flag = "--force-resume", .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false",
           .help = "Keep what can be proven of a damaged run in the folder and compute the rest "
                   "again.", .commands = kPredict},
    Option{.name = "shard", .value_name = "I/N",
           .described_values = "I/N, part I of N, 1 <= I <= N <= 65536", .default_text = "1/1",
           .help = "Compute one record of N only, from the I-th on; 'virnucpro merge' joins the "
                   "parts.", .commands = kPredict, .also = is_shard},
    Option{.name = "shard-plan", .value_name = "FILE", .described_values = kFileValues,
           .help = "Plan of 'shards plan -o': each shard reads only its own records.",
           .commands = kPredict, .also = is_no_stream},
    Option{.name = "keep-embeddings", .type = kSwitch, .default_text = "false",
           .help = "Keep all embeddings in the run's database, for 'report --classifier'.",
           .commands = kPredict},
    Option{.name = "limit", .type = kInteger, .value_name = "N",
           .whole = {.high = kMaxFrameLimit, .zero = "all"}, .default_text = "1000",
           .help = "Frames to compare, from the beginning of the input; 0 takes all.",
           .commands = kPrecision},

    // The rules for calls.
    Option{.name = "threshold", .type = kNumber, .value_name = "T",
           .number = {.low_is_open = true, .high_is_open = true}, .default_text = "that of the run",
           .help = "Call viral from this P(virus) on, above 0 and below 1", .commands = kReport},
    Option{.name = "threshold", .type = kNumber, .value_name = "T",
           .number = {.low_is_open = true, .high_is_open = true}, .default_text = "0.5",
           .help = "Call viral from this P(virus) on, above 0 and below 1", .commands = kEvaluate},
    Option{.name = "prevalence", .value_name = "P",
           .described_values = "a number above 0 and below 1, or estimate", .default_text = "0.5",
           .help = "Share of viruses that p_calibrated stands for; 'estimate' finds it in the "
                   "records.", .commands = kPredict | kReport, .also = is_prevalence},
    Option{.name = "fdr", .value_name = "Q", .described_values = "a number above 0 and below 1",
           .help = "Call viral by p_calibrated, with this share of false discoveries expected; "
                   "estimates the prevalence unless given.", .commands = kPredict | kReport,
           .also = is_fdr},
    Option{.name = "calls", .type = kChoice, .value_name = "published|bundle",
           .default_text = "bundle",
           .help = "The rule of calls where no other option names one: that of the bundle, if it "
                   "has one, or always the published one.", .commands = kPredict | kReport},
    Option{.name = "conservative", .type = kSwitch, .default_text = "false",
           .help = "Call viral from p_calibrated 0.95 on.", .commands = kPredict | kReport},
    Option{.name = "relaxed", .type = kSwitch, .default_text = "false",
           .help = "Call viral from p_calibrated 0.25 on.", .commands = kPredict | kReport},

    // The form of tables, and the tiers of contigs.
    Option{.name = "legacy-format", .type = kChoice, .value_name = "v2|original",
           .default_text = "v2", .help = "Form of the two files of the published tool: version 2.0 "
           "of the Python program, with scores of chunks, or the original.", .commands = kPredict},
    Option{.name = "legacy-format", .type = kChoice, .value_name = "v2|original",
           .default_text = "that of the run",
           .help = "Form of the two files of the published tool", .commands = kReport | kMerge},
    Option{.name = "format", .type = kChoice, .value_name = "tsv|jsonl", .default_text = "tsv",
           .help = "jsonl: the rows of predictions, contigs and regions as JSON lines, too.",
           .commands = kPredict},
    Option{.name = "format", .type = kChoice, .value_name = "tsv|jsonl",
           .default_text = "that of the run",
           .help = "jsonl: the rows of predictions, contigs and regions as JSON lines, too",
           .commands = kReport | kMerge},
    Option{.name = "min-chunks", .type = kInteger, .value_name = "N", .default_text = "5",
           .help = "In contig_tiers.tsv, a contig with fewer scored chunks is one tier lower.",
           .commands = kPredict | kReport},
    Option{.name = "min-weighted-delta", .type = kNumber, .value_name = "D", .default_text = "0.3",
           .help = "In contig_tiers.tsv, call a contig when its weighted_delta exceeds this.",
           .commands = kPredict | kReport},
    Option{.name = "high-confidence-delta", .type = kNumber, .value_name = "D",
           .default_text = "0.6",
           .help = "In contig_tiers.tsv, the tier is high when weighted_delta exceeds this.",
           .commands = kPredict | kReport},
    Option{.name = "min-viral-prop", .type = kNumber, .value_name = "P", .default_text = "0.1",
           .help = "In contig_tiers.tsv, least share of confident viral chunks for more than low.",
           .commands = kPredict | kReport},
    Option{.name = "min-nonviral-prop", .type = kNumber, .value_name = "P", .default_text = "0.1",
           .help = "In contig_tiers.tsv, the same share of confident non-viral chunks.",
           .commands = kPredict | kReport},
    Option{.name = "min-confident-score", .type = kNumber, .value_name = "S",
           .default_text = "0.8",
           .help = "In contig_tiers.tsv, a confident chunk's winning score exceeds this ...",
           .commands = kPredict | kReport},
    Option{.name = "max-opposing-score", .type = kNumber, .value_name = "S", .default_text = "0.3",
           .help = "... and its other score is below this.", .commands = kPredict | kReport},
    Option{.name = "min-ambiguous-score", .type = kNumber, .value_name = "S",
           .default_text = "0.7",
           .help = "In contig_tiers.tsv, both scores of an ambiguous chunk exceed this.",
           .commands = kPredict | kReport},

    // Viral regions.
    Option{.name = "region-probability", .type = kNumber, .value_name = "P",
           .number = {.high = 1.0}, .default_text = "0.9",
           .help = "In regions.bed and regions.gff3, least probability of a viral region.",
           .commands = kPredict | kReport},
    Option{.name = "region-fasta", .type = kSwitch, .default_text = "false",
           .help = "Write the bases of the viral regions to viral_regions.fasta, too.",
           .commands = kPredict | kReport},

    // Records once more, and samples.
    Option{.name = "write", .type = kChoice, .value_name = "viral|others|all-but-viral",
           .help = "Write these records once more, in the format of their input: called virus, "
                   "called others, or all that are not called virus. Pairs stay together.",
           .commands = kPredict | kReport},
    Option{.name = "write-to", .value_name = "FILE,...",
           .described_values = "paths of files, one for each input, such as a.fq.gz,b.fq.gz",
           .default_text = "DIR/WHICH/ and the name of the input",
           .help = "The files of --write; bgzip where a name ends in .gz.",
           .commands = kPredict | kReport, .also = are_files},
    Option{.name = "sample-sheet", .value_name = "FILE", .described_values = kFileValues,
           .help = "Instead of INPUT: a tab-separated table with a header, sample, file and, "
                   "optionally, file2. A folder for each sample, and tables over all.",
           .commands = kPredict},

    // Labels of reads.
    Option{.name = "paf", .type = kSwitch, .default_text = "false",
           .help = "ALIGNED is minimap2's PAF.", .commands = kLabelReads},
    Option{.name = "min-mapq", .type = kInteger, .value_name = "N", .whole = {.high = 255},
           .default_text = "5", .help = "Least mapping quality of a read that is mapped_well.",
           .commands = kLabelReads},
    Option{.name = "min-identity", .type = kNumber, .value_name = "P", .number = {.high = 100.0},
           .described_values = "a percentage from 1 to 100, or 0", .default_text = "90",
           .help = "Least identity in percent of a read that is mapped_well.",
           .commands = kLabelReads, .also = is_percentage},
    Option{.name = "min-query-cov", .type = kNumber, .value_name = "P", .number = {.high = 100.0},
           .described_values = "a percentage from 1 to 100, or 0", .default_text = "80",
           .help = "Least share in percent of the read that is aligned, for mapped_well.",
           .commands = kLabelReads, .also = is_percentage},

    // Figures.
    Option{.name = "figure", .type = kChoice,
           .value_name = "track|scores|roc|precision-recall|calibration",
           .default_text = "track, or roc for an evaluation",
           .help = "The chunks of records at their places, the distribution of scores, or a chart "
                   "of an evaluation.", .commands = kPlot},
    Option{.name = "record", .value_name = "ID", .described_values = "an id of the results",
           .default_text = "the 8 longest records that are called virus",
           .help = "A record of the track; may be repeated, or be a list with commas",
           .commands = kPlot, .repeats = true},
    Option{.name = "value", .type = kChoice, .value_name = "score|calibrated",
           .default_text = "calibrated, where the results have it",
           .help = "The height of a chunk in the track: its largest P(virus), or p_calibrated.",
           .commands = kPlot},
    Option{.name = "width", .type = kNumber, .value_name = "MM",
           .number = {.low = 60.0, .high = 400.0},
           .default_text = "180, and 100 for a chart of an evaluation",
           .help = "Width of the figure in millimetres, as it is printed", .commands = kPlot},

    // Known classes of records, and their use.
    Option{.name = "labels", .value_name = "FILE", .described_values = kFileValues,
           .help = "Tab-separated table with a header: id, label (virus or other), and, "
                   "optionally, group and source (the genome) (required)",
           .commands = kTrain | kEvaluate | kCalibrate, .missing = "--labels is required"},
    Option{.name = "labels", .value_name = "FILE", .described_values = kFileValues,
           .help = "Tab-separated table with a header: id, label (virus or other), and, "
                   "optionally, group, source (the genome) and species (required)",
           .commands = kDataset, .missing = "--labels is required"},
    Option{.name = "frames", .value_name = "FILE", .described_values = kFileValues,
           .help = "Tab-separated table of the only frames to train on (frames.tsv of 'dataset')",
           .commands = kTrain},
    Option{.name = "frames", .type = kChoice, .value_name = "open|longest|longest-two",
           .default_text = "that of the bundle",
           .help = "What is read of a chunk without an open frame: nothing (the published rule), "
                   "its longest stop-free run, or its two longest.",
           .commands = kOwnParts | kEstimates},
    Option{.name = "frames", .type = kChoice, .value_name = "open|longest|longest-two",
           .default_text = "open",
           .help = "What counts of a chunk without an open frame: nothing, its longest stop-free "
                   "run, or its two longest", .commands = kDataset},
    Option{.name = "genetic-code", .type = kInteger, .value_name = "N",
           .whole = {.low = 1, .high = 33}, .described_values = "a number of NCBI's genetic codes: "
           "1 to 6, 9 to 16, 21 to 33", .default_text = "1",
           .help = "NCBI's genetic code, which says what a stop is; 1 is the published one.",
           .commands = (kReading & ~kClassify) | kDataset, .also = is_genetic_code},
    Option{.name = "fragments", .type = kInteger, .value_name = "N",
           .whole = {.low = 1, .high = kMaxFragments},
           .default_text = "as many as keep all groups of a class equal",
           .help = "Fragments of each class, in all splits together", .commands = kDataset},
    Option{.name = "validation-share", .type = kNumber, .value_name = "N", .number = {.high = 0.9},
           .default_text = "0.2",
           .help = "Share of the sources of each group held out to choose the epoch; 0: none",
           .commands = kTrain},
    Option{.name = "validation-share", .type = kNumber, .value_name = "S", .default_text = "0.1",
           .help = "Share of each group's species to validate on", .commands = kDataset},
    Option{.name = "test-share", .type = kNumber, .value_name = "T", .default_text = "0.1",
           .help = "Share of each group's species to test on", .commands = kDataset},
    Option{.name = "method", .type = kChoice, .value_name = "platt|isotonic",
           .default_text = "platt",
           .help = "Logistic over the score's logit, or any curve that never falls",
           .commands = kCalibrate},
    Option{.name = "false-positives", .type = kNumber, .value_name = "P",
           .number = {.high = 0.5, .low_is_open = true},
           .help = "Name a rule of calls in the bundle: from the lowest p_calibrated at which at "
                   "most this share of the records of each group of others is called",
           .commands = kCalibrate},
    Option{.name = "except", .value_name = "GROUP,...",
           .described_values = "names of groups, such as a,b",
           .help = "Groups of others that --false-positives leaves out, separated by commas",
           .commands = kCalibrate},
    Option{.name = "resamples", .type = kInteger, .value_name = "N",
           .whole = {.high = kMaxResamples, .zero = "no intervals"}, .default_text = "200",
           .help = "Draws of the bootstrap behind the intervals; 0: no intervals",
           .commands = kEvaluate},
    Option{.name = "optimizer", .type = kChoice, .value_name = "adamw|sgd", .default_text = "adamw",
           .help = "SGD has a momentum of 0.9", .commands = kTrain},
    Option{.name = "schedule", .type = kChoice, .value_name = "cosine|step|constant",
           .default_text = "cosine", .help = "How the learning rate falls over the epochs",
           .commands = kTrain},
    Option{.name = "learning-rate", .type = kNumber, .value_name = "N",
           .number = {.low = 1e-9, .high = 1e9}, .default_text = "0.001 for adamw, 0.01 for sgd",
           .help = "In the first epoch", .commands = kTrain},
    Option{.name = "weight-decay", .type = kNumber, .value_name = "N", .default_text = "0.01",
           .help = "As PyTorch's optimizers take it", .commands = kTrain},
    Option{.name = "epochs", .type = kInteger, .value_name = "N",
           .whole = {.low = 1, .high = kMaxTrainingCount}, .default_text = "30",
           .help = "Passes over the training frames, at most", .commands = kTrain},
    Option{.name = "patience", .type = kInteger, .value_name = "N",
           .whole = {.high = kMaxTrainingCount, .zero = "never stop"}, .default_text = "5",
           .help = "Epochs without a better one before it stops; 0: never", .commands = kTrain},
    Option{.name = "batch", .type = kInteger, .value_name = "N",
           .whole = {.low = 2, .high = kMaxTrainingCount}, .default_text = "256",
           .help = "Frames of one step, at least", .commands = kTrain},
    Option{.name = "hidden", .type = kInteger, .value_name = "N",
           .whole = {.low = 1, .high = kMaxHidden}, .default_text = "as the base's classifier has",
           .help = "Hidden units", .commands = kTrain},
    Option{.name = "dropout", .type = kNumber, .value_name = "N", .number = {.high = 0.95},
           .default_text = "0.5", .help = "Share of hidden values left out in a step",
           .commands = kTrain},
    Option{.name = "balance", .type = kChoice, .value_name = "groups|classes|none",
           .default_text = "groups", .help = "What has equal weight in the loss",
           .commands = kTrain},
    Option{.name = "seed", .type = kInteger, .value_name = "N", .default_text = "1",
           .help = "Seed of split, first weights, order and dropout", .commands = kTrain},
    Option{.name = "seed", .type = kInteger, .value_name = "N", .default_text = "1",
           .help = "Seed of the bootstrap", .commands = kEvaluate},
    Option{.name = "seed", .type = kInteger, .value_name = "N", .default_text = "1",
           .help = "Seed of the split and the selection", .commands = kDataset},

    // Models.
    Option{.name = "bundle", .value_name = "NAME|DIR", .described_values = kBundleValues,
           .default_text = kDefaultBundle,
           .help = "Models to use: the name of an embedded or pulled bundle, or a bundle's folder.",
           .commands = kRuns},
    Option{.name = "bundle", .value_name = "NAME|DIR", .described_values = kBundleValues,
           .default_text = kDefaultBundle, .help = "Models that a run would take",
           .commands = kDoctor},
    Option{.name = "bundle", .value_name = "NAME|DIR", .described_values = kBundleValues,
           .default_text = kDefaultBundle, .help = "The bundle that the run used",
           .commands = kCalibrate},
    Option{.name = "bundle", .value_name = "NAME|DIR,...",
           .described_values = "names of embedded bundles or paths of bundle folders, such as a,b",
           .default_text = "mini, unless --shape is given",
           .help = "Models to measure: embedded bundles or folders, separated by commas",
           .commands = kBench},
    Option{.name = "shape", .value_name = "NAME,...", .described_values = "names, such as a,b",
           .help = "Models of these sizes with random weights, separated by commas: mini (the "
                   "embedded bundle), dnabert-117m (DNABERT-S alone), esm2-650m (ESM-2 650M "
                   "alone), esm2-3b-4l (ESM-2 3B alone, 4 of its 36 layers), esm2-3b (ESM-2 3B "
                   "alone), published-650m (DNABERT-S and ESM-2 650M), published-3b (DNABERT-S "
                   "and ESM-2 3B)", .commands = kBench},
    Option{.name = "dnabert", .value_name = "DIR",
           .described_values = "the path of a DNABERT-S folder",
           .help = "Own DNABERT-S folder instead of a bundle (with --esm2, and --classifier "
                   "unless you embed).", .commands = kOwnParts},
    Option{.name = "dnabert", .value_name = "DIR",
           .described_values = "the path of a DNABERT-S folder",
           .help = "DNABERT-S folder: config.json, tokenizer.json, weights (required)",
           .commands = kImport, .missing = "--dnabert is required"},
    Option{.name = "esm2", .value_name = "FILE|DIR",
           .described_values = "the path of an ESM-2 checkpoint",
           .help = "Own ESM-2 checkpoint (fair-esm .pt file or Hugging Face folder).",
           .commands = kOwnParts},
    Option{.name = "esm2", .value_name = "FILE|DIR",
           .described_values = "the path of an ESM-2 checkpoint",
           .help = "ESM-2 checkpoint: fair-esm .pt file or Hugging Face folder (required)",
           .commands = kImport, .missing = "--esm2 is required"},
    Option{.name = "classifier", .value_name = "FILE",
           .described_values = "the path of a classifier",
           .help = "Own classifier (.pth or .safetensors).", .commands = kPredict | kPrecision},
    Option{.name = "classifier", .value_name = "FILE|BUNDLE",
           .described_values = "the path of a file, the name of an embedded bundle or a bundle "
                               "folder",
           .help = "Score the embeddings that the run kept (--keep-embeddings) by this "
                   "classifier (.pth or .safetensors), or by that of a bundle",
           .commands = kReport},
    Option{.name = "classifier", .value_name = "LENGTH=FILE",
           .described_values = "LENGTH=FILE, such as 500=classifier.pth",
           .help = "Classifier and its chunk length, such as 500=model.pth; may be repeated, or "
                   "be a list with commas (required)", .commands = kImport,
           .missing = "--classifier is required", .repeats = true},
    Option{.name = "name", .value_name = "TEXT", .default_text = "that of the base, -trained",
           .help = "Name of the new bundle", .commands = kTrain},
    Option{.name = "name", .value_name = "TEXT", .default_text = "the folder's name",
           .help = "Name of the bundle", .commands = kImport},
    Option{.name = "bundle-version", .value_name = "TEXT", .default_text = "1",
           .help = "Version of the bundle", .commands = kImport},
    Option{.name = "description", .value_name = "TEXT",
           .help = "What the models are, and their purpose", .commands = kImport},
    Option{.name = "license", .value_name = "TEXT", .help = "License of the weights",
           .commands = kImport},
    Option{.name = "training-data", .value_name = "TEXT", .help = "What the models were trained on",
           .commands = kImport},
    Option{.name = "expected-length", .other_flag = "--model-type", .type = kInteger,
           .value_name = "300|500", .described_values = "300 or 500",
           .default_text = "the bundle's only one, else 500",
           .help = "Chunk length in bases, and the classifier trained for it.",
           .commands = kReading & ~(kPredict | kClassify), .also = is_chunk_length},
    Option{.name = "expected-length", .letter = 'e', .type = kInteger, .value_name = "300|500",
           .described_values = "300 or 500",
           .default_text = "that of --model-type, else the bundle's only one, else 500",
           .help = "Chunk length in bases, and the classifier trained for it.",
           .commands = kPredict, .also = is_chunk_length},
    Option{.name = "model-type", .letter = 'm', .sources = OptionSources::kNone, .type = kChoice,
           .value_name = "300|500|custom", .default_text = "",
           .help = "The same under its old name; custom, with --model-path, is 500.",
           .commands = kPredict},
    Option{.name = "model-path", .letter = 'p', .sources = OptionSources::kNone,
           .value_name = "FILE", .described_values = "the path of a classifier",
           .help = "This classifier (.pth or .safetensors) in place of that of the bundle.",
           .commands = kPredict},
    Option{.name = "expected-length", .type = kInteger, .value_name = "300|500",
           .described_values = "300 or 500", .default_text = "500",
           .help = "Chunk length in bases, and the classifier trained for it.",
           .commands = kClassify, .also = is_chunk_length},
    Option{.name = "virnucpro-path", .sources = OptionSources::kNone, .value_name = "DIR",
           .described_values = "the path of a folder of models, or the name of an embedded bundle",
           .default_text = "VIRNUCPRO_PATH, else /opt/VirNucPro",
           .help = "Models: 300_model.pth, 500_model.pth, esm2*.pt and a DNABERT-S folder, or a "
                   "bundle.", .commands = kClassify},
    Option{.name = "expected-length", .other_flag = "--model-type", .type = kInteger,
           .value_name = "300|500", .described_values = "300 or 500", .default_text = "500",
           .help = "Length of fragments in bases", .commands = kDataset, .also = is_chunk_length},
    Option{.name = "expected-length", .other_flag = "--model-type", .type = kInteger,
           .value_name = "300|500", .described_values = "300 or 500", .default_text = "500",
           .help = "Chunk length in bases", .commands = kBench, .also = is_chunk_length},

    Option{.name = "published", .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false",
           .help = "Compute the frames of the published run too, and compare embeddings and scores "
                   "on every device and in every precision.", .commands = kVerify},
    Option{.name = "expected", .sources = OptionSources::kNone, .value_name = "DIR",
           .described_values = "the path of a folder with run.json and embeddings.safetensors",
           .help = "Compare with this stored run instead of the published one.",
           .commands = kVerify | kImport},
    Option{.name = "no-check", .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false",
           .help = "Do not compare models of the published widths with the published run.",
           .commands = kImport},

    // The arithmetic, and the devices.
    Option{.name = "precision", .type = kChoice, .value_name = "fp16|bf16|int8|fp8|fp32",
           .default_text = "fp16", .help = "Arithmetic of the encoders; fp32 needs --no-packing.",
           .commands = kPredict | kEmbed | kTrain | kEstimates},
    Option{.name = "precision", .value_name = "NAME,...",
           .described_values = "fp16, bf16, int8 and fp8, separated by commas",
           .default_text = "fp16",
           .help = "fp16, bf16, int8 and fp8, separated by commas: what to compare with fp32.",
           .commands = kPrecision},
    Option{.name = "precision", .value_name = "NAME,...",
           .described_values = "fp16, bf16, int8, fp8 and fp32, separated by commas",
           .default_text = "fp16",
           .help = "fp16, bf16, int8, fp8 and fp32, separated by commas; fp32 runs padded",
           .commands = kBench},
    Option{.name = "precision", .value_name = "NAME,...",
           .described_values = "fp16, bf16, int8, fp8 and fp32, separated by commas",
           .default_text = "all that the device has",
           .help = "With --published: fp16, bf16, int8, fp8 and fp32, separated by commas",
           .commands = kVerify},
    // No file or variable: theirs is the precision of runs.
    Option{.name = "precision", .sources = OptionSources::kNone, .type = kChoice,
           .value_name = "int8|fp8", .default_text = "int8",
           .help = "What the dense layers are stored as; fp8 runs on GPUs alone.",
           .commands = kConvert},
    // Its variable is VIRNUCPRO_DISABLE_PACKING, a policy variable.
    Option{.name = "no-packing", .sources = OptionSources::kFile, .type = kSwitch,
           .default_text = "false",
           .help = "Padded batches instead of packed ones: slower, works in every precision.",
           .commands = kRuns},
    Option{.name = "use-gpu", .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false", .help = "Compute on all GPUs, or those of --gpus; fail "
           "without one.", .commands = kClassify},
    Option{.name = "no-gpu", .sources = OptionSources::kNone, .type = kSwitch,
           .default_text = "false", .help = "Compute on the CPU.", .commands = kClassify},
    Option{.name = "device", .letter = 'd', .value_name = "NAMES",
           .described_values = "auto or names that 'virnucpro devices' lists",
           .default_text = "auto",
           .help = "Where to compute: auto, cpu, cuda (all GPUs), cuda:0,2, a mix such as "
                   "cuda:0,cpu ... ('virnucpro devices' lists them; precision takes the first).",
           .commands = kRuns},
    Option{.name = "device", .value_name = "NAME",
           .described_values = "auto or names that 'virnucpro devices' lists",
           .default_text = "cpu",
           .help = "auto, cpu, or GPUs such as cuda or cuda:0,1; 'virnucpro devices' shows them",
           .commands = kBench},
    Option{.name = "device", .letter = 'd', .value_name = "NAMES",
           .described_values = "auto or names that 'virnucpro devices' lists",
           .default_text = "auto",
           .help = "With --published: where to compute; auto takes the best device and the cpu.",
           .commands = kVerify},
    Option{.name = "device", .letter = 'd', .value_name = "NAMES",
           .described_values = "auto or names that 'virnucpro devices' lists",
           .default_text = "auto", .help = "Where a run would compute; the cpu is looked at, too.",
           .commands = kDoctor},
    Option{.name = "device", .letter = 'd', .value_name = "NAMES",
           .described_values = "auto or names that 'virnucpro devices' lists",
           .default_text = "auto",
           .help = "Where the columns that int8 keeps are sought: where runs will compute.",
           .commands = kConvert},
    // Only a flag: files and variables use the key of the device.
    Option{.name = "gpus", .sources = OptionSources::kNone, .value_name = "N,N",
           .described_values = "numbers of GPUs, such as 0 or 0,1",
           .help = "GPUs by their numbers, as --device cuda:N,N.", .commands = kRuns | kClassify,
           .also = are_gpu_numbers},
    Option{.name = "threads", .letter = 't', .other_flag = "--merge-threads", .type = kInteger,
           .value_name = "N", .whole = {.high = kMaxThreads, .zero = "all processors"},
           .default_text = "0",
           .help = "Threads; 0 takes every processor. Results do not depend on it.",
           .commands = kPredict},
    Option{.name = "threads", .letter = 't', .type = kInteger, .value_name = "N",
           .whole = {.high = kMaxThreads, .zero = "all processors"}, .default_text = "0",
           .help = "Threads; 0 takes every processor. Results do not depend on it.",
           .commands = (kRuns & ~kPredict) | kBench | kClassify | kVerify | kDoctor |
                       kConvert},
    Option{.name = "threads", .letter = 't', .type = kInteger, .value_name = "N",
           .whole = {.high = kMaxThreads, .zero = "none"}, .default_text = "2",
           .help = "Threads that decompress and compress, beside the one that works.",
           .commands = kLabelReads},
    Option{.name = "batch-tokens", .type = kInteger, .value_name = "N",
           .whole = {.high = kMaxBatchTokens, .zero = "automatic"}, .default_text = "0",
           .help = "Tokens of one batch; 0 is automatic, by memory and time. Results do not "
                   "depend on it.", .commands = kRuns | kBench},
    Option{.name = "orfs", .type = kInteger, .value_name = "N",
           .whole = {.high = kMaxBenchFrames, .zero = "the whole input"},
           .default_text = "what --seconds allow, at least a full batch",
           .help = "Open frames to take from the input; 0 is the whole input", .commands = kBench},
    Option{.name = "seconds", .type = kNumber, .value_name = "N",
           .number = {.high = kMaxBenchSeconds, .low_is_open = true}, .default_text = "30",
           .help = "For the runs of one model in one precision, up to three; the products that "
                   "they are compared with take as long again", .commands = kBench},

    Option{.name = "seconds", .type = kNumber, .value_name = "N",
           .number = {.high = kMaxBenchSeconds, .low_is_open = true}, .default_text = "20",
           .help = "For the rounds in which the models are measured; the input is read about as "
                   "long, and the rest extrapolated.", .commands = kEstimates},
    Option{.name = "price", .type = kNumber, .value_name = "P", .number = {.high = kMostPrice},
           .help = "Money for an hour of one device; adds a line with the price of the run.",
           .commands = kEstimates & ~kShardsPlan},
    Option{.name = "device-hours", .type = kNumber, .value_name = "H",
           .number = {.high = kMostDeviceHours, .low_is_open = true},
           .help = "The most that each shard may take: hours times devices; measures the models.",
           .commands = kShardsPlan},
    Option{.name = "shards", .type = kInteger, .value_name = "N",
           .whole = {.low = 1, .high = kMaxShards},
           .help = "So many shards, without a measurement.", .commands = kShardsPlan},

    // Messages on the way.
    Option{.name = "config", .sources = OptionSources::kVariable, .value_name = "FILE",
           .described_values = "the path of a YAML file",
           .help = "YAML file with settings; flags and variables win.", .commands = kAll},
    Option{.name = "quiet", .letter = 'q', .type = kSwitch, .default_text = "false",
           .help = "Show warnings and errors only.", .commands = kLogged},
    Option{.name = "no-progress", .type = kSwitch, .default_text = "false",
           .help = "Show no progress.", .commands = kWithProgress},
    Option{.name = "json-log", .type = kSwitch, .default_text = "false",
           .help = "Messages as one JSON object per line.", .commands = kLogged},

    // Taken for the sake of old command lines; see docs/howto/migration.md.
    no_effect("parallel", kPredict | kClassify),
    no_effect("persistent-models", kPredict | kClassify),
    no_effect("no-persistent-models", kPredict),
    no_effect("batch-size", kPredict | kClassify, "N", 'b'),
    no_effect("dnabert-batch-size", kPredict | kClassify, "N"),
    no_effect("esm-batch-size", kPredict | kClassify, "N"),
    no_effect("v1-fallback", kPredict | kClassify),
    no_effect("v1-attention", kPredict | kClassify),
    no_effect("verbose", kPredict | kClassify),
    no_effect("num-workers", kPredict, "N", 'w'),
    no_effect("dataloader-workers", kPredict, "N"),
    no_effect("keep-intermediate", kPredict, "", 'k'),
    no_effect("skip-checkpoint-validation", kPredict),
    no_effect("pin-memory", kPredict),
    no_effect("expandable-segments", kPredict),
    no_effect("cache-clear-interval", kPredict, "N"),
    no_effect("cuda-streams", kPredict),
    no_effect("no-cuda-streams", kPredict),
};
// clang-format on

}  // namespace

std::span<const Option> options() { return kOptions; }

}  // namespace virnucpro
