/* Messages that tell names of addresses: DNS and its kin, DHCP; others are in observe-hosts.c and observe-der.c. Input: one packet, hostile; nothing is kept but what goes into
 * the observer. Fed by shard.c. */
#include "config.h"

#include "observe-private.h"

#include <stdio.h>
#include <string.h>

#define MAX_RECORDS 64  /* of a message that are looked at */
#define MAX_POINTERS 16 /* in a compressed name */

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_PTR = 12, TYPE_AAAA = 28, TYPE_NB = 32 };

/* ---- DNS */

/* A label as text: its octets, with a dot before it when it is not the first. FALSE when there is no room, or an octet in it
 * would change what the text says. */
static gboolean append_label(char *name, size_t *used, const uint8_t *label, size_t size)
{
	if (*used + size + 2 > AM_NAME_MAX || memchr(label, '.', size) != NULL || memchr(label, 0, size) != NULL)
		return FALSE;
	if (*used > 0)
		name[(*used)++] = '.';
	memcpy(name + *used, label, size);
	*used += size;
	name[*used] = '\0';
	return TRUE;
}

/* Reads a name that may be compressed (RFC 1035, 4.1.4), and steps over it. `name`: AM_NAME_MAX octets; "" for the root and for
 * one that is no text. */
static void read_name(AmCursor *cursor, const AmPacket *packet, char *name)
{
	AmCursor at = *cursor;
	size_t used = 0;
	gboolean jumped = FALSE, usable = TRUE;
	name[0] = '\0';
	for (int pointers = 0;;) {
		uint8_t size = am_cursor_u8(&at);
		if (size >= 0xc0) {
			uint32_t offset = (uint32_t)(size & 0x3f) << 8 | am_cursor_u8(&at);
			if (!jumped)
				*cursor = at;
			jumped = TRUE;
			if (!at.ok || offset >= packet->payload_size || ++pointers > MAX_POINTERS)
				break;
			at = am_cursor(packet->payload + offset, packet->payload_size - offset);
			continue;
		}
		const uint8_t *label = size < 64 ? am_cursor_take(&at, size) : NULL;
		if (label == NULL || size == 0) {
			usable = usable && label != NULL && at.ok;
			if (!jumped)
				*cursor = at;
			if (!usable)
				name[0] = '\0';
			if (size >= 64)
				cursor->ok = FALSE;
			return;
		}
		usable = usable && append_label(name, &used, label, size);
	}
	name[0] = '\0';
	cursor->ok = FALSE;
}

typedef struct {
	char owner[AM_NAME_MAX], question[AM_NAME_MAX];
	gboolean through_alias; /* an answer so far was a CNAME */
	AmObservedKind kind;
} Answers;

/* RFC 6763, 4: "_ipp._tcp.local", or with a subtype before it (7.1). What there is of the kinds of services (9) tells nothing. */
static void tell_service(const AmTeller *teller, const char *owner)
{
	char service[AM_OBSERVED_SIZE];
	size_t size = strlen(owner);
	const char *subtype = strstr(owner, "._sub.");
	if (size <= strlen(".local") || g_ascii_strcasecmp(owner + size - strlen(".local"), ".local") != 0 ||
	    g_str_has_prefix(owner, "_services."))
		return;
	const char *begin = subtype != NULL ? subtype + strlen("._sub.") : owner;
	size = strlen(begin) - strlen(".local");
	if (size == 0 || size >= sizeof service)
		return;
	memcpy(service, begin, size);
	service[size] = '\0';
	am_tell(teller, &teller->packet->tuple.source, AM_OBSERVED_OFFERS, service);
}

/* A record's data, of the type that it has. */
static void read_data(const AmTeller *teller, Answers *answers, uint16_t type, AmCursor data)
{
	AmAddress address;
	char name[AM_NAME_MAX];
	if (type == TYPE_CNAME) {
		answers->through_alias = TRUE;
	} else if ((type == TYPE_A && data.left == 4) || (type == TYPE_AAAA && data.left == 16)) {
		address = type == TYPE_A ? am_address_ipv4(data.at) : am_address_ipv6(data.at);
		am_tell(teller, &address, answers->kind, answers->owner);
		if (answers->through_alias && answers->kind == AM_OBSERVED_DNS)
			am_tell(teller, &address, AM_OBSERVED_ALIAS, answers->question);
	} else if (type == TYPE_PTR && answers->kind == AM_OBSERVED_MDNS && answers->owner[0] == '_') {
		tell_service(teller, answers->owner);
	} else if (type == TYPE_PTR && am_address_parse_reverse(answers->owner, &address)) {
		read_name(&data, teller->packet, name);
		am_tell(teller, &address, answers->kind == AM_OBSERVED_DNS ? AM_OBSERVED_PTR : answers->kind, name);
	}
}

/* An answer without error. */
static void read_dns(const AmTeller *teller, AmObservedKind kind)
{
	AmCursor cursor = am_cursor(teller->packet->payload, teller->packet->payload_size);
	Answers answers = {.kind = kind};
	am_cursor_skip(&cursor, 2);
	uint16_t flags = am_cursor_u16(&cursor), questions = am_cursor_u16(&cursor), n = am_cursor_u16(&cursor);
	uint32_t records = n + (uint32_t)am_cursor_u16(&cursor);
	records += am_cursor_u16(&cursor);
	if ((flags & 0x8000) == 0 || (flags & 0x780f) != 0 || questions > 1)
		return;
	if (questions == 1) {
		read_name(&cursor, teller->packet, answers.question);
		am_cursor_skip(&cursor, 4);
	}
	for (uint32_t r = 0; r < MIN(records, MAX_RECORDS); r++) {
		if (r == n)
			answers.through_alias = FALSE; /* authorities and additional ones speak for themselves */
		read_name(&cursor, teller->packet, answers.owner);
		uint16_t type = am_cursor_u16(&cursor), class = am_cursor_u16(&cursor);
		am_cursor_skip(&cursor, 4);
		uint16_t size = am_cursor_u16(&cursor);
		const uint8_t *data = am_cursor_take(&cursor, size);
		if (!cursor.ok || data == NULL)
			return;
		/* mDNS marks the only record of its kind in the class's first bit. */
		if ((class & 0x7fff) == 1) {
			AmCursor inside = am_cursor(data, teller->packet->payload_size -
								  (size_t)(data - teller->packet->payload));
			if (type != TYPE_PTR && type != TYPE_CNAME)
				inside.left = size;
			read_data(teller, &answers, type, inside);
		}
	}
}

/* ---- NetBIOS names over UDP (RFC 1002, 4.2) */

/* RFC 1001, 14.1: 16 octets, each as two letters. The last one tells what it is: a workstation's or a file server's. */
static gboolean decode_netbios(const char *encoded, char name[17])
{
	size_t end = 0;
	for (size_t n = 0; n < 32; n++) {
		if (encoded[n] < 'A' || encoded[n] > 'P')
			return FALSE;
	}
	for (size_t n = 0; n < 16; n++)
		name[n] = (char)((encoded[2 * n] - 'A') << 4 | (encoded[2 * n + 1] - 'A'));
	if (name[15] != 0x00 && name[15] != 0x20)
		return FALSE;
	for (size_t n = 0; n < 15; n++) {
		if (name[n] != ' ')
			end = n + 1;
	}
	name[end] = '\0';
	return end > 0 && (encoded[32] == '\0' || encoded[32] == '.');
}

/* Registrations, refreshments, and positive answers to questions. */
static void read_netbios(const AmTeller *teller)
{
	AmCursor cursor = am_cursor(teller->packet->payload, teller->packet->payload_size);
	char encoded[AM_NAME_MAX], name[17];
	am_cursor_skip(&cursor, 2);
	uint16_t flags = am_cursor_u16(&cursor), questions = am_cursor_u16(&cursor), n = am_cursor_u16(&cursor);
	am_cursor_skip(&cursor, 2);
	uint16_t additional = am_cursor_u16(&cursor);
	unsigned opcode = flags >> 11 & 0x0f;
	gboolean answers = (flags & 0x800f) == 0x8000 && opcode == 0 && n == 1;
	gboolean registers = (flags & 0x8000) == 0 && (opcode == 5 || opcode == 8 || opcode == 9) && additional == 1;
	if (questions > 1 || (!answers && !registers))
		return;
	if (questions == 1) {
		read_name(&cursor, teller->packet, encoded);
		am_cursor_skip(&cursor, 4);
	}
	read_name(&cursor, teller->packet, encoded);
	uint16_t type = am_cursor_u16(&cursor), class = am_cursor_u16(&cursor);
	am_cursor_skip(&cursor, 4);
	uint16_t size = am_cursor_u16(&cursor), node = am_cursor_u16(&cursor);
	const uint8_t *address = am_cursor_take(&cursor, 4);
	/* The first bit of the node's flags: a group has the name. */
	if (address == NULL || !cursor.ok || type != TYPE_NB || class != 1 || size < 6 || (node & 0x8000) != 0)
		return;
	AmAddress who = am_address_ipv4(address);
	if (strlen(encoded) >= 32 && decode_netbios(encoded, name))
		am_tell(teller, &who, AM_OBSERVED_NBNS, name);
}

/* ---- DHCP (RFC 2131, RFC 2132, RFC 4702) */

enum { OPTION_NAME = 12, OPTION_ADDRESS = 50, OPTION_TYPE = 53, OPTION_FQDN = 81, OPTION_END = 255 };
enum { DHCP_REQUEST = 3, DHCP_ACK = 5, DHCP_INFORM = 8 };

typedef struct {
	uint8_t type;
	const uint8_t *requested; /* 4 octets, or NULL */
	char name[AM_NAME_MAX];   /* "" = none; the full one wins */
} DhcpOptions;

static void take_name(DhcpOptions *options, const uint8_t *text, size_t size)
{
	while (size > 0 && text[size - 1] == 0)
		size--;
	if (size == 0 || size >= AM_NAME_MAX || memchr(text, 0, size) != NULL)
		return;
	memcpy(options->name, text, size);
	options->name[size] = '\0';
}

/* Flags, two octets that no longer mean anything, then the name, as labels when flag E is set. */
static void take_fqdn(DhcpOptions *options, const uint8_t *value, size_t size)
{
	if (size <= 3)
		return;
	if ((value[0] & 0x04) == 0) {
		take_name(options, value + 3, size - 3);
		return;
	}
	AmPacket labels = {.payload = value + 3, .payload_size = (uint32_t)(size - 3)};
	AmCursor cursor = am_cursor(labels.payload, labels.payload_size);
	char name[AM_NAME_MAX];
	read_name(&cursor, &labels, name);
	take_name(options, (const uint8_t *)name, strlen(name));
}

static DhcpOptions read_options(AmCursor cursor)
{
	DhcpOptions options = {0};
	while (cursor.left > 0) {
		uint8_t code = am_cursor_u8(&cursor);
		if (code == 0)
			continue;
		if (code == OPTION_END)
			break;
		uint8_t size = am_cursor_u8(&cursor);
		const uint8_t *value = am_cursor_take(&cursor, size);
		if (value == NULL)
			break;
		if (code == OPTION_TYPE && size == 1)
			options.type = value[0];
		else if (code == OPTION_ADDRESS && size == 4)
			options.requested = value;
		else if (code == OPTION_NAME && options.name[0] == '\0')
			take_name(&options, value, size);
		else if (code == OPTION_FQDN)
			take_fqdn(&options, value, size);
	}
	return options;
}

static void read_dhcp(const AmTeller *teller)
{
	AmCursor cursor = am_cursor(teller->packet->payload, teller->packet->payload_size);
	const uint8_t *head = am_cursor_take(&cursor, 236);
	if (am_cursor_u32(&cursor) != 0x63825363 || head == NULL || head[1] != 1 || head[2] != 6)
		return;
	const uint8_t *own = head + 12, *given = head + 16, *mac = head + 28;
	DhcpOptions options = read_options(cursor);
	AmAddress address = am_address_ipv4(own);
	if (head[0] == 2 && options.type == DHCP_ACK) {
		char text[AM_MAC_TEXT_SIZE];
		address = am_address_ipv4(given);
		am_tell(teller, &address, AM_OBSERVED_LEASE, am_mac_text(mac, text));
	} else if (head[0] != 1 || (options.type != DHCP_REQUEST && options.type != DHCP_INFORM)) {
		return;
	} else if (options.requested != NULL) {
		address = am_address_ipv4(options.requested);
	}
	if (options.name[0] != '\0')
		am_tell(teller, &address, AM_OBSERVED_DHCP, options.name);
}

/* ---- By port */

/* Two octets of length go before each message (RFC 1035, 4.2.2). */
static void read_dns_in_tcp(const AmTeller *teller)
{
	AmPacket message = *teller->packet;
	AmCursor cursor = am_cursor(message.payload, message.payload_size);
	uint16_t size = am_cursor_u16(&cursor);
	if (!cursor.ok || cursor.left < size)
		return;
	message.payload = cursor.at;
	message.payload_size = size;
	const AmTeller inside = {teller->observer, &message, teller->time_ns, teller->out};
	read_dns(&inside, AM_OBSERVED_DNS);
}

static void read_tcp(const AmTeller *teller)
{
	const AmTuple *tuple = &teller->packet->tuple;
	if (teller->packet->payload[0] == 22 && tuple->source_port != 445) {
		am_observe_certificate(teller);
		return;
	}
	switch (am_observe_is_mail(tuple->destination_port) ? tuple->destination_port : tuple->source_port) {
	case 21:
	case 25:
	case 587:
		am_observe_greeting(teller);
		return;
	case 53:
		read_dns_in_tcp(teller);
		return;
	case 88:
		am_observe_kerberos(teller);
		return;
	case 445:
		am_observe_ntlm(teller);
		return;
	default:
		break;
	}
	if (tuple->destination_port == 445) {
		am_observe_ntlm(teller);
		am_observe_kerberos_request(teller);
	} else if (tuple->destination_port == 514 || tuple->destination_port == 601) {
		am_observe_syslog(teller);
	}
}

void am_observe_names(AmObserver *observer, const AmPacket *packet, int64_t time_ns, AmConnectionBatch *out)
{
	const AmTeller teller = {observer, packet, time_ns, out};
	gboolean is_tcp = packet->tuple.ip_protocol == AM_PROTO_TCP;
	if (packet->tuple.ip_protocol == AM_OBSERVE_VRRP || (!is_tcp && packet->tuple.source_port == AM_OBSERVE_HSRP)) {
		am_observe_virtual(observer, packet, time_ns, out);
		return;
	}
	if (is_tcp) {
		read_tcp(&teller);
		return;
	}
	switch (packet->tuple.source_port) {
	case 53:
		read_dns(&teller, AM_OBSERVED_DNS);
		return;
	case 67:
	case 68:
		read_dhcp(&teller);
		return;
	case 88:
		am_observe_kerberos(&teller);
		return;
	case 137:
		read_netbios(&teller);
		return;
	case 161:
		am_observe_snmp(&teller);
		return;
	case 5353:
		read_dns(&teller, AM_OBSERVED_MDNS);
		return;
	case 5355:
		read_dns(&teller, AM_OBSERVED_LLMNR);
		return;
	default:
		if (packet->tuple.destination_port == 514)
			am_observe_syslog(&teller);
		else
			am_observe_ssdp(&teller);
	}
}
