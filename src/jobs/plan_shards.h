// `shards plan -o`: reads the inputs once, so that each shard need read only its own records.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "report/shard_plan.h"

namespace virnucpro {

/// Cuts the records of the inputs into shards of about as many bases each, in their order. FASTA,
/// FASTQ, SAM and BAM, plain, gzip or bgzip, can be picked up in the middle; of other inputs, each
/// shard reads all, which is said in the log. Throws InputError, also for inputs that can be read
/// only once; ChangedInput; Interrupted.
ShardPlanFile make_shard_plan(const std::vector<std::string>& inputs, std::uint64_t shards,
                              const Log& log, const std::stop_token& stop = {});

/// Reads what shard `number` needs of a plan, and requires that there are as many inputs as it was
/// made for. Throws ConfigError, InputError.
ShardPlanFile read_shard_plan(const std::string& path, const std::vector<std::string>& inputs,
                              std::uint64_t number);

/// The inputs of a plan as they are now. What shard `number` reads is hashed first, so that other
/// bytes are refused before there is any work. Throws InputError, ChangedInput, Interrupted.
std::vector<std::optional<KnownFile>> known_inputs_of(const ShardPlanFile& plan,
                                                      const std::vector<std::string>& inputs,
                                                      std::uint64_t number,
                                                      const std::stop_token& stop);

}  // namespace virnucpro
