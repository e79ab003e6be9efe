/* What is known of taps and subnets that no packet tells: the options of status and of whatever recommends a policy, and the
 * command by which a person decides it once for all of these. */
#include "config.h"

#include "declare.h"

#include <stdio.h>
#include <string.h>

void am_visibility_arguments_add(GOptionContext *context, AmVisibilityArguments *arguments)
{
	const GOptionEntry entries[] = {
		{"subnet", 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments->subnets,
		 "A subnet of the network (repeatable; default: each /24 of IPv4, /64 of IPv6)", "CIDR"},
		{"assume-visible", 0, 0, G_OPTION_ARG_STRING, &arguments->visible,
		 "Subnets whose traffic all passes a tap: 'all', 'none', or CIDRs and 'outside', with commas", "LIST"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_option_context_add_main_entries(context, entries, NULL);
}

void am_visibility_arguments_clear(AmVisibilityArguments *arguments)
{
	g_strfreev(arguments->subnets);
	g_free(arguments->visible);
}

gboolean am_cmd_assumes_all(const AmVisibilityArguments *arguments)
{
	return g_strcmp0(arguments->visible, "all") == 0;
}

static gboolean parse_prefixes(char **texts, const char *option, GArray *prefixes, gboolean *ret_outside,
			       GError **error)
{
	for (char **text = texts; text != NULL && *text != NULL; text++) {
		AmPrefix prefix;
		if (ret_outside != NULL && strcmp(*text, "outside") == 0) {
			*ret_outside = TRUE;
			continue;
		}
		if (!am_prefix_parse(*text, &prefix, error)) {
			g_prefix_error(error, "--%s: ", option);
			return FALSE;
		}
		g_array_append_val(prefixes, prefix);
	}
	return TRUE;
}

/* Appends the prefixes; of 'all' and 'none' there are none. */
static gboolean parse_arguments(const AmVisibilityArguments *arguments, GArray *subnets, GArray *visible,
				gboolean *ret_outside, GError **error)
{
	gboolean is_list =
		arguments->visible != NULL && !am_cmd_assumes_all(arguments) && strcmp(arguments->visible, "none") != 0;
	g_auto(GStrv) list = is_list ? g_strsplit(arguments->visible, ",", -1) : NULL;
	return parse_prefixes(arguments->subnets, "subnet", subnets, NULL, error) &&
	       parse_prefixes(list, "assume-visible", visible, ret_outside, error);
}

/* What the command line does not tell is as it was decided; says so. */
static void settle(AmVisibilityArguments *arguments, const AmDecisionSet *decisions)
{
	const AmTaps *taps = am_taps_in_force(decisions->taps);
	g_autoptr(GString) used = g_string_new(NULL);
	if (taps == NULL)
		return;
	if (arguments->subnets == NULL && taps->subnets->len > 0) {
		arguments->subnets = g_new0(char *, taps->subnets->len + 1);
		for (guint n = 0; n < taps->subnets->len; n++) {
			arguments->subnets[n] = g_strdup(taps->subnets->pdata[n]);
			g_string_append_printf(used, " --subnet %s", arguments->subnets[n]);
		}
	}
	if (arguments->visible == NULL && taps->visible != NULL) {
		arguments->visible = g_strdup(taps->visible);
		g_string_append_printf(used, " --assume-visible %s", taps->visible);
	}
	if (used->len > 0)
		am_cmd_say("as %s decided (decision %" G_GINT64_FORMAT "):%s", taps->said.who,
			   (gint64)taps->said.number, used->str);
}

AmVisibility *am_cmd_visibility(AmVisibilityArguments *arguments, const AmSnapshot *snapshot, GError **error)
{
	AmVisibilityOptions options = {0};
	g_autoptr(GArray) subnets = g_array_new(FALSE, FALSE, sizeof(AmPrefix));
	g_autoptr(GArray) visible = g_array_new(FALSE, FALSE, sizeof(AmPrefix));
	settle(arguments, snapshot->decisions);
	gboolean all = am_cmd_assumes_all(arguments);
	if (!parse_arguments(arguments, subnets, visible, &options.outside_visible, error))
		return NULL;
	for (int family = 4; all && family <= 6; family += 2) {
		AmPrefix everything = {.address.family = (uint8_t)family};
		g_array_append_val(visible, everything);
	}
	options.subnets = subnets;
	options.visible = visible;
	return am_map_visibility(snapshot->map, &options);
}

void am_cmd_note_visibility(const AmVisibility *visibility, const AmVisibilityArguments *arguments)
{
	uint64_t held = visibility->n_pairs[AM_VISIBILITY_BOTH] + visibility->n_pairs[AM_VISIBILITY_DECLARED];
	uint64_t rest = visibility->n_pairs[AM_VISIBILITY_NONE] + visibility->n_pairs[AM_VISIBILITY_ONE_WAY];
	if (am_cmd_assumes_all(arguments) || rest + visibility->half_seen->len == 0)
		return;
	am_cmd_say(
		"default deny holds between %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
		" pairs of subnets, or subnets and the outside%s; the others were not seen both ways, so what no rule "
		"permits there is only logged: 'allowmap status --visibility' names them, and the taps that are "
		"missing",
		held, held + rest, visibility->half_seen->len > 0 ? ", without the hosts that are seen in half" : "");
}

/* ---- The command */

static const char description[] =
	"Lists what was decided about taps and subnets, newest first. 'set' keeps what no packet tells, so that "
	"'status\n"
	"--visibility', 'recommend', 'export' and 'analyze' go by it without being told each time; it replaces what "
	"was\n"
	"set before. Their own options go before it ('--assume-visible none': nothing is assumed). 'remove' takes "
	"back\n"
	"the decision of this number.\n"
	"\n"
	"Examples:\n"
	"  allowmap visibility set --subnet 10.1.0.0/20 --assume-visible 10.1.0.0/16,outside --why 'tap at the core'\n"
	"  allowmap visibility list --db office.db\n"
	"  allowmap visibility remove 2";

static gboolean list(const AmMapArguments *map_arguments, const AmDeclareArguments *declare, GError **error)
{
	AmFormat format;
	g_autoptr(AmSnapshot) snapshot = am_declare_list(map_arguments, declare, &format, error);
	if (snapshot == NULL || !am_report_taps(snapshot->decisions->taps, format, stdout, error) ||
	    !am_cmd_finish_output(error))
		return FALSE;
	if (snapshot->decisions->taps->len == 0)
		am_cmd_say("nobody has decided about taps yet; 'allowmap visibility set' does");
	return TRUE;
}

static gboolean set(const AmVisibilityArguments *arguments, const AmMapArguments *map_arguments,
		    const AmDeclareArguments *declare, GError **error)
{
	g_autoptr(GArray) prefixes = g_array_new(FALSE, FALSE, sizeof(AmPrefix));
	gboolean outside = FALSE;
	AmSaid said;
	int64_t number;
	if (arguments->subnets == NULL && arguments->visible == NULL) {
		am_cmd_usage_error(error, "set what? --subnet CIDR or --assume-visible LIST");
		return FALSE;
	}
	if (!parse_arguments(arguments, prefixes, prefixes, &outside, error) ||
	    !am_declare_said(map_arguments, declare, &said, error))
		return FALSE;
	if (prefixes->len > AM_DECLARED_MAX_PREFIXES) {
		am_cmd_usage_error(error, "at most %d CIDRs, please", AM_DECLARED_MAX_PREFIXES);
		return FALSE;
	}
	g_autoptr(AmTaps) taps = am_taps_new();
	taps->said = (AmSaid){.who = g_strdup(said.who), .why = g_strdup(said.why), .at_ns = said.at_ns};
	taps->visible = g_strdup(arguments->visible);
	for (char **text = arguments->subnets; text != NULL && *text != NULL; text++)
		g_ptr_array_add(taps->subnets, g_strdup(*text));
	g_autoptr(AmDecisions) decisions = am_declare_open(map_arguments, error);
	if (decisions == NULL || !am_decisions_add_taps(decisions, taps, &number, error))
		return FALSE;
	am_cmd_say("decision %" G_GINT64_FORMAT ", said %s: 'allowmap status --visibility', 'recommend', 'export' and "
		   "'analyze' go by it",
		   (gint64)number, said.who);
	return TRUE;
}

static gboolean take_back(const char *number, const AmMapArguments *map_arguments, const AmDeclareArguments *declare,
			  GError **error)
{
	g_autoptr(AmSnapshot) snapshot = am_declare_look(map_arguments, error);
	const AmSaid *said = NULL;
	if (snapshot == NULL)
		return FALSE;
	for (guint n = 0; n < snapshot->decisions->taps->len; n++) {
		const AmTaps *taps = snapshot->decisions->taps->pdata[n];
		if (taps->said.number == am_declare_number(number))
			said = &taps->said;
	}
	return am_declare_take_back("visibility", number, said, map_arguments, declare, error);
}

static gboolean run(char **words, const AmVisibilityArguments *arguments, const AmMapArguments *map_arguments,
		    const AmDeclareArguments *declare, GError **error)
{
	gboolean sets = words[0] != NULL && strcmp(words[0], "set") == 0 && words[1] == NULL;
	if (sets)
		return set(arguments, map_arguments, declare, error);
	if (arguments->subnets != NULL || arguments->visible != NULL) {
		am_cmd_usage_error(error, "--subnet and --assume-visible are for 'set': see --help");
		return FALSE;
	}
	if (words[0] == NULL || (strcmp(words[0], "list") == 0 && words[1] == NULL))
		return list(map_arguments, declare, error);
	if (strcmp(words[0], "remove") == 0 && words[1] != NULL)
		return take_back(words[1], map_arguments, declare, error);
	am_cmd_usage_error(error, "visibility list, set, or remove NUMBER: see --help");
	return FALSE;
}

int am_cmd_visibility_verb(int argc, char **argv)
{
	g_auto(AmMapArguments) map_arguments = {0};
	g_auto(AmVisibilityArguments) arguments = {0};
	g_auto(AmDeclareArguments) declare = {0};
	g_autoptr(GOptionContext) context = g_option_context_new("[list] | set | remove NUMBER");
	am_visibility_arguments_add(context, &arguments);
	am_declare_arguments_add(context, &declare);
	am_map_arguments_add(context, &map_arguments);
	g_autoptr(GError) error = NULL;
	if (am_cmd_parse(context, description, &argc, &argv, 0, 2, &error) &&
	    run(argv + 1, &arguments, &map_arguments, &declare, &error))
		return AM_EXIT_OK;
	return am_cmd_fail("visibility", error);
}
