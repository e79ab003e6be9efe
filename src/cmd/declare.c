/* Steps that the commands share by which people declare something. */
#include "config.h"

#include "declare.h"

#include <stdio.h>
#include <string.h>

#define MAX_WHO 100
#define MAX_WHY 500

void am_declare_arguments_add(GOptionContext *context, AmDeclareArguments *arguments)
{
	const GOptionEntry entries[] = {
		{"format", 0, 0, G_OPTION_ARG_STRING, &arguments->format, "table (default), json or csv", "FORMAT"},
		{"why", 0, 0, G_OPTION_ARG_STRING, &arguments->why, "The reason, kept with the decision", "TEXT"},
		{"by", 0, 0, G_OPTION_ARG_STRING, &arguments->who, "Who decides (default: the user's name)", "NAME"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_option_context_add_main_entries(context, entries, NULL);
}

void am_declare_arguments_clear(AmDeclareArguments *arguments)
{
	g_free(arguments->format);
	g_free(arguments->who);
	g_free(arguments->why);
}

const char *am_declare_facts(const AmMapArguments *map_arguments)
{
	return map_arguments->db != NULL ? map_arguments->db : "allowmap.db";
}

AmSnapshot *am_declare_look(const AmMapArguments *map_arguments, GError **error)
{
	const char *db = am_declare_facts(map_arguments);
	return g_file_test(db, G_FILE_TEST_EXISTS) ? am_cmd_snapshot(map_arguments, error)
						   : am_job_snapshot_without_facts(db, map_arguments->decisions, error);
}

AmSnapshot *am_declare_look_first(const AmMapArguments *map_arguments, GError **error)
{
	gboolean decided = am_decisions_exist(am_declare_facts(map_arguments), map_arguments->decisions);
	return decided ? am_declare_look(map_arguments, error) : am_cmd_snapshot(map_arguments, error);
}

AmDecisions *am_declare_open(const AmMapArguments *map_arguments, GError **error)
{
	g_autofree char *beside = am_decisions_path_for(am_declare_facts(map_arguments));
	return am_decisions_open(map_arguments->decisions != NULL ? map_arguments->decisions : beside, TRUE, error);
}

gboolean am_declare_said(const AmMapArguments *map_arguments, const AmDeclareArguments *arguments, AmSaid *ret_said,
			 GError **error)
{
	AmSaid said = {.why = arguments->why != NULL ? arguments->why : (char *)""};
	said.who = arguments->who != NULL ? arguments->who : (char *)g_get_user_name();
	if (arguments->format != NULL) {
		am_cmd_usage_error(error, "--format is for the list");
		return FALSE;
	}
	if (strlen(said.who) > MAX_WHO || strlen(said.why) > MAX_WHY) {
		am_cmd_usage_error(error, "at most %d octets for --by and %d for --why, please", MAX_WHO, MAX_WHY);
		return FALSE;
	}
	if (!am_clock(map_arguments->now, &said.at_ns, error))
		return FALSE;
	*ret_said = said;
	return TRUE;
}

AmSnapshot *am_declare_list(const AmMapArguments *map_arguments, const AmDeclareArguments *arguments,
			    AmFormat *ret_format, GError **error)
{
	*ret_format = AM_FORMAT_TABLE;
	if (arguments->who != NULL || arguments->why != NULL) {
		am_cmd_usage_error(error, "the list takes --format only; see --help");
		return NULL;
	}
	if (arguments->format != NULL && !am_format_parse(arguments->format, ret_format, error))
		return NULL;
	return am_declare_look_first(map_arguments, error);
}

gboolean am_declare_prefixes(const char *what, const char *text, GArray *prefixes, GError **error)
{
	g_auto(GStrv) words = g_strsplit(text, ",", -1);
	for (char **word = words; *word != NULL; word++) {
		AmPrefix prefix;
		if (prefixes->len == AM_DECLARED_MAX_PREFIXES) {
			am_cmd_usage_error(error, "%s: at most %d addresses or CIDRs, please", what,
					   AM_DECLARED_MAX_PREFIXES);
			return FALSE;
		}
		if (!am_prefix_parse(*word, &prefix, error)) {
			g_prefix_error(error, "%s: ", what);
			return FALSE;
		}
		g_array_append_val(prefixes, prefix);
	}
	return TRUE;
}

int64_t am_declare_number(const char *text)
{
	gint64 number;
	return g_ascii_string_to_signed(text, 10, 1, G_MAXINT64, &number, NULL) ? number : 0;
}

gboolean am_declare_take_back(const char *verb, const char *number, const AmSaid *said,
			      const AmMapArguments *map_arguments, const AmDeclareArguments *arguments, GError **error)
{
	AmSaid now;
	if (said == NULL || said->withdrawn) {
		am_cmd_usage_error(
			error, "%s: %s; 'allowmap %s list' tells the numbers", number,
			said == NULL ? "there is no decision of this number here" : "it was taken back before", verb);
		return FALSE;
	}
	if (!am_declare_said(map_arguments, arguments, &now, error))
		return FALSE;
	g_autoptr(AmDecisions) decisions = am_declare_open(map_arguments, error);
	if (decisions == NULL || !am_decisions_withdraw(decisions, said->number, now.who, now.why, now.at_ns, error))
		return FALSE;
	am_cmd_say("decision %s, said %s, is taken back by %s: as if it had not been said", number, said->who, now.who);
	return TRUE;
}

void am_cmd_note_sanctioned(const AmPolicy *policy)
{
	guint n_rules = 0;
	for (guint n = 0; n < policy->rules->len; n++) {
		const AmRule *rule = policy->rules->pdata[n];
		n_rules += rule->explicit_approval && rule->status == AM_STATUS_PROPOSED ? 1 : 0;
	}
	if (n_rules > 0)
		am_cmd_say("%u of the rules are of declared scanners and monitoring (explicit_approval in the policy): "
			   "each "
			   "is to be approved by itself, or no export enforces it",
			   n_rules);
}
