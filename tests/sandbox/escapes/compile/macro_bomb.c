/* stopped by: rlimits */
/* Each macro is the one before, sixteen times. */
#define A a a a a a a a a a a a a a a a a
#define B A A A A A A A A A A A A A A A A
#define C B B B B B B B B B B B B B B B B
#define D C C C C C C C C C C C C C C C C
#define E D D D D D D D D D D D D D D D D
#define F E E E E E E E E E E E E E E E E
#define G F F F F F F F F F F F F F F F F
#define H G G G G G G G G G G G G G G G G
#define a x += 1;
void f(void) { int x = 0; H }
