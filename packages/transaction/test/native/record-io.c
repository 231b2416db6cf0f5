/*
 * Records what a process does to the files of one directory, in the order in which it happens,
 * and makes chosen calls fail. Preloaded (LD_PRELOAD) into a process under test; Linux, 64 bit.
 *
 * Environment:
 *   ATLAS_IO_ROOT   the directory, as realpath(3) names it; nothing outside is looked at
 *   ATLAS_IO_LOG    file that receives the records; absent: nothing is recorded
 *   ATLAS_IO_MARKS  file of the workload: what it writes there becomes a record of its own, and a
 *                   line "fault …" arms a fault instead (see `command`)
 *   ATLAS_IO_DELAY  microseconds that every sync takes longer
 *   ATLAS_IO_FIRED  file that receives a line for every call that was made to fail
 *
 * A record is 24 bytes (kind, 1 on the first thread and 0 on others, two zeros, payload length u32,
 * file u64, argument u64; little endian) and the payload. Files are inodes. Kinds:
 *   D directory at path        C file created at path      U name removed      R name moved (a\0b)
 *   L second name (a\0b)
 *   W bytes at offset          T cut or grown to size      B sync begins       S sync succeeded
 *   A mark of the workload     X something that this library cannot record (name of the call)
 *
 * Every call and its record are one step under one lock, so the order in the log is the order of
 * the effects. Syncs are two records and run outside the lock: a sync covers what stands before its
 * B and may be relied upon behind its S. Shared memory of SQLite (-shm) is mapped and not recorded:
 * it is made anew by whoever opens a store first.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS 4096
enum { NONE, DATA, DIRECTORY, MARKS };

static struct { int kind; uint64_t file; } fds[FDS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX], marks[PATH_MAX], fired[PATH_MAX];
static size_t root_length;
static int log_fd = -1;
static uint64_t syncs;
static useconds_t delay;

/* The fault that is armed: the `at`th matching call from now fails, or all from there on. */
static struct { char call; long at; int error; int stays; } fault;

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static ssize_t plain_write(int fd, const struct iovec *parts, int count) {
  REAL(writev);
  return real(fd, parts, count);
}

static void record(char kind, uint64_t file, uint64_t argument, const void *data,
                   uint32_t length) {
  if (log_fd < 0) return;
  char head[24] = {kind, syscall(SYS_gettid) == getpid()};
  memcpy(head + 4, &length, 4);
  memcpy(head + 8, &file, 8);
  memcpy(head + 16, &argument, 8);
  struct iovec parts[2] = {{head, sizeof head}, {(void *)data, length}};
  if (plain_write(log_fd, parts, 2) != (ssize_t)(sizeof head + length)) abort();
}

static void cannot_record(const char *call) { record('X', 0, 0, call, strlen(call)); }

/* The path below the root, or NULL when it leads elsewhere. */
static const char *below(const char *path, char *buffer) {
  if (path[0] != '/') {
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here)) return NULL;
    if (snprintf(buffer, PATH_MAX, "%s/%s", here, path) >= PATH_MAX) return NULL;
    path = buffer;
  }
  if (!root_length || strncmp(path, root, root_length) != 0) return NULL;
  if (path[root_length] != '/') return NULL;
  return path + root_length + 1;
}

__attribute__((constructor)) static void begin(void) {
  const char *at = getenv("ATLAS_IO_ROOT"), *log = getenv("ATLAS_IO_LOG");
  const char *m = getenv("ATLAS_IO_MARKS"), *f = getenv("ATLAS_IO_FIRED");
  if (!at) return;
  root_length = (size_t)snprintf(root, sizeof root, "%s", at);
  snprintf(marks, sizeof marks, "%s", m ? m : "");
  delay = getenv("ATLAS_IO_DELAY") ? (useconds_t)atol(getenv("ATLAS_IO_DELAY")) : 0;
  snprintf(fired, sizeof fired, "%s", f ? f : "");
  if (!log) return;
  REAL(open);
  log_fd = real(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  struct stat state;
  if (log_fd < 0 || stat(root, &state) != 0) abort();
  record('D', state.st_ino, 0, "", 0);
}

/* "fault <w|s|n> <n> <errno> <once|stays>": the n-th write or sync from now fails, or none. */
static void command(const char *text, size_t length) {
  char line[128], duration[8] = "", call = 'n';
  snprintf(line, sizeof line, "%.*s", (int)length, text);
  fault.at = 0;
  int read = sscanf(line, "fault %c %ld %d %7s", &call, &fault.at, &fault.error, duration);
  if (read < 4) call = 'n';
  fault.stays = strcmp(duration, "stays") == 0;
  fault.call = call;
}

/* Adds a line to the file of the calls that failed. */
static void tell_failure(const char *name, int fd) {
  char link[64], path[PATH_MAX] = "", line[PATH_MAX + 64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  int size = snprintf(line, sizeof line, "%s %.*s\n", name, (int)(length < 0 ? 0 : length), path);
  static int out = -1;
  REAL(open);
  if (out < 0) out = real(fired, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  struct iovec part = {line, (size_t)size};
  (void)!plain_write(out, &part, 1);
}

/* Whether this call has to fail now. To be called with the lock held. */
static int fails(char call, int fd, const char *name) {
  if (fault.call != call) return 0;
  if (--fault.at > 0) return 0;
  if (fault.at < 0 && !fault.stays) return 0;
  tell_failure(name, fd);
  errno = fault.error;
  return 1;
}

/*
 * What a descriptor leads to. Some are closed where this library cannot see it (libuv makes the
 * system call itself), and their numbers are given to pipes; so each is looked at again.
 */
static int kind_of(int fd) {
  if (fd < 0 || fd >= FDS || fds[fd].kind == NONE) return NONE;
  struct stat state;
  if (fstat(fd, &state) != 0 || state.st_ino != fds[fd].file) fds[fd].kind = NONE;
  return fds[fd].kind;
}

/* Remembers what a new descriptor leads to. */
static void opened(int fd, const char *given, int existed) {
  if (fd < 0 || fd >= FDS) return;
  fds[fd].kind = NONE;
  struct stat state;
  if (fstat(fd, &state) != 0) return;
  if (marks[0] && strcmp(given, marks) == 0) {
    fds[fd].kind = MARKS;
    fds[fd].file = state.st_ino;
    return;
  }
  char buffer[PATH_MAX];
  const char *path = strcmp(given, root) == 0 ? "" : below(given, buffer);
  if (!path) return;
  size_t length = strlen(path);
  if (length > 4 && strcmp(path + length - 4, "-shm") == 0 && log_fd >= 0) return;
  fds[fd].file = state.st_ino;
  fds[fd].kind = S_ISDIR(state.st_mode) ? DIRECTORY : DATA;
  if (!existed) record('C', state.st_ino, 0, path, (uint32_t)length);
}

static int exists(const char *path) {
  struct stat state;
  return lstat(path, &state) == 0;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    REAL(name); \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    pthread_mutex_lock(&lock); \
    int existed = !(flags & O_CREAT) || exists(path); \
    int fd = real(path, flags, mode), error = errno; \
    if (root_length) opened(fd, path, existed); \
    if (fd >= 0 && flags & O_TRUNC && kind_of(fd) == DATA) record('T', fds[fd].file, 0, "", 0); \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return fd; \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name, plain) \
  int name(int at, const char *path, int flags, ...) { \
    REAL(name); \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    if (at == AT_FDCWD || path[0] == '/') return plain(path, flags, mode); \
    if (kind_of(at) == DIRECTORY && flags & O_CREAT) cannot_record(#name); \
    return real(at, path, flags, mode); \
  }
OPENAT(openat, open)
OPENAT(openat64, open64)

int close(int fd) {
  REAL(close);
  pthread_mutex_lock(&lock);
  if (fd >= 0 && fd < FDS) fds[fd].kind = NONE;
  int result = real(fd), error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

static off_t position(int fd) {
  struct stat state;
  if (fcntl(fd, F_GETFL) & O_APPEND) return fstat(fd, &state) == 0 ? state.st_size : 0;
  return lseek(fd, 0, SEEK_CUR);
}

static void written(int fd, off_t offset, const struct iovec *parts, int count, ssize_t length) {
  for (int i = 0; i < count && length > 0; i += 1) {
    size_t size = parts[i].iov_len < (size_t)length ? parts[i].iov_len : (size_t)length;
    if (kind_of(fd) == MARKS) record('A', 0, 0, parts[i].iov_base, (uint32_t)size);
    else record('W', fds[fd].file, (uint64_t)offset, parts[i].iov_base, (uint32_t)size);
    offset += (off_t)size;
    length -= (ssize_t)size;
  }
}

/* `parts`, `count` and `offset` describe the write; `call` does it. */
#define WRITE(name, offset, call) \
  REAL(name); \
  int kind = kind_of(fd); \
  if (kind != DATA && kind != MARKS) return call; \
  pthread_mutex_lock(&lock); \
  if (kind == MARKS && parts[0].iov_len > 6 && memcmp(parts[0].iov_base, "fault ", 6) == 0) { \
    command(parts[0].iov_base, parts[0].iov_len); \
    pthread_mutex_unlock(&lock); \
    return (ssize_t)parts[0].iov_len; \
  } \
  ssize_t result = -1; \
  if (kind == MARKS || !fails('w', fd, #name)) { \
    off_t at = offset; \
    result = call; \
    if (result > 0) written(fd, at, parts, count, result); \
  } \
  int error = errno; \
  pthread_mutex_unlock(&lock); \
  errno = error; \
  return result

#define ONE \
  struct iovec parts[1] = {{(void *)data, length}}; \
  int count = 1

ssize_t write(int fd, const void *data, size_t length) {
  ONE;
  WRITE(write, position(fd), real(fd, data, length));
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
  ONE;
  WRITE(pwrite, offset, real(fd, data, length, offset));
}
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
  ONE;
  WRITE(pwrite64, offset, real(fd, data, length, offset));
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
  WRITE(writev, position(fd), real(fd, parts, count));
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  WRITE(pwritev, offset, real(fd, parts, count, offset));
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  WRITE(pwritev64, offset, real(fd, parts, count, offset));
}

#define FTRUNCATE(name, type) \
  int name(int fd, type size) { \
    REAL(name); \
    if (kind_of(fd) != DATA) return real(fd, size); \
    pthread_mutex_lock(&lock); \
    int result = fails('w', fd, #name) ? -1 : real(fd, size), error = errno; \
    if (result == 0) record('T', fds[fd].file, (uint64_t)size, "", 0); \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return result; \
  }
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

#define SYNC(name) \
  int name(int fd) { \
    REAL(name); \
    int kind = kind_of(fd); \
    if (kind != DATA && kind != DIRECTORY) return real(fd); \
    pthread_mutex_lock(&lock); \
    uint64_t id = ++syncs, file = fds[fd].file; \
    int fail = fails('s', fd, #name), error = errno; \
    if (!fail) record('B', file, id, "", 0); \
    pthread_mutex_unlock(&lock); \
    if (fail) { \
      errno = error; \
      return -1; \
    } \
    int result = real(fd); \
    error = errno; \
    if (delay) usleep(delay); \
    pthread_mutex_lock(&lock); \
    if (result == 0) record('S', file, id, "", 0); \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return result; \
  }
SYNC(fsync)
SYNC(fdatasync)

#define REMOVE(name) \
  int name(const char *path) { \
    REAL(name); \
    char buffer[PATH_MAX]; \
    const char *at = below(path, buffer); \
    if (!at) return real(path); \
    pthread_mutex_lock(&lock); \
    int result = real(path), error = errno; \
    if (result == 0) record('U', 0, 0, at, (uint32_t)strlen(at)); \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return result; \
  }
REMOVE(unlink)
REMOVE(rmdir)

/* Both names have to lie below the root. */
#define TWO_NAMES(name, kind) \
  int name(const char *from, const char *to) { \
    REAL(name); \
    char buffer[PATH_MAX], other[PATH_MAX], both[2 * PATH_MAX]; \
    const char *source = below(from, buffer), *target = below(to, other); \
    if (!source && !target) return real(from, to); \
    pthread_mutex_lock(&lock); \
    int result = real(from, to), error = errno; \
    if (result == 0 && source && target) { \
      int length = snprintf(both, sizeof both, "%s%c%s", source, 0, target); \
      record(kind, 0, 0, both, (uint32_t)length); \
    } else if (result == 0) { \
      cannot_record(#name); \
    } \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return result; \
  }
TWO_NAMES(rename, 'R')
TWO_NAMES(link, 'L')

int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  char buffer[PATH_MAX];
  const char *name = below(path, buffer);
  if (!name) return real(path, mode);
  pthread_mutex_lock(&lock);
  struct stat state;
  int result = real(path, mode), error = errno;
  if (result == 0 && stat(path, &state) == 0)
    record('D', state.st_ino, 0, name, (uint32_t)strlen(name));
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

/* Calls that nothing here makes today: a log that holds one of them is refused, not misread. */
#define REFUSED_ON_PATH(name, type, parameters, path, arguments) \
  type name parameters { \
    REAL(name); \
    char buffer[PATH_MAX]; \
    if (below(path, buffer)) cannot_record(#name); \
    return real arguments; \
  }
REFUSED_ON_PATH(symlink, int, (const char *from, const char *to), to, (from, to))
REFUSED_ON_PATH(truncate, int, (const char *path, off_t size), path, (path, size))
REFUSED_ON_PATH(truncate64, int, (const char *path, off64_t size), path, (path, size))

#define REFUSED_ON_FD(name, type, parameters, fd, arguments) \
  type name parameters { \
    REAL(name); \
    if (kind_of(fd) == DATA) cannot_record(#name); \
    return real arguments; \
  }
REFUSED_ON_FD(fallocate, int, (int fd, int mode, off_t at, off_t size), fd, (fd, mode, at, size))
REFUSED_ON_FD(posix_fallocate, int, (int fd, off_t at, off_t size), fd, (fd, at, size))
REFUSED_ON_FD(dup, int, (int fd), fd, (fd))
REFUSED_ON_FD(copy_file_range, ssize_t,
  (int from, off64_t *a, int to, off64_t *b, size_t length, unsigned flags), to,
  (from, a, to, b, length, flags))
