/* What packets say of addresses besides their traffic: names and MACs. Private to flow/. */
#pragma once

#include "flow.h"

/* At most AM_OBSERVER_MAX at once, made at the first; when there are more, all are given out and it begins anew. A MAC in
 * front of very many addresses is a router's: what else is behind it is not noted. So a flood costs rows, never memory. */
#define AM_OBSERVER_MAX 4096u
#define AM_OBSERVER_CROWD 64
typedef struct AmObserver AmObserver;
AmObserver *am_observer_new(uint64_t key0, uint64_t key1); /* of its hash */
void am_observer_free(AmObserver *observer);
/* `value` as of this kind, not yet made safe; what is no name, or too long, is left out. */
void am_observer_add(AmObserver *observer, uint16_t network, const AmAddress *address, AmObservedKind kind,
		     const char *value, int64_t time_ns, AmConnectionBatch *out);
/* Of a host that was seen to converse; a MAC of zeros, or of a group, is none. */
void am_observer_add_mac(AmObserver *observer, uint16_t network, const AmAddress *address, const uint8_t mac[6],
			 int64_t first_ns, int64_t last_ns, AmConnectionBatch *out);
/* What system (am_observe_system()) opened a connection that was answered; told from when the address shows another one. */
void am_observer_add_system(AmObserver *observer, uint16_t network, const AmAddress *address, const char *system,
			    int64_t first_ns, int64_t last_ns, AmConnectionBatch *out);
/* Gives out what is there, and forgets it. */
void am_observer_give_out(AmObserver *observer, AmConnectionBatch *out);
void am_observer_forget(AmObserver *observer); /* time begins anew; call after giving out */

/* Does its hop limit still have a value that systems begin with? Then its MAC is its sender's own, not a router's. */
static inline gboolean am_observe_is_near(const AmPacket *packet)
{
	gboolean is_ipv4 = packet->tuple.source.family == 4;
	if (packet->ip_size < 20)
		return FALSE;
	uint8_t hops = packet->ip[is_ipv4 ? 8 : 7];
	return hops == 64 || hops == 128 || hops == 255;
}

/* The same of what a frame without an IP packet tells; `address` may stand for a MAC (am_observed_is_of_mac()). Of one MAC, the
 * sender's, no more than AM_OBSERVER_CROWD are noted. */
void am_observer_add_of(AmObserver *observer, uint16_t network, const AmAddress *address, AmObservedKind kind,
			const char *value, const uint8_t sender[6], int64_t time_ns, AmConnectionBatch *out);
/* ---- observe-virtual.c: VRRP and HSRP. */
#define AM_OBSERVE_VRRP 112
#define AM_OBSERVE_HSRP 1985
void am_observe_virtual(AmObserver *observer, const AmPacket *packet, int64_t time_ns, AmConnectionBatch *out);

/* ---- observe-system.c */
typedef struct AmSystems AmSystems;
/* What was seen of the other system before; count 0 = nothing that was not told. */
typedef struct {
	char system[AM_SYSTEM_SIZE];
	int64_t first_ns, last_ns;
	uint32_t count;
} AmSystemBefore;
AmSystems *am_systems_new(void); /* g_free() */
gboolean am_systems_add(AmSystems *systems, uint32_t hash, uint16_t network, const AmAddress *address,
			const char *system, int64_t first_ns, int64_t last_ns, AmSystemBefore *ret_before);
/* Of a SYN; "" when it cannot be read. */
void am_observe_system(const AmPacket *packet, char ret_system[AM_SYSTEM_SIZE]);

/* ---- observe-names.c: is this the port of a protocol that tells names? `nth`: of its side in the connection, from 1. */
#define AM_OBSERVE_TCP_PACKETS 8
static inline gboolean am_observe_is_mail(uint16_t port)
{
	return port == 25 || port == 587;
}
static inline gboolean am_observe_is_telling(const AmPacket *packet, uint64_t nth)
{
	if (packet->tuple.ip_protocol == AM_PROTO_TCP && packet->payload_size > 0 && nth <= AM_OBSERVE_TCP_PACKETS) {
		switch (packet->tuple.source_port) {
		case 21:
		case 25:
		case 53:
		case 88:
		case 445:
		case 587:
			return TRUE;
		default:
			break;
		}
		switch (packet->tuple.destination_port) {
		case 25:
		case 445:
		case 514:
		case 587:
		case 601:
			return TRUE;
		default: /* a handshake of TLS, with a certificate somewhere */
			return packet->payload[0] == 22 && packet->payload_size > 200;
		}
	}
	if (packet->tuple.ip_protocol != AM_PROTO_UDP)
		return packet->tuple.ip_protocol == AM_OBSERVE_VRRP;
	switch (packet->tuple.source_port) {
	case 53:
	case 67:
	case 68:
	case 88:
	case 137:
	case 161:
	case 1900:
	case AM_OBSERVE_HSRP:
	case 5353:
	case 5355:
		return TRUE;
	default:
		return packet->tuple.destination_port == 514 || packet->tuple.destination_port == 1900;
	}
}
/* Takes in what such a packet tells: answers of DNS (RFC 1035), mDNS, LLMNR and NetBIOS names, requests and acknowledgments of
 * DHCP, greetings of mail and file servers, challenges and answers of NTLM, principals of Kerberos, sysName of SNMP, certificates
 * of TLS, hosts of syslog, devices of SSDP. Of TCP, what is in one segment. Input is hostile: what does not parse is left out,
 * from there on. */
void am_observe_names(AmObserver *observer, const AmPacket *packet, int64_t time_ns, AmConnectionBatch *out);
