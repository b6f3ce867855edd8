/* Measures what the host does at best and prints a line a figure:
 *
 *   roofline THREADS SECONDS LEVEL=BYTES...
 *
 *   peak DTYPE OPERATIONS_PER_SECOND      fused multiply-adds in registers, two operations each
 *   band LEVEL BYTES_PER_SECOND           arrays of so many bytes a thread, read, or read and written
 *
 * Every figure is the best of several rounds, arithmetic of every thread for itself: a roof is what
 * nothing rises above, and other programs only lower what is seen of it.
 */
#define _GNU_SOURCE
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__AVX512F__)
enum { WIDTH = 64 };
#elif defined(__AVX__)
enum { WIDTH = 32 };
#else
enum { WIDTH = 16 };
#endif

/* So many independent sums hide the latency of two units, and stay in sixteen registers. */
enum { SUMS = 12, STEPS = 20000 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_RAW, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#define PEAK(type)                                                                       \
    typedef type type##_lanes __attribute__((vector_size(WIDTH)));                       \
    static double peak_##type(int threads, double seconds) {                             \
        double all = 0, end = now() + seconds;                                           \
        _Pragma("omp parallel num_threads(threads) reduction(+ : all)") {                \
            type##_lanes sum[SUMS], a, b;                                                \
            for (int i = 0; i < SUMS; i++) sum[i] = (type##_lanes){0} + (type)i;         \
            a = (type##_lanes){0} + (type)0.5;                                           \
            b = (type##_lanes){0} + (type)0.25;                                          \
            /* Unknown to the compiler, so that nothing is computed before the clock runs. */ \
            __asm__ volatile("" : "+" REGISTER(a), "+" REGISTER(b));                     \
            double best = 0;                                                             \
            while (now() < end) {                                                        \
                double from = now();                                                     \
                for (int step = 0; step < STEPS; step++)                                 \
                    for (int i = 0; i < SUMS; i++) sum[i] = sum[i] * a + b;              \
                for (int i = 0; i < SUMS; i++) __asm__ volatile("" : "+" REGISTER(sum[i])); \
                double rate = 2.0 * STEPS * SUMS * (WIDTH / sizeof(type)) / (now() - from); \
                if (rate > best) best = rate;                                            \
            }                                                                            \
            all += best;                                                                 \
        }                                                                                \
        return all;                                                                      \
    }

#if defined(__x86_64__)
#define REGISTER(v) "x"(v)
#else
#define REGISTER(v) "w"(v)
#endif
PEAK(float)
PEAK(double)
#ifdef __AVX512FP16__
PEAK(_Float16)
#endif

typedef int64_t words __attribute__((vector_size(WIDTH)));

/* Sums that are thrown away: reading alone. */
static void read_all(const words *from, size_t count) {
    words a = {0}, b = a, c = a, d = a;
    for (size_t i = 0; i + 4 <= count; i += 4)
        a ^= from[i], b ^= from[i + 1], c ^= from[i + 2], d ^= from[i + 3];
    words all = a ^ b ^ c ^ d;
    __asm__ volatile("" : : "m"(all));
}

/* Half is read and half is written: what a map does. */
static void map_all(words *both, size_t count) {
    words *to = both + count / 2;
    for (size_t i = 0; i < count / 2; i++) to[i] = both[i];
    __asm__ volatile("" : : "r"(to) : "memory");
}

static double bandwidth(int threads, size_t bytes, double seconds) {
    double best = 0, end = now() + seconds;
    size_t count = bytes / WIDTH / 8 * 8;
    long repeats = (long)((4 << 20) / (count * WIDTH)) + 1;
    double used[2] = {0, 0};
    int failed = 0;
#pragma omp parallel num_threads(threads)
    {
        words *own = NULL; /* touched first by the thread that uses it: its own memory node */
        if (posix_memalign((void **)&own, 64, count * WIDTH) != 0) own = NULL, failed = 1;
        if (own) memset(own, 1, count * WIDTH);
#pragma omp barrier
        while (!failed) {
            for (int kind = 0; kind < 2; kind++) {
#pragma omp barrier
#pragma omp master
                used[kind] = now();
                for (long r = 0; r < repeats; r++)
                    kind ? map_all(own, count) : read_all(own, count);
#pragma omp barrier
#pragma omp master
                {
                    double took = now() - used[kind];
                    double rate = (double)threads * (double)repeats * (double)(count * WIDTH) / took;
                    if (rate > best) best = rate;
                    if (kind && now() >= end) failed = 1;
                }
#pragma omp barrier
            }
        }
        free(own);
    }
    return best;
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    int threads = atoi(argv[1]);
    double seconds = atof(argv[2]);
    printf("peak float32 %.6g\n", peak_float(threads, seconds));
    printf("peak float64 %.6g\n", peak_double(threads, seconds));
#ifdef __AVX512FP16__
    printf("peak float16 %.6g\n", peak__Float16(threads, seconds));
#endif
    for (int i = 3; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (!equals) return 2;
        *equals = 0;
        printf("band %s %.6g\n", argv[i], bandwidth(threads, strtoull(equals + 1, 0, 10), seconds));
    }
    return 0;
}
