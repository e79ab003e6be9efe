/* recommend: the canonical policy document from what is essential. */
#include "config.h"

#include "cmd.h"

#include <stdio.h>

static const char description[] =
	"Writes the least-privilege policy as JSON: groups, one rule for each need, default deny. It is proved "
	"against\n"
	"every essential flow before it is written. Where traffic was not seen both ways, what no rule permits is "
	"only\n"
	"monitored: 'allowmap status --visibility' names the taps that are missing. Undecided flows get no rule: list "
	"them with\n"
	"'allowmap flows --verdict undecided', and decide with 'allowmap verdict set'.\n"
	"\n"
	"Example:\n"
	"  allowmap recommend --db office.db -o policy.json";

typedef struct {
	char *granularity, *default_action, *output;
	AmVisibilityArguments *taps;
} Arguments;

static gboolean recommend(const AmMapArguments *map_arguments, const Arguments *arguments, GError **error)
{
	AmRecommendOptions options;
	if (!am_cmd_recommend_options(arguments->granularity, arguments->default_action, map_arguments->now, &options,
				      error))
		return FALSE;
	g_autoptr(AmSnapshot) snapshot = am_cmd_snapshot(map_arguments, error);
	if (snapshot == NULL)
		return FALSE;
	g_autoptr(AmVisibility) seen = am_cmd_visibility(arguments->taps, snapshot, error);
	if (seen == NULL)
		return FALSE;
	options.visibility = am_cmd_assumes_all(arguments->taps) ? NULL : seen;
	g_autoptr(AmPolicy) policy = am_job_recommend(snapshot, &options, error);
	if (policy == NULL)
		return FALSE;
	g_autofree char *text = am_export_policy(policy);
	if (!am_job_write_file(arguments->output, text, -1, error))
		return FALSE;
	fprintf(stderr, "%u rules between %u groups; %" G_GUINT64_FORMAT " undecided flows are left out",
		policy->rules->len, policy->groups->len, policy->undecided);
	if (policy->undecided_permitted > 0)
		fprintf(stderr, "; rules between groups permit %" G_GUINT64_FORMAT " of them all the same",
			policy->undecided_permitted);
	fputc('\n', stderr);
	am_cmd_note_announced(policy);
	am_cmd_note_sanctioned(policy);
	am_cmd_note_visibility(seen, arguments->taps);
	am_cmd_note_on_link(snapshot->map, map_arguments);
	return TRUE;
}

int am_cmd_recommend(int argc, char **argv)
{
	g_auto(AmMapArguments) map_arguments = {0};
	g_auto(AmVisibilityArguments) taps = {0};
	g_autofree char *granularity = NULL, *default_action = NULL, *output = NULL;
	const GOptionEntry entries[] = {
		{"granularity", 0, 0, G_OPTION_ARG_STRING, &granularity,
		 "group (default): rules between groups; exact: only what was seen", "LEVEL"},
		{"default", 0, 0, G_OPTION_ARG_STRING, &default_action, "deny (default), deny-log or monitor",
		 "ACTION"},
		{"output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Where to write (default: standard output)", "FILE"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_option_context_add_main_entries(context, entries, NULL);
	am_map_arguments_add(context, &map_arguments);
	am_visibility_arguments_add(context, &taps);
	g_autoptr(GError) error = NULL;
	gboolean ok = am_cmd_parse(context, description, &argc, &argv, 0, 0, &error);
	const Arguments arguments = {granularity, default_action, output, &taps};
	if (ok && recommend(&map_arguments, &arguments, &error))
		return AM_EXIT_OK;
	return am_cmd_fail("recommend", error);
}
