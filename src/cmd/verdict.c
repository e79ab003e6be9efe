/* verdict: a person decides about flows. It is kept apart from the facts and survives every new run. */
#include "config.h"

#include "cmd.h"

#include <stdio.h>
#include <string.h>

static const char description[] =
	"Sets the verdict of the flows from CLIENT to SERVER on SERVICE; both may be CIDRs, SERVICE may be 'any'.\n"
	"The newest decision that matches wins.\n"
	"\n"
	"Example:\n"
	"  allowmap verdict set 10.1.0.5 10.2.0.9 tcp/1521 essential --why 'month-end close' --db office.db";

typedef struct {
	char *network, *who, *why;
} Arguments;

static gboolean fill(char **words, const AmMapArguments *map_arguments, const Arguments *arguments,
		     AmOverride *ret_override, GError **error)
{
	AmOverride override = {.network = arguments->network, .why = arguments->why, .ip_protocol = -1, .port = -1};
	override.who = arguments->who != NULL ? arguments->who : (char *)g_get_user_name();
	if (strcmp(words[0], "set") != 0) {
		am_cmd_usage_error(error, "verdict set CLIENT SERVER SERVICE VERDICT: see --help");
		return FALSE;
	}
	if (!am_prefix_parse(words[1], &override.client, error) || !am_prefix_parse(words[2], &override.server, error))
		return FALSE;
	if (override.client.address.family != override.server.address.family) {
		am_cmd_usage_error(error, "from %s to %s: one is IPv4, the other IPv6; no flow goes between them",
				   words[1], words[2]);
		return FALSE;
	}
	if (strcmp(words[3], "any") != 0 &&
	    !am_cmd_parse_service(words[3], &override.ip_protocol, &override.port, error))
		return FALSE;
	if (!am_verdict_parse(words[4], &override.verdict)) {
		am_cmd_usage_error(error,
				   "'%s' is no verdict; essential, undecided, background, suspicious or local, please",
				   words[4]);
		return FALSE;
	}
	if (!am_clock(map_arguments->now, &override.at_ns, error))
		return FALSE;
	*ret_override = override;
	return TRUE;
}

/* How many of the flows in the facts it is about. One may decide before there are facts: about none. */
static gboolean count_flows(const AmMapArguments *map_arguments, const char *db, const AmOverride *override,
			    guint *ret_n_flows, GError **error)
{
	*ret_n_flows = 0;
	if (!g_file_test(db, G_FILE_TEST_EXISTS))
		return TRUE;
	g_autoptr(AmSnapshot) snapshot = am_cmd_snapshot(map_arguments, error);
	if (snapshot == NULL)
		return FALSE;
	*ret_n_flows = am_map_count_matching(snapshot->map, override);
	return TRUE;
}

static gboolean set(char **words, const AmMapArguments *map_arguments, const Arguments *arguments, GError **error)
{
	AmOverride override;
	if (!fill(words, map_arguments, arguments, &override, error))
		return FALSE;
	const char *db = map_arguments->db != NULL ? map_arguments->db : "allowmap.db";
	guint n_flows;
	if (!count_flows(map_arguments, db, &override, &n_flows, error))
		return FALSE;
	g_autofree char *beside = am_decisions_path_for(db);
	g_autoptr(AmDecisions) decisions =
		am_decisions_open(map_arguments->decisions != NULL ? map_arguments->decisions : beside, TRUE, error);
	if (decisions == NULL || !am_decisions_add_override(decisions, &override, error))
		return FALSE;
	g_autofree char *effect =
		n_flows > 0 ? g_strdup_printf("%u flow%s in %s match%s now, and 'allowmap recommend' goes by it",
					      n_flows, n_flows == 1 ? "" : "s", db, n_flows == 1 ? "es" : "")
			    : g_strdup_printf("no flow in %s matches it yet, so nothing changes until one does", db);
	am_cmd_say("from %s to %s, %s is %s, said %s; %s", words[1], words[2], words[3], words[4], override.who,
		   effect);
	return TRUE;
}

int am_cmd_verdict(int argc, char **argv)
{
	g_auto(AmMapArguments) map_arguments = {0};
	g_autofree char *network = NULL, *who = NULL, *why = NULL;
	const GOptionEntry entries[] = {
		{"why", 0, 0, G_OPTION_ARG_STRING, &why, "The reason, kept with the decision", "TEXT"},
		{"by", 0, 0, G_OPTION_ARG_STRING, &who, "Who decides (default: the user's name)", "NAME"},
		{"network", 0, 0, G_OPTION_ARG_STRING, &network, "Only in this address space", "NAME"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("set CLIENT SERVER SERVICE VERDICT");
	g_option_context_add_main_entries(context, entries, NULL);
	am_map_arguments_add(context, &map_arguments);
	g_autoptr(GError) error = NULL;
	gboolean ok = am_cmd_parse(context, description, &argc, &argv, 5, 5, &error);
	const Arguments arguments = {network, who, why};
	if (ok && set(argv + 1, &map_arguments, &arguments, &error))
		return AM_EXIT_OK;
	return am_cmd_fail("verdict", error);
}
