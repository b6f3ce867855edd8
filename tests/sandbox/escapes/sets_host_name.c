/* stopped by: seccomp, privileges */
/* without: root */
/* Gives the machine its own name. */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

int escape(void) {
    char name[128];
    return gethostname(name, sizeof name) == 0 && sethostname(name, strlen(name)) == 0;
}
