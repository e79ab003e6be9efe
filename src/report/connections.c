/* `connections`: a stream of rows, one per connection, written as they come from the store. Nothing is kept but the
 * rows that a table measures its columns by, so a listing of many millions fits. */
#include "config.h"

#include "filter.h"
#include "listing.h"
#include "text.h"
#include "view.h"

#include <string.h>

enum {
	FIRST,
	LAST,
	CLIENT,
	CLIENT_PORT,
	SERVER,
	SERVER_PORT,
	NETWORK,
	PROTO,
	TYPE,
	CODE,
	L7,
	L7_CONFIDENCE,
	SERVER_NAME,
	OUTCOME,
	CONN_STATE,
	DIRECTION,
	VERDICT,
	CLIENT_PACKETS,
	SERVER_PACKETS,
	CLIENT_BYTES,
	SERVER_BYTES,
	VLAN,
	ENCAPSULATION,
	ENCAPSULATION_ID,
	ALPN,
	TLS_VERSION,
	RELATED_TO,
	N_COLUMNS,
};

/* client_* is what the client sent. The JSON names are a contract. */
static const AmColumn columns[N_COLUMNS] = {
	{"first", AM_COLUMN_ALL},
	{"last", AM_COLUMN_DATA},
	{"client", AM_COLUMN_ALL},
	{"client_port", AM_COLUMN_ALL | AM_COLUMN_RIGHT | AM_COLUMN_NAME},
	{"server", AM_COLUMN_ALL},
	{"server_port", AM_COLUMN_ALL | AM_COLUMN_RIGHT | AM_COLUMN_NAME},
	{"network", AM_COLUMN_DATA},
	{"proto", AM_COLUMN_ALL},
	{"type", AM_COLUMN_DATA},
	{"code", AM_COLUMN_DATA},
	{"l7", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"l7_confidence", AM_COLUMN_DATA},
	{"server_name", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"outcome", AM_COLUMN_ALL},
	{"conn_state", AM_COLUMN_ALL},
	{"direction", AM_COLUMN_ALL | AM_COLUMN_SHRINK},
	{"verdict", AM_COLUMN_ALL},
	{"client_packets", AM_COLUMN_DATA},
	{"server_packets", AM_COLUMN_DATA},
	{"client_bytes", AM_COLUMN_ALL | AM_COLUMN_RIGHT},
	{"server_bytes", AM_COLUMN_ALL | AM_COLUMN_RIGHT},
	{"vlan", AM_COLUMN_DATA},
	{"encapsulation", AM_COLUMN_DATA},
	{"encapsulation_id", AM_COLUMN_DATA | AM_COLUMN_NAME},
	{"alpn", AM_COLUMN_DATA},
	{"tls_version", AM_COLUMN_DATA},
	{"related_to", AM_COLUMN_DATA},
};

struct AmConnectionLister {
	const AmMap *map;
	AmFilter filter;
	guint64 limit;
	AmListed listed;
	AmEndpointIndex *endpoints;
	AmWriter *writer;
	char *l7; /* the filter's own copy: options are borrowed for one call only */
};

AmConnectionLister *am_connection_lister_new(const AmMap *map, const AmListOptions *options, FILE *out, GError **error)
{
	AmFilter filter;
	if (!am_filter_parse(map, options, "connections", AM_FILTER_ALL, &filter, error))
		return NULL;
	if (options->sort != NULL && strcmp(options->sort, "first") != 0) {
		g_set_error(error, AM_REPORT_ERROR, AM_REPORT_ERROR_OPTION,
			    "--sort '%s': connections are listed as they are stored and are not sorted; "
			    "'flows' sorts by any column",
			    options->sort);
		return NULL;
	}
	AmConnectionLister *lister = g_new0(AmConnectionLister, 1);
	lister->map = map;
	lister->filter = filter;
	lister->l7 = g_strdup(options->l7);
	lister->filter.l7 = lister->l7;
	lister->limit = options->limit;
	lister->endpoints = am_endpoint_index_new(map);
	lister->writer = am_writer_new(options->format, TRUE, columns, N_COLUMNS, out);
	return lister;
}

/* The edge that the connection is part of; NULL when the map has none. */
static const AmEdge *edge_of(const AmConnectionLister *lister, const AmConnection *connection, uint32_t client,
			     uint32_t server, int side)
{
	if (client == AM_NO_INDEX || server == AM_NO_INDEX)
		return NULL;
	uint16_t port = side == 0 ? connection->port_hi : connection->port_lo;
	uint32_t edge = am_view_find_edge(lister->map, client, server, connection->ip_protocol, port);
	return edge != AM_NO_INDEX ? am_view_edge(lister->map, edge) : NULL;
}

/* Either end, also when the map does not know the endpoint (then it is in no group). */
static gboolean ends_match(const AmConnectionLister *lister, const AmConnection *connection, uint32_t client,
			   uint32_t server)
{
	const AmFilter *filter = &lister->filter;
	if (filter->has_asset && !am_prefix_contains(&filter->asset, &connection->lo) &&
	    !am_prefix_contains(&filter->asset, &connection->hi))
		return FALSE;
	if (filter->group == AM_NO_INDEX)
		return TRUE;
	return (client != AM_NO_INDEX && am_view_asset(lister->map, client)->group == filter->group) ||
	       (server != AM_NO_INDEX && am_view_asset(lister->map, server)->group == filter->group);
}

static void tls_version_text(uint16_t version, char text[16])
{
	if (version >= 0x0301 && version <= 0x0304)
		g_snprintf(text, 16, "1.%d", version - 0x0301);
	else if (version == 0x0300)
		g_strlcpy(text, "ssl3", 16);
	else if (version != 0)
		g_snprintf(text, 16, "0x%04x", version);
	else
		text[0] = '\0';
}

static void fill_service(AmCell *cells, const AmConnection *connection, uint16_t client_port, uint16_t server_port)
{
	static const AmCell absent = {.kind = AM_CELL_ABSENT};
	gboolean ports = am_service_has_ports(connection->ip_protocol);
	gboolean icmp = am_service_is_icmp(connection->ip_protocol);
	cells[CLIENT_PORT] = ports ? am_cell_number(client_port) : (AmCell){.kind = AM_CELL_NULL};
	cells[SERVER_PORT] = ports ? am_cell_number(server_port) : (AmCell){.kind = AM_CELL_NULL};
	cells[TYPE] = icmp ? am_cell_number(server_port >> 8) : absent;
	cells[CODE] = icmp ? am_cell_number(server_port & 0xff) : absent;
}

gboolean am_connection_lister_add(AmConnectionLister *lister, const AmConnection *connection, int client,
				  AmDirection level)
{
	if (lister->limit > 0 && lister->listed.listed >= lister->limit)
		return FALSE;
	lister->listed.there++;
	const AmAddress *from = client == 0 ? &connection->lo : &connection->hi;
	const AmAddress *to = client == 0 ? &connection->hi : &connection->lo;
	uint16_t from_port = client == 0 ? connection->port_lo : connection->port_hi;
	uint16_t to_port = client == 0 ? connection->port_hi : connection->port_lo;
	uint32_t c = am_endpoint_index_find(lister->endpoints, connection->network, from);
	uint32_t s = am_endpoint_index_find(lister->endpoints, connection->network, to);
	const AmEdge *edge = edge_of(lister, connection, c, s, client);
	const AmFilter *filter = &lister->filter;
	if (!ends_match(lister, connection, c, s) || !am_filter_port(filter, connection->ip_protocol, to_port) ||
	    !am_filter_l7(filter, connection->l7[0] != '\0' ? connection->l7 : NULL) ||
	    (filter->has_verdict && (edge == NULL || edge->verdict != filter->verdict)))
		return TRUE;
	char protocol[8], tls[16], related[AM_RELATED_TEXT_SIZE];
	tls_version_text(connection->tls_version, tls);
	AmCell cells[N_COLUMNS];
	cells[FIRST] = am_cell_time(connection->first_ns);
	cells[LAST] = am_cell_time(connection->last_ns);
	cells[CLIENT] = am_cell_address(from);
	cells[SERVER] = am_cell_address(to);
	fill_service(cells, connection, from_port, to_port);
	cells[NETWORK] = am_cell_text(am_view_network(lister->map, connection->network));
	cells[PROTO] = am_cell_text(am_protocol_text(connection->ip_protocol, protocol));
	cells[L7] = am_cell_text(connection->l7);
	cells[L7_CONFIDENCE] = am_cell_text(am_l7_confidence_name((AmL7Confidence)connection->l7_confidence));
	cells[SERVER_NAME] = am_cell_text(connection->server_name);
	cells[OUTCOME] = am_cell_text(am_outcome_name((AmOutcome)connection->outcome));
	cells[CONN_STATE] = am_cell_text(connection->conn_state);
	cells[DIRECTION] = am_cell_text(am_direction_name(level));
	cells[VERDICT] = am_cell_text(edge != NULL ? am_verdict_name(edge->verdict) : NULL);
	cells[CLIENT_PACKETS] = am_cell_number(connection->total.packets[client]);
	cells[SERVER_PACKETS] = am_cell_number(connection->total.packets[!client]);
	cells[CLIENT_BYTES] = am_cell_size(connection->total.bytes[client]);
	cells[SERVER_BYTES] = am_cell_size(connection->total.bytes[!client]);
	cells[VLAN] = connection->vlan != 0 ? am_cell_number(connection->vlan) : (AmCell){.kind = AM_CELL_NULL};
	cells[ENCAPSULATION] = am_cell_text(am_encapsulation_name((AmEncapsulation)connection->encapsulation));
	cells[ENCAPSULATION_ID] = connection->encapsulation != AM_ENCAPSULATION_NONE
					  ? am_cell_number(connection->encapsulation_id)
					  : (AmCell){.kind = AM_CELL_NULL};
	cells[ALPN] = am_cell_text(connection->alpn);
	cells[TLS_VERSION] = am_cell_text(tls);
	cells[RELATED_TO] = am_cell_text(am_related_text(connection->related, related));
	lister->listed.listed++;
	return am_writer_row(lister->writer, cells);
}

gboolean am_connection_lister_finish(AmConnectionLister *lister, AmListed *ret_listed, GError **error)
{
	gboolean good = am_writer_finish(lister->writer, error);
	if (good && ret_listed != NULL)
		*ret_listed = lister->listed;
	am_endpoint_index_free(lister->endpoints);
	g_free(lister->l7);
	g_free(lister);
	return good;
}
