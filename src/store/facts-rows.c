/* Records to rows and back: the one place that knows the order of the columns of connections and tallies, which the
 * queries facts-connection*.sql, facts-tall*.sql and facts-pair*.sql share.
 */
#include "config.h"

#include "facts.h"

#include <stddef.h>

/* The numbers that are in the files. One that changes needs a migration. */
_Static_assert(AM_OUTCOME_ACCEPTED == 0 && AM_OUTCOME_REFUSED == 1 && AM_OUTCOME_PROHIBITED == 2 &&
		       AM_OUTCOME_SILENT == 3 && AM_OUTCOME_ONE_WAY == 4 && AM_OUTCOME_MIDSTREAM == 5 &&
		       AM_N_OUTCOMES == 6,
	       "outcomes are stored as numbers, and each has a column in tallies");
_Static_assert(AM_L7_NONE == 0 && AM_L7_PORT == 1 && AM_L7_PARTIAL == 2 && AM_L7_DPI == 3, "stored as numbers");
_Static_assert(AM_NAME_NONE == 0 && AM_NAME_TLS_SNI == 1 && AM_NAME_HTTP_HOST == 2 && AM_NAME_DNS_QUERY == 3 &&
		       AM_NAME_OTHER == 4,
	       "stored as numbers");
_Static_assert(AM_EVIDENCE_LOG == 1 << 17 && AM_EVIDENCE_OPEN == 1 << 18, "evidence is stored as bits");
_Static_assert(AM_ENCAPSULATION_VLAN == 1 && AM_ENCAPSULATION_VXLAN == 5 && AM_ENCAPSULATION_GTP == 13 &&
		       AM_ENCAPSULATION_AYIYA == 16 && AM_N_ENCAPSULATIONS == 17,
	       "stored as numbers; new ones go at the end");
_Static_assert(AM_RELATED_FTP == 1 && AM_RELATED_TFTP == 2 && AM_RELATED_MSRPC == 3 && AM_RELATED_SUNRPC == 4 &&
		       AM_RELATED_SIP == 5 && AM_N_RELATED_KINDS == 6,
	       "stored as numbers; new ones go at the end");
_Static_assert(AM_N_SUMS == 20, "each sum has a column in tallies");

/* ---- Connections */

typedef struct {
	int64_t id;
	int64_t l7, encapsulation, encapsulation_id, related; /* below zero: none */
	AmConnection c;
} ConnectionRow;
#define FIELD(column, type, field) AM_FEED_FIELD(column, type, ConnectionRow, field)
static const AmFeedColumn connection_columns[] = {
	FIELD("id", AM_FEED_I64, id),
	FIELD("revision", AM_FEED_U32, c.revision),
	FIELD("network", AM_FEED_U32, c.network),
	FIELD("lo", AM_FEED_BLOB, c.lo),
	FIELD("hi", AM_FEED_BLOB, c.hi),
	FIELD("ip_protocol", AM_FEED_U8, c.ip_protocol),
	FIELD("port_lo", AM_FEED_U16, c.port_lo),
	FIELD("port_hi", AM_FEED_U16, c.port_hi),
	FIELD("outcome", AM_FEED_U8, c.outcome),
	FIELD("evidence", AM_FEED_U32, c.evidence),
	FIELD("icmp_errors", AM_FEED_U32, c.icmp_errors),
	FIELD("first_ns", AM_FEED_I64, c.first_ns),
	FIELD("last_ns", AM_FEED_I64, c.last_ns),
	FIELD("packets_lo", AM_FEED_COUNT, c.total.packets[0]),
	FIELD("packets_hi", AM_FEED_COUNT, c.total.packets[1]),
	FIELD("bytes_lo", AM_FEED_COUNT, c.total.bytes[0]),
	FIELD("bytes_hi", AM_FEED_COUNT, c.total.bytes[1]),
	FIELD("payload_lo", AM_FEED_COUNT, c.total.payload[0]),
	FIELD("payload_hi", AM_FEED_COUNT, c.total.payload[1]),
	FIELD("tcp_flags_lo", AM_FEED_U8, c.tcp_flags[0]),
	FIELD("tcp_flags_hi", AM_FEED_U8, c.tcp_flags[1]),
	FIELD("conn_state", AM_FEED_ARRAY, c.conn_state),
	FIELD("l7", AM_FEED_OPTIONAL, l7),
	FIELD("l7_confidence", AM_FEED_U8, c.l7_confidence),
	FIELD("risks", AM_FEED_BITS, c.risks),
	FIELD("name_kind", AM_FEED_U8, c.name_kind),
	FIELD("server_name", AM_FEED_OPTIONAL_ARRAY, c.server_name),
	FIELD("alpn", AM_FEED_OPTIONAL_ARRAY, c.alpn),
	FIELD("tls_version", AM_FEED_U16, c.tls_version),
	FIELD("vlan", AM_FEED_U16, c.vlan),
	FIELD("inner_vlan", AM_FEED_U16, c.inner_vlan),
	FIELD("mac_lo", AM_FEED_OPTIONAL_BLOB, c.mac_lo),
	FIELD("mac_hi", AM_FEED_OPTIONAL_BLOB, c.mac_hi),
	FIELD("encapsulation", AM_FEED_OPTIONAL, encapsulation),
	FIELD("encapsulation_id", AM_FEED_OPTIONAL, encapsulation_id),
	FIELD("related_to", AM_FEED_OPTIONAL, related),
};
#undef FIELD
const AmFeedKind am_feed_connections = {
	.table = "new_connections",
	.query = "facts-connections-add",
	.columns = connection_columns,
	.n_columns = G_N_ELEMENTS(connection_columns),
	.row_size = sizeof(ConnectionRow),
};

gboolean am_facts_feed_connection(AmFeed *feed, int64_t run, const AmConnection *connection, uint32_t l7,
				  GError **error)
{
	ConnectionRow *row = am_feed_add(feed, error);
	if (row == NULL)
		return FALSE;
	gboolean is_inner = connection->encapsulation != AM_ENCAPSULATION_NONE;
	row->id = am_facts_connection_id(run, connection->sequence);
	row->l7 = l7 != 0 ? (int64_t)l7 : -1;
	row->encapsulation = is_inner ? (int64_t)connection->encapsulation : -1;
	row->encapsulation_id = is_inner ? (int64_t)connection->encapsulation_id : -1;
	row->related = connection->related != 0 ? (int64_t)connection->related : -1;
	row->c = *connection;
	return TRUE;
}

gboolean am_facts_connection_waits(const AmFeed *feed, int64_t id)
{
	for (guint n = am_feed_n(feed); n > 0; n--) {
		if (((const ConnectionRow *)am_feed_row(feed, n - 1))->id == id)
			return TRUE;
	}
	return FALSE;
}

static void read_mac(AmColumns *columns, uint8_t ret_mac[6])
{
	if (sqlite3_column_type(columns->statement, columns->n) == SQLITE_NULL)
		columns->n++;
	else
		am_column_blob(columns, ret_mac, 6);
}

static void read_counts(AmColumns *columns, AmCounts *ret_counts)
{
	ret_counts->packets[0] = am_column_count(columns);
	ret_counts->packets[1] = am_column_count(columns);
	ret_counts->bytes[0] = am_column_count(columns);
	ret_counts->bytes[1] = am_column_count(columns);
	ret_counts->payload[0] = am_column_count(columns);
	ret_counts->payload[1] = am_column_count(columns);
}

static void read_l7(AmColumns *columns, AmConnection *connection, uint32_t *ret_l7)
{
	if (ret_l7 != NULL)
		*ret_l7 = (uint32_t)am_column_range(columns, 0, UINT32_MAX);
	else
		am_column_array(columns, connection->l7, sizeof connection->l7);
}

static AmRelated read_related(AmColumns *columns)
{
	return (AmRelated)am_column_range(columns, 0, am_related(AM_N_RELATED_KINDS, 0, 0, 0) - 1);
}

void am_facts_read_connection(AmColumns *columns, AmConnection *ret_connection, int64_t *ret_run, uint32_t *ret_l7)
{
	AmConnection *c = ret_connection;
	memset(c, 0, sizeof *c);
	int64_t id = am_column_int(columns);
	*ret_run = id >> AM_SEQUENCE_BITS;
	c->sequence = (uint64_t)id & (AM_MAX_SEQUENCE - 1);
	c->revision = (uint32_t)am_column_range(columns, 0, UINT32_MAX);
	c->network = (uint32_t)am_column_range(columns, 0, UINT32_MAX);
	c->lo = am_column_address(columns);
	c->hi = am_column_address(columns);
	c->ip_protocol = (uint8_t)am_column_range(columns, 0, UINT8_MAX);
	c->port_lo = (uint16_t)am_column_range(columns, 0, UINT16_MAX);
	c->port_hi = (uint16_t)am_column_range(columns, 0, UINT16_MAX);
	c->outcome = (uint8_t)am_column_range(columns, 0, AM_N_OUTCOMES - 1);
	c->evidence = (uint32_t)am_column_range(columns, 0, UINT32_MAX);
	c->icmp_errors = (uint32_t)am_column_range(columns, 0, UINT32_MAX);
	c->first_ns = am_column_int(columns);
	c->last_ns = am_column_int(columns);
	read_counts(columns, &c->total);
	c->tcp_flags[0] = (uint8_t)am_column_range(columns, 0, UINT8_MAX);
	c->tcp_flags[1] = (uint8_t)am_column_range(columns, 0, UINT8_MAX);
	am_column_array(columns, c->conn_state, sizeof c->conn_state);
	read_l7(columns, c, ret_l7);
	c->l7_confidence = (uint8_t)am_column_range(columns, 0, AM_N_L7_CONFIDENCES - 1);
	c->risks = (uint64_t)am_column_int(columns);
	c->name_kind = (uint8_t)am_column_range(columns, 0, AM_NAME_OTHER);
	am_column_array(columns, c->server_name, sizeof c->server_name);
	am_column_array(columns, c->alpn, sizeof c->alpn);
	c->tls_version = (uint16_t)am_column_range(columns, 0, UINT16_MAX);
	c->vlan = (uint16_t)am_column_range(columns, 0, UINT16_MAX);
	c->inner_vlan = (uint16_t)am_column_range(columns, 0, UINT16_MAX);
	read_mac(columns, c->mac_lo);
	read_mac(columns, c->mac_hi);
	c->encapsulation = (uint8_t)am_column_range(columns, 0, AM_N_ENCAPSULATIONS - 1);
	c->encapsulation_id = (uint32_t)am_column_range(columns, 0, UINT32_MAX);
	c->related = read_related(columns);
}

/* ---- Tallies */

typedef struct {
	int64_t sensor;
	AmSum sum;
} SumRow;
typedef struct {
	int64_t sensor;
	AmSumL7 sum;
} SumL7Row;
#define KEY(row)                                                                                                       \
	AM_FEED_FIELD("sensor", AM_FEED_I64, row, sensor),                                                             \
		AM_FEED_FIELD("network", AM_FEED_U32, row, sum.key.network),                                           \
		AM_FEED_FIELD("day", AM_FEED_I32, row, sum.key.day),                                                   \
		AM_FEED_FIELD("lo", AM_FEED_BLOB, row, sum.key.lo),                                                    \
		AM_FEED_FIELD("hi", AM_FEED_BLOB, row, sum.key.hi),                                                    \
		AM_FEED_FIELD("ip_protocol", AM_FEED_U8, row, sum.key.ip_protocol),                                    \
		AM_FEED_FIELD("side", AM_FEED_U8, row, sum.key.side),                                                  \
		AM_FEED_FIELD("port_lo", AM_FEED_U16, row, sum.key.port_lo),                                           \
		AM_FEED_FIELD("port_hi", AM_FEED_U16, row, sum.key.port_hi)
#define FIELD(column, type, field) AM_FEED_FIELD(column, type, SumRow, sum.field)
static const AmFeedColumn sum_columns[] = {
	KEY(SumRow),
	FIELD("hours", AM_FEED_U32, hours),
	FIELD("packets_lo", AM_FEED_COUNT, counts.packets[0]),
	FIELD("packets_hi", AM_FEED_COUNT, counts.packets[1]),
	FIELD("bytes_lo", AM_FEED_COUNT, counts.bytes[0]),
	FIELD("bytes_hi", AM_FEED_COUNT, counts.bytes[1]),
	FIELD("payload_lo", AM_FEED_COUNT, counts.payload[0]),
	FIELD("payload_hi", AM_FEED_COUNT, counts.payload[1]),
	FIELD("connections", AM_FEED_I64, n[AM_SUM_CONNECTIONS]),
	FIELD("accepted", AM_FEED_I64, n[AM_SUM_OUTCOME + AM_OUTCOME_ACCEPTED]),
	FIELD("refused", AM_FEED_I64, n[AM_SUM_OUTCOME + AM_OUTCOME_REFUSED]),
	FIELD("prohibited", AM_FEED_I64, n[AM_SUM_OUTCOME + AM_OUTCOME_PROHIBITED]),
	FIELD("silent", AM_FEED_I64, n[AM_SUM_OUTCOME + AM_OUTCOME_SILENT]),
	FIELD("one_way", AM_FEED_I64, n[AM_SUM_OUTCOME + AM_OUTCOME_ONE_WAY]),
	FIELD("midstream", AM_FEED_I64, n[AM_SUM_OUTCOME + AM_OUTCOME_MIDSTREAM]),
	FIELD("syn_lo", AM_FEED_I64, n[AM_SUM_SYN]),
	FIELD("syn_hi", AM_FEED_I64, n[AM_SUM_SYN + 1]),
	FIELD("synack_lo", AM_FEED_I64, n[AM_SUM_SYNACK]),
	FIELD("synack_hi", AM_FEED_I64, n[AM_SUM_SYNACK + 1]),
	FIELD("handshake", AM_FEED_I64, n[AM_SUM_HANDSHAKE]),
	FIELD("client_lo", AM_FEED_I64, n[AM_SUM_CLIENT]),
	FIELD("client_hi", AM_FEED_I64, n[AM_SUM_CLIENT + 1]),
	FIELD("first_lo", AM_FEED_I64, n[AM_SUM_FIRST]),
	FIELD("first_hi", AM_FEED_I64, n[AM_SUM_FIRST + 1]),
	FIELD("rst_lo", AM_FEED_I64, n[AM_SUM_RST]),
	FIELD("rst_hi", AM_FEED_I64, n[AM_SUM_RST + 1]),
	FIELD("icmp_errors", AM_FEED_I64, n[AM_SUM_ICMP_ERRORS]),
	FIELD("payload_both", AM_FEED_I64, n[AM_SUM_PAYLOAD_BOTH]),
	FIELD("first_ns", AM_FEED_I64, first_ns),
	FIELD("last_ns", AM_FEED_I64, last_ns),
	FIELD("first_outcome", AM_FEED_U8, first_outcome),
	FIELD("risks", AM_FEED_BITS, risks),
	FIELD("server_name", AM_FEED_TEXT, server_name),
	FIELD("server_name_ns", AM_FEED_I64, server_name_ns),
	FIELD("related_to", AM_FEED_U32, related),
};
#undef FIELD
static const AmFeedColumn sum_l7_columns[] = {
	KEY(SumL7Row),
	AM_FEED_FIELD("l7", AM_FEED_U32, SumL7Row, sum.l7),
	AM_FEED_FIELD("connections", AM_FEED_I64, SumL7Row, sum.connections),
	AM_FEED_FIELD("confidence", AM_FEED_U8, SumL7Row, sum.confidence),
};
#undef KEY
const AmFeedKind am_feed_tallies = {
	.table = "new_tallies",
	.query = "facts-tallies-add",
	.columns = sum_columns,
	.n_columns = G_N_ELEMENTS(sum_columns),
	.row_size = sizeof(SumRow),
};
const AmFeedKind am_feed_tally_l7 = {
	.table = "new_tally_l7",
	.query = "facts-tally-l7-add",
	.columns = sum_l7_columns,
	.n_columns = G_N_ELEMENTS(sum_l7_columns),
	.row_size = sizeof(SumL7Row),
};

gboolean am_facts_feed_sum(AmFeed *feed, int64_t sensor, const AmSum *sum, GError **error)
{
	SumRow *row = am_feed_add(feed, error);
	if (row == NULL)
		return FALSE;
	*row = (SumRow){.sensor = sensor, .sum = *sum};
	row->sum.server_name = am_feed_text(feed, sum->server_name);
	return TRUE;
}

gboolean am_facts_feed_sum_l7(AmFeed *feed, int64_t sensor, const AmSumL7 *l7, GError **error)
{
	SumL7Row *row = am_feed_add(feed, error);
	if (row != NULL)
		*row = (SumL7Row){.sensor = sensor, .sum = *l7};
	return row != NULL;
}

static void read_key(AmColumns *columns, AmSumKey *ret_key)
{
	ret_key->network = (uint32_t)am_column_range(columns, 0, UINT32_MAX);
	ret_key->day = (int32_t)am_column_range(columns, INT32_MIN, INT32_MAX);
	ret_key->lo = am_column_address(columns);
	ret_key->hi = am_column_address(columns);
	ret_key->ip_protocol = (uint8_t)am_column_range(columns, 0, UINT8_MAX);
	ret_key->side = (uint8_t)am_column_range(columns, AM_SIDE_NONE, AM_SIDE_HI);
	ret_key->port_lo = (uint16_t)am_column_range(columns, 0, UINT16_MAX);
	ret_key->port_hi = (uint16_t)am_column_range(columns, 0, UINT16_MAX);
}

void am_facts_read_sum(AmColumns *columns, AmSum *ret_sum)
{
	read_key(columns, &ret_sum->key);
	ret_sum->hours = (uint32_t)am_column_range(columns, 0, 0xffffff);
	read_counts(columns, &ret_sum->counts);
	for (guint n = 0; n < AM_N_SUMS; n++)
		ret_sum->n[n] = am_column_int(columns);
	ret_sum->first_ns = am_column_int(columns);
	ret_sum->last_ns = am_column_int(columns);
	ret_sum->first_outcome = (uint8_t)am_column_range(columns, 0, AM_N_OUTCOMES - 1);
	ret_sum->risks = (uint64_t)am_column_int(columns);
	ret_sum->server_name = (const char *)sqlite3_column_text(columns->statement, columns->n++);
	ret_sum->server_name_ns = am_column_int(columns);
	ret_sum->related = read_related(columns);
}

void am_facts_read_sum_l7(AmColumns *columns, AmSumL7 *ret_l7)
{
	read_key(columns, &ret_l7->key);
	ret_l7->l7 = (uint32_t)am_column_range(columns, 0, UINT32_MAX);
	ret_l7->connections = am_column_int(columns);
	ret_l7->confidence = (uint8_t)am_column_range(columns, 0, AM_N_L7_CONFIDENCES - 1);
}
