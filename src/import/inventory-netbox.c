/* What NetBox's REST API lists: devices, virtual machines, ip-addresses and prefixes, as {"count", "results": [...]}, or the
 * array alone. An object is told by what it has: "prefix", "address", or a "name".
 *
 * The owner is the custom field of that name, else the tenant. The role of a device or machine says what it is for; those of
 * addresses ("vip", "anycast") and of prefixes do not. */
#include "config.h"

#include "inventory.h"

#include <string.h>

static const json_t *items_of(const json_t *root)
{
	return json_is_array(root) ? root : json_object_get(root, "results");
}

static gboolean recognise(const char *text, size_t size, const json_t *root)
{
	(void)text;
	(void)size;
	return json_is_array(items_of(root));
}

/* "role": {"name": "Web server"}, or the name alone, as some exports have it. */
static const char *name_at(const json_t *item, const char *member)
{
	const char *text = am_inventory_text(item, member);
	if (text == NULL)
		text = am_inventory_text(json_object_get(item, member), "name");
	return text != NULL ? text : am_inventory_text(json_object_get(item, member), "value");
}

static void add_fields(AmInventorySink *sink, const json_t *item)
{
	const json_t *fields = json_object_get(item, "custom_fields");
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)fields, name, value)
	{
		char field[AM_LABEL_NAME_SIZE];
		const char *text = json_string_value(value);
		if (text == NULL)
			text = am_inventory_text(value, "label"); /* a choice */
		if (text == NULL || !am_inventory_field(am_inventory_options(sink), name, field) ||
		    strcmp(field, "address") == 0 || strcmp(field, AM_LABEL_NAME) == 0)
			continue;
		if (strcmp(field, AM_LABEL_GROUP) == 0)
			am_entry_group(sink, text);
		else if (strcmp(field, "mac") == 0)
			(void)am_entry_mac(sink, text);
		else
			am_entry_label(sink, field, text);
	}
	am_entry_label(sink, AM_LABEL_OWNER, name_at(item, "tenant"));
	am_entry_label(sink, "site", name_at(item, "site"));
	const json_t *tags = json_object_get(item, "tags");
	g_autoptr(GString) all = g_string_new(NULL);
	for (size_t n = 0; n < json_array_size(tags) && n < 64; n++) {
		const char *tag = am_inventory_text(json_array_get(tags, n), "name");
		if (tag == NULL)
			tag = json_string_value(json_array_get(tags, n));
		if (tag != NULL)
			g_string_append_printf(all, "%s%s", all->len > 0 ? ", " : "", tag);
		if (tag != NULL && am_inventory_is_environment(tag))
			am_entry_label(sink, AM_LABEL_ENVIRONMENT, tag);
	}
	am_entry_label(sink, "tags", all->str);
}

static void read_machine(AmInventorySink *sink, const json_t *item)
{
	static const char *const addresses[] = {"primary_ip4", "primary_ip6", "primary_ip"};
	am_entry_begin(sink);
	for (guint n = 0; n < G_N_ELEMENTS(addresses); n++) {
		const char *text = am_inventory_text(item, addresses[n]);
		if (text == NULL)
			text = am_inventory_text(json_object_get(item, addresses[n]), "address");
		if (text != NULL)
			(void)am_entry_address(sink, text, TRUE); /* the entry remembers what was wrong */
	}
	am_entry_label(sink, AM_LABEL_NAME, am_inventory_text(item, "name"));
	add_fields(sink, item);
	am_entry_label(sink, AM_LABEL_ROLE, name_at(item, "role"));
	am_entry_label(sink, AM_LABEL_ROLE, name_at(item, "device_role"));
	am_entry_end(sink);
}

static void read_address(AmInventorySink *sink, const json_t *item)
{
	const json_t *interface = json_object_get(item, "assigned_object");
	const char *status = name_at(item, "status");
	if (g_strcmp0(status, "deprecated") == 0 || g_strcmp0(status, "reserved") == 0) {
		am_entry_skip(sink, AM_INVENTORY_SKIP_ENDED);
		return;
	}
	am_entry_begin(sink);
	(void)am_entry_address(sink, am_inventory_text(item, "address"), TRUE);
	am_entry_label(sink, AM_LABEL_NAME, am_inventory_text(json_object_get(interface, "device"), "name"));
	am_entry_label(sink, AM_LABEL_NAME, am_inventory_text(json_object_get(interface, "virtual_machine"), "name"));
	am_entry_label(sink, AM_LABEL_NAME, am_inventory_text(item, "dns_name"));
	add_fields(sink, item);
	am_entry_end(sink);
}

static void read_prefix(AmInventorySink *sink, const json_t *item)
{
	am_entry_begin(sink);
	(void)am_entry_address(sink, am_inventory_text(item, "prefix"), FALSE);
	am_entry_label(sink, "subnet", am_inventory_text(item, "description"));
	add_fields(sink, item);
	am_entry_end(sink);
}

static gboolean read_netbox(AmInventorySink *sink, const char *text, size_t size, const json_t *root, GError **error)
{
	const json_t *items = items_of(root);
	(void)text;
	(void)size;
	if (!json_is_array(items)) {
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID, "is no list of NetBox's API");
		return FALSE;
	}
	for (size_t n = 0; n < json_array_size(items); n++) {
		const json_t *item = json_array_get(items, n);
		if (am_inventory_text(item, "address") != NULL)
			read_address(sink, item);
		else if (am_inventory_text(item, "prefix") != NULL)
			read_prefix(sink, item);
		else if (am_inventory_text(item, "name") != NULL)
			read_machine(sink, item);
		else
			am_entry_skip(sink, json_is_object(item) ? AM_INVENTORY_SKIP_NO_KEY : AM_INVENTORY_SKIP_SYNTAX);
	}
	return TRUE;
}

const AmInventoryFormat am_inventory_netbox = {AM_INVENTORY_NETBOX, recognise, TRUE, read_netbox};
