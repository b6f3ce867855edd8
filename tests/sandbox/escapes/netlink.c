/* stopped by: seccomp */
/* Asks the kernel for its networks. */
#include <sys/socket.h>

int escape(void) { return socket(AF_NETLINK, SOCK_RAW, 0) >= 0; }
