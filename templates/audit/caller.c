/* Calls a function of a shared library once, its arrays between forbidden pages.
 *
 *   caller LIBRARY ENTRY GUARD FAULT BUFFER...
 *
 * GUARD is `right` or `left`: the end at which every array touches forbidden memory. FAULT is the
 * file that names the first access outside: `verb buffer index elements`. BUFFER is
 * r|w:NAME:ITEM:COUNT:FILE, in the order of the function's parameters: `r` is read from FILE and
 * cannot be written, `w` starts poisoned (NaN, or a large integer) and is written to FILE at the
 * end. Ends with 0, with 3 after a fault, with 2 if it was used wrongly.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { MOST = 64, PAGE = 4096 };

static const size_t reach = (size_t)128 << 20; /* how far outside an access is traced to its array */
static const size_t stack = (size_t)1 << 30;   /* foreign C keeps whole tensors there */

struct buffer {
    char name[128], file[512];
    int writable;
    size_t item, count;
    char *low, *high; /* with the forbidden memory */
    char *body, *limit, *data;
};

static struct buffer buffers[MOST];
static int count;
static int fault;
static void *entry;

static void give_up(const char *what) {
    fprintf(stderr, "%s\n", what);
    _exit(2);
}

static void on_fault(int number, siginfo_t *info, void *raw) {
    const char *address = info->si_addr, *verb = "touches";
    char text[512];
    int size = snprintf(text, sizeof text, "signal %s\n", strsignal(number));
#if defined(__x86_64__)
    verb = ((ucontext_t *)raw)->uc_mcontext.gregs[REG_ERR] & 2 ? "writes" : "reads";
#else
    (void)raw;
#endif
    for (int i = 0; number == SIGSEGV && i < count; ++i) {
        const struct buffer *b = &buffers[i];
        if (address < b->low || address >= b->high) continue;
        long long offset = address - b->data, item = (long long)b->item;
        long long index = offset >= 0 ? offset / item : -((item - 1 - offset) / item);
        size = snprintf(text, sizeof text, "%s %s %lld %zu\n", verb, b->name, index, b->count);
    }
    if (write(fault, text, (size_t)size) < 0) _exit(2);
    _exit(3);
}

/* A thread that faults on an overflowing stack has none left to handle it on: give it another. */
static void arm(void) {
    static __thread char spare[1 << 16];
    stack_t other = {.ss_sp = spare, .ss_size = sizeof spare};
    sigaltstack(&other, NULL);
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
    action.sa_sigaction = on_fault;
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGFPE, &action, NULL);
    sigaction(SIGILL, &action, NULL);
}

static void transfer(int descriptor, char *at, size_t bytes, int out) {
    while (bytes > 0) {
        ssize_t done = out ? write(descriptor, at, bytes) : read(descriptor, at, bytes);
        if (done <= 0) give_up("a file of values is too short, or cannot be written");
        at += done;
        bytes -= (size_t)done;
    }
}

static void poison(const struct buffer *b) {
    /* Quiet NaN in half, single and double precision, and no small integer. */
    memset(b->body, 0x7F, (size_t)(b->limit - b->body));
    if (b->item == 4)
        for (size_t i = 0; i < b->count; ++i) memcpy(b->data + 4 * i, &(uint32_t){0x7FC00000}, 4);
}

static void map(struct buffer *b, int right) {
    size_t bytes = b->item * b->count, body = (bytes + PAGE - 1) / PAGE * PAGE;
    if (body == 0) body = PAGE;
    b->low = mmap(NULL, body + 2 * reach, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (b->low == MAP_FAILED) give_up("no memory for an array");
    b->high = b->low + body + 2 * reach;
    b->body = b->low + reach;
    b->limit = b->body + body;
    b->data = right ? b->limit - bytes : b->body;
    if (mprotect(b->body, body, PROT_READ | PROT_WRITE) != 0) give_up("no memory for an array");
    if (b->writable) {
        poison(b);
        return;
    }
    int descriptor = open(b->file, O_RDONLY);
    if (descriptor < 0) give_up("no file of values");
    transfer(descriptor, b->data, bytes, 0);
    close(descriptor);
    if (mprotect(b->body, body, PROT_READ) != 0) give_up("no memory for an array");
}

typedef void *P;
typedef void entry_t(P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
                     P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
                     P, P, P, P, P, P, P, P, P, P);

/* The calling conventions of x86-64 and AArch64 let a caller pass more than the callee reads. */
static void *call(void *ignored) {
    P a[MOST] = {0};
    arm();
    for (int i = 0; i < count; ++i) a[i] = buffers[i].data;
#define EIGHT(i) a[i], a[i + 1], a[i + 2], a[i + 3], a[i + 4], a[i + 5], a[i + 6], a[i + 7]
    ((entry_t *)entry)(EIGHT(0), EIGHT(8), EIGHT(16), EIGHT(24), EIGHT(32), EIGHT(40), EIGHT(48), EIGHT(56));
    return ignored;
}

int main(int argc, char **argv) {
    if (argc < 6 || argc > 5 + MOST) give_up("wrong use");
    int right = strcmp(argv[3], "right") == 0;
    fault = open(argv[4], O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (int i = 5; i < argc; ++i) {
        struct buffer *b = &buffers[count++];
        char role;
        if (sscanf(argv[i], "%c:%127[^:]:%zu:%zu:%511s", &role, b->name, &b->item, &b->count, b->file) != 5)
            give_up("wrong use");
        b->writable = role == 'w';
        map(b, right);
    }
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) give_up(dlerror());
    entry = dlsym(library, argv[2]);
    if (entry == NULL) give_up(dlerror());
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, stack) != 0) give_up("no memory for a stack");
    if (pthread_create(&thread, &attributes, call, NULL) != 0) give_up("no memory for a stack");
    pthread_join(thread, NULL);
    for (int i = 0; i < count; ++i) {
        if (!buffers[i].writable) continue;
        int descriptor = open(buffers[i].file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (descriptor < 0) give_up("an array cannot be written");
        transfer(descriptor, buffers[i].data, buffers[i].item * buffers[i].count, 1);
        close(descriptor);
    }
    return 0;
}
