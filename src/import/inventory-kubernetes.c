/* What `kubectl get pods,services,endpointslices,nodes -A -o json` prints: a List of objects, also of one kind only (PodList).
 * Formats: Kubernetes API reference, core/v1 Pod, Service, Node, discovery.k8s.io/v1 EndpointSlice.
 *
 * Pods of one workload are one group: who owns them (metadata.ownerReferences), where that is a ReplicaSet or a Job what stands
 * above it, as its name tells. A pod with hostNetwork has its node's address, and one that ended has given its own back. Of an
 * address, a pod says more than a node, a service, or an endpoint slice; so they are read in this order. */
#include "config.h"

#include "inventory.h"

#include "allowmap/model/run.h"

#include <string.h>

#define SERVICE_NAME "kubernetes.io/service-name"

/* The kind of an item; within a PodList they have none of their own. */
static gboolean is_kind(const json_t *root, const json_t *item, const char *kind)
{
	const char *own = am_inventory_text(item, "kind"), *all = am_inventory_text(root, "kind");
	if (own != NULL)
		return strcmp(own, kind) == 0;
	return all != NULL && g_str_has_suffix(all, "List") && strlen(all) == strlen(kind) + 4 &&
	       g_str_has_prefix(all, kind);
}

static gboolean recognise(const char *text, size_t size, const json_t *root)
{
	(void)text;
	(void)size;
	const char *kind = am_inventory_text(root, "kind");
	return kind != NULL && am_inventory_text(root, "apiVersion") != NULL;
}

/* "example.com/owner" is owner. What Kubernetes' own labels say is told by who owns the pods, unless the options know better. */
static gboolean is_known(const AmInventoryOptions *options, const char *name, char ret_field[AM_LABEL_NAME_SIZE])
{
	const char *last = strrchr(name, '/');
	if (am_inventory_mapped(options, name, ret_field))
		return TRUE;
	return !g_str_has_prefix(name, "app.kubernetes.io/") && strcmp(name, "app") != 0 &&
	       am_inventory_field(options, last != NULL ? last + 1 : name, ret_field);
}

/* Labels and annotations that are known. They tell no address, and no machine's name. */
static void add_labels(AmInventorySink *sink, const json_t *labels)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)labels, name, value)
	{
		char field[AM_LABEL_NAME_SIZE];
		if (!is_known(am_inventory_options(sink), name, field) || strcmp(field, "address") == 0 ||
		    strcmp(field, "mac") == 0 || strcmp(field, AM_LABEL_NAME) == 0)
			continue;
		if (strcmp(field, AM_LABEL_GROUP) == 0)
			am_entry_group(sink, json_string_value(value));
		else
			am_entry_label(sink, field, json_string_value(value));
	}
}

/* An application is what the labels say, else its namespace. */
static void add_application(AmInventorySink *sink, const json_t *metadata)
{
	const json_t *labels = json_object_get(metadata, "labels");
	add_labels(sink, labels);
	add_labels(sink, json_object_get(metadata, "annotations"));
	am_entry_label(sink, AM_LABEL_APPLICATION, am_inventory_text(labels, "app.kubernetes.io/part-of"));
	am_entry_label(sink, AM_LABEL_APPLICATION, am_inventory_text(metadata, "namespace"));
	am_entry_label(sink, "namespace", am_inventory_text(metadata, "namespace"));
}

static void add_qualified(AmInventorySink *sink, const char *label, const json_t *metadata, const char *name)
{
	const char *namespace = am_inventory_text(metadata, "namespace");
	g_autofree char *full =
		name == NULL || namespace == NULL ? g_strdup(name) : g_strdup_printf("%s/%s", namespace, name);
	if (strcmp(label, AM_LABEL_GROUP) == 0)
		am_entry_group(sink, full);
	else
		am_entry_label(sink, label, full);
}

/* "web-5d9c7bd5f8" with the hash "5d9c7bd5f8" is "web"; "backup-28391220" of a CronJob is "backup" (the time in minutes). */
static char *workload_above(const char *kind, const char *name, const char *hash)
{
	const char *dash = strrchr(name, '-');
	if (dash == NULL || dash == name)
		return g_strdup(name);
	gboolean is_set = g_strcmp0(kind, "ReplicaSet") == 0 && g_strcmp0(dash + 1, hash) == 0;
	gboolean is_job = g_strcmp0(kind, "Job") == 0 && strlen(dash + 1) >= 8 &&
			  strspn(dash + 1, "0123456789") == strlen(dash + 1);
	return is_set || is_job ? g_strndup(name, (gsize)(dash - name)) : g_strdup(name);
}

static char *workload_of(const json_t *pod)
{
	const json_t *metadata = json_object_get(pod, "metadata"), *labels = json_object_get(metadata, "labels");
	const json_t *owners = json_object_get(metadata, "ownerReferences"), *owner = json_array_get(owners, 0);
	for (size_t n = 0; n < json_array_size(owners); n++) {
		if (json_is_true(json_object_get(json_array_get(owners, n), "controller")))
			owner = json_array_get(owners, n);
	}
	const char *kind = am_inventory_text(owner, "kind"), *name = am_inventory_text(owner, "name");
	if (name != NULL && g_strcmp0(kind, "Node") != 0)
		return workload_above(kind, name, am_inventory_text(labels, "pod-template-hash"));
	static const char *const tells[] = {"app.kubernetes.io/name", "app", "k8s-app", "component"};
	for (guint n = 0; n < G_N_ELEMENTS(tells); n++) {
		const char *label = am_inventory_text(labels, tells[n]);
		if (label != NULL)
			return g_strdup(label);
	}
	return g_strdup(am_inventory_text(metadata, "name"));
}

/* Each address, which may be given as text in an array, or under a name in an array of objects. */
static void add_addresses(AmInventorySink *sink, const json_t *array, const char *name)
{
	for (size_t n = 0; n < json_array_size(array); n++) {
		const json_t *item = json_array_get(array, n);
		const char *text = name != NULL ? am_inventory_text(item, name) : json_string_value(item);
		if (text != NULL)
			(void)am_entry_address(sink, text, TRUE); /* the entry remembers what was wrong */
	}
}

static void read_pod(AmInventorySink *sink, const json_t *pod)
{
	const json_t *metadata = json_object_get(pod, "metadata"), *status = json_object_get(pod, "status");
	const char *phase = am_inventory_text(status, "phase"), *start = am_inventory_text(status, "startTime");
	const char *address = am_inventory_text(status, "podIP");
	int64_t start_ns = 0;
	if (g_strcmp0(phase, "Succeeded") == 0 || g_strcmp0(phase, "Failed") == 0) {
		am_entry_skip(sink, AM_INVENTORY_SKIP_ENDED);
		return;
	}
	if (json_is_true(json_object_get(json_object_get(pod, "spec"), "hostNetwork"))) {
		am_entry_skip(sink, AM_INVENTORY_SKIP_SHARED);
		return;
	}
	if (address == NULL) {
		am_entry_skip(sink, AM_INVENTORY_SKIP_NO_KEY);
		return;
	}
	am_entry_begin(sink);
	(void)am_entry_address(sink, address, TRUE);
	add_addresses(sink, json_object_get(status, "podIPs"), "ip");
	am_entry_label(sink, AM_LABEL_NAME, am_inventory_text(metadata, "name"));
	add_application(sink, metadata);
	g_autofree char *workload = workload_of(pod);
	add_qualified(sink, AM_LABEL_GROUP, metadata, workload);
	if (start != NULL && am_time_parse(start, &start_ns))
		am_entry_times(sink, start_ns, 0);
	am_entry_end(sink);
}

static void read_node(AmInventorySink *sink, const json_t *node)
{
	static const char prefix[] = "node-role.kubernetes.io/";
	const json_t *metadata = json_object_get(node, "metadata"), *labels = json_object_get(metadata, "labels");
	const json_t *addresses = json_object_get(json_object_get(node, "status"), "addresses");
	const char *role = "worker", *name;
	json_t *value;
	am_entry_begin(sink);
	for (size_t n = 0; n < json_array_size(addresses); n++) {
		const char *type = am_inventory_text(json_array_get(addresses, n), "type");
		const char *text = am_inventory_text(json_array_get(addresses, n), "address");
		if (text != NULL && (g_strcmp0(type, "InternalIP") == 0 || g_strcmp0(type, "ExternalIP") == 0))
			(void)am_entry_address(sink, text, TRUE);
	}
	json_object_foreach((json_t *)labels, name, value)
	{
		if (g_str_has_prefix(name, prefix) && name[strlen(prefix)] != '\0')
			role = name + strlen(prefix);
	}
	g_autofree char *group = g_strdup_printf("node/%s", role);
	am_entry_label(sink, AM_LABEL_NAME, am_inventory_text(metadata, "name"));
	add_labels(sink, labels);
	add_labels(sink, json_object_get(metadata, "annotations"));
	am_entry_group(sink, group);
	am_entry_end(sink);
}

static void read_service(AmInventorySink *sink, const json_t *service)
{
	const json_t *metadata = json_object_get(service, "metadata"), *spec = json_object_get(service, "spec");
	const char *address = am_inventory_text(spec, "clusterIP"), *type = am_inventory_text(spec, "type");
	const json_t *balancer = json_object_get(json_object_get(service, "status"), "loadBalancer");
	am_entry_begin(sink);
	if (g_strcmp0(address, "None") != 0 && g_strcmp0(type, "ExternalName") != 0) {
		if (address != NULL && *address != '\0')
			(void)am_entry_address(sink, address, TRUE);
		add_addresses(sink, json_object_get(spec, "clusterIPs"), NULL);
	}
	add_addresses(sink, json_object_get(spec, "externalIPs"), NULL);
	add_addresses(sink, json_object_get(balancer, "ingress"), "ip");
	add_qualified(sink, "service", metadata, am_inventory_text(metadata, "name"));
	add_application(sink, metadata);
	am_entry_end(sink);
}

static void read_slice(AmInventorySink *sink, const json_t *slice)
{
	const json_t *metadata = json_object_get(slice, "metadata"), *endpoints = json_object_get(slice, "endpoints");
	const char *service = am_inventory_text(json_object_get(metadata, "labels"), SERVICE_NAME);
	if (service == NULL || json_array_size(endpoints) == 0) {
		am_entry_skip(sink, AM_INVENTORY_SKIP_NOTHING);
		return;
	}
	for (size_t n = 0; n < json_array_size(endpoints); n++) {
		const json_t *endpoint = json_array_get(endpoints, n);
		am_entry_begin(sink);
		add_addresses(sink, json_object_get(endpoint, "addresses"), NULL);
		add_qualified(sink, "service", metadata, service);
		am_entry_end(sink);
	}
}

static gboolean read_kubernetes(AmInventorySink *sink, const char *text, size_t size, const json_t *root,
				GError **error)
{
	static const struct {
		const char *kind;
		void (*read)(AmInventorySink *sink, const json_t *item);
	} readers[] = {
		{"Pod", read_pod}, {"Node", read_node}, {"Service", read_service}, {"EndpointSlice", read_slice}};
	const json_t *items = json_object_get(root, "items");
	size_t n_items = json_is_array(items) ? json_array_size(items) : 1; /* one object: it is its own item */
	size_t n_read = 0;
	(void)text;
	(void)size;
	if (!recognise(text, size, root)) {
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID, "is not what kubectl get -o json prints");
		return FALSE;
	}
	for (guint k = 0; k < G_N_ELEMENTS(readers); k++) {
		for (size_t n = 0; n < n_items; n++) {
			const json_t *item = json_is_array(items) ? json_array_get(items, n) : root;
			if (!is_kind(root, item, readers[k].kind))
				continue;
			readers[k].read(sink, item);
			n_read++;
		}
	}
	for (; n_read < n_items; n_read++)
		am_entry_skip(sink, AM_INVENTORY_SKIP_OTHER);
	return TRUE;
}

const AmInventoryFormat am_inventory_kubernetes = {AM_INVENTORY_KUBERNETES, recognise, TRUE, read_kubernetes};
