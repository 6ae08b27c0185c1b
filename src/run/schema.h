// The tables of a run's database.
#pragma once

#include <cstdint>
#include <span>

namespace virnucpro {

/// "VNPr": it tells the database of a run from any other, also for `file`.
inline constexpr std::uint32_t kApplicationId = 0x564e5072;

/// Raised with every change of the tables or of their content.
inline constexpr std::uint32_t kSchemaVersion = 2;

/// CREATE statements in the order of sqlite_schema, in which SQLite keeps their exact text.
std::span<const char* const> schema_statements();

/// INSERTs of the rows that every database has.
std::span<const char* const> initial_rows();

}  // namespace virnucpro
