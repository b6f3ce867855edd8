/* stopped by: landlock, mounts */
/* Looks what there is on this machine. */
#include <dirent.h>
#include <string.h>

int escape(void) {
    DIR *root = opendir("/");
    struct dirent *entry;
    while (root && (entry = readdir(root)))
        if (strcmp(entry->d_name, "etc") == 0) return 1;
    return 0;
}
