/* What `ansible-inventory --list` prints: an object with one member per group ("hosts", "children"), and under "_meta" the
 * variables of every host. A host is known by ansible_host where that is an address, else by its own name.
 *
 * Groups are the inventory's own word for what a machine is for; those above a host's own (through "children") tell its
 * environment, at most. "all" and "ungrouped" tell nothing. */
#include "config.h"

#include "inventory.h"

#include <string.h>

#define MAX_DEPTH 64

static gboolean recognise(const char *text, size_t size, const json_t *root)
{
	(void)text;
	(void)size;
	return json_is_object(json_object_get(json_object_get(root, "_meta"), "hostvars")) ||
	       (json_is_object(json_object_get(root, "all")) &&
		json_is_array(json_object_get(json_object_get(root, "all"), "children")));
}

static void add_to(GHashTable *table, const char *key, const char *value)
{
	GPtrArray *values = g_hash_table_lookup(table, key);
	if (values == NULL) {
		values = g_ptr_array_new();
		g_hash_table_insert(table, (gpointer)key, values);
	}
	g_ptr_array_add(values, (gpointer)value);
}

/* name → GPtrArray of the groups that list it under `member`; all borrowed from `root`. */
static GHashTable *find_groups(const json_t *root, const char *member)
{
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
	const char *group;
	json_t *value, *name;
	size_t n;
	json_object_foreach((json_t *)root, group, value)
	{
		if (strcmp(group, "_meta") == 0 || strcmp(group, "all") == 0 || strcmp(group, "ungrouped") == 0)
			continue;
		json_array_foreach(json_object_get(value, member), n, name)
		{
			if (json_is_string(name))
				add_to(table, json_string_value(name), group);
		}
	}
	return table;
}

/* The environment that the groups above this one tell; "" for none. Each group is looked at once. */
static const char *environment_above(GHashTable *known, GHashTable *parents, const char *group, guint depth)
{
	const char *environment = g_hash_table_lookup(known, group);
	const GPtrArray *above = g_hash_table_lookup(parents, group);
	if (environment != NULL)
		return environment;
	environment = "";
	g_hash_table_insert(known, (gpointer)group, (gpointer)environment); /* a group may be above itself */
	for (guint n = 0; above != NULL && depth < MAX_DEPTH && n < above->len && *environment == '\0'; n++)
		environment = am_inventory_is_environment(above->pdata[n])
				      ? above->pdata[n]
				      : environment_above(known, parents, above->pdata[n], depth + 1);
	g_hash_table_insert(known, (gpointer)group, (gpointer)environment);
	return environment;
}

static void add_variable(AmInventorySink *sink, const char *variable, const json_t *value)
{
	char field[AM_LABEL_NAME_SIZE], number[32];
	const char *text = json_string_value(value);
	if (!am_inventory_field(am_inventory_options(sink), variable, field))
		return;
	if (json_is_integer(value)) {
		g_snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		text = number;
	}
	if (text == NULL || strcmp(field, AM_LABEL_NAME) == 0)
		return;
	AmAddress address;
	if (strcmp(field, AM_LABEL_GROUP) == 0)
		am_entry_group(sink, text);
	else if (strcmp(field, "mac") == 0)
		(void)am_entry_mac(sink, text); /* the entry remembers what was wrong */
	else if (strcmp(field, "address") != 0)
		am_entry_label(sink, field, text);
	else if (am_address_parse(text, &address)) /* or a name, which says no more than the host's own */
		(void)am_entry_address(sink, text, TRUE);
}

typedef struct {
	GHashTable *groups, *parents; /* of hosts, and of groups */
	GHashTable *environments;     /* group → what is above it */
} Tree;

static void read_host(AmInventorySink *sink, const char *host, const json_t *variables, const Tree *tree)
{
	const char *variable;
	json_t *value;
	AmAddress address;
	am_entry_begin(sink);
	am_entry_label(sink, AM_LABEL_NAME, host);
	json_object_foreach((json_t *)variables, variable, value)
	{
		add_variable(sink, variable, value);
	}
	if (am_address_parse(host, &address))
		(void)am_entry_address(sink, host, TRUE);
	const GPtrArray *own = g_hash_table_lookup(tree->groups, host);
	for (guint n = 0; own != NULL && n < own->len; n++)
		am_entry_group(sink, own->pdata[n]);
	for (guint n = 0; own != NULL && n < own->len; n++)
		am_entry_label(sink, AM_LABEL_ENVIRONMENT,
			       environment_above(tree->environments, tree->parents, own->pdata[n], 0));
	am_entry_end(sink);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean read_ansible(AmInventorySink *sink, const char *text, size_t size, const json_t *root, GError **error)
{
	(void)text;
	(void)size;
	if (!json_is_object(root)) {
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			    "is not what ansible-inventory --list prints");
		return FALSE;
	}
	const json_t *variables = json_object_get(json_object_get(root, "_meta"), "hostvars");
	g_autoptr(GHashTable) groups = find_groups(root, "hosts");
	g_autoptr(GHashTable) parents = find_groups(root, "children");
	g_autoptr(GHashTable) environments = g_hash_table_new(g_str_hash, g_str_equal);
	const Tree tree = {groups, parents, environments};
	g_autoptr(GHashTable) hosts = g_hash_table_new(g_str_hash, g_str_equal);
	const char *name;
	json_t *value;
	size_t n;
	json_object_foreach((json_t *)variables, name, value)
	{
		g_hash_table_add(hosts, (gpointer)name);
	}
	json_object_foreach((json_t *)root, name, value)
	{
		json_t *host;
		json_array_foreach(json_object_get(value, "hosts"), n, host)
		{
			if (json_is_string(host))
				g_hash_table_add(hosts, (gpointer)json_string_value(host));
		}
	}
	guint n_hosts;
	g_autofree const char **sorted = (const char **)g_hash_table_get_keys_as_array(hosts, &n_hosts);
	qsort(sorted, n_hosts, sizeof *sorted, compare_names);
	for (guint h = 0; h < n_hosts; h++)
		read_host(sink, sorted[h], json_object_get(variables, sorted[h]), &tree);
	return TRUE;
}

const AmInventoryFormat am_inventory_ansible = {AM_INVENTORY_ANSIBLE, recognise, TRUE, read_ansible};
