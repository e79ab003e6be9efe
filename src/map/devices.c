/* What kind of machine an asset is, and what tells so. Fed by map.c once verdicts are known.
 *
 * A few services are telling by themselves (printing, control protocols, routing); then what it offers to several others makes a
 * server, and what it uses, or that it has a leased address, a workstation. Who made it tells of machines that do nothing else which
 * does. What nothing tells stays unknown. Only edges count
 * that are essential or undecided: a scan knocks at every port. */
#include "config.h"

#include "constants.h"
#include "work.h"

#include <string.h>

/* Clients that a service must have to be one that others rely on, rather than remote help or an agent that is polled. */
#define MIN_CLIENTS 3
/* Hosts that somebody logs in to who administers them. */
#define MIN_LOGINS 3

enum {
	HAS_LEASE = 1 << 0,
	USES_WEB_OUTSIDE = 1 << 1,
	USES_DESKTOP = 1 << 2, /* what people's machines use: logon, file shares, mail, printing */
	USES_TELEMETRY = 1 << 3,
	USES_MORE = 1 << 4, /* than telemetry, names, time */
	ANSWERS_SNMP = 1 << 5,
	SERVES_MORE = 1 << 6,    /* than what a network device is managed by */
	USES_UNMANAGED = 1 << 7, /* other than what a network device reports to */
	TELLS_NEIGHBOURS = 1 << 8,
	GIVES_LEASES = 1 << 9,
	KEEPS_PRECISE_TIME = 1 << 10,
	USES_BACKEND = 1 << 11,  /* databases and the like: what servers use */
	SERVES_BEYOND = 1 << 12, /* what a network is run by: management, names, leases, time */
};

/* Beside each asset. */
typedef struct {
	uint16_t bits;
	uint16_t n_served, n_relied_on; /* services, and those with MIN_CLIENTS */
	uint8_t kind;        /* AmAssetKind that a telling service says, the first in the order of AmAssetKind */
	uint8_t ip_protocol; /* that service, or the one that most rely on */
	uint16_t port;
	uint8_t uses;             /* it is used, not offered */
	uint8_t announced;        /* AmAssetKind of what it tells its link that it is; */
	const char *announcement; /* and the word for it, borrowed */
	uint32_t most_clients, n_polled,
		n_logins; /* n_polled: agents that it asks; n_logins: hosts that it logs in to */
} Clues;

typedef struct {
	uint8_t ip_protocol;
	uint16_t port;
	gboolean offered, used; /* who is told about */
	AmAssetKind kind;
} Telling;

static const Telling tellings[] = {
	{AM_PROTO_TCP, 515, TRUE, FALSE, AM_ASSET_PRINTER},    /* LPD, RFC 1179 */
	{AM_PROTO_TCP, 631, TRUE, FALSE, AM_ASSET_PRINTER},    /* IPP, RFC 8011 */
	{AM_PROTO_TCP, 9100, TRUE, FALSE, AM_ASSET_PRINTER},   /* raw printing; HTTP there is a metrics exporter */
	{AM_PROTO_TCP, 102, TRUE, FALSE, AM_ASSET_IOT},        /* S7, IEC 61850 */
	{AM_PROTO_TCP, 502, TRUE, FALSE, AM_ASSET_IOT},        /* Modbus */
	{AM_PROTO_TCP, 2404, TRUE, FALSE, AM_ASSET_IOT},       /* IEC 60870-5-104 */
	{AM_PROTO_TCP, 20000, TRUE, FALSE, AM_ASSET_IOT},      /* DNP3 */
	{AM_PROTO_TCP, 44818, TRUE, FALSE, AM_ASSET_IOT},      /* EtherNet/IP */
	{AM_PROTO_UDP, 47808, TRUE, FALSE, AM_ASSET_IOT},      /* BACnet */
	{AM_PROTO_TCP, 554, TRUE, FALSE, AM_ASSET_IOT},        /* RTSP: cameras */
	{AM_PROTO_UDP, 5683, TRUE, FALSE, AM_ASSET_IOT},       /* CoAP */
	{AM_PROTO_TCP, 902, TRUE, FALSE, AM_ASSET_HYPERVISOR}, /* VMware */
	{AM_PROTO_TCP, 8006, TRUE, FALSE, AM_ASSET_HYPERVISOR},
	{AM_PROTO_TCP, 16509, TRUE, FALSE, AM_ASSET_HYPERVISOR}, /* libvirt */
	{AM_PROTO_TCP, 16514, TRUE, FALSE, AM_ASSET_HYPERVISOR},
	{AM_PROTO_TCP, 179, TRUE, TRUE, AM_ASSET_NETWORK},   /* BGP */
	{AM_PROTO_UDP, 520, TRUE, TRUE, AM_ASSET_NETWORK},   /* RIP */
	{AM_PROTO_UDP, 1985, TRUE, TRUE, AM_ASSET_NETWORK},  /* HSRP */
	{AM_PROTO_UDP, 3222, TRUE, TRUE, AM_ASSET_NETWORK},  /* GLBP */
	{AM_PROTO_TCP, 49, FALSE, TRUE, AM_ASSET_NETWORK},   /* TACACS+ */
	{AM_PROTO_UDP, 2055, FALSE, TRUE, AM_ASSET_NETWORK}, /* NetFlow */
	{AM_PROTO_UDP, 4739, FALSE, TRUE, AM_ASSET_NETWORK}, /* IPFIX */
	{AM_PROTO_UDP, 6343, FALSE, TRUE, AM_ASSET_NETWORK}, /* sFlow */
	{AM_PROTO_UDP, 9995, FALSE, TRUE, AM_ASSET_NETWORK}, /* NetFlow */
	{AM_PROTO_UDP, 9996, FALSE, TRUE, AM_ASSET_NETWORK},
	{88, 0, TRUE, TRUE, AM_ASSET_NETWORK}, /* EIGRP */
	{89, 0, TRUE, TRUE, AM_ASSET_NETWORK}, /* OSPF */
};

static gboolean is_one_of(uint8_t ip_protocol, uint16_t port, const uint16_t *tcp, const uint16_t *udp)
{
	const uint16_t *ports = ip_protocol == AM_PROTO_TCP ? tcp : ip_protocol == AM_PROTO_UDP ? udp : NULL;
	for (; ports != NULL && *ports != 0; ports++) {
		if (*ports == port)
			return TRUE;
	}
	return FALSE;
}

static const uint16_t managed_tcp[] = {22, 23, 80, 443, 830, 0}, managed_udp[] = {69, 161, 0};
/* What a router, firewall or access point offers to everybody behind it, and by which it is managed. */
static const uint16_t gateway_tcp[] = {22, 23, 53, 80, 443, 830, 0}, gateway_udp[] = {53, 67, 69, 123, 161, 547, 0};
/* Databases, caches, queues, coordination, storage. */
static const uint16_t backend_tcp[] = {1433, 1521, 2181, 2379, 3260, 3306,  4222,  5432,
				       5672, 6379, 9042, 9092, 9200, 11211, 27017, 0};
static const uint16_t login_tcp[] = {22, 23, 3389, 5900, 5985, 5986, 0};
/* IEEE 1588 (PTP), event and general messages. */
static const uint16_t precise_udp[] = {319, 320, 0};
static const uint16_t reported_tcp[] = {49, 53, 514, 601, 6514, 0};
static const uint16_t reported_udp[] = {49, 53, 67, 69, 123, 162, 514, 1812, 1813, 0};
static const uint16_t desktop_tcp[] = {88, 110, 143, 389, 445, 515, 587, 631, 993, 995, 3268, 5222, 0};
static const uint16_t desktop_udp[] = {88, 389, 0};
static const uint16_t telemetry_tcp[] = {1883, 8883, 5684, 0}, telemetry_udp[] = {5683, 5684, 0};
static const uint16_t polled_tcp[] = {5666, 9182, 10050, 0}, polled_udp[] = {161, 623, 0};
static const uint16_t common_tcp[] = {53, 0}, common_udp[] = {53, 67, 123, 0};
/* What everybody on a link tells everybody: mDNS, LLMNR, NetBIOS, SSDP, WS-Discovery. */
static const uint16_t neighbours_udp[] = {137, 138, 1900, 3702, 5353, 5355, 0}, nothing[] = {0};

static gboolean is_metrics(const AmEdge *edge)
{
	return edge->port == 9100 && edge->n_l7 > 0 && g_str_has_prefix(edge->l7[0].name, "http");
}

static void tell(Clues *clues, const AmEdge *edge, gboolean uses)
{
	for (size_t n = 0; n < G_N_ELEMENTS(tellings); n++) {
		const Telling *telling = &tellings[n];
		if (telling->ip_protocol != edge->ip_protocol || telling->port != edge->port ||
		    !(uses ? telling->used : telling->offered) || (!uses && is_metrics(edge)))
			continue;
		if (clues->kind == AM_ASSET_UNKNOWN || telling->kind < clues->kind) {
			clues->kind = (uint8_t)telling->kind;
			clues->ip_protocol = edge->ip_protocol;
			clues->port = edge->port;
			clues->uses = (uint8_t)uses;
		}
		return;
	}
}

static gboolean counts(const AmEdge *edge)
{
	return edge->verdict == AM_VERDICT_ESSENTIAL || edge->verdict == AM_VERDICT_UNDECIDED;
}

static Clues *clues_of(const AmMapWork *work, Clues *all, uint32_t endpoint)
{
	return &all[g_array_index(work->map->endpoints, AmEndpoint, endpoint).asset];
}

static void look_at_client(const AmMapWork *work, const AmEdge *edge, Clues *clues)
{
	uint8_t protocol = edge->ip_protocol;
	if (is_one_of(protocol, edge->port, nothing, neighbours_udp))
		clues->bits |= TELLS_NEIGHBOURS;
	if (is_one_of(protocol, edge->port, nothing, precise_udp) && edge->verdict != AM_VERDICT_SUSPICIOUS)
		clues->bits |= KEEPS_PRECISE_TIME;
	if (am_edge_is_lease(edge) && edge->verdict != AM_VERDICT_SUSPICIOUS)
		clues->bits |= GIVES_LEASES;
	if (!counts(edge) || am_edge_is_lease(edge))
		return;
	tell(clues, edge, TRUE);
	if (protocol == AM_PROTO_TCP && (edge->port == 80 || edge->port == 443) && !work->hosts[edge->server].inside)
		clues->bits |= USES_WEB_OUTSIDE;
	clues->n_polled += is_one_of(protocol, edge->port, polled_tcp, polled_udp) || is_metrics(edge);
	/* A person rests: what comes nearly every hour of a day, a program does. */
	clues->n_logins += is_one_of(protocol, edge->port, login_tcp, nothing) && edge->hours <= 12 * edge->days;
	if (is_one_of(protocol, edge->port, desktop_tcp, desktop_udp))
		clues->bits |= USES_DESKTOP;
	if (is_one_of(protocol, edge->port, backend_tcp, nothing) && work->hosts[edge->server].inside)
		clues->bits |= USES_BACKEND;
	if (is_one_of(protocol, edge->port, telemetry_tcp, telemetry_udp))
		clues->bits |= USES_TELEMETRY;
	else if (!is_one_of(protocol, edge->port, common_tcp, common_udp))
		clues->bits |= USES_MORE;
	if (!is_one_of(protocol, edge->port, reported_tcp, reported_udp) && am_service_has_ports(protocol))
		clues->bits |= USES_UNMANAGED;
}

static void look_at_service(const AmMapWork *work, const AmServiceNotes *service, Clues *clues)
{
	const AmEdge *first = NULL;
	uint32_t n_clients = 0;
	for (uint32_t n = service->first; n < service->end; n++) {
		const AmEdge *edge = am_work_edge(work, work->by_service[n]);
		if (!counts(edge) || edge->related != 0 || !am_service_has_ports(edge->ip_protocol))
			continue;
		first = first == NULL ? edge : first;
		n_clients++;
	}
	if (first == NULL || am_edge_is_lease(first))
		return;
	tell(clues, first, FALSE);
	clues->n_served++;
	clues->n_relied_on += n_clients >= MIN_CLIENTS;
	if (first->ip_protocol == AM_PROTO_UDP && first->port == 161)
		clues->bits |= ANSWERS_SNMP;
	if (!is_one_of(first->ip_protocol, first->port, managed_tcp, managed_udp))
		clues->bits |= SERVES_MORE;
	if (!is_one_of(first->ip_protocol, first->port, gateway_tcp, gateway_udp))
		clues->bits |= SERVES_BEYOND;
	if (n_clients > clues->most_clients) {
		clues->most_clients = n_clients;
		if (clues->kind == AM_ASSET_UNKNOWN) {
			clues->ip_protocol = first->ip_protocol;
			clues->port = first->port;
		}
	}
}

static const struct {
	const char *word;
	AmAssetKind kind;
} announcements[] = {
	{"_ipp._tcp", AM_ASSET_PRINTER},
	{"_ipps._tcp", AM_ASSET_PRINTER},
	{"_pdl-datastream._tcp", AM_ASSET_PRINTER},
	{"_printer._tcp", AM_ASSET_PRINTER},
	{"upnp:printer", AM_ASSET_PRINTER},
	{"_axis-video._tcp", AM_ASSET_IOT},
	{"_googlecast._tcp", AM_ASSET_IOT},
	{"_hap._tcp", AM_ASSET_IOT}, /* HomeKit */
	{"_rtsp._tcp", AM_ASSET_IOT},
	{"upnp:digitalsecuritycamera", AM_ASSET_IOT},
	{"upnp:mediarenderer", AM_ASSET_IOT},
	{"upnp:zoneplayer", AM_ASSET_IOT},
	{"telephone", AM_ASSET_IOT},
	{"access-point", AM_ASSET_NETWORK},
	{"bridge", AM_ASSET_NETWORK},
	{"router", AM_ASSET_NETWORK},
	{"upnp:internetgatewaydevice", AM_ASSET_NETWORK},
	{"upnp:wlanaccesspointdevice", AM_ASSET_NETWORK},
};

static void look_at_announcements(const AmMapWork *work, Clues *all)
{
	for (guint n = 0; work->observations != NULL && n < work->observations->len; n++) {
		const AmObservation *observation = &g_array_index(work->observations, AmObservation, n);
		if (observation->kind != AM_OBSERVED_OFFERS && observation->kind != AM_OBSERVED_CAPABLE)
			continue;
		uint32_t asset = am_names_find_asset(work, observation);
		for (size_t a = 0; asset != AM_NO_INDEX && a < G_N_ELEMENTS(announcements); a++) {
			Clues *clues = &all[asset];
			/* Capabilities are a list of words. */
			gboolean told = observation->kind == AM_OBSERVED_CAPABLE
						? strstr(observation->value, announcements[a].word) != NULL
						: strcmp(observation->value, announcements[a].word) == 0;
			if (told &&
			    (clues->announced == AM_ASSET_UNKNOWN || announcements[a].kind < clues->announced)) {
				clues->announced = (uint8_t)announcements[a].kind;
				clues->announcement = announcements[a].word;
			}
		}
	}
}

/* People's machines share printers and play media, too, and hosts of containers are bridges. */
static gboolean believes_announcement(const Clues *clues)
{
	if (clues->announced == AM_ASSET_NETWORK)
		return (clues->bits & (SERVES_BEYOND | USES_DESKTOP | HAS_LEASE)) == 0;
	return clues->announced != AM_ASSET_UNKNOWN && clues->n_relied_on == 0 &&
	       (clues->bits & (USES_DESKTOP | USES_WEB_OUTSIDE)) == 0;
}

/* What made it and what it does together tell. `makes`: AmMapWork.makes. */
static AmAssetKind judge_by_maker(const Clues *clues, uint8_t makes, const char *vendor, char why[AM_KIND_WHY_SIZE])
{
	if (believes_announcement(clues)) {
		g_snprintf(why, AM_KIND_WHY_SIZE, "announces %s, and does nothing that speaks against it",
			   clues->announcement);
		return (AmAssetKind)clues->announced;
	}
	if ((makes == AM_ASSET_PRINTER || makes == AM_ASSET_IOT) && clues->n_relied_on == 0) {
		g_snprintf(why, AM_KIND_WHY_SIZE, "made by %s, and nobody relies on it", vendor);
		return (AmAssetKind)makes;
	}
	if (makes == AM_ASSET_NETWORK && (clues->bits & (SERVES_BEYOND | USES_DESKTOP)) == 0) {
		g_snprintf(why, AM_KIND_WHY_SIZE, "made by %s, and serves what runs a network", vendor);
		return AM_ASSET_NETWORK;
	}
	return AM_ASSET_UNKNOWN;
}

/* By what it does for others, and for the network. *ret_why NULL: for the service that most rely on. */
static AmAssetKind judge_by_service(const Clues *clues, const char **ret_why)
{
	if ((clues->bits & ANSWERS_SNMP) != 0 && (clues->bits & (SERVES_MORE | USES_UNMANAGED | HAS_LEASE)) == 0) {
		*ret_why = "answers SNMP, and beyond management only reports";
		return AM_ASSET_NETWORK;
	}
	if (clues->n_relied_on > 0)
		return AM_ASSET_SERVER;
	if ((clues->bits & GIVES_LEASES) != 0) {
		*ret_why = "gives leases";
		return AM_ASSET_SERVER;
	}
	if ((clues->bits & USES_TELEMETRY) != 0 && (clues->bits & USES_MORE) == 0 && clues->n_served == 0) {
		*ret_why = "only reports telemetry";
		return AM_ASSET_IOT;
	}
	return AM_ASSET_UNKNOWN;
}

/* Nobody, or hardly anybody, relies on it: by what it uses. */
static AmAssetKind judge_by_use(const Clues *clues, uint8_t makes, const char **ret_why)
{
	if ((clues->bits & (HAS_LEASE | TELLS_NEIGHBOURS)) != 0 ||
	    ((clues->bits & USES_WEB_OUTSIDE) != 0 && (clues->bits & USES_DESKTOP) != 0)) {
		*ret_why = (clues->bits & HAS_LEASE) != 0 ? "has a leased address, and nobody relies on it"
			   : (clues->bits & TELLS_NEIGHBOURS) != 0
				   ? "tells its neighbours of itself, and nobody relies on it"
				   : "uses the web and what people's machines use, and nobody relies on it";
		return AM_ASSET_WORKSTATION;
	}
	if (clues->n_polled >= MIN_CLIENTS) {
		*ret_why = "polls agents of others";
		return AM_ASSET_SERVER;
	}
	if ((clues->bits & KEEPS_PRECISE_TIME) != 0) {
		*ret_why = "takes part in PTP, as instruments and controllers do, and nobody relies on it";
		return AM_ASSET_IOT;
	}
	if (clues->n_served > 0)
		return AM_ASSET_SERVER;
	if ((clues->bits & USES_BACKEND) != 0) {
		*ret_why = "uses databases, caches or queues, and nothing that people's machines do";
		return AM_ASSET_SERVER;
	}
	if (clues->n_logins >= MIN_LOGINS) {
		*ret_why = "logs in to others, not around the clock, and offers nothing";
		return AM_ASSET_WORKSTATION;
	}
	*ret_why = makes == AM_ASSET_SERVER ? "a virtual machine, by its MAC" : NULL;
	return makes == AM_ASSET_SERVER ? AM_ASSET_SERVER : AM_ASSET_UNKNOWN;
}

static void set_kind(AmAsset *asset, const Clues *clues, uint8_t makes)
{
	char service[AM_SERVICE_TEXT_SIZE];
	const char *why = NULL;
	if (!asset->inside)
		return;
	asset->kind = (AmAssetKind)clues->kind;
	if (asset->kind == AM_ASSET_UNKNOWN)
		asset->kind = judge_by_maker(clues, makes, asset->vendor, asset->kind_why);
	if (asset->kind_why[0] != '\0')
		return;
	if (asset->kind == AM_ASSET_UNKNOWN)
		asset->kind = judge_by_service(clues, &why);
	if (asset->kind == AM_ASSET_UNKNOWN)
		asset->kind = judge_by_use(clues, makes, &why);
	if (why != NULL)
		g_strlcpy(asset->kind_why, why, sizeof asset->kind_why);
	else if (asset->kind != AM_ASSET_UNKNOWN)
		g_snprintf(asset->kind_why, sizeof asset->kind_why, "%s %s", clues->uses ? "uses" : "serves",
			   am_service_text(clues->ip_protocol, clues->port, service));
}

void am_devices_build(AmMapWork *work)
{
	const AmMap *map = work->map;
	g_autofree Clues *all = g_new0(Clues, MAX(map->assets->len, 1));
	for (guint n = 0; n < map->edges->len; n++) {
		const AmEdge *edge = am_work_edge(work, n);
		look_at_client(work, edge, clues_of(work, all, edge->client));
	}
	for (guint s = 0; s < work->services->len; s++) {
		const AmServiceNotes *service = &g_array_index(work->services, AmServiceNotes, s);
		uint32_t server = am_work_edge(work, work->by_service[service->first])->server;
		look_at_service(work, service, clues_of(work, all, server));
	}
	look_at_announcements(work, all);
	for (uint32_t n = 0; n < map->endpoints->len; n++) {
		if (work->hosts[n].leased || work->macs[n].leased)
			clues_of(work, all, n)->bits |= HAS_LEASE;
	}
	for (guint n = 0; n < map->assets->len; n++)
		set_kind(&g_array_index(map->assets, AmAsset, n), &all[n], work->makes[n]);
}
