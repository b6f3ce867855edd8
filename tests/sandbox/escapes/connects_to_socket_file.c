/* stopped by: seccomp, mounts */
/* A socket that is a file: Docker's is one. */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int escape(void) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strcpy(to.sun_path, SOCKET);
    return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to) == 0;
}
