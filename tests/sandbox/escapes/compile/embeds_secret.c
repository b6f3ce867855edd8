/* stopped by: landlock, mounts */
/* compiler may refuse */
/* C23 copies a file into an array. */
const unsigned char stolen[] = {
#embed SECRET
};
void f(void) {}
