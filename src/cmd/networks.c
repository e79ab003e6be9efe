/* networks: which address space is in which tag or tunnel; to see, and to say. */
#include "config.h"

#include "cmd.h"

#include <stdio.h>
#include <string.h>

static const char description[] =
	"Lists the encapsulations and numbers that were seen, the network that what is in them went to, and why.\n"
	"VLANs, sessions, keys and TEIDs are attributes; the VNI of VXLAN and GENEVE is a network of its own when its\n"
	"packets go both ways between the same ends, and a mirror's otherwise. 'set' says it better, for what is read\n"
	"from then on; 'remove' takes that back. Without --id it is for all numbers, without --sensor for all "
	"sensors.\n"
	"\n"
	"Example:\n"
	"  allowmap networks --db office.db\n"
	"  allowmap networks set --encap vxlan --id 5001 --network blue --why 'tenant blue' --db office.db\n"
	"  allowmap networks remove --encap vxlan --id 5001 --db office.db";

typedef struct {
	char *db, *decisions, *now, *format, *encapsulation, *id, *network, *sensor, *who, *why;
} Arguments;

static void arguments_clear(Arguments *arguments)
{
	char **strings[] = {&arguments->db,      &arguments->decisions,     &arguments->now,
			    &arguments->format,  &arguments->encapsulation, &arguments->id,
			    &arguments->network, &arguments->sensor,        &arguments->who,
			    &arguments->why};
	for (size_t n = 0; n < G_N_ELEMENTS(strings); n++)
		g_free(*strings[n]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

static const char *facts_path(const Arguments *arguments)
{
	return arguments->db != NULL ? arguments->db : "allowmap.db";
}

static gboolean list(const Arguments *arguments, GError **error)
{
	AmFormat format = AM_FORMAT_TABLE;
	if (arguments->encapsulation != NULL || arguments->id != NULL || arguments->network != NULL ||
	    arguments->sensor != NULL || arguments->who != NULL || arguments->why != NULL) {
		am_cmd_usage_error(error, "the list takes --format only; 'set' or 'remove' is missing: see --help");
		return FALSE;
	}
	if (arguments->format != NULL && !am_format_parse(arguments->format, &format, error))
		return FALSE;
	g_autoptr(AmNetworkList) all = am_job_networks(facts_path(arguments), arguments->decisions, error);
	return all != NULL && am_report_networks(all->seen, all->rules, format, stdout, error) &&
	       am_cmd_finish_output(error);
}

static gboolean parse_id(const char *text, int64_t *ret_id, GError **error)
{
	guint64 id;
	if (text == NULL || strcmp(text, "any") == 0) {
		*ret_id = AM_NETWORK_RULE_ANY_ID;
		return TRUE;
	}
	if (!g_ascii_string_to_unsigned(text, 10, 0, UINT32_MAX, &id, NULL)) {
		am_cmd_usage_error(error, "--id %s: a number from 0 to %u, or 'any', please", text, UINT32_MAX);
		return FALSE;
	}
	*ret_id = (int64_t)id;
	return TRUE;
}

static gboolean fill(const Arguments *arguments, gboolean sets, AmNetworkRule *ret_rule, GError **error)
{
	AmNetworkRule rule = {.sensor = arguments->sensor, .why = arguments->why};
	rule.who = arguments->who != NULL ? arguments->who : (char *)g_get_user_name();
	rule.network = sets ? arguments->network : NULL;
	if (arguments->encapsulation == NULL || !am_encapsulation_parse(arguments->encapsulation, &rule.kind)) {
		g_autoptr(GString) names = g_string_new(NULL);
		for (int kind = 1; kind < AM_N_ENCAPSULATIONS; kind++)
			g_string_append_printf(names, "%s%s", kind > 1 ? ", " : "",
					       am_encapsulation_name((AmEncapsulation)kind));
		am_cmd_usage_error(error, "--encap takes one of: %s", names->str);
		return FALSE;
	}
	if (sets != (arguments->network != NULL)) {
		am_cmd_usage_error(error, sets ? "which network? --network NAME" : "'remove' takes no --network");
		return FALSE;
	}
	if (!am_cmd_check_name("network", arguments->network, error) ||
	    !am_cmd_check_name("sensor", arguments->sensor, error) || !parse_id(arguments->id, &rule.id, error) ||
	    !am_clock(arguments->now, &rule.at_ns, error))
		return FALSE;
	*ret_rule = rule;
	return TRUE;
}

static gboolean decide(const Arguments *arguments, gboolean sets, GError **error)
{
	AmNetworkRule rule;
	if (arguments->format != NULL) {
		am_cmd_usage_error(error, "--format is for the list");
		return FALSE;
	}
	if (!fill(arguments, sets, &rule, error))
		return FALSE;
	g_autofree char *beside = am_decisions_path_for(facts_path(arguments));
	g_autoptr(AmDecisions) decisions =
		am_decisions_open(arguments->decisions != NULL ? arguments->decisions : beside, TRUE, error);
	if (decisions == NULL || !am_decisions_add_network(decisions, &rule, error))
		return FALSE;
	am_cmd_say("what is in %s %s %s%s, said %s; it holds for what is read from now on", arguments->encapsulation,
		   arguments->id != NULL ? arguments->id : "any",
		   sets ? "belongs to the network " : "is as if nothing had been said", sets ? arguments->network : "",
		   rule.who);
	return TRUE;
}

static gboolean run(char **words, const Arguments *arguments, GError **error)
{
	if (words[0] == NULL || strcmp(words[0], "list") == 0)
		return list(arguments, error);
	if (strcmp(words[0], "set") == 0 || strcmp(words[0], "remove") == 0)
		return decide(arguments, words[0][0] == 's', error);
	am_cmd_usage_error(error, "'%s': list, set or remove, please", words[0]);
	return FALSE;
}

int am_cmd_networks(int argc, char **argv)
{
	g_auto(Arguments) a = {0};
	const GOptionEntry entries[] = {
		{"db", 0, 0, G_OPTION_ARG_FILENAME, &a.db, "The facts (default: allowmap.db)", "FILE"},
		{"decisions", 0, 0, G_OPTION_ARG_FILENAME, &a.decisions, "The decisions (default: beside the facts)",
		 "FILE"},
		{"format", 0, 0, G_OPTION_ARG_STRING, &a.format, "table (default), json or csv", "FORMAT"},
		{"encap", 0, 0, G_OPTION_ARG_STRING, &a.encapsulation,
		 "vlan, mpls, vxlan, geneve, gre, erspan, gtp, ...", "KIND"},
		{"id", 0, 0, G_OPTION_ARG_STRING, &a.id, "VLAN id, VNI, key, session, TEID; any (default) is all",
		 "ID"},
		{"network", 0, 0, G_OPTION_ARG_STRING, &a.network, "The address space of what is in it", "NAME"},
		{"sensor", 0, 0, G_OPTION_ARG_STRING, &a.sensor, "Only there: a name or a UUID", "NAME"},
		{"why", 0, 0, G_OPTION_ARG_STRING, &a.why, "The reason, kept with the decision", "TEXT"},
		{"by", 0, 0, G_OPTION_ARG_STRING, &a.who, "Who decides (default: the user's name)", "NAME"},
		{"now", 0, 0, G_OPTION_ARG_STRING, &a.now, "The time to go by (RFC 3339; also SOURCE_DATE_EPOCH)",
		 "TIME"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("[list|set|remove]");
	g_option_context_add_main_entries(context, entries, NULL);
	g_autoptr(GError) error = NULL;
	if (am_cmd_parse(context, description, &argc, &argv, 0, 1, &error) && run(argv + 1, &a, &error))
		return AM_EXIT_OK;
	return am_cmd_fail("networks", error);
}
