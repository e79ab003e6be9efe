/* Deep packet inspection by nDPI, the only file that knows it. Fed by shard.c with packets that carry payload; says
 * what protocol is spoken, how sure that is, and which names were seen. Roles and outcomes are not its business.
 *
 * nDPI keeps caches in its module (which address spoke BitTorrent, Zoom, ...), so each logical shard has a module of
 * its own and the result does not depend on threads. Making a module is not thread-safe: a lock. What nDPI reads is
 * hostile: it gets IP packets whose lengths are true for what was captured, at most 65,535 octets. */
#include "config.h"

#include "classify.h"

#include "roles.h"

#include <allowmap/flow.h>

#include <ndpi_api.h>
#include <string.h>

/* ---- what differs between versions of nDPI, as configure found it */
#ifdef HAVE_NDPI_NESTED_PROTOCOL
#define MASTER_OF(protocol) ((protocol).proto.master_protocol)
#define APP_OF(protocol) ((protocol).proto.app_protocol)
#else
#define MASTER_OF(protocol) ((protocol).master_protocol)
#define APP_OF(protocol) ((protocol).app_protocol)
#endif

/* The map tells weak listeners by these numbers. */
_Static_assert((int)NDPI_TLS_SELFSIGNED_CERTIFICATE == AM_RISK_SELF_SIGNED &&
		       (int)NDPI_TLS_OBSOLETE_VERSION == AM_RISK_TLS_VERSION &&
		       (int)NDPI_TLS_WEAK_CIPHER == AM_RISK_TLS_CIPHER &&
		       (int)NDPI_TLS_CERTIFICATE_EXPIRED == AM_RISK_EXPIRED &&
		       (int)NDPI_TLS_CERTIFICATE_MISMATCH == AM_RISK_MISMATCH &&
		       (int)NDPI_SSH_OBSOLETE_SERVER_VERSION_OR_CIPHER == AM_RISK_SSH_SERVER &&
		       (int)NDPI_SMB_INSECURE_VERSION == AM_RISK_SMB1 &&
		       (int)NDPI_CLEAR_TEXT_CREDENTIALS == AM_RISK_CREDENTIALS && (int)NDPI_MAX_RISK <= AM_RISK_OWN,
	       "nDPI numbers its risks otherwise: extract() must translate them");

static struct ndpi_detection_module_struct *init_module(void)
{
#ifdef HAVE_NDPI_GLOBAL_CONTEXT
	return ndpi_init_detection_module(NULL);
#else
	return ndpi_init_detection_module(ndpi_no_prefs);
#endif
}

static ndpi_protocol process_packet(struct ndpi_detection_module_struct *module, struct ndpi_flow_struct *flow,
				    const uint8_t *ip, size_t size, uint64_t now_ms)
{
#ifdef HAVE_NDPI_INPUT_INFO
	return ndpi_detection_process_packet(module, flow, ip, (unsigned short)size, now_ms, NULL);
#else
	return ndpi_detection_process_packet(module, flow, ip, (unsigned short)size, now_ms);
#endif
}

static ndpi_protocol guess(struct ndpi_detection_module_struct *module, struct ndpi_flow_struct *flow)
{
	u_int8_t was_guessed = 0;
#ifdef HAVE_NDPI_GIVEUP_ALWAYS_GUESSES
	return ndpi_detection_giveup(module, flow, &was_guessed);
#else
	return ndpi_detection_giveup(module, flow, 1, &was_guessed);
#endif
}

static const char *alpn_of(const struct ndpi_flow_struct *flow)
{
#ifdef HAVE_NDPI_ADVERTISED_ALPNS
	return flow->protos.tls_quic.advertised_alpns;
#else
	return flow->protos.tls_quic.alpn;
#endif
}

#define NAMES_BLOCK 256
#define STATES_BLOCK 64
#define MAX_PACKET 65535

struct AmDpi {
	struct ndpi_flow_struct flow;
	AmDpiSlot *slot;
	AmDpi *older, *newer; /* of the live ones; `newer` also in the pool of free ones */
};

struct AmClassifier {
	struct ndpi_detection_module_struct *module; /* NULL until it is needed */
	char (*names)[AM_L7_SIZE];                   /* ours, by nDPI's protocol id */
	guint n_names;
	uint64_t now_ms; /* never goes backwards: nDPI's timers expect that */
	AmDpi *oldest, *newest, *free_states;
	guint n_live;
	AmDpiNames *free_names;
	GPtrArray *blocks;
	uint8_t *copy; /* room for a packet whose header must be put right */
};

AmClassifier *am_classifier_new(GError **error)
{
	if (ndpi_get_api_version() != NDPI_API_VERSION ||
	    ndpi_detection_get_sizeof_ndpi_flow_struct() != SIZEOF_FLOW_STRUCT) {
		g_set_error(error, AM_FLOW_ERROR, AM_FLOW_ERROR_DPI,
			    "deep packet inspection: the nDPI library that is installed (%s) is not the one that "
			    "allowmap was "
			    "built with; build it again, or use --no-dpi",
			    ndpi_revision());
		return NULL;
	}
	AmClassifier *classifier = g_new0(AmClassifier, 1);
	classifier->blocks = g_ptr_array_new_with_free_func(g_free);
	return classifier;
}

/* Other names by rule: lower case, and "-" for what is neither letter nor digit. */
static void name_by_rule(const char *name, char ours[AM_L7_SIZE])
{
	size_t n = 0;
	for (; *name != '\0' && n < AM_L7_SIZE - 1; name++) {
		if (g_ascii_isalnum(*name))
			ours[n++] = g_ascii_tolower(*name);
		else if (n > 0 && ours[n - 1] != '-')
			ours[n++] = '-';
	}
	while (n > 0 && ours[n - 1] == '-')
		n--;
	ours[n] = '\0';
}

/* data/l7.tsv: nDPI's name, a tab, our name; "#" begins a comment. */
static GHashTable *read_names(void)
{
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	const char *text = am_embedded("data/l7.tsv", NULL);
	g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);
	for (char **line = lines; *line != NULL; line++) {
		char *tab = strchr(*line, '\t');
		if (**line != '#' && tab != NULL)
			g_hash_table_replace(table, g_strndup(*line, (gsize)(tab - *line)), g_strdup(tab + 1));
	}
	return table;
}

static void load_names(AmClassifier *classifier)
{
	g_autoptr(GHashTable) table = read_names();
	classifier->n_names = ndpi_get_ndpi_num_supported_protocols(classifier->module);
	classifier->names = g_malloc0_n(classifier->n_names, AM_L7_SIZE);
	for (guint id = 1; id < classifier->n_names; id++) {
		const char *name = ndpi_get_proto_name(classifier->module, (u_int16_t)id);
		const char *ours = name != NULL ? g_hash_table_lookup(table, name) : NULL;
		if (ours != NULL)
			g_strlcpy(classifier->names[id], ours, AM_L7_SIZE);
		else if (name != NULL)
			name_by_rule(name, classifier->names[id]);
	}
}

G_LOCK_DEFINE_STATIC(module);

static void need_module(AmClassifier *classifier)
{
	NDPI_PROTOCOL_BITMASK all;
	if (classifier->module != NULL)
		return;
	G_LOCK(module);
	classifier->module = init_module();
	if (classifier->module == NULL)
		g_error("nDPI: no memory for its tables; --no-dpi does without them");
	NDPI_BITMASK_SET_ALL(all);
	ndpi_set_protocol_detection_bitmask2(classifier->module, &all);
	ndpi_finalize_initialization(classifier->module);
	G_UNLOCK(module);
	load_names(classifier);
}

void am_classifier_free(AmClassifier *classifier)
{
	if (classifier == NULL)
		return;
	for (AmDpi *state = classifier->oldest; state != NULL; state = state->newer)
		ndpi_free_flow_data(&state->flow);
	if (classifier->module != NULL)
		ndpi_exit_detection_module(classifier->module);
	g_ptr_array_unref(classifier->blocks);
	g_free(classifier->names);
	g_free(classifier->copy);
	g_free(classifier);
}

/* ---- pools */
static AmDpiNames *take_names(AmClassifier *classifier)
{
	if (classifier->free_names == NULL) {
		AmDpiNames *block = g_new(AmDpiNames, NAMES_BLOCK);
		g_ptr_array_add(classifier->blocks, block);
		for (int i = 0; i < NAMES_BLOCK; i++) {
			block[i].next = classifier->free_names;
			classifier->free_names = &block[i];
		}
	}
	AmDpiNames *names = classifier->free_names;
	classifier->free_names = names->next;
	names->server_name[0] = names->alpn[0] = '\0';
	return names;
}

static void drop_state(AmClassifier *classifier, AmDpi *state)
{
	ndpi_free_flow_data(&state->flow);
	if (state->older != NULL)
		state->older->newer = state->newer;
	else
		classifier->oldest = state->newer;
	if (state->newer != NULL)
		state->newer->older = state->older;
	else
		classifier->newest = state->older;
	classifier->n_live--;
	state->slot->state = NULL;
	state->newer = classifier->free_states;
	classifier->free_states = state;
}

/* ---- results */
static AmL7Confidence confidence_of(const struct ndpi_flow_struct *flow)
{
	switch (flow->confidence) {
	case NDPI_CONFIDENCE_DPI:
		return AM_L7_DPI;
	case NDPI_CONFIDENCE_DPI_CACHE:
#ifdef HAVE_NDPI_PARTIAL
	case NDPI_CONFIDENCE_DPI_PARTIAL:
	case NDPI_CONFIDENCE_DPI_PARTIAL_CACHE:
#endif
		return AM_L7_PARTIAL;
	default: /* by port, by address, or nothing that nDPI would vouch for */
		return AM_L7_PORT;
	}
}

static gboolean is_either(const AmDpiSlot *slot, uint16_t protocol)
{
	return slot->master == protocol || slot->app == protocol;
}

/* nDPI keeps these in a union: only the flow's own stack says which member holds. */
static gboolean has_tls(const struct ndpi_flow_struct *flow)
{
	static const uint16_t tls[] = {NDPI_PROTOCOL_TLS,        NDPI_PROTOCOL_QUIC,      NDPI_PROTOCOL_DTLS,
				       NDPI_PROTOCOL_MAIL_SMTPS, NDPI_PROTOCOL_MAIL_POPS, NDPI_PROTOCOL_MAIL_IMAPS};
	for (size_t i = 0; i < G_N_ELEMENTS(tls); i++)
		if (flow->detected_protocol_stack[0] == tls[i] || flow->detected_protocol_stack[1] == tls[i])
			return TRUE;
	return FALSE;
}

static AmNameKind name_kind_of(const AmDpiSlot *slot, gboolean is_tls)
{
	if (is_tls)
		return AM_NAME_TLS_SNI;
	if (is_either(slot, NDPI_PROTOCOL_HTTP))
		return AM_NAME_HTTP_HOST;
	if (is_either(slot, NDPI_PROTOCOL_DNS) || is_either(slot, NDPI_PROTOCOL_MDNS) ||
	    is_either(slot, NDPI_PROTOCOL_LLMNR))
		return AM_NAME_DNS_QUERY;
	return AM_NAME_OTHER;
}

static void extract(AmClassifier *classifier, AmDpiSlot *slot, const struct ndpi_flow_struct *flow,
		    ndpi_protocol protocol)
{
	gboolean is_tls = has_tls(flow);
	slot->done = TRUE;
	slot->master = MASTER_OF(protocol);
	slot->app = APP_OF(protocol);
	slot->risks = flow->risk;
	slot->confidence = AM_L7_NONE;
	if (slot->master != NDPI_PROTOCOL_UNKNOWN || slot->app != NDPI_PROTOCOL_UNKNOWN)
		slot->confidence = (uint8_t)confidence_of(flow);
	const char *host = flow->host_server_name, *alpn = is_tls ? alpn_of(flow) : NULL;
	if (is_tls)
		slot->tls_version = flow->protos.tls_quic.ssl_version;
	size_t host_size = strnlen(host, sizeof(flow->host_server_name));
	if (host_size == 0 && (alpn == NULL || *alpn == '\0'))
		return;
	slot->names = take_names(classifier);
	if (host_size > 0) {
		am_text_safe(slot->names->server_name, AM_SERVER_NAME_SIZE, host, host_size);
		slot->name_kind = (uint8_t)name_kind_of(slot, is_tls);
	}
	if (alpn != NULL)
		am_text_safe(slot->names->alpn, AM_ALPN_SIZE, alpn, strlen(alpn));
}

static void give_up(AmClassifier *classifier, AmDpi *state)
{
	ndpi_protocol protocol = guess(classifier->module, &state->flow);
	extract(classifier, state->slot, &state->flow, protocol);
	drop_state(classifier, state);
}

static AmDpi *take_state(AmClassifier *classifier, AmDpiSlot *slot)
{
	if (classifier->n_live >= AM_DPI_MAX_LIVE)
		give_up(classifier, classifier->oldest);
	if (classifier->free_states == NULL) {
		AmDpi *block = g_new(AmDpi, STATES_BLOCK);
		g_ptr_array_add(classifier->blocks, block);
		for (int i = 0; i < STATES_BLOCK; i++) {
			block[i].newer = classifier->free_states;
			classifier->free_states = &block[i];
		}
	}
	AmDpi *state = classifier->free_states;
	classifier->free_states = state->newer;
	memset(state, 0, sizeof(*state));
	state->slot = slot;
	state->older = classifier->newest;
	if (classifier->newest != NULL)
		classifier->newest->newer = state;
	else
		classifier->oldest = state;
	classifier->newest = state;
	classifier->n_live++;
	slot->state = state;
	return state;
}

/* ---- packets */
static void set_be16(uint8_t *p, size_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* nDPI refuses a packet whose header says more octets than there are (cut by a snap length) or zero (offload). It gets
 * a copy that says what is there. */
static const uint8_t *with_true_length(AmClassifier *classifier, const AmPacket *packet, size_t size)
{
	gboolean is_v4 = packet->tuple.source.family == 4;
	size_t header = is_v4 ? 20 : 40;
	if (size < header)
		return NULL;
	size_t said = is_v4 ? (size_t)(packet->ip[2] << 8 | packet->ip[3])
			    : (size_t)(packet->ip[4] << 8 | packet->ip[5]) + 40;
	if (said == size)
		return packet->ip;
	if (classifier->copy == NULL)
		classifier->copy = g_malloc(MAX_PACKET);
	memcpy(classifier->copy, packet->ip, size);
	set_be16(classifier->copy + (is_v4 ? 2 : 4), is_v4 ? size : size - 40);
	return classifier->copy;
}

static gboolean has_text(const AmPacket *packet, const char *text)
{
	size_t size = strlen(text);
	for (size_t n = 0; n + size <= packet->payload_size; n++) {
		if (g_ascii_strncasecmp((const char *)packet->payload + n, text, size) == 0)
			return TRUE;
	}
	return FALSE;
}

/* nDPI takes every login of HTTP for one in the clear. Only Basic is (RFC 7617), not what Windows does, nor tokens and hashes. */
static void correct_login(struct ndpi_flow_struct *flow, uint64_t risks_before, const AmPacket *packet)
{
	uint64_t login = UINT64_C(1) << AM_RISK_CREDENTIALS;
	if ((flow->risk & login & ~risks_before) != 0 && has_text(packet, "authorization:") &&
	    !has_text(packet, "authorization: basic "))
		flow->risk &= ~login;
}

void am_classifier_packet(AmClassifier *classifier, AmDpiSlot *slot, const AmPacket *packet, gboolean is_last,
			  gboolean brief)
{
	need_module(classifier);
	AmDpi *state = slot->state != NULL ? slot->state : take_state(classifier, slot);
	size_t size = MIN(packet->ip_size, MAX_PACKET);
	const uint8_t *ip = with_true_length(classifier, packet, size);
	ndpi_protocol protocol = NDPI_PROTOCOL_NULL;
	if (packet->time_ns > 0)
		classifier->now_ms = MAX(classifier->now_ms, (uint64_t)packet->time_ns / 1000000);
	uint64_t risks_before = state->flow.risk;
	if (ip != NULL)
		protocol = process_packet(classifier->module, &state->flow, ip, size, classifier->now_ms);
	correct_login(&state->flow, risks_before, packet);
	if (slot->first_app == NDPI_PROTOCOL_UNKNOWN)
		slot->first_app = APP_OF(protocol);
	if (APP_OF(protocol) != NDPI_PROTOCOL_UNKNOWN &&
	    (is_last || brief || !ndpi_extra_dissection_possible(classifier->module, &state->flow))) {
		extract(classifier, slot, &state->flow, protocol);
		drop_state(classifier, state);
	} else if (is_last) {
		give_up(classifier, state);
	}
}

void am_classifier_set_name(AmClassifier *classifier, AmDpiSlot *slot, uint8_t name)
{
	if (slot->done)
		return;
	if (slot->state != NULL)
		drop_state(classifier, slot->state);
	slot->name = name;
	slot->confidence = AM_L7_DPI;
	slot->done = TRUE;
}

/* The smallest packet with this tuple: nDPI guesses from a packet only. */
static size_t bare_packet(const AmTuple *tuple, uint8_t packet[64])
{
	size_t header = tuple->source.family == 4 ? 20 : 40, l4 = 20;
	memset(packet, 0, 64);
	if (tuple->source.family == 4) {
		packet[0] = 0x45;
		packet[8] = 64;
		packet[9] = tuple->ip_protocol;
		memcpy(packet + 12, tuple->source.bytes, 4);
		memcpy(packet + 16, tuple->destination.bytes, 4);
		set_be16(packet + 2, header + l4);
	} else {
		packet[0] = 0x60;
		packet[6] = tuple->ip_protocol;
		packet[7] = 64;
		memcpy(packet + 8, tuple->source.bytes, 16);
		memcpy(packet + 24, tuple->destination.bytes, 16);
		set_be16(packet + 4, l4);
	}
	uint8_t *transport = packet + header;
	if (tuple->ip_protocol == AM_PROTO_TCP || tuple->ip_protocol == AM_PROTO_UDP) {
		set_be16(transport, tuple->source_port);
		set_be16(transport + 2, tuple->destination_port);
	}
	if (tuple->ip_protocol == AM_PROTO_TCP) {
		transport[12] = 5 << 4;
		transport[13] = AM_TCP_SYN;
	} else if (tuple->ip_protocol == AM_PROTO_UDP) {
		l4 = 8;
		set_be16(transport + 4, l4);
		set_be16(packet + (tuple->source.family == 4 ? 2 : 4), tuple->source.family == 4 ? header + l4 : l4);
	}
	return header + l4;
}

void am_classifier_finish(AmClassifier *classifier, AmDpiSlot *slot, const AmTuple *tuple)
{
	if (slot->done)
		return;
	if (slot->state != NULL) {
		give_up(classifier, slot->state);
		return;
	}
	need_module(classifier);
	uint8_t packet[64];
	size_t size = bare_packet(tuple, packet);
	struct ndpi_flow_struct flow;
	memset(&flow, 0, sizeof(flow));
	ndpi_protocol protocol = process_packet(classifier->module, &flow, packet, size, classifier->now_ms);
	if (APP_OF(protocol) == NDPI_PROTOCOL_UNKNOWN)
		protocol = guess(classifier->module, &flow);
	flow.risk = 0; /* of a packet that never was */
	extract(classifier, slot, &flow, protocol);
	ndpi_free_flow_data(&flow);
}

void am_classifier_clear(AmClassifier *classifier, AmDpiSlot *slot)
{
	if (slot->state != NULL)
		drop_state(classifier, slot->state);
	if (slot->names != NULL) {
		slot->names->next = classifier->free_names;
		classifier->free_names = slot->names;
	}
	*slot = (AmDpiSlot){0};
}

/* ---- what was found */
gboolean am_classifier_carries_names(const AmDpiSlot *slot)
{
	static const uint16_t carriers[] = {NDPI_PROTOCOL_TLS,        NDPI_PROTOCOL_QUIC,        NDPI_PROTOCOL_DTLS,
					    NDPI_PROTOCOL_HTTP,       NDPI_PROTOCOL_DNS,         NDPI_PROTOCOL_MDNS,
					    NDPI_PROTOCOL_LLMNR,      NDPI_PROTOCOL_MAIL_SMTP,   NDPI_PROTOCOL_KERBEROS,
					    NDPI_PROTOCOL_HTTP_PROXY, NDPI_PROTOCOL_HTTP_CONNECT};
	for (size_t i = 0; i < G_N_ELEMENTS(carriers); i++)
		if (is_either(slot, carriers[i]))
			return TRUE;
	return slot->names != NULL;
}

uint16_t am_classifier_base(const AmDpiSlot *slot)
{
	return slot->master != NDPI_PROTOCOL_UNKNOWN ? slot->master : slot->app;
}

/* ---- words */
static const char *own_name(uint8_t name)
{
	switch (name) {
	case AM_ROLE_POSTGRESQL:
		return "postgresql";
	case AM_ROLE_REDIS:
		return "redis";
	case AM_ROLE_HTTP2:
		return "http2";
	default:
		return NULL;
	}
}

static const char *name_of(const AmClassifier *classifier, uint16_t id)
{
	return id < classifier->n_names ? classifier->names[id] : "";
}

void am_classifier_name(const AmClassifier *classifier, const AmDpiSlot *slot, char name[AM_L7_SIZE])
{
	const char *own = own_name(slot->name);
	if (own != NULL) {
		g_strlcpy(name, own, AM_L7_SIZE);
		return;
	}
	const char *master = name_of(classifier, slot->master), *app = name_of(classifier, slot->app);
	if (*master != '\0' && *app != '\0' && slot->master != slot->app) {
		g_strlcpy(name, master, AM_L7_SIZE);
		g_strlcat(name, ".", AM_L7_SIZE);
		g_strlcat(name, app, AM_L7_SIZE);
	} else {
		g_strlcpy(name, *app != '\0' ? app : master, AM_L7_SIZE);
	}
}

const char *am_classifier_version(void)
{
	g_autofree char *text = g_strconcat("nDPI ", ndpi_revision(), NULL);
	return g_intern_string(text);
}

const char *am_classifier_risk_name(guint bit)
{
	return bit > NDPI_NO_RISK && bit < NDPI_MAX_RISK ? ndpi_risk2str((ndpi_risk_enum)bit) : NULL;
}
