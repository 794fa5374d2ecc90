/* Counts the calls of the C library's allocation functions in the program it is linked into (Linux only:
 * elsewhere nothing is counted and jl_allocations_are_counted() is 0). */
#ifndef JOINTLOSS_ALLOCATION_COUNTER_H
#define JOINTLOSS_ALLOCATION_COUNTER_H

#include <stddef.h>

int jl_allocations_are_counted(void);

/* Calls on this thread since it began. */
size_t jl_allocation_count(void);

/* The bytes of the largest of these calls since this was asked last. */
size_t jl_take_largest_allocation(void);

#endif
