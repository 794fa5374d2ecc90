#include "allocation_counter.h"

/* A header of the C library: __GLIBC__ is defined by it, and by no header of the compiler. */
#include <stdlib.h>

/* A sanitizer has an allocator of its own, which must stay in its place. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define JL_SANITIZER
#endif
#endif

#if defined(__linux__) && defined(__GLIBC__) && !defined(JL_SANITIZER)
#include <errno.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

/* Initial-exec: a lazily allocated thread-local would call malloc from malloc. */
static __thread size_t count __attribute__((tls_model("initial-exec")));
static __thread size_t largest __attribute__((tls_model("initial-exec")));

static void add(size_t size) {
  count++;
  if (size > largest) largest = size;
}

int jl_allocations_are_counted(void) { return 1; }
size_t jl_allocation_count(void) { return count; }

size_t jl_take_largest_allocation(void) {
  size_t result = largest;
  largest = 0;
  return result;
}

/* The program's own definitions come before the C library's. */
void *malloc(size_t size) {
  add(size);
  return __libc_malloc(size);
}

void *calloc(size_t members, size_t size) {
  add(members * size);
  return __libc_calloc(members, size);
}

void *realloc(void *old, size_t size) {
  add(size);
  return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  add(size);
  return __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size) {
  add(size);
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  add(size);
  *result = __libc_memalign(alignment, size);
  return *result ? 0 : ENOMEM;
}
#else
int jl_allocations_are_counted(void) { return 0; }
size_t jl_allocation_count(void) { return 0; }
size_t jl_take_largest_allocation(void) { return 0; }
#endif
