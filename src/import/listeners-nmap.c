/* What nmap -oX writes (nmap.dtd):
 *
 *   <nmaprun start="1700000000"> <host starttime= endtime=> <address addr="10.0.0.5" addrtype="ipv4"/>
 *     <ports> <port protocol="tcp" portid="22"> <state state="open"/> <service name="ssh" product="OpenSSH" method="probed"/>
 *
 * A port that is open is a listener, one that is closed is none (any longer); "filtered" and "open|filtered" are no answer.
 * Extraports, which are only counted, say nothing of a single port. A service that nmap takes from its table of ports is a guess,
 * and is left out. GLib's reader knows no entities but XML's own five. */
#include "config.h"

#include "listener-list.h"

#include "allowmap/model/packet.h"

#include <string.h>

typedef struct {
	AmListReader *reader;
	gboolean in_run, in_host, in_ports, in_port, has_host, has_port;
	int64_t started_ns; /* of the whole scan */
	AmListSocket socket;
	AmListSkip reason; /* of this port */
	char program[4 * AM_PROGRAM_SIZE];
} Scan;

static const char *attribute(const char **names, const char **values, const char *name)
{
	for (guint n = 0; names[n] != NULL; n++) {
		if (strcmp(names[n], name) == 0)
			return values[n];
	}
	return NULL;
}

/* Seconds since 1970; what is none leaves the time as it was. */
static void read_time(const char *text, int64_t *time_ns)
{
	guint64 seconds;
	if (text != NULL && g_ascii_string_to_unsigned(text, 10, 1, INT64_MAX / AM_NS_PER_S, &seconds, NULL))
		*time_ns = (int64_t)seconds * AM_NS_PER_S;
}

static void begin_host(Scan *scan, const char **names, const char **values)
{
	scan->in_host = TRUE;
	scan->has_host = FALSE;
	scan->socket.at_ns = scan->started_ns;
	read_time(attribute(names, values, "starttime"), &scan->socket.at_ns);
	read_time(attribute(names, values, "endtime"), &scan->socket.at_ns);
}

/* The first one that is no MAC. */
static void read_address(Scan *scan, const char **names, const char **values)
{
	const char *text = attribute(names, values, "addr");
	if (!scan->has_host && text != NULL)
		scan->has_host = am_list_address(text, strlen(text), &scan->socket.host);
	scan->socket.address = scan->socket.host;
}

static void begin_port(Scan *scan, const char **names, const char **values)
{
	const char *protocol = attribute(names, values, "protocol"), *port = attribute(names, values, "portid");
	guint64 number;
	int ip_protocol = -1;
	scan->in_port = TRUE;
	scan->socket.program = NULL;
	scan->socket.program_size = 0;
	scan->reason = AM_LIST_SKIP_STATE;
	if (port == NULL || !g_ascii_string_to_unsigned(port, 10, 0, UINT16_MAX, &number, NULL)) {
		scan->reason = AM_LIST_SKIP_SYNTAX;
		return;
	}
	if (protocol == NULL || !am_protocol_parse(protocol, &ip_protocol) ||
	    !am_service_has_ports((uint8_t)ip_protocol)) {
		scan->reason = AM_LIST_SKIP_SERVICE;
		return;
	}
	scan->socket.port = (uint16_t)number;
	scan->socket.ip_protocol = (uint8_t)ip_protocol;
}

static void read_state(Scan *scan, const char **names, const char **values)
{
	const char *state = attribute(names, values, "state");
	if (state == NULL || scan->reason != AM_LIST_SKIP_STATE)
		return;
	scan->socket.is_closed = strcmp(state, "closed") == 0;
	if (scan->socket.is_closed || strcmp(state, "open") == 0)
		scan->reason = AM_LIST_USED;
}

static void read_service(Scan *scan, const char **names, const char **values)
{
	const char *method = attribute(names, values, "method"), *product = attribute(names, values, "product");
	const char *name = product != NULL ? product : attribute(names, values, "name");
	if (method == NULL || strcmp(method, "probed") != 0 || name == NULL)
		return;
	g_strlcpy(scan->program, name, sizeof scan->program);
	scan->socket.program = scan->program;
	scan->socket.program_size = strlen(scan->program);
}

static void end_port(Scan *scan)
{
	scan->in_port = FALSE;
	if (scan->reason == AM_LIST_USED && !scan->has_host)
		scan->reason = AM_LIST_SKIP_HOST;
	if (scan->reason == AM_LIST_USED)
		am_list_add(scan->reader, &scan->socket);
	else
		am_list_skip(scan->reader, scan->reason);
}

static void on_start(GMarkupParseContext *context, const char *element, const char **names, const char **values,
		     gpointer user_data, GError **error)
{
	Scan *scan = user_data;
	(void)context;
	if (!scan->in_run && strcmp(element, "nmaprun") != 0) {
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID, "it is XML, but not nmap's");
		return;
	}
	if (!scan->in_run)
		read_time(attribute(names, values, "start"), &scan->started_ns);
	scan->in_run = TRUE;
	if (strcmp(element, "host") == 0)
		begin_host(scan, names, values);
	else if (scan->in_host && strcmp(element, "address") == 0)
		read_address(scan, names, values);
	else if (scan->in_host && strcmp(element, "ports") == 0)
		scan->in_ports = TRUE;
	else if (scan->in_ports && strcmp(element, "port") == 0)
		begin_port(scan, names, values);
	else if (scan->in_port && strcmp(element, "state") == 0)
		read_state(scan, names, values);
	else if (scan->in_port && strcmp(element, "service") == 0)
		read_service(scan, names, values);
}

static void on_end(GMarkupParseContext *context, const char *element, gpointer user_data, GError **error)
{
	Scan *scan = user_data;
	(void)context;
	(void)error;
	if (scan->in_port && strcmp(element, "port") == 0)
		end_port(scan);
	else if (strcmp(element, "ports") == 0)
		scan->in_ports = FALSE;
	else if (strcmp(element, "host") == 0)
		scan->in_host = scan->in_ports = scan->in_port = FALSE;
}

gboolean am_list_read_nmap(AmListReader *reader, const char *text, size_t size, GError **error)
{
	static const GMarkupParser parser = {.start_element = on_start, .end_element = on_end};
	Scan scan = {.reader = reader, .started_ns = reader->options->taken_ns};
	g_autoptr(GError) failure = NULL;
	g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new(&parser, 0, &scan, NULL);
	gboolean ok = g_markup_parse_context_parse(context, text, (gssize)size, &failure) &&
		      g_markup_parse_context_end_parse(context, &failure);
	if (ok && scan.in_run)
		return TRUE;
	if (reader->list->lines > 0) { /* cut short: what stands before stands */
		am_list_skip(reader, AM_LIST_SKIP_SYNTAX);
		return TRUE;
	}
	g_autofree char *why = am_text_safe_dup(ok ? "it has no element of nmap's" : failure->message);
	g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID, "%s", why);
	return FALSE;
}
