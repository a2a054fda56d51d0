// Stand-in for libcuda.so.1: a module is a library that nvrtc_stand_in.c compiled for the host; a
// launch runs its blocks one after the other, the threads of a block in turns.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "kernel_host.h"

enum { SUCCESS = 0, INVALID_VALUE = 1, INVALID_IMAGE = 200, NOT_FOUND = 500, NOT_SUPPORTED = 801 };
enum { THREADS = 256, STACK = 64 << 10 };

static __thread int current = -1;

// The device that the thread has chosen through the runtime.
int focal_current_device(void) { return current; }
void focal_choose_device(int device) { current = device; }

typedef void (*Kernel)(const void *);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static HostBlock block;
static HostThread threads[THREADS];
static ucontext_t contexts[THREADS], scheduler;
static char *stacks[THREADS];
static int ended[THREADS];
static Kernel running;
static const void *arguments;

static void wait_for_block(void) {
  swapcontext(&contexts[block.current->thread.x], &scheduler);
}

static void run_thread(void) {
  running(arguments);
  ended[block.current->thread.x] = 1;
}

static void run_block(void) {
  for (int i = 0; i < THREADS; i++) {
    if (stacks[i] == NULL) stacks[i] = malloc(STACK);
    threads[i] = (HostThread){.thread = {.x = (unsigned)i}};
    ended[i] = 0;
    getcontext(&contexts[i]);
    contexts[i].uc_stack.ss_sp = stacks[i];
    contexts[i].uc_stack.ss_size = STACK;
    contexts[i].uc_link = &scheduler;
    makecontext(&contexts[i], run_thread, 0);
  }
  for (int alive = 1; alive;) {
    alive = 0;
    for (int i = 0; i < THREADS; i++) {
      if (ended[i]) continue;
      block.current = &threads[i];
      swapcontext(&scheduler, &contexts[i]);
      alive |= !ended[i];
    }
  }
}

int cuInit(unsigned flags) { return flags == 0 ? SUCCESS : INVALID_VALUE; }

// NVRTC 13 asks for a cache of compiled kernels, once it finds that there is a driver.
int cuGetExportTable(const void **table, const void *id) {
  (void)id;
  *table = NULL;
  return NOT_SUPPORTED;
}

int cuGetErrorName(int error, const char **name) {
  (void)error;
  *name = "STAND_IN_ERROR";
  return SUCCESS;
}

int cuModuleLoadData(void **module, const char *image) {
  if (current < 0 || strncmp(image, "host:", 5) != 0) return INVALID_IMAGE;
  *module = dlopen(image + 5, RTLD_NOW | RTLD_LOCAL);
  unlink(image + 5);
  if (*module == NULL) return INVALID_IMAGE;
  void (*bind)(HostBlock *) = (void (*)(HostBlock *))dlsym(*module, "focal_bind");
  bind(&block);
  return SUCCESS;
}

int cuModuleGetFunction(void **function, void *module, const char *name) {
  *function = dlsym(module, name);
  return *function == NULL ? NOT_FOUND : SUCCESS;
}

int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                   unsigned bz, unsigned shared, void *stream, void **parameters, void **extra) {
  if (current < 0 || gx == 0 || gy != 1 || gz != 1 || bx != THREADS || by != 1 ||
      bz != 1 || shared != 0 || stream != NULL || extra != NULL) {
    return INVALID_VALUE;
  }
  pthread_mutex_lock(&lock);
  running = (Kernel)function;
  arguments = parameters[0];
  block = (HostBlock){.block_size = {bx, 1, 1}, .blocks = {gx, 1, 1}, .threads = threads,
                      .wait_for_block = wait_for_block};
  for (block.block.x = 0; block.block.x < gx; block.block.x++) {
    run_block();
  }
  pthread_mutex_unlock(&lock);
  return SUCCESS;
}
