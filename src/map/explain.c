/* `explain flow`: what stands for and against a verdict, in words and figures that an engineer can check against a
 * capture. Reads the finished map only.
 */
#include "config.h"

#include "allowmap/base.h"
#include "allowmap/map.h"
#include "work.h"
#include "middlebox.h"

static void add_ends(GString *text, const AmMap *map, const AmEdge *edge)
{
	char client[AM_ADDRESS_TEXT_SIZE], server[AM_ADDRESS_TEXT_SIZE];
	char service[AM_SERVICE_TEXT_SIZE];
	const AmEndpoint *from = &g_array_index(map->endpoints, AmEndpoint, edge->client);
	const AmEndpoint *to = &g_array_index(map->endpoints, AmEndpoint, edge->server);
	g_string_append_printf(text, "%s > %s %s: %s\n", am_address_text(&from->address, client),
			       am_address_text(&to->address, server),
			       am_service_text(edge->ip_protocol, edge->port, service), am_verdict_name(edge->verdict));
	const AmAsset *assets[2] = {&g_array_index(map->assets, AmAsset, from->asset),
				    &g_array_index(map->assets, AmAsset, to->asset)};
	for (int side = 0; side < 2; side++) {
		const char *group = assets[side]->group != AM_NO_INDEX
					    ? g_array_index(map->groups, AmGroup, assets[side]->group).name
					    : "no group";
		g_string_append_printf(text, "%s: %s, %s%s\n", side == 0 ? "client" : "server",
				       assets[side]->inside ? "inside" : "outside", group,
				       assets[side]->scanner ? ", scanned" : "");
	}
}

static void add_reasons(GString *text, const AmEdge *edge)
{
	for (unsigned n = 0; n < AM_N_REASONS; n++) {
		if ((edge->reasons >> n & 1) != 0)
			g_string_append_printf(text, "reason: %s: %s\n", am_reason_name((AmReason)n),
					       am_reason_text((AmReason)n));
	}
}

/* "related to: ftp tcp/21, 10.0.0.1 > 10.0.0.2, essential" */
static void add_related(GString *text, const AmMap *map, const AmEdge *edge)
{
	char service[AM_RELATED_TEXT_SIZE], client[AM_ADDRESS_TEXT_SIZE], server[AM_ADDRESS_TEXT_SIZE];
	if (edge->related == 0)
		return;
	g_string_append_printf(text, "related to: %s", am_related_text(edge->related, service));
	if (edge->control != AM_NO_INDEX) {
		const AmEdge *control = &g_array_index(map->edges, AmEdge, edge->control);
		const AmEndpoint *from = &g_array_index(map->endpoints, AmEndpoint, control->client);
		const AmEndpoint *to = &g_array_index(map->endpoints, AmEndpoint, control->server);
		g_string_append_printf(text, ", %s > %s, %s", am_address_text(&from->address, client),
				       am_address_text(&to->address, server), am_verdict_name(control->verdict));
	}
	g_string_append_c(text, '\n');
}

/* "schedule: daily about 02h UTC" and "confidence: 98%: ..." */
static void add_schedule(GString *text, const AmEdge *edge)
{
	char period[AM_PERIOD_TEXT_SIZE], week[AM_WEEK_TEXT_SIZE];
	if (am_period_text(&edge->period, period)[0] != '\0')
		g_string_append_printf(text, "schedule: %s\n", period);
	g_string_append_printf(text, "hours of the week, from Monday on: %s\n", am_week_text(&edge->week, week));
	if (edge->confidence != AM_CONFIDENCE_UNKNOWN)
		g_string_append_printf(text, "confidence: a day like those watched sees it with %u%%%s\n",
				       (edge->confidence + 5u) / 10,
				       edge->direction >= AM_DIRECTION_DEGREE ? ", halved as its client is guessed"
									      : "");
}

static void add_figures(GString *text, const AmMap *map, const AmEdge *edge)
{
	char first[AM_TIME_TEXT_SIZE], last[AM_TIME_TEXT_SIZE];
	add_related(text, map, edge);
	g_string_append_printf(text, "direction: %s\n", am_direction_name(edge->direction));
	g_string_append_printf(text,
			       "connections: %" G_GUINT64_FORMAT " (%" G_GUINT64_FORMAT
			       " with a handshake, %" G_GUINT64_FORMAT " with payload both ways, %" G_GUINT64_FORMAT
			       " ICMP errors)\n",
			       edge->connections, edge->handshakes, edge->payload_both, edge->icmp_errors);
	g_string_append_printf(text,
			       "payload: %" G_GUINT64_FORMAT " octets to the server, %" G_GUINT64_FORMAT
			       " back; packets %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT "\n",
			       edge->counts.payload[0], edge->counts.payload[1], edge->counts.packets[0],
			       edge->counts.packets[1]);
	g_string_append(text, "outcomes:");
	for (unsigned n = 0; n < AM_N_OUTCOMES; n++) {
		if (edge->outcomes[n] > 0)
			g_string_append_printf(text, " %s %" G_GUINT64_FORMAT, am_outcome_name((AmOutcome)n),
					       edge->outcomes[n]);
	}
	g_string_append_printf(text, "\nseen: %s to %s, on %u of %u days, in %u hours\n",
			       am_time_text(edge->first_ns, first), am_time_text(edge->last_ns, last), edge->days,
			       map->days, edge->hours);
	add_schedule(text, edge);
	for (unsigned n = 0; n < edge->n_l7; n++)
		g_string_append_printf(text, "application: %s (%s, %u connections)\n", edge->l7[n].name,
				       am_l7_confidence_name((AmL7Confidence)edge->l7[n].confidence),
				       edge->l7[n].connections);
	if (edge->server_name[0] != '\0')
		g_string_append_printf(text, "server name: %s\n", edge->server_name);
}

/* Who else uses the service, and what else the client does: the context that the verdict was found in. */
static void add_context(GString *text, const AmMap *map, const AmEdge *edge)
{
	guint clients = 0, essential = 0, own[AM_N_VERDICTS] = {0};
	for (guint n = 0; n < map->edges->len; n++) {
		const AmEdge *other = &g_array_index(map->edges, AmEdge, n);
		if (other->server == edge->server && other->ip_protocol == edge->ip_protocol &&
		    other->port == edge->port) {
			clients++;
			essential += other->verdict == AM_VERDICT_ESSENTIAL;
		}
		if (other->client == edge->client)
			own[other->verdict]++;
	}
	g_string_append_printf(text, "service: %u client%s, %u of them essential\n", clients, clients == 1 ? "" : "s",
			       essential);
	g_string_append(text, "the client's edges:");
	for (unsigned n = 0; n < AM_N_VERDICTS; n++)
		g_string_append_printf(text, "%s %u %s", n == 0 ? "" : ",", own[n], am_verdict_name((AmVerdict)n));
	g_string_append_c(text, '\n');
}

char *am_map_explain_edge(const AmMap *map, const AmDecisionSet *decisions, uint32_t edge_index)
{
	const AmEdge *edge = &g_array_index(map->edges, AmEdge, edge_index);
	GString *text = g_string_new(NULL);
	add_ends(text, map, edge);
	add_reasons(text, edge);
	add_figures(text, map, edge);
	add_context(text, map, edge);
	am_middlebox_explain(text, map, edge_index);
	if (edge->override_index >= 0 && decisions != NULL) {
		char at[AM_TIME_TEXT_SIZE];
		const AmOverride *override = &g_array_index(decisions->overrides, AmOverride, edge->override_index);
		g_autofree char *who = am_text_safe_dup(override->who != NULL ? override->who : "-");
		g_autofree char *why = am_text_safe_dup(override->why != NULL ? override->why : "-");
		g_string_append_printf(text, "set by: %s at %s: %s\n", who, am_time_text(override->at_ns, at), why);
	}
	if (decisions != NULL)
		am_declared_explain(text, map, decisions->declarations, edge);
	return g_string_free(text, FALSE);
}
