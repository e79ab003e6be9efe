/* base/: what every room may use. No library but GLib. */
#pragma once

#include "model/address.h"
#include "model/connection.h"
#include "model/decision.h"
#include "model/encapsulation.h"
#include "model/listener.h"
#include "model/inventory.h"
#include "model/map.h"
#include "model/observation.h"
#include "model/policy.h"
#include "model/run.h"
#include "model/verdict.h"
#include "model/visibility.h"

#include <glib.h>
#include <stddef.h>

/* ---- Byte cursor: reads inside a buffer, never outside. After the first short read `ok` is FALSE and every read gives
 * zero (or NULL); check it once at the end. Big-endian unless the name says otherwise. */
typedef struct {
	const uint8_t *at;
	size_t left;
	gboolean ok;
} AmCursor;

static inline AmCursor am_cursor(const void *bytes, size_t size)
{
	return (AmCursor){.at = bytes, .left = size, .ok = TRUE};
}

/* Lends the next `size` octets and steps over them; NULL when there are fewer. */
static inline const uint8_t *am_cursor_take(AmCursor *cursor, size_t size)
{
	if (!cursor->ok || cursor->left < size) {
		cursor->ok = FALSE;
		return NULL;
	}
	const uint8_t *bytes = cursor->at;
	cursor->at += size;
	cursor->left -= size;
	return bytes;
}

static inline uint8_t am_cursor_u8(AmCursor *cursor)
{
	const uint8_t *b = am_cursor_take(cursor, 1);
	return b != NULL ? b[0] : 0;
}

static inline uint16_t am_cursor_u16(AmCursor *cursor)
{
	const uint8_t *b = am_cursor_take(cursor, 2);
	return b != NULL ? (uint16_t)(b[0] << 8 | b[1]) : 0;
}

static inline uint32_t am_cursor_u32(AmCursor *cursor)
{
	const uint8_t *b = am_cursor_take(cursor, 4);
	return b != NULL ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

static inline void am_cursor_skip(AmCursor *cursor, size_t size)
{
	(void)am_cursor_take(cursor, size);
}

/* ---- Addresses and prefixes */
#define AM_ADDRESS_TEXT_SIZE 46

AmAddress am_address_ipv4(const uint8_t bytes[4]);
AmAddress am_address_ipv6(const uint8_t bytes[16]);
/* Numeric text to address; FALSE when it is not one. */
gboolean am_address_parse(const char *text, AmAddress *ret_address);
/* Writes the canonical text (RFC 5952 for IPv6; "" for none) and returns `text`. */
const char *am_address_text(const AmAddress *address, char text[AM_ADDRESS_TEXT_SIZE]);
/* "7.0.0.10.in-addr.arpa", "....ip6.arpa" (RFC 1035, 3.5; RFC 3596, 2.5), without a dot at the end; FALSE for any other name. */
gboolean am_address_parse_reverse(const char *name, AmAddress *ret_address);
int am_address_compare(const AmAddress *a, const AmAddress *b);
gboolean am_address_is_multicast(const AmAddress *address);  /* also 255.255.255.255 */
gboolean am_address_is_link_local(const AmAddress *address); /* 169.254/16, fe80::/10 */
gboolean am_address_is_unspecified(const AmAddress *address);
gboolean am_address_is_loopback(const AmAddress *address);
uint8_t am_address_bits(const AmAddress *address); /* 32 or 128 */

#define AM_MAC_TEXT_SIZE 18
const char *am_mac_text(const uint8_t mac[6], char text[AM_MAC_TEXT_SIZE]); /* "00:1b:0d:63:c2:26" */
gboolean am_mac_parse(const char *text, uint8_t ret_mac[6]);                /* of this form */

/* "10.0.0.0/8", "2001:db8::1" (a host). Host bits set: error AM_BASE_ERROR_INVALID. */
gboolean am_prefix_parse(const char *text, AmPrefix *ret_prefix, GError **error);
AmPrefix am_prefix_host(const AmAddress *address);
AmPrefix am_prefix_cut(const AmAddress *address, uint8_t length); /* the block of this length that holds it */
/* The /24 of IPv4, the /64 of IPv6: what a subnet is taken to be where nobody tells. */
AmPrefix am_prefix_subnet(const AmAddress *address);
gboolean am_prefix_contains(const AmPrefix *prefix, const AmAddress *address);
char *am_prefix_text(const AmPrefix *prefix);                /* always with "/length"; g_free() */
int am_prefix_compare(const AmPrefix *a, const AmPrefix *b); /* by address, wider first */
/* The smallest set of prefixes that covers exactly these. Sorts and shrinks the GArray of AmPrefix in place. O(n log n). */
void am_prefixes_minimise(GArray *prefixes);

/* ---- Vendors of network interfaces, by MAC. The list is unpacked by _new: some milliseconds, 1 MB. */
typedef struct AmVendors AmVendors;
AmVendors *am_vendors_new(void);
void am_vendors_free(AmVendors *vendors);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmVendors, am_vendors_free)
/* Lent by `vendors`; NULL where nobody is registered: also for addresses that are locally administered, of a group, or virtual
 * routers'. */
const char *am_vendors_find(const AmVendors *vendors, const uint8_t mac[6]);

/* ---- Time */
#define AM_NS_PER_S INT64_C(1000000000)
#define AM_TIME_TEXT_SIZE 32
/* "2026-03-02T00:00:00.123456789Z", the fraction only as long as it must be; "-" for 0. */
const char *am_time_text(int64_t ns, char text[AM_TIME_TEXT_SIZE]);
gboolean am_time_parse(const char *text, int64_t *ret_ns); /* RFC 3339, or seconds since 1970 */
/* Floor, also before 1970; the hour is 0..23 UTC. */
int32_t am_time_day(int64_t ns);
int am_time_hour(int64_t ns);
/* The clock in force: `now_text` (--now) if not NULL, else SOURCE_DATE_EPOCH, else the system's. */
gboolean am_clock(const char *now_text, int64_t *ret_now_ns, GError **error);

/* ---- Text that came from the network. Keeps printable UTF-8, replaces the rest by "?", cuts at whole characters. */
void am_text_safe(char *destination, size_t destination_size, const void *bytes, size_t size);
/* The same of a whole string, whoever it came from (file names, decisions): one line, for a terminal. g_free(). */
char *am_text_safe_dup(const char *text);

/* ---- Names of enum values, in the product's words; and back. NULL / FALSE when there is none. */
const char *am_outcome_name(AmOutcome outcome);
const char *am_l7_confidence_name(AmL7Confidence confidence);
const char *am_verdict_name(AmVerdict verdict);
gboolean am_verdict_parse(const char *name, AmVerdict *ret_verdict);
/* The same of what an override says: a verdict, or "withdrawn". */
const char *am_override_name(AmVerdict verdict);
gboolean am_override_parse(const char *name, AmVerdict *ret_verdict);
const char *am_reason_name(AmReason reason);
const char *am_reason_text(AmReason reason);
const char *am_direction_name(AmDirection direction);
const char *am_encapsulation_name(AmEncapsulation kind);
const char *am_encapsulation_text(AmEncapsulation kind);
gboolean am_encapsulation_parse(const char *name, AmEncapsulation *ret_kind);
gboolean am_encapsulation_is_transit(AmEncapsulation kind); /* a number of it can name an address space */
const char *am_network_reason_name(AmNetworkReason reason);
const char *am_network_reason_text(AmNetworkReason reason);
gboolean am_network_reason_parse(const char *name, AmNetworkReason *ret_reason);
const char *am_asset_kind_name(AmAssetKind kind);
const char *am_observed_name(AmObservedKind kind);
/* Sets address, kind and value, all else to 0. The value is told by somebody, of any octets; FALSE when it is none that is kept: too
 * long, with blanks or control characters, or of an address that is nobody's. */
gboolean am_observation_fill(AmObservation *observation, const AmAddress *address, AmObservedKind kind,
			     const char *value, size_t size);
/* "nat", "balancer", ...; "withdrawn" for AM_MIDDLEBOX_WITHDRAWN. */
const char *am_middlebox_role_name(int role);
gboolean am_middlebox_role_parse(const char *name, int *ret_role);
const char *am_client_view_name(AmClientView view); /* "real", "hidden", "unknown" */
gboolean am_observed_parse(const char *name, AmObservedKind *ret_kind);
/* By network, address, kind and value. */
int am_observation_compare(gconstpointer a, gconstpointer b);
const char *am_input_kind_name(AmInputKind kind); /* "pcap", "zeek-tsv", ... */
const char *am_log_skip_name(AmLogSkip reason);   /* of AM_LOG_USED: "none" */
const char *am_log_skip_text(AmLogSkip reason);
const char *am_listener_source_name(AmListenerSource source);
gboolean am_listener_source_parse(const char *name, AmListenerSource *ret_source);
const char *am_listener_flag_name(AmListenerFlag flag);
const char *am_listener_flag_text(AmListenerFlag flag);
const char *am_list_kind_name(AmListKind kind);
gboolean am_list_kind_parse(const char *name, AmListKind *ret_kind);
const char *am_list_skip_name(AmListSkip reason); /* of AM_LIST_USED: "used" */
const char *am_list_skip_text(AmListSkip reason);
gboolean am_list_skip_parse(const char *name, AmListSkip *ret_reason);
/* "daily about 02h UTC", "weekdays 08-18h UTC", "every hour"; "" where the days support none. */
#define AM_PERIOD_TEXT_SIZE 64
const char *am_period_text(const AmPeriod *period, char text[AM_PERIOD_TEXT_SIZE]);
/* The 168 bits as 42 hex digits, six a day from Monday on; of a day the highest bit is 23h. */
#define AM_WEEK_TEXT_SIZE 43
const char *am_week_text(const AmWeek *week, char text[AM_WEEK_TEXT_SIZE]);
/* "tcp", "udp", "sctp", "icmp", "icmpv6", or the number as decimal digits, in `text`. */
const char *am_protocol_text(uint8_t ip_protocol, char text[8]);
gboolean am_protocol_parse(const char *text, int *ret_ip_protocol);
gboolean am_service_is_icmp(uint8_t ip_protocol);
gboolean am_service_has_ports(uint8_t ip_protocol);
/* A service as it is listed: "tcp/443", "icmp/8.0" (type and code), "ip/47" for a protocol without ports. */
#define AM_SERVICE_TEXT_SIZE 40
const char *am_service_text(uint8_t ip_protocol, uint16_t port, char text[AM_SERVICE_TEXT_SIZE]);
/* That, and what is shorter: "icmp/8" (code 0), "47". The port is as edges keep it: of ICMP type << 8 | code, else 0 where
 * there are no ports. */
gboolean am_service_parse(const char *text, int *ret_ip_protocol, int *ret_port);
const char *am_related_name(AmRelatedKind kind); /* "" for AM_RELATED_NONE */
/* "ftp tcp/21"; "" for nothing. */
#define AM_RELATED_TEXT_SIZE 32
const char *am_related_text(AmRelated related, char text[AM_RELATED_TEXT_SIZE]);

/* ---- A source of bytes that one room opens and another reads: > 0 octets read, 0 at the end, -1 error set. */
typedef struct {
	gssize (*read)(void *source, void *buffer, size_t size, GError **error);
	void *source;
} AmByteReader;

/* ---- Making and freeing model values, for every room that reads, computes or writes them. _free(NULL) is fine. */
AmPolicy *am_policy_new(void); /* without groups and rules */
void am_policy_free(AmPolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmPolicy, am_policy_free)
AmPolicyGroup *am_policy_group_new(const char *name); /* without members */
void am_policy_group_free(AmPolicyGroup *group);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmPolicyGroup, am_policy_group_free)
AmRule *am_rule_new(void); /* all arrays are there and empty */
void am_rule_free(AmRule *rule);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmRule, am_rule_free)
AmScope *am_scope_new(const char *network); /* from and to are there and empty */
void am_scope_free(AmScope *scope);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmScope, am_scope_free)
GPtrArray *am_scopes_new(void); /* of AmScope *; frees them with it */
void am_run_free(AmRun *run);
void am_input_clear(AmInput *input); /* frees what it holds, not itself */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmRun, am_run_free)
GArray *am_encapsulated_array_new(void);               /* of AmEncapsulated; frees what they hold with it */
GArray *am_middlebox_hints_new(void);                  /* of AmMiddleboxHint; the same */
GArray *am_network_rules_new(void);                    /* of AmNetworkRule; the same */
AmListenerList *am_listener_list_new(AmListKind kind); /* without entries */
void am_listener_list_free(AmListenerList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmListenerList, am_listener_list_free)
/* The row that counts for this; NULL when there is none. Borrowed. */
const AmNetworkRule *am_network_rules_find(const GArray *rules, const char *sensor, AmEncapsulation kind, int64_t id);

/* What people declared. New ones hold nothing but empty lists. */
const char *am_declared_name(AmDeclaredKind kind);
const char *am_declared_kind_text(AmDeclaredKind kind);
gboolean am_declared_parse(const char *name, AmDeclaredKind *ret_kind);
AmDeclaration *am_declaration_new(AmDeclaredKind kind); /* of any service */
void am_declaration_free(AmDeclaration *declaration);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmDeclaration, am_declaration_free)
const char *am_group_edit_name(AmGroupEditKind kind);
gboolean am_group_edit_parse(const char *name, AmGroupEditKind *ret_kind);
AmGroupEdit *am_group_edit_new(AmGroupEditKind kind);
void am_group_edit_free(AmGroupEdit *edit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmGroupEdit, am_group_edit_free)
gboolean am_group_name_is_valid(const char *name); /* as AmGroup.name */
AmTaps *am_taps_new(void);
void am_taps_free(AmTaps *taps);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmTaps, am_taps_free)
const AmTaps *am_taps_in_force(const GPtrArray *taps); /* of AmTaps *, may be NULL; gives NULL when none is. Borrowed */
/* Inventories. */
AmInventory *am_inventory_new(void);
void am_inventory_free(AmInventory *inventory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmInventory, am_inventory_free)
GArray *am_labels_new(void);  /* of AmLabel; frees what they hold with it */
GArray *am_leases_new(void);  /* of AmLease; the same */
GArray *am_imports_new(void); /* of AmImport; the same */
const char *am_inventory_kind_name(AmInventoryKind kind);
gboolean am_inventory_kind_parse(const char *name, AmInventoryKind *ret_kind);
const char *am_inventory_skip_text(AmInventorySkip reason); /* of AM_INVENTORY_USED: "" */
/* What the inventories say of an asset under this name, as far as it counts; NULL = nothing. Borrowed. */
const char *am_asset_label(const AmMap *map, const AmAsset *asset, const char *name);

/* The pool that holds the address, or NULL. Borrowed. O(log n). */
const AmPool *am_pool_find(const AmMap *map, uint32_t network, const AmAddress *address);
/* The middlebox whose address it is, or NULL. Borrowed. O(log n). */
const AmMiddlebox *am_middlebox_find(const AmMap *map, uint32_t endpoint);
/* The legs of paths that an edge is, as a run of the map's: how many, and the first. O(log n). */
guint am_legs_find(const AmMap *map, uint32_t edge, guint *ret_first);
/* The other leg of the same path, as far as it is told: "10.40.20.4 > 10.40.21.10 tcp/8080", "any > 10.40.20.100 tcp/80". g_free() */
char *am_leg_text(const AmMap *map, const AmLeg *leg);

/* What a map shows of pairs of subnets. */
AmVisibility *am_visibility_new(void); /* of nothing */
void am_visibility_free(AmVisibility *visibility);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmVisibility, am_visibility_free)
const char *am_visibility_name(AmVisibilityClass class);
/* One subnet's row: the class (AmVisibilityClass) of its pair with each subnet of its block, in their order, then with the
 * outside. `ret_row` has room for am_visibility_row_size() of them. */
uint32_t am_visibility_row_size(const AmVisibility *visibility, uint32_t subnet);
void am_visibility_row(const AmVisibility *visibility, uint32_t subnet, uint8_t *ret_row);

/* ---- Progress on standard error, only when it is a terminal. Any thread may step; one prints. */
typedef struct AmProgress AmProgress;
AmProgress *am_progress_new(const char *what, uint64_t total_bytes); /* 0 = unknown */
/* Cheap: prints at most 4 times a second. */
void am_progress_set(AmProgress *progress, uint64_t bytes, uint64_t packets);
void am_progress_free(AmProgress *progress); /* wipes the line */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmProgress, am_progress_free)

/* ---- Files embedded at build: `data/...` and `sql/...`, by their path. NULL when there is none. Never freed. */
const char *am_embedded(const char *path, size_t *ret_size);
/* The n-th embedded path that begins with `prefix`, in the makefile's order; NULL past the end. */
const char *am_embedded_path(const char *prefix, guint n);

#define AM_BASE_ERROR (am_base_error_quark())
GQuark am_base_error_quark(void);
typedef enum { AM_BASE_ERROR_INVALID } AmBaseError;
