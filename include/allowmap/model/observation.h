/* What was seen of an address besides traffic: the MAC that it had, the names that somebody gave it. A fact: who said it and
 * whether it is true are the map's to weigh.
 *
 * Values are made safe (no control characters), names in lower case without the last dot. */
#pragma once

#include "address.h"
#include "connection.h"

#include <glib.h>

/* X(id, name in the database and in listings). First names, the most telling first; then what is no name. */
#define AM_OBSERVED_KINDS(X)                                                                                           \
	X(INVENTORY, "inventory")     /* what people call it; of the map only, for it is a decision */                 \
	X(PTR, "ptr")                 /* the answer to a reverse question */                                           \
	X(DNS, "dns")                 /* owner of an address record in an answer */                                    \
	X(DHCP, "dhcp")               /* the name that the host itself, or its DHCP server, told in that exchange */   \
	X(NBNS, "nbns")               /* that it registered or answered to (RFC 1002) */                               \
	X(MDNS, "mdns")               /* RFC 6762 */                                                                   \
	X(LLMNR, "llmnr")             /* RFC 4795 */                                                                   \
	X(LLDP, "lldp")               /* IEEE 802.1AB, 8.5.6 */                                                        \
	X(CDP, "cdp")                 /* the same of Cisco's protocol */                                               \
	X(NTLM, "ntlm")               /* that a server told in its challenge (MS-NLMP 2.2.1.2) */                      \
	X(KERBEROS, "kerberos")       /* a machine's account in a ticket, or the host of a service (RFC 4120) */       \
	X(SNMP, "snmp")               /* sysName (RFC 3418) */                                                         \
	X(SMTP, "smtp")               /* with which mail servers greet each other (RFC 5321, 4.1.1.1, 4.2) */          \
	X(SYSLOG, "syslog")           /* RFC 3164, 4.1.2; RFC 5424, 6.2.4 */                                           \
	X(WORKSTATION, "ntlm-client") /* that a client told in its answer (MS-NLMP 2.2.1.3): programs make it up */    \
	X(CERTIFICATE, "certificate") /* of TLS up to 1.2: what the server is certified to be */                       \
	X(HOST, "host")               /* the server name of TLS or HTTP; as connections tell it, or a log of them */   \
	X(ALIAS, "alias")             /* what was asked for, where a CNAME led from there to the owner */              \
	X(SIBLING, "same-mac")        /* another address of its MAC goes by it; of the map only */                     \
	X(LEASE, "lease")             /* the MAC to which a DHCP server gave it (RFC 2131) */                          \
	X(MAC, "mac")                 /* of frames that it sent and no router passed on, as text */                    \
	X(ARP, "arp")                 /* the MAC that it told in ARP (RFC 826) */                                      \
	X(ASKED, "asked")             /* somebody looked for it by ARP; "arp" */                                       \
	X(OFFERS, "offers")           /* what it announces to its link: "_ipp._tcp" (RFC 6763), "upnp:mediaserver" */  \
	X(CAPABLE, "capable")         /* of LLDP and CDP: "bridge,router" */                                           \
	X(VIRTUAL,                                                                                                     \
	  "virtual")        /* an address that machines pass on to each other: "vrrp/100@10.0.0.4", and who has it */  \
	X(SYSTEM, "system") /* of an address that opens connections in several ways: "64:mstnw", one of them */

typedef enum {
#define X(id, name) AM_OBSERVED_##id,
	AM_OBSERVED_KINDS(X)
#undef X
		AM_N_OBSERVED,
} AmObservedKind;

static inline gboolean am_observed_is_name(uint8_t kind)
{
	return kind < AM_OBSERVED_LEASE;
}

#define AM_OBSERVED_SIZE 96 /* of a value, with the NUL; longer names are not taken */

/* What frames without an IP packet tell, LLDP and CDP, may be of a MAC alone: then that stands in place of the address, family 0
 * and the octets after it. */
static inline gboolean am_observed_is_of_mac(const AmAddress *address)
{
	return address->family == 0;
}

/* Its first members are a key without padding, compared and hashed as octets. */
typedef struct {
	uint32_t network; /* from flow/: the packet's index; in the store: the id */
	AmAddress address;
	uint8_t kind;                 /* AmObservedKind */
	uint8_t zero[2];              /* always 0 */
	char value[AM_OBSERVED_SIZE]; /* zeros after the NUL */
	int64_t first_ns, last_ns;
	uint64_t count;
} AmObservation;
#define AM_OBSERVATION_KEY_SIZE 120
