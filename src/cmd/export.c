/* export: the policy as allow-lists for an enforcement tool. */
#include "config.h"

#include "cmd.h"

#include <stdio.h>
#include <string.h>

static const char description[] =
	"Writes the policy for a target, reads that back, and proves that it permits the same. Nothing is dropped by "
	"the\n"
	"rules unless --enforce is given; rules that nobody has approved are enforced only with --unapproved.\n"
	"The policy is read from --policy, or else recommended from the facts. Where it is about several networks, "
	"whose\n"
	"addresses may overlap, --network chooses the one in which the allow-list is to be enforced.\n"
	"\n"
	"Examples:\n"
	"  allowmap export --to nftables --policy policy.json -o allowmap.nft && nft -c -f allowmap.nft\n"
	"  allowmap export --to csv --db office.db > rules.csv";

typedef struct {
	char *to, *policy, *form, *output, *granularity, *network;
	AmExportOptions options;
	AmVisibilityArguments taps;
} Arguments;

static const AmExportTarget *find_target(const char *name, GError **error)
{
	const AmExportTarget *target = name != NULL ? am_export_find(name) : NULL;
	if (target != NULL)
		return target;
	g_autoptr(GString) names = g_string_new(NULL);
	for (guint n = 0; (target = am_export_target(n)) != NULL; n++)
		g_string_append_printf(names, "%s%s", n > 0 ? ", " : "", target->name);
	if (name != NULL)
		am_cmd_usage_error(error, "--to %s: there is no such target; there are: %s", name, names->str);
	else
		am_cmd_usage_error(error, "--to TARGET is needed, one of: %s", names->str);
	return NULL;
}

static AmPolicy *get_policy(const AmMapArguments *map_arguments, Arguments *arguments, GError **error)
{
	if (arguments->policy != NULL)
		return am_job_read_policy(arguments->policy, error);
	AmRecommendOptions options;
	if (!am_cmd_recommend_options(arguments->granularity, NULL, map_arguments->now, &options, error))
		return NULL;
	g_autoptr(AmSnapshot) snapshot = am_cmd_snapshot(map_arguments, error);
	g_autoptr(AmVisibility) seen = snapshot != NULL ? am_cmd_visibility(&arguments->taps, snapshot, error) : NULL;
	options.visibility = am_cmd_assumes_all(&arguments->taps) ? NULL : seen;
	return seen != NULL ? am_job_recommend(snapshot, &options, error) : NULL;
}

/* How many from the n-th on have the same to be said of them: those that are dropped may be many. */
static guint run_length(const GArray *fidelity, guint n)
{
	const AmFidelity *first = &g_array_index(fidelity, AmFidelity, n);
	guint length = 1;
	for (; n + length < fidelity->len; length++) {
		const AmFidelity *rule = first + length;
		if (rule->kind != first->kind || g_strcmp0(rule->reason, first->reason) != 0)
			break;
	}
	return length;
}

/* Adds the rules whose time is over: no export sees them. */
static void tell_expired(const AmPolicy *policy, int64_t now_ns, GArray *fidelity)
{
	for (guint n = 0; n < policy->rules->len; n++) {
		const AmRule *rule = policy->rules->pdata[n];
		char date[AM_TIME_TEXT_SIZE];
		if (rule->status != AM_STATUS_EXPIRED || rule->expires_ns == 0 || rule->expires_ns > now_ns)
			continue;
		AmFidelity expired = {.kind = AM_FIDELITY_DROPPED,
				      .reason = g_strdup_printf("expired on %s", am_time_text(rule->expires_ns, date))};
		memcpy(expired.rule_id, rule->id, sizeof expired.rule_id);
		g_array_append_val(fidelity, expired);
	}
}

static void print_fidelity(const GArray *fidelity, const char *network)
{
	static const char *const names[] = {"exact", "narrowed", "widened", "dropped"};
	guint counts[G_N_ELEMENTS(names)] = {0};
	for (guint n = 0, length; n < fidelity->len; n += length) {
		const AmFidelity *rule = &g_array_index(fidelity, AmFidelity, n);
		length = run_length(fidelity, n);
		counts[rule->kind] += length;
		if (rule->kind != AM_FIDELITY_EXACT && length == 1)
			am_cmd_say("%s %s: %s", rule->rule_id, names[rule->kind], rule->reason);
		else if (rule->kind != AM_FIDELITY_EXACT)
			am_cmd_say("%u rules, from %s on, %s: %s", length, rule->rule_id, names[rule->kind],
				   rule->reason);
	}
	am_cmd_say("%u of %u rules exact, read back and proved equal to the policy%s%s", counts[AM_FIDELITY_EXACT],
		   fidelity->len - counts[AM_FIDELITY_DROPPED], network != NULL ? " in network " : "",
		   network != NULL ? network : "");
}

static gboolean export_policy(const AmMapArguments *map_arguments, Arguments *arguments, GError **error)
{
	const AmExportTarget *target = find_target(arguments->to, error);
	if (target == NULL)
		return FALSE;
	AmExportOptions options = arguments->options;
	if (arguments->form != NULL && strcmp(arguments->form, "text") != 0 && strcmp(arguments->form, "json") != 0) {
		am_cmd_usage_error(error, "--form %s: text or json, please", arguments->form);
		return FALSE;
	}
	options.json = arguments->form != NULL && strcmp(arguments->form, "json") == 0;
	g_autoptr(AmPolicy) policy = get_policy(map_arguments, arguments, error);
	if (policy == NULL)
		return FALSE;
	int64_t now_ns;
	if (!am_clock(map_arguments->now, &now_ns, error))
		return FALSE;
	am_policy_expire(policy, now_ns);
	guint n_withheld = options.enforce && options.unapproved ? am_policy_withhold(policy) : 0;
	g_autoptr(GArray) fidelity = NULL;
	g_autofree char *text = am_job_export(target, policy, arguments->network, &options, &fidelity, error);
	if (text == NULL || !am_job_write_file(arguments->output, text, -1, error))
		return FALSE;
	tell_expired(policy, now_ns, fidelity);
	print_fidelity(fidelity, arguments->network);
	if (n_withheld > 0)
		am_cmd_say("%u rule%s of declared scanners and monitoring %s left out: --unapproved is not for them; "
			   "approve "
			   "each, or what they ask is denied",
			   n_withheld, n_withheld == 1 ? "" : "s", n_withheld == 1 ? "is" : "are");
	if (options.enforce && target->denies && policy->visible != NULL)
		am_cmd_say(
			"what no rule permits is dropped only where traffic was seen both ways, as the policy says in "
			"visible; elsewhere it is logged and passes");
	return TRUE;
}

static void arguments_clear(Arguments *arguments)
{
	g_free(arguments->to);
	g_free(arguments->policy);
	g_free(arguments->form);
	g_free(arguments->output);
	g_free(arguments->granularity);
	g_free(arguments->network);
	am_visibility_arguments_clear(&arguments->taps);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

int am_cmd_export(int argc, char **argv)
{
	g_auto(AmMapArguments) map_arguments = {0};
	g_auto(Arguments) arguments = {0};
	AmExportOptions *options = &arguments.options;
	const GOptionEntry entries[] = {
		{"to", 0, 0, G_OPTION_ARG_STRING, &arguments.to, "The target: nftables or csv", "TARGET"},
		{"policy", 0, 0, G_OPTION_ARG_FILENAME, &arguments.policy, "The policy document ('-': standard input)",
		 "FILE"},
		{"granularity", 0, 0, G_OPTION_ARG_STRING, &arguments.granularity,
		 "Without --policy: group (default) or exact", "LEVEL"},
		{"network", 0, 0, G_OPTION_ARG_STRING, &arguments.network,
		 "The address space that the allow-list is for (default: the policy's only one)", "NAME"},
		{"enforce", 0, 0, G_OPTION_ARG_NONE, &options->enforce,
		 "Deny what is not permitted (default: only log it)", NULL},
		{"unapproved", 0, 0, G_OPTION_ARG_NONE, &options->unapproved,
		 "With --enforce: also rules that nobody has approved", NULL},
		{"allow-widening", 0, 0, G_OPTION_ARG_NONE, &options->allow_widening,
		 "Accept that the target permits more than the policy", NULL},
		{"host", 0, 0, G_OPTION_ARG_NONE, &options->host, "For an end host (default: for a router)", NULL},
		{"form", 0, 0, G_OPTION_ARG_STRING, &arguments.form, "nftables: text (default) or json", "FORM"},
		{"output", 'o', 0, G_OPTION_ARG_FILENAME, &arguments.output,
		 "Where to write (default: standard output)", "FILE"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_option_context_add_main_entries(context, entries, NULL);
	am_map_arguments_add(context, &map_arguments);
	am_visibility_arguments_add(context, &arguments.taps);
	g_autoptr(GError) error = NULL;
	if (am_cmd_parse(context, description, &argc, &argv, 0, 0, &error) &&
	    export_policy(&map_arguments, &arguments, &error))
		return AM_EXIT_OK;
	return am_cmd_fail("export", error);
}
