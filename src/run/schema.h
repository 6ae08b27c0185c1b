// The tables of a run's database.
#pragma once

#include <cstdint>
#include <span>

namespace virnucpro {

/// "VNPr": with it `file` and others can tell the database of a run from any other.
inline constexpr std::uint32_t kApplicationId = 0x564e5072;

/// Raised with every change of the tables or of what is in them.
inline constexpr std::uint32_t kSchemaVersion = 2;

/// CREATE statements in the order of sqlite_schema, where SQLite keeps them to the letter.
std::span<const char* const> schema_statements();

/// INSERTs of the rows that every database has.
std::span<const char* const> initial_rows();

}  // namespace virnucpro
