// Floating-point values as text, exactly as NumPy and Python print them.
#pragma once

#include <string>

namespace virnucpro {

/// Appends the shortest decimal that reads back as `value`: 0.99883, 1.0, 1e-05, 9.999e-05, nan.
/// Scientific below 1e-4 with an exponent of at least two digits. NumPy's text to the byte for
/// magnitudes up to 1, which scores are; above, where its versions differ, the same value.
void append_float32(std::string& text, float value);

std::string format_float32(float value);

/// Appends `value` as Python's repr() does: the shortest decimal that reads back as it, scientific
/// below 1e-4 and from 1e16 on: 0.2181767076253891, 1.0, 9.999e-05, nan.
void append_float64(std::string& text, double value);

}  // namespace virnucpro
