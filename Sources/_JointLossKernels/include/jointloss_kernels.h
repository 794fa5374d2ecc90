/* The fused elementwise loops of a training step, in float (_f32) and double (_f64).
 *
 * Matrices are row-major. `stride` is the distance between rows in elements, where a matrix need not be dense.
 * The same build on the same CPU gives the same bits: the order of every sum is fixed at compile time.
 */
#ifndef JOINTLOSS_KERNELS_H
#define JOINTLOSS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* Elementwise functions; the numbers are part of the interface to Swift. */
enum { JL_RELU = 0, JL_TANH = 1, JL_IDENTITY = 2, JL_GELU = 3 };

#define JL_DECLARE(S, suffix)                                                                                     \
  /* x[r,c] <- f(x[r,c] + bias[c]) */                                                                             \
  void jl_bias_activation_##suffix(S *x, const S *bias, size_t rows, size_t columns, int activation);             \
  /* d[r,t,c] <- d[r,t,c] f'(c) by the activation's output x[r,c], for `tasks` cotangents of each row */          \
  void jl_mask_##suffix(S *d, const S *x, size_t rows, size_t tasks, size_t columns, int activation);             \
  /* as jl_mask with one task, and sums[c] <- sum over r of the result */                                         \
  void jl_mask_sums_##suffix(S *d, const S *x, S *sums, size_t rows, size_t columns, int activation);             \
  /* sums[c] <- sum over r of d[r,c] */                                                                           \
  void jl_column_sums_##suffix(S *sums, const S *d, size_t rows, size_t columns);                                 \
  /* y[r,c] <- d[r,c] weights[c] */                                                                               \
  void jl_scale_columns_##suffix(S *y, const S *d, const S *weights, size_t rows, size_t columns);                \
  /* d[r,t,c] <- scale[t] y[r,t] w[t,c] f'(c): heads of one output, their product with the weights and the mask */\
  void jl_outer_mask_##suffix(S *d, const S *y, const S *w, const S *scale, const S *x, size_t rows,              \
                              size_t tasks, size_t columns, int activation);                                      \
  /* c[r,c] <- sum over t of weights[t] d[r,t,c], and sums[c] <- sum over r of the result */                      \
  void jl_combine_##suffix(S *combined, S *sums, const S *d, const S *weights, size_t rows, size_t tasks,         \
                           size_t columns);                                                                       \
  /* g[t,s] += sum over r, c of a[r,t,c] b[r,s,c] for all t, s (for s >= t alone where `upper`) */                \
  void jl_gramian_##suffix(double *g, const S *a, const S *b, size_t rows, size_t tasks, size_t columns,          \
                           int upper);                                                                            \
  /* g[t] += sum over r, c of a[r,t,c] b[r,t,c] */                                                                \
  void jl_diagonal_##suffix(double *g, const S *a, const S *b, size_t rows, size_t tasks, size_t columns);        \
  /* k[r,c] <- k[r,c] + bias, halved where c < rows: a symmetric matrix's block of rows from its diagonal on */   \
  void jl_halve_diagonal_block_##suffix(S *k, S bias, size_t rows, size_t columns);                               \
  /* out[r,:] <- in[index[r],:] */                                                                                \
  void jl_gather_##suffix(S *out, const S *in, const ptrdiff_t *index, size_t rows, size_t columns);              \
  /* The losses: y holds predictions without their bias and then the cotangents of the mean loss; returns the     \
   * loss; *energy is the sum of the squared cotangents. Class labels are whole numbers in [0, outputs). The      \
   * mean is over the rows whose labels[r * label_stride] is not 0, all rows where labels is null; the others     \
   * get cotangents 0, and without any such row loss and energy are 0. */                                         \
  double jl_mse_##suffix(S *y, size_t y_stride, const S *bias, const S *target, size_t target_stride,             \
                         const S *labels, size_t label_stride, size_t rows, size_t outputs,                       \
                         double *energy);                                                                         \
  double jl_softmax_##suffix(S *y, size_t y_stride, const S *bias, const S *target, size_t target_stride,         \
                             const S *labels, size_t label_stride, size_t rows, size_t outputs,                   \
                             double *energy);                                                                     \
  double jl_binary_##suffix(S *y, size_t y_stride, const S *bias, const S *target, size_t target_stride,          \
                            const S *labels, size_t label_stride, size_t rows, size_t outputs,                    \
                            double *energy);                                                                      \
  /* Layers of network graphs. Where a destination d has a d_stride, rows of it lie so far apart, and results are \
   * added to it where `accumulate`, else take its place; y is a dense stack of `slots` cotangents of each row. */\
  /* y <- f(x), slope <- f'(x) */                                                                                 \
  void jl_activation_##suffix(S *y, S *slope, const S *x, size_t count, int activation);                          \
  /* d[r,s,c] <- factor y[r,s,c] slope[r,c] */                                                                    \
  void jl_modulate_##suffix(S *d, size_t d_stride, const S *y, const S *slope, S factor, size_t rows,             \
                            size_t slots, size_t columns, int accumulate);                                        \
  /* d[r,c] <- factor scale[r scale_stride] y[r,c] */                                                             \
  void jl_scale_rows_##suffix(S *d, size_t d_stride, const S *y, const S *scale, size_t scale_stride, S factor,   \
                              size_t rows, size_t columns, int accumulate);                                       \
  /* normalised <- (x - mean) inverse, inverse <- 1 / sqrt(variance + epsilon) of each row,                       \
   * y <- normalised gain + bias */                                                                               \
  void jl_layer_norm_##suffix(S *y, S *normalised, S *inverse, const S *x, const S *gain, const S *bias,          \
                              size_t rows, size_t columns, S epsilon);                                            \
  /* d <- the cotangents of x from those of y in jl_layer_norm, times a factor */                                 \
  void jl_layer_norm_backward_##suffix(S *d, size_t d_stride, const S *y, const S *normalised, const S *inverse,  \
                                       const S *gain, S factor, size_t rows, size_t slots, size_t columns,        \
                                       int accumulate);                                                           \
  /* gains[s,c] <- sum over r of y[r,s,c] normalised[r,c], biases[s,c] <- sum over r of y[r,s,c] */               \
  void jl_layer_norm_sums_##suffix(S *gains, S *biases, const S *y, const S *normalised, size_t rows,             \
                                   size_t slots, size_t columns);                                                 \
  /* p[r,:] <- softmax of x[r,:] */                                                                               \
  void jl_softmax_rows_##suffix(S *p, const S *x, size_t rows, size_t columns);                                   \
  /* d <- the cotangents of x from those of p in jl_softmax_rows, times a factor */                               \
  void jl_softmax_rows_backward_##suffix(S *d, size_t d_stride, const S *y, const S *p, S factor, size_t rows,    \
                                         size_t slots, size_t columns, int accumulate);                           \
  /* out[(r slots + s) out_stride] <- sum over c of y[r,s,c] x[r,c] */                                            \
  void jl_row_dots_##suffix(S *out, size_t out_stride, const S *y, const S *x, size_t rows, size_t slots,         \
                            size_t columns);                                                                      \
  /* mask[r,c] <- 0 with probability `rate`, else 1 / (1 - rate), by Philox 4x64-10 under the key; the words of a \
   * row are those that follow the counter (0, first_row + r, layer, step) */                                     \
  void jl_dropout_mask_##suffix(S *mask, uint64_t key0, uint64_t key1, uint64_t step,                             \
                                uint64_t layer, uint64_t first_row, size_t rows, size_t columns, double rate);                    \
  /* index <- the columns where x > 0, in order (room for all); returns their number */                          \
  size_t jl_active_columns_##suffix(int32_t *index, const S *x, size_t columns);                                 \
  /* out[r,c] <- in[rows[r],columns[c]]; without rows, in[r,columns[c]] */                                       \
  void jl_gather_block_##suffix(S *out, const S *in, size_t in_columns, const int32_t *rows, size_t row_count,   \
                                const int32_t *columns, size_t column_count);                                    \
  /* out <- 0, then out[r,columns[c]] <- in[r,c] */                                                              \
  void jl_scatter_columns_##suffix(S *out, size_t out_columns, const S *in, size_t rows,                         \
                                   const int32_t *columns, size_t column_count);                                 \
  /* v <- momentum v + g, p <- p - rate v, or p - rate (momentum v + g) where it looks ahead (Nesterov); returns 0 \
   * if a parameter is no longer finite */                                                                        \
  int jl_sgd_##suffix(S *p, S *v, const S *g, size_t count, S rate, S momentum, int look_ahead);                  \
  /* Adam with rate = eta / (1 - beta1^k) and root = 1 / sqrt(1 - beta2^k), on the parameters times `keep`         \
   * (1, or 1 - eta lambda for a decoupled decay lambda); returns 0 if a parameter or a second moment is no longer finite */ \
  int jl_adam_##suffix(S *p, S *m, S *v, const S *g, size_t count, S rate, S beta1, S beta2, S root, S epsilon, \
                        S keep);

JL_DECLARE(float, f32)
JL_DECLARE(double, f64)

#undef JL_DECLARE
#endif
