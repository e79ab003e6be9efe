/* status: the ledger and the sums; with --coverage, how much of what a next day needs is known. */
#include "config.h"

#include "cmd.h"

#include <stdio.h>

static const char description[] =
	"Shows what was read, what was skipped and why, and what was found.\n"
	"\n"
	"With --coverage: whether discovery has run long enough, that is how much of what a next day will\n"
	"need was seen so far. With --visibility: which pairs of subnets the mirrors show, and which taps are\n"
	"missing.\n"
	"\n"
	"Example:\n"
	"  allowmap status --db office.db --format json";

typedef struct {
	gboolean coverage, visibility;
	AmVisibilityArguments *taps;
} StatusOptions;

static gboolean print(const AmSnapshot *snapshot, const StatusOptions *options, AmFormat format, GError **error)
{
	if (options->coverage)
		return am_report_coverage(snapshot->map, format, stdout, error);
	if (!options->visibility)
		return am_report_status(snapshot->map, snapshot->runs, snapshot->connections, format, stdout, error);
	g_autoptr(AmVisibility) seen = am_cmd_visibility(options->taps, snapshot, error);
	return seen != NULL && am_report_visibility(snapshot->map, seen, format, stdout, error);
}

static gboolean status(const AmMapArguments *arguments, const StatusOptions *options, const char *format_text,
		       GError **error)
{
	AmFormat format = AM_FORMAT_TABLE;
	if (options->coverage && options->visibility) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
			    "--coverage and --visibility are two listings; ask for one at a time");
		return FALSE;
	}
	if (format_text != NULL && !am_format_parse(format_text, &format, error))
		return FALSE;
	g_autoptr(AmSnapshot) snapshot = am_cmd_snapshot(arguments, error);
	return snapshot != NULL && print(snapshot, options, format, error) && am_cmd_finish_output(error);
}

int am_cmd_status(int argc, char **argv)
{
	g_auto(AmMapArguments) arguments = {0};
	g_auto(AmVisibilityArguments) taps = {0};
	StatusOptions options = {.taps = &taps};
	g_autofree char *format = NULL;
	const GOptionEntry entries[] = {
		{"format", 0, 0, G_OPTION_ARG_STRING, &format, "table (default), json or csv", "FORMAT"},
		{"coverage", 0, 0, G_OPTION_ARG_NONE, &options.coverage, "Whether discovery has run long enough", NULL},
		{"visibility", 0, 0, G_OPTION_ARG_NONE, &options.visibility,
		 "Which pairs of subnets were seen, and which taps are missing", NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_option_context_add_main_entries(context, entries, NULL);
	am_map_arguments_add(context, &arguments);
	am_visibility_arguments_add(context, &taps);
	g_autoptr(GError) error = NULL;
	if (am_cmd_parse(context, description, &argc, &argv, 0, 0, &error) &&
	    status(&arguments, &options, format, &error))
		return AM_EXIT_OK;
	return am_cmd_fail("status", error);
}
