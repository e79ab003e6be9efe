/* export: a policy becomes the text of a target, and the text is read back and proved to say the same. */
#include "config.h"

#include "allowmap/import.h"
#include "allowmap/job.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

/* "branch and default", "a, b and c". Names come from documents that people edit. */
static char *list_names(const GPtrArray *names)
{
	GString *list = g_string_new(NULL);
	for (guint n = 0; n < names->len; n++) {
		char safe[65];
		const char *name = names->pdata[n];
		am_text_safe(safe, sizeof safe, name, strlen(name));
		g_string_append_printf(list, "%s%s", n == 0 ? "" : n + 1 < names->len ? ", " : " and ", safe);
	}
	return g_string_free(list, FALSE);
}

/* Not a guess: of overlapping addresses nobody but the user knows which are meant. */
static gboolean check_network(const AmPolicy *policy, const char *network, GError **error)
{
	g_autoptr(GPtrArray) networks = am_policy_networks(policy);
	g_autofree char *names = list_names(networks);
	for (guint n = 0; network != NULL && n < networks->len; n++)
		if (strcmp(networks->pdata[n], network) == 0)
			return TRUE;
	if (network == NULL && networks->len == 1)
		return TRUE;
	if (network == NULL) {
		g_set_error(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_OPTION,
			    "the policy is about several networks, %s, and an allow-list is for one; choose it with "
			    "--network NAME",
			    names);
		return FALSE;
	}
	char safe[65];
	am_text_safe(safe, sizeof safe, network, strlen(network));
	g_set_error(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_OPTION,
		    "the policy says nothing of a network \"%s\", only of %s", safe, names);
	return FALSE;
}

static gboolean same_size(const AmPeer *a, const AmPeer *b)
{
	return a->groups->len == b->groups->len && a->prefixes->len == b->prefixes->len;
}

/* The rules of the part, in its order, are some of the policy's; what else the policy permits is told too. */
static void tell_rest(const AmPolicy *policy, const AmPolicy *part, GArray *fidelity)
{
	guint at = 0, next = 0, n_written = fidelity->len;
	for (guint n = 0; n < policy->rules->len; n++) {
		const AmRule *rule = policy->rules->pdata[n];
		const AmRule *here = at < part->rules->len ? part->rules->pdata[at] : NULL;
		gboolean is_there = here != NULL && strcmp(here->id, rule->id) == 0;
		at += is_there;
		if (rule->status == AM_STATUS_REJECTED || rule->status == AM_STATUS_EXPIRED)
			continue;
		AmFidelity *written = is_there && next < n_written ? &g_array_index(fidelity, AmFidelity, next) : NULL;
		next += is_there;
		if (!is_there) {
			AmFidelity dropped = {.kind = AM_FIDELITY_DROPPED,
					      .reason = g_strdup("only in other networks")};
			memcpy(dropped.rule_id, rule->id, sizeof dropped.rule_id);
			g_array_append_val(fidelity, dropped);
		} else if (written != NULL && written->kind == AM_FIDELITY_EXACT &&
			   !(same_size(&rule->from, &here->from) && same_size(&rule->to, &here->to))) {
			written->kind = AM_FIDELITY_NARROWED;
			written->reason = g_strdup("in this network only; the policy permits it in others too");
		}
	}
}

char *am_job_export(const AmExportTarget *target, const AmPolicy *policy, const char *network,
		    const AmExportOptions *options, GArray **ret_fidelity, GError **error)
{
	if (!check_network(policy, network, error))
		return NULL;
	g_autoptr(AmPolicy) chosen = network != NULL ? am_policy_of_network(policy, network) : NULL;
	const AmPolicy *part = chosen != NULL ? chosen : policy;
	g_autoptr(GArray) fidelity = NULL;
	g_autofree char *text = am_export_write(target, part, options, &fidelity, error);
	if (text == NULL)
		return NULL;
	g_autoptr(AmPolicy) said = read_back(target, options, text, error);
	if (said == NULL || !am_policy_equal(part, said, error) ||
	    (options->enforce && target->denies && !am_policy_equal_default(part, said, error))) {
		g_prefix_error(error,
			       "the %s export does not say what the policy says; nothing was written: ", target->name);
		return NULL;
	}
	tell_rest(policy, part, fidelity);
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

gboolean am_job_remove_file(const char *path, GError **error)
{
	if (g_unlink(path) == 0 || errno == ENOENT)
		return TRUE;
	g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_OUTPUT, "cannot remove %s: %s", path, g_strerror(errno));
	return FALSE;
}

/* A device or a pipe is written to as it is: putting a new file in its place would take it away from everybody. */
static gboolean write_special(const char *path, const char *text, size_t size, GError **error)
{
	FILE *file = fopen(path, "we");
	gboolean ok = file != NULL && fwrite(text, 1, size, file) == size;
	ok = file != NULL && fclose(file) == 0 && ok;
	if (!ok)
		g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_OUTPUT, "cannot write %s: %s", path, g_strerror(errno));
	return ok;
}

/* The file is there whole or not at all. Behind a symbolic link it is what the link names that is written. */
static gboolean replace_file(const char *path, const char *text, size_t size, GError **error)
{
	g_autofree char *target = NULL;
	char *resolved = realpath(path, NULL);
	if (resolved != NULL)
		path = target = g_strdup(resolved);
	free(resolved);
	struct stat about;
	if (target == NULL && lstat(path, &about) == 0 && S_ISLNK(about.st_mode)) {
		g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_OUTPUT,
			    "cannot write %s: a symbolic link to what is not there", path);
		return FALSE;
	}
	if (stat(path, &about) == 0 && !S_ISREG(about.st_mode))
		return write_special(path, text, size, error);
	gboolean ok = g_file_set_contents_full(path, text, (gssize)size, G_FILE_SET_CONTENTS_CONSISTENT, 0644, error);
	if (!ok)
		g_prefix_error(error, "cannot write %s: ", path);
	return ok;
}

gboolean am_job_write_file(const char *path, const char *text, gssize size, GError **error)
{
	if (path != NULL && strcmp(path, "-") != 0 && g_file_test(path, G_FILE_TEST_IS_DIR)) {
		g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_OUTPUT,
			    "cannot write %s: it is a folder; name a file in it", path);
		return FALSE;
	}
	size_t length = size < 0 ? strlen(text) : (size_t)size;
	if (path != NULL && strcmp(path, "-") != 0)
		return replace_file(path, text, length, error);
	if (fwrite(text, 1, length, stdout) != length || fflush(stdout) != 0) {
		g_set_error_literal(error, AM_JOB_ERROR, AM_JOB_ERROR_OUTPUT, "cannot write to standard output");
		return FALSE;
	}
	return TRUE;
}
