/* Inventories on their way to labels and leases: what the formats have in common. Private to import/.
 *
 * To add a format: a kind in model/inventory.h, one file here that defines an AmInventoryFormat, a line in inventory.c's table,
 * a test in tests/unit/test-inventory.c, and seeds in tests/fuzz/corpus/inventory. */
#pragma once

#include "allowmap/import.h"

#include <jansson.h>

/* Of labels, and of leases, in one import. */
#define AM_INVENTORY_MAX_ROWS 1000000
#define AM_LABEL_VALUE_SIZE 129
#define AM_LABEL_NAME_SIZE 49

typedef struct AmInventorySink AmInventorySink;

typedef struct {
	AmInventoryKind kind;
	/* `root`: the whole as JSON; NULL when it is none. */
	gboolean (*recognise)(const char *text, size_t size, const json_t *root);
	/* FALSE: it is no such file. `root` is there where `is_json`. */
	gboolean is_json;
	gboolean (*read)(AmInventorySink *sink, const char *text, size_t size, const json_t *root, GError **error);
} AmInventoryFormat;

extern const AmInventoryFormat am_inventory_ansible, am_inventory_csv, am_inventory_dnsmasq, am_inventory_isc_dhcp,
	am_inventory_kea, am_inventory_kubernetes, am_inventory_netbox;

/* ---- An entry: a host, a line, an object. Begun, filled, ended; in between nothing is kept. */
void am_entry_begin(AmInventorySink *sink);
/* FALSE: it is no unicast address (or prefix). `is_host`: "10.1.2.3/24" is 10.1.2.3; else that is so where host bits are set. */
gboolean am_entry_address(AmInventorySink *sink, const char *text, gboolean is_host);
gboolean am_entry_mac(AmInventorySink *sink, const char *text);
/* Under a name of ours, or any that a label may have. Blanks around it, NULL and "" say nothing; of several values under one
 * name the first counts. */
void am_entry_label(AmInventorySink *sink, const char *name, const char *value);
/* One of the groups that it is in. */
void am_entry_group(AmInventorySink *sink, const char *group);
void am_entry_times(AmInventorySink *sink, int64_t from_ns, int64_t until_ns);
/* Keeps it, and counts it as used, or by the reason why not. */
void am_entry_end(AmInventorySink *sink);
/* Counts one that could not be begun. */
void am_entry_skip(AmInventorySink *sink, AmInventorySkip reason);

/* Keeps a lease, and counts it. `host` may be NULL. */
void am_lease_add(AmInventorySink *sink, const AmAddress *address, const uint8_t mac[6], const char *host,
		  int64_t first_ns, int64_t last_ns);

const AmInventoryOptions *am_inventory_options(const AmInventorySink *sink);
/* "column %s is not used" */
void am_inventory_unused(AmInventorySink *sink, const char *column);

/* ---- Words (inventory-words.c) */
/* What is in a column of this name: "address", "mac", or the name of a label, in `ret_field`. FALSE: not known. */
gboolean am_inventory_field(const AmInventoryOptions *options, const char *column, char ret_field[AM_LABEL_NAME_SIZE]);
/* The same, as far as the options say it. */
gboolean am_inventory_mapped(const AmInventoryOptions *options, const char *column, char ret_field[AM_LABEL_NAME_SIZE]);
/* "00:11:22:33:44:55", also with "-", in groups of four by ".", or without anything; not all zeros, not a group address. */
gboolean am_inventory_mac(const char *text, uint8_t ret_mac[6]);
/* A word for an environment? */
gboolean am_inventory_is_environment(const char *text);
/* A host's name in lower case, without the last dot; NULL when it is none. g_free() */
char *am_inventory_host(const char *text);
/* The text of this name in an object; NULL when there is none, or `object` is none. */
const char *am_inventory_text(const json_t *object, const char *name);
/* The next line without its end, as a C string in `line`, blanks around it stripped; FALSE at the end. One with a NUL, or longer
 * than 64 KiB, is "". */
gboolean am_inventory_line(const char **at, const char *end, GString *line);
