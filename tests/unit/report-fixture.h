/* A small map made by hand, for the tests of report/. Names in it are hostile: whatever a packet can carry must come out as
 * text. */
#pragma once

#include "allowmap/report.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define START (INT64_C(1772438400) * AM_NS_PER_S) /* 2026-03-02T08:00:00Z */

typedef struct {
	AmMap map;
	GPtrArray *runs;
} Fixture;

static inline AmAddress address(const char *text)
{
	AmAddress parsed = {0};
	CU_ASSERT_TRUE_FATAL(am_address_parse(text, &parsed));
	return parsed;
}

static inline uint32_t add_asset(AmMap *map, const char *text, uint32_t group, gboolean inside, gboolean scanner)
{
	AmEndpoint endpoint = {.address = address(text), .asset = map->assets->len, .next = AM_NO_INDEX};
	AmAsset asset = {.first_endpoint = map->endpoints->len,
			 .n_endpoints = 1,
			 .group = group,
			 .first_ns = START,
			 .last_ns = START + 60 * AM_NS_PER_S,
			 .inside = inside,
			 .scanner = scanner};
	g_array_append_val(map->endpoints, endpoint);
	g_array_append_val(map->assets, asset);
	if (group != AM_NO_INDEX)
		g_array_append_val(g_array_index(map->groups, AmGroup, group).members, endpoint.asset);
	return map->endpoints->len - 1;
}

static inline void add_group(AmMap *map, const char *id, const char *name, const char *why)
{
	AmGroup group = {.members = g_array_new(FALSE, FALSE, sizeof(uint32_t)), .why = g_strdup(why)};
	g_strlcpy(group.id, id, sizeof group.id);
	g_strlcpy(group.name, name, sizeof group.name);
	g_array_append_val(map->groups, group);
}

static inline AmEdge *add_edge(AmMap *map, uint32_t client, uint32_t server, uint8_t protocol, uint16_t port,
			       AmVerdict verdict, uint32_t reasons, uint64_t connections, const char *l7)
{
	AmEdge edge = {.client = client,
		       .server = server,
		       .ip_protocol = protocol,
		       .port = port,
		       .verdict = verdict,
		       .direction = AM_DIRECTION_HANDSHAKE,
		       .reasons = reasons,
		       .connections = connections,
		       .first_ns = START,
		       .last_ns = START + (int64_t)connections * AM_NS_PER_S,
		       .days = 1,
		       .override_index = -1};
	edge.counts.packets[0] = edge.counts.packets[1] = connections * 5;
	edge.counts.bytes[0] = connections * 400;
	edge.counts.bytes[1] = connections * 1600;
	edge.outcomes[verdict == AM_VERDICT_ESSENTIAL ? AM_OUTCOME_ACCEPTED : AM_OUTCOME_SILENT] = connections;
	if (l7 != NULL) {
		edge.n_l7 = 1;
		edge.l7[0].connections = (uint32_t)connections;
		edge.l7[0].confidence = AM_L7_DPI;
		g_strlcpy(edge.l7[0].name, l7, AM_L7_SIZE);
	}
	g_array_append_val(map->edges, edge);
	map->n_verdicts[verdict]++;
	return &g_array_index(map->edges, AmEdge, map->edges->len - 1);
}

static inline void clear_group(gpointer data)
{
	AmGroup *group = data;
	g_array_free(group->members, TRUE);
	g_free(group->why);
}

static inline void fixture_init(Fixture *fixture)
{
	memset(fixture, 0, sizeof *fixture);
	AmMap *map = &fixture->map;
	map->networks = g_ptr_array_new();
	g_ptr_array_add(map->networks, (gpointer) "default");
	map->endpoints = g_array_new(FALSE, TRUE, sizeof(AmEndpoint));
	map->assets = g_array_new(FALSE, TRUE, sizeof(AmAsset));
	map->neighbours = g_array_new(FALSE, TRUE, sizeof(AmNeighbour));
	map->listeners = g_array_new(FALSE, TRUE, sizeof(AmListener));
	map->unused = g_array_new(FALSE, TRUE, sizeof(AmUnusedListener));
	map->edges = g_array_new(FALSE, TRUE, sizeof(AmEdge));
	map->groups = g_array_new(FALSE, TRUE, sizeof(AmGroup));
	g_array_set_clear_func(map->groups, clear_group);
	g_strlcpy(map->revision, "00112233aabbccdd", sizeof map->revision);
	fixture->runs = g_ptr_array_new();
}

/* Two desktops, a web server that also pings, and somebody outside who scans. */
static inline void fixture_fill(Fixture *fixture)
{
	AmMap *map = &fixture->map;
	add_group(map, "g-0000000a", "desktops", "uses tcp/443 (tls)");
	add_group(map, "g-0000000b", "web", "serves tcp/443 (tls) <img src=x>");
	uint32_t pc1 = add_asset(map, "10.0.0.9", 0, TRUE, FALSE), pc2 = add_asset(map, "10.0.0.10", 0, TRUE, FALSE);
	uint32_t web = add_asset(map, "10.0.1.1", 1, TRUE, FALSE);
	uint32_t bad = add_asset(map, "203.0.113.7", AM_NO_INDEX, FALSE, TRUE);
	AmEdge *edge = add_edge(map, pc1, web, 1, 8 << 8, AM_VERDICT_ESSENTIAL, 1u << AM_REASON_TWO_WAY, 4, NULL);
	edge->direction = AM_DIRECTION_PROTOCOL;
	edge = add_edge(map, pc1, web, 6, 22, AM_VERDICT_UNDECIDED, 1u << AM_REASON_SINGLE | 1u << AM_REASON_ADMIN_PORT,
			1, "ssh");
	g_strlcpy(edge->server_name, "</code><script>alert(1)</script>\x1b[2J\xe2\x80\xae", sizeof edge->server_name);
	add_edge(map, pc1, web, 6, 443, AM_VERDICT_ESSENTIAL, 1u << AM_REASON_TWO_WAY | 1u << AM_REASON_HANDSHAKE, 20,
		 "tls.google");
	add_edge(map, pc2, web, 6, 443, AM_VERDICT_ESSENTIAL, 1u << AM_REASON_TWO_WAY, 300, "=cmd|'\"<b>\x1b[2J");
	for (uint16_t port = 1; port <= 50; port++)
		add_edge(map, bad, web, 6, port, AM_VERDICT_SUSPICIOUS, 1u << AM_REASON_SCAN_PROBE, 1, NULL);
	add_edge(map, bad, web, 47, 0, AM_VERDICT_BACKGROUND, 1u << AM_REASON_FAILED, 1, NULL);
	AmListener listener = {
		.endpoint = web, .ip_protocol = 6, .port = 443, .clients = 2, .first_ns = START, .last_ns = START};
	listener.needed = 2;
	listener.opened_ns = listener.answered_ns = START;
	listener.sources = 1u << AM_LISTENER_SEEN | 1u << AM_LISTENER_HOST;
	listener.flags = 1u << AM_FLAG_WEAK_TLS | 1u << AM_FLAG_SELF_SIGNED;
	g_strlcpy(listener.program, "nginx", sizeof listener.program);
	listener.outcomes[AM_OUTCOME_ACCEPTED] = 320;
	listener.l7.connections = 320;
	g_strlcpy(listener.l7.name, "tls", AM_L7_SIZE);
	g_array_append_val(map->listeners, listener);
	map->first_ns = START;
	map->last_ns = START + 300 * AM_NS_PER_S;
	map->days = 1;
	AmRun *run = g_new0(AmRun, 1);
	run->finished_ns = START;
	run->ledger.read = 1000;
	run->ledger.recorded = 990;
	run->ledger.skipped[AM_SKIP_NOT_IP] = 10;
	run->ledger.connections_given_up = 3;
	run->ledger.tcp_bytes_seen = 9900;
	run->ledger.tcp_bytes_unseen = 100;
	run->inputs = g_array_new(FALSE, TRUE, sizeof(AmInput));
	AmInput input = {
		.path = (char *)"a<b>\x1b.pcap", .size = 4096, .records = 1000, .first_ns = START, .cut = TRUE};
	g_strlcpy(input.sha256, "9f86d081884c7d65", sizeof input.sha256);
	g_array_append_val(run->inputs, input);
	g_ptr_array_add(fixture->runs, run);
}

static inline void fixture_clear(Fixture *fixture)
{
	for (guint i = 0; i < fixture->runs->len; i++) {
		AmRun *run = g_ptr_array_index(fixture->runs, i);
		g_array_free(run->inputs, TRUE);
		g_free(run);
	}
	g_ptr_array_free(fixture->runs, TRUE);
	g_ptr_array_free(fixture->map.networks, TRUE);
	g_array_free(fixture->map.endpoints, TRUE);
	g_array_free(fixture->map.assets, TRUE);
	g_array_free(fixture->map.listeners, TRUE);
	g_array_free(fixture->map.unused, TRUE);
	g_array_free(fixture->map.edges, TRUE);
	g_array_free(fixture->map.groups, TRUE);
}

static inline void assert_has(const char *page, const char *text)
{
	if (strstr(page, text) == NULL)
		printf("\n  not there: %s\n", text);
	CU_ASSERT_PTR_NOT_NULL(strstr(page, text));
}
