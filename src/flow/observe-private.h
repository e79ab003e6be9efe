/* What the files that read names out of messages share. Private to them. */
#pragma once

#include "observe.h"

#define AM_NAME_MAX 256 /* with dots and NUL (RFC 1035, 3.1) */

/* One packet, and where what it tells goes. */
typedef struct {
	AmObserver *observer;
	const AmPacket *packet;
	int64_t time_ns;
	AmConnectionBatch *out;
} AmTeller;

static inline void am_tell(const AmTeller *teller, const AmAddress *address, AmObservedKind kind, const char *name)
{
	am_observer_add(teller->observer, teller->packet->network, address, kind, name, teller->time_ns, teller->out);
}

static inline gboolean am_is_of_host(uint8_t c)
{
	return g_ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
}

/* The same of octets that must be a host's name: letters, digits, "-", "_", dots, and not an address (RFC 1123, 2.1). `wild`: a
 * first label "*" may stand for any. */
void am_tell_host(const AmTeller *teller, const AmAddress *address, AmObservedKind kind, const uint8_t *name,
		  size_t size, gboolean wild);

/* observe-hosts.c */
void am_observe_greeting(const AmTeller *teller); /* of mail and file servers, and who greets them */
void am_observe_ntlm(const AmTeller *teller);
void am_observe_syslog(const AmTeller *teller);
void am_observe_ssdp(const AmTeller *teller);
/* observe-der.c */
void am_observe_kerberos(const AmTeller *teller);         /* answers of a KDC */
void am_observe_kerberos_request(const AmTeller *teller); /* a ticket that a client shows to a server */
void am_observe_snmp(const AmTeller *teller);
void am_observe_certificate(const AmTeller *teller);
