/* stopped by: seccomp, privileges */
/* without: root */
/* Asks for root's number. */
#define _GNU_SOURCE
#include <unistd.h>

int escape(void) { return setresuid(0, 0, 0) == 0; }
