/* Who is the client? The evidence ladder of the design, from tallies: handshake > protocol role > learned listener > user
 * hint > degree > port class > first packet.
 *
 * Two passes. The first learns listeners from what handshakes and protocols prove; the second settles the rest with that
 * knowledge, so that a connection whose beginning was missed joins the edge of its listener, whenever that was learned.
 * Among the guesses, a known service port stands above the degree of another socket; and of datagrams between ports that no
 * convention names, who was spoken to first is the server: the other guesses only make that surer or less sure.
 *
 * A SYN-ACK counts only when somebody asked for it or went on with it (or its sender did, where the other side is out of
 * sight): backscatter would invent thousands of services.
 */
#include "config.h"

#include "ports.h"
#include "work.h"

#include "allowmap/base.h"

#include <string.h>

/* How many different partners a socket had among the undirected tallies. */
typedef struct {
	uint32_t peers, ports, pairs;
} Degree;

typedef struct {
	uint64_t socket;
	uint32_t peer;
	uint16_t port;
} Partner;

typedef struct {
	AmMapWork *work;
	AmTable *sockets; /* of undirected tallies */
	GArray *degrees;  /* Degree, as sockets */
	uint8_t *speaks;  /* endpoints that ever sent a packet */
} Ladder;

static gboolean connects(uint8_t ip_protocol)
{
	return ip_protocol == AM_PROTO_TCP || ip_protocol == AM_PROTO_SCTP;
}

/* Who serves, as far as handshake and protocol tell: 0 = lo, 1 = hi, -1 = they do not. */
static int proven_server(const AmTally *tally, AmDirection *ret_level)
{
	uint64_t votes[2] = {0, 0};
	if (connects(tally->key.ip_protocol)) {
		for (int side = 0; side < 2; side++) {
			votes[side] = tally->syn[!side];
			if (tally->syn[!side] > 0 || tally->handshake > 0)
				votes[side] += tally->synack[side];
		}
	}
	*ret_level = AM_DIRECTION_HANDSHAKE;
	if (votes[0] == votes[1]) {
		votes[0] = tally->role_client[1];
		votes[1] = tally->role_client[0];
		*ret_level = AM_DIRECTION_PROTOCOL;
	}
	if (tally->key.side != AM_SIDE_NONE) {
		int server = tally->key.side == AM_SIDE_HI;
		return votes[server] > 0 ? server : -1;
	}
	return votes[0] != votes[1] ? votes[1] > votes[0] : -1;
}

static uint16_t port_of(const AmTallyKey *key, int side)
{
	uint16_t port = side == 0 ? key->port_lo : key->port_hi;
	if (am_service_is_icmp(key->ip_protocol) &&
	    port == 0) /* the type is the same for both; one side may be all that was kept */
		port = side == 0 ? key->port_hi : key->port_lo;
	return port;
}

static void learn(AmMapWork *work, guint n, int server)
{
	const AmTally *tally = am_work_tally(work, n);
	gboolean answered =
		tally->counts.payload[server] > 0 || (connects(tally->key.ip_protocol) && tally->synack[server] > 0);
	if (!answered || am_service_is_icmp(tally->key.ip_protocol))
		return;
	uint64_t socket =
		am_socket_key(work->ends[2 * n + server], tally->key.ip_protocol, port_of(&tally->key, server));
	am_table_add(work->learned, &socket);
}

static int compare_partners(gconstpointer a, gconstpointer b)
{
	const Partner *x = a, *y = b;
	if (x->socket != y->socket)
		return x->socket < y->socket ? -1 : 1;
	if (x->peer != y->peer)
		return x->peer < y->peer ? -1 : 1;
	return (int)x->port - (int)y->port;
}

static int compare_partner_ports(gconstpointer a, gconstpointer b)
{
	const Partner *x = a, *y = b;
	if (x->socket != y->socket)
		return x->socket < y->socket ? -1 : 1;
	return (int)x->port - (int)y->port;
}

/* Partners of both sockets of every tally that nothing proves. */
static GArray *list_partners(const AmMapWork *work, const int8_t *proven)
{
	GArray *partners = g_array_new(FALSE, FALSE, sizeof(Partner));
	for (guint n = 0; n < work->tallies->len; n++) {
		const AmTallyKey *key = &am_work_tally(work, n)->key;
		if (proven[n] >= 0 || key->side != AM_SIDE_NONE || am_service_is_icmp(key->ip_protocol))
			continue;
		for (int side = 0; side < 2; side++) {
			Partner partner;
			memset(&partner, 0, sizeof partner);
			partner.socket = am_socket_key(work->ends[2 * n + side], key->ip_protocol, port_of(key, side));
			partner.peer = work->ends[2 * n + !side];
			partner.port = port_of(key, !side);
			g_array_append_val(partners, partner);
		}
	}
	return partners;
}

static Degree *degree_at(Ladder *ladder, uint64_t socket)
{
	uint32_t n = am_table_add(ladder->sockets, &socket);
	if (n >= ladder->degrees->len)
		g_array_set_size(ladder->degrees, n + 1);
	return &g_array_index(ladder->degrees, Degree, n);
}

static void count_degrees(Ladder *ladder, const int8_t *proven)
{
	g_autoptr(GArray) partners = list_partners(ladder->work, proven);
	g_array_sort(partners, compare_partners);
	for (guint n = 0; n < partners->len; n++) {
		const Partner *at = &g_array_index(partners, Partner, n), *before = n > 0 ? at - 1 : NULL;
		Degree *degree = degree_at(ladder, at->socket);
		gboolean same_socket = before != NULL && before->socket == at->socket;
		gboolean same_peer = same_socket && before->peer == at->peer;
		degree->peers += !same_peer;
		degree->pairs += !same_peer || before->port != at->port;
	}
	g_array_sort(partners, compare_partner_ports);
	for (guint n = 0; n < partners->len; n++) {
		const Partner *at = &g_array_index(partners, Partner, n), *before = n > 0 ? at - 1 : NULL;
		degree_at(ladder, at->socket)->ports +=
			before == NULL || before->socket != at->socket || before->port != at->port;
	}
}

static Degree degree_of(const Ladder *ladder, uint64_t socket)
{
	uint32_t n = am_table_find(ladder->sockets, &socket);
	return n != AM_TABLE_NONE ? g_array_index(ladder->degrees, Degree, n) : (Degree){0};
}

/* From here to 1023 are the ports that bindresvport(3) and NFS take for clients. */
#define FIRST_RESERVED 600

/* nfdump's classes, and one of our own: system, services known by convention, registered, ephemeral of Linux, of IANA. */
enum { CLASS_SYSTEM, CLASS_KNOWN, CLASS_REGISTERED, CLASS_LINUX, CLASS_IANA };

static int port_class(uint8_t ip_protocol, uint16_t port)
{
	gboolean known = am_port_is_service(ip_protocol, port);
	if (port < FIRST_RESERVED || (port < 1024 && known))
		return CLASS_SYSTEM;
	if (known)
		return CLASS_KNOWN;
	return port < 32768 ? CLASS_REGISTERED : port < 49152 ? CLASS_LINUX : CLASS_IANA;
}

/* A server's socket has many partners, each with a port of its own. A scanner that sends all its probes from one port has
 * many partners too, but either one address or one port: hence the smaller of the two counts. And ports may not speak
 * against it: a scan of many hosts and ports has both counts high. -1 = no answer. */
static int server_by_degree(const Ladder *ladder, const uint64_t sockets[2], const int classes[2])
{
	Degree degrees[2] = {degree_of(ladder, sockets[0]), degree_of(ladder, sockets[1])};
	uint32_t weights[2];
	for (int side = 0; side < 2; side++)
		weights[side] = MIN(degrees[side].peers, degrees[side].ports);
	for (int side = 0; side < 2; side++) {
		if (MIN(classes[side], CLASS_LINUX) > MIN(classes[!side], CLASS_LINUX))
			continue;
		if (weights[side] >= 2 && weights[side] >= 2 * weights[!side])
			return side;
		if (weights[!side] <= 1 && degrees[side].pairs >= 3 && degrees[side].pairs >= 2 * degrees[!side].pairs)
			return side;
	}
	return -1;
}

gboolean am_direction_hinted(const AmMap *map, const AmDecisionSet *decisions, uint32_t endpoint, uint8_t ip_protocol,
			     uint16_t port)
{
	const AmEndpoint *end = &g_array_index(map->endpoints, AmEndpoint, endpoint);
	const char *network = end->network < map->networks->len ? map->networks->pdata[end->network] : NULL;
	for (guint n = 0; decisions != NULL && decisions->hints != NULL && n < decisions->hints->len; n++) {
		const AmHint *hint = &g_array_index(decisions->hints, AmHint, n);
		if (hint->ip_protocol == ip_protocol && hint->port == port &&
		    (hint->network == NULL || g_strcmp0(hint->network, network) == 0) &&
		    am_prefix_contains(&hint->server, &end->address))
			return TRUE;
	}
	return FALSE;
}

static int more(uint64_t lo, uint64_t hi)
{
	return lo == hi ? -1 : hi > lo;
}

/* Who sent packets that only a prober or an answerer to nobody sends: TCP without SYN and without a word said. */
static int wordless_opener(const AmTally *tally)
{
	if (tally->key.ip_protocol != AM_PROTO_TCP || tally->syn[0] + tally->syn[1] > 0 || tally->handshake > 0 ||
	    tally->counts.payload[0] + tally->counts.payload[1] > 0)
		return -1;
	for (int side = 0; side < 2; side++) {
		gboolean other_only_refused = tally->counts.packets[!side] == 0 ||
					      (tally->rst[!side] >= tally->connections && tally->rst[side] == 0);
		if (tally->first[side] >= tally->connections && other_only_refused)
			return side;
	}
	return -1;
}

/* Nothing but RSTs (RFC 9293, 3.5.2: so a host refuses a SYN, which was not seen). From an inside host they tell of a client, be
 * it a scanner; from outside they are backscatter as well as not, and the host that they go to has never asked for anything. */
static gboolean only_refuses(const AmMapWork *work, guint n, int sender)
{
	const AmTally *tally = am_work_tally(work, n);
	const AmAddress *address = sender == 0 ? &tally->key.lo : &tally->key.hi;
	gboolean is_real = (!work->no_outside && work->hosts[work->ends[2 * n + sender]].inside) ||
			   am_address_is_loopback(address);
	return is_real && tally->synack[sender] == 0 && tally->rst[sender] >= tally->connections &&
	       tally->counts.packets[!sender] == 0;
}

/* Datagrams both ways that the supposed server began, nearly every time: a transfer that a request on another port asked for
 * (TFTP, RTP), not a service. */
static gboolean began_otherwise(const AmTally *tally, int server)
{
	return tally->key.ip_protocol == AM_PROTO_UDP && am_nearly_all(tally->first[server], tally->connections) &&
	       tally->counts.packets[0] > 0 && tally->counts.packets[1] > 0;
}

/* SYN-ACKs or RSTs from one side, nothing but a refusal from the other. */
static gboolean is_backscatter(const AmTally *tally, int sender)
{
	return tally->key.ip_protocol == AM_PROTO_TCP && sender >= 0 &&
	       (tally->synack[sender] > 0 || tally->rst[sender] > 0);
}

/* Datagrams to whom the first one went, nearly every time, between ports that no convention names. -1 = no answer. TCP whose
 * beginning was missed begins anywhere; a datagram seldom is an answer to one that was not seen. */
static int server_by_first_packet(const AmTally *tally, const int classes[2])
{
	if (tally->key.ip_protocol != AM_PROTO_UDP || MIN(classes[0], classes[1]) <= CLASS_KNOWN)
		return -1;
	for (int side = 0; side < 2; side++) {
		if (tally->connections > 0 && am_nearly_all(tally->first[!side], tally->connections))
			return side;
	}
	return -1;
}

/* The rungs that only guess. Gives the server's side. */
static int guessed_server(const Ladder *ladder, const AmTally *tally, const uint64_t sockets[2], const int classes[2],
			  AmDirection *ret_level)
{
	int by_degree = server_by_degree(ladder, sockets, classes);
	int by_class = more((uint64_t)classes[1], (uint64_t)classes[0]);
	int server = server_by_first_packet(tally, classes);
	if (server >= 0) {
		*ret_level = by_degree == server  ? AM_DIRECTION_DEGREE
			     : by_class == server ? AM_DIRECTION_PORT
						  : AM_DIRECTION_FIRST_PACKET;
		return server;
	}
	*ret_level = AM_DIRECTION_DEGREE;
	if (by_degree >= 0 && !began_otherwise(tally, by_degree))
		return by_degree;
	*ret_level = AM_DIRECTION_PORT;
	if (by_class >= 0)
		return by_class;
	*ret_level = AM_DIRECTION_FIRST_PACKET;
	server = more(tally->first[1], tally->first[0]);
	return server >= 0 ? server : 1;
}

/* A multicast group, the broadcast address, or what looks like that of a subnet (kinds.c) and never said a word. */
static gboolean is_group(const Ladder *ladder, guint n, int side)
{
	const AmTallyKey *key = &am_work_tally(ladder->work, n)->key;
	const AmAddress *address = side == 0 ? &key->lo : &key->hi;
	if (am_address_is_multicast(address))
		return TRUE;
	return address->family == 4 && address->bytes[3] == 255 && key->ip_protocol == AM_PROTO_UDP &&
	       !ladder->speaks[ladder->work->ends[2 * n + side]];
}

/* The side that is a group and, as such, only receives. -1 = neither, or its port was not kept. */
static int group_side(const Ladder *ladder, guint n)
{
	const AmTally *tally = am_work_tally(ladder->work, n);
	for (int side = 0; side < 2; side++) {
		gboolean kept = tally->key.side != (side == 0 ? AM_SIDE_HI : AM_SIDE_LO);
		if (kept && tally->counts.packets[side] == 0 && is_group(ladder, n, side))
			return side;
	}
	return -1;
}

/* The lower rungs. Gives the server's side. */
static int weaker_server(const Ladder *ladder, guint n, AmDirection *ret_level, gboolean *ret_backscatter)
{
	const AmMapWork *work = ladder->work;
	const AmTally *tally = am_work_tally(work, n);
	const AmTallyKey *key = &tally->key;
	uint16_t ports[2] = {port_of(key, 0), port_of(key, 1)};
	uint64_t sockets[2];
	gboolean learned[2], hinted[2];
	for (int side = 0; side < 2; side++) {
		uint32_t endpoint = work->ends[2 * n + side];
		gboolean kept = key->side == AM_SIDE_NONE || (key->side == AM_SIDE_HI) == side;
		sockets[side] = am_socket_key(endpoint, key->ip_protocol, ports[side]);
		learned[side] = kept && am_table_find(work->learned, &sockets[side]) != AM_TABLE_NONE;
		hinted[side] = kept &&
			       am_direction_hinted(work->map, work->decisions, endpoint, key->ip_protocol, ports[side]);
	}
	int opener = wordless_opener(tally), group = group_side(ladder, n);
	*ret_backscatter = is_backscatter(tally, opener);
	*ret_level = AM_DIRECTION_PROTOCOL;
	if (group >= 0)
		return group;
	*ret_level = AM_DIRECTION_LISTENER;
	if (learned[0] != learned[1])
		return learned[1];
	*ret_level = AM_DIRECTION_HINT;
	if (hinted[0] != hinted[1])
		return hinted[1];
	gboolean refuses = opener >= 0 && only_refuses(work, n, opener);
	*ret_level = AM_DIRECTION_PORT;
	if (key->side != AM_SIDE_NONE) {
		int server = key->side == AM_SIDE_HI;
		*ret_backscatter = *ret_backscatter && !(refuses && server == opener);
		return server;
	}
	int classes[2] = {port_class(key->ip_protocol, ports[0]), port_class(key->ip_protocol, ports[1])};
	/* From a port that is more of a server's than the other one, by its class or by how many it refused. */
	if (refuses && (classes[opener] < classes[!opener] || server_by_degree(ladder, sockets, classes) == opener)) {
		*ret_backscatter = FALSE;
		return opener;
	}
	*ret_level = AM_DIRECTION_FIRST_PACKET;
	if (opener >= 0)
		return !opener;
	return guessed_server(ladder, tally, sockets, classes, ret_level);
}

/* Between equal ports, or where there are none, nothing but who begins tells client from server: IKE, ESP, SIP between proxies,
 * clocks that are peers. Gives the servers' sides, and how many: where both ends begin, each needs to be let through. 0: too
 * little was seen, or something else tells. */
static int servers_by_opening(const Ladder *ladder, guint n, int ret_servers[2])
{
	const AmMapWork *work = ladder->work;
	const AmTally *tally = am_work_tally(work, n);
	const AmTallyKey *key = &tally->key;
	gboolean alike = key->ip_protocol == AM_PROTO_UDP
				 ? key->port_lo == key->port_hi
				 : !connects(key->ip_protocol) && !am_service_is_icmp(key->ip_protocol);
	uint64_t all = tally->first[0] + tally->first[1], fewer = MIN(tally->first[0], tally->first[1]);
	if (!alike || key->side != AM_SIDE_NONE || all < 2)
		return 0;
	for (int side = 0; side < 2; side++) {
		if (tally->counts.packets[side] == 0 || is_group(ladder, n, side) ||
		    am_direction_hinted(work->map, work->decisions, work->ends[2 * n + side], key->ip_protocol,
					port_of(key, side)))
			return 0;
	}
	ret_servers[0] = tally->first[0] >= tally->first[1];
	ret_servers[1] = !ret_servers[0];
	return fewer >= 2 && fewer * AM_MISSED_SHARE >= all ? 2 : fewer * 2 < all ? 1 : 0;
}

/* Who serves when nothing proves it: one side, or both in turn. Gives how many. */
static int unproven_servers(const Ladder *ladder, guint n, int ret_servers[2], AmDirection *ret_level,
			    gboolean *ret_backscatter)
{
	int weaker = weaker_server(ladder, n, ret_level, ret_backscatter);
	int n_servers = servers_by_opening(ladder, n, ret_servers);
	if (n_servers == 0)
		ret_servers[0] = weaker;
	else if (n_servers == 2 || ret_servers[0] != weaker)
		*ret_level = AM_DIRECTION_FIRST_PACKET;
	return MAX(n_servers, 1);
}

/* RFC 2131, 4.1: to ask for a lease is a broadcast, but what a server gives goes to the address that it gives. So there the
 * server begins, also across routers, and it is the client's port that must be let through. */
gboolean am_direction_gives_lease(uint8_t ip_protocol, uint16_t server_port, const AmAddress *client)
{
	return ip_protocol == AM_PROTO_UDP && server_port == AM_PORT_DHCP_SERVER && !am_address_is_multicast(client) &&
	       !am_address_is_unspecified(client);
}

/* Where a server was told, by its port or better, and it is nevertheless the one that begins. Gives the servers' sides, as
 * above. */
static int lease_servers(const AmMapWork *work, guint n, int server, int ret_servers[2])
{
	const AmTally *tally = am_work_tally(work, n);
	uint64_t given = tally->first[server], asked = tally->first[!server];
	ret_servers[0] = server;
	ret_servers[1] = !server;
	uint16_t client_port = port_of(&tally->key, !server);
	if ((client_port != 0 && client_port != AM_PORT_DHCP_CLIENT) ||
	    !am_direction_gives_lease(tally->key.ip_protocol, port_of(&tally->key, server),
				      server == 0 ? &tally->key.hi : &tally->key.lo) ||
	    given * AM_MISSED_SHARE < given + asked)
		return 1;
	if (asked * AM_MISSED_SHARE >= given + asked)
		return 2;
	ret_servers[0] = !server;
	return 1;
}

static void add_arc(AmMapWork *work, guint n, int server, AmDirection level, gboolean backscatter, gboolean is_part)
{
	const AmTallyKey *key = &am_work_tally(work, n)->key;
	AmArc arc = {.client = work->ends[2 * n + !server], .server = work->ends[2 * n + server], .tally = n};
	arc.port = port_of(key, server);
	/* Of a lease that is given only the port of who gives it is kept. */
	if (arc.port == 0 && key->ip_protocol == AM_PROTO_UDP && port_of(key, !server) == AM_PORT_DHCP_SERVER)
		arc.port = AM_PORT_DHCP_CLIENT;
	arc.ip_protocol = key->ip_protocol;
	arc.level = level & 15;
	arc.client_is_hi = server == 0;
	arc.backscatter = backscatter && level > AM_DIRECTION_HINT;
	arc.is_part = is_part != FALSE;
	g_array_append_val(work->arcs, arc);
}

static int compare_arcs(gconstpointer a, gconstpointer b, gpointer user_data)
{
	const AmArc *x = a, *y = b;
	if (x->client != y->client)
		return x->client < y->client ? -1 : 1;
	if (x->server != y->server)
		return x->server < y->server ? -1 : 1;
	if (x->ip_protocol != y->ip_protocol)
		return (int)x->ip_protocol - (int)y->ip_protocol;
	if (x->port != y->port)
		return (int)x->port - (int)y->port;
	const AmTallyKey *s = &am_work_tally(user_data, x->tally)->key, *t = &am_work_tally(user_data, y->tally)->key;
	if (s->day != t->day)
		return s->day < t->day ? -1 : 1;
	return s->sensor < t->sensor ? -1 : s->sensor > t->sensor;
}

void am_direction_build(AmMapWork *work)
{
	guint n_tallies = work->tallies->len;
	g_autofree int8_t *proven = g_new(int8_t, MAX(n_tallies, 1));
	g_autofree uint8_t *levels = g_new(uint8_t, MAX(n_tallies, 1));
	work->learned = am_table_new(sizeof(uint64_t));
	for (guint n = 0; n < n_tallies; n++) {
		AmDirection level;
		proven[n] = (int8_t)proven_server(am_work_tally(work, n), &level);
		levels[n] = (uint8_t)level;
		if (proven[n] >= 0)
			learn(work, n, proven[n]);
	}
	g_autofree uint8_t *speaks = g_new0(uint8_t, MAX(work->map->endpoints->len, 1));
	for (guint n = 0; n < 2 * n_tallies; n++)
		speaks[work->ends[n]] |= am_work_tally(work, n / 2)->counts.packets[n % 2] > 0;
	Ladder ladder = {work, am_table_new(sizeof(uint64_t)), g_array_new(FALSE, TRUE, sizeof(Degree)), speaks};
	count_degrees(&ladder, proven);
	work->arcs = g_array_sized_new(FALSE, FALSE, sizeof(AmArc), n_tallies);
	for (guint n = 0; n < n_tallies; n++) {
		AmDirection level = (AmDirection)levels[n];
		gboolean backscatter = FALSE;
		int servers[2] = {proven[n], 0}, n_servers = 1;
		if (proven[n] < 0)
			n_servers = unproven_servers(&ladder, n, servers, &level, &backscatter);
		if (n_servers == 1)
			n_servers = lease_servers(work, n, servers[0], servers);
		for (int s = 0; s < n_servers; s++)
			add_arc(work, n, servers[s], level, backscatter, n_servers == 2);
	}
	am_table_free(ladder.sockets);
	g_array_unref(ladder.degrees);
	g_array_sort_with_data(work->arcs, compare_arcs, work);
}
