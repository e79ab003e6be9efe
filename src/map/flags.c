/* What is to be said against a listener: from the protocol that is spoken there, its port, what kind of machine offers it, and
 * the risks that flow/ kept of its connections. No more than that a password was readable is known, never which.
 *
 * A claim about the protocol needs what nDPI or our own recognisers read, not what the port suggests; a port alone says something
 * only where nothing contradicts it. */
#include "config.h"

#include "work.h"

#include <string.h>

#define RISK(bit) (UINT64_C(1) << (bit))
#define FLAG(flag) (1u << (flag))

/* Ports, and what is spoken there, by name of the protocol on the wire. "" ends the list. */
#define MAX_SPOKEN 5
typedef struct {
	uint16_t port;
	const char *spoken[MAX_SPOKEN];
} PortProtocols;

/* IANA's registry of service names. Not here: what is used for anything (8080, 9100), and ports that are handed out. */
static const PortProtocols conventions[] = {
	{21, {"ftp", "ftps"}},
	{22, {"ssh"}},
	{23, {"telnet"}},
	{25, {"smtp", "smtps"}},
	{53, {"dns"}},
	{80, {"http", "http2"}},
	{88, {"kerberos"}},
	{110, {"pop3", "pop3s"}},
	{123, {"ntp"}},
	{139, {"netbios", "smb", "smb1"}},
	{143, {"imap", "imaps"}},
	{179, {"bgp"}},
	{389, {"ldap", "tls"}},
	{443, {"tls", "quic", "dtls", "doh"}},
	{445, {"smb", "smb1", "netbios"}},
	{465, {"tls", "smtp", "smtps"}},
	{502, {"modbus"}},
	{636, {"tls", "ldap", "ldaps"}},
	{853, {"tls", "doh", "dtls", "quic", "dns"}},
	{873, {"rsync"}},
	{993, {"tls", "imap", "imaps"}},
	{995, {"tls", "pop3", "pop3s"}},
	{1433, {"mssql", "tls"}},
	{1883, {"mqtt"}},
	{3306, {"mysql", "tls"}},
	{3389, {"rdp", "tls", "dtls"}},
	{5432, {"postgresql", "postgres", "tls"}},
	{5900, {"vnc"}},
	{6379, {"redis", "tls"}},
	{8443, {"tls", "quic", "dtls"}},
	{8883, {"mqtt", "tls"}},
};

static gboolean is_word(const char *name, size_t size, const char *word)
{
	return strlen(word) == size && memcmp(name, word, size) == 0;
}

/* "netbios.smb1" speaks both. */
static gboolean speaks(const AmTallyL7 *l7, const char *word)
{
	size_t size = strcspn(l7->name, ".");
	return l7->connections > 0 && l7->confidence >= AM_L7_PARTIAL &&
	       (is_word(l7->name, size, word) || (l7->name[size] == '.' && strcmp(l7->name + size + 1, word) == 0));
}

static gboolean speaks_any(const AmTallyL7 *l7, const char *const *words, guint n)
{
	for (guint w = 0; w < n && words[w] != NULL; w++) {
		if (speaks(l7, words[w]))
			return TRUE;
	}
	return FALSE;
}

/* Nothing but the port says what is spoken. */
static gboolean is_unread(const AmTallyL7 *l7)
{
	return l7->connections == 0 || l7->confidence < AM_L7_PARTIAL;
}

static const PortProtocols *convention_of(uint16_t port)
{
	for (size_t n = 0; n < G_N_ELEMENTS(conventions); n++) {
		if (conventions[n].port == port)
			return &conventions[n];
	}
	return NULL;
}

/* A protocol with a port of its own, on the port of another. */
static gboolean is_unexpected(const AmListener *listener)
{
	const PortProtocols *expected = convention_of(listener->port);
	if (expected == NULL || is_unread(&listener->l7) || speaks_any(&listener->l7, expected->spoken, MAX_SPOKEN))
		return FALSE;
	for (size_t n = 0; n < G_N_ELEMENTS(conventions); n++) {
		if (speaks_any(&listener->l7, conventions[n].spoken, MAX_SPOKEN))
			return TRUE;
	}
	return FALSE;
}

static gboolean is_in(const uint16_t *ports, size_t n_ports, uint16_t port)
{
	for (size_t n = 0; n < n_ports; n++) {
		if (ports[n] == port)
			return TRUE;
	}
	return FALSE;
}

static gboolean is_moved(const AmListener *listener)
{
	static const struct {
		const char *l7;
		uint16_t from, to;
	} usual[] = {{"ssh", 22, 22}, {"telnet", 23, 23}, {"rdp", 3389, 3389}, {"vnc", 5900, 5999}};
	for (size_t n = 0; n < G_N_ELEMENTS(usual); n++) {
		if (speaks(&listener->l7, usual[n].l7))
			return listener->port < usual[n].from || listener->port > usual[n].to;
	}
	return FALSE;
}

/* telnet, rexec, rlogin, rsh (RFC 854, 1258); VNC (RFC 6143); Docker (its documentation), WinRM (MS-WSMV) without TLS */
static gboolean is_plain_port(uint8_t ip_protocol, uint16_t port)
{
	static const uint16_t ports[] = {23, 512, 513, 514};
	return ip_protocol == AM_PROTO_TCP && is_in(ports, G_N_ELEMENTS(ports), port);
}

static gboolean has_admin_pages(AmAssetKind kind)
{
	return kind == AM_ASSET_PRINTER || kind == AM_ASSET_IOT || kind == AM_ASSET_HYPERVISOR ||
	       kind == AM_ASSET_NETWORK;
}

static gboolean is_plain_admin(const AmListener *listener, const AmAsset *asset)
{
	static const char *const words[] = {"telnet", "rlogin", "rsh", "vnc"};
	static const uint16_t over_http[] = {2375, 5985}, pages[] = {80, 8000, 8008, 8080};
	if (listener->ip_protocol != AM_PROTO_TCP)
		return FALSE;
	if (speaks_any(&listener->l7, words, G_N_ELEMENTS(words)))
		return TRUE;
	gboolean is_http = speaks(&listener->l7, "http");
	if (is_unread(&listener->l7))
		return is_plain_port(listener->ip_protocol, listener->port);
	return is_http && (is_in(over_http, G_N_ELEMENTS(over_http), listener->port) ||
			   (has_admin_pages(asset->kind) && is_in(pages, G_N_ELEMENTS(pages), listener->port)));
}

/* `all`: of everybody who was answered; `asked`: without scanners and attackers, for what a client brings about. */
static uint32_t flags_of_risks(uint64_t all, uint64_t asked)
{
	static const struct {
		uint64_t risks;
		gboolean by_client;
		AmListenerFlag flag;
	} table[] = {
		{RISK(AM_RISK_TLS_VERSION) | RISK(AM_RISK_TLS_CIPHER), FALSE, AM_FLAG_WEAK_TLS},
		{RISK(AM_RISK_SELF_SIGNED), FALSE, AM_FLAG_SELF_SIGNED},
		{RISK(AM_RISK_EXPIRED), FALSE, AM_FLAG_EXPIRED},
		{RISK(AM_RISK_MISMATCH), TRUE, AM_FLAG_MISMATCH},
		{RISK(AM_RISK_SSH_SERVER), FALSE, AM_FLAG_WEAK_SSH},
		{RISK(AM_RISK_SMB1), FALSE, AM_FLAG_OLD_SMB},
		{RISK(AM_RISK_CREDENTIALS) | RISK(AM_RISK_LOGIN), TRUE, AM_FLAG_CLEARTEXT_LOGIN},
		{RISK(AM_RISK_COMMUNITY), TRUE, AM_FLAG_COMMUNITY},
	};
	uint32_t flags = 0;
	for (size_t n = 0; n < G_N_ELEMENTS(table); n++) {
		if (((table[n].by_client ? asked : all) & table[n].risks) != 0)
			flags |= FLAG(table[n].flag);
	}
	return flags;
}

static uint32_t flags_of(const AmListener *listener, const AmAsset *asset)
{
	static const char *const logins[] = {"ftp", "pop3", "imap"};
	uint32_t flags = 0;
	if (is_unexpected(listener))
		flags |= FLAG(AM_FLAG_UNEXPECTED_L7);
	if (is_moved(listener))
		flags |= FLAG(AM_FLAG_UNUSUAL_PORT);
	if (is_plain_admin(listener, asset))
		flags |= FLAG(AM_FLAG_PLAINTEXT_ADMIN);
	if (speaks_any(&listener->l7, logins, G_N_ELEMENTS(logins)))
		flags |= FLAG(AM_FLAG_CLEARTEXT_LOGIN);
	if (speaks(&listener->l7, "smb1"))
		flags |= FLAG(AM_FLAG_OLD_SMB);
	return flags;
}

static int compare_service(const AmEdge *edge, const AmListener *listener)
{
	if (edge->server != listener->endpoint)
		return edge->server < listener->endpoint ? -1 : 1;
	if (edge->ip_protocol != listener->ip_protocol)
		return (int)edge->ip_protocol - (int)listener->ip_protocol;
	return (int)edge->port - (int)listener->port;
}

void am_flags_find(AmMapWork *work)
{
	/* Listeners lie as by_service does; not every service is one. */
	guint n_edges = work->map->edges->len, at = 0;
	for (guint n = 0; n < work->map->listeners->len; n++) {
		AmListener *listener = &g_array_index(work->map->listeners, AmListener, n);
		const AmEndpoint *endpoint = &g_array_index(work->map->endpoints, AmEndpoint, listener->endpoint);
		const AmAsset *asset = &g_array_index(work->map->assets, AmAsset, endpoint->asset);
		uint64_t all = 0, asked = 0;
		for (; at < n_edges; at++) {
			const AmEdge *edge = am_work_edge(work, work->by_service[at]);
			int order = compare_service(edge, listener);
			if (order > 0)
				break;
			all |= order == 0 ? edge->risks : 0;
			asked |= order == 0 && edge->verdict != AM_VERDICT_SUSPICIOUS ? edge->risks : 0;
		}
		listener->flags = flags_of_risks(all, asked);
		if (listener->answered_ns != 0)
			listener->flags |= flags_of(listener, asset);
	}
	for (guint n = 0; n < work->map->unused->len; n++) {
		AmUnusedListener *unused = &g_array_index(work->map->unused, AmUnusedListener, n);
		if (is_plain_port(unused->listed.ip_protocol, unused->listed.port))
			unused->flags = FLAG(AM_FLAG_PLAINTEXT_ADMIN);
	}
}
