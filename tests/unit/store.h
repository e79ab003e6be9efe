/* What the tests of store/ share: a folder of their own, and records. */
#pragma once

#include "unit.h"

#include "allowmap/store.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NS AM_NS_PER_S
#define DAY (86400 * NS)
#define T0 (20514 * DAY + 10 * 3600 * NS) /* 10:00 UTC on some day */

static inline char *store_folder(void)
{
	return g_dir_make_tmp("allowmap-XXXXXX", NULL);
}

/* Removes the folder and what is in it; gives the number of files that were left. */
static inline guint store_clean(char *folder)
{
	guint n = 0;
	GDir *dir = g_dir_open(folder, 0, NULL);
	for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL; n++) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_unlink(path);
	}
	if (dir != NULL)
		g_dir_close(dir);
	g_rmdir(folder);
	g_free(folder);
	return n;
}

static inline AmAddress store_address(const char *text)
{
	AmAddress address = {0};
	CU_ASSERT_TRUE(am_address_parse(text, &address));
	return address;
}

/* A TCP connection that hi accepted: one second long, 3 packets each way. */
static inline AmConnection store_connection(uint64_t sequence, const char *lo, uint16_t port_lo, const char *hi,
					    uint16_t port_hi, int64_t first_ns)
{
	AmConnection c;
	memset(&c, 0, sizeof c);
	c.sequence = sequence;
	c.lo = store_address(lo);
	c.hi = store_address(hi);
	c.ip_protocol = 6;
	c.port_lo = port_lo;
	c.port_hi = port_hi;
	c.outcome = AM_OUTCOME_ACCEPTED;
	c.evidence = AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYNACK_HI | AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_FIRST_LO;
	c.first_ns = c.delta_first_ns = first_ns;
	c.last_ns = first_ns + NS;
	c.delta_hours = 1u << am_time_hour(first_ns);
	c.total = c.delta = (AmCounts){.packets = {3, 3}, .bytes = {300, 900}, .payload = {100, 700}};
	memcpy(c.conn_state, "SF", 3);
	return c;
}

/* A datagram that nobody answered and nothing is known of. */
static inline AmConnection store_datagram(uint64_t sequence, const char *lo, uint16_t port_lo, const char *hi,
					  uint16_t port_hi, int64_t first_ns)
{
	AmConnection c = store_connection(sequence, lo, port_lo, hi, port_hi, first_ns);
	c.ip_protocol = 17;
	c.outcome = AM_OUTCOME_ONE_WAY;
	c.evidence = AM_EVIDENCE_FIRST_LO;
	c.total = c.delta = (AmCounts){.packets = {1, 0}, .bytes = {100, 0}, .payload = {72, 0}};
	c.conn_state[0] = '\0';
	return c;
}

static inline AmRun *store_run(const char *sensor, const char *network)
{
	AmRun *run = g_new0(AmRun, 1);
	run->sensor = g_strdup(sensor);
	run->network = g_strdup(network);
	run->started_ns = T0;
	run->parameters = g_strdup("{}");
	run->tool_version = g_strdup("0.1.0");
	run->dpi_version = g_strdup("none");
	return run;
}
