/* assets, flows, groups: the listings of the map. They differ in what is printed, not in how. */
#include "config.h"

#include "cmd.h"

#include <stdio.h>

gboolean am_cmd_list(const char *verb, const AmMapArguments *map_arguments, const AmListArguments *list_arguments,
		     AmListFunc print, GError **error)
{
	AmListOptions options;
	AmListed listed;
	if (!am_cmd_list_options(list_arguments, &options, error))
		return FALSE;
	g_autoptr(AmSnapshot) snapshot = am_cmd_snapshot(map_arguments, error);
	if (snapshot == NULL || !print(snapshot->map, &options, stdout, &listed, error) || !am_cmd_finish_output(error))
		return FALSE;
	am_cmd_note_listed(verb, map_arguments, list_arguments, snapshot->map, &listed);
	return TRUE;
}

static int run(const char *verb, const char *description, AmListFunc print, int argc, char **argv)
{
	g_auto(AmMapArguments) map_arguments = {0};
	g_auto(AmListArguments) list_arguments = {0};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	am_map_arguments_add(context, &map_arguments);
	am_list_arguments_add(context, &list_arguments);
	g_autoptr(GError) error = NULL;
	if (am_cmd_parse(context, description, &argc, &argv, 0, 0, &error) &&
	    am_cmd_list(verb, &map_arguments, &list_arguments, print, &error))
		return AM_EXIT_OK;
	return am_cmd_fail(verb, error);
}

int am_cmd_assets(int argc, char **argv)
{
	return run("assets",
		   "Lists every machine that was seen, with its group.\n\nExample:\n"
		   "  allowmap assets --db office.db --asset 10.1.0.0/16",
		   am_report_assets, argc, argv);
}

int am_cmd_flows(int argc, char **argv)
{
	return run("flows",
		   "Lists who talks to whom on which service, with the verdict and its reasons.\n\nExample:\n"
		   "  allowmap flows --db office.db --verdict undecided --sort -connections",
		   am_report_flows, argc, argv);
}

int am_cmd_groups(int argc, char **argv)
{
	return run("groups",
		   "Lists the groups: machines that serve and use the same things.\n\nExample:\n"
		   "  allowmap groups --db office.db --format json",
		   am_report_groups, argc, argv);
}
