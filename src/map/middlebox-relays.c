/* Two legs of one path: what was asked of a balancer, a proxy or a translated address, and what it went on as. Fed by the facts
 * (model/relayed.h), which count connections that were alike one by one; weighed here by how many there were at all, for it must be
 * nearly all that goes on, and by how often the two came the other way round, which is what chance does. */
#include "config.h"

#include "middlebox.h"

#include "allowmap/base.h"

#include <string.h>

/* Of a service that is asked, or of one that a client asks for: connections with words both ways. */
typedef struct {
	uint64_t connections;
	uint32_t ends;                                 /* distinct clients, or servers */
	uint8_t outside;                               /* one of these is */
	uint64_t relayed[AM_RELAYED_BOTH_CHANGED + 1]; /* by AmRelayedKind */
} Sum;

/* A row whose addresses the map knows. */
typedef struct {
	const AmRelayed *relayed;
	uint32_t front, client, server; /* AM_NO_INDEX = not told */
	gboolean accepted;
} Row;

typedef struct {
	AmMiddleboxWork *found;
	GArray *rows;          /* Row */
	AmTable *asked, *asks; /* am_socket_key: of servers; of clients (port 0: any, for translation) */
	GArray *asked_sums, *asks_sums;
} Relays;

static uint64_t tcp_key(uint32_t endpoint, uint16_t port)
{
	return am_socket_key(endpoint, AM_PROTO_TCP, port);
}

static Sum *sum_of(const AmTable *table, const GArray *sums, uint32_t endpoint, uint16_t port)
{
	uint64_t key = tcp_key(endpoint, port);
	uint32_t at = am_table_find(table, &key);
	return at != AM_TABLE_NONE ? &g_array_index(sums, Sum, at) : NULL;
}

static void want(AmTable *table, GArray *sums, uint32_t endpoint, uint16_t port)
{
	uint64_t key = tcp_key(endpoint, port);
	if (endpoint != AM_NO_INDEX && am_table_add(table, &key) == sums->len)
		g_array_set_size(sums, sums->len + 1);
}

/* ---- What there is */

/* AM_NO_INDEX and TRUE when it is not told; FALSE when it is none of the map's. */
static gboolean find_end(const AmMap *map, uint32_t network, const AmAddress *address, uint32_t *ret_endpoint)
{
	*ret_endpoint = address->family != 0 ? am_map_find_endpoint(map, network, address) : AM_NO_INDEX;
	return address->family == 0 || *ret_endpoint != AM_NO_INDEX;
}

/* More often than once in a while, and not as often the other way round. */
static gboolean is_telling(const AmRelayed *relayed)
{
	/* Of an address that others are translated to, all of them together have to be as many. */
	return (relayed->connections >= AM_RELAYED_CONNECTIONS || relayed->kind == AM_RELAYED_CLIENT_CHANGED) &&
	       relayed->turned * AM_RELAYED_TURNED <= relayed->connections;
}

static void list_rows(Relays *relays)
{
	const AmMap *map = relays->found->work->map;
	const GArray *all = relays->found->work->options != NULL ? relays->found->work->options->relayed : NULL;
	for (guint n = 0; all != NULL && n < all->len; n++) {
		const AmRelayed *relayed = &g_array_index(all, AmRelayed, n);
		Row row = {.relayed = relayed};
		if (!is_telling(relayed) || !find_end(map, relayed->network, &relayed->front, &row.front) ||
		    !find_end(map, relayed->network, &relayed->client, &row.client) ||
		    !find_end(map, relayed->network, &relayed->server, &row.server))
			continue;
		if (relayed->kind != AM_RELAYED_CLIENT_CHANGED)
			want(relays->asked, relays->asked_sums, row.front, relayed->front_port);
		if (relayed->kind != AM_RELAYED_SERVER_CHANGED)
			want(relays->asks, relays->asks_sums, row.client, relayed->port);
		g_array_append_val(relays->rows, row);
	}
}

static void add_edge(Relays *relays, const AmEdge *edge, Sum *sum, uint32_t other)
{
	if (sum == NULL)
		return;
	sum->connections += edge->payload_both;
	sum->ends++;
	sum->outside |= !relays->found->work->hosts[other].inside;
}

static void add_up(Relays *relays)
{
	const AmMapWork *work = relays->found->work;
	for (guint n = 0; relays->rows->len > 0 && n < work->map->edges->len; n++) {
		const AmEdge *edge = am_work_edge(work, n);
		if (edge->ip_protocol != AM_PROTO_TCP || edge->payload_both == 0)
			continue;
		add_edge(relays, edge, sum_of(relays->asked, relays->asked_sums, edge->server, edge->port),
			 edge->client);
		add_edge(relays, edge, sum_of(relays->asks, relays->asks_sums, edge->client, edge->port), edge->server);
		add_edge(relays, edge, sum_of(relays->asks, relays->asks_sums, edge->client, 0), edge->server);
	}
	for (guint n = 0; n < relays->rows->len; n++) {
		const Row *row = &g_array_index(relays->rows, Row, n);
		const AmRelayed *relayed = row->relayed;
		if (relayed->kind != AM_RELAYED_CLIENT_CHANGED)
			sum_of(relays->asked, relays->asked_sums, row->front, relayed->front_port)
				->relayed[relayed->kind] += relayed->connections;
		if (relayed->kind != AM_RELAYED_SERVER_CHANGED)
			sum_of(relays->asks, relays->asks_sums, row->client, relayed->port)->relayed[relayed->kind] +=
				relayed->connections;
	}
}

/* ---- What is one path */

static gboolean is_share(const Sum *sum, uint8_t kind, double share)
{
	return (double)sum->relayed[kind] >= share * (double)sum->connections;
}

/* Of one machine, or of a pair that shares an address: as far as their addresses and what they say of themselves show it. */
static gboolean is_near(const AmMiddleboxWork *found, uint32_t front, uint32_t client)
{
	const AmAddress *a = am_work_address(found->work, front), *b = am_work_address(found->work, client);
	uint64_t key = front;
	uint32_t at = am_table_find(found->places, &key);
	if (at != AM_TABLE_NONE && g_array_index(found->work->map->middleboxes, AmMiddlebox, at).holder == client)
		return TRUE;
	return a->family == b->family && memcmp(a->bytes, b->bytes, a->family == 4 ? 3 : 8) == 0;
}

/* `known`: whether `client` is a balancer's already, for addresses that others translate to it. */
static gboolean is_path(const Relays *relays, const Row *row, gboolean known)
{
	const AmRelayed *relayed = row->relayed;
	if (relayed->kind == AM_RELAYED_CLIENT_CHANGED) {
		const Sum *all = sum_of(relays->asks, relays->asks_sums, row->client, 0);
		return all->relayed[relayed->kind] >= AM_RELAYED_CONNECTIONS &&
		       is_share(all, relayed->kind, AM_RELAYED_SHARE);
	}
	const Sum *asked = sum_of(relays->asked, relays->asked_sums, row->front, relayed->front_port);
	if (relayed->kind == AM_RELAYED_SERVER_CHANGED)
		return is_share(asked, relayed->kind, AM_RELAYED_SEEN);
	const Sum *asks = sum_of(relays->asks, relays->asks_sums, row->client, relayed->port);
	if (asked->ends < AM_RELAYED_CLIENTS || !is_share(asked, relayed->kind, AM_RELAYED_SEEN))
		return FALSE;
	if (row->front == row->client)
		return is_share(asks, relayed->kind, AM_RELAYED_SHARE);
	if (known)
		return is_share(asked, relayed->kind, AM_RELAYED_SHARE);
	return is_near(relays->found, row->front, row->client) &&
	       (is_share(asks, relayed->kind, AM_RELAYED_SHARE) ||
		is_share(asked, relayed->kind, AM_RELAYED_NEARLY_ALL));
}

static void accept(Relays *relays, Row *row)
{
	const AmRelayed *relayed = row->relayed;
	AmRelay relay = {.front = row->front,
			 .front_port = relayed->front_port,
			 .port = relayed->port,
			 .client = row->client,
			 .server = row->server,
			 .connections = relayed->connections};
	row->accepted = TRUE;
	g_array_append_val(relays->found->work->map->relays, relay);
	if (relayed->kind == AM_RELAYED_BOTH_CHANGED) {
		uint64_t key = tcp_key(row->client, relayed->port);
		(void)am_table_add(relays->found->asks, &key);
	}
}

/* ---- What that makes of its ends */

static guint count_servers(const Relays *relays, guint first, uint64_t *ret_connections, guint *ret_end)
{
	const Row *head = &g_array_index(relays->rows, Row, first);
	guint n_servers = 0, n = first;
	*ret_connections = 0;
	for (; n < relays->rows->len; n++) {
		const Row *row = &g_array_index(relays->rows, Row, n);
		if (row->front != head->front || row->relayed->front_port != head->relayed->front_port ||
		    row->relayed->kind != head->relayed->kind)
			break;
		n_servers += row->accepted;
		*ret_connections += row->accepted ? row->relayed->connections : 0;
	}
	*ret_end = n;
	return n_servers;
}

static void tell_translation(AmMiddleboxWork *found, const Row *row)
{
	char behind[AM_ADDRESS_TEXT_SIZE];
	AmMiddlebox *box = am_middlebox_add(found, row->client);
	if (box->role != AM_MIDDLEBOX_NONE)
		return; /* it has been told whose packets it sends on */
	box->role = AM_MIDDLEBOX_NAT;
	box->hides = TRUE;
	am_middlebox_tell(box, "sends the packets of others in its own name, of %s among them",
			  am_address_text(am_work_address(found->work, row->front), behind));
}

/* Its own address in front, or another's. */
static void tell_front(Relays *relays, const Row *head, guint n_servers, uint64_t connections)
{
	AmMiddleboxWork *found = relays->found;
	const AmRelayed *relayed = head->relayed;
	const Sum *asked = sum_of(relays->asked, relays->asked_sums, head->front, relayed->front_port);
	gboolean keeps = relayed->kind == AM_RELAYED_SERVER_CHANGED, is_own = head->front == head->client;
	const Sum *asks = keeps ? NULL : sum_of(relays->asks, relays->asks_sums, head->client, relayed->port);
	gboolean several = is_own ? asks->ends > 1 && !asks->outside : n_servers > 1;
	gboolean near = keeps || is_own || is_near(found, head->front, head->client);
	AmMiddlebox *box = am_middlebox_add(found, head->front);
	if (box->role == AM_MIDDLEBOX_NONE || (box->role == AM_MIDDLEBOX_NAT && several && near))
		box->role = !near     ? AM_MIDDLEBOX_NAT
			    : several ? AM_MIDDLEBOX_BALANCER
			    : keeps   ? AM_MIDDLEBOX_NAT
			    : is_own  ? AM_MIDDLEBOX_PROXY
				      : AM_MIDDLEBOX_BALANCER;
	box->hides |= is_own;
	char client[AM_ADDRESS_TEXT_SIZE] = "";
	if (head->client != AM_NO_INDEX)
		am_address_text(am_work_address(found->work, head->client), client);
	am_middlebox_tell(
		box, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " connections to tcp/%u went on to %u server%s%s%s",
		MIN(connections, asked->connections), asked->connections, relayed->front_port,
		is_own ? asks->ends : n_servers, (is_own ? asks->ends : n_servers) == 1 ? "" : "s",
		keeps    ? ", with their clients' addresses"
		: is_own ? ", in its own name"
			 : " from ",
		is_own ? "" : client);
	if (keeps || is_own || !near)
		return;
	box = am_middlebox_add(found, head->client);
	box->role = box->role == AM_MIDDLEBOX_NONE ? AM_MIDDLEBOX_BALANCER : box->role;
	if (!box->hides) {
		char front[AM_ADDRESS_TEXT_SIZE];
		am_middlebox_tell(box, "asks servers what %s is asked, in its own name",
				  am_address_text(am_work_address(found->work, head->front), front));
	}
	box->hides = TRUE;
}

static void tell(Relays *relays)
{
	for (guint first = 0, end; first < relays->rows->len; first = end) {
		uint64_t connections;
		guint n_servers = count_servers(relays, first, &connections, &end);
		for (guint n = first; n < end; n++) {
			const Row *row = &g_array_index(relays->rows, Row, n);
			if (!row->accepted)
				continue;
			if (row->relayed->kind == AM_RELAYED_CLIENT_CHANGED) {
				tell_translation(relays->found, row);
				continue;
			}
			tell_front(relays, row, n_servers, connections);
			break;
		}
	}
}

void am_middlebox_find_relays(AmMiddleboxWork *found)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, sizeof(Row));
	g_autoptr(GArray) asked_sums = g_array_new(FALSE, TRUE, sizeof(Sum));
	g_autoptr(GArray) asks_sums = g_array_new(FALSE, TRUE, sizeof(Sum));
	g_autoptr(AmTable) asked = am_table_new(sizeof(uint64_t)), asks = am_table_new(sizeof(uint64_t));
	Relays relays = {found, rows, asked, asks, asked_sums, asks_sums};
	list_rows(&relays);
	add_up(&relays);
	for (int known = 0; known < 2; known++) {
		for (guint n = 0; n < rows->len; n++) {
			Row *row = &g_array_index(rows, Row, n);
			uint64_t key = row->client != AM_NO_INDEX ? tcp_key(row->client, row->relayed->port) : 0;
			if (row->accepted || (known && (row->relayed->kind != AM_RELAYED_BOTH_CHANGED ||
							am_table_find(found->asks, &key) == AM_TABLE_NONE)))
				continue;
			if (is_path(&relays, row, known != 0))
				accept(&relays, row);
		}
	}
	tell(&relays);
}
