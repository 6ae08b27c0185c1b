// Replaces operator new by one that counts; in its own file, so that no compiler sees through it.
#include "unit/tokenizer/allocation_count.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<std::size_t> allocations{0};
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace virnucpro::test {

std::size_t allocation_count() { return allocations; }

}  // namespace virnucpro::test
