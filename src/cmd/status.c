/* status: the ledger and the sums. */
#include "config.h"

#include "cmd.h"

#include <stdio.h>

static const char description[] = "Shows what was read, what was skipped and why, and what was found.\n"
				  "\n"
				  "With --visibility: which pairs of subnets the mirrors show, and which taps are "
				  "missing.\n"
				  "\n"
				  "Example:\n"
				  "  allowmap status --db office.db --format json";

static gboolean visibility(const AmMapArguments *arguments, const AmVisibilityArguments *taps, AmFormat format,
			   GError **error)
{
	g_autoptr(AmSnapshot) snapshot = am_cmd_snapshot(arguments, error);
	g_autoptr(AmVisibility) seen = snapshot != NULL ? am_cmd_visibility(taps, snapshot->map, error) : NULL;
	return seen != NULL && am_report_visibility(snapshot->map, seen, format, stdout, error) &&
	       am_cmd_finish_output(error);
}

static gboolean status(const AmMapArguments *arguments, const AmVisibilityArguments *taps, gboolean of_visibility,
		       const char *format_text, GError **error)
{
	AmFormat format = AM_FORMAT_TABLE;
	if (format_text != NULL && !am_format_parse(format_text, &format, error))
		return FALSE;
	if (of_visibility)
		return visibility(arguments, taps, format, error);
	g_autoptr(AmSnapshot) snapshot = am_cmd_snapshot(arguments, error);
	return snapshot != NULL &&
	       am_report_status(snapshot->map, snapshot->runs, snapshot->connections, format, stdout, error) &&
	       am_cmd_finish_output(error);
}

int am_cmd_status(int argc, char **argv)
{
	g_auto(AmMapArguments) arguments = {0};
	g_auto(AmVisibilityArguments) taps = {0};
	gboolean of_visibility = FALSE;
	g_autofree char *format = NULL;
	const GOptionEntry entries[] = {
		{"format", 0, 0, G_OPTION_ARG_STRING, &format, "table (default), json or csv", "FORMAT"},
		{"visibility", 0, 0, G_OPTION_ARG_NONE, &of_visibility,
		 "Which pairs of subnets were seen, and which taps are missing", NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_option_context_add_main_entries(context, entries, NULL);
	am_map_arguments_add(context, &arguments);
	am_visibility_arguments_add(context, &taps);
	g_autoptr(GError) error = NULL;
	if (am_cmd_parse(context, description, &argc, &argv, 0, 0, &error) &&
	    status(&arguments, &taps, of_visibility, format, &error))
		return AM_EXIT_OK;
	return am_cmd_fail("status", error);
}
