/* Calls candidate.so as the evaluator did, and says what becomes of it: "verdict: CLASS DETAIL".
 *
 * task.h says which arrays the function takes and which calls came before the one that failed. The
 * arrays lie between pages that cannot be touched; built with AddressSanitizer, between bytes that
 * must not be. Exit status: 0 correct, 1 a verdict was printed; anything else is the candidate's.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct array {
    const char *name;
    char kind;     /* f: float, i: signed, u: unsigned, b: bool */
    size_t size;   /* bytes of an element */
    size_t count;  /* elements */
    int is_input;
};

struct call {
    const char *inputs;        /* folder of the arrays that are its inputs */
    unsigned long rolled[64];  /* by how many elements each is rolled on */
};

#include "task.h"

enum { ARGUMENTS = sizeof ARRAYS / sizeof *ARRAYS, COUNT = sizeof CALLS / sizeof *CALLS };
enum { MARK = 0x5A, ALIGNMENT = 64, ZONE = 1 << 18 };

static char *pages[ARGUMENTS], *argument[ARGUMENTS];
static size_t length[ARGUMENTS], lead[ARGUMENTS];
static int finished;

static void verdict(const char *text, const char *name) {
    printf("verdict: %s%s\n", text, name);
    fflush(stdout);
    finished = 1;
    _exit(1);
}

static void on_exit_early(void) {
    if (!finished) verdict("crashed: it ended the process", "");
}

static void on_alarm(int number) {
    (void)number;
    static const char words[] = "verdict: timed out\n";
    if (write(1, words, sizeof words - 1)) {}
    _exit(1);
}

static size_t bytes_of(int i) { return ARRAYS[i].size * ARRAYS[i].count; }

static void need(int fine, const char *what) {
    if (fine) return;
    perror(what);
    _exit(125);
}

#ifdef __SANITIZE_ADDRESS__
void __asan_poison_memory_region(void const volatile *, size_t);

static void make_room(int i) {
    void *room;
    need(posix_memalign(&room, ALIGNMENT, ZONE + bytes_of(i) + ZONE) == 0, "memory");
    pages[i] = room;
    argument[i] = pages[i] + ZONE;
    __asan_poison_memory_region(room, ZONE);
    __asan_poison_memory_region(argument[i] + bytes_of(i), ZONE);
}

static void lock(int i, int locked) { (void)i, (void)locked; }
static void mark(int i) { (void)i; }
static void look_around(int i) { (void)i; }
#else
static void make_room(int i) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    length[i] = (bytes_of(i) + page - 1) / page * page;
    if (length[i] == 0) length[i] = page;
    lead[i] = FLUSH_START ? 0 : (length[i] - bytes_of(i)) / ALIGNMENT * ALIGNMENT;
    char *room = mmap(NULL, length[i] + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(room != MAP_FAILED, "memory");
    pages[i] = room + page;
    argument[i] = pages[i] + lead[i];
    need(mprotect(pages[i], length[i], PROT_READ | PROT_WRITE) == 0, "memory");
}

static void lock(int i, int locked) {
    need(mprotect(pages[i], length[i], PROT_READ | (locked ? 0 : PROT_WRITE)) == 0, "memory");
}

static void mark(int i) {
    memset(pages[i], MARK, lead[i]);
    memset(argument[i] + bytes_of(i), MARK, length[i] - lead[i] - bytes_of(i));
}

static void look_around(int i) {
    for (size_t k = 0; k < lead[i]; k++)
        if (pages[i][k] != MARK)
            verdict("out-of-bounds: it wrote before the start of ", ARRAYS[i].name);
    for (size_t k = lead[i] + bytes_of(i); k < length[i]; k++)
        if (pages[i][k] != MARK)
            verdict("out-of-bounds: it wrote past the end of ", ARRAYS[i].name);
}
#endif

static void *read_file(const char *folder, const char *name, const char *suffix, size_t bytes) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, suffix);
    FILE *file = fopen(path, "rb");
    need(file != NULL, path);
    char *data = malloc(bytes + 1);
    need(data && fread(data, 1, bytes, file) == bytes, path);
    fclose(file);
    return data;
}

static void store(int i, const struct call *call) {
    size_t bytes = bytes_of(i), ahead = call->rolled[i] * ARRAYS[i].size;
    char *data = read_file(call->inputs, ARRAYS[i].name, "bin", bytes);
    lock(i, 0);
    memcpy(argument[i] + ahead, data, bytes - ahead);
    memcpy(argument[i], data + bytes - ahead, ahead);
    lock(i, 1);
    free(data);
}

/* What no kernel should leave: NaN and a large number in turn, whatever is right is not both. */
static void poison(int i, int turn) {
    memset(argument[i], turn % 2 ? 0x5F : 0xA5, bytes_of(i));
    if (ARRAYS[i].kind != 'f' || turn % 2) return;
    static const unsigned char nans[3][8] = {
        {0, 0x7E}, {0, 0, 0xC0, 0x7F}, {0, 0, 0, 0, 0, 0, 0xF8, 0x7F}};
    int which = ARRAYS[i].size == 2 ? 0 : ARRAYS[i].size == 4 ? 1 : 2;
    for (size_t k = 0; k < ARRAYS[i].count; k++)
        memcpy(argument[i] + k * ARRAYS[i].size, nans[which], ARRAYS[i].size);
}

static double value(int i, size_t k) {
    const char *at = argument[i] + k * ARRAYS[i].size;
#define AS(type) { type v; memcpy(&v, at, sizeof v); return (double)v; }
    switch (ARRAYS[i].kind * 16 + (int)ARRAYS[i].size) {
#ifdef __FLT16_MAX__
    case 'f' * 16 + 2: AS(_Float16)
#endif
    case 'f' * 16 + 4: AS(float)
    case 'f' * 16 + 8: AS(double)
    case 'i' * 16 + 1: AS(int8_t)
    case 'i' * 16 + 4: AS(int32_t)
    case 'i' * 16 + 8: AS(int64_t)
    default: AS(uint8_t)
    }
}

/* The same rule as hpctc/evaluate/compare.py. */
static void compare(int i) {
    size_t wrong = 0, first = 0, count = ARRAYS[i].count;
    double *right = read_file("expected", ARRAYS[i].name, "f64", count * sizeof(double));
    char *undecided = read_file("expected", ARRAYS[i].name, "undecided", count);
    for (size_t k = 0; k < count; k++) {
        double got = value(i, k), want = right[k];
        int same = got == want || (isnan(got) && isnan(want));
        double error = fabs(got - want) / (fabs(want) + 1);
        double most = ARRAYS[i].kind == 'f' ? TOLERANCE : 0;
        if (same || undecided[k] || (isfinite(got) && isfinite(want) && error <= most)) continue;
        if (!wrong++) first = k;
    }
    if (wrong) {
        printf("verdict: wrong: element %zu of %s is %.9g, expected %.9g (%zu of %zu differ)\n", first,
               ARRAYS[i].name, value(i, first), right[first], wrong, count);
        fflush(stdout);
        _exit(1);
    }
    free(right);
    free(undecided);
}

typedef void *P;
typedef void entry_t(P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
                     P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
                     P, P, P, P, P, P, P, P, P, P);

int main(void) {
    P a[64] = {0};
    for (int i = 0; i < ARGUMENTS; i++) {
        make_room(i);
        mark(i);
        a[i] = argument[i];
    }
    atexit(on_exit_early);
    signal(SIGALRM, on_alarm);
    void *library = dlopen("./candidate.so", RTLD_NOW);
    if (!library) verdict("not built: ", dlerror());
    entry_t *entry = (entry_t *)dlsym(library, ENTRY);
    if (!entry) verdict(WITHOUT_ENTRY ": there is no function ", ENTRY);
    for (int turn = 0; turn < COUNT; turn++) {
        for (int i = 0; i < ARGUMENTS; i++) ARRAYS[i].is_input ? store(i, &CALLS[turn]) : poison(i, turn);
        alarm(CALL_SECONDS);
#define EIGHT(i) a[i], a[i + 1], a[i + 2], a[i + 3], a[i + 4], a[i + 5], a[i + 6], a[i + 7]
        entry(EIGHT(0), EIGHT(8), EIGHT(16), EIGHT(24), EIGHT(32), EIGHT(40), EIGHT(48), EIGHT(56));
        alarm(0);
        for (int i = 0; i < ARGUMENTS; i++)
            if (!ARRAYS[i].is_input) look_around(i);
    }
    for (int i = 0; i < ARGUMENTS; i++)
        if (!ARRAYS[i].is_input) compare(i);
    finished = 1;
    puts("verdict: correct");
    return 0;
}
