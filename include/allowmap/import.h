/* import/: reads what others (and our own exports) wrote: policy documents, connection logs, deployed rules. */
#pragma once

#include "base.h"
#include "model/connection.h"
#include "model/listener.h"
#include "model/observation.h"
#include "model/inventory.h"
#include "model/policy.h"
#include "model/run.h"

#define AM_IMPORT_ERROR (am_import_error_quark())
GQuark am_import_error_quark(void);
typedef enum { AM_IMPORT_ERROR_READ, AM_IMPORT_ERROR_INVALID } AmImportError;

/* ---- Connection logs, streamed: Zeek conn.log (TSV, JSON) and the logs beside it that tell names, Suricata eve.json, conntrack -L, AWS VPC flow
 * logs, Hubble, nfdump. */
typedef struct {
	AmInputKind kind;
	uint64_t first_sequence;
	uint32_t network;
	int64_t snapshot_ns; /* the time of a log that tells none */
} AmLogOptions;

typedef struct {
	uint64_t lines;                   /* that are records = sum(skipped) */
	uint64_t skipped[AM_N_LOG_SKIPS]; /* under AM_LOG_USED those that were used */
} AmLogCounts;

/* Which log it is, by its first octets; 16 KiB are enough. Else FALSE, and *ret_what what it looks like, in static words, or
 * NULL. */
gboolean am_log_recognise(const uint8_t *bytes, size_t size, AmInputKind *ret_kind, const char **ret_what);

/* Usable lines become AmConnections: a line each, or, where a log tells each direction or interval in a line of its own,
 * several lines one (sequence = first_sequence, +1, ...; evidence AM_EVIDENCE_LOG; never more connections than lines). SYN
 * and SYN-ACK are evidence where the log tells them; a protocol role is whoever the log says began, where it understood
 * the protocol or the datagrams were answered. All counts lie on the day on which a connection began. *ret_counts is filled
 * also when an error stops it, and what was read before was handed over. `each` gives FALSE with its error set to stop. A
 * line of more than 64 KiB is skipped. */
typedef gboolean (*AmLogFunc)(const AmConnection *connection, gpointer user_data, GError **error);
/* What a log tells of addresses (Zeek's dns, dhcp, ssl, ntlm, kerberos): at most a few for a line, in its order. */
typedef gboolean (*AmLogObserveFunc)(const AmObservation *observation, gpointer user_data, GError **error);
gboolean am_import_log(AmByteReader reader, const AmLogOptions *options, AmLogFunc each, AmLogObserveFunc observe,
		       gpointer user_data, AmLogCounts *ret_counts, GError **error);

/* ---- Listeners, as hosts tell of themselves and scans find them: ss of iproute2 (ss -tulpn, with or without -H and users, without
 * -n nothing of use), osquery's listening_ports (osqueryi --json, or a results log), nmap -oX. */
typedef struct {
	AmListKind kind;
	/* AmAddress: of the host whose list it is, the one that it goes by first. What listens on all addresses listens on
	 * these. nmap tells hosts itself; of osquery they are those of the one host whose hostIdentifier is no address. May be NULL. */
	const GArray *hosts;
	int64_t taken_ns; /* the time of a list that tells none */
} AmListenerOptions;

/* By the first octets; 16 KiB are enough. FALSE = none of them. */
gboolean am_listeners_recognise(const char *text, size_t size, AmListKind *ret_kind);
/* AM_IMPORT_ERROR_INVALID: it is not such a list, or whose it is is not told. What is cut short keeps what was read. */
AmListenerList *am_import_listeners(const char *text, size_t size, const AmListenerOptions *options, GError **error);

/* ---- Inventories, read whole: CSV with a header line, ansible-inventory --list, kubectl get ... -o json, NetBox's API; the
 * leases of dnsmasq, Kea (memfile) and ISC dhcpd. */
typedef struct {
	int kind;            /* AmInventoryKind; -1 = as its content tells */
	int64_t snapshot_ns; /* of a file that does not tell when it was so */
	const char *const
		*fields; /* "COLUMN=FIELD": what is in a column, variable or custom field; NULL-terminated, or NULL */
} AmInventoryOptions;

#define AM_INVENTORY_MAX_SIZE (UINT64_C(256) << 20)

/* FIELD is "address", "mac", "name", or a label. FALSE and the error set when one is none. */
gboolean am_inventory_check_fields(const char *const *fields, GError **error);
/* Entries become labels and leases: what is said of an address, of a MAC, or, where neither is told, of a name. One that
 * cannot be used is counted by its reason. An entry that says of the same key otherwise than one before it is counted, and
 * the first one stands. Names are mapped to what the field usually calls them (owner, team, contact → owner). Of several
 * groups, the one with the fewest entries is the `group`, and what names an environment (prod, test) is that.
 * AM_IMPORT_ERROR_INVALID: not that format, or none that is read. Memory: that of the labels, and of JSON some twenty times the
 * file. */
AmInventory *am_import_inventory(const char *text, size_t size, const AmInventoryOptions *options, GError **error);

/* The canonical policy document; strict: the path of what is wrong is in the message, `rules[3].service.ports[0]: ...`.
 * As it was written: am_policy_settle() makes it canonical and checks its ids. */
AmPolicy *am_import_policy(const char *text, size_t size, GError **error);

/* What an nftables ruleset of ours permits: the JSON form, and the text form. For the parse-back proof. */
AmPolicy *am_import_nftables_json(const char *text, size_t size, GError **error);
AmPolicy *am_import_nftables_text(const char *text, size_t size, GError **error);
/* The CSV export, read back. */
AmPolicy *am_import_csv(const char *text, size_t size, GError **error);
