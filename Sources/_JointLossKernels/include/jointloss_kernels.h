/* The fused elementwise loops of a training step, in float and double. */
#ifndef JOINTLOSS_KERNELS_H
#define JOINTLOSS_KERNELS_H

#include <stddef.h>

/* out[i] += a[i] */
void jl_add_f32(float *restrict out, const float *restrict a, size_t count);

#endif
