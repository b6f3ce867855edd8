/* stopped by: watch */
/* Uses more memory than it was given, though its address space would hold it. */
#include <stdlib.h>
#include <string.h>

static volatile char *block;

int escape(void) {
    block = malloc(RESIDENT + (64UL << 20));
    for (unsigned long i = 0; block && i < RESIDENT + (64UL << 20); i += 4096) block[i] = 1;
    return block != 0;
}
