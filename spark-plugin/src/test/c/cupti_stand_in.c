// Stand-in for libcupti: a clock that advances by 1000 each time it is read, and always the same
// activities, in two buffers, with the layouts of cupti_activity.h.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, INVALID_PARAMETER = 1, MAX_LIMIT_REACHED = 12, INVALID_KIND = 21 };
enum { MEMCPY = 1, MEMSET = 2, DRIVER = 4, RUNTIME = 5, KERNEL = 10, KINDS = 11 };
enum { FLUSH_FORCED = 1, HOST_TO_DEVICE = 1, DEVICE_TO_DEVICE = 8 };
enum { DRIVER_API = 1, RUNTIME_API = 2 };

// Of the real ones: CUpti_ActivityAPI, CUpti_ActivityMemset4, CUpti_ActivityMemcpy6,
// CUpti_ActivityKernel9, up to what is read; each is longer, so that steps between them are seen.
typedef struct {
  uint32_t kind, callback;
  uint64_t start, end;
  char rest[16];
} Api;

typedef struct {
  uint32_t kind, value;
  uint64_t bytes, start, end;
  char rest[48];
} Memset;

typedef struct {
  uint32_t kind;
  uint8_t copy_kind, from, to, flags;
  uint64_t bytes, start, end;
  char rest[64];
} Memcpy;

typedef struct {
  uint32_t kind;
  uint8_t cache, shared;
  uint16_t registers;
  uint32_t requested, executed;
  uint64_t start, end;
  char rest[160];
} Kernel;

typedef void (*Request)(uint8_t **buffer, size_t *size, size_t *records);
typedef void (*Complete)(void *context, uint32_t stream, uint8_t *buffer, size_t size, size_t valid);

static Request request;
static Complete complete;
static int enabled[KINDS];
static uint64_t clock_nanos;

int cuptiGetTimestamp(uint64_t *nanos) {
  *nanos = clock_nanos += 1000;
  return SUCCESS;
}

int cuptiGetResultString(int result, const char **text) {
  *text = result == INVALID_KIND ? "CUPTI_ERROR_INVALID_KIND" : NULL;
  return SUCCESS;
}

int cuptiActivityRegisterCallbacks(Request ask, Complete give) {
  if (ask == NULL || give == NULL || request != NULL) return INVALID_PARAMETER;
  request = ask;
  complete = give;
  return SUCCESS;
}

static int set(int kind, int on) {
  if (kind != MEMCPY && kind != MEMSET && kind != DRIVER && kind != RUNTIME && kind != KERNEL) {
    return INVALID_KIND;
  }
  enabled[kind] = on;
  return SUCCESS;
}

int cuptiActivityEnable(int kind) { return set(kind, 1); }
int cuptiActivityDisable(int kind) { return set(kind, 0); }

int cuptiGetCallbackName(int domain, uint32_t callback, const char **name) {
  *name = domain == RUNTIME_API && callback == 211   ? "cudaLaunchKernel_v7000"
          : domain == RUNTIME_API && callback == 131 ? "cudaStreamSynchronize_v3020"
          : domain == RUNTIME_API && callback == 165 ? "cudaDeviceSynchronize_v3020"
          : domain == DRIVER_API && callback == 307  ? "cuLaunchKernel"
                                                     : NULL;
  return *name == NULL ? INVALID_PARAMETER : SUCCESS;
}

static size_t size_of(uint32_t kind) {
  return kind == MEMCPY   ? sizeof(Memcpy)
         : kind == MEMSET ? sizeof(Memset)
         : kind == KERNEL ? sizeof(Kernel)
                          : sizeof(Api);
}

int cuptiActivityGetNextRecord(uint8_t *buffer, size_t valid, uint8_t **record) {
  uint8_t *next = *record == NULL ? buffer : *record + size_of(*(uint32_t *)*record);
  if (next >= buffer + valid) return MAX_LIMIT_REACHED;
  *record = next;
  return SUCCESS;
}

static uint8_t *buffer;
static size_t size, used;

static void begin(void) {
  size_t records = 1;
  used = 0;
  request(&buffer, &size, &records);
  if (records != 0 || (uintptr_t)buffer % 8 != 0) abort();
}

static void put(const void *record, uint32_t kind) {
  if (!enabled[kind]) return;
  memcpy(buffer + used, record, size_of(kind));
  used += size_of(kind);
}

static void api(uint32_t kind, uint32_t callback, uint64_t start) {
  put(&(Api){.kind = kind, .callback = callback, .start = start, .end = start + 5}, kind);
}

static void kernel(uint64_t start, uint64_t end) {
  put(&(Kernel){.kind = KERNEL, .start = start, .end = end}, KERNEL);
}

static void copy(uint8_t copy_kind, uint64_t start, uint64_t end) {
  put(&(Memcpy){.kind = MEMCPY, .copy_kind = copy_kind, .bytes = 64, .start = start, .end = end},
      MEMCPY);
}

// Relative to the trace whose begin, last call and end are the last three looks at the clock.
int cuptiActivityFlushAll(uint32_t flags) {
  if (flags != FLUSH_FORCED) return INVALID_PARAMETER;
  uint64_t first = clock_nanos - 2000;
  begin();
  kernel(first - 500, first - 400);
  api(RUNTIME, 211, first + 50);
  api(RUNTIME, 211, first + 55);
  api(DRIVER, 307, first + 60);
  kernel(first + 100, first + 300);
  kernel(first + 200, first + 500);
  complete(NULL, 0, buffer, size, used);
  begin();
  copy(HOST_TO_DEVICE, first + 400, first + 700);
  api(RUNTIME, 131, first + 750);
  copy(DEVICE_TO_DEVICE, first + 800, first + 900);
  put(&(Memset){.kind = MEMSET, .start = first + 1000, .end = first + 1100}, MEMSET);
  api(RUNTIME, 165, first + 1005);
  complete(NULL, 0, buffer, size, used);
  return SUCCESS;
}
