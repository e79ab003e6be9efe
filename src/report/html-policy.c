/* The policy in the report: rules with evidence and over-grant, and the groups they are written between. Fed by the policy and the map. */
#include "config.h"

#include "html-writer.h"
#include "html.h"
#include "text.h"
#include "view.h"

#include <string.h>

#define MAX_RULES 500
#define MAX_GROUPS 300
#define MAX_MEMBERS 24
#define MAX_PEERS 6

/* "web, db, 10.0.0.0/8 and 3 more" */
static char *peer_text(const AmPeer *peer)
{
	if (peer->any)
		return g_strdup("any");
	GString *text = g_string_new(NULL);
	guint n = 0, all = peer->groups->len + peer->prefixes->len;
	for (guint i = 0; i < peer->groups->len && n < MAX_PEERS; i++, n++)
		g_string_append_printf(text, "%s%s", n > 0 ? ", " : "", (char *)g_ptr_array_index(peer->groups, i));
	for (guint i = 0; i < peer->prefixes->len && n < MAX_PEERS; i++, n++) {
		const AmPrefix *prefix = &g_array_index(peer->prefixes, AmPrefix, i);
		char address[AM_ADDRESS_TEXT_SIZE];
		gboolean host = prefix->length == am_address_bits(&prefix->address);
		g_autofree char *cidr = host ? NULL : am_prefix_text(prefix);
		g_string_append_printf(text, "%s%s", n > 0 ? ", " : "",
				       host ? am_address_text(&prefix->address, address) : cidr);
	}
	if (all > n)
		g_string_append_printf(text, " and %u more", all - n);
	return g_string_free(text, FALSE);
}

/* "tcp/80, 443, 8000-8100", "icmp/8.0", "ip/47" */
static char *service_text(const AmService *service)
{
	char digits[8], text[AM_SERVICE_TEXT_SIZE];
	const char *protocol = am_protocol_text(service->ip_protocol, digits);
	if (service->ports->len == 0 && service->types->len == 0)
		return am_service_has_ports(service->ip_protocol) || am_service_is_icmp(service->ip_protocol)
			       ? g_strdup_printf("%s, all", protocol)
			       : g_strdup(am_service_text(service->ip_protocol, 0, text));
	GString *all = g_string_new(protocol);
	for (guint i = 0; i < service->ports->len; i++) {
		const AmPortRange *range = &g_array_index(service->ports, AmPortRange, i);
		g_string_append_printf(all, "%s%u", i == 0 ? "/" : ", ", range->low);
		if (range->high != range->low)
			g_string_append_printf(all, "-%u", range->high);
	}
	for (guint i = 0; i < service->types->len; i++) {
		const AmIcmpType *type = &g_array_index(service->types, AmIcmpType, i);
		g_string_append_printf(all, "%s%u", i == 0 ? "/" : ", ", type->type);
		if (type->code >= 0)
			g_string_append_printf(all, ".%d", type->code);
	}
	return g_string_free(all, FALSE);
}

static const char *status_name(AmRuleStatus status)
{
	static const char *const names[] = {"proposed", "approved", "rejected", "expired"};
	return (guint)status < G_N_ELEMENTS(names) ? names[status] : "unknown";
}

static void rule_row(GString *page, const AmRule *rule)
{
	g_autofree char *from = peer_text(&rule->from), *to = peer_text(&rule->to),
			*service = service_text(&rule->service);
	const AmRuleEvidence *evidence = &rule->evidence;
	g_string_append(page, "<tr>");
	am_html_cell_code(page, rule->id);
	if (evidence->client == AM_CLIENT_HIDDEN)
		am_html_add(page, "<td>%s <small>asks for others</small></td>", from);
	else
		am_html_cell(page, from);
	am_html_cell(page, to);
	am_html_cell_code(page, service);
	if (evidence->related != AM_RELATED_NONE)
		am_html_add(page, "<td>%s <small>announced by it</small></td>",
			    am_related_name((AmRelatedKind)evidence->related));
	else if (evidence->l7[0] != '\0')
		am_html_add(page, "<td>%s <small>%s</small></td>", evidence->l7,
			    am_l7_confidence_name((AmL7Confidence)evidence->l7_confidence));
	else
		am_html_cell(page, NULL);
	am_html_cell_number(page, evidence->edges);
	am_html_cell_number(page, evidence->connections);
	am_html_cell_number(page, evidence->days);
	am_html_cell(page, am_direction_name(evidence->direction));
	am_html_cell_number(page, rule->over_grant);
	gboolean alone = rule->explicit_approval && rule->status == AM_STATUS_PROPOSED;
	am_html_cell(page, alone ? "proposed; to be approved by itself" : status_name(rule->status));
	g_string_append(page, "</tr>\n");
}

static int compare_rules(gconstpointer a, gconstpointer b)
{
	const AmRule *x = *(AmRule *const *)a, *y = *(AmRule *const *)b;
	if (x->over_grant != y->over_grant)
		return x->over_grant < y->over_grant ? 1 : -1;
	return strcmp(x->id, y->id);
}

void am_html_policy(GString *page, const AmHtmlReport *report)
{
	static const char *const headings[] = {"Rule",          "From",        "To",           "Service",
					       "Protocol seen", ">Edges",      ">Connections", ">Days",
					       "Direction by",  ">Over-grant", "Status",       NULL};
	char number[AM_NUMBER_TEXT_SIZE], permitted[AM_NUMBER_TEXT_SIZE];
	g_string_append(page, "<section id=\"policy\">\n");
	if (report->policy == NULL) {
		g_string_append(page, "<h2>Policy</h2>\n<p class=\"none\">No policy was made.</p>\n</section>\n");
		return;
	}
	const GPtrArray *rules = report->policy->rules;
	am_html_add(page, "<h2>Policy <span class=\"count\">%s</span></h2>\n", am_number_text(rules->len, number));
	am_html_add(
		page,
		"<p>What is permitted; all else is denied. Over-grant counts what a rule permits although it was never "
		"seen to be needed, in (client, server, service): %s in all. The rules that grant most too much come "
		"first.</p>\n",
		am_number_text(report->over_grant, number));
	if (report->over_grant_unseen > 0)
		am_html_add(
			page,
			"<p class=\"note\">Groups whose machines change their addresses hold the part of their subnet "
			"that nobody else uses: that is %s more, for addresses that were never seen.</p>\n",
			am_number_text(report->over_grant_unseen, number));
	if (report->policy->undecided > 0)
		am_html_add(page,
			    "<p class=\"note\">%s undecided edges are left out: see Questions. Of these, rules between "
			    "groups permit %s all the same.</p>\n",
			    am_number_text(report->policy->undecided, number),
			    am_number_text(report->policy->undecided_permitted, permitted));
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();
	for (guint i = 0; i < rules->len; i++)
		g_ptr_array_add(sorted, g_ptr_array_index(rules, i));
	g_ptr_array_sort(sorted, compare_rules);
	guint n = MIN(sorted->len, MAX_RULES);
	if (n > 0) {
		am_html_table(page, headings);
		for (guint i = 0; i < n; i++)
			rule_row(page, g_ptr_array_index(sorted, i));
		am_html_table_end(page);
		am_html_more(page, sorted->len - n, "rule", "allowmap recommend");
	}
	g_string_append(page, "</section>\n");
}

/* ---- groups */

static void group_members(GString *page, const AmMap *map, const AmGroup *group)
{
	guint shown = 0, all = 0;
	g_string_append(page, "<td>");
	for (guint i = 0; i < group->members->len; i++) {
		const AmAsset *asset = &g_array_index(map->assets, AmAsset, g_array_index(group->members, uint32_t, i));
		all += asset->n_endpoints;
		for (uint32_t e = asset->first_endpoint; e != AM_NO_INDEX && shown < MAX_MEMBERS; shown++) {
			char address[AM_ADDRESS_TEXT_SIZE];
			const AmEndpoint *endpoint = am_view_endpoint(map, e);
			e = endpoint->next;
			am_html_add(page, "%s<code>%s</code>", shown > 0 ? " " : "",
				    am_address_text(&endpoint->address, address));
		}
	}
	if (all > shown)
		g_string_append_printf(page, " and %u more", all - shown);
	g_string_append(page, "</td>");
}

void am_html_groups(GString *page, const AmHtmlReport *report)
{
	static const char *const headings[] = {"Group", "Id", ">Assets", "Because its members", "Addresses", NULL};
	const AmMap *map = report->map;
	char number[AM_NUMBER_TEXT_SIZE];
	am_html_add(page, "<section id=\"groups\">\n<h2>Groups <span class=\"count\">%s</span></h2>\n",
		    am_number_text(map->groups->len, number));
	g_string_append(page, "<p>Assets that serve and use the same things. Rules are written between groups.</p>\n");
	guint n = MIN(map->groups->len, MAX_GROUPS);
	if (n > 0) {
		am_html_table(page, headings);
		for (guint i = 0; i < n; i++) {
			const AmGroup *group = &g_array_index(map->groups, AmGroup, i);
			g_string_append(page, "<tr>");
			am_html_cell(page, group->name);
			am_html_cell_code(page, group->id);
			am_html_cell_number(page, group->members->len);
			am_html_cell(page, group->why);
			group_members(page, map, group);
			g_string_append(page, "</tr>\n");
		}
		am_html_table_end(page);
		am_html_more(page, map->groups->len - n, "group", "allowmap groups");
	}
	g_string_append(page, "</section>\n");
}
