/* stopped by: seccomp, namespaces */
/* Speaks to a server on this machine. */
#include <arpa/inet.h>
#include <sys/socket.h>

int escape(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
}
