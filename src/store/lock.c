/* The facts' writer: one at a time, for as long as its handle is open, and known at once to a second one.
 *
 * Why a file beside the database (FILE.lock), held by flock(): SQLite's own write lock is let go at every commit, and its
 * exclusive mode would shut out the readers. A lock on the database file itself cannot be used, for closing a second
 * descriptor of it would drop the locks that SQLite holds there in this process. The kernel lets go of it when the
 * process ends, however it ends. The file holds the process's id, for the message only, and is removed by its holder.
 */
#include "config.h"

#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct AmWriterLock {
	char *path;
	int fd;
};

static void set_busy(const char *path, int fd, GError **error)
{
	char holder[16] = "";
	ssize_t size = pread(fd, holder, sizeof holder - 1, 0);
	holder[size > 0 ? strspn(holder, "0123456789") : 0] = '\0';
	g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_BUSY,
		    "%s is being written by another process%s%s; wait until it is done", path,
		    holder[0] != '\0' ? ", " : "", holder);
}

/* Between opening and locking, the holder before may have removed the file: then ours is not the one that others see. */
static gboolean is_current(const char *path, int fd)
{
	struct stat mine, theirs;
	return fstat(fd, &mine) == 0 && stat(path, &theirs) == 0 && mine.st_dev == theirs.st_dev &&
	       mine.st_ino == theirs.st_ino;
}

AmWriterLock *am_writer_lock_take(const char *path, GError **error)
{
	g_autofree char *lock_path = g_strconcat(path, ".lock", NULL);
	for (;;) {
		int fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0) {
			g_set_error(error, AM_STORE_ERROR,
				    errno == ENOSPC ? AM_STORE_ERROR_FULL : AM_STORE_ERROR_FAILED,
				    "cannot write beside the database %s: %s%s", path, g_strerror(errno),
				    errno == ENOSPC ? "" : "; its folder must be there and writable");
			return NULL;
		}
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			if (errno == EWOULDBLOCK)
				set_busy(path, fd, error);
			else
				g_set_error(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED, "cannot lock %s: %s",
					    lock_path, g_strerror(errno));
			close(fd);
			return NULL;
		}
		if (!is_current(lock_path, fd)) {
			close(fd);
			continue;
		}
		/* Only the message of a second writer depends on it: a full disk is found out elsewhere. */
		if (ftruncate(fd, 0) == 0)
			(void)!dprintf(fd, "%ld\n", (long)getpid());
		AmWriterLock *lock = g_new0(AmWriterLock, 1);
		*lock = (AmWriterLock){.path = g_steal_pointer(&lock_path), .fd = fd};
		return lock;
	}
}

void am_writer_lock_free(AmWriterLock *lock)
{
	if (lock == NULL)
		return;
	(void)unlink(lock->path);
	close(lock->fd);
	g_free(lock->path);
	g_free(lock);
}
