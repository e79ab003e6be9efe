/* middlebox: where addresses are translated and connections balanced or proxied: what was found, and what a person says. */
#include "config.h"

#include "declare.h"

#include <stdio.h>
#include <string.h>

static const char description[] =
	"Lists the addresses that ask for others, or are asked for others: NAT, balancers, proxies; and virtual "
	"addresses,\n"
	"that machines pass on to each other. 'add' says that ADDRESS is one, or 'none' against what was found; "
	"'remove'\n"
	"takes that back. What such an address asks, it asks in its own name (its clients are hidden): the rules for "
	"it "
	"are\n"
	"from that address only. A balancer that was seen to keep its clients' addresses hides none.\n"
	"\n"
	"Example:\n"
	"  allowmap middlebox --db office.db\n"
	"  allowmap middlebox add 192.0.2.10 nat --why 'gateway of the staff network' --db office.db\n"
	"  allowmap middlebox remove 192.0.2.10 --db office.db";

typedef struct {
	char *format, *network, *who, *why;
} Arguments;

static gboolean list(const AmMapArguments *map_arguments, const Arguments *arguments, GError **error)
{
	AmFormat format = AM_FORMAT_TABLE;
	if (arguments->network != NULL || arguments->who != NULL || arguments->why != NULL) {
		am_cmd_usage_error(error, "the list takes --format only; 'add' or 'remove' is missing: see --help");
		return FALSE;
	}
	if (arguments->format != NULL && !am_format_parse(arguments->format, &format, error))
		return FALSE;
	g_autoptr(AmSnapshot) snapshot = am_declare_look_first(map_arguments, error);
	if (snapshot == NULL ||
	    !am_report_middleboxes(snapshot->map, snapshot->decisions->middleboxes, format, stdout, error) ||
	    !am_cmd_finish_output(error))
		return FALSE;
	if (snapshot->map->middleboxes->len == 0 && snapshot->decisions->middleboxes->len == 0)
		am_cmd_say("no middlebox shows in %s; where you know of one, 'allowmap middlebox add' says so",
			   am_declare_facts(map_arguments));
	return TRUE;
}

/* Is there anything that it would take back? */
static gboolean is_said(const GArray *hints, const AmMiddleboxHint *hint)
{
	for (guint n = hints->len; n-- > 0;) {
		const AmMiddleboxHint *other = &g_array_index(hints, AmMiddleboxHint, n);
		if (am_address_compare(&other->address, &hint->address) == 0 &&
		    g_strcmp0(other->network, hint->network) == 0)
			return other->role != AM_MIDDLEBOX_WITHDRAWN;
	}
	return FALSE;
}

static gboolean fill(char **words, gboolean adds, const AmMapArguments *map_arguments, const Arguments *arguments,
		     AmMiddleboxHint *ret_hint, GError **error)
{
	AmMiddleboxHint hint = {.network = arguments->network, .why = arguments->why, .role = AM_MIDDLEBOX_WITHDRAWN};
	hint.who = arguments->who != NULL ? arguments->who : (char *)g_get_user_name();
	if (!am_address_parse(words[0], &hint.address)) {
		am_cmd_usage_error(error, "'%s' is no address", words[0]);
		return FALSE;
	}
	if (adds && (!am_middlebox_role_parse(words[1], &hint.role) || hint.role == AM_MIDDLEBOX_WITHDRAWN)) {
		am_cmd_usage_error(error, "'%s': nat, balancer, proxy or none, please", words[1]);
		return FALSE;
	}
	if (!am_cmd_check_name("network", arguments->network, error) ||
	    !am_clock(map_arguments->now, &hint.at_ns, error))
		return FALSE;
	*ret_hint = hint;
	return TRUE;
}

static gboolean keep(const AmMapArguments *map_arguments, const AmMiddleboxHint *hint, GError **error)
{
	g_autoptr(AmDecisions) decisions = am_declare_open(map_arguments, error);
	return decisions != NULL && am_decisions_add_middlebox(decisions, hint, error);
}

static gboolean decide(char **words, gboolean adds, const AmMapArguments *map_arguments, const Arguments *arguments,
		       GError **error)
{
	AmMiddleboxHint hint;
	if (!fill(words, adds, map_arguments, arguments, &hint, error))
		return FALSE;
	g_autofree char *beside = am_decisions_path_for(am_declare_facts(map_arguments));
	const char *path = map_arguments->decisions != NULL ? map_arguments->decisions : beside;
	g_autoptr(AmDecisions) before = adds ? NULL : am_decisions_open(path, FALSE, error);
	g_autoptr(AmDecisionSet) set = before != NULL ? am_decisions_load(before, error) : NULL;
	if (!adds && set == NULL)
		return FALSE;
	if (!adds && !is_said(set->middleboxes, &hint)) {
		am_cmd_usage_error(error,
				   "of %s nothing was said that could be taken back; 'allowmap middlebox' lists "
				   "what was",
				   words[0]);
		return FALSE;
	}
	if (!keep(map_arguments, &hint, error))
		return FALSE;
	if (adds)
		am_cmd_say("%s is %s%s, said %s; the next map goes by it", words[0],
			   hint.role == AM_MIDDLEBOX_NONE ? "no middlebox" : "a middlebox: ",
			   hint.role == AM_MIDDLEBOX_NONE ? "" : words[1], hint.who);
	else
		am_cmd_say("%s is as if nothing had been said, said %s", words[0], hint.who);
	return TRUE;
}

static gboolean run(char **words, const AmMapArguments *map_arguments, const Arguments *arguments, GError **error)
{
	guint n_words = g_strv_length(words);
	if (n_words == 0 || (n_words == 1 && strcmp(words[0], "list") == 0))
		return list(map_arguments, arguments, error);
	gboolean adds = n_words == 3 && strcmp(words[0], "add") == 0;
	if (!adds && (n_words != 2 || strcmp(words[0], "remove") != 0)) {
		am_cmd_usage_error(error,
				   "middlebox list, middlebox add ADDRESS ROLE, or middlebox remove ADDRESS: see "
				   "--help");
		return FALSE;
	}
	if (arguments->format != NULL) {
		am_cmd_usage_error(error, "--format is for the list");
		return FALSE;
	}
	return decide(words + 1, adds, map_arguments, arguments, error);
}

int am_cmd_middlebox(int argc, char **argv)
{
	g_auto(AmMapArguments) map_arguments = {0};
	g_autofree char *format = NULL, *network = NULL, *who = NULL, *why = NULL;
	const GOptionEntry entries[] = {
		{"format", 0, 0, G_OPTION_ARG_STRING, &format, "table (default), json or csv", "FORMAT"},
		{"why", 0, 0, G_OPTION_ARG_STRING, &why, "The reason, kept with the decision", "TEXT"},
		{"by", 0, 0, G_OPTION_ARG_STRING, &who, "Who says so (default: the user's name)", "NAME"},
		{"network", 0, 0, G_OPTION_ARG_STRING, &network, "Only in this address space", "NAME"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("[list] | add ADDRESS ROLE | remove ADDRESS");
	g_option_context_add_main_entries(context, entries, NULL);
	am_map_arguments_add(context, &map_arguments);
	g_autoptr(GError) error = NULL;
	gboolean ok = am_cmd_parse(context, description, &argc, &argv, 0, 3, &error);
	const Arguments arguments = {format, network, who, why};
	if (ok && run(argv + 1, &map_arguments, &arguments, &error))
		return AM_EXIT_OK;
	return am_cmd_fail("middlebox", error);
}
