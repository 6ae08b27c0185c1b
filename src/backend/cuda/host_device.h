// Marks functions that kernels and host tests share.
#pragma once

#ifdef __CUDACC__
#define VIRNUCPRO_HOST_DEVICE __host__ __device__
#else
#define VIRNUCPRO_HOST_DEVICE
#endif
