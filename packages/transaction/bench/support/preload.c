/*
 * Preloaded (LD_PRELOAD) into a benchmark: makes syncs slower, and says how long the process itself
 * has kept its event loop from going on.
 *
 * ATLAS_BENCH_SYNC_US  microseconds that every sync takes longer
 * ATLAS_BENCH_TURNS    file of 8 bytes, a double: the longest turn of the event loop in milliseconds
 *                      since somebody wrote 0 there
 *
 * A turn is what lies between two looks for events (libuv looks with epoll_pwait). Of a turn counts
 * the time on a processor and the time in which the thread waited for the disk. What a clock on the
 * wall would have besides is what the machine does with its processors meanwhile.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile double *longest;
static struct timespec delay;

/* Of the turn: the thread's time on a processor before it, how often it had waited, and waits for
 * the disk, in milliseconds. */
static struct {
  double processor;
  long waits;
  double disk;
} turn;

/* A write that takes so many milliseconds may have waited. */
static const double write_max = 0.2;

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
  const char *us = getenv("ATLAS_BENCH_SYNC_US"), *turns = getenv("ATLAS_BENCH_TURNS");
  long given = us ? atol(us) : 0;
  delay = (struct timespec){given / 1000000, (given % 1000000) * 1000};
  int file = turns ? open(turns, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *at = mmap(NULL, sizeof *longest, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (at != MAP_FAILED) longest = at;
  close(file);
}

static double milliseconds(clockid_t clock) {
  struct timespec at;
  clock_gettime(clock, &at);
  return at.tv_sec * 1e3 + at.tv_nsec / 1e6;
}

/* How often the thread has given its processor away to wait for something. */
static long waits(void) {
  struct rusage used;
  getrusage(RUSAGE_THREAD, &used);
  return used.ru_nvcsw;
}

static int in_loop(void) {
  static __thread int first = -1;
  if (first < 0) first = syscall(SYS_gettid) == getpid();
  return first && longest;
}

int epoll_pwait(int set, struct epoll_event *events, int count, int timeout,
                const sigset_t *signals) {
  REAL(epoll_pwait);
  if (!in_loop()) return real(set, events, count, timeout, signals);
  double kept = milliseconds(CLOCK_THREAD_CPUTIME_ID) - turn.processor + turn.disk;
  if (turn.processor > 0 && kept > *longest) *longest = kept;
  int result = real(set, events, count, timeout, signals);
  turn.processor = milliseconds(CLOCK_THREAD_CPUTIME_ID);
  turn.waits = waits();
  turn.disk = 0;
  return result;
}

static int sync_slowly(int (*sync)(int), int file) {
  double began = milliseconds(CLOCK_MONOTONIC), used = milliseconds(CLOCK_THREAD_CPUTIME_ID);
  int result = sync(file);
  nanosleep(&delay, NULL);
  if (in_loop())
    turn.disk += milliseconds(CLOCK_MONOTONIC) - began -
                 (milliseconds(CLOCK_THREAD_CPUTIME_ID) - used);
  return result;
}

int fsync(int file) {
  REAL(fsync);
  return sync_slowly(real, file);
}

int fdatasync(int file) {
  REAL(fdatasync);
  return sync_slowly(real, file);
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset) {
  REAL(pwrite64);
  if (!in_loop()) return real(file, data, length, offset);
  double began = milliseconds(CLOCK_MONOTONIC);
  ssize_t result = real(file, data, length, offset);
  double took = milliseconds(CLOCK_MONOTONIC) - began;
  if (took > write_max && waits() > turn.waits) turn.disk += took;
  return result;
}
