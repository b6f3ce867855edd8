/* Tells ThreadSanitizer what OpenMP orders.
 *
 * libgomp is not instrumented: its barriers, locks and team starts are invisible, and every loop
 * would be reported. Loaded before libgomp, these functions stand in front of its own, pass every
 * call on, and say beside it "all before this happens before all after that" (what LLVM's archer
 * does by OMPT). Where they order more than OpenMP does, a race may be missed; none is invented.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

/* Weak, so that this is built without the sanitizer: its own variables are none of its business. */
__attribute__((weak)) void __tsan_acquire(void *tag);
__attribute__((weak)) void __tsan_release(void *tag);

#define NEXT(name)                                                                       \
    static __typeof__(&name) next;                                                       \
    if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* A team begins with what its creator did, and its creator goes on with what the team did. */
struct region {
    void (*body)(void *);
    void *data;
    char begin, end;
};

/* Barriers take two tags in turn: a thread that is one ahead is not ordered with one behind. */
static char barriers[2];
static __thread unsigned passed;

static void within(void *argument) {
    struct region *region = argument;
    unsigned outside = passed;
    passed = 0; /* a team's threads count alike, wherever they have been before */
    __tsan_acquire(&region->begin);
    region->body(region->data);
    __tsan_release(&region->end);
    passed = outside;
}

#define PARALLEL(name, PARAMETERS, ARGUMENTS)                                            \
    void name PARAMETERS {                                                               \
        NEXT(name);                                                                      \
        struct region region = {body, data, 0, 0};                                       \
        __tsan_release(&region.begin);                                                   \
        next ARGUMENTS;                                                                  \
        __tsan_acquire(&region.end);                                                     \
    }

#define TEAM void (*body)(void *), void *data, unsigned threads
#define CHUNKED(name)                                                                    \
    PARALLEL(name, (TEAM, long a, long b, long step, long chunk, unsigned flags),        \
             (within, &region, threads, a, b, step, chunk, flags))
#define WHOLE(name)                                                                      \
    PARALLEL(name, (TEAM, long a, long b, long step, unsigned flags),                    \
             (within, &region, threads, a, b, step, flags))

PARALLEL(GOMP_parallel, (TEAM, unsigned flags), (within, &region, threads, flags))
PARALLEL(GOMP_parallel_sections, (TEAM, unsigned count, unsigned flags),
         (within, &region, threads, count, flags))
CHUNKED(GOMP_parallel_loop_static)
CHUNKED(GOMP_parallel_loop_dynamic)
CHUNKED(GOMP_parallel_loop_guided)
CHUNKED(GOMP_parallel_loop_nonmonotonic_dynamic)
CHUNKED(GOMP_parallel_loop_nonmonotonic_guided)
WHOLE(GOMP_parallel_loop_runtime)
WHOLE(GOMP_parallel_loop_nonmonotonic_runtime)
WHOLE(GOMP_parallel_loop_maybe_nonmonotonic_runtime)

#define MEETING(type, name, RESULT)                                                      \
    type name(void) {                                                                    \
        NEXT(name);                                                                      \
        char *tag = &barriers[passed++ % 2];                                             \
        __tsan_release(tag);                                                             \
        RESULT next();                                                                   \
        __tsan_acquire(tag);

MEETING(void, GOMP_barrier, ) }
MEETING(void, GOMP_loop_end, ) }
MEETING(void, GOMP_sections_end, ) }
MEETING(bool, GOMP_barrier_cancel, bool cancelled =) return cancelled; }
MEETING(bool, GOMP_loop_end_cancel, bool cancelled =) return cancelled; }
MEETING(bool, GOMP_sections_end_cancel, bool cancelled =) return cancelled; }

#define LOCK(enter, leave, PARAMETER, ARGUMENT, TAG)                                     \
    void enter PARAMETER {                                                               \
        NEXT(enter);                                                                     \
        next ARGUMENT;                                                                   \
        __tsan_acquire(TAG);                                                             \
    }                                                                                    \
    void leave PARAMETER {                                                               \
        NEXT(leave);                                                                     \
        __tsan_release(TAG);                                                             \
        next ARGUMENT;                                                                   \
    }

static char critical, atomic, order;
LOCK(GOMP_critical_start, GOMP_critical_end, (void), (), &critical)
LOCK(GOMP_atomic_start, GOMP_atomic_end, (void), (), &atomic)
LOCK(GOMP_ordered_start, GOMP_ordered_end, (void), (), &order)
LOCK(GOMP_critical_name_start, GOMP_critical_name_end, (void **name), (name), name)
LOCK(omp_set_lock, omp_unset_lock, (void *lock), (lock), lock)
LOCK(omp_set_nest_lock, omp_unset_nest_lock, (void *lock), (lock), lock)

static char copied;
void *GOMP_single_copy_start(void) {
    NEXT(GOMP_single_copy_start);
    void *data = next();
    __tsan_acquire(&copied);
    return data;
}
void GOMP_single_copy_end(void *data) {
    NEXT(GOMP_single_copy_end);
    __tsan_release(&copied);
    next(data);
}

/* The order of tasks is not modelled: rather no answer than a wrong one. */
#define UNKNOWN(name)                                                                    \
    void name(void) {                                                                    \
        fprintf(stderr, "undecided: %s orders threads in a way that is not followed\n", #name); \
        _exit(77);                                                                       \
    }
UNKNOWN(GOMP_task)
UNKNOWN(GOMP_taskloop)
UNKNOWN(GOMP_taskloop_ull)
UNKNOWN(GOMP_doacross_wait)
UNKNOWN(GOMP_doacross_post)
UNKNOWN(GOMP_parallel_reductions)
UNKNOWN(omp_test_lock)
