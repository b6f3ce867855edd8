/* stopped by: rlimits */
/* Twice, two hundred levels deep. */
#include __FILE__
#include __FILE__
void f(void) {}
