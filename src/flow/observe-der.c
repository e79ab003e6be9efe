/* Names in messages of ASN.1: principals of Kerberos, sysName of SNMP, certificates of TLS up to 1.2. Input: one packet, hostile,
 * often the beginning of a message only. Fed by observe-names.c.
 *
 * Elements may be cut at the packet's end, and are then read as far as they go; a name counts only when it is whole. Only the
 * definite form of lengths (X.690, 8.1.3.4 and .5), as DER and SNMP (RFC 3417, 8) have it. */
#include "config.h"

#include "observe-private.h"

#include <string.h>

enum {
	TAG_INTEGER = 0x02,
	TAG_OCTETS = 0x04,
	TAG_OID = 0x06,
	TAG_BOOLEAN = 0x01,
	TAG_SEQUENCE = 0x30,
};
#define CONTEXT(n) (0xa0 | (n))
#define MAX_NAMES 8 /* of one certificate: a provider's may have hundreds */

typedef struct {
	uint8_t tag;
	AmCursor inside; /* what there is of it */
	gboolean whole;
} Element;

/* The next element, and steps over it. FALSE at the end, and for what is none. */
static gboolean next(AmCursor *cursor, Element *ret)
{
	uint8_t tag = am_cursor_u8(cursor), first = am_cursor_u8(cursor);
	size_t size = first;
	if ((first & 0x80) != 0) {
		unsigned n = first & 0x7f;
		if (n == 0 || n > 4)
			return FALSE;
		for (size = 0; n > 0; n--)
			size = size << 8 | am_cursor_u8(cursor);
	}
	if (!cursor->ok || (tag & 0x1f) == 0x1f)
		return FALSE;
	*ret = (Element){.tag = tag, .inside = *cursor, .whole = size <= cursor->left};
	ret->inside.left = MIN(size, cursor->left);
	am_cursor_skip(cursor, ret->inside.left);
	return TRUE;
}

/* The next element must have this tag. */
static gboolean enter(AmCursor *cursor, uint8_t tag, AmCursor *ret_inside)
{
	Element element;
	if (!next(cursor, &element) || element.tag != tag)
		return FALSE;
	*ret_inside = element.inside;
	return TRUE;
}

/* Steps over elements up to one with this tag. */
static gboolean find(AmCursor *cursor, uint8_t tag, AmCursor *ret_inside)
{
	Element element;
	while (next(cursor, &element)) {
		if (element.tag == tag) {
			*ret_inside = element.inside;
			return TRUE;
		}
	}
	return FALSE;
}

/* ---- Kerberos (RFC 4120) */

/* PrincipalName, 5.2.2: [0] type, [1] a sequence of texts. Its first two. FALSE: there is none, or it is cut. */
static gboolean read_principal(AmCursor cursor, Element *ret_first, Element *ret_second)
{
	AmCursor names, list;
	*ret_second = (Element){0};
	return enter(&cursor, TAG_SEQUENCE, &names) && find(&names, CONTEXT(1), &list) &&
	       enter(&list, TAG_SEQUENCE, &names) && next(&names, ret_first) && ret_first->whole &&
	       (!next(&names, ret_second) || ret_second->whole);
}

/* AS-REP and TGS-REP, 5.4.2: [3] crealm, [4] cname. A machine's account ends with "$"; others are people's, and not taken. */
void am_observe_kerberos(const AmTeller *teller)
{
	AmCursor cursor = am_cursor(teller->packet->payload, teller->packet->payload_size), reply, principal;
	Element element, first, second;
	if (teller->packet->tuple.ip_protocol == AM_PROTO_TCP)
		am_cursor_skip(&cursor, 4); /* 7.2.2: its length */
	if (!next(&cursor, &element) || (element.tag != 0x6b && element.tag != 0x6d) ||
	    !enter(&element.inside, TAG_SEQUENCE, &reply) || !find(&reply, CONTEXT(4), &principal) ||
	    !read_principal(principal, &first, &second))
		return;
	size_t size = first.inside.left;
	if (size > 1 && first.inside.at[size - 1] == '$' && second.tag == 0)
		am_tell_host(teller, &teller->packet->tuple.destination, AM_OBSERVED_KERBEROS, first.inside.at,
			     size - 1, FALSE);
}

/* AP-REQ in the GSS-API's frame (RFC 4121, 4.1): mechanism, 01 00, then [APPLICATION 14] with [3] ticket, which has [2] sname:
 * "cifs/files.example.com". The client means the server by it, and the server has that key. */
void am_observe_kerberos_request(const AmTeller *teller)
{
	static const uint8_t begin[] = {TAG_OID, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2, 1, 0, 0x6e};
	const AmPacket *packet = teller->packet;
	const uint8_t *at = memmem(packet->payload, packet->payload_size, begin, sizeof begin);
	if (at == NULL)
		return;
	at += sizeof begin - 1;
	AmCursor cursor = am_cursor(at, packet->payload_size - (size_t)(at - packet->payload)), request, ticket, name;
	Element element, first, second;
	if (!next(&cursor, &element) || !enter(&element.inside, TAG_SEQUENCE, &request) ||
	    !find(&request, CONTEXT(3), &ticket) || !enter(&ticket, 0x61, &request) ||
	    !enter(&request, TAG_SEQUENCE, &ticket) || !find(&ticket, CONTEXT(2), &name) ||
	    !read_principal(name, &first, &second) || second.tag == 0)
		return;
	am_tell_host(teller, &packet->tuple.destination, AM_OBSERVED_KERBEROS, second.inside.at, second.inside.left,
		     FALSE);
}

/* ---- SNMP, versions 1 and 2c (RFC 1157, 4; RFC 3416, 3) */

void am_observe_snmp(const AmTeller *teller)
{
	static const uint8_t name_oid[] = {0x2b, 6, 1, 2, 1, 1, 5, 0}; /* sysName.0 (RFC 3418) */
	AmCursor cursor = am_cursor(teller->packet->payload, teller->packet->payload_size), message, response, list;
	Element element;
	if (!enter(&cursor, TAG_SEQUENCE, &message) || !next(&message, &element) || element.tag != TAG_INTEGER ||
	    !next(&message, &element) || element.tag != TAG_OCTETS || !enter(&message, CONTEXT(2), &response))
		return;
	for (int n = 0; n < 3; n++) { /* request, error, where */
		if (!next(&response, &element) || element.tag != TAG_INTEGER)
			return;
	}
	if (!enter(&response, TAG_SEQUENCE, &list))
		return;
	AmCursor binding;
	while (enter(&list, TAG_SEQUENCE, &binding)) {
		Element oid, value;
		if (next(&binding, &oid) && oid.tag == TAG_OID && oid.inside.left == sizeof name_oid &&
		    memcmp(oid.inside.at, name_oid, sizeof name_oid) == 0 && next(&binding, &value) &&
		    value.tag == TAG_OCTETS && value.whole)
			am_tell_host(teller, &teller->packet->tuple.source, AM_OBSERVED_SNMP, value.inside.at,
				     value.inside.left, FALSE);
	}
}

/* ---- Certificates (RFC 5280, 4.1) */

/* Name, 4.1.2.4: the last common name, which is the most specific one. */
static gboolean find_common_name(AmCursor names, Element *ret)
{
	static const uint8_t common_name[] = {0x55, 4, 3};
	AmCursor set, pair;
	gboolean found = FALSE;
	while (enter(&names, 0x31, &set) && enter(&set, TAG_SEQUENCE, &pair)) {
		Element oid, value;
		if (next(&pair, &oid) && oid.tag == TAG_OID && oid.inside.left == sizeof common_name &&
		    memcmp(oid.inside.at, common_name, sizeof common_name) == 0 && next(&pair, &value) && value.whole) {
			*ret = value;
			found = TRUE;
		}
	}
	return found;
}

/* The extension of alternative names, 4.2.1.6: of these, [2] dNSName. Returns how many. */
static guint read_alternatives(const AmTeller *teller, AmCursor extensions)
{
	static const uint8_t alternative[] = {0x55, 0x1d, 0x11};
	AmCursor list, extension, names;
	guint n = 0;
	if (!enter(&extensions, TAG_SEQUENCE, &list))
		return 0;
	while (enter(&list, TAG_SEQUENCE, &extension)) {
		Element oid, value;
		if (!next(&extension, &oid) || oid.tag != TAG_OID || oid.inside.left != sizeof alternative ||
		    memcmp(oid.inside.at, alternative, sizeof alternative) != 0 || !next(&extension, &value))
			continue;
		if (value.tag == TAG_BOOLEAN && !next(&extension, &value))
			continue;
		if (value.tag != TAG_OCTETS || !enter(&value.inside, TAG_SEQUENCE, &names))
			continue;
		Element name;
		while (n < MAX_NAMES && next(&names, &name)) {
			if (name.tag != 0x82 || !name.whole)
				continue;
			am_tell_host(teller, &teller->packet->tuple.source, AM_OBSERVED_CERTIFICATE, name.inside.at,
				     name.inside.left, TRUE);
			n++;
		}
	}
	return n;
}

/* TBSCertificate: [0] version, serial number, algorithm, issuer, validity, subject, key, ..., [3] extensions. The common name
 * counts where there are no alternatives (RFC 6125, 6.4.4). */
static void read_certificate(const AmTeller *teller, AmCursor cursor)
{
	AmCursor certificate, body, extensions;
	Element element, name;
	if (!enter(&cursor, TAG_SEQUENCE, &certificate) || !enter(&certificate, TAG_SEQUENCE, &body) ||
	    !next(&body, &element) || (element.tag == CONTEXT(0) && !next(&body, &element)))
		return;
	for (int n = 0; n < 4; n++) { /* up to the subject */
		if (!next(&body, &element))
			return;
	}
	if (element.tag != TAG_SEQUENCE)
		return;
	gboolean has_name = find_common_name(element.inside, &name);
	if (find(&body, CONTEXT(3), &extensions) && read_alternatives(teller, extensions) > 0)
		return;
	if (has_name)
		am_tell_host(teller, &teller->packet->tuple.source, AM_OBSERVED_CERTIFICATE, name.inside.at,
			     name.inside.left, TRUE);
}

/* RFC 5246, 6.2.1: records of type (1), version (2), length (2); of type 22, messages of type (1), length (3): 7.4.2, type 11,
 * has a list with its length (3), and of each certificate its length (3). The server's own comes first. */
void am_observe_certificate(const AmTeller *teller)
{
	AmCursor records = am_cursor(teller->packet->payload, teller->packet->payload_size);
	for (;;) {
		uint8_t type = am_cursor_u8(&records);
		am_cursor_skip(&records, 2);
		size_t size = am_cursor_u16(&records);
		if (!records.ok || type != 22)
			return;
		AmCursor messages = am_cursor(records.at, MIN(size, records.left));
		am_cursor_skip(&records, MIN(size, records.left));
		while (messages.left >= 4) {
			uint32_t head = am_cursor_u32(&messages);
			size_t length = MIN(head & 0xffffff, messages.left);
			if (head >> 24 != 11) {
				am_cursor_skip(&messages, length);
				continue;
			}
			AmCursor list = am_cursor(messages.at, length);
			am_cursor_skip(&list, 6);
			if (list.ok)
				read_certificate(teller, list);
			return;
		}
	}
}
