/* What the process may still do while it reads what strangers sent: all that it parses, it parses inside. Private to job/.
 *
 * No new program, no other process looked into, no socket made or connected, nothing sent, no mount, no kernel interface
 * that is not needed (seccomp, over all threads); no file outside of what is named (Landlock); no privilege (capabilities).
 * None of it can be undone. What the kernel does not have is left out, and said. */
#pragma once

#include <glib.h>

typedef struct {
	GPtrArray *reads;     /* char *: files and folders that may be read */
	GPtrArray *writes;    /* char *: folders in which everything may be done with files */
	const int *no_writes; /* descriptors that nobody may write to */
	guint n_no_writes;
} AmSandboxRules;

AmSandboxRules am_sandbox_rules_new(void);
void am_sandbox_rules_clear(AmSandboxRules *rules);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AmSandboxRules, am_sandbox_rules_clear)
/* The folder that `path` is in, which is where a database or a file that is replaced needs room. */
void am_sandbox_rules_write_beside(AmSandboxRules *rules, const char *path);

/* Before any other thread is there. Becomes `user` (NULL: stays who it is) without any capability. As root without `user`,
 * files of others stay within reach where `writes` (may be NULL) is in a folder of somebody else. */
gboolean am_sandbox_drop_privileges(const char *user, const char *writes, GError **error);
/* Before threads that parse are started. *ret_missing: what could not be closed, in words; NULL = nothing. g_free() */
gboolean am_sandbox_enter(const AmSandboxRules *rules, char **ret_missing, GError **error);
