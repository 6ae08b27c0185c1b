// Checks a JSON text against a JSON Schema, for the keywords that our schemas use.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace virnucpro::test {

/// What does not fit, one line each with its place; empty: the value fits. Knows $ref into $defs,
/// type, const, enum, pattern, minimum, maximum, properties, required, additionalProperties, items
/// and minItems; any other keyword with a meaning is a finding, too.
std::vector<std::string> schema_findings(const nlohmann::json& schema, const nlohmann::json& value);

}  // namespace virnucpro::test
