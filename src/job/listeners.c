/* listeners: a list that a host or a scan gave becomes facts. It is read whole before the database is opened, so that a file
 * that is none of these leaves nothing behind. */
#include "config.h"

#include "allowmap/import.h"
#include "allowmap/job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_SIZE (64u << 20)
#define BLOCK 65536

/* All of it; sets the time at which it was written, where that is known. */
static GByteArray *read_all(const char *path, int64_t *time_ns, GError **error)
{
	gboolean from_stdin = strcmp(path, "-") == 0;
	struct stat status;
	FILE *file = from_stdin ? stdin : fopen(path, "rb");
	if (file == NULL) {
		g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_INPUT, "cannot read %s: %s", path, g_strerror(errno));
		return NULL;
	}
	if (fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode))
		*time_ns = (int64_t)status.st_mtim.tv_sec * AM_NS_PER_S + status.st_mtim.tv_nsec;
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	uint8_t block[BLOCK];
	size_t got;
	while (bytes->len <= MAX_SIZE && (got = fread(block, 1, sizeof block, file)) > 0)
		g_byte_array_append(bytes, block, (guint)got);
	int failure = ferror(file) ? errno : 0;
	if (!from_stdin)
		(void)fclose(file); /* nothing was written */
	if (failure == 0 && bytes->len <= MAX_SIZE)
		return g_steal_pointer(&bytes);
	g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_INPUT, "cannot read %s: %s", path,
		    failure != 0 ? g_strerror(failure) : "a list of listeners has at most 64 MiB");
	return NULL;
}

/* "10.0.0.5.ss", "ss-10.0.0.5.txt", "2001:db8::5": the address in a file's name. */
static gboolean host_of_name(const char *path, AmAddress *ret_host)
{
	g_autofree char *name = g_path_get_basename(path);
	for (;;) {
		char *part = strpbrk(name, "-_") != NULL ? strrchr(name, '_') : NULL, *dash = strrchr(name, '-');
		if (part == NULL || (dash != NULL && dash > part))
			part = dash;
		if (am_address_parse(name, ret_host) || (part != NULL && am_address_parse(part + 1, ret_host)))
			return TRUE;
		char *dot = strrchr(name, '.');
		if (dot == NULL)
			return FALSE;
		*dot = '\0';
	}
}

static GArray *find_hosts(const AmListJobOptions *options, GError **error)
{
	g_autoptr(GArray) hosts = g_array_new(FALSE, FALSE, sizeof(AmAddress));
	AmAddress host;
	for (guint n = 0; options->hosts != NULL && options->hosts[n] != NULL; n++) {
		if (!am_address_parse(options->hosts[n], &host)) {
			g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_INPUT, "--host %s is no address",
				    options->hosts[n]);
			return NULL;
		}
		g_array_append_val(hosts, host);
	}
	if (hosts->len == 0 && host_of_name(options->path, &host))
		g_array_append_val(hosts, host);
	return g_steal_pointer(&hosts);
}

static gboolean find_kind(const AmListJobOptions *options, const GByteArray *bytes, AmListKind *ret_kind,
			  GError **error)
{
	if (options->kind != NULL ? am_list_kind_parse(options->kind, ret_kind)
				  : am_listeners_recognise((const char *)bytes->data, bytes->len, ret_kind))
		return TRUE;
	g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_INPUT,
		    "%s: %s of ss (ss -tulpn), osquery (osqueryi --json, a results log) or nmap (nmap -oX)",
		    options->path, options->kind != NULL ? "--as takes one" : "it looks like no list");
	return FALSE;
}

static AmListenerList *read_list(const AmListJobOptions *options, const GByteArray *bytes, const GArray *hosts,
				 int64_t taken_ns, GError **error)
{
	AmListenerOptions list_options = {.hosts = hosts, .taken_ns = taken_ns};
	if (!find_kind(options, bytes, &list_options.kind, error))
		return NULL;
	AmListenerList *list = am_import_listeners((const char *)bytes->data, bytes->len, &list_options, error);
	if (list == NULL)
		g_prefix_error(error, "%s: ", options->path);
	return list;
}

AmListenerList *am_job_import_listeners(const AmListJobOptions *options, GError **error)
{
	int64_t taken_ns = options->now_ns;
	g_autoptr(GByteArray) bytes = read_all(options->path, &taken_ns, error);
	g_autoptr(GArray) hosts = bytes != NULL ? find_hosts(options, error) : NULL;
	if (hosts == NULL)
		return NULL;
	if (options->taken_ns != 0)
		taken_ns = options->taken_ns;
	g_autoptr(AmListenerList) list = read_list(options, bytes, hosts, taken_ns, error);
	if (list == NULL)
		return NULL;
	g_autofree char *sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes->data, bytes->len);
	AmListInput input = {
		.path = options->path, .sha256 = sha256, .network = options->network, .imported_ns = options->now_ns};
	if (list->kind != AM_LIST_NMAP && hosts->len > 0)
		input.host = g_array_index(hosts, AmAddress, 0);
	AmFacts *facts = am_facts_open(options->db, AM_FACTS_WRITE, error);
	if (facts == NULL)
		return NULL;
	if (!am_facts_add_listeners(facts, &input, list, error)) {
		am_facts_abandon(facts);
		return NULL;
	}
	am_facts_free(facts);
	return g_steal_pointer(&list);
}
