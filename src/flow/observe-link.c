/* What frames without an IP packet tell of the machines on the link: ARP, LLDP, CDP. Input: one frame, hostile; how much one
 * sender can tell is bounded by observe.c. Fed by the thread that decodes frames: connections have no part in it. */
#include "config.h"

#include "observe-private.h"

#include <string.h>

/* Half of the range is the year 2116: hostile time stamps must not overflow sums. */
#define MAX_TIME_NS (INT64_MAX / 2)

struct AmLinkObserver {
	AmObserver *observer;
};

AmLinkObserver *am_link_observer_new(uint64_t seed)
{
	AmLinkObserver *link = g_new0(AmLinkObserver, 1);
	link->observer = am_observer_new(seed, ~seed);
	return link;
}

void am_link_observer_free(AmLinkObserver *link)
{
	if (link == NULL)
		return;
	am_observer_free(link->observer);
	g_free(link);
}

void am_link_observer_give_out(AmLinkObserver *link, AmConnectionBatch *out)
{
	am_observer_give_out(link->observer, out);
}

typedef struct {
	AmObserver *observer;
	const AmPacket *packet;
	AmConnectionBatch *out;
} Frame;

static void tell(const Frame *frame, const AmAddress *address, AmObservedKind kind, const char *value)
{
	const AmPacket *packet = frame->packet;
	am_observer_add_of(frame->observer, packet->network, address, kind, value, packet->source_mac,
			   CLAMP(packet->time_ns, -MAX_TIME_NS, MAX_TIME_NS), frame->out);
}

/* RFC 826, of Ethernet and IPv4: both spaces (2 + 2), lengths (1 + 1), request or answer (2), sender's MAC and address, target's
 * MAC and address. Who sends it, has the address; whom it asks for, perhaps nobody. */
static void read_arp(const Frame *frame)
{
	static const uint8_t begin[6] = {0, 1, 0x08, 0, 6, 4};
	AmCursor cursor = am_cursor(frame->packet->payload, frame->packet->payload_size);
	const uint8_t *head = am_cursor_take(&cursor, sizeof begin);
	uint16_t operation = am_cursor_u16(&cursor);
	const uint8_t *mac = am_cursor_take(&cursor, 6), *sender = am_cursor_take(&cursor, 4);
	am_cursor_skip(&cursor, 6);
	const uint8_t *target = am_cursor_take(&cursor, 4);
	if (target == NULL || memcmp(head, begin, sizeof begin) != 0 || operation < 1 || operation > 2)
		return;
	AmAddress address = am_address_ipv4(sender);
	char text[AM_MAC_TEXT_SIZE];
	/* Who answers in somebody else's name is a router at best. */
	if (memcmp(mac, frame->packet->source_mac, 6) == 0)
		tell(frame, &address, AM_OBSERVED_ARP, am_mac_text(mac, text));
	if (operation == 1 && memcmp(sender, target, 4) != 0) {
		address = am_address_ipv4(target);
		tell(frame, &address, AM_OBSERVED_ASKED, "arp");
	}
}

/* What a device tells of itself. */
typedef struct {
	char name[AM_OBSERVED_SIZE]; /* "" = none that can be taken */
	AmAddress address;           /* family 0 = none: then its MAC stands for it */
	uint32_t capabilities;
} Device;

static void take_name(Device *device, const uint8_t *name, size_t size)
{
	while (size > 0 && name[size - 1] == 0) /* some count the end of a C string */
		size--;
	if (size == 0 || size >= sizeof device->name)
		return;
	for (size_t n = 0; n < size; n++) {
		if (!am_is_of_host(name[n])) {
			device->name[0] = '\0';
			return;
		}
		device->name[n] = g_ascii_tolower((char)name[n]);
	}
	device->name[size] = '\0';
}

/* `words`: of the bits of capabilities, from the lowest on; NULL where one tells nothing. */
static void tell_device(const Frame *frame, const Device *device, AmObservedKind kind, const char *const *words,
			guint n_words)
{
	AmAddress address = device->address;
	g_autoptr(GString) capable = g_string_new(NULL);
	if (address.family == 0)
		memcpy(address.bytes, frame->packet->source_mac, 6);
	for (guint bit = 0; bit < n_words; bit++) {
		if ((device->capabilities >> bit & 1) != 0 && words[bit] != NULL)
			g_string_append_printf(capable, "%s%s", capable->len > 0 ? "," : "", words[bit]);
	}
	if (device->name[0] != '\0')
		tell(frame, &address, kind, device->name);
	if (capable->len > 0)
		tell(frame, &address, AM_OBSERVED_CAPABLE, capable->str);
}

/* IEEE 802.1AB, 8.5.9: length with the family (1), family (1; IANA: 1 IPv4, 2 IPv6), address. */
static void take_management(Device *device, AmCursor cursor)
{
	uint8_t size = am_cursor_u8(&cursor), family = am_cursor_u8(&cursor);
	const uint8_t *bytes = size > 1 ? am_cursor_take(&cursor, (size_t)size - 1) : NULL;
	if (bytes == NULL || device->address.family != 0)
		return;
	if (family == 1 && size == 5)
		device->address = am_address_ipv4(bytes);
	else if (family == 2 && size == 17)
		device->address = am_address_ipv6(bytes);
	if (am_address_is_unspecified(&device->address))
		device->address = (AmAddress){0};
}

/* IEEE 802.1AB, 8.4: type (7 bits), length (9), value. 5 name, 7 capabilities (all, then those in use), 8 management address. */
static void read_lldp(const Frame *frame)
{
	static const char *const words[] = {"other",  "repeater",  "bridge", "access-point",
					    "router", "telephone", "docsis", "end-device"};
	enum { END = 0, NAME = 5, CAPABILITIES = 7, MANAGEMENT = 8 };
	AmCursor cursor = am_cursor(frame->packet->payload, frame->packet->payload_size);
	Device device = {0};
	for (;;) {
		uint16_t head = am_cursor_u16(&cursor);
		size_t size = head & 0x1ff;
		const uint8_t *value = am_cursor_take(&cursor, size);
		if (value == NULL || head >> 9 == END)
			break;
		if (head >> 9 == NAME)
			take_name(&device, value, size);
		else if (head >> 9 == CAPABILITIES && size == 4)
			device.capabilities = (uint32_t)value[2] << 8 | value[3];
		else if (head >> 9 == MANAGEMENT)
			take_management(&device, am_cursor(value, size));
	}
	tell_device(frame, &device, AM_OBSERVED_LLDP, words, G_N_ELEMENTS(words));
}

/* The first of a CDP list of addresses: count (4), then type of protocol (1), its length (1), protocol (CC: IP), length (2),
 * address. */
static void take_cisco_address(Device *device, AmCursor cursor)
{
	uint32_t n = am_cursor_u32(&cursor);
	uint8_t type = am_cursor_u8(&cursor), size = am_cursor_u8(&cursor), protocol = am_cursor_u8(&cursor);
	uint16_t length = am_cursor_u16(&cursor);
	const uint8_t *bytes = am_cursor_take(&cursor, 4);
	if (n == 0 || bytes == NULL || type != 1 || size != 1 || protocol != 0xcc || length != 4)
		return;
	device->address = am_address_ipv4(bytes);
	if (am_address_is_unspecified(&device->address))
		device->address = (AmAddress){0};
}

/* CDP: version, time to live, checksum (1 + 1 + 2), then type (2), length with these four octets (2), value. 1 name, 2 addresses,
 * 4 capabilities, 0x16 addresses for management. Some names end with the serial number in brackets. */
static void read_cdp(const Frame *frame)
{
	static const char *const words[] = {"router", "bridge", "bridge",   "bridge",
					    "host",   NULL,     "repeater", "telephone"};
	AmCursor cursor = am_cursor(frame->packet->payload, frame->packet->payload_size);
	Device device = {0};
	am_cursor_skip(&cursor, 4);
	for (;;) {
		uint16_t type = am_cursor_u16(&cursor), size = am_cursor_u16(&cursor);
		const uint8_t *value = size >= 4 ? am_cursor_take(&cursor, (size_t)size - 4) : NULL;
		if (value == NULL)
			break;
		size_t length = (size_t)size - 4;
		const uint8_t *bracket = length > 0 ? memchr(value, '(', length) : NULL;
		if (type == 1)
			take_name(&device, value, bracket != NULL ? (size_t)(bracket - value) : length);
		else if ((type == 2 && device.address.family == 0) || type == 0x16)
			take_cisco_address(&device, am_cursor(value, length));
		else if (type == 4 && length == 4)
			device.capabilities = (uint32_t)value[2] << 8 | value[3];
	}
	if ((device.capabilities & 0x0e) != 0) /* kinds of bridges, told once */
		device.capabilities = (device.capabilities & ~0x0eu) | 0x02;
	tell_device(frame, &device, AM_OBSERVED_CDP, words, G_N_ELEMENTS(words));
}

void am_link_observer_frame(AmLinkObserver *link, const AmPacket *packet, AmConnectionBatch *out)
{
	const Frame frame = {link->observer, packet, out};
	switch (packet->ether_type) {
	case 0x0806:
		read_arp(&frame);
		break;
	case 0x88cc:
		read_lldp(&frame);
		break;
	case AM_ETHER_TYPE_CDP:
		read_cdp(&frame);
		break;
	default:
		break;
	}
}
