/* export: a policy becomes the text of a target, and the text is read back and proved to say the same. */
#include "config.h"

#include "allowmap/import.h"
#include "allowmap/job.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

/* What the emitted text permits, by the reader of its target. */
static AmPolicy *read_back(const AmExportTarget *target, const AmExportOptions *options, const char *text,
			   GError **error)
{
	size_t size = strlen(text);
	if (strcmp(target->name, "csv") == 0)
		return am_import_csv(text, size, error);
	if (options->json)
		return am_import_nftables_json(text, size, error);
	return am_import_nftables_text(text, size, error);
}

char *am_job_export(const AmExportTarget *target, const AmPolicy *policy, const AmExportOptions *options,
		    GArray **ret_fidelity, GError **error)
{
	g_autoptr(GArray) fidelity = NULL;
	g_autofree char *text = am_export_write(target, policy, options, &fidelity, error);
	if (text == NULL)
		return NULL;
	g_autoptr(AmPolicy) said = read_back(target, options, text, error);
	if (said == NULL || !am_policy_equal(policy, said, error)) {
		g_prefix_error(error,
			       "the %s export does not say what the policy says; nothing was written: ", target->name);
		return NULL;
	}
	if (ret_fidelity != NULL)
		*ret_fidelity = g_steal_pointer(&fidelity);
	return g_steal_pointer(&text);
}

AmPolicy *am_job_read_policy(const char *path, GError **error)
{
	g_autofree char *text = NULL;
	gsize size = 0;
	gboolean from_stdin = strcmp(path, "-") == 0;
	if (!g_file_get_contents(from_stdin ? "/dev/stdin" : path, &text, &size, error)) {
		g_prefix_error(error, "cannot read the policy: ");
		return NULL;
	}
	g_autoptr(AmPolicy) policy = am_import_policy(text, size, error);
	if (policy == NULL || !am_policy_settle(policy, error)) {
		g_prefix_error(error, "%s: ", from_stdin ? "standard input" : path);
		return NULL;
	}
	return g_steal_pointer(&policy);
}

gboolean am_job_write_file(const char *path, const char *text, gssize size, GError **error)
{
	if (path != NULL && strcmp(path, "-") != 0) {
		gboolean ok = g_file_set_contents_full(path, text, size, G_FILE_SET_CONTENTS_CONSISTENT, 0644, error);
		if (!ok)
			g_prefix_error(error, "cannot write %s: ", path);
		return ok;
	}
	size_t length = size < 0 ? strlen(text) : (size_t)size;
	if (fwrite(text, 1, length, stdout) != length || fflush(stdout) != 0) {
		g_set_error_literal(error, AM_JOB_ERROR, AM_JOB_ERROR_OUTPUT, "cannot write to standard output");
		return FALSE;
	}
	return TRUE;
}
