#include "jointloss_kernels.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* A sanitizer instruments the functions that choose a clone, and they run before the sanitizer has started. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define JL_CLONES
#endif
#endif
/* One clone a CPU level, chosen when the program is loaded, where compiler and object format can do it. */
#if !defined(JL_CLONES) && defined(__x86_64__) && defined(__ELF__) && defined(__has_attribute)
#if __has_attribute(target_clones)
#define JL_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
#endif
#ifndef JL_CLONES
#define JL_CLONES
#endif

/* Lets one block's sums be taken in vector lanes: another order than the loop's, but a fixed one. */
#if defined(__clang__)
#define JL_REASSOCIATE _Pragma("clang fp reassociate(on)")
#else
#define JL_REASSOCIATE
#endif

/* The square root alone, without errno, which would keep a loop from being vectorised. */
#if defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_sqrt)
#define JL_SQRT(x) __builtin_elementwise_sqrt(x)
#endif
#endif
#ifndef JL_SQRT
#define JL_SQRT(x) SQRT(x)
#endif

#define JL_JOIN_(name, suffix) jl_##name##_##suffix
#define JL_JOIN(name, suffix) JL_JOIN_(name, suffix)
#define JL(name) JL_JOIN(name, SUFFIX)

#define SCALAR float
#define SUFFIX f32
#define SCALAR_MAX FLT_MAX
#define EXP expf
#define TANH tanhf
#define ERF erff
#define SQRT sqrtf
#define FABS fabsf
#include "elementwise.inc"
#include "layers.inc"
#include "losses.inc"
#include "gramian.inc"
#include "sparsity.inc"
#include "optimizers.inc"
#undef SCALAR
#undef SUFFIX
#undef SCALAR_MAX
#undef EXP
#undef TANH
#undef ERF
#undef SQRT
#undef FABS

#define SCALAR double
#define SUFFIX f64
#define SCALAR_MAX DBL_MAX
#define EXP exp
#define TANH tanh
#define ERF erf
#define SQRT sqrt
#define FABS fabs
#include "elementwise.inc"
#include "layers.inc"
#include "losses.inc"
#include "gramian.inc"
#include "sparsity.inc"
#include "optimizers.inc"
