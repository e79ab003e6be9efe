/* What the files of map/ share while one map is made. Private to the room. */
#pragma once

#include "constants.h"

#include "allowmap/map.h"
#include "allowmap/model/packet.h"
#include "ports.h"
#include "table.h"

/* A tally with its sides told apart. 16 octets: there are millions. */
typedef struct {
	uint32_t client, server; /* endpoints */
	uint32_t tally;          /* index */
	uint16_t port;           /* of the service */
	uint8_t ip_protocol;
	uint8_t level : 4; /* AmDirection */
	uint8_t client_is_hi : 1;
	uint8_t backscatter : 1; /* answers that nobody asked for */
	uint8_t is_part : 1;     /* of its tally only what its client began; the rest is another arc's */
} AmArc;

/* One kind of activity that an edge has, found before any verdict. */
typedef enum {
	AM_KIND_NONE = 0,
	AM_KIND_FAILED,   /* nobody answered, or only with a refusal */
	AM_KIND_OPENED,   /* a handshake, and nothing said by the client */
	AM_KIND_ONE_WAY,  /* what expects no answer: datagrams to a live host, TCP that is taken */
	AM_KIND_DATA,     /* a transfer on a port that was announced: payload one way is all of it */
	AM_KIND_TWO_WAY,  /* payload both ways (or implied by what one direction shows) */
	AM_KIND_ECHO,     /* answered ICMP requests */
	AM_KIND_DISMISSED /* judged by its address or port alone: local, chatter, backscatter */
} AmEdgeKind;

/* Beside each edge, while verdicts are found. */
typedef struct {
	uint32_t first_arc, n_arcs;
	uint64_t syn, synack;  /* connections with SYN from the client, SYN-ACK from the server */
	uint64_t first_client; /* connections whose first packet came from the client */
	uint8_t kind;          /* AmEdgeKind */
	uint8_t backscatter;   /* every connection is */
	uint8_t recurs;        /* active in enough hours or days */
	uint8_t same_machine;  /* and that only together with other addresses of its client */
	uint8_t usable;        /* counts for the likeness of clients: recurs, not tainted */
	uint8_t strong;        /* stands on its own: speaks for others */
	uint8_t late;
	uint8_t tainted;          /* 1 inside a scan's window, 2 significantly so */
	uint8_t probe;            /* failed, inside a scan's window */
	uint8_t machine_strong;   /* its client, by whichever address, stands on its own here */
	int64_t machine_first_ns; /* when its client began, by whichever address; 0 = it has but this one here, */
	uint32_t machine_days;    /* and on how many days it did it */
	uint8_t outward_named;    /* of an outside service: an inside client asks for it by name */
	uint32_t outward_clients; /* and its inside clients */
	uint32_t service;         /* index into AmMapWork.services */
} AmEdgeNotes;

typedef struct {
	uint8_t inside, live, scanner, lateral;
	uint8_t leased;               /* a DHCP server gave it its address */
	uint8_t mute;                 /* up, as others go on talking to it, but the mirror misses what it sends */
	uint32_t n_leases;            /* that it gave, not lately, to hosts that are up */
	uint32_t n_contested;         /* of these, to hosts that a far busier server gave one, too */
	uint8_t serves;               /* somebody exchanged words with a service of it */
	uint8_t relied_on;            /* a service of it has several clients that stand on their own */
	uint8_t strong_client;        /* has an edge that stands on its own */
	uint8_t asks_inside;          /* for names: it has a resolver inside */
	uint8_t resolver;             /* answers inside hosts that ask for names */
	uint8_t called_home;          /* somebody sends beacons to it */
	uint8_t own;                  /* taken for outside, yet it goes out as inside hosts do: a translated address */
	uint32_t first_edge, n_edges; /* as a client: a run of the edges */
	uint64_t sent, received;      /* packets */
} AmEndpointNotes;

/* What is known of one (server, protocol, port): what thin edges into it are measured by. */
typedef struct {
	uint32_t first, end;              /* its run of by_service */
	uint32_t first_sample, n_samples; /* strong edges, evenly picked, in AmMapWork.samples */
	uint32_t n_strong, n_outside;     /* strong clients, and those of them that are outside */
	uint32_t
		n_machines; /* strong clients of a port of administration, by machine; of a server inside, inside ones */
	double least_served;          /* answer payload a connection of a little served strong client, */
	double lowest_served;         /* and of the least served one */
	double usually_served;        /* and of one that is not the least, which may be the one in question */
	double usually_exchanged;     /* payload both ways, of such a one */
	gboolean named;               /* strong clients ask for a server name */
	uint32_t n_pool, n_returning; /* clients that are neither strong nor late, and those of them that came again */
	uint32_t pool_hours;          /* distinct ones of theirs, as far as it matters */
	double pool_served;           /* answer payload a connection of a little served one of them */
	uint32_t n_visits;            /* outside clients that are not regular, of a service with enough that are, */
	double visit_served;          /* and the median of what they get */
	uint32_t n_crowd, n_crowd_returning; /* of an outside service: inside clients that ask for it by one name, */
	uint32_t crowd_named;                /* that of this edge, */
	uint32_t crowd_hours;                /* and what else is told of a pool */
	double crowd_served;
} AmServiceNotes;

/* Of one client's edges to a port number. */
typedef struct {
	uint32_t servers;      /* that it uses regularly, */
	uint32_t returning;    /* and, of an observation of two days, on both */
	uint32_t all, lasting; /* of a port of administration: that it logs in to, and those where it does all along, */
	uint32_t shared;       /* and where several others are regular */
	uint32_t first_edge, last_edge; /* of those that it uses regularly */
} AmHabit;

/* A time in which a source scanned. */
typedef struct {
	uint32_t source;
	int64_t start_ns, end_ns;
} AmScanWindow;

/* What likeness.c remembers. */
typedef struct AmLikeness AmLikeness;

/* The MAC that an endpoint is known to have had longest, and since when. */
typedef struct {
	uint8_t octets[6];
	uint8_t known, leased;
	int64_t first_ns, last_ns;
} AmOwnMac;

typedef struct {
	const GArray *tallies;      /* AmTally */
	const GArray *observations; /* AmObservation; may be NULL */
	GArray *with_leases;        /* the same with imported leases, where there are any */
	const AmMapOptions *options;
	const AmDecisionSet *decisions; /* may be NULL */
	AmMap *map;
	AmOwnMac *macs; /* as map->endpoints */
	uint8_t *
		makes; /* as map->assets: what its vendor mostly makes (AmAssetKind), AM_ASSET_SERVER: virtual machines */
	AmTable *by_mac;        /* network and MAC of assets; NULL = none is known */
	GArray *mac_assets;     /* uint32_t, as by_mac */
	uint32_t *ends;         /* two endpoint indexes per tally: lo, hi */
	GArray *arcs;           /* AmArc, sorted by (client, server, protocol, port, day, sensor) */
	GArray *notes;          /* AmEdgeNotes, as map->edges */
	AmEndpointNotes *hosts; /* as map->endpoints */
	AmTable *learned;       /* sockets (am_socket_key) that answered as a server */
	GArray *windows;        /* AmScanWindow, sorted by (source, start), disjoint */
	uint32_t *by_service;   /* edge indexes sorted by (server, protocol, port, client) */
	GArray *services;       /* AmServiceNotes, in the order of by_service */
	GArray *samples;        /* uint32_t edge indexes */
	AmLikeness *likeness;   /* set by peers.c; freed with g_free */
	AmTable *collectors;    /* sockets (am_socket_key) of datagrams that many tell and that answer none */
	AmTable *answering;     /* sockets (am_socket_key) that were seen to exchange words with somebody */
	AmTable *habits;        /* (client, protocol, port) as am_socket_key: how it uses its servers there */
	GArray *habit_servers;  /* AmHabit, as habits */
	AmTable *checks;        /* (client, protocol, port) as am_socket_key: who only connects there, */
	GArray *n_checks;       /* uint32_t, as checks: and to how many servers all day long */
	AmTable *pairs;      /* (network, protocol, port) as am_socket_key: clients there with a server of their own */
	GArray *n_pairs;     /* uint32_t, as pairs */
	uint32_t span_hours; /* of the observation, begun hours counted whole */
	uint32_t *n_regular; /* by network: inside hosts that use anything regularly */
	uint32_t n_outward;  /* inside hosts that talk to any outside host */
	const char *
		*roles; /* by asset: what an inventory says that it is for, borrowed from map->labels; NULL = nothing */
	uint64_t *realms;    /* by asset: a hash of its application and owner, as far as they are known; 0 = not */
	gboolean no_outside; /* no address is a private one, and all count as inside: it is not known what is */
} AmMapWork;

static inline const AmTally *am_work_tally(const AmMapWork *work, uint32_t n)
{
	return &g_array_index(work->tallies, AmTally, n);
}
static inline AmEdge *am_work_edge(const AmMapWork *work, uint32_t n)
{
	return &g_array_index(work->map->edges, AmEdge, n);
}
static inline AmEdgeNotes *am_work_notes(const AmMapWork *work, uint32_t n)
{
	return &g_array_index(work->notes, AmEdgeNotes, n);
}
static inline const AmAddress *am_work_address(const AmMapWork *work, uint32_t endpoint)
{
	return &g_array_index(work->map->endpoints, AmEndpoint, endpoint).address;
}
static inline int am_edge_compare_service(const AmEdge *x, const AmEdge *y)
{
	if (x->server != y->server)
		return x->server < y->server ? -1 : 1;
	if (x->ip_protocol != y->ip_protocol)
		return (int)x->ip_protocol - (int)y->ip_protocol;
	return (int)x->port - (int)y->port;
}
/* A lease that a DHCP server gave (direction.c): every host takes one, so it tells nothing of what a host is for. */
static inline gboolean am_edge_is_lease(const AmEdge *edge)
{
	return edge->ip_protocol == AM_PROTO_UDP && edge->port == AM_PORT_DHCP_CLIENT;
}
/* The name that goes with a question to a resolver is the one asked for, not the resolver's. */
static inline gboolean am_edge_asks_names(const AmEdge *edge)
{
	return edge->port == AM_PORT_DNS ||
	       (edge->n_l7 > 0 && g_strcmp0(am_l7_group_name(edge->l7[0].name), "dns") == 0);
}
/* From outside to inside. Between addresses that are both taken for outside it is not known: they may be the network's own
 * public ones, which --inside was not told. */
static inline gboolean am_work_comes_in(const AmMapWork *work, const AmEdge *edge)
{
	return !work->hosts[edge->client].inside && work->hosts[edge->server].inside;
}

/* Every time, but for what a mirror may miss. */
static inline gboolean am_nearly_all(uint64_t part, uint64_t all)
{
	return part >= all - all / AM_MISSED_SHARE;
}
static inline uint64_t am_socket_key(uint32_t endpoint, uint8_t ip_protocol, uint16_t port)
{
	return (uint64_t)endpoint << 24 | (uint64_t)ip_protocol << 16 | port;
}

/* leases.c: counts them, after the first judgement; whether the lease that an edge is comes from one of the network's servers. */
void am_leases_count(AmMapWork *work);
gboolean am_lease_is_usual(const AmMapWork *work, uint32_t edge_index);
/* assets.c: endpoints and assets from the tallies' addresses; sets `ends`, `hosts`. */
void am_assets_build(AmMapWork *work);
/* identity.c: for each endpoint the first one of the same machine; sets `macs`. Needs hosts[].inside. g_free() */
uint32_t *am_identity_find(AmMapWork *work);
/* imported.c: adds imported leases to the observations. Needs map->endpoints. */
void am_imported_observe(AmMapWork *work);
/* Does what an import says hold in this network? */
gboolean am_imported_holds_in(const AmMap *map, const AmDecisionSet *decisions, uint32_t import, uint32_t network);
/* labels.c: what inventories say; sets `roles`, `realms`. Needs assets and their times. */
void am_labels_build(AmMapWork *work);
/* What the group of an asset is known by, where an inventory made it; else 0. */
uint64_t am_labels_group_mark(const AmMapWork *work, uint32_t asset);
/* Which member speaks for a group: the first of those whose mark most of them have. */
uint32_t am_labels_speaker(const AmMapWork *work, const GArray *members);
/* makers.c: who made them; sets `makes`. And whose MAC that is: an asset, the first if there are several, or AM_NO_INDEX. */
void am_makers_build(AmMapWork *work);
uint32_t am_makers_find(const AmMapWork *work, uint32_t network, const uint8_t mac[6]);
/* devices.c: what kind of machine they are. */
void am_devices_build(AmMapWork *work);
/* neighbours.c: who was only seen in ARP; needs hosts[].sent. */
void am_neighbours_build(AmMapWork *work);
/* names.c: what assets are called. */
void am_names_build(AmMapWork *work);
/* Whom an observation tells of, by address at its time, or by MAC; AM_NO_INDEX = nobody that is known. */
uint32_t am_names_find_asset(const AmMapWork *work, const AmObservation *observation);
/* direction.c: sets `arcs` and `learned`. */
void am_direction_build(AmMapWork *work);
/* The user's hints: does this endpoint serve this port? */
gboolean am_direction_hinted(const AmMap *map, const AmDecisionSet *decisions, uint32_t endpoint, uint8_t ip_protocol,
			     uint16_t port);
/* A DHCP server that gives this client a lease begins: it is the client then, of the port for DHCP clients. */
gboolean am_direction_gives_lease(uint8_t ip_protocol, uint16_t server_port, const AmAddress *client);
/* edges.c: sums arcs into edges; sets `notes`, `by_service`, first and last times of assets. */
void am_edges_build(AmMapWork *work);
/* scan.c: sets `windows`, hosts[].scanner, and tainted / probe in the notes. Needs the kinds (verdict.c, first half). */
void am_scan_find(AmMapWork *work);
/* kinds.c: sets kind, and the verdict of what its address or port alone decides. */
void am_kinds_find(AmMapWork *work);
/* peers.c: how each service and each client is used regularly; needs the strong and usable marks. */
void am_peers_prepare(AmMapWork *work);
/* Do other clients speak for this edge? */
gboolean am_peers_support(const AmMapWork *work, uint32_t edge);
/* Do many clients of its service that are as thin as this edge speak for it together? */
gboolean am_peers_pooled(const AmMapWork *work, uint32_t edge);
/* Is it one of several that its client visits for the same on each day of an observation of two? */
gboolean am_peers_round(const AmMapWork *work, uint32_t edge);
/* Enough regular clients of the service are served otherwise than this one. */
gboolean am_peers_contradict(const AmMapWork *work, uint32_t edge);
/* Servers on whose port of this number the client is regular, this one left out. */
uint32_t am_peers_habit(const AmMapWork *work, uint32_t edge);
/* Does the client log in to enough other hosts all along for one more to be no surprise? */
gboolean am_peers_administers(const AmMapWork *work, uint32_t edge);
/* Does the client log in only where several others do (file servers)? */
gboolean am_peers_join(const AmMapWork *work, uint32_t edge);
/* Does somebody like its client do the same, all along, or do several? */
gboolean am_peers_like(const AmMapWork *work, uint32_t edge);
/* A visit to a public service that gets far less than its regular clients. */
gboolean am_peers_unlike(const AmMapWork *work, uint32_t edge);
/* Strong clients of the edge's service, itself left out. */
uint32_t am_peers_count(const AmMapWork *work, uint32_t edge);
/* likeness.c */
AmLikeness *am_likeness_new(void);
/* Do the clients of two edges of one service share what else they use? Needs the usable marks. */
gboolean am_clients_alike(const AmMapWork *work, uint32_t edge, uint32_t other);
/* beacon.c: 0 = no, 1 = may be one, 2 = looks like one in everything that tallies show. */
int am_beacon_score(const AmMapWork *work, uint32_t edge);
void am_beacon_prepare(AmMapWork *work); /* how usual each outside destination is */
/* Nothing that somebody could have registered names the server: no name, a bare address, or the name is not its own. */
gboolean am_edge_is_nameless(const AmEdge *edge);
/* crowds.c: who asks for one name outside; whether the others that do so speak for this edge. Needs the services. */
void am_crowds_prepare(AmMapWork *work);
gboolean am_crowds_support(const AmMapWork *work, uint32_t edge);
/* machines.c: marks as recurring what recurs for the machine, not for each address. Needs the kinds and the scans. */
void am_machines_join(AmMapWork *work);
/* checks.c: counts the health checks, needs the kinds; whether an edge that only connects is one. */
void am_checks_count(AmMapWork *work);
gboolean am_check_is_one(const AmMapWork *work, uint32_t edge);
/* verdict.c */
void am_verdicts_build(AmMapWork *work);
/* Nothing but degree, ports or the first packet tells who is the client, and it matters. */
gboolean am_client_is_guessed(const AmEdge *edge, const AmEdgeNotes *notes);
/* To a port of administration, and it did not fail. */
gboolean am_edge_is_login(const AmMapWork *work, uint32_t edge);
/* The only client of a service, and for a while only. */
gboolean am_edge_is_passing(const AmMapWork *work, uint32_t edge);
/* Was it there all along? */
gboolean am_edge_lasts(const AmMapWork *work, const AmEdge *edge);
/* overrides.c: the verdicts that people set. */
void am_overrides_apply(AmMapWork *work);
/* declared.c: expected changes; exclusions; what is sanctioned, when all else is done. */
void am_expected_apply(AmMapWork *work);
void am_excluded_apply(AmMapWork *work);
void am_sanctioned_apply(AmMapWork *work);
/* A sanctioned scanner or monitoring, in force; is this one of its hosts? */
gboolean am_declared_is_sanction(const AmDeclaration *declaration);
gboolean am_declared_has_host(const AmMap *map, const AmDeclaration *declaration, uint32_t endpoint);
/* Adds a line for each declaration that made the edge what it is. */
void am_declared_explain(GString *text, const AmMap *map, const GPtrArray *declarations, const AmEdge *edge);
/* related.c: sets the control edges, and their reason. */
void am_related_find(AmMapWork *work);
/* Datagrams that one side began nearly every time, to a port that was announced: that side is the client. */
gboolean am_related_tells_client(const AmEdge *edge, const AmEdgeNotes *notes);
/* The verdicts of thin edges that have one. */
void am_related_inherit(AmMapWork *work);
/* middlebox.c: sets middleboxes and relays of the map, and whose the clients of its edges are. Needs the edges. */
void am_middleboxes_build(AmMapWork *work);
/* listeners.c */
void am_listeners_build(AmMapWork *work);
/* listed.c: what hosts and scans tell of listeners, beside those that were seen. */
void am_listed_add(AmMapWork *work);
/* flags.c: what is to be said against listeners; needs the kinds of machines. */
void am_flags_find(AmMapWork *work);
/* schedule.c: when edges are active, and how likely a day sees them again; needs verdicts. */
void am_schedule_build(AmMapWork *work);
/* groups.c */
void am_groups_build(AmMapWork *work);
/* pools.c: the addresses that groups take in turn. */
void am_pools_build(AmMapWork *work);
/* coverage.c: sets the map's coverage; needs verdicts and groups. */
void am_coverage_build(AmMapWork *work);
void am_coverage_free(AmCoverage *coverage);
/* revision.c */
void am_revision_build(AmMapWork *work);
