// What the other sources begin with. A kernel takes one structure, as "a", and has blocks of THREADS.

#define THREADS 256

#ifdef __CUDACC_RTC__
#define KERNEL(name, type) extern "C" __global__ void __launch_bounds__(THREADS) name(const type a)
#define DEVICE static __device__ __forceinline__
#define UNROLL _Pragma("unroll")
#define INFINITY __int_as_float(0x7f800000)
#define NAN __int_as_float(0x7fffffff)

DEVICE float from_half(unsigned short bits) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
  return value;
}

DEVICE unsigned short to_half(float value) {
  unsigned short bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}
#endif

// Of all threads of a block, in an order that depends on nothing else; the same in every thread.
DEVICE float sum_of_block(float value) {
  __shared__ float of_warps[THREADS / 32];
  for (int offset = 16; offset > 0; offset /= 2) {
    value += __shfl_xor_sync(0xffffffffu, value, offset);
  }
  // A sum before this one may still be read.
  __syncthreads();
  if (threadIdx.x % 32 == 0) {
    of_warps[threadIdx.x / 32] = value;
  }
  __syncthreads();
  float sum = 0.0f;
  for (int warp = 0; warp < THREADS / 32; warp++) {
    sum += of_warps[warp];
  }
  return sum;
}
