/* stopped by: seccomp, namespaces */
/* A socket that is no file: a session bus has one. */
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int escape(void) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strcpy(to.sun_path + 1, ABSTRACT);
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(ABSTRACT));
    return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, length) == 0;
}
