#include "jobs/remote_inputs.h"

#include <memory>
#include <utility>

#include "download/network_settings.h"
#include "download/remote_file.h"
#include "download/remote_stream.h"

namespace virnucpro {

OpenAddress address_opener(Environment environment, Log log) {
  return [environment = std::move(environment), log = std::move(log)](const std::string& address,
                                                                      std::stop_token stop) {
    auto stream = std::make_shared<RemoteStream>(
        remote_file(address, environment), network_settings(environment), log, std::move(stop));
    OpenedStream opened;
    opened.bytes = stream->take_output();
    opened.finish = [stream] { stream->finish(); };
    return opened;
  };
}

}  // namespace virnucpro
