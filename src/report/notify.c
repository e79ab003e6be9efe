/* Tells the service manager how the capture is doing: the protocol of sd_notify(3), which is one datagram a message to a
 * socket of the same machine, named by $NOTIFY_SOCKET. Written out here because it is small, and a library would be one
 * more thing that runs with privileges.
 */
#include "config.h"

#include "allowmap/report.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct AmNotify {
	int fd;
};

AmNotify *am_notify_open(GError **error)
{
	const char *path = g_getenv("NOTIFY_SOCKET");
	if (path == NULL || *path == '\0')
		return NULL;
	struct sockaddr_un address;
	memset(&address, 0, sizeof address);
	address.sun_family = AF_UNIX;
	size_t length = strlen(path);
	gboolean ok = length < sizeof address.sun_path && (*path == '/' || *path == '@');
	int fd = ok ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
	if (ok)
		memcpy(address.sun_path, path, length);
	if (*path == '@') /* a name in the kernel, not in the file system */
		address.sun_path[0] = '\0';
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, size) != 0) {
		g_set_error(error, AM_REPORT_ERROR, AM_REPORT_ERROR_WRITE,
			    "cannot reach the service manager at %s ($NOTIFY_SOCKET): %s", path,
			    ok ? g_strerror(errno) : "not a socket's name");
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	AmNotify *notify = g_new0(AmNotify, 1);
	notify->fd = fd;
	return notify;
}

void am_notify_free(AmNotify *notify)
{
	if (notify == NULL)
		return;
	close(notify->fd);
	g_free(notify);
}

void am_notify_say(AmNotify *notify, const char *state)
{
	/* One that does not take it will find out by its watchdog. */
	if (notify != NULL)
		(void)!write(notify->fd, state, strlen(state));
}
