/* Loads a candidate and calls it, once for every request. */
#include "jail.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { REQUESTS = 3, REPLIES = 4, INPUTS = 5, OUTPUTS = 6 };
enum { READY = 1, DONE = 2, NO_LIBRARY = 3, NO_ENTRY = 4, NO_MEMORY = 5, REFUSED = 7 };
enum { MOST_ARGUMENTS = 64 };

struct request {
    uint64_t nonce;
};

struct reply {
    uint64_t nonce;
    uint64_t status;
    uint64_t value; /* DONE: nanoseconds; READY: the layers that are on */
};

void report(uint64_t nonce, uint64_t status, uint64_t value) {
    struct reply reply = {nonce, status, value};
    if (write(REPLIES, &reply, sizeof reply) != sizeof reply) _exit(BROKEN);
}

/* Map r|w:OFFSET:LENGTH:LEAD between guard pages; NULL where there is no room. */
static void *map_buffer(const char *text) {
    char kind;
    size_t offset, length, lead, page = (size_t)sysconf(_SC_PAGESIZE);
    if (sscanf(text, "%c:%zu:%zu:%zu", &kind, &offset, &length, &lead) != 4) _exit(BROKEN);
    int writable = kind == 'w';
    char *room = mmap(NULL, length + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) return NULL;
    char *data = mmap(room + page, length, PROT_READ | (writable ? PROT_WRITE : 0),
                      MAP_SHARED | MAP_FIXED | MAP_POPULATE, writable ? OUTPUTS : INPUTS,
                      (off_t)offset);
    return data == MAP_FAILED ? NULL : data + lead;
}

static int holds(const char *text, size_t length, const char *name) {
    return memmem(text, length, name, strlen(name) + 1) != NULL;
}

/* Libraries of the compiler that a candidate may need. Each whose name stands in the candidate's
 * file is loaded before the jail closes, so that in it nothing but the candidate need be opened. */
static const char *const companions[] = {
    "libm.so.6",      "libmvec.so.1",     "libgcc_s.so.1", "libgomp.so.1", "libomp.so.5",
    "libomp.so",      "libiomp5.so",      "libatomic.so.1", "libquadmath.so.0", "libpthread.so.0",
    "libasan.so.8",   "libubsan.so.1",    "libtsan.so.2",  "libdl.so.2",   "librt.so.1",
};

/* Load them; whether all threads will be those of gcc's OpenMP, which binds them by itself. (Those
 * of the candidate's own inherit the cores of this one, and libomp takes these for all there are.) */
static int load_companions(int library) {
    struct stat about;
    if (fstat(library, &about) != 0 || about.st_size == 0) return 0;
    size_t length = (size_t)about.st_size;
    char *text = mmap(NULL, length, PROT_READ, MAP_PRIVATE, library, 0);
    if (text == MAP_FAILED) return 0;
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++)
        if (holds(text, length, companions[i])) dlopen(companions[i], RTLD_NOW | RTLD_LOCAL);
    int bound = holds(text, length, "libgomp.so.1") && !holds(text, length, "pthread_create") &&
                !holds(text, length, "thrd_create");
    munmap(text, length);
    return bound;
}

static uint64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

typedef void *P;
#define EIGHT_P P, P, P, P, P, P, P, P
typedef void entry_t(EIGHT_P, EIGHT_P, EIGHT_P, EIGHT_P, EIGHT_P, EIGHT_P, EIGHT_P, EIGHT_P);

/* The calling conventions of x86-64 and AArch64 let a caller pass more than the callee reads. */
static void call(entry_t *entry, P *a) {
#define EIGHT(i) a[i], a[i + 1], a[i + 2], a[i + 3], a[i + 4], a[i + 5], a[i + 6], a[i + 7]
    entry(EIGHT(0), EIGHT(8), EIGHT(16), EIGHT(24), EIGHT(32), EIGHT(40), EIGHT(48), EIGHT(56));
#undef EIGHT
}

static void serve(entry_t *entry, P *arguments) {
    struct request request;
    while (read(REQUESTS, &request, sizeof request) == sizeof request) {
        uint64_t before = nanoseconds();
        call(entry, arguments);
        uint64_t after = nanoseconds();
        report(request.nonce, DONE, after - before);
    }
}

/* ENTRY BUFFER...: the last steps into the jail, then calls until the requests end. */
int serve_calls(struct jail *jail, char **words) {
    P arguments[MOST_ARGUMENTS] = {0};
    if (jail->cores) pin(jail->cores);
    for (int i = 0; words[1 + i]; i++) {
        arguments[i] = map_buffer(words[1 + i]);
        if (!arguments[i]) return report(0, NO_MEMORY, 0), 1;
    }
    close(INPUTS);
    close(OUTPUTS);
    if (load_companions(jail->library) && jail->cores) settle(jail->cores);
    int why = 0;
    uint64_t granted = confine(jail, filter_candidate, &why);
    if (granted != jail->layers) {
        fprintf(stderr, "%s\n", strerror(why));
        return report(0, REFUSED, jail->layers & ~granted), 1;
    }
    /* Its constructors run here: in the jail, like all that comes. */
    void *library = dlopen(jail->candidate, RTLD_NOW | RTLD_LOCAL);
    close(jail->library);
    if (!library) return fprintf(stderr, "%s\n", dlerror()), report(0, NO_LIBRARY, 0), 1;
    entry_t *entry = (entry_t *)dlsym(library, words[0]);
    if (!entry) return report(0, NO_ENTRY, 0), 1;
    report(0, READY, granted);
    serve(entry, arguments);
    return 0;
}
