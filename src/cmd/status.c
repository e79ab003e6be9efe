/* status: the ledger and the sums; with --coverage, how much of what a next day needs is known. */
#include "config.h"

#include "cmd.h"

#include <stdio.h>

static const char description[] =
	"Shows what was read, what was skipped and why, and what was found; with --coverage, whether\n"
	"discovery has run long enough: how much of what a next day will need was seen so far.\n"
	"\n"
	"Example:\n"
	"  allowmap status --db office.db --format json";

static gboolean status(const AmMapArguments *arguments, const char *format_text, gboolean coverage, GError **error)
{
	AmFormat format = AM_FORMAT_TABLE;
	if (format_text != NULL && !am_format_parse(format_text, &format, error))
		return FALSE;
	g_autoptr(AmSnapshot) snapshot = am_cmd_snapshot(arguments, error);
	if (snapshot == NULL)
		return FALSE;
	gboolean ok = coverage ? am_report_coverage(snapshot->map, format, stdout, error)
			       : am_report_status(snapshot->map, snapshot->runs, snapshot->connections, format, stdout,
						  error);
	return ok && am_cmd_finish_output(error);
}

int am_cmd_status(int argc, char **argv)
{
	g_auto(AmMapArguments) arguments = {0};
	g_autofree char *format = NULL;
	gboolean coverage = FALSE;
	const GOptionEntry entries[] = {
		{"format", 0, 0, G_OPTION_ARG_STRING, &format, "table (default), json or csv", "FORMAT"},
		{"coverage", 0, 0, G_OPTION_ARG_NONE, &coverage, "Whether discovery has run long enough", NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_option_context_add_main_entries(context, entries, NULL);
	am_map_arguments_add(context, &arguments);
	g_autoptr(GError) error = NULL;
	if (am_cmd_parse(context, description, &argc, &argv, 0, 0, &error) &&
	    status(&arguments, format, coverage, &error))
		return AM_EXIT_OK;
	return am_cmd_fail("status", error);
}
