/* expect, exclude: a person declares what hosts are about to do, what they are for, or what is nobody's business. It is kept
 * apart from the facts and survives every new run.
 */
#include "config.h"

#include "declare.h"

#include <stdio.h>
#include <string.h>

#define MAX_TICKET 100     /* as in the policy document */
#define MAX_WINDOW_DAYS 92 /* a change that takes longer is none: what comes in a quarter is not all expected */
#define NS_PER_DAY (INT64_C(86400) * AM_NS_PER_S)

static const char expect_description[] =
	"Lists what was declared, newest first, and how many flows are judged by it. 'add' declares:\n"
	"\n"
	"--as change (default): a release, a move, a new host. What HOSTS do anew between --from and --until, with "
	"hosts\n"
	"inside or with those of --with, is no anomaly: not too late, and not too rare where SERVICE names it. It is\n"
	"permitted where nothing else stands against it, else left as a question with the reason 'expected'. Scans,\n"
	"beacons and tours of logins stay what they are.\n"
	"--as scanner, --as monitoring: HOSTS look into others by order. What they ask and are answered gets rules of\n"
	"its own, which no export enforces before each was approved. Their probes are no attack any more.\n"
	"\n"
	"HOSTS are addresses and CIDRs, with commas; SERVICE is tcp/443 or the like, or 'any' (default). 'remove' "
	"takes\n"
	"back the decision of this number.\n"
	"\n"
	"Examples:\n"
	"  allowmap expect add 10.2.0.9,10.2.0.10 tcp/8443 --from 2026-03-02 --until 2026-03-08 --ticket CHG-118\n"
	"  allowmap expect add 10.0.9.4 --as scanner --ticket SEC-12 --why 'weekly scan'\n"
	"  allowmap expect list --db office.db\n"
	"  allowmap expect remove 3 --why 'was not rolled out'";

static const char exclude_description[] =
	"Lists what is left out, newest first, and how many flows that is. 'add' leaves out what HOSTS do and offer "
	"on\n"
	"SERVICE (only with the hosts of --with, where given): these flows are background with the reason 'excluded', "
	"get\n"
	"no rule, and are still listed. A verdict that was set on a flow goes before; what is suspicious stays so.\n"
	"HOSTS are addresses and CIDRs, with commas; SERVICE is tcp/443 or the like, or 'any' (default). 'remove' "
	"takes\n"
	"back the decision of this number.\n"
	"\n"
	"Examples:\n"
	"  allowmap exclude add 10.9.0.0/16 --why 'lab, not ours' --db office.db\n"
	"  allowmap exclude add 10.0.0.0/8 udp/161 --with 10.0.3.7 --why 'old collector, will be switched off'\n"
	"  allowmap exclude remove 4";

typedef struct {
	const char *verb;
	gboolean exclusions;
	char *as, *with, *from, *until, *ticket, *network;
	AmDeclareArguments declare;
} Arguments;

/* A date alone is its beginning, or its end. */
static gboolean parse_moment(const char *option, const char *text, gboolean is_end, int64_t *ret_ns, GError **error)
{
	gboolean is_date = strlen(text) == strlen("2026-03-02") && text[4] == '-' && text[7] == '-';
	g_autofree char *whole = is_date ? g_strconcat(text, "T00:00:00Z", NULL) : g_strdup(text);
	int64_t ns;
	if (!am_time_parse(whole, &ns) || ns <= 0 || ns > INT64_MAX - NS_PER_DAY) {
		am_cmd_usage_error(error, "--%s %s: a date or time, please: 2026-03-02 or 2026-03-02T18:00:00Z", option,
				   text);
		return FALSE;
	}
	*ret_ns = is_date && is_end ? ns + NS_PER_DAY - 1 : ns;
	return TRUE;
}

static gboolean check_window(const AmDeclaration *declaration, GError **error)
{
	gboolean bounded = declaration->from_ns != 0 && declaration->to_ns != 0;
	if (declaration->kind == AM_DECLARED_CHANGE && !bounded) {
		am_cmd_usage_error(error, "when? A change takes --from TIME and --until TIME");
		return FALSE;
	}
	if (bounded && declaration->from_ns >= declaration->to_ns) {
		am_cmd_usage_error(error, "--from comes after --until");
		return FALSE;
	}
	if (declaration->kind == AM_DECLARED_CHANGE &&
	    declaration->to_ns - declaration->from_ns > MAX_WINDOW_DAYS * NS_PER_DAY) {
		am_cmd_usage_error(error,
				   "--from and --until are more than %d days apart: no change takes as long, and all "
				   "that came in that time would pass as expected",
				   MAX_WINDOW_DAYS);
		return FALSE;
	}
	return TRUE;
}

static gboolean fill_expected(const Arguments *arguments, AmDeclaration *declaration, GError **error)
{
	if (arguments->as != NULL &&
	    (!am_declared_parse(arguments->as, &declaration->kind) || declaration->kind == AM_DECLARED_EXCLUSION)) {
		am_cmd_usage_error(error, "--as %s: change, scanner or monitoring, please", arguments->as);
		return FALSE;
	}
	if (arguments->ticket == NULL || arguments->ticket[0] == '\0' || strlen(arguments->ticket) > MAX_TICKET) {
		am_cmd_usage_error(
			error,
			"--ticket is needed, of at most %d octets: who reviews the rules has to find out who "
			"agreed to it",
			MAX_TICKET);
		return FALSE;
	}
	declaration->ticket = g_strdup(arguments->ticket);
	return (arguments->from == NULL ||
		parse_moment("from", arguments->from, FALSE, &declaration->from_ns, error)) &&
	       (arguments->until == NULL ||
		parse_moment("until", arguments->until, TRUE, &declaration->to_ns, error)) &&
	       check_window(declaration, error);
}

/* HOSTS [SERVICE] */
static AmDeclaration *fill(char **words, const AmMapArguments *map_arguments, const Arguments *arguments,
			   GError **error)
{
	g_autoptr(AmDeclaration) declaration =
		am_declaration_new(arguments->exclusions ? AM_DECLARED_EXCLUSION : AM_DECLARED_CHANGE);
	AmSaid said;
	if (!am_cmd_check_name("network", arguments->network, error) ||
	    !am_declare_prefixes("HOSTS", words[0], declaration->hosts, error) ||
	    (arguments->with != NULL && !am_declare_prefixes("--with", arguments->with, declaration->peers, error)) ||
	    (words[1] != NULL && strcmp(words[1], "any") != 0 &&
	     !am_cmd_parse_service(words[1], &declaration->ip_protocol, &declaration->port, error)) ||
	    !am_declare_said(map_arguments, &arguments->declare, &said, error))
		return NULL;
	if (arguments->exclusions && said.why[0] == '\0') {
		am_cmd_usage_error(error, "--why is needed: what is left out needs a reason");
		return NULL;
	}
	if (!arguments->exclusions && !fill_expected(arguments, declaration, error))
		return NULL;
	declaration->network = g_strdup(arguments->network);
	declaration->said.who = g_strdup(said.who);
	declaration->said.why = g_strdup(said.why);
	declaration->said.at_ns = said.at_ns;
	return g_steal_pointer(&declaration);
}

static const char *plural(guint n)
{
	return n == 1 ? "" : "s";
}

static void tell_effect(const AmDeclaration *declaration, int64_t number, const char *db, AmDeclaredCount count)
{
	am_cmd_say("decision %" G_GINT64_FORMAT ", %s, said %s: %u host%s of %s, and %u flow%s", (gint64)number,
		   am_declared_kind_text(declaration->kind), declaration->said.who, count.hosts, plural(count.hosts),
		   db, count.flows, plural(count.flows));
	switch (declaration->kind) {
	case AM_DECLARED_EXCLUSION:
		am_cmd_say("%u flow%s left out, and listed with the reason 'excluded'; what is suspicious stays so",
			   count.changed, count.changed == 1 ? " is" : "s are");
		break;
	case AM_DECLARED_CHANGE:
		am_cmd_say("%u flow%s new or rare, and expected now: %u permitted, %u left as a question",
			   count.changed, count.changed == 1 ? " was" : "s were", count.essential,
			   count.changed - count.essential);
		break;
	default:
		am_cmd_say("%u flow%s permitted by rules of their own, which are enforced only when they are approved",
			   count.essential, count.essential == 1 ? " is" : "s are");
	}
}

/* So many hosts, and a quarter of those inside, are no change any more. */
#define WIDE_HOSTS 16
#define WIDE_SHARE 4

static void warn_of_width(const AmDeclaration *declaration, const AmMap *map, guint n_hosts)
{
	guint n_inside = 0;
	for (guint n = 0; n < map->endpoints->len; n++) {
		uint32_t asset = g_array_index(map->endpoints, AmEndpoint, n).asset;
		n_inside += g_array_index(map->assets, AmAsset, asset).inside ? 1 : 0;
	}
	if (declaration->kind == AM_DECLARED_CHANGE && n_hosts >= WIDE_HOSTS && n_hosts * WIDE_SHARE >= n_inside)
		am_cmd_say(
			"that is wide, %u of %u addresses inside: who breaks in at that time passes as expected, too, "
			"where nothing else gives him away; name fewer hosts, or the other end --with",
			n_hosts, n_inside);
}

static gboolean add(char **words, const AmMapArguments *map_arguments, const Arguments *arguments, GError **error)
{
	int64_t number;
	g_autoptr(AmDeclaration) declaration = fill(words, map_arguments, arguments, error);
	if (declaration == NULL)
		return FALSE;
	g_autoptr(AmSnapshot) before = am_declare_look(map_arguments, error);
	g_autoptr(AmDecisions) decisions = before != NULL ? am_declare_open(map_arguments, error) : NULL;
	if (decisions == NULL || !am_decisions_add_declaration(decisions, declaration, &number, error))
		return FALSE;
	g_autoptr(AmSnapshot) after = am_declare_look(map_arguments, error);
	if (after == NULL)
		return FALSE;
	AmDeclaredCount count = am_map_count_declared(after->map, declaration);
	tell_effect(declaration, number, am_declare_facts(map_arguments), count);
	warn_of_width(declaration, after->map, count.hosts);
	return TRUE;
}

static gboolean list(const AmMapArguments *map_arguments, const Arguments *arguments, GError **error)
{
	AmFormat format;
	g_autoptr(AmSnapshot) snapshot = am_declare_list(map_arguments, &arguments->declare, &format, error);
	if (snapshot == NULL)
		return FALSE;
	const GPtrArray *all = snapshot->decisions->declarations;
	g_autofree AmDeclaredCount *counts = g_new0(AmDeclaredCount, MAX(all->len, 1));
	guint listed = 0;
	for (guint n = 0; n < all->len; n++) {
		const AmDeclaration *declaration = all->pdata[n];
		if ((declaration->kind == AM_DECLARED_EXCLUSION) != arguments->exclusions)
			continue;
		counts[n] = am_map_count_declared(snapshot->map, declaration);
		listed++;
	}
	if (!am_report_declarations(all, counts, arguments->exclusions, format, stdout, error) ||
	    !am_cmd_finish_output(error))
		return FALSE;
	if (listed == 0)
		am_cmd_say("nobody has declared anything yet; 'allowmap %s add' does", arguments->verb);
	return TRUE;
}

static gboolean take_back(const char *number, const AmMapArguments *map_arguments, const Arguments *arguments,
			  GError **error)
{
	g_autoptr(AmSnapshot) snapshot = am_declare_look(map_arguments, error);
	const AmSaid *said = NULL;
	if (snapshot == NULL)
		return FALSE;
	for (guint n = 0; n < snapshot->decisions->declarations->len; n++) {
		const AmDeclaration *declaration = snapshot->decisions->declarations->pdata[n];
		if (declaration->said.number == am_declare_number(number) &&
		    (declaration->kind == AM_DECLARED_EXCLUSION) == arguments->exclusions)
			said = &declaration->said;
	}
	return am_declare_take_back(arguments->verb, number, said, map_arguments, &arguments->declare, error);
}

static gboolean run(char **words, const AmMapArguments *map_arguments, const Arguments *arguments, GError **error)
{
	guint n_words = g_strv_length(words);
	gboolean adds = (n_words == 2 || n_words == 3) && strcmp(words[0], "add") == 0;
	if (!adds && (arguments->as != NULL || arguments->with != NULL || arguments->from != NULL ||
		      arguments->until != NULL || arguments->ticket != NULL || arguments->network != NULL)) {
		am_cmd_usage_error(error, "that is for 'add': see --help");
		return FALSE;
	}
	if (adds)
		return add(words + 1, map_arguments, arguments, error);
	if (n_words == 0 || (n_words == 1 && strcmp(words[0], "list") == 0))
		return list(map_arguments, arguments, error);
	if (n_words == 2 && strcmp(words[0], "remove") == 0)
		return take_back(words[1], map_arguments, arguments, error);
	am_cmd_usage_error(error, "%s list, %s add HOSTS [SERVICE], or %s remove NUMBER: see --help", arguments->verb,
			   arguments->verb, arguments->verb);
	return FALSE;
}

static void arguments_clear(Arguments *arguments)
{
	g_free(arguments->as);
	g_free(arguments->with);
	g_free(arguments->from);
	g_free(arguments->until);
	g_free(arguments->ticket);
	g_free(arguments->network);
	am_declare_arguments_clear(&arguments->declare);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

static int declare(Arguments *a, const char *description, const GOptionEntry *own, int argc, char **argv)
{
	g_auto(AmMapArguments) map_arguments = {0};
	const GOptionEntry entries[] = {
		{"with", 0, 0, G_OPTION_ARG_STRING, &a->with, "Only with these: addresses and CIDRs, with commas",
		 "HOSTS"},
		{"network", 0, 0, G_OPTION_ARG_STRING, &a->network, "Only in this address space", "NAME"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("[list] | add HOSTS [SERVICE] | remove NUMBER");
	g_option_context_add_main_entries(context, entries, NULL);
	if (own != NULL)
		g_option_context_add_main_entries(context, own, NULL);
	am_declare_arguments_add(context, &a->declare);
	am_map_arguments_add(context, &map_arguments);
	g_autoptr(GError) error = NULL;
	if (am_cmd_parse(context, description, &argc, &argv, 0, 3, &error) && run(argv + 1, &map_arguments, a, &error))
		return AM_EXIT_OK;
	return am_cmd_fail(a->verb, error);
}

int am_cmd_expect(int argc, char **argv)
{
	g_auto(Arguments) a = {.verb = "expect"};
	const GOptionEntry entries[] = {
		{"as", 0, 0, G_OPTION_ARG_STRING, &a.as, "change (default), scanner or monitoring", "KIND"},
		{"from", 0, 0, G_OPTION_ARG_STRING, &a.from, "When it begins: a date or time", "TIME"},
		{"until", 0, 0, G_OPTION_ARG_STRING, &a.until, "When it ends; a date is meant to its end", "TIME"},
		{"ticket", 0, 0, G_OPTION_ARG_STRING, &a.ticket, "The change or order that it goes by", "ID"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	return declare(&a, expect_description, entries, argc, argv);
}

int am_cmd_exclude(int argc, char **argv)
{
	g_auto(Arguments) a = {.verb = "exclude", .exclusions = TRUE};
	return declare(&a, exclude_description, NULL, argc, argv);
}
