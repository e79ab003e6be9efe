/* What a port shows, for the person who set it up, and for a script. Fed by the check job; only names of our own and numbers.
 */
#include "config.h"

#include "ledger.h"
#include "text.h"

#include "allowmap/report.h"

static const char *const kinds[AM_N_CHECK_KINDS] = {"tcp", "udp", "other"};

static double percent(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

/* ---- Table */

static void line(GString *to, const char *name, uint64_t number)
{
	char text[AM_NUMBER_TEXT_SIZE];
	g_string_append_printf(to, "  %-26s %15s\n", name, am_number_text(number, text));
}

static void share(GString *to, const char *name, uint64_t part, uint64_t whole)
{
	char text[AM_NUMBER_TEXT_SIZE];
	g_string_append_printf(to, "  %-26s %15s  %.1f%%\n", name, am_number_text(part, text), percent(part, whole));
}

static void table_traffic(GString *to, const AmPortCheck *check)
{
	g_string_append(to, "Frames\n");
	line(to, "seen", check->frames);
	share(to, "decoded", check->packets, check->frames);
	share(to, "to one machine", check->unicast, check->packets);
	for (int r = 1; r < AM_N_SKIP_REASONS; r++)
		if (check->skipped[r] > 0)
			share(to, am_skip_reason_name(r), check->skipped[r], check->frames);
	g_string_append(to, "VLANs\n");
	for (guint n = 0; n < check->vlans->len; n++) {
		const AmCheckVlan *vlan = &g_array_index(check->vlans, AmCheckVlan, n);
		g_autofree char *name = vlan->vlan == 0 ? g_strdup("untagged")
					: vlan->inner_vlan == 0
						? g_strdup_printf("%u", vlan->vlan)
						: g_strdup_printf("%u.%u", vlan->vlan, vlan->inner_vlan);
		share(to, name, vlan->packets, check->packets);
	}
	g_string_append(to, "Subnets\n");
	for (guint n = 0; n < check->subnets->len; n++) {
		const AmCheckSubnet *subnet = &g_array_index(check->subnets, AmCheckSubnet, n);
		g_autofree char *name = am_prefix_text(&subnet->prefix);
		share(to, name, subnet->packets, check->unicast);
	}
}

static void table(GString *to, const AmPortCheck *check)
{
	table_traffic(to, check);
	g_string_append(to, "Tunnels\n");
	gboolean none = TRUE;
	for (int n = AM_ENCAPSULATION_NONE + 1; n < AM_N_ENCAPSULATIONS; n++) {
		if (check->tunnels[n] == 0)
			continue;
		none = FALSE;
		share(to, am_encapsulation_name((AmEncapsulation)n), check->tunnels[n], check->packets);
	}
	if (none)
		g_string_append(to, "  none seen\n");
	g_string_append(to, "Conversations with both directions\n");
	for (int n = 0; n < AM_N_CHECK_KINDS; n++) {
		char both[AM_NUMBER_TEXT_SIZE], all[AM_NUMBER_TEXT_SIZE];
		g_string_append_printf(to, "  %-26s %15s  of %s, %.1f%%\n", kinds[n],
				       am_number_text(check->two_way[n], both),
				       am_number_text(check->conversations[n], all),
				       percent(check->two_way[n], check->conversations[n]));
	}
	g_string_append(to, "Faults\n");
	share(to, "packets that came twice", check->duplicates, check->unicast);
	share(to, "TCP octets never seen", check->tcp_unseen, check->tcp_seen + check->tcp_unseen);
	share(to, "frames cut short", check->cut_frames, check->frames);
	if (check->is_live) {
		line(to, "dropped here", check->dropped_kernel);
		line(to, "dropped by the card", check->dropped_interface);
	}
	line(to, "times the clock went back", check->steps_back);
	g_string_append(to, "What to ask for\n");
	for (guint n = 0; n < check->advice->len; n++) {
		g_string_append(to, "  - ");
		am_text_append_terminal(to, check->advice->pdata[n]);
		g_string_append_c(to, '\n');
	}
}

/* ---- JSON */

static void pair(GString *to, const char *name, uint64_t number)
{
	g_string_append_printf(to, "\"%s\":%" G_GUINT64_FORMAT, name, number);
}

static void json_traffic(GString *to, const AmPortCheck *check)
{
	g_string_append(to, "\"skipped\":{");
	for (int r = 1; r < AM_N_SKIP_REASONS; r++) {
		g_string_append(to, r > 1 ? "," : "");
		pair(to, am_skip_reason_name(r), check->skipped[r]);
	}
	g_string_append(to, "},\"vlans\":[");
	for (guint n = 0; n < check->vlans->len; n++) {
		const AmCheckVlan *vlan = &g_array_index(check->vlans, AmCheckVlan, n);
		g_string_append_printf(to, "%s{\"vlan\":%u,\"inner_vlan\":%u,", n > 0 ? "," : "", vlan->vlan,
				       vlan->inner_vlan);
		pair(to, "packets", vlan->packets);
		g_string_append_c(to, '}');
	}
	g_string_append(to, "],\"subnets\":[");
	for (guint n = 0; n < check->subnets->len; n++) {
		const AmCheckSubnet *subnet = &g_array_index(check->subnets, AmCheckSubnet, n);
		g_autofree char *name = am_prefix_text(&subnet->prefix);
		g_string_append_printf(to, "%s{\"prefix\":\"%s\",", n > 0 ? "," : "", name);
		pair(to, "packets", subnet->packets);
		g_string_append_c(to, '}');
	}
	g_string_append(to, "],\"tunnels\":{");
	gboolean first = TRUE;
	for (int n = AM_ENCAPSULATION_NONE + 1; n < AM_N_ENCAPSULATIONS; n++) {
		if (check->tunnels[n] == 0)
			continue;
		g_string_append(to, first ? "" : ",");
		first = FALSE;
		pair(to, am_encapsulation_name((AmEncapsulation)n), check->tunnels[n]);
	}
	g_string_append(to, "},\"conversations\":{");
	for (int n = 0; n < AM_N_CHECK_KINDS; n++) {
		g_string_append_printf(to, "%s\"%s\":{", n > 0 ? "," : "", kinds[n]);
		pair(to, "seen", check->conversations[n]);
		g_string_append_c(to, ',');
		pair(to, "two_way", check->two_way[n]);
		g_string_append_c(to, '}');
	}
	g_string_append(to, "},");
}

static void json(GString *to, const AmPortCheck *check)
{
	const struct {
		const char *name;
		uint64_t number;
	} pairs[] = {
		{"frames", check->frames},
		{"octets", check->bytes},
		{"packets", check->packets},
		{"unicast", check->unicast},
		{"not_followed", check->not_followed},
		{"duplicates", check->duplicates},
		{"tcp_octets_seen", check->tcp_seen},
		{"tcp_octets_unseen", check->tcp_unseen},
		{"frames_cut", check->cut_frames},
		{"fragments", check->fragments},
		{"dropped_kernel", check->dropped_kernel},
		{"dropped_interface", check->dropped_interface},
		{"clock_steps_back", check->steps_back},
		{"clock_off_ns", (uint64_t)check->clock_off_ns},
	};
	char first[AM_TIME_TEXT_SIZE], last[AM_TIME_TEXT_SIZE];
	g_string_append_printf(to, "{\"first\":\"%s\",\"last\":\"%s\",", am_time_text(check->first_ns, first),
			       am_time_text(check->last_ns, last));
	for (size_t n = 0; n < G_N_ELEMENTS(pairs); n++) {
		pair(to, pairs[n].name, pairs[n].number);
		g_string_append_c(to, ',');
	}
	json_traffic(to, check);
	g_string_append(to, "\"advice\":[");
	for (guint n = 0; n < check->advice->len; n++) {
		g_string_append(to, n > 0 ? "," : "");
		am_text_append_json(to, check->advice->pdata[n]);
	}
	g_string_append(to, "]}\n");
}

gboolean am_report_check(const AmPortCheck *check, AmFormat format, FILE *out, GError **error)
{
	if (format == AM_FORMAT_CSV) {
		g_set_error(error, AM_REPORT_ERROR, AM_REPORT_ERROR_OPTION,
			    "--check has no csv: table or json, please");
		return FALSE;
	}
	g_autoptr(GString) text = g_string_new(NULL);
	if (format == AM_FORMAT_JSON)
		json(text, check);
	else
		table(text, check);
	if (fwrite(text->str, 1, text->len, out) == text->len && fflush(out) == 0)
		return TRUE;
	g_set_error(error, AM_REPORT_ERROR, AM_REPORT_ERROR_WRITE, "cannot write to standard output");
	return FALSE;
}
