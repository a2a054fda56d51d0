// The mask of a dropout layer, with the bits of CounterRandom: value i is made from the state and i
// alone.

#define WEYL 0x9E3779B97F4A7C15ull

typedef struct {
  float *mask;  // (size)
  long long size;
  unsigned long long state;      // of the generator before its first number
  unsigned long long threshold;  // of 2^24: a number below it becomes 0
  float scale;                   // what the others become
} MaskArguments;

KERNEL(mask, MaskArguments) {
  long long stride = gridDim.x * (long long)THREADS;
  for (long long i = blockIdx.x * (long long)THREADS + threadIdx.x; i < a.size; i += stride) {
    unsigned long long z = a.state + (unsigned long long)(i + 1) * WEYL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    z ^= z >> 31;
    a.mask[i] = z >> 40 < a.threshold ? 0.0f : a.scale;
  }
}
