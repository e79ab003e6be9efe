/* What a port shows, from its frames: counts, and a table of conversations to see whether both directions are there, and
 * whether what was acknowledged was also seen. Fed by check.c. Memory is bounded: past its tables it counts only how much it
 * did not follow. Keys begin with a random number, so that nobody can choose addresses that collide.
 */
#include "config.h"

#include "check.h"

#include <string.h>

#define MAX_CONVERSATIONS 200000
#define MAX_SUBNETS 20000
#define MAX_VLANS 8192
#define N_RECENT 16384                /* a power of two */
#define DUPLICATE_NS (50 * 1000000LL) /* a mirror's second copy comes within that */
#define HASHED 160                    /* octets of a packet that tell it from others */
#define LISTED 64                     /* VLANs and subnets that are told */

typedef struct {
	uint64_t seed;
	AmTuple tuple; /* of a conversation, lo first; a subnet has its address as the source, and nothing else */
} Key;

typedef struct {
	Key key;
	gboolean seen[2];
	gboolean is_counted, is_two_way;
	gboolean has_end[2];
	uint32_t end[2]; /* TCP: what follows the last octet seen */
} Conversation;

typedef struct {
	uint64_t hash;
	int64_t time_ns;
} Recent;

struct AmChecker {
	AmPortCheck *check;
	uint64_t seed;
	GHashTable *conversations; /* Conversation, itself the key */
	GHashTable *vlans, *subnets;
	Recent *recent;
	int64_t before_ns;
};

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
	for (size_t n = 0; n < size; n++)
		hash = (hash ^ ((const uint8_t *)bytes)[n]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 29;
}

static guint key_hash(gconstpointer key)
{
	return (guint)hash_bytes(UINT64_C(0xcbf29ce484222325), key, sizeof(Key));
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(Key)) == 0;
}

static AmPortCheck *new_check(void)
{
	AmPortCheck *check = g_new0(AmPortCheck, 1);
	check->advice = g_ptr_array_new_with_free_func(g_free);
	check->vlans = g_array_new(FALSE, FALSE, sizeof(AmCheckVlan));
	check->subnets = g_array_new(FALSE, FALSE, sizeof(AmCheckSubnet));
	return check;
}

AmChecker *am_checker_new(gboolean is_live)
{
	AmChecker *checker = g_new0(AmChecker, 1);
	checker->check = new_check();
	checker->check->is_live = is_live;
	checker->seed = (uint64_t)g_random_int() << 32 | g_random_int();
	checker->conversations = g_hash_table_new_full(key_hash, key_equal, g_free, NULL);
	checker->vlans = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	checker->subnets = g_hash_table_new_full(key_hash, key_equal, g_free, NULL);
	checker->recent = g_new0(Recent, N_RECENT);
	return checker;
}

void am_port_check_free(AmPortCheck *check)
{
	if (check == NULL)
		return;
	g_array_unref(check->vlans);
	g_array_unref(check->subnets);
	g_ptr_array_unref(check->advice);
	g_free(check);
}

void am_checker_free(AmChecker *checker)
{
	if (checker == NULL)
		return;
	am_port_check_free(checker->check);
	g_hash_table_unref(checker->conversations);
	g_hash_table_unref(checker->vlans);
	g_hash_table_unref(checker->subnets);
	g_free(checker->recent);
	g_free(checker);
}

/* ---- Frames */

typedef struct {
	gint64 key;
	AmCheckVlan vlan;
} VlanEntry;

/* The tags that the frame came with, not those inside of tunnels. */
static void count_vlan(AmChecker *checker, const AmLayers *layers)
{
	uint16_t tags[2] = {0, 0};
	for (guint n = 0; n < MIN(layers->n, 2) && layers->at[n].outer == NULL; n++) {
		if (layers->at[n].kind == AM_ENCAPSULATION_VLAN || layers->at[n].kind == AM_ENCAPSULATION_INNER_VLAN)
			tags[layers->at[n].kind == AM_ENCAPSULATION_INNER_VLAN] = (uint16_t)layers->at[n].id;
	}
	gint64 key = (gint64)tags[0] << 16 | tags[1];
	VlanEntry *entry = g_hash_table_lookup(checker->vlans, &key);
	if (entry == NULL && g_hash_table_size(checker->vlans) < MAX_VLANS) {
		entry = g_new0(VlanEntry, 1);
		entry->key = key;
		entry->vlan = (AmCheckVlan){.vlan = tags[0], .inner_vlan = tags[1]};
		g_hash_table_add(checker->vlans, entry);
	}
	if (entry != NULL)
		entry->vlan.packets++;
}

typedef struct {
	Key key;
	uint64_t packets;
} SubnetEntry;

static void count_subnet(AmChecker *checker, const AmAddress *address)
{
	Key key;
	if (am_address_is_multicast(address) || am_address_is_unspecified(address))
		return;
	memset(&key, 0, sizeof key);
	key.seed = checker->seed;
	key.tuple.source.family = address->family;
	memcpy(key.tuple.source.bytes, address->bytes, address->family == 4 ? 3 : 8);
	SubnetEntry *entry = g_hash_table_lookup(checker->subnets, &key);
	if (entry == NULL && g_hash_table_size(checker->subnets) < MAX_SUBNETS) {
		entry = g_new0(SubnetEntry, 1);
		memcpy(&entry->key, &key, sizeof key);
		g_hash_table_add(checker->subnets, entry);
	}
	if (entry != NULL)
		entry->packets++;
}

static void count_layers(AmPortCheck *check, const AmLayers *layers)
{
	for (guint n = 0; n < layers->n; n++) {
		uint8_t kind = layers->at[n].kind;
		check->tunnels[kind] += kind != AM_ENCAPSULATION_VLAN && kind != AM_ENCAPSULATION_INNER_VLAN;
	}
}

/* The IP packet without what a router changes on its way: TTL and header checksum. Without payload too many are alike. */
static void count_duplicate(AmChecker *checker, const AmPacket *packet)
{
	uint8_t bytes[HASHED];
	size_t size = MIN(packet->ip_size, sizeof bytes);
	if (packet->payload_size == 0 || size < 20)
		return;
	memcpy(bytes, packet->ip, size);
	if (packet->tuple.source.family == 4)
		bytes[8] = bytes[10] = bytes[11] = 0;
	else
		bytes[7] = 0;
	uint64_t hash = hash_bytes(packet->ip_wire_size, bytes, size);
	Recent *recent = &checker->recent[hash & (N_RECENT - 1)];
	int64_t apart_ns = packet->time_ns - recent->time_ns;
	if (recent->hash == hash && ABS(apart_ns) <= DUPLICATE_NS)
		checker->check->duplicates++;
	*recent = (Recent){hash, packet->time_ns};
}

static gboolean is_unicast(const AmPacket *packet)
{
	return !am_address_is_multicast(&packet->tuple.destination) && (packet->destination_mac[0] & 1) == 0;
}

/* What the other side acknowledges and was not seen on its way. A jump of more than a window is no loss. */
static void follow_tcp(AmPortCheck *check, Conversation *conversation, const AmPacket *packet, int direction)
{
	uint32_t length = packet->payload_wire_size + ((packet->tcp_flags & (AM_TCP_SYN | AM_TCP_FIN)) != 0);
	uint32_t end = packet->tcp_sequence + length;
	if (!conversation->has_end[direction] || (int32_t)(end - conversation->end[direction]) > 0)
		conversation->end[direction] = end;
	conversation->has_end[direction] = TRUE;
	check->tcp_seen += packet->payload_wire_size;
	if ((packet->tcp_flags & AM_TCP_ACK) == 0 || !conversation->has_end[!direction])
		return;
	int32_t unseen = (int32_t)(packet->tcp_ack - conversation->end[!direction]);
	if (unseen > 0 && unseen < 64 * 1024 * 1024) {
		check->tcp_unseen += (uint32_t)unseen;
		conversation->end[!direction] = packet->tcp_ack;
	}
}

/* A SYN that nobody answers is a scan, or somebody who is not there: it says nothing of the port. */
static void count_conversation(AmPortCheck *check, Conversation *conversation, const AmPacket *packet, int kind)
{
	if (!conversation->is_counted && (kind != AM_CHECK_TCP || (packet->tcp_flags & AM_TCP_ACK) != 0)) {
		conversation->is_counted = TRUE;
		check->conversations[kind]++;
	}
	if (conversation->is_counted && !conversation->is_two_way && conversation->seen[0] && conversation->seen[1]) {
		conversation->is_two_way = TRUE;
		check->two_way[kind]++;
	}
}

static void follow(AmChecker *checker, const AmPacket *packet)
{
	AmPortCheck *check = checker->check;
	const AmTuple *tuple = &packet->tuple;
	int order = am_address_compare(&tuple->source, &tuple->destination);
	int direction = order > 0 || (order == 0 && tuple->source_port > tuple->destination_port);
	Key key;
	memset(&key, 0, sizeof key);
	key.seed = checker->seed;
	key.tuple.source = direction ? tuple->destination : tuple->source;
	key.tuple.destination = direction ? tuple->source : tuple->destination;
	key.tuple.source_port = direction ? tuple->destination_port : tuple->source_port;
	key.tuple.destination_port = direction ? tuple->source_port : tuple->destination_port;
	key.tuple.ip_protocol = tuple->ip_protocol;
	int kind = tuple->ip_protocol == AM_PROTO_TCP   ? AM_CHECK_TCP
		   : tuple->ip_protocol == AM_PROTO_UDP ? AM_CHECK_UDP
							: AM_CHECK_OTHER;
	Conversation *conversation = g_hash_table_lookup(checker->conversations, &key);
	if (conversation == NULL) {
		if (g_hash_table_size(checker->conversations) >= MAX_CONVERSATIONS) {
			check->not_followed++;
			return;
		}
		conversation = g_new0(Conversation, 1);
		memcpy(&conversation->key, &key, sizeof key);
		g_hash_table_add(checker->conversations, conversation);
	}
	conversation->seen[direction] = TRUE;
	count_conversation(check, conversation, packet, kind);
	if (kind == AM_CHECK_TCP)
		follow_tcp(check, conversation, packet, direction);
}

static void look_at_time(AmChecker *checker, int64_t time_ns, int64_t now_ns)
{
	AmPortCheck *check = checker->check;
	if (check->frames == 1)
		check->first_ns = checker->before_ns = time_ns;
	check->first_ns = MIN(check->first_ns, time_ns);
	check->last_ns = MAX(check->last_ns, time_ns);
	check->steps_back += time_ns < checker->before_ns - AM_NS_PER_S;
	checker->before_ns = time_ns;
	if (now_ns != 0)
		check->clock_off_ns = MAX(check->clock_off_ns, ABS(now_ns - time_ns));
}

void am_checker_frame(AmChecker *checker, const AmFrame *frame, int64_t now_ns)
{
	AmPortCheck *check = checker->check;
	check->frames++;
	check->bytes += frame->wire_size;
	check->cut_frames += frame->size < frame->wire_size;
	look_at_time(checker, frame->time_ns, now_ns);
	AmPacket packet;
	AmLayers layers;
	AmSkipReason skip = am_decode(frame, &packet, &layers);
	if (skip != AM_SKIP_NONE) {
		check->skipped[skip]++;
		return;
	}
	check->packets++;
	check->fragments += packet.is_later_fragment;
	count_vlan(checker, &layers);
	count_layers(check, &layers);
	if (!is_unicast(&packet))
		return;
	check->unicast++;
	count_subnet(checker, &packet.tuple.source);
	count_subnet(checker, &packet.tuple.destination);
	count_duplicate(checker, &packet);
	if (!packet.is_later_fragment)
		follow(checker, &packet);
}

/* ---- Conclusions */

static void advise(AmPortCheck *check, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void advise(AmPortCheck *check, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_ptr_array_add(check->advice, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

static void advise_on_mirror(AmPortCheck *check)
{
	uint64_t tcp = check->conversations[AM_CHECK_TCP], both = check->two_way[AM_CHECK_TCP];
	if (check->frames == 0)
		advise(check, "Nothing came at all. Ask whether the mirror session is up, and ends at this port.");
	else if (check->packets == 0)
		advise(check,
		       "There is no IP traffic, only %" G_GUINT64_FORMAT
		       " other frames. Ask what the mirror session's source is.",
		       check->frames);
	else if (check->unicast * 10 < check->packets)
		advise(check,
		       "Nearly all is broadcast and multicast (%.0f%%): this looks like an ordinary port. Ask for a "
		       "mirror (SPAN) session, or a tap.",
		       100 - percent(check->unicast, check->packets));
	if (tcp >= 5 && both * 2 < tcp)
		advise(check,
		       "Of %.0f%% of the TCP conversations only one direction is seen. Ask for both directions (rx and "
		       "tx) of the mirrored ports, or for the second path where routes are not symmetric.",
		       100 - percent(both, tcp));
	else if (tcp >= 20 && both * 10 < tcp * 9)
		advise(check,
		       "Of %.0f%% of the TCP conversations only one direction is seen: part of the traffic goes "
		       "another "
		       "way. Ask which paths are not mirrored.",
		       100 - percent(both, tcp));
	if (percent(check->duplicates, check->unicast) >= 5)
		advise(check,
		       "%.0f%% of the packets come twice. Ask to mirror either the ports or the VLANs, in one "
		       "direction "
		       "(rx) where both ends are in the session.",
		       percent(check->duplicates, check->unicast));
}

static void advise_on_loss(AmPortCheck *check)
{
	uint64_t dropped = check->dropped_kernel + check->dropped_interface;
	double unseen = percent(check->tcp_unseen, check->tcp_seen + check->tcp_unseen);
	if (dropped > 0)
		advise(check,
		       "This machine dropped %" G_GUINT64_FORMAT
		       " packets (%.1f%%): a larger --ring, a smaller --snaplen "
		       "or a filter help.",
		       dropped, percent(dropped, check->frames + dropped));
	if (unseen >= 0.1)
		advise(check, "%.1f%% of the TCP data was acknowledged by its receiver and never seen here. %s", unseen,
		       dropped > 0 ? "Part of it was dropped by this machine."
				   : "It is lost before this port: ask whether the mirror port is oversubscribed.");
	if (percent(check->cut_frames, check->frames) >= 1)
		advise(check, "%.0f%% of the frames are cut short. %s", percent(check->cut_frames, check->frames),
		       check->is_live ? "Raise --snaplen, or ask whether the mirror truncates."
				      : "Capture with a larger snap length.");
	if (check->fragments * 100 > check->frames)
		advise(check,
		       "%.0f%% are later fragments. Ask for an MTU on the mirror's path that holds the tunnelled "
		       "frames.",
		       percent(check->fragments, check->frames));
}

static void advise_on_clock(AmPortCheck *check)
{
	if (check->steps_back > 0)
		advise(check, "Time went back %" G_GUINT64_FORMAT " times by more than a second. %s", check->steps_back,
		       check->is_live ? "Keep this machine's clock by NTP."
				      : "The file was put together from several, or its clock was set.");
	if (check->clock_off_ns > 2 * AM_NS_PER_S)
		advise(check,
		       "Frames are up to %.1f s away from this machine's clock: it was set, or it cannot keep up.",
		       (double)check->clock_off_ns / (double)AM_NS_PER_S);
}

static int by_packets_vlan(gconstpointer a, gconstpointer b)
{
	const AmCheckVlan *x = a, *y = b;
	if (x->packets != y->packets)
		return x->packets > y->packets ? -1 : 1;
	return x->vlan != y->vlan ? x->vlan - y->vlan : x->inner_vlan - y->inner_vlan;
}

static int by_packets_subnet(gconstpointer a, gconstpointer b)
{
	const AmCheckSubnet *x = a, *y = b;
	if (x->packets != y->packets)
		return x->packets > y->packets ? -1 : 1;
	return am_prefix_compare(&x->prefix, &y->prefix);
}

static void list_most(AmChecker *checker)
{
	AmPortCheck *check = checker->check;
	GHashTableIter at;
	gpointer entry;
	g_hash_table_iter_init(&at, checker->vlans);
	while (g_hash_table_iter_next(&at, &entry, NULL))
		g_array_append_val(check->vlans, ((VlanEntry *)entry)->vlan);
	g_hash_table_iter_init(&at, checker->subnets);
	while (g_hash_table_iter_next(&at, &entry, NULL)) {
		const SubnetEntry *subnet = entry;
		AmCheckSubnet row = {.prefix = {.address = subnet->key.tuple.source,
						.length = subnet->key.tuple.source.family == 4 ? 24 : 64},
				     .packets = subnet->packets};
		g_array_append_val(check->subnets, row);
	}
	g_array_sort(check->vlans, by_packets_vlan);
	g_array_sort(check->subnets, by_packets_subnet);
	g_array_set_size(check->vlans, MIN(check->vlans->len, LISTED));
	g_array_set_size(check->subnets, MIN(check->subnets->len, LISTED));
}

AmPortCheck *am_checker_finish(AmChecker *checker, uint64_t dropped_kernel, uint64_t dropped_interface)
{
	AmPortCheck *check = checker->check;
	check->dropped_kernel = dropped_kernel;
	check->dropped_interface = dropped_interface;
	list_most(checker);
	advise_on_mirror(check);
	advise_on_loss(check);
	advise_on_clock(check);
	if (check->advice->len == 0)
		advise(check, "Nothing to ask for: both directions are there, nothing is lost.");
	checker->check = new_check();
	return check;
}
