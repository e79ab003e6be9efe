/* Reads a connection log from memory, in pieces of any size, and collects what comes out. */
#pragma once

#include "allowmap/import.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

#define LOG_SNAPSHOT_NS (INT64_C(1772409600) * AM_NS_PER_S) /* 2026-03-02T00:00:00Z */

typedef struct {
	const char *at;
	size_t left, step;
	gboolean fails;
} Source;

static inline gssize read_source(void *source, void *buffer, size_t size, GError **error)
{
	Source *from = source;
	size_t n = MIN(MIN(from->left, from->step), size);
	if (n == 0 && from->fails) {
		g_set_error_literal(error, AM_BASE_ERROR, AM_BASE_ERROR_INVALID, "cut");
		return -1;
	}
	memcpy(buffer, from->at, n);
	from->at += n;
	from->left -= n;
	return (gssize)n;
}

static inline gboolean collect(const AmConnection *connection, gpointer user_data, GError **error)
{
	GArray *all = user_data;
	g_array_append_val(all, *connection);
	if (all->len < 1000000)
		return TRUE;
	g_set_error_literal(error, AM_BASE_ERROR, AM_BASE_ERROR_INVALID, "too many");
	return FALSE;
}

/* Connections in `all`; what is told of addresses beside them. */
static GArray *log_observed;

static inline gboolean observe(const AmObservation *observation, gpointer user_data, GError **error)
{
	(void)user_data;
	(void)error;
	if (log_observed == NULL)
		log_observed = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	g_array_append_val(log_observed, *observation);
	return TRUE;
}

typedef struct {
	GArray *all; /* AmConnection */
	AmLogCounts counts;
	uint64_t lines, skipped;
	gboolean ok;
	GError *error;
} Result;

static inline Result read_log(const char *text, size_t size, AmInputKind kind, size_t step)
{
	Source source = {text, size, step, FALSE};
	Result result = {.all = g_array_new(FALSE, FALSE, sizeof(AmConnection))};
	const AmLogOptions options = {.kind = kind, .first_sequence = 7, .network = 3, .snapshot_ns = LOG_SNAPSHOT_NS};
	result.ok = am_import_log((AmByteReader){read_source, &source}, &options, collect, observe, result.all,
				  &result.counts, &result.error);
	result.lines = result.counts.lines;
	result.skipped = result.lines - result.counts.skipped[AM_LOG_USED];
	return result;
}

static inline void clear(Result *result)
{
	g_array_unref(result->all);
	g_clear_error(&result->error);
}

/* The only connection of these lines, which are all used. */
static inline AmConnection read_one_of(const char *text, AmInputKind kind)
{
	Result result = read_log(text, strlen(text), kind, SIZE_MAX);
	AmConnection connection;
	memset(&connection, 0, sizeof connection);
	CU_ASSERT_TRUE_FATAL(result.ok);
	CU_ASSERT_EQUAL_FATAL(result.all->len, 1);
	CU_ASSERT_EQUAL(result.skipped, 0);
	connection = g_array_index(result.all, AmConnection, 0);
	clear(&result);
	return connection;
}

static inline const char *log_address(const AmAddress *from)
{
	static char text[AM_ADDRESS_TEXT_SIZE];
	return am_address_text(from, text);
}

/* A log of this one line gives nothing, and is counted under this reason. */
static inline void check_skipped(const char *line, AmInputKind kind, AmLogSkip reason)
{
	Result result = read_log(line, strlen(line), kind, SIZE_MAX);
	CU_ASSERT_TRUE(result.ok);
	CU_ASSERT_EQUAL(result.all->len, 0);
	CU_ASSERT_EQUAL(result.lines, 1);
	CU_ASSERT_EQUAL(result.counts.skipped[reason], 1);
	if (result.lines != 1 || result.counts.skipped[reason] != 1)
		fprintf(stderr, "not skipped as %s: %s\n", am_log_skip_name(reason), line);
	clear(&result);
}

/* However the log arrives, the same comes out; cut short anywhere, all before the cut does. */
static inline void check_pieces(const char *text, AmInputKind kind)
{
	size_t size = strlen(text);
	Result whole = read_log(text, size, kind, SIZE_MAX);
	CU_ASSERT_TRUE_FATAL(whole.ok);
	for (size_t step = 1; step < 400; step = step * 3 + 1) {
		Result again = read_log(text, size, kind, step);
		CU_ASSERT_EQUAL_FATAL(again.all->len, whole.all->len);
		CU_ASSERT_EQUAL(memcmp(again.all->data, whole.all->data, whole.all->len * sizeof(AmConnection)), 0);
		CU_ASSERT_EQUAL(memcmp(&again.counts, &whole.counts, sizeof whole.counts), 0);
		clear(&again);
	}
	uint64_t lines = 0;
	for (size_t cut = 0; cut <= size; cut++) {
		Result part = read_log(text, cut, kind, SIZE_MAX);
		CU_ASSERT_TRUE(part.ok);
		CU_ASSERT(part.lines >= lines && part.lines <= lines + 1);
		CU_ASSERT(part.all->len <= part.counts.skipped[AM_LOG_USED]);
		lines = part.lines;
		clear(&part);
	}
	clear(&whole);
}
