/* The numbers of a live capture, as Prometheus reads them from a file (node_exporter's textfile collector). Fed by the
 * capture at each commit; interface names are the only text that comes from outside.
 *
 * Format: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4).
 */
#include "config.h"

#include "allowmap/report.h"
#include "ledger.h"

static void head(GString *to, const char *name, const char *type, const char *help)
{
	g_string_append_printf(to, "# HELP allowmap_%s %s\n# TYPE allowmap_%s %s\n", name, help, name, type);
}

static void number(GString *to, const char *name, const char *type, const char *help, uint64_t value)
{
	head(to, name, type, help);
	g_string_append_printf(to, "allowmap_%s %" G_GUINT64_FORMAT "\n", name, value);
}

static void label_value(GString *to, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\' || *text == '"')
			g_string_append_c(to, '\\');
		g_string_append_c(to, g_ascii_isprint(*text) ? *text : '?');
	}
}

static void of_interfaces(GString *to, const AmLiveState *state, const char *name, const char *type, const char *help,
			  size_t offset)
{
	head(to, name, type, help);
	for (guint n = 0; n < state->n_interfaces; n++) {
		const AmInterfaceState *interface = &state->interfaces[n];
		g_string_append_printf(to, "allowmap_%s{interface=\"", name);
		label_value(to, interface->name);
		g_string_append_printf(to, "\"} %" G_GUINT64_FORMAT "\n",
				       *(const uint64_t *)((const char *)interface + offset));
	}
}

static void seconds(GString *to, const char *name, const char *help, int64_t ns)
{
	head(to, name, "gauge", help);
	g_string_append_printf(to, "allowmap_%s %" G_GINT64_FORMAT ".%03d\n", name, (gint64)(ns / AM_NS_PER_S),
			       (int)(ns % AM_NS_PER_S / 1000000));
}

char *am_report_metrics(const AmLiveState *state)
{
	GString *to = g_string_new(NULL);
	const AmLedger *ledger = &state->ledger;
	number(to, "packets_read_total", "counter", "Packets read.", ledger->read);
	number(to, "packets_recorded_total", "counter", "Packets that joined a connection.", ledger->recorded);
	head(to, "packets_skipped_total", "counter", "Packets that were not recorded, by reason.");
	for (int r = 1; r < AM_N_SKIP_REASONS; r++)
		g_string_append_printf(to, "allowmap_packets_skipped_total{reason=\"%s\"} %" G_GUINT64_FORMAT "\n",
				       am_skip_reason_name(r), ledger->skipped[r]);
	number(to, "connections_total", "counter", "Connections begun.", ledger->connections);
	number(to, "connections_given_up_total", "counter", "Connections closed early for want of room in memory.",
	       ledger->connections_given_up);
	number(to, "connections_expired_total", "counter", "Connections removed by age.", state->expired);
	number(to, "clock_steps_back_total", "counter", "Times that the clock was put back.", ledger->clock_steps_back);
	of_interfaces(to, state, "interface_packets_total", "counter", "Packets read from an interface.",
		      offsetof(AmInterfaceState, packets));
	of_interfaces(to, state, "interface_dropped_kernel_total", "counter",
		      "Packets that came faster than they were read.", offsetof(AmInterfaceState, dropped_kernel));
	of_interfaces(to, state, "interface_dropped_driver_total", "counter",
		      "Packets that the card or its driver dropped.", offsetof(AmInterfaceState, dropped_interface));
	of_interfaces(to, state, "interface_outages_total", "counter", "Times that the link went down.",
		      offsetof(AmInterfaceState, outages));
	head(to, "interface_up", "gauge", "Whether the link is up.");
	for (guint n = 0; n < state->n_interfaces; n++) {
		g_string_append(to, "allowmap_interface_up{interface=\"");
		label_value(to, state->interfaces[n].name);
		g_string_append_printf(to, "\"} %d\n", state->interfaces[n].up ? 1 : 0);
	}
	number(to, "commits_total", "counter", "Commits to the facts.", state->commits);
	number(to, "rotations_total", "counter", "Times that a new database was begun.", state->rotations);
	number(to, "database_bytes", "gauge", "Size of the facts and their log.", state->db_size);
	number(to, "database_log_bytes", "gauge", "Size of the log alone.", state->log_size);
	number(to, "database_log_held", "gauge", "1: the log grows, because a reader does not come to an end.",
	       state->log_held ? 1 : 0);
	number(to, "disk_free_bytes", "gauge", "Room left where the facts are.", state->free_size);
	number(to, "tallies_only", "gauge", "1: room is short, connections are counted and not kept.",
	       state->tallies_only ? 1 : 0);
	seconds(to, "start_time_seconds", "When the capture began.", state->started_ns);
	seconds(to, "last_commit_time_seconds", "What was seen until then is in the facts.", state->committed_ns);
	return g_string_free(to, FALSE);
}
