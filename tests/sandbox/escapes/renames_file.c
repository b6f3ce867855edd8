/* stopped by: seccomp, landlock, mounts */
/* Puts a file in another's place. */
#include <stdio.h>

int escape(void) {
    return rename(SECRET, SECRET ".moved") == 0 && rename(SECRET ".moved", SECRET) == 0;
}
