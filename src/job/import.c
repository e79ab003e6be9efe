/* import: files of inventories and leases become decisions, each file a source of its own. They are read whole, inside a sandbox:
 * what is in them may have been chosen by whoever asks for a DHCP lease, or starts a pod.
 */
#include "config.h"

#include "allowmap/import.h"
#include "allowmap/job.h"
#include "sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PIECE 65536

static void file_free(gpointer data)
{
	AmImportedFile *file = data;
	g_free(file->source);
	am_inventory_free(file->inventory);
	g_free(file);
}

void am_import_result_clear(AmImportResult *result)
{
	g_clear_pointer(&result->files, g_ptr_array_unref);
	g_clear_pointer(&result->warnings, g_ptr_array_unref);
}

static gboolean is_standard_input(const char *path)
{
	return strcmp(path, "-") == 0;
}

/* All octets up to the most that is read, and one more; *ret_changed_ns is when it was written. NULL: errno tells why. */
static GByteArray *read_file(const char *path, int64_t now_ns, int64_t *ret_changed_ns)
{
	FILE *file = is_standard_input(path) ? stdin : fopen(path, "re");
	if (file == NULL)
		return NULL;
	GByteArray *bytes = g_byte_array_new();
	guint8 piece[PIECE];
	struct stat status;
	size_t got;
	while (bytes->len <= AM_INVENTORY_MAX_SIZE && (got = fread(piece, 1, sizeof piece, file)) > 0)
		g_byte_array_append(bytes, piece, (guint)got);
	int code = ferror(file) ? errno : 0;
	gboolean dated = fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode);
	*ret_changed_ns = dated ? MIN((int64_t)status.st_mtim.tv_sec * AM_NS_PER_S, now_ns) : now_ns;
	if (file != stdin)
		fclose(file); /* it was read only */
	if (code == 0)
		return bytes;
	g_byte_array_unref(bytes);
	errno = code;
	return NULL;
}

static AmInventory *read_inventory(const AmImportOptions *options, const char *path, GError **error)
{
	AmInventoryOptions how = {.kind = options->kind, .fields = options->fields};
	const char *name = is_standard_input(path) ? "standard input" : path;
	g_autoptr(GByteArray) bytes = read_file(path, options->now_ns, &how.snapshot_ns);
	if (bytes == NULL) {
		g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_INPUT, "cannot read %s: %s", name, g_strerror(errno));
		return NULL;
	}
	AmInventory *inventory = am_import_inventory((const char *)bytes->data, bytes->len, &how, error);
	if (inventory == NULL)
		g_prefix_error(error, "%s: ", name);
	return inventory;
}

static gboolean import_one(const AmImportOptions *options, const char *path, AmDecisions *decisions,
			   AmImportResult *result, GError **error)
{
	g_autoptr(GError) reason = NULL;
	AmImportedFile *file = g_new0(AmImportedFile, 1);
	file->source = options->source != NULL ? g_strdup(options->source) : g_path_get_basename(path);
	file->path = path;
	file->inventory = read_inventory(options, path, &reason);
	if (file->inventory == NULL || (file->inventory->labels->len == 0 && file->inventory->leases->len == 0)) {
		if (reason != NULL)
			g_ptr_array_add(result->warnings, g_strdup(reason->message));
		result->n_failed++;
	}
	if (file->inventory == NULL) {
		file_free(file);
		return TRUE;
	}
	g_ptr_array_add(result->files, file);
	/* A file of which nothing can be used, cut short on its way here, say, must not take away what is there. */
	if (file->inventory->labels->len == 0 && file->inventory->leases->len == 0)
		return TRUE;
	const AmImport import = {.source = file->source,
				 .network = (char *)options->network,
				 .who = (char *)options->who,
				 .why = (char *)options->why,
				 .at_ns = options->now_ns};
	return am_decisions_add_import(decisions, &import, file->inventory, &file->before, error);
}

static gboolean fence_in(const AmImportOptions *options, const char *decisions, AmImportResult *result, GError **error)
{
	g_auto(AmSandboxRules) rules = am_sandbox_rules_new();
	for (const char *const *path = options->paths; *path != NULL; path++)
		g_ptr_array_add(rules.reads, g_strdup(*path));
	am_sandbox_rules_write_beside(&rules, options->db);
	am_sandbox_rules_write_beside(&rules, decisions);
	char *missing;
	if (!am_sandbox_enter(&rules, &missing, error))
		return FALSE;
	if (missing != NULL)
		g_ptr_array_add(result->warnings, missing);
	return TRUE;
}

gboolean am_job_import(const AmImportOptions *options, AmImportResult *ret_result, GError **error)
{
	*ret_result = (AmImportResult){.files = g_ptr_array_new_with_free_func(file_free),
				       .warnings = g_ptr_array_new_with_free_func(g_free)};
	g_autofree char *beside = am_decisions_path_for(options->db);
	const char *path = options->decisions != NULL ? options->decisions : beside;
	if (options->sandbox && !fence_in(options, path, ret_result, error))
		return FALSE;
	g_autoptr(AmDecisions) decisions = am_decisions_open(path, TRUE, error);
	if (decisions == NULL)
		return FALSE;
	for (const char *const *file = options->paths; *file != NULL; file++) {
		if (!import_one(options, *file, decisions, ret_result, error))
			return FALSE;
	}
	return TRUE;
}
