/* CBLAS and LAPACKE as Debian installs them: OpenBLAS where it is present, else the reference BLAS. */
#ifndef JOINTLOSS_LAPACK_SHIM_H
#define JOINTLOSS_LAPACK_SHIM_H

#include <cblas.h>
#include <lapacke.h>

#endif
