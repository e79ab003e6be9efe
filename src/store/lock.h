/* The facts' writer: one at a time. Private to store/. */
#pragma once

#include "allowmap/store.h"

typedef struct AmWriterLock AmWriterLock;
/* Takes the lock of a database file, or AM_STORE_ERROR_BUSY at once. */
AmWriterLock *am_writer_lock_take(const char *path, GError **error);
void am_writer_lock_free(AmWriterLock *lock); /* lets go; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmWriterLock, am_writer_lock_free)
