/* stopped by: seccomp, namespaces */
/* without: root */
/* Reads another's memory; that there is nothing at address 8 it learns only if it may ask. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/uio.h>

int escape(void) {
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *)8, 1};
    return process_vm_readv(VICTIM, &here, 1, &there, 1, 0) == 1 || errno == EFAULT;
}
