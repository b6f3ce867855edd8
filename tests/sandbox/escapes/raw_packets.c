/* stopped by: seccomp, privileges */
/* without: root */
/* Listens to all that goes by. */
#include <sys/socket.h>

int escape(void) { return socket(AF_PACKET, SOCK_RAW, 0) >= 0; }
