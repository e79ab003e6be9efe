/* Records to rows and back: the one place that knows the order of the columns of connections and tallies, which the
 * queries facts-connection*.sql, facts-tall*.sql and facts-pair*.sql share.
 */
#include "config.h"

#include "facts.h"

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
		       AM_N_ENCAPSULATIONS == 14,
	       "stored as numbers; new ones go at the end");
_Static_assert(AM_N_SUMS == 20, "each sum has a column in tallies");

/* ---- Connections */

static void bind_mac(AmBinder *binder, const uint8_t mac[6])
{
	static const uint8_t none[6];
	if (memcmp(mac, none, sizeof none) == 0)
		am_bind_null(binder);
	else
		am_bind_blob(binder, mac, 6);
}

static void bind_counts(AmBinder *binder, const AmCounts *counts)
{
	am_bind_count(binder, counts->packets[0]);
	am_bind_count(binder, counts->packets[1]);
	am_bind_count(binder, counts->bytes[0]);
	am_bind_count(binder, counts->bytes[1]);
	am_bind_count(binder, counts->payload[0]);
	am_bind_count(binder, counts->payload[1]);
}

void am_facts_bind_connection(sqlite3_stmt *statement, int64_t run, const AmConnection *connection, uint32_t l7)
{
	AmBinder b = {.statement = statement};
	am_bind_int(&b, am_facts_connection_id(run, connection->sequence));
	am_bind_int(&b, connection->revision);
	am_bind_int(&b, connection->network);
	am_bind_blob(&b, &connection->lo, sizeof connection->lo);
	am_bind_blob(&b, &connection->hi, sizeof connection->hi);
	am_bind_int(&b, connection->ip_protocol);
	am_bind_int(&b, connection->port_lo);
	am_bind_int(&b, connection->port_hi);
	am_bind_int(&b, connection->outcome);
	am_bind_int(&b, connection->evidence);
	am_bind_int(&b, connection->icmp_errors);
	am_bind_int(&b, connection->first_ns);
	am_bind_int(&b, connection->last_ns);
	bind_counts(&b, &connection->total);
	am_bind_int(&b, connection->tcp_flags[0]);
	am_bind_int(&b, connection->tcp_flags[1]);
	am_bind_array(&b, connection->conn_state, sizeof connection->conn_state, FALSE);
	if (l7 != 0)
		am_bind_int(&b, l7);
	else
		am_bind_null(&b);
	am_bind_int(&b, connection->l7_confidence);
	am_bind_int(&b, (int64_t)connection->risks);
	am_bind_int(&b, connection->name_kind);
	am_bind_array(&b, connection->server_name, sizeof connection->server_name, TRUE);
	am_bind_array(&b, connection->alpn, sizeof connection->alpn, TRUE);
	am_bind_int(&b, connection->tls_version);
	am_bind_int(&b, connection->vlan);
	am_bind_int(&b, connection->inner_vlan);
	bind_mac(&b, connection->mac_lo);
	bind_mac(&b, connection->mac_hi);
	if (connection->encapsulation == AM_ENCAPSULATION_NONE) {
		am_bind_null(&b);
		am_bind_null(&b);
	} else {
		am_bind_int(&b, connection->encapsulation);
		am_bind_int(&b, connection->encapsulation_id);
	}
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
}

/* ---- Tallies */

static void bind_key(AmBinder *binder, int64_t sensor, const AmSumKey *key)
{
	am_bind_int(binder, sensor);
	am_bind_int(binder, key->network);
	am_bind_int(binder, key->day);
	am_bind_blob(binder, &key->lo, sizeof key->lo);
	am_bind_blob(binder, &key->hi, sizeof key->hi);
	am_bind_int(binder, key->ip_protocol);
	am_bind_int(binder, key->side);
	am_bind_int(binder, key->port_lo);
	am_bind_int(binder, key->port_hi);
}

void am_facts_bind_sum(sqlite3_stmt *statement, int64_t sensor, const AmSum *sum)
{
	AmBinder b = {.statement = statement};
	bind_key(&b, sensor, &sum->key);
	am_bind_int(&b, sum->hours);
	bind_counts(&b, &sum->counts);
	for (guint n = 0; n < AM_N_SUMS; n++)
		am_bind_int(&b, sum->n[n]);
	am_bind_int(&b, sum->first_ns);
	am_bind_int(&b, sum->last_ns);
	am_bind_int(&b, sum->first_outcome);
	am_bind_int(&b, (int64_t)sum->risks);
	am_bind_text(&b, sum->server_name);
	am_bind_int(&b, sum->server_name_ns);
}

void am_facts_bind_sum_l7(sqlite3_stmt *statement, int64_t sensor, const AmSumL7 *l7)
{
	AmBinder b = {.statement = statement};
	bind_key(&b, sensor, &l7->key);
	am_bind_int(&b, l7->l7);
	am_bind_int(&b, l7->connections);
	am_bind_int(&b, l7->confidence);
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
}

void am_facts_read_sum_l7(AmColumns *columns, AmSumL7 *ret_l7)
{
	read_key(columns, &ret_l7->key);
	ret_l7->l7 = (uint32_t)am_column_range(columns, 0, UINT32_MAX);
	ret_l7->connections = am_column_int(columns);
	ret_l7->confidence = (uint8_t)am_column_range(columns, 0, AM_N_L7_CONFIDENCES - 1);
}
