/* What `ss -tulpn` of iproute2 prints (ss(8), misc/ss.c): a line per socket, columns between blanks, perhaps after a heading.
 *
 *   Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process
 *   tcp   LISTEN 0      128          0.0.0.0:22        0.0.0.0:*    users:(("sshd",pid=812,fd=3))
 *   udp   UNCONN 0      0      127.0.0.53%lo:53        0.0.0.0:*
 *   tcp   LISTEN 0      511                *:80              *:*
 *
 * Without Netid, as when one protocol alone is asked for, what listens is TCP and what is unconnected UDP. "*" stands for all
 * addresses of both IP versions, "[::]" for those of IPv6; before iproute2 4.13 ":::22" meant either. */
#include "config.h"

#include "listener-list.h"

#include "allowmap/model/packet.h"
#include "log.h"

#include <string.h>

typedef struct {
	const char *name;
	int ip_protocol; /* -1: no ports of ours */
} Netid;

static const Netid netids[] = {
	{"tcp", AM_PROTO_TCP},
	{"udp", AM_PROTO_UDP},
	{"sctp", AM_PROTO_SCTP},
	{"mptcp", AM_PROTO_TCP},
	{"dccp", -1},
	{"raw", -1},
	{"icmp6", -1},
	{"u_str", -1},
	{"u_dgr", -1},
	{"u_seq", -1},
	{"p_raw", -1},
	{"p_dgr", -1},
	{"nl", -1},
	{"tipc", -1},
	{"v_str", -1},
	{"v_dgr", -1},
	{"xdp", -1},
	{"???", -1},
};

static const char *const states[] = {"LISTEN",     "UNCONN",    "ESTAB",      "SYN-SENT", "SYN-RECV", "FIN-WAIT-1",
				     "FIN-WAIT-2", "TIME-WAIT", "CLOSE-WAIT", "LAST-ACK", "CLOSING"};

static const Netid *netid_of(const AmLogValue *word)
{
	for (size_t n = 0; n < G_N_ELEMENTS(netids); n++) {
		if (am_log_is(word, netids[n].name))
			return &netids[n];
	}
	return NULL;
}

static gboolean is_state(const AmLogValue *word)
{
	for (size_t n = 0; n < G_N_ELEMENTS(states); n++) {
		if (am_log_is(word, states[n]))
			return TRUE;
	}
	return FALSE;
}

/* "0.0.0.0:22", "[fe80::1]%eth0:546", "*:80" */
static AmListSkip read_local(const AmLogValue *word, AmListSocket *socket)
{
	const char *colon = g_strrstr_len(word->text, (gssize)word->size, ":");
	if (colon == NULL)
		return AM_LIST_SKIP_SYNTAX;
	AmLogValue port = {colon + 1, word->size - (size_t)(colon + 1 - word->text)};
	size_t size = (size_t)(colon - word->text);
	const char *text = word->text, *percent = memchr(text, '%', size);
	if (!am_log_port(&port, &socket->port))
		return AM_LIST_SKIP_NAMED;
	if (percent != NULL)
		size = (size_t)(percent - text);
	socket->wide = (size == 1 && *text == '*') || (size == 2 && memcmp(text, "::", 2) == 0);
	if (size == 1 && *text == '*') {
		socket->address = (AmAddress){.family = 6};
		return AM_LIST_USED;
	}
	if (size > 0 && text[0] == '[') {
		text++;
		size--;
	}
	if (size > 0 && text[size - 1] == ']')
		size--;
	return am_list_address(text, size, &socket->address) ? AM_LIST_USED : AM_LIST_SKIP_NAMED;
}

/* users:(("nginx",pid=7,fd=6),("nginx",pid=8,fd=6)): the first. Its name may hold anything but what ends the line. */
static void read_users(const AmLogValue *rest, AmListSocket *socket)
{
	static const char opening[] = "users:((\"", closing[] = "\",pid=";
	const char *at = g_strstr_len(rest->text, (gssize)rest->size, opening);
	if (at == NULL)
		return;
	at += sizeof opening - 1;
	const char *end = g_strstr_len(at, (gssize)(rest->size - (size_t)(at - rest->text)), closing);
	if (end == NULL)
		return;
	socket->program = at;
	socket->program_size = (size_t)(end - at);
}

static AmListSkip read_socket(const char *line, size_t size, AmListSocket *socket)
{
	AmLogValue rest = {line, size}, word = am_log_word(&rest);
	const Netid *netid = netid_of(&word);
	uint64_t queue;
	if (netid != NULL)
		word = am_log_word(&rest);
	if (word.text == NULL || !is_state(&word))
		return AM_LIST_SKIP_SYNTAX;
	gboolean listens = am_log_is(&word, "LISTEN");
	int ip_protocol = netid != NULL ? netid->ip_protocol : listens ? AM_PROTO_TCP : AM_PROTO_UDP;
	if (ip_protocol < 0)
		return AM_LIST_SKIP_SERVICE;
	if (!listens && !(ip_protocol == AM_PROTO_UDP && am_log_is(&word, "UNCONN")))
		return AM_LIST_SKIP_STATE;
	for (int n = 0; n < 2; n++) {
		word = am_log_word(&rest);
		if (word.text == NULL || !am_log_count(&word, UINT32_MAX, &queue))
			return AM_LIST_SKIP_SYNTAX;
	}
	word = am_log_word(&rest);
	AmLogValue peer = am_log_word(&rest);
	if (word.text == NULL || peer.text == NULL)
		return AM_LIST_SKIP_SYNTAX;
	socket->ip_protocol = (uint8_t)ip_protocol;
	if (rest.text != NULL)
		read_users(&rest, socket);
	return read_local(&word, socket);
}

static gboolean is_heading(const char *line, size_t size)
{
	AmLogValue rest = {line, size}, word = am_log_word(&rest);
	return am_log_is(&word, "Netid") || (am_log_is(&word, "State") && g_strstr_len(line, (gssize)size, "Recv-Q"));
}

/* A heading or a socket among the first lines. */
gboolean am_list_is_ss(const char *text, size_t size)
{
	for (int n = 0; n < 4 && size > 0; n++) {
		const char *end = memchr(text, '\n', size);
		size_t length = end != NULL ? (size_t)(end - text) : size;
		AmListSocket socket = {0};
		if (is_heading(text, length) || read_socket(text, length, &socket) == AM_LIST_USED)
			return TRUE;
		text += MIN(length + 1, size);
		size -= MIN(length + 1, size);
	}
	return FALSE;
}

gboolean am_list_read_ss(AmListReader *reader, const char *text, size_t size, GError **error)
{
	const GArray *hosts = reader->options->hosts;
	if (hosts == NULL || hosts->len == 0) {
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			    "ss does not tell the address of the host whose list it is: say --host ADDRESS, or name "
			    "the file by it");
		return FALSE;
	}
	const AmListSocket on_host = {.host = g_array_index(hosts, AmAddress, 0), .at_ns = reader->options->taken_ns};
	while (size > 0) {
		const char *end = memchr(text, '\n', size);
		size_t length = end != NULL ? (size_t)(end - text) : size;
		AmListSocket socket = on_host;
		/* What begins with a blank tells more of the socket before it (-e, -i, -m). */
		if (length > 0 && !g_ascii_isspace(*text) && !is_heading(text, length)) {
			AmListSkip reason = read_socket(text, length, &socket);
			if (reason == AM_LIST_USED)
				am_list_add(reader, &socket);
			else
				am_list_skip(reader, reason);
		}
		text += MIN(length + 1, size);
		size -= MIN(length + 1, size);
	}
	am_list_add_whole(reader, &on_host.host, on_host.at_ns);
	return TRUE;
}
