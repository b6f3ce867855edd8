/* stopped by: seccomp, namespaces */
/* Sends what it knows. */
#include <arpa/inet.h>
#include <sys/socket.h>

int escape(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    return sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to) == 1;
}
