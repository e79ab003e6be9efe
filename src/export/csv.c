/* CSV (RFC 4180), one line a rule, for spreadsheets and scripts. Names come from the policy document, which people edit: a
 * field that a spreadsheet would take for a formula gets a "'" in front, and the reader in import/ takes it away again. */
#include "config.h"

#include "private.h"

#include <string.h>

static const char header[] = "rule_id,status,from,from_addresses,to,to_addresses,protocol,ports,l7,direction,"
			     "connections,days,first,last,over_grant\r\n";

static void add_text(GString *text, const char *field)
{
	gboolean is_formula = field[0] != '\0' && strchr("=+-@'\t\r", field[0]) != NULL;
	gboolean is_quoted = strpbrk(field, ",\"\r\n") != NULL;
	if (is_quoted)
		g_string_append_c(text, '"');
	if (is_formula)
		g_string_append_c(text, '\'');
	for (; *field != '\0'; field++)
		g_string_append(text, *field == '"' ? "\"\"" : (char[]){*field, '\0'});
	if (is_quoted)
		g_string_append_c(text, '"');
	g_string_append_c(text, ',');
}

static void add_names(GString *text, const AmPeer *peer)
{
	g_autoptr(GString) names = g_string_new(NULL);
	for (guint n = 0; n < peer->groups->len; n++)
		g_string_append_printf(names, "%s%s", n > 0 ? " " : "", (const char *)peer->groups->pdata[n]);
	add_text(text, names->str);
}

static void add_prefixes(GString *text, const GArray *prefixes)
{
	if (prefixes == NULL)
		g_string_append(text, "any");
	for (guint n = 0; prefixes != NULL && n < prefixes->len; n++) {
		g_autofree char *prefix = am_prefix_text(&g_array_index(prefixes, AmPrefix, n));
		g_string_append_printf(text, "%s%s", n > 0 ? " " : "", prefix);
	}
	g_string_append_c(text, ',');
}

static void add_service(GString *text, const AmService *service)
{
	char protocol[8];
	g_string_append_printf(text, "%s,", am_protocol_text(service->ip_protocol, protocol));
	for (guint n = 0; n < service->ports->len; n++) {
		const AmPortRange *range = &g_array_index(service->ports, AmPortRange, n);
		g_string_append_printf(text, "%s%u", n > 0 ? " " : "", range->low);
		if (range->high != range->low)
			g_string_append_printf(text, "-%u", range->high);
	}
	for (guint n = 0; n < service->types->len; n++) {
		const AmIcmpType *type = &g_array_index(service->types, AmIcmpType, n);
		g_string_append_printf(text, "%stype %u", n > 0 ? " " : "", type->type);
		if (type->code >= 0)
			g_string_append_printf(text, ".%d", type->code);
	}
	if (service->ports->len == 0 && service->types->len == 0)
		g_string_append(text, "any");
	g_string_append_c(text, ',');
}

static char *write_csv(const AmPolicy *policy, const AmExportOptions *options, GArray *fidelity, GError **error)
{
	static const char *const statuses[] = {"proposed", "approved", "rejected", "expired"};
	(void)options;
	g_autoptr(GArray) rules = am_flatten(policy, fidelity, error);
	if (rules == NULL)
		return NULL;
	g_autoptr(GString) text = g_string_new(header);
	for (guint n = 0; n < rules->len; n++) {
		const AmFlatRule *flat = &g_array_index(rules, AmFlatRule, n);
		const AmRule *rule = flat->rule;
		const AmRuleEvidence *evidence = &rule->evidence;
		char first[AM_TIME_TEXT_SIZE], last[AM_TIME_TEXT_SIZE];
		g_string_append_printf(text, "%s,%s,", rule->id, statuses[rule->status]);
		add_names(text, &rule->from);
		add_prefixes(text, flat->from);
		add_names(text, &rule->to);
		add_prefixes(text, flat->to);
		add_service(text, &rule->service);
		add_text(text, evidence->l7);
		g_string_append_printf(text, "%s,%" G_GUINT64_FORMAT ",%u,%s,%s,%" G_GUINT64_FORMAT "\r\n",
				       am_direction_name(evidence->direction), evidence->connections, evidence->days,
				       evidence->first_ns != 0 ? am_time_text(evidence->first_ns, first) : "",
				       evidence->last_ns != 0 ? am_time_text(evidence->last_ns, last) : "",
				       rule->over_grant);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

const AmExportTarget am_export_csv = {
	.name = "csv",
	.help = "one line a rule, for spreadsheets and scripts",
	.suffix = "csv",
	.write = write_csv,
};
