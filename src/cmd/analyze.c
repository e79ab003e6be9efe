/* analyze: captures in; databases, policy, allow-lists and report out, in one folder. */
#include "config.h"

#include "cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char description[] =
	"Does all steps at once and puts into the folder DIR: allowmap.db (the facts), policy.json, the allow-lists\n"
	"(nftables for a router and for a host, log-only; CSV) and report.html. Run it again with more captures to\n"
	"add to what is known.\n"
	"\n"
	"Example:\n"
	"  allowmap analyze captures/ -o office";

typedef struct {
	const char *file, *target;
	AmExportOptions options;
} List;

static const List lists[] = {
	{"allowlist-router.nft", "nftables", {0}},
	{"allowlist-router.nft.json", "nftables", {.json = TRUE}},
	{"allowlist-host.nft", "nftables", {.host = TRUE}},
	{"allowlist.csv", "csv", {0}},
};

static const char *const files[] = {"policy.json",        "allowlist-router.nft", "allowlist-router.nft.json",
				    "allowlist-host.nft", "allowlist.csv",        NULL};

static gboolean write_policy(const char *folder, const AmPolicy *policy, GError **error)
{
	g_autofree char *text = am_export_policy(policy), *path = g_build_filename(folder, "policy.json", NULL);
	if (!am_job_write_file(path, text, -1, error))
		return FALSE;
	for (size_t n = 0; n < G_N_ELEMENTS(lists); n++) {
		g_autofree char *list =
			am_job_export(am_export_find(lists[n].target), policy, &lists[n].options, NULL, error);
		g_autofree char *list_path = g_build_filename(folder, lists[n].file, NULL);
		if (list == NULL || !am_job_write_file(list_path, list, -1, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean write_report(const char *folder, const AmSnapshot *snapshot, const AmPolicy *policy, GError **error)
{
	g_autofree char *path = g_build_filename(folder, "report.html", NULL);
	char *html = NULL; /* by malloc(), for free() */
	size_t size = 0;
	FILE *memory = open_memstream(&html, &size);
	if (memory == NULL) {
		g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_OUTPUT, "no memory for the report");
		return FALSE;
	}
	gboolean ok = am_report_html(snapshot->map, policy, snapshot->runs, files, memory, error);
	if (fclose(memory) != 0 && ok) {
		g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_OUTPUT, "no memory for the report");
		ok = FALSE;
	}
	ok = ok && am_job_write_file(path, html, (gssize)size, error);
	free(html);
	return ok;
}

static gboolean conclude(const char *folder, const char *db, const AmMapArguments *map_arguments,
			 const char *granularity, GError **error)
{
	AmMapArguments arguments = *map_arguments;
	arguments.db = (char *)db;
	AmRecommendOptions options;
	if (!am_cmd_recommend_options(granularity, NULL, arguments.now, &options, error))
		return FALSE;
	g_autoptr(AmSnapshot) snapshot = am_cmd_snapshot(&arguments, error);
	if (snapshot == NULL)
		return FALSE;
	g_autoptr(AmPolicy) policy = am_job_recommend(snapshot, &options, error);
	if (policy == NULL || !write_policy(folder, policy, error) || !write_report(folder, snapshot, policy, error))
		return FALSE;
	am_report_summary(snapshot->map, policy, snapshot->runs, stdout);
	printf("\n%s holds policy.json, allowlist-router.nft, allowlist-host.nft (both log only), allowlist.csv, "
	       "report.html\n",
	       folder);
	return am_cmd_finish_output(error);
}

static int analyze(const AmMapArguments *map_arguments, const AmIngestArguments *ingest_arguments, const char *folder,
		   const char *granularity, char **paths, GError **error)
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
	AmIngestResult result;
	gboolean ok = am_job_ingest(&options, &result, error);
	int status = am_cmd_ingest_outcome("analyze", &result, ingest_arguments->strict);
	am_ingest_result_clear(&result);
	return ok && conclude(folder, db, map_arguments, granularity, error) ? status : -1;
}

int am_cmd_analyze(int argc, char **argv)
{
	g_auto(AmMapArguments) map_arguments = {0};
	g_auto(AmIngestArguments) ingest_arguments = {0};
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
	g_autoptr(GError) error = NULL;
	int status = -1;
	if (am_cmd_parse(context, description, &argc, &argv, 1, G_MAXINT, &error))
		status = analyze(&map_arguments, &ingest_arguments, folder, granularity, argv + 1, &error);
	return status >= 0 ? status : am_cmd_fail("analyze", error);
}
