/* Dynamic ports: what control connections announce, remembered until a connection to it begins. Private to flow/.
 *
 * An announcement counts only when it names an endpoint of its own sender: one that names a third host (an FTP bounce,
 * media that a SIP server sends elsewhere) is not looked at. So it concerns the two hosts of its control connection alone,
 * and both lie in the same shard. Messages are read packet by packet: one that is cut by the end of a segment announces
 * nothing. */
#pragma once

#include "flow.h"

#include <allowmap/model/related.h>

/* So many a packet are looked at. */
#define AM_MAX_ANNOUNCED 8

/* Endpoints of the packet's sender. */
typedef struct {
	guint n;
	struct {
		uint8_t ip_protocol;
		uint16_t port;
	} at[AM_MAX_ANNOUNCED];
} AmAnnounced;

static inline void am_announced_add(AmAnnounced *announced, uint8_t ip_protocol, uint32_t port)
{
	if (announced->n == AM_MAX_ANNOUNCED || port == 0 || port > UINT16_MAX)
		return;
	announced->at[announced->n].ip_protocol = ip_protocol;
	announced->at[announced->n++].port = (uint16_t)port;
}

/* ---- announced-text.c */
/* RFC 959, 4.1.2 (PORT) and 4.2 (227); RFC 2428 (EPRT, 229). */
void am_announced_ftp(const AmPacket *packet, gboolean from_server, AmAnnounced *announced);
/* RFC 4566, 5.7 and 5.14, in the body of a SIP message (RFC 3261, 7); RTCP: RFC 3550, 11 and RFC 3605. */
void am_announced_sip(const AmPacket *packet, AmAnnounced *announced);

/* ---- announced-binary.c */
/* RFC 1350, 4 and 5: the requester's own port, to which the answer comes from a port of its own. */
void am_announced_tftp(const AmPacket *packet, AmAnnounced *announced);
/* Does a packet of a transfer look like one: data, acknowledgment, error, options (RFC 2347)? */
gboolean am_is_tftp_transfer(const AmPacket *packet);
/* The towers of an endpoint mapper's answer (The Open Group C706, appendices I, L and O). */
void am_announced_msrpc(const AmPacket *packet, AmAnnounced *announced);

/* A call of portmap or rpcbind (RFC 1833, 2 and 3) that asks for a port. The answer has no meaning without it. */
typedef struct {
	uint32_t xid;
	uint8_t ip_protocol; /* of the port that is asked for; 0 = the call is something else */
	gboolean is_text;    /* the answer is a universal address */
} AmPortCall;
/* The call in the packet; ip_protocol 0 when there is none. */
AmPortCall am_sunrpc_call(const AmPacket *packet);
/* The number that a reply answers to; FALSE when it is none. */
gboolean am_sunrpc_reply_to(const AmPacket *packet, uint32_t *ret_xid);
void am_announced_sunrpc(const AmPacket *packet, const AmPortCall *call, AmAnnounced *announced);

/* ---- related.c */
/* At most 4096 announcements in a table, 8 of one hash bucket; the one that would end first makes room. So a flood of them
 * costs the mark of others, never memory. Made at the first announcement. */
typedef struct AmRelatedTable AmRelatedTable;
AmRelatedTable *am_related_table_new(uint64_t key0, uint64_t key1); /* of its hash */
void am_related_table_free(AmRelatedTable *table);
void am_related_table_forget(AmRelatedTable *table); /* time begins anew */

/* By its ports and protocol, does this connection announce others? The side of its server too. */
static inline AmRelatedKind am_related_control(const AmFlowKey *key, int *ret_server)
{
	for (int side = 0; side < 2; side++) {
		AmRelatedKind kind = AM_RELATED_NONE;
		gboolean tcp = key->ip_protocol == AM_PROTO_TCP;
		switch (side == 0 ? key->port_lo : key->port_hi) {
		case 21:
			kind = tcp ? AM_RELATED_FTP : AM_RELATED_NONE;
			break;
		case 69:
			kind = tcp ? AM_RELATED_NONE : AM_RELATED_TFTP;
			break;
		case 111:
			kind = AM_RELATED_SUNRPC;
			break;
		case 135:
			kind = tcp ? AM_RELATED_MSRPC : AM_RELATED_NONE;
			break;
		case 5060:
			kind = AM_RELATED_SIP;
			break;
		default:
			break;
		}
		*ret_server = side;
		if (kind != AM_RELATED_NONE && (tcp || key->ip_protocol == AM_PROTO_UDP))
			return kind;
	}
	return AM_RELATED_NONE;
}

/* Takes in a packet of the control connection `key`. `direction`: 0 = sent by lo. */
void am_related_table_read(AmRelatedTable *table, AmRelatedKind kind, int server, const AmFlowKey *key,
			   const AmPacket *packet, int direction, int64_t now_ns);
/* What announced the connection that begins with this packet; 0 = nothing. */
AmRelated am_related_table_find(const AmRelatedTable *table, const AmFlowKey *key, const AmPacket *packet,
				int direction, int64_t now_ns);
