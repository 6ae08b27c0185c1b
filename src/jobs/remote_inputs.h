// Inputs of a run that lie behind addresses: https://, s3:// and gs://.
#pragma once

#include "base/environment.h"
#include "base/log.h"
#include "sequence/address.h"

namespace virnucpro {

/// Opens addresses that the user has named as inputs; nothing else of a run opens a connection.
/// The variables that it reads are those of remote_file() and network_settings().
OpenAddress address_opener(Environment environment, Log log);

}  // namespace virnucpro
