/* What the door of flow/ hands out beside connections: batches of records, names, errors. */
#include "config.h"

#include "flow.h"

#include <string.h>

G_DEFINE_QUARK(am - flow - error - quark, am_flow_error)

/* ---- Batches */

void am_connection_batch_clear(AmConnectionBatch *batch)
{
	g_free(batch->records);
	g_free(batch->unanswered);
	g_free(batch->observations);
	*batch = (AmConnectionBatch){0};
}

AmConnection *am_connection_batch_add(AmConnectionBatch *batch)
{
	if (batch->n == batch->capacity) {
		batch->capacity = MAX(64, batch->capacity * 2);
		batch->records = g_renew(AmConnection, batch->records, batch->capacity);
	}
	AmConnection *connection = &batch->records[batch->n++];
	memset(connection, 0, sizeof(*connection));
	return connection;
}

void am_connection_batch_add_unanswered(AmConnectionBatch *batch, const AmUnanswered *counts)
{
	if (batch->n_unanswered == batch->unanswered_capacity) {
		batch->unanswered_capacity = MAX(64, batch->unanswered_capacity * 2);
		batch->unanswered = g_renew(AmUnanswered, batch->unanswered, batch->unanswered_capacity);
	}
	batch->unanswered[batch->n_unanswered++] = *counts;
}

void am_connection_batch_add_observations(AmConnectionBatch *batch, const AmObservation *observations, size_t n)
{
	if (batch->n_observations + n > batch->observations_capacity) {
		batch->observations_capacity = batch->n_observations + n;
		batch->observations = g_renew(AmObservation, batch->observations, batch->observations_capacity);
	}
	memcpy(batch->observations + batch->n_observations, observations, n * sizeof *observations);
	batch->n_observations += n;
}

/* ---- Names */

const char *am_flow_dpi_version(void)
{
	return am_classifier_version();
}

const char *am_flow_risk_name(guint bit)
{
	return am_classifier_risk_name(bit);
}

static const char *const mode_names[] = {[AM_DPI_OFF] = "off", [AM_DPI_FULL] = "full", [AM_DPI_ADAPTIVE] = "adaptive"};

const char *am_dpi_mode_name(AmDpiMode mode)
{
	return mode_names[mode];
}

gboolean am_dpi_mode_parse(const char *name, AmDpiMode *ret_mode)
{
	for (guint n = 0; n < G_N_ELEMENTS(mode_names); n++) {
		if (strcmp(name, mode_names[n]) == 0) {
			*ret_mode = (AmDpiMode)n;
			return TRUE;
		}
	}
	return FALSE;
}
