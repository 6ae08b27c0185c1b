// Rows of a dense layer that must not depend on what is computed beside them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "backend/backend.h"
#include "base/format.h"
#include "conformance/conformance.h"

namespace virnucpro {

/// Compares all rows with those of other numbers of threads, and with rows that are computed alone
/// or in other batches, to the bit. Of a problem of 300 rows. `prepare(backend)` gives the weight
/// as the backend wants it, `make(threads)` another backend of the kind; `text` names the problem.
template <typename Problem, typename Arguments, typename Prepare, typename Make>
void expect_independent_rows(Backend& backend, const Problem& p, const Arguments& a,
                             const Prepare& prepare, const Make& make, const std::string& text) {
  const auto prepared = prepare(backend);
  Grid together(p.m, p.n);
  backend.linear(a.operation(p, *prepared, together));
  for (const std::size_t threads : {1, 3}) {
    const auto other = make(threads);
    const auto own = prepare(*other);
    Grid again(p.m, p.n);
    other->linear(a.operation(p, *own, again));
    expect_close(again, together, {0, 0}, fmt::format("{} threads, {}", threads, text));
  }
  for (const auto& [first, count] :
       {std::pair{0, 1}, {1, 1}, {63, 1}, {64, 1}, {299, 1}, {3, 64}, {37, 100}, {5, 295}}) {
    Arguments part = a;
    part.input = a.input.rows_from(first, count);
    part.residual = a.residual.rows_from(first, count);
    Grid output(count, p.n);
    backend.linear(part.operation(p, *prepared, output));
    expect_close(output, together.rows_from(first, count), {0, 0},
                 fmt::format("rows {} to {}, {}", first, first + count, text));
  }
}

}  // namespace virnucpro
