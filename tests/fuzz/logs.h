/* What the fuzz targets of connection logs have in common: a log from memory, in pieces, and what must hold of all that comes
 * out of it. */
#pragma once

#include "allowmap/import.h"

#include <string.h>

#define SNAPSHOT_NS (INT64_C(1772409600) * AM_NS_PER_S)

typedef struct {
	const uint8_t *at;
	size_t left, piece;
} Memory;

static inline gssize memory_read(void *source, void *buffer, size_t size, GError **error)
{
	(void)error;
	Memory *memory = source;
	size = MIN(size, memory->left);
	if (memory->piece != 0)
		size = MIN(size, memory->piece);
	memcpy(buffer, memory->at, size);
	memory->at += size;
	memory->left -= size;
	return (gssize)size;
}

/* What comes from a log is listed, stored and put into reports like what comes from packets. */
static inline void check_text(const char *text, size_t size)
{
	g_assert(memchr(text, '\0', size) != NULL);
	for (; *text != '\0'; text++)
		g_assert((uint8_t)*text > 0x20 && (uint8_t)*text < 0x7f);
}

typedef struct {
	uint64_t n, sum;
	gboolean ok;
	AmLogCounts counts;
} Reading;

static inline gboolean each(const AmConnection *connection, gpointer user_data, GError **error)
{
	(void)error;
	Reading *reading = user_data;
	g_assert(connection->sequence == 1 + reading->n);
	g_assert(connection->network == 3 && connection->revision == 0);
	check_text(connection->l7, sizeof connection->l7);
	check_text(connection->conn_state, sizeof connection->conn_state);
	g_assert(connection->server_name[0] == '\0' && connection->name_kind == AM_NAME_NONE);
	g_assert(connection->outcome < AM_N_OUTCOMES && connection->l7_confidence < AM_N_L7_CONFIDENCES);
	g_assert((connection->l7[0] == '\0') == (connection->l7_confidence == AM_L7_NONE));
	g_assert((connection->evidence & AM_EVIDENCE_LOG) != 0);
	g_assert(connection->lo.family == connection->hi.family);
	g_assert(connection->lo.family == 4 || connection->lo.family == 6);
	int order = am_address_compare(&connection->lo, &connection->hi);
	g_assert(order < 0 || (order == 0 && connection->port_lo <= connection->port_hi));
	g_assert(connection->first_ns >= 0 && connection->first_ns == connection->delta_first_ns);
	g_assert(connection->first_ns <= connection->last_ns);
	g_assert(connection->delta_hours != 0 && connection->delta_hours < 1u << 24);
	g_assert(connection->vlan <= 0xfff && connection->inner_vlan <= 0xfff);
	g_assert(memcmp(&connection->total, &connection->delta, sizeof connection->total) == 0);
	for (int direction = 0; direction < 2; direction++)
		g_assert((connection->total.packets[direction] | connection->total.bytes[direction] |
			  connection->total.payload[direction]) <= INT64_MAX);
	const uint8_t *bytes = (const uint8_t *)connection;
	for (size_t n = 0; n < sizeof *connection; n++)
		reading->sum = reading->sum * 31 + bytes[n];
	reading->n++;
	return TRUE;
}

static inline gboolean each_observed(const AmObservation *observation, gpointer user_data, GError **error)
{
	(void)error;
	Reading *reading = user_data;
	check_text(observation->value, sizeof observation->value);
	g_assert(observation->value[0] != '\0' && observation->kind < AM_N_OBSERVED && observation->network == 3);
	g_assert(observation->address.family == 4 || observation->address.family == 6);
	g_assert(observation->first_ns >= 0 && observation->first_ns == observation->last_ns);
	for (const uint8_t *at = (const uint8_t *)observation; at < (const uint8_t *)(observation + 1); at++)
		reading->sum = reading->sum * 31 + *at;
	return TRUE;
}

static inline Reading read_all(const uint8_t *data, size_t size, AmInputKind kind, size_t piece)
{
	Reading reading = {0};
	Memory memory = {data, size, piece};
	g_autoptr(GError) error = NULL;
	const AmLogOptions options = {.kind = kind, .first_sequence = 1, .network = 3, .snapshot_ns = SNAPSHOT_NS};
	reading.ok = am_import_log((AmByteReader){memory_read, &memory}, &options, each, each_observed, &reading,
				   &reading.counts, &error);
	g_assert(reading.ok == (error == NULL));
	g_assert(error == NULL || g_utf8_validate(error->message, -1, NULL));
	/* Each line that is a record was used or counted; several may be one connection. */
	uint64_t lines = 0;
	for (guint r = 0; r < AM_N_LOG_SKIPS; r++)
		lines += reading.counts.skipped[r];
	g_assert(reading.counts.lines == lines);
	g_assert(reading.n <= reading.counts.skipped[AM_LOG_USED] + !reading.ok);
	gboolean is_zeek = kind == AM_INPUT_ZEEK_TSV || kind == AM_INPUT_ZEEK_JSON;
	g_assert(!is_zeek || reading.n == reading.counts.skipped[AM_LOG_USED]);
	return reading;
}

/* How it arrives makes no difference. `piece`: in how many octets at once; 0 = all. */
static inline void check_log(const uint8_t *data, size_t size, AmInputKind kind, size_t piece)
{
	Reading whole = read_all(data, size, kind, 0);
	Reading pieces = read_all(data, size, kind, piece);
	g_assert(pieces.ok == whole.ok && pieces.n == whole.n && pieces.sum == whole.sum);
	g_assert(memcmp(&pieces.counts, &whole.counts, sizeof whole.counts) == 0);
}
