/* verdict: a person decides about flows. It is kept apart from the facts and survives every new run. */
#include "config.h"

#include "declare.h"

#include <stdio.h>
#include <string.h>

static const char description[] =
	"Lists what was decided about flows, newest first, and how many flows of the facts each decision decides now.\n"
	"'set' decides about the flows from CLIENT to SERVER on SERVICE; both may be CIDRs, SERVICE may be 'any'. The\n"
	"newest decision that matches wins. 'remove' takes back what was said of these flows: as if nothing had been "
	"said.\n"
	"\n"
	"Example:\n"
	"  allowmap verdict set 10.1.0.5 10.2.0.9 tcp/1521 essential --why 'month-end close' --db office.db\n"
	"  allowmap verdict list --db office.db\n"
	"  allowmap verdict remove 10.1.0.5 10.2.0.9 tcp/1521 --why 'host is gone' --db office.db";

typedef struct {
	char *format, *network, *who, *why;
} Arguments;

static gboolean list(const AmMapArguments *map_arguments, const Arguments *arguments, GError **error)
{
	AmFormat format = AM_FORMAT_TABLE;
	if (arguments->network != NULL || arguments->who != NULL || arguments->why != NULL) {
		am_cmd_usage_error(error, "the list takes --format only; 'set' or 'remove' is missing: see --help");
		return FALSE;
	}
	if (arguments->format != NULL && !am_format_parse(arguments->format, &format, error))
		return FALSE;
	g_autoptr(AmSnapshot) snapshot = am_declare_look_first(map_arguments, error);
	if (snapshot == NULL ||
	    !am_report_verdicts(snapshot->map, snapshot->decisions->overrides, format, stdout, error) ||
	    !am_cmd_finish_output(error))
		return FALSE;
	if (snapshot->decisions->overrides->len == 0)
		am_cmd_say("nobody has decided about a flow of %s yet; 'allowmap verdict set' does",
			   am_declare_facts(map_arguments));
	return TRUE;
}

/* CLIENT SERVER SERVICE, and for 'set' VERDICT. */
static gboolean fill(char **words, gboolean sets, const AmMapArguments *map_arguments, const Arguments *arguments,
		     AmOverride *ret_override, GError **error)
{
	AmOverride override = {.network = arguments->network,
			       .why = arguments->why,
			       .ip_protocol = -1,
			       .port = -1,
			       .verdict = AM_OVERRIDE_WITHDRAWN};
	override.who = arguments->who != NULL ? arguments->who : (char *)g_get_user_name();
	if (!am_prefix_parse(words[0], &override.client, error) || !am_prefix_parse(words[1], &override.server, error))
		return FALSE;
	if (override.client.address.family != override.server.address.family) {
		am_cmd_usage_error(error, "from %s to %s: one is IPv4, the other IPv6; no flow goes between them",
				   words[0], words[1]);
		return FALSE;
	}
	if (strcmp(words[2], "any") != 0 &&
	    !am_cmd_parse_service(words[2], &override.ip_protocol, &override.port, error))
		return FALSE;
	if (sets && !am_verdict_parse(words[3], &override.verdict)) {
		am_cmd_usage_error(error,
				   "'%s' is no verdict; essential, undecided, background, suspicious or local, please",
				   words[3]);
		return FALSE;
	}
	if (!am_clock(map_arguments->now, &override.at_ns, error))
		return FALSE;
	*ret_override = override;
	return TRUE;
}

static gboolean keep(const AmMapArguments *map_arguments, const AmOverride *override, GError **error)
{
	g_autoptr(AmDecisions) decisions = am_declare_open(map_arguments, error);
	return decisions != NULL && am_decisions_add_override(decisions, override, error);
}

static gboolean set(char **words, const AmMapArguments *map_arguments, const Arguments *arguments, GError **error)
{
	AmOverride override;
	if (!fill(words, TRUE, map_arguments, arguments, &override, error))
		return FALSE;
	g_autoptr(AmSnapshot) snapshot = am_declare_look(map_arguments, error);
	if (snapshot == NULL || !keep(map_arguments, &override, error))
		return FALSE;
	const char *db = am_declare_facts(map_arguments);
	guint n_flows = am_map_count_matching(snapshot->map, &override);
	g_autofree char *effect =
		n_flows > 0 ? g_strdup_printf("%u flow%s in %s match%s now, and 'allowmap recommend' goes by it",
					      n_flows, n_flows == 1 ? "" : "s", db, n_flows == 1 ? "es" : "")
			    : g_strdup_printf("no flow in %s matches it yet, so nothing changes until one does", db);
	am_cmd_say("from %s to %s, %s is %s, said %s; %s", words[0], words[1], words[2], words[3], override.who,
		   effect);
	return TRUE;
}

static gboolean take_back(char **words, const AmMapArguments *map_arguments, const Arguments *arguments, GError **error)
{
	AmOverride override;
	if (!fill(words, FALSE, map_arguments, arguments, &override, error))
		return FALSE;
	g_autoptr(AmSnapshot) snapshot = am_declare_look(map_arguments, error);
	if (snapshot == NULL)
		return FALSE;
	guint n_decisions = am_map_count_withdrawn(snapshot->decisions->overrides, &override);
	if (n_decisions == 0) {
		am_cmd_usage_error(error,
				   "from %s to %s, %s%s%s: nothing was said that could be taken back; 'allowmap "
				   "verdict list' shows what was",
				   words[0], words[1], words[2], override.network != NULL ? " in network " : "",
				   override.network != NULL ? override.network : "");
		return FALSE;
	}
	if (!keep(map_arguments, &override, error))
		return FALSE;
	const char *db = am_declare_facts(map_arguments);
	guint n_flows = am_map_count_decided(snapshot->map, &override);
	g_autofree char *effect =
		n_flows > 0 ? g_strdup_printf("%u flow%s in %s %s judged by what was seen again, and 'allowmap "
					      "recommend' goes by it",
					      n_flows, n_flows == 1 ? "" : "s", db, n_flows == 1 ? "is" : "are")
			    : g_strdup_printf("no flow in %s was decided by that, so nothing changes there", db);
	am_cmd_say("from %s to %s, %s is as if nothing had been said (%u decision%s taken back), said %s; %s", words[0],
		   words[1], words[2], n_decisions, n_decisions == 1 ? "" : "s", override.who, effect);
	return TRUE;
}

static gboolean run(char **words, const AmMapArguments *map_arguments, const Arguments *arguments, GError **error)
{
	guint n_words = g_strv_length(words);
	if (n_words == 0 || (n_words == 1 && strcmp(words[0], "list") == 0))
		return list(map_arguments, arguments, error);
	gboolean sets = n_words == 5 && strcmp(words[0], "set") == 0;
	if (!sets && (n_words != 4 || strcmp(words[0], "remove") != 0)) {
		am_cmd_usage_error(error, "verdict list, verdict set CLIENT SERVER SERVICE VERDICT, or verdict remove "
					  "CLIENT SERVER SERVICE: see --help");
		return FALSE;
	}
	if (arguments->format != NULL) {
		am_cmd_usage_error(error, "--format is for the list");
		return FALSE;
	}
	return sets ? set(words + 1, map_arguments, arguments, error)
		    : take_back(words + 1, map_arguments, arguments, error);
}

int am_cmd_verdict(int argc, char **argv)
{
	g_auto(AmMapArguments) map_arguments = {0};
	g_autofree char *format = NULL, *network = NULL, *who = NULL, *why = NULL;
	const GOptionEntry entries[] = {
		{"format", 0, 0, G_OPTION_ARG_STRING, &format, "table (default), json or csv", "FORMAT"},
		{"why", 0, 0, G_OPTION_ARG_STRING, &why, "The reason, kept with the decision", "TEXT"},
		{"by", 0, 0, G_OPTION_ARG_STRING, &who, "Who decides (default: the user's name)", "NAME"},
		{"network", 0, 0, G_OPTION_ARG_STRING, &network, "Only in this address space", "NAME"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context =
		g_option_context_new("[list] | set CLIENT SERVER SERVICE VERDICT | remove CLIENT SERVER SERVICE");
	g_option_context_add_main_entries(context, entries, NULL);
	am_map_arguments_add(context, &map_arguments);
	g_autoptr(GError) error = NULL;
	gboolean ok = am_cmd_parse(context, description, &argc, &argv, 0, 5, &error);
	const Arguments arguments = {format, network, who, why};
	if (ok && run(argv + 1, &map_arguments, &arguments, &error))
		return AM_EXIT_OK;
	return am_cmd_fail("verdict", error);
}
