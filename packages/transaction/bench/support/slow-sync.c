/* Makes every sync of the process take ATLAS_BENCH_SYNC_US microseconds longer. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static int later(int result) {
  static long us = -1;
  if (us < 0) {
    const char *given = getenv("ATLAS_BENCH_SYNC_US");
    us = given == NULL ? 0 : atol(given);
  }
  struct timespec pause = {us / 1000000, (us % 1000000) * 1000};
  nanosleep(&pause, NULL);
  return result;
}

int fsync(int fd) {
  static int (*real)(int);
  if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  return later(real(fd));
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return later(real(fd));
}
