/* stopped by: mounts */
/* Learns what lies on this machine, without opening it. Landlock has no word for that. */
#if __has_include(SECRET)
const char found[] = "hpctc_" "secret";
#endif
void f(void) {}
