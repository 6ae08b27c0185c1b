// The tables of a run's database.
#pragma once

#include <cstdint>
#include <span>

namespace virnucpro {

/// "VNPr": it tells the database of a run from any other, also for `file`.
inline constexpr std::uint32_t kApplicationId = 0x564e5072;

/// Raised with every change of the tables or of their content.
inline constexpr std::uint32_t kSchemaVersion = 3;
/// Its rows of a run are the same; it has no results beside them.
inline constexpr std::uint32_t kOldSchemaVersion = 2;

/// CREATE statements in the order of sqlite_schema, in which SQLite keeps their exact text: those
/// of the rows of a run, then those of `version` for its results and the views.
std::span<const char* const> row_tables();
std::span<const char* const> result_tables(std::uint32_t version);

/// INSERTs of the rows that every database has.
std::span<const char* const> initial_rows();

}  // namespace virnucpro
