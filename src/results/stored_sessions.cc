#include "results/stored_sessions.h"

#include <optional>
#include <string>

#include "base/format.h"
#include "report/fault_text.h"

namespace virnucpro {
namespace {

/// The name of the text that holds them.
std::string faults_name(std::size_t session) {
  return fmt::format("faults of session {}", session);
}

}  // namespace

void store_faults(RunDatabase& database, std::size_t session, const FaultReport& faults) {
  database.set_text(faults_name(session), fault_text(faults));
}

std::vector<SessionReport> stored_sessions(const RunDatabase& database) {
  std::vector<SessionReport> sessions;
  for (const StoredSession& stored : database.sessions()) {
    SessionReport& session = sessions.emplace_back(SessionReport{stored});
    // Absent where nothing went wrong.
    const std::optional<std::string> faults = database.text(faults_name(sessions.size()));
    if (faults) session.faults = parse_fault_text(*faults, database.path());
  }
  return sessions;
}

void copy_sessions(const RunDatabase& from, RunDatabase& to) {
  std::size_t number = to.sessions().size();
  for (const auto& [session, faults] : stored_sessions(from)) {
    to.begin_session(session);
    store_faults(to, ++number, faults);
  }
}

FaultReport faults_of(const std::vector<SessionReport>& sessions) {
  FaultReport sum;
  for (const SessionReport& session : sessions) sum += session.faults;
  return sum;
}

}  // namespace virnucpro
