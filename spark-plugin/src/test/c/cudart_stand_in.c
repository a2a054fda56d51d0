// Stand-in for libcudart: devices whose memory is the host's, each with one legacy stream. The
// NCCL stand-in counts operations on it through focal_stream_*. A copy on another stream is put off
// until somebody waits for an event behind it, so that one who does not wait sees old values. A
// broken device answers every call with the error that broke it, until it is reset.
//
// Attributes from COUNTERS on tell a test how often something was done.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, INVALID_VALUE = 1, NOT_READY = 600, INVALID_DEVICE = 101, ILLEGAL_ADDRESS = 700 };
enum { COUNTERS = 0x7fc00000, HOST_ALLOCATIONS = 0, HOST_FREES = 1, STREAMS = 3, ALL_COUNTERS = 4 };
enum { DEVICES = 8, DISABLE_TIMING = 2, ATTACH_GLOBAL = 1, NON_BLOCKING = 1, HOST_TO_DEVICE = 1 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long enqueued[DEVICES];
static long done[DEVICES];

typedef struct Copy {
  void *to;
  const void *from;
  size_t bytes;
  struct Copy *next;
} Copy;

// Copies that are put off, oldest first; how many there were and are done.
typedef struct {
  Copy *first, *last;
  long copies, copied;
} Stream;

// On the legacy stream of a device, or after a copy of another stream.
typedef struct {
  int device;
  long after;
  Stream *stream;
} Event;

extern int focal_current_device(void);
extern void focal_choose_device(int device);

long focal_stream_enqueue(int device) {
  pthread_mutex_lock(&lock);
  long number = ++enqueued[device];
  pthread_mutex_unlock(&lock);
  return number;
}

void focal_stream_done(int device) {
  pthread_mutex_lock(&lock);
  done[device]++;
  pthread_mutex_unlock(&lock);
}

static int counters[ALL_COUNTERS];

void focal_count(int what, int by) {
  pthread_mutex_lock(&lock);
  counters[what] += by;
  pthread_mutex_unlock(&lock);
}

static int broken[DEVICES];

// As a kernel that follows a wrong address does.
void focal_break(int device) { broken[device] = 1; }

static int is_broken(void) {
  int current = focal_current_device();
  return current >= 0 && broken[current];
}

// As in CUDA, the last error of a thread stays until somebody asks for it.
static __thread int last_error = SUCCESS;

static int failed(int error) { return last_error = error; }

int cudaGetLastError(void) {
  if (is_broken()) return ILLEGAL_ADDRESS;
  int error = last_error;
  last_error = SUCCESS;
  return error;
}

int cudaSetDevice(int device) {
  if (device < 0 || device >= DEVICES) return failed(INVALID_DEVICE);
  focal_choose_device(device);
  return is_broken() ? failed(ILLEGAL_ADDRESS) : SUCCESS;
}

int cudaDeviceReset(void) {
  int current = focal_current_device();
  if (current < 0) return failed(INVALID_DEVICE);
  broken[current] = 0;
  last_error = SUCCESS;
  return SUCCESS;
}

int cudaDeviceGetAttribute(int *value, int attribute, int device) {
  if (device < 0 || device >= DEVICES) return INVALID_DEVICE;
  if (attribute >= COUNTERS && attribute < COUNTERS + ALL_COUNTERS) {
    *value = counters[attribute - COUNTERS];
    return SUCCESS;
  }
  // Multiprocessors, of which each device has one more, and compute capability 9.0.
  *value = attribute == 16 ? 2 + device : attribute == 75 ? 9 : attribute == 76 ? 0 : -1;
  return *value < 0 ? INVALID_VALUE : SUCCESS;
}

int cudaGetDeviceCount(int *count) {
  *count = DEVICES;
  return SUCCESS;
}

int cudaRuntimeGetVersion(int *version) {
  *version = 12090;
  return SUCCESS;
}

int cudaDriverGetVersion(int *version) {
  *version = 12090;
  return SUCCESS;
}

int cudaMallocManaged(void **memory, size_t bytes, unsigned flags) {
  if (bytes == 0 || flags != ATTACH_GLOBAL) return INVALID_VALUE;
  *memory = calloc(1, bytes);
  return SUCCESS;
}

// Kernels run while they are launched.
int cudaDeviceSynchronize(void) { return SUCCESS; }

int cudaFree(void *memory) {
  free(memory);
  return SUCCESS;
}

int cudaEventCreateWithFlags(void **event, unsigned flags) {
  if (focal_current_device() < 0 || flags != DISABLE_TIMING) return INVALID_VALUE;
  *event = calloc(1, sizeof(Event));
  return SUCCESS;
}

int cudaHostAlloc(void **memory, size_t bytes, unsigned flags) {
  if (bytes == 0 || flags != 0 || focal_current_device() < 0) return INVALID_VALUE;
  focal_count(HOST_ALLOCATIONS, 1);
  *memory = calloc(1, bytes);
  return SUCCESS;
}

int cudaFreeHost(void *memory) {
  focal_count(HOST_FREES, 1);
  return cudaFree(memory);
}

int cudaMemGetInfo(size_t *available, size_t *all) {
  *available = (size_t)1 << 29;
  *all = (size_t)1 << 30;
  return SUCCESS;
}

int cudaStreamCreateWithFlags(void **stream, unsigned flags) {
  if (flags != NON_BLOCKING || focal_current_device() < 0) return INVALID_VALUE;
  focal_count(STREAMS, 1);
  *stream = calloc(1, sizeof(Stream));
  return SUCCESS;
}

int cudaMemcpyAsync(void *to, const void *from, size_t bytes, int kind, void *stream) {
  if (kind != HOST_TO_DEVICE || stream == NULL || bytes == 0) return INVALID_VALUE;
  Stream *s = stream;
  Copy *copy = calloc(1, sizeof(Copy));
  *copy = (Copy){.to = to, .from = from, .bytes = bytes};
  if (s->first == NULL) s->first = copy;
  else s->last->next = copy;
  s->last = copy;
  s->copies++;
  return SUCCESS;
}

static void copy_up_to(Stream *stream, long number) {
  while (stream->copied < number) {
    Copy *copy = stream->first;
    memcpy(copy->to, copy->from, copy->bytes);
    stream->first = copy->next;
    stream->copied++;
    free(copy);
  }
}

int cudaEventSynchronize(void *event) {
  Event *e = event;
  if (e->stream != NULL) copy_up_to(e->stream, e->after);
  return SUCCESS;
}

int cudaStreamSynchronize(void *stream) {
  if (stream == NULL) return INVALID_VALUE;
  copy_up_to(stream, ((Stream *)stream)->copies);
  return SUCCESS;
}

int cudaStreamWaitEvent(void *stream, void *event, unsigned flags) {
  Event *e = event;
  if (flags != 0 || (stream == NULL) == (e->stream == NULL)) return INVALID_VALUE;
  return cudaEventSynchronize(event);
}

int cudaStreamDestroy(void *stream) {
  focal_count(STREAMS, -1);
  free(stream);
  return SUCCESS;
}

int cudaEventRecord(void *event, void *stream) {
  if (event != NULL && stream != NULL) {
    *(Event *)event = (Event){.stream = stream, .after = ((Stream *)stream)->copies};
    return SUCCESS;
  }
  // The legacy default stream of the device that the thread has chosen.
  int current = focal_current_device();
  if (event == NULL || current < 0) return INVALID_VALUE;
  if (is_broken()) return failed(ILLEGAL_ADDRESS);
  Event *e = event;
  pthread_mutex_lock(&lock);
  e->stream = NULL;
  e->device = current;
  e->after = enqueued[current];
  pthread_mutex_unlock(&lock);
  return SUCCESS;
}

int cudaEventQuery(void *event) {
  if (is_broken()) return failed(ILLEGAL_ADDRESS);
  Event *e = event;
  pthread_mutex_lock(&lock);
  int ready = done[e->device] >= e->after;
  pthread_mutex_unlock(&lock);
  return ready ? SUCCESS : failed(NOT_READY);
}

int cudaEventDestroy(void *event) {
  free(event);
  return SUCCESS;
}

const char *cudaGetErrorString(int error) {
  return error == SUCCESS ? "no error" : "stand-in error";
}

// struct cudaDeviceProp of CUDA 12 and 13: name[256], uuid[16], luid[8], a mask, then the memory at 288.
int cudaGetDeviceProperties_v2(char *properties, int device) {
  if (device < 0 || device >= DEVICES) return failed(INVALID_DEVICE);
  memset(properties, 0, 512);  // less than the structure has in any version
  snprintf(properties, 256, "Stand-in %d", device);
  for (int i = 0; i < 16; i++) properties[256 + i] = (char)(16 * device + i);
  size_t memory = (size_t)1 << 30;
  memcpy(properties + 288, &memory, sizeof memory);
  return SUCCESS;
}

// Its name in CUDA 13.
int cudaGetDeviceProperties(char *properties, int device) {
  return cudaGetDeviceProperties_v2(properties, device);
}
