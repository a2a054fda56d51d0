// Stand-in for libnccl.so.2: communicators over shared memory, between threads and processes.
//
// Behaves as non-blocking NCCL does: every call answers "in progress" at first, operations run in
// the order of the device's stream on a thread of their own, and every argument is held against the
// literals of nccl.h; the config is read as NCCL 2.29 reads it.
//
// An abort ends operations without their results: a buffer holds numbers then that could be sums.
// The operation in which a peer of the rank that aborted waits at that time ends like one that went
// well, as over NVLink, with such numbers; its later ones hang until it aborts too.
//
// Ranks that call different operations, or one with different counts, hang in it: NCCL does not look.
//
// A first value of 0x7fc0dead makes a rank hang in that operation, 0x7fc0beef makes it fail,
// 0x7fc0c0de breaks its GPU, and with 0x7fc0f111 NCCL never takes it, as where CUDA's queue of
// launches is full.
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SUCCESS = 0, SYSTEM_ERROR = 2, INVALID_ARGUMENT = 4, INVALID_USAGE = 5, REMOTE_ERROR = 6, IN_PROGRESS = 7 };
enum { UINT8 = 1, FLOAT16 = 6, FLOAT32 = 7, SUM = 0 };
enum { VERSION = 22903, RANKS = 16, CHUNK = 1 << 16, POLLS = 3, MAX_CHANNELS = 64 };
enum { HANG = 0x7fc0dead, FAIL = 0x7fc0beef, BREAK = 0x7fc0c0de, STUCK = 0x7fc0f111 };
// What ends an operation besides the results of NCCL.
enum { ABORTED = -1, PEER_ABORTED = -2 };
enum { COMMUNICATORS = 2 };

extern int focal_current_device(void);
extern long focal_stream_enqueue(int device);
extern void focal_stream_done(int device);
extern void focal_break(int device);
extern void focal_count(int what, int by);

typedef struct { char internal[128]; } UniqueId;

// ncclConfig_t of NCCL 2.29.
typedef struct {
  size_t size;
  unsigned magic;
  unsigned version;
  int blocking, cgaClusterSize, minCTAs, maxCTAs;
  const char *netName;
  int splitShare, trafficClass;
  const char *commName;
  int collnetEnable, CTAPolicy, shrinkShare, nvlsCTAs;
  int nChannelsPerNetPeer, nvlinkCentricSched;
  int graphUsageMode, numRmaCtx;
} Config;

typedef struct {
  atomic_int joined, arrived, generation, left;
  struct {
    long count;
    int kind, type, root;
    char data[CHUNK];
  } slots[RANKS];
} Shared;

typedef struct Operation {
  struct Operation *next;
  char *buffer;
  size_t count;
  int kind, type, root;
} Operation;

typedef struct {
  int rank, world, device;
  Shared *shared;
  char name[64];
  pthread_t worker;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  Operation *first, *last;
  int orphaned, stuck;
  atomic_int aborted, closing, ready, error, polls;
} Comm;


int ncclGetVersion(int *version) {
  *version = VERSION;
  return SUCCESS;
}

const char *ncclGetErrorString(int result) {
  switch (result) {
    case SUCCESS: return "no error";
    case SYSTEM_ERROR: return "unhandled system error";
    case INVALID_ARGUMENT: return "invalid argument";
    case INVALID_USAGE: return "invalid usage";
    case REMOTE_ERROR: return "remote process exited or there was a network error";
    case IN_PROGRESS: return "NCCL operation in progress";
    default: return "unknown";
  }
}

const char *ncclGetLastError(void *comm) {
  (void)comm;
  return "stand-in";
}

int ncclGetUniqueId(UniqueId *id) {
  int random = open("/dev/urandom", O_RDONLY);
  ssize_t got = read(random, id->internal, sizeof id->internal);
  close(random);
  return got == sizeof id->internal ? SUCCESS : SYSTEM_ERROR;
}

// Waits for all ranks; ABORTED if this one was meanwhile, PEER_ABORTED if another one was.
static int meet(Comm *c) {
  Shared *s = c->shared;
  int generation = atomic_load(&s->generation);
  if (atomic_fetch_add(&s->arrived, 1) + 1 == c->world) {
    atomic_store(&s->arrived, 0);
    atomic_fetch_add(&s->generation, 1);
    return SUCCESS;
  }
  for (long spins = 0; atomic_load(&s->generation) == generation; spins++) {
    if (atomic_load(&c->aborted)) return ABORTED;
    if (atomic_load(&s->left)) return PEER_ABORTED;
    if (spins > 1000) usleep(50);
  }
  return SUCCESS;
}

static size_t width(int type) { return type == FLOAT32 ? 4 : type == FLOAT16 ? 2 : 1; }

static void add(void *into, const void *from, size_t count, int type) {
  if (type == FLOAT32) {
    for (size_t i = 0; i < count; i++) ((float *)into)[i] += ((const float *)from)[i];
  } else {
    for (size_t i = 0; i < count; i++) ((_Float16 *)into)[i] += ((const _Float16 *)from)[i];
  }
}

static void until_aborted(Comm *c) {
  while (!atomic_load(&c->aborted)) usleep(1000);
}

// Finite, small, and no sum of anything.
static void leave_garbage(Operation *op) {
  for (size_t i = 0; i < op->count; i++) {
    if (op->type == FLOAT32) ((float *)op->buffer)[i] = 0.5f + (float)(i % 7) / 8;
    else if (op->type == FLOAT16) ((_Float16 *)op->buffer)[i] = (_Float16)(0.5f + (float)(i % 7) / 8);
    else op->buffer[i] = (char)(1 + i % 7);
  }
}

static int run(Comm *c, Operation *op) {
  Shared *s = c->shared;
  unsigned first = 0;
  size_t bytes = op->count * width(op->type);
  if (bytes >= 4) memcpy(&first, op->buffer, 4);
  if (first == FAIL) return SYSTEM_ERROR;
  if (first == BREAK) focal_break(c->device);
  if (first == HANG || first == BREAK || c->orphaned) {
    until_aborted(c);
    return ABORTED;
  }
  int met;
  char sum[CHUNK];
  for (size_t at = 0; at < bytes; at += CHUNK) {
    size_t length = bytes - at < CHUNK ? bytes - at : CHUNK;
    s->slots[c->rank].count = (long)op->count;
    s->slots[c->rank].kind = op->kind;
    s->slots[c->rank].type = op->type;
    s->slots[c->rank].root = op->root;
    memcpy(s->slots[c->rank].data, op->buffer + at, length);
    if ((met = meet(c)) != SUCCESS) return met;
    for (int r = 0; r < c->world; r++) {
      if (s->slots[r].count != (long)op->count || s->slots[r].kind != op->kind ||
          s->slots[r].type != op->type || s->slots[r].root != op->root) {
        until_aborted(c);
        return ABORTED;
      }
    }
    if (op->kind == 'b') {
      memcpy(sum, s->slots[op->root].data, length);
    } else {
      memcpy(sum, s->slots[0].data, length);
      for (int r = 1; r < c->world; r++) add(sum, s->slots[r].data, length / width(op->type), op->type);
    }
    if ((met = meet(c)) != SUCCESS) return met;
    memcpy(op->buffer + at, sum, length);
  }
  return SUCCESS;
}

static void *work(void *argument) {
  Comm *c = argument;
  atomic_fetch_add(&c->shared->joined, 1);
  int joined = meet(c);
  if (c->rank == 0) shm_unlink(c->name);
  if (joined == SUCCESS) atomic_store(&c->ready, 1);
  if (joined == PEER_ABORTED) atomic_store(&c->error, REMOTE_ERROR);
  for (;;) {
    pthread_mutex_lock(&c->lock);
    while (!c->first && !atomic_load(&c->closing) && !atomic_load(&c->aborted))
      pthread_cond_wait(&c->changed, &c->lock);
    Operation *op = c->first;
    if (op) {
      c->first = op->next;
      if (!c->first) c->last = NULL;
    }
    pthread_mutex_unlock(&c->lock);
    if (!op) return NULL;
    int result = atomic_load(&c->aborted) ? ABORTED : run(c, op);
    if (result > SUCCESS) {
      // As in NCCL: the kernel never ends until the communicator is aborted.
      atomic_store(&c->error, result);
      until_aborted(c);
      result = ABORTED;
    }
    if (result == PEER_ABORTED) c->orphaned = 1;
    if (result != SUCCESS) leave_garbage(op);
    focal_stream_done(c->device);
    free(op);
  }
}

static int between(int value, int least, int most) {
  return value == INT_MIN || (value >= least && value <= most);
}

// What NCCL 2.29 makes of a config: fields beyond its size or its version get their defaults, all
// others are taken as they are.
static int parse(const Config *given) {
  Config c = {.blocking = INT_MIN, .cgaClusterSize = INT_MIN, .minCTAs = INT_MIN, .maxCTAs = INT_MIN,
              .splitShare = INT_MIN, .trafficClass = INT_MIN, .collnetEnable = INT_MIN,
              .CTAPolicy = INT_MIN, .shrinkShare = INT_MIN, .nvlsCTAs = INT_MIN,
              .nChannelsPerNetPeer = INT_MIN, .nvlinkCentricSched = INT_MIN,
              .graphUsageMode = INT_MIN, .numRmaCtx = INT_MIN};
  if (given->size < offsetof(Config, cgaClusterSize)) return INVALID_ARGUMENT;
  memcpy(&c, given, given->size < sizeof c ? given->size : sizeof c);
  if (c.magic != 0xcafebeef) return INVALID_ARGUMENT;
  // Newer than the library, or no version at all: NCCL does not look, but it cannot be right.
  if (c.version > VERSION || c.version < 21400) return INVALID_ARGUMENT;
  if (c.version < 21700) {
    c.cgaClusterSize = c.minCTAs = c.maxCTAs = INT_MIN;
    c.netName = NULL;
  }
  if (c.version < 22500) c.trafficClass = INT_MIN;
  if (c.version < 22700) c.collnetEnable = c.CTAPolicy = c.shrinkShare = c.nvlsCTAs = INT_MIN;
  if (c.version < 22800) c.nChannelsPerNetPeer = c.nvlinkCentricSched = INT_MIN;
  if (c.version < 22900) c.graphUsageMode = c.numRmaCtx = INT_MIN;
  int valid = between(c.blocking, 0, 1) && between(c.cgaClusterSize, 0, INT_MAX) &&
              between(c.minCTAs, 1, INT_MAX) && between(c.maxCTAs, 1, INT_MAX) &&
              (c.minCTAs == INT_MIN || c.maxCTAs == INT_MIN || c.minCTAs <= c.maxCTAs) &&
              between(c.splitShare, 0, 1) && between(c.collnetEnable, 0, 1) &&
              between(c.CTAPolicy, 0, 2) && between(c.shrinkShare, 0, 1) &&
              between(c.nvlsCTAs, 1, INT_MAX) && between(c.nChannelsPerNetPeer, 1, MAX_CHANNELS) &&
              between(c.nvlinkCentricSched, 0, 1) && between(c.graphUsageMode, 0, 2) &&
              between(c.numRmaCtx, 0, INT_MAX);
  // NCCL would take other numbers of these too, but nobody means to ask for them here.
  int meant = c.blocking == 0 && c.netName == NULL && c.commName == NULL &&
              c.cgaClusterSize == INT_MIN && c.splitShare == INT_MIN && c.trafficClass == INT_MIN &&
              c.collnetEnable == INT_MIN && c.CTAPolicy == INT_MIN && c.shrinkShare == INT_MIN &&
              c.nvlinkCentricSched == INT_MIN && c.graphUsageMode == INT_MIN && c.numRmaCtx == INT_MIN;
  return valid && meant ? SUCCESS : INVALID_ARGUMENT;
}

int ncclCommInitRankConfig(void **comm, int world, UniqueId id, int rank, Config *config) {
  if (parse(config) != SUCCESS) return INVALID_ARGUMENT;
  if (world < 1 || world > RANKS || rank < 0 || rank >= world || focal_current_device() < 0)
    return INVALID_ARGUMENT;
  Comm *c = calloc(1, sizeof *c);
  c->rank = rank;
  c->world = world;
  c->device = focal_current_device();
  pthread_mutex_init(&c->lock, NULL);
  pthread_cond_init(&c->changed, NULL);
  snprintf(c->name, sizeof c->name, "/focal-%016llx", *(unsigned long long *)id.internal);
  int file = shm_open(c->name, O_CREAT | O_RDWR, 0600);
  if (file < 0 || ftruncate(file, sizeof(Shared)) != 0) return SYSTEM_ERROR;
  c->shared = mmap(NULL, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  *comm = c;
  atomic_store(&c->polls, POLLS);
  focal_count(COMMUNICATORS, 1);
  pthread_create(&c->worker, NULL, work, c);
  return IN_PROGRESS;
}

int ncclCommGetAsyncError(Comm *c, int *result) {
  if (atomic_load(&c->error)) {
    *result = atomic_load(&c->error);
  } else if (c->stuck || !atomic_load(&c->ready) || atomic_fetch_sub(&c->polls, 1) > 0) {
    *result = IN_PROGRESS;
  } else {
    *result = SUCCESS;
  }
  return SUCCESS;
}

static int enqueue(Comm *c, void *buffer, size_t count, int type, int kind, int root, void *stream) {
  int known = type == UINT8 || type == FLOAT16 || type == FLOAT32;
  if (!known || stream != NULL || focal_current_device() != c->device) return INVALID_USAGE;
  if (atomic_load(&c->error)) return atomic_load(&c->error);
  // "Attempt to use communicator before the previous operation returned ncclSuccess"
  if (!atomic_load(&c->ready) || atomic_load(&c->polls) > 0) return INVALID_ARGUMENT;
  unsigned first = 0;
  if (count * width(type) >= 4) memcpy(&first, buffer, 4);
  if (first == STUCK) {
    c->stuck = 1;
    return IN_PROGRESS;
  }
  Operation *op = calloc(1, sizeof *op);
  op->buffer = buffer;
  op->count = count;
  op->type = type;
  op->kind = kind;
  op->root = root;
  pthread_mutex_lock(&c->lock);
  if (c->last) c->last->next = op; else c->first = op;
  c->last = op;
  focal_stream_enqueue(c->device);
  pthread_cond_signal(&c->changed);
  pthread_mutex_unlock(&c->lock);
  atomic_store(&c->polls, POLLS);
  return IN_PROGRESS;
}

int ncclAllReduce(const void *send, void *receive, size_t count, int type, int op, Comm *c, void *stream) {
  if (send != receive || op != SUM || type == UINT8) return INVALID_ARGUMENT;
  return enqueue(c, receive, count, type, 'r', 0, stream);
}

int ncclBroadcast(const void *send, void *receive, size_t count, int type, int root, Comm *c, void *stream) {
  if (send != receive || root < 0 || root >= c->world) return INVALID_ARGUMENT;
  return enqueue(c, receive, count, type, 'b', root, stream);
}

static int end(Comm *c) {
  pthread_mutex_lock(&c->lock);
  pthread_cond_broadcast(&c->changed);
  pthread_mutex_unlock(&c->lock);
  pthread_join(c->worker, NULL);
  focal_count(COMMUNICATORS, -1);
  munmap(c->shared, sizeof(Shared));
  free(c);
  return SUCCESS;
}

int ncclCommAbort(Comm *c) {
  atomic_store(&c->aborted, 1);
  atomic_store(&c->shared->left, 1);
  if (!atomic_load(&c->ready)) shm_unlink(c->name);
  return end(c);
}

int ncclCommFinalize(Comm *c) {
  atomic_store(&c->polls, POLLS);
  return IN_PROGRESS;
}

int ncclCommDestroy(Comm *c) {
  if (atomic_load(&c->polls) > 0) return INVALID_USAGE;
  atomic_store(&c->closing, 1);
  return end(c);
}
