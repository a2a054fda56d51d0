// Stand-in for libnvrtc: compiles a kernel for the host, with the C compiler. The result is
// "host:" and the path of a library, which cuda_stand_in.c loads.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUCCESS = 0, INVALID_INPUT = 3, COMPILATION = 6 };

typedef struct {
  char *source;
  char library[4096];
} Program;

const char *nvrtcGetErrorString(int error) {
  return error == SUCCESS ? "NVRTC_SUCCESS" : "stand-in error";
}

int nvrtcVersion(int *major, int *minor) {
  *major = 12;
  *minor = 9;
  return SUCCESS;
}

int nvrtcGetNumSupportedArchs(int *count) {
  *count = 2;
  return SUCCESS;
}

int nvrtcGetSupportedArchs(int *architectures) {
  architectures[0] = 80;
  architectures[1] = 90;
  return SUCCESS;
}

int nvrtcCreateProgram(Program **program, const char *source, const char *name, int headers,
                       const char *const *texts, const char *const *names) {
  if (source == NULL || name == NULL || headers != 0 || texts != NULL || names != NULL) {
    return INVALID_INPUT;
  }
  *program = calloc(1, sizeof(Program));
  (*program)->source = strdup(source);
  return SUCCESS;
}

int nvrtcDestroyProgram(Program **program) {
  free((*program)->source);
  free(*program);
  *program = NULL;
  return SUCCESS;
}

int nvrtcCompileProgram(Program *program, int count, const char *const *options) {
  char source[] = "/tmp/focal-kernel-XXXXXX.c";
  int file = mkstemps(source, 2);
  if (file < 0) return COMPILATION;
  FILE *text = fdopen(file, "w");
  fputs(program->source, text);
  fclose(text);
  snprintf(program->library, sizeof program->library, "%.*s.so", (int)strlen(source) - 2, source);
  char command[16384];
  int used = snprintf(command, sizeof command,
                      "cc -shared -fPIC -O2 -Wall -Werror -include %s -o %s %s -lm", KERNEL_HOST,
                      program->library, source);
  int architecture = 0;
  for (int i = 0; i < count; i++) {
    architecture |= strcmp(options[i], "--gpu-architecture=sm_90") == 0;
    if (strncmp(options[i], "-D", 2) == 0) {
      used += snprintf(command + used, sizeof command - (size_t)used, " '%s'", options[i]);
    }
  }
  int result = architecture ? system(command) : -1;
  unlink(source);
  return result == 0 ? SUCCESS : COMPILATION;
}

int nvrtcGetCUBINSize(Program *program, size_t *size) {
  *size = strlen(program->library) + 6;
  return SUCCESS;
}

int nvrtcGetCUBIN(Program *program, char *code) {
  strcpy(code, "host:");
  strcat(code, program->library);
  return SUCCESS;
}

int nvrtcGetProgramLogSize(Program *program, size_t *size) {
  (void)program;
  *size = 1;
  return SUCCESS;
}

int nvrtcGetProgramLog(Program *program, char *log) {
  (void)program;
  log[0] = '\0';
  return SUCCESS;
}
