/* analyze: captures in; databases, policy, allow-lists and report out, in one folder. */
#include "config.h"

#include "cmd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static const char description[] =
	"Does all steps at once and puts into the folder DIR: allowmap.db (the facts), policy.json, the allow-lists\n"
	"(nftables for a router and for a host, log-only; CSV) and report.html. Where several networks were ingested\n"
	"with --network, there are allow-lists for each. Run it again with more captures to add to what is known.\n"
	"\n"
	"Example:\n"
	"  allowmap analyze captures/ -o office";

/* The files are "allowlist", where there are several networks the network's name, and this ending. */
typedef struct {
	const char *ending, *target;
	AmExportOptions options;
} List;

static const List lists[] = {
	{"-router.nft", "nftables", {0}},
	{"-router.nft.json", "nftables", {.json = TRUE}},
	{"-host.nft", "nftables", {.host = TRUE}},
	{".csv", "csv", {0}},
};

static char *list_name(const char *network, const List *list)
{
	return g_strdup_printf("allowlist%s%s%s", network != NULL ? "-" : "", network != NULL ? network : "",
			       list->ending);
}

/* What `ingest --network` takes; a database may have been made otherwise. */
static gboolean is_plain(const char *name)
{
	return am_cmd_check_name("network", name, NULL);
}

/* One network's lists; `network` NULL: of the only one. Adds their names to `files`. */
static gboolean write_lists(const char *folder, const AmPolicy *policy, const char *network, GPtrArray *files,
			    GError **error)
{
	for (size_t n = 0; n < G_N_ELEMENTS(lists); n++) {
		char *file = list_name(network, &lists[n]);
		g_ptr_array_add(files, file);
		g_autofree char *path = g_build_filename(folder, file, NULL);
		g_autofree char *list =
			am_job_export(am_export_find(lists[n].target), policy, network, &lists[n].options, NULL, error);
		if (list == NULL || !am_job_write_file(path, list, -1, error))
			return FALSE;
	}
	return TRUE;
}

/* Lists that an earlier run left under a name that this one did not write: they say what is no longer so. */
static gboolean remove_stale(const char *folder, const AmMap *map, const GPtrArray *files, GError **error)
{
	for (guint network = 0; network <= map->networks->len; network++) {
		const char *name = network < map->networks->len ? map->networks->pdata[network] : NULL;
		for (size_t n = 0; n < G_N_ELEMENTS(lists) && (name == NULL || is_plain(name)); n++) {
			g_autofree char *file = list_name(name, &lists[n]);
			g_autofree char *path = g_build_filename(folder, file, NULL);
			if (!g_ptr_array_find_with_equal_func((GPtrArray *)files, file, g_str_equal, NULL) &&
			    !am_job_remove_file(path, error))
				return FALSE;
		}
	}
	return TRUE;
}

static gboolean write_policy(const char *folder, const AmMap *map, const AmPolicy *policy, GPtrArray *files,
			     GError **error)
{
	g_autofree char *text = am_export_policy(policy), *path = g_build_filename(folder, "policy.json", NULL);
	g_ptr_array_add(files, g_strdup("policy.json"));
	if (!am_job_write_file(path, text, -1, error))
		return FALSE;
	g_autoptr(GPtrArray) networks = am_policy_networks(policy);
	for (guint n = 0; n < networks->len; n++) {
		const char *network = networks->len > 1 ? networks->pdata[n] : NULL;
		if (network != NULL && !is_plain(network)) {
			g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_OUTPUT,
				    "the name of network %u of %u cannot be part of a file's name; write its "
				    "allow-lists with 'allowmap export --network'",
				    n + 1, networks->len);
			return FALSE;
		}
		if (!write_lists(folder, policy, network, files, error))
			return FALSE;
	}
	return remove_stale(folder, map, files, error);
}

static gboolean write_report(const char *folder, const AmSnapshot *snapshot, const AmPolicy *policy,
			     const GPtrArray *files, GError **error)
{
	g_autofree char *path = g_build_filename(folder, "report.html", NULL);
	char *html = NULL; /* by malloc(), for free() */
	size_t size = 0;
	FILE *memory = open_memstream(&html, &size);
	if (memory == NULL) {
		g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_OUTPUT, "no memory for the report");
		return FALSE;
	}
	gboolean ok =
		am_report_html(snapshot->map, policy, snapshot->runs, (const char *const *)files->pdata, memory, error);
	if (fclose(memory) != 0 && ok) {
		g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_OUTPUT, "no memory for the report");
		ok = FALSE;
	}
	ok = ok && am_job_write_file(path, html, (gssize)size, error);
	free(html);
	return ok;
}

static void print_files(const char *folder, const AmPolicy *policy)
{
	g_autofree char *safe = am_text_safe_dup(folder);
	g_autoptr(GPtrArray) networks = am_policy_networks(policy);
	if (networks->len == 1) {
		printf("\n%s holds policy.json, allowlist-router.nft, allowlist-host.nft (both log only), "
		       "allowlist.csv, report.html\n",
		       safe);
		return;
	}
	printf("\n%s holds policy.json, report.html, and for each network (log only)", safe);
	for (guint n = 0; n < networks->len; n++) {
		const char *name = networks->pdata[n];
		printf("%s allowlist-%s-router.nft, allowlist-%s-host.nft, allowlist-%s.csv", n > 0 ? ";" : "", name,
		       name, name);
	}
	printf("\n");
}

static gboolean conclude(const char *folder, const char *db, const AmMapArguments *map_arguments,
			 AmVisibilityArguments *taps, const char *granularity, GError **error)
{
	AmMapArguments arguments = *map_arguments;
	arguments.db = (char *)db;
	AmRecommendOptions options;
	if (!am_cmd_recommend_options(granularity, NULL, arguments.now, &options, error))
		return FALSE;
	g_autoptr(AmSnapshot) snapshot = am_cmd_snapshot(&arguments, error);
	g_autoptr(AmVisibility) seen = snapshot != NULL ? am_cmd_visibility(taps, snapshot, error) : NULL;
	if (seen == NULL)
		return FALSE;
	options.visibility = am_cmd_assumes_all(taps) ? NULL : seen;
	g_autoptr(AmPolicy) policy = am_job_recommend(snapshot, &options, error);
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	if (policy == NULL || !write_policy(folder, snapshot->map, policy, files, error))
		return FALSE;
	g_ptr_array_add(files, NULL);
	if (!write_report(folder, snapshot, policy, files, error))
		return FALSE;
	signal(SIGPIPE, SIG_DFL); /* all is written: what is left are words, which end when nobody reads them */
	am_report_summary(snapshot->map, policy, snapshot->runs, stdout);
	print_files(folder, policy);
	am_cmd_note_announced(policy);
	am_cmd_note_sanctioned(policy);
	am_cmd_note_visibility(seen, taps);
	am_cmd_note_on_link(snapshot->map, &arguments);
	return am_cmd_finish_output(error);
}

static int analyze(const AmMapArguments *map_arguments, const AmIngestArguments *ingest_arguments,
		   AmVisibilityArguments *taps, const char *folder, const char *granularity, char **paths,
		   GError **error)
{
	if (folder == NULL) {
		am_cmd_usage_error(error, "-o DIR is needed: where the results go");
		return -1;
	}
	if (g_mkdir_with_parents(folder, 0700) != 0) {
		g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_OUTPUT, "cannot make the folder %s: %s", folder,
			    g_strerror(errno));
		return -1;
	}
	g_autofree char *db =
		map_arguments->db != NULL ? g_strdup(map_arguments->db) : g_build_filename(folder, "allowmap.db", NULL);
	AmIngestOptions options;
	if (!am_cmd_ingest_options(ingest_arguments, db, map_arguments->now, (const char *const *)paths, &options,
				   error))
		return -1;
	/* The report is drawn inside, too: Graphviz reads its plugins and fonts. */
	const char *const reads[] = {"/usr",
				     "/lib",
				     "/lib64",
				     "/etc/fonts",
				     "/etc/ld.so.cache",
				     "/var/cache/fontconfig",
				     map_arguments->decisions,
				     NULL};
	const char *const writes[] = {folder, NULL};
	options.sandbox = TRUE;
	options.also_reads = reads;
	options.also_writes = writes;
	options.decisions = map_arguments->decisions;
	am_cmd_tell_interruption("analyze");
	AmIngestResult result;
	gboolean ok = am_job_ingest(&options, &result, error);
	int status = am_cmd_ingest_outcome("analyze", &result, ingest_arguments->strict);
	am_ingest_result_clear(&result);
	return ok && conclude(folder, db, map_arguments, taps, granularity, error) ? status : -1;
}

int am_cmd_analyze(int argc, char **argv)
{
	g_auto(AmMapArguments) map_arguments = {0};
	g_auto(AmIngestArguments) ingest_arguments = {0};
	g_auto(AmVisibilityArguments) taps = {0};
	g_autofree char *folder = NULL, *granularity = NULL;
	const GOptionEntry entries[] = {
		{"output", 'o', 0, G_OPTION_ARG_FILENAME, &folder, "The folder for the results, made when missing",
		 "DIR"},
		{"granularity", 0, 0, G_OPTION_ARG_STRING, &granularity,
		 "group (default): rules between groups; exact: only what was seen", "LEVEL"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("FILE... -o DIR");
	g_option_context_add_main_entries(context, entries, NULL);
	am_map_arguments_add(context, &map_arguments);
	am_ingest_arguments_add(context, &ingest_arguments);
	am_visibility_arguments_add(context, &taps);
	g_autoptr(GError) error = NULL;
	int status = -1;
	if (am_cmd_parse(context, description, &argc, &argv, 1, G_MAXINT, &error))
		status = analyze(&map_arguments, &ingest_arguments, &taps, folder, granularity, argv + 1, &error);
	return status >= 0 ? status : am_cmd_fail("analyze", error);
}
