// Lets the source of a kernel be compiled as C and run on the host: what NVRTC knows by itself, for
// threads that cuda_stand_in.c runs in turn.
#include <math.h>

typedef struct {
  unsigned x, y, z;
} Index;

// One thread of the block that runs: shared by this file and cuda_stand_in.c.
typedef struct {
  Index thread;
  float exchanged[2];
  int exchanges;
} HostThread;

typedef struct {
  Index block, block_size, blocks;
  HostThread *threads;
  HostThread *current;
  void (*wait_for_block)(void);
} HostBlock;

static HostBlock *host;

void focal_bind(HostBlock *block) { host = block; }

#define threadIdx (host->current->thread)
#define blockIdx (host->block)
#define blockDim (host->block_size)
#define gridDim (host->blocks)
#define __shared__ static
// Blocks run one after the other, and their threads in turns.
#define __threadfence()
#define __syncthreads() (host->wait_for_block())
#define UNROLL
#define DEVICE static inline
#define KERNEL(name, type)                                     \
  static void name##_body(const type a);                       \
  void name(const void *arguments) { name##_body(*(const type *)arguments); } \
  static void name##_body(const type a)

static inline unsigned atomicAdd(unsigned *place, unsigned value) {
  unsigned before = *place;
  *place += value;
  return before;
}

typedef struct {
  float x, y, z, w;
} float4;

static inline float4 make_float4(float x, float y, float z, float w) {
  return (float4){x, y, z, w};
}

typedef struct {
  unsigned short x, y, z, w;
} ushort4;

static inline ushort4 make_ushort4(
    unsigned short x, unsigned short y, unsigned short z, unsigned short w) {
  return (ushort4){x, y, z, w};
}

// All threads of the block wait, not those of the warp alone; a second place keeps a value until
// the last has read it.
static inline float __shfl_xor_sync(unsigned mask, float value, int lanes) {
  (void)mask;
  HostThread *self = host->current;
  int place = self->exchanges++ % 2;
  self->exchanged[place] = value;
  host->wait_for_block();
  return host->threads[self->thread.x ^ (unsigned)lanes].exchanged[place];
}

static inline float from_half(unsigned short bits) {
  union { unsigned short bits; _Float16 value; } half = {.bits = bits};
  return (float)half.value;
}

static inline unsigned short to_half(float value) {
  union { unsigned short bits; _Float16 value; } half = {.value = (_Float16)value};
  return half.bits;
}
