/* stopped by: rlimits, mounts, landlock, privileges, seccomp */
/* A million errors: what is passed on of them is bounded. */
#define A undeclared();
#define B A A A A A A A A A A
#define C B B B B B B B B B B
#define D C C C C C C C C C C
#define E D D D D D D D D D D
#define undeclared() unknown = 1; { int x = "y" }
void f(void) { E E E }
