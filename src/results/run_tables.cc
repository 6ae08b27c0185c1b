#include "results/run_tables.h"

#include "base/escape.h"
#include "base/format.h"
#include "run/damage.h"

namespace virnucpro {
namespace {

constexpr const char* kTablesText = "tables";  // its name in the database

}  // namespace

void store_tables(RunDatabase& database, const TableChoice& choice) {
  const std::string text = text_of(choice);
  if (database.text(kTablesText).value_or("") == text) return;
  database.set_text(kTablesText, text);
  database.commit();
}

TableChoice stored_tables(const RunDatabase& database) {
  const std::string text = database.text(kTablesText).value_or("");
  if (const std::optional<TableChoice> choice = parse_table_choice(text)) return *choice;
  fail_damaged(database.path(), fmt::format("'{}' as the form of tables", shown_id(text)));
}

}  // namespace virnucpro
