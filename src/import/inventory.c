/* Inventories: a whole file becomes labels and leases. Here is what all formats share: which there are, how one is told from
 * another, how an entry is kept, and which of its groups counts.
 *
 * What comes out is bounded by AM_INVENTORY_MAX_ROWS, each text by its size; names and values are made safe here, so that no
 * format has to think of it. */
#include "config.h"

#include "inventory.h"

#include <string.h>

/* Addresses, MACs and groups of one entry; more are not looked at. */
#define MAX_OF_ENTRY 64
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static const AmInventoryFormat *const formats[] = {
	&am_inventory_kubernetes, &am_inventory_netbox,  &am_inventory_ansible, &am_inventory_kea,
	&am_inventory_isc_dhcp,   &am_inventory_dnsmasq, &am_inventory_csv,
};

/* A machine whose group is not chosen yet. */
typedef struct {
	guint first, n; /* of the labels that tell its group */
	GStrv groups;
} Membership;

typedef struct {
	char *name, *value;
} Said;

struct AmInventorySink {
	AmInventory *inventory;
	const AmInventoryOptions *options;
	GHashTable *said;   /* char *: key and name of a label → its index + 1 */
	GHashTable *leases; /* GBytes: address and MAC → its index + 1 */
	GArray *memberships;
	/* The entry that is being filled. */
	GArray *prefixes, *macs; /* AmPrefix; uint8_t[6] */
	GPtrArray *groups;
	GArray *values; /* Said */
	int64_t from_ns, until_ns;
	AmInventorySkip wrong;
};

static void clear_membership(Membership *membership)
{
	g_strfreev(membership->groups);
}

static void clear_said(Said *said)
{
	g_free(said->name);
	g_free(said->value);
}

static void sink_init(AmInventorySink *sink, const AmInventoryOptions *options)
{
	*sink = (AmInventorySink){.inventory = am_inventory_new(), .options = options};
	sink->said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	sink->leases = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
	sink->memberships = g_array_new(FALSE, FALSE, sizeof(Membership));
	g_array_set_clear_func(sink->memberships, (GDestroyNotify)(void (*)(void))clear_membership);
	sink->prefixes = g_array_new(FALSE, FALSE, sizeof(AmPrefix));
	sink->macs = g_array_new(FALSE, FALSE, 6);
	sink->groups = g_ptr_array_new_with_free_func(g_free);
	sink->values = g_array_new(FALSE, FALSE, sizeof(Said));
	g_array_set_clear_func(sink->values, (GDestroyNotify)(void (*)(void))clear_said);
}

static void sink_clear(AmInventorySink *sink)
{
	am_inventory_free(sink->inventory);
	g_hash_table_unref(sink->said);
	g_hash_table_unref(sink->leases);
	g_array_unref(sink->memberships);
	g_array_unref(sink->prefixes);
	g_array_unref(sink->macs);
	g_ptr_array_unref(sink->groups);
	g_array_unref(sink->values);
}

const AmInventoryOptions *am_inventory_options(const AmInventorySink *sink)
{
	return sink->options;
}

void am_inventory_unused(AmInventorySink *sink, const char *column)
{
	g_ptr_array_add(sink->inventory->unused, am_text_safe_dup(column));
}

/* ---- Filling an entry */

void am_entry_begin(AmInventorySink *sink)
{
	g_array_set_size(sink->prefixes, 0);
	g_array_set_size(sink->macs, 0);
	g_ptr_array_set_size(sink->groups, 0);
	g_array_set_size(sink->values, 0);
	sink->from_ns = sink->until_ns = 0;
	sink->wrong = AM_INVENTORY_USED;
}

static gboolean is_usable(const AmPrefix *prefix)
{
	if (prefix->length < am_address_bits(&prefix->address))
		return TRUE;
	return !am_address_is_multicast(&prefix->address) && !am_address_is_unspecified(&prefix->address) &&
	       !am_address_is_loopback(&prefix->address);
}

static gboolean parse_address(const char *text, gboolean is_host, AmPrefix *ret_prefix)
{
	g_autofree char *copy = g_strstrip(g_strdup(text));
	char *zone = strchr(copy, '%'), *slash = strchr(copy, '/');
	if (zone != NULL)
		*zone = '\0';
	AmPrefix prefix;
	AmAddress address;
	if (slash != NULL && !is_host && zone == NULL && am_prefix_parse(copy, &prefix, NULL)) {
		*ret_prefix = prefix;
		return is_usable(&prefix);
	}
	guint64 length;
	if (slash != NULL && !g_ascii_string_to_unsigned(slash + 1, 10, 0, 128, &length, NULL))
		return FALSE;
	if (slash != NULL)
		*slash = '\0';
	if (!am_address_parse(copy, &address))
		return FALSE;
	*ret_prefix = am_prefix_host(&address);
	return is_usable(ret_prefix);
}

gboolean am_entry_address(AmInventorySink *sink, const char *text, gboolean is_host)
{
	AmPrefix prefix;
	if (!parse_address(text, is_host, &prefix)) {
		sink->wrong = AM_INVENTORY_SKIP_ADDRESS;
		return FALSE;
	}
	for (guint n = 0; n < sink->prefixes->len; n++) {
		if (am_prefix_compare(&g_array_index(sink->prefixes, AmPrefix, n), &prefix) == 0)
			return TRUE;
	}
	if (sink->prefixes->len < MAX_OF_ENTRY)
		g_array_append_val(sink->prefixes, prefix);
	return TRUE;
}

gboolean am_entry_mac(AmInventorySink *sink, const char *text)
{
	uint8_t mac[6];
	g_autofree char *copy = g_strstrip(g_strdup(text));
	if (!am_inventory_mac(copy, mac)) {
		sink->wrong = AM_INVENTORY_SKIP_MAC;
		return FALSE;
	}
	if (sink->macs->len < MAX_OF_ENTRY)
		g_array_append_vals(sink->macs, mac, 1);
	return TRUE;
}

static const char *value_of(const AmInventorySink *sink, const char *name)
{
	for (guint n = 0; n < sink->values->len; n++) {
		const Said *said = &g_array_index(sink->values, Said, n);
		if (strcmp(said->name, name) == 0)
			return said->value;
	}
	return NULL;
}

/* At most AM_LABEL_VALUE_SIZE - 1 octets of safe text, blanks stripped; NULL when nothing is left. */
static char *safe_value(const char *value)
{
	if (value == NULL)
		return NULL;
	g_autofree char *stripped = g_strstrip(g_strdup(value));
	char safe[AM_LABEL_VALUE_SIZE];
	am_text_safe(safe, sizeof safe, stripped, strlen(stripped));
	return safe[0] != '\0' ? g_strdup(safe) : NULL;
}

void am_entry_label(AmInventorySink *sink, const char *name, const char *value)
{
	g_autofree char *safe = safe_value(value);
	if (safe == NULL || value_of(sink, name) != NULL)
		return;
	Said said = {g_strdup(name), g_steal_pointer(&safe)};
	g_array_append_val(sink->values, said);
}

/* An environment's name says what it is, and not what a machine is for. */
void am_entry_group(AmInventorySink *sink, const char *group)
{
	g_autofree char *safe = safe_value(group);
	if (safe == NULL)
		return;
	if (am_inventory_is_environment(safe)) {
		am_entry_label(sink, AM_LABEL_ENVIRONMENT, safe);
		return;
	}
	for (guint n = 0; n < sink->groups->len; n++) {
		if (strcmp(sink->groups->pdata[n], safe) == 0)
			return;
	}
	if (sink->groups->len < MAX_OF_ENTRY)
		g_ptr_array_add(sink->groups, g_steal_pointer(&safe));
}

void am_entry_times(AmInventorySink *sink, int64_t from_ns, int64_t until_ns)
{
	sink->from_ns = from_ns;
	sink->until_ns = until_ns;
}

/* ---- Keeping it */

static void count(AmInventorySink *sink, AmInventorySkip what)
{
	sink->inventory->entries++;
	sink->inventory->skipped[what]++;
}

void am_entry_skip(AmInventorySink *sink, AmInventorySkip reason)
{
	count(sink, reason);
}

static char *key_text(const AmLabel *key, const char *name)
{
	char mac[AM_MAC_TEXT_SIZE];
	if (key->of == AM_LABELLED_HOST)
		return g_strdup_printf("h%s %s", key->host, name);
	if (key->of == AM_LABELLED_MAC)
		return g_strdup_printf("m%s %s", am_mac_text(key->mac, mac), name);
	g_autofree char *prefix = am_prefix_text(&key->prefix);
	return g_strdup_printf("p%s %s", prefix, name);
}

static AmLabel new_label(const AmInventorySink *sink, const AmLabel *key, const char *name, const char *value)
{
	AmLabel label = *key;
	label.host = g_strdup(key->host);
	label.name = g_strdup(name);
	label.value = g_strdup(value);
	label.from_ns = sink->from_ns;
	label.until_ns = sink->until_ns;
	return label;
}

/* FALSE: there is no room for it. */
static gboolean keep(AmInventorySink *sink, const AmLabel *key, const char *name, const char *value)
{
	GArray *labels = sink->inventory->labels;
	g_autofree char *text = key_text(key, name);
	guint known = GPOINTER_TO_UINT(g_hash_table_lookup(sink->said, text));
	if (known > 0) {
		sink->inventory->contradictions += strcmp(g_array_index(labels, AmLabel, known - 1).value, value) != 0;
		return TRUE;
	}
	if (labels->len >= AM_INVENTORY_MAX_ROWS)
		return FALSE;
	AmLabel label = new_label(sink, key, name, value);
	g_array_append_val(labels, label);
	g_hash_table_insert(sink->said, g_steal_pointer(&text), GUINT_TO_POINTER(labels->len));
	return TRUE;
}

/* All that was said, of one key. A subnet has no machine's name. */
static gboolean keep_all(AmInventorySink *sink, const AmLabel *key)
{
	gboolean is_subnet =
		key->of == AM_LABELLED_PREFIX && key->prefix.length < am_address_bits(&key->prefix.address);
	for (guint n = 0; n < sink->values->len; n++) {
		const Said *said = &g_array_index(sink->values, Said, n);
		const char *name = is_subnet && strcmp(said->name, AM_LABEL_NAME) == 0 ? "subnet" : said->name;
		if (!keep(sink, key, name, said->value))
			return FALSE;
	}
	return TRUE;
}

/* Remembers which labels of the entry tell its group, from `first` on, so that it can be chosen when all are known. */
static void remember_groups(AmInventorySink *sink, guint first)
{
	if (sink->groups->len < 2)
		return;
	g_ptr_array_add(sink->groups, NULL);
	Membership membership = {first, sink->inventory->labels->len - first, g_strdupv((char **)sink->groups->pdata)};
	g_array_append_val(sink->memberships, membership);
}

static AmInventorySkip end_entry(AmInventorySink *sink)
{
	guint first = sink->inventory->labels->len;
	if (sink->groups->len > 0) {
		g_ptr_array_add(sink->groups, NULL);
		g_autofree char *all = g_strjoinv(", ", (char **)sink->groups->pdata);
		g_ptr_array_set_size(sink->groups, (gint)sink->groups->len - 1);
		if (sink->groups->len > 1)
			am_entry_label(sink, "groups", all);
		am_entry_label(sink, AM_LABEL_GROUP, sink->groups->len > 1 ? all : sink->groups->pdata[0]);
	}
	gboolean fits = TRUE;
	for (guint n = 0; n < sink->prefixes->len; n++) {
		AmLabel key = {.of = AM_LABELLED_PREFIX, .prefix = g_array_index(sink->prefixes, AmPrefix, n)};
		if (sink->macs->len == 1)
			memcpy(key.mac, sink->macs->data, 6);
		fits = fits && keep_all(sink, &key);
	}
	for (guint n = 0; n < sink->macs->len; n++) {
		AmLabel key = {.of = AM_LABELLED_MAC};
		memcpy(key.mac, sink->macs->data + 6 * (size_t)n, 6);
		fits = fits && keep_all(sink, &key);
	}
	g_autofree char *host = am_inventory_host(value_of(sink, AM_LABEL_NAME));
	gboolean has_key = sink->prefixes->len + sink->macs->len > 0;
	if (!has_key && sink->wrong != AM_INVENTORY_USED)
		return sink->wrong;
	if (!has_key && host != NULL) {
		AmLabel key = {.of = AM_LABELLED_HOST, .host = host};
		fits = keep_all(sink, &key);
	}
	remember_groups(sink, first);
	if (!fits)
		return AM_INVENTORY_SKIP_FULL;
	if (!has_key && host == NULL)
		return AM_INVENTORY_SKIP_NO_KEY;
	return sink->values->len > (has_key ? 0 : 1) ? AM_INVENTORY_USED : AM_INVENTORY_SKIP_NOTHING;
}

void am_entry_end(AmInventorySink *sink)
{
	count(sink, end_entry(sink));
}

void am_lease_add(AmInventorySink *sink, const AmAddress *address, const uint8_t mac[6], const char *host,
		  int64_t first_ns, int64_t last_ns)
{
	GArray *leases = sink->inventory->leases;
	uint8_t bytes[AM_ADDRESS_SIZE + 6];
	memcpy(bytes, address, AM_ADDRESS_SIZE);
	memcpy(bytes + AM_ADDRESS_SIZE, mac, 6);
	g_autoptr(GBytes) key = g_bytes_new(bytes, sizeof bytes);
	guint known = GPOINTER_TO_UINT(g_hash_table_lookup(sink->leases, key));
	g_autofree char *name = am_inventory_host(host);
	if (known == 0 && leases->len >= AM_INVENTORY_MAX_ROWS) {
		count(sink, AM_INVENTORY_SKIP_FULL);
		return;
	}
	count(sink, AM_INVENTORY_USED);
	if (known == 0) {
		AmLease fresh = {.address = *address, .first_ns = first_ns, .last_ns = last_ns};
		memcpy(fresh.mac, mac, 6);
		g_array_append_val(leases, fresh);
		known = leases->len;
		g_hash_table_insert(sink->leases, g_bytes_ref(key), GUINT_TO_POINTER(known));
	}
	AmLease *lease = &g_array_index(leases, AmLease, known - 1);
	if (name != NULL && (lease->host == NULL || last_ns >= lease->last_ns)) {
		g_free(lease->host);
		lease->host = g_steal_pointer(&name);
	}
	lease->first_ns = MIN(lease->first_ns, first_ns);
	lease->last_ns = MAX(lease->last_ns, last_ns);
}

/* ---- Which group counts: that of the fewest machines says most of what one is for; of two, the first by name. */

static guint size_of(GHashTable *sizes, const char *group)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(sizes, group));
}

static void choose_groups(AmInventorySink *sink)
{
	GArray *labels = sink->inventory->labels;
	g_autoptr(GHashTable) sizes = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) chosen = g_hash_table_new(NULL, NULL); /* label + 1 → what it is */
	for (guint n = 0; n < sink->memberships->len; n++) {
		char **groups = g_array_index(sink->memberships, Membership, n).groups;
		for (; *groups != NULL; groups++)
			g_hash_table_insert(sizes, *groups, GUINT_TO_POINTER(size_of(sizes, *groups) + 1));
	}
	for (guint n = 0; n < labels->len; n++) { /* those that are in one group only */
		const AmLabel *label = &g_array_index(labels, AmLabel, n);
		if (strcmp(label->name, AM_LABEL_GROUP) == 0 && size_of(sizes, label->value) > 0)
			g_hash_table_insert(sizes, label->value, GUINT_TO_POINTER(size_of(sizes, label->value) + 1));
	}
	for (guint n = 0; n < sink->memberships->len; n++) {
		const Membership *membership = &g_array_index(sink->memberships, Membership, n);
		const char *best = membership->groups[0];
		for (char **group = membership->groups + 1; *group != NULL; group++) {
			guint size = size_of(sizes, *group), least = size_of(sizes, best);
			if (size < least || (size == least && strcmp(*group, best) < 0))
				best = *group;
		}
		for (guint k = membership->first; k < membership->first + membership->n; k++) {
			if (strcmp(g_array_index(labels, AmLabel, k).name, AM_LABEL_GROUP) == 0)
				g_hash_table_insert(chosen, GUINT_TO_POINTER(k + 1), (gpointer)best);
		}
	}
	GHashTableIter iter;
	gpointer key, best;
	g_hash_table_iter_init(&iter, chosen);
	while (g_hash_table_iter_next(&iter, &key, &best)) {
		AmLabel *label = &g_array_index(labels, AmLabel, GPOINTER_TO_UINT(key) - 1);
		g_free(label->value);
		label->value = g_strdup(best);
	}
}

static int compare_leases(gconstpointer a, gconstpointer b)
{
	const AmLease *x = a, *y = b;
	int order = am_address_compare(&x->address, &y->address);
	return order != 0 ? order : memcmp(x->mac, y->mac, sizeof x->mac);
}

/* ---- The whole */

static const AmInventoryFormat *find_format(const char *text, size_t size, const json_t *root, int kind)
{
	for (guint n = 0; n < G_N_ELEMENTS(formats); n++) {
		if (kind >= 0 ? (int)formats[n]->kind == kind : formats[n]->recognise(text, size, root))
			return formats[n];
	}
	return NULL;
}

static json_t *parse_json(const char *text, size_t size, GError **error)
{
	json_error_t reason;
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &reason);
	if (root != NULL)
		return root;
	g_autofree char *safe = am_text_safe_dup(reason.text);
	g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID, "looks like JSON, but line %d: %s", reason.line,
		    safe);
	return NULL;
}

static gboolean read_inventory(AmInventorySink *sink, const char *text, size_t size, const json_t *root, GError **error)
{
	const AmInventoryFormat *format = find_format(text, size, root, sink->options->kind);
	if (format == NULL || format->is_json != (root != NULL)) {
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			    format != NULL ? "is not what --type says"
			    : root != NULL
				    ? "is JSON, but neither ansible-inventory --list, nor kubectl get -o json, nor "
				      "from NetBox"
				    : "is no inventory that is read; of a CSV the first line must name the columns");
		return FALSE;
	}
	sink->inventory->kind = format->kind;
	return format->read(sink, text, size, root, error);
}

AmInventory *am_import_inventory(const char *text, size_t size, const AmInventoryOptions *options, GError **error)
{
	if (size >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0) {
		text += 3;
		size -= 3;
	}
	while (size > 0 && g_ascii_isspace(*text)) {
		text++;
		size--;
	}
	if (size > AM_INVENTORY_MAX_SIZE) {
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID, "is larger than 256 MiB");
		return NULL;
	}
	json_t *root = NULL;
	if (size > 0 && strchr("{[", *text) != NULL) {
		root = parse_json(text, size, error);
		if (root == NULL)
			return NULL;
	}
	AmInventorySink sink;
	sink_init(&sink, options);
	AmInventory *inventory = NULL;
	if (read_inventory(&sink, text, size, root, error)) {
		choose_groups(&sink);
		g_array_sort(sink.inventory->leases, compare_leases);
		inventory = g_steal_pointer(&sink.inventory);
	}
	json_decref(root);
	sink_clear(&sink);
	return inventory;
}
