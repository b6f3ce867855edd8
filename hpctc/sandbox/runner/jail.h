/* What the parts of the runner share: the jail that its command line describes, and its layers.
 *
 * A layer is a function that puts the calling process behind one more wall. It returns 0, or the
 * error number for which this kernel refuses; then nothing has changed. The order is that of the
 * list below: each needs powers that a later one takes away.
 */
#ifndef HPCTC_JAIL_H
#define HPCTC_JAIL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdint.h>
#include <sys/types.h>

enum {
    RLIMITS = 1,     /* limits on resources; no descriptor that was not given */
    NAMESPACES = 2,  /* its own users, processes, network, IPC objects and host name */
    MOUNTS = 4,      /* its own root folder, of which it sees only what is named */
    PRIVILEGES = 8,  /* no root, no capabilities, none to be had by any program */
    LANDLOCK = 16,   /* only the named files can be opened; no TCP, no signals outwards */
    SECCOMP = 32,    /* only the named system calls */
};

enum { MOST_PATHS = 48 };

struct paths {
    int count;
    const char *path[MOST_PATHS];
};

struct jail {
    uint64_t layers;
    uint64_t cpu;         /* seconds of processor time */
    uint64_t memory;      /* bytes of address space; 0: no bound */
    uint64_t file;        /* bytes of the longest file */
    uint64_t descriptors; /* open files */
    uint64_t threads;     /* bounded only where the jail has users of its own */
    uint64_t errors;      /* bytes of standard error passed on; 0: it is not held back */
    uint64_t parent;      /* process with which this one ends */
    char *cores;          /* "0,2": the cores to run on; NULL: any */
    struct paths reads;   /* files and folders that can be read (and, of `exec`, run) */
    struct paths writes;  /* folders that can be written too */
    struct paths hides;   /* folders that are empty although they lie in readable ones */
    int library;          /* `call`: descriptor of the candidate; -1: none */
    const char *candidate; /* `call`: the path under which it can be loaded */
};

/* limits.c */
int limit_resources(const struct jail *jail, int first_closed);
int limit_files_and_threads(const struct jail *jail);
void end_with_parent(const struct jail *jail);
void pin(const char *cores);
void settle(const char *cores);
int drop_privileges(void);
int become_nobody(void);

/* namespaces.c */
int enter_namespaces(void);
int try_namespaces(void);
int sibling(void);
void init(int until_closed) __attribute__((noreturn));

/* root.c */
int private_root(struct jail *jail);

/* files.c */
int fence_files(const struct jail *jail);

/* calls.c */
int filter_program(void);
int filter_candidate(void);

/* serve.c */
void report(uint64_t nonce, uint64_t status, uint64_t value);
int serve_calls(struct jail *jail, char **words);

/* main.c */
void fail(const char *what, int error) __attribute__((noreturn));
uint64_t confine(struct jail *jail, int (*filter)(void), int *why);
enum { BROKEN = 125 };

#endif
