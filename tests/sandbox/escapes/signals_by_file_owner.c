/* stopped by: seccomp, namespaces */
/* Lets the kernel signal another whenever a pipe of ours can be read. */
#include <fcntl.h>
#include <unistd.h>

int escape(void) {
    int ends[2];
    return pipe(ends) == 0 && fcntl(ends[0], F_SETOWN, VICTIM) == 0;
}
