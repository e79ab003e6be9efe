/* Do two policies permit the same packets? Both are split into common atoms; then, for each class of sources and each
 * class of services, the destinations that one permits are compared with those of the other. Fed with what was exported
 * and what a reader makes of the export. Must not look at names, ids or the order of anything.
 *
 * Most of the work is saved by numbering equal sets of destinations alike: where both sides permit the same numbers there
 * is nothing to expand. */
#include "config.h"

#include "private.h"

#include <string.h>

#define MAX_COUNTEREXAMPLES 5

typedef struct {
	uint32_t service, side, to;
} Grant;

typedef struct {
	const AmCompiled *compiled;
	GArray *grants; /* Grant: of the class of sources under comparison */
	uint32_t
		*mark[2]; /* by class of destinations: the stamp of the last comparison in which that side permits it */
	uint32_t stamp;
	uint32_t n_found[2]; /* differences: permitted by that side only */
	GString *found[2];
} Comparison;

static int compare_grants(gconstpointer a, gconstpointer b)
{
	const Grant *x = a, *y = b;
	if (x->service != y->service)
		return x->service < y->service ? -1 : 1;
	if (x->side != y->side)
		return x->side < y->side ? -1 : 1;
	return x->to < y->to ? -1 : x->to > y->to;
}

static uint64_t zone_of(const AmAtoms *atoms, uint32_t class)
{
	uint32_t atom = g_array_index(atoms->class_atom, uint32_t, class);
	return g_array_index(atoms->atoms, AmAtom, atom).interval.zone;
}

/* All that the rules permit to this class of sources, sorted and without doubles. */
static void collect(Comparison *comparison, uint32_t source)
{
	const AmCompiled *compiled = comparison->compiled;
	GArray *grants = comparison->grants;
	gboolean ipv6 = am_zone_is_ipv6(zone_of(&compiled->from, source));
	g_array_set_size(grants, 0);
	AmSlice froms = am_slice(compiled->from.class_first, compiled->from.class_sets, source);
	for (uint32_t f = 0; f < froms.n; f++) {
		AmSlice rules = am_slice(compiled->from_first, compiled->from_rules, froms.at[f]);
		for (uint32_t r = 0; r < rules.n; r++) {
			const AmCompiledRule *rule = &g_array_index(compiled->rules, AmCompiledRule, rules.at[r]);
			AmSlice services =
				am_slice(compiled->service.set_first, compiled->service.set_classes, rule->service);
			if (!am_protocol_fits(rule->rule->service.ip_protocol, ipv6))
				continue;
			for (uint32_t s = 0; s < services.n; s++) {
				Grant grant = {services.at[s], rule->side, rule->to};
				g_array_append_val(grants, grant);
			}
		}
	}
	g_array_sort(grants, compare_grants);
	Grant *at = (Grant *)(void *)grants->data;
	guint n = 0;
	for (guint next = 0; next < grants->len; next++)
		if (n == 0 || compare_grants(&at[n - 1], &at[next]) != 0)
			at[n++] = at[next];
	g_array_set_size(grants, n);
}

static AmAddress address_of(const AmInterval *interval)
{
	uint8_t bytes[16];
	gboolean ipv6 = am_zone_is_ipv6(interval->zone);
	uint64_t words[2] = {interval->low.high, interval->low.low};
	for (int n = 0; n < 16; n++)
		bytes[n] = (uint8_t)(words[n / 8] >> (56 - n % 8 * 8));
	return ipv6 ? am_address_ipv6(bytes) : am_address_ipv4(bytes + 12);
}

static const AmInterval *example(const AmAtoms *atoms, uint32_t class)
{
	uint32_t atom = g_array_index(atoms->class_atom, uint32_t, class);
	return &g_array_index(atoms->atoms, AmAtom, atom).interval;
}

static void report(Comparison *comparison, uint32_t side, uint32_t source, uint32_t to, uint32_t service)
{
	const AmCompiled *compiled = comparison->compiled;
	if (comparison->n_found[side]++ >= MAX_COUNTEREXAMPLES)
		return;
	const AmInterval *from = example(&compiled->from, source), *port = example(&compiled->service, service);
	AmAddress client = address_of(from), server = address_of(example(&compiled->to, to));
	uint32_t space = (uint32_t)(from->zone >> 1);
	const char *network = space != AM_SPACE_DEFAULT ? compiled->spaces->names->pdata[space] : NULL;
	g_autofree char *tuple = am_tuple_text(&client, &server, (uint8_t)port->zone, (uint16_t)port->low.low, network);
	GString *found = comparison->found[side];
	g_string_append_printf(found, "%s%s", found->len > 0 ? "; " : "", tuple);
}

/* Each destination of `grants` (of one side) in this zone: marks it, or reports it where the other side has no mark. */
static void visit(Comparison *comparison, const Grant *grants, guint n_grants, uint32_t source, gboolean mark)
{
	const AmAtoms *to = &comparison->compiled->to;
	uint64_t zone = zone_of(&comparison->compiled->from, source);
	for (guint g = 0; g < n_grants; g++) {
		AmSlice classes = am_slice(to->set_first, to->set_classes, grants[g].to);
		uint32_t side = grants[g].side;
		for (uint32_t n = 0; n < classes.n; n++) {
			uint32_t class = classes.at[n];
			if (zone_of(to, class) != zone)
				continue;
			if (mark) {
				comparison->mark[side][class] = comparison->stamp;
			} else if (comparison->mark[!side][class] != comparison->stamp) {
				comparison->mark[!side][class] = comparison->stamp; /* tell each once */
				report(comparison, side, source, class, grants[g].service);
			}
		}
	}
}

static void compare_source(Comparison *comparison, uint32_t source)
{
	collect(comparison, source);
	const Grant *grants = (const Grant *)(const void *)comparison->grants->data;
	for (guint n = 0; n < comparison->grants->len;) {
		guint middle = n, end;
		while (middle < comparison->grants->len && grants[middle].service == grants[n].service &&
		       grants[middle].side == 0)
			middle++;
		for (end = middle; end < comparison->grants->len && grants[end].service == grants[n].service;)
			end++;
		gboolean same = middle - n == end - middle;
		for (guint k = 0; same && k < middle - n; k++)
			same = grants[n + k].to == grants[middle + k].to;
		if (!same) {
			comparison->stamp++;
			visit(comparison, grants + n, end - n, source, TRUE);
			visit(comparison, grants + n, end - n, source, FALSE);
		}
		n = end;
	}
}

/* The networks in which a policy's active rules say something: 0 = only the default one, 1 = one named, 2 = more. */
static guint networks_of(const AmPolicy *policy)
{
	g_autoptr(GHashTable) groups = am_group_index_new(policy);
	g_autoptr(GHashTable) networks = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint n = 0; n < policy->rules->len; n++) {
		const AmRule *rule = policy->rules->pdata[n];
		const AmPeer *peers[] = {&rule->from, &rule->to};
		for (guint p = 0; am_rule_is_active(rule) && p < 2; p++) {
			if (!peers[p]->any && peers[p]->prefixes->len > 0)
				g_hash_table_add(networks, (gpointer) "default");
			for (guint g = 0; !peers[p]->any && g < peers[p]->groups->len; g++) {
				const AmPolicyGroup *group = g_hash_table_lookup(groups, peers[p]->groups->pdata[g]);
				if (group != NULL)
					g_hash_table_add(networks, group->network != NULL ? group->network
											  : (gpointer) "default");
			}
		}
	}
	guint n_networks = g_hash_table_size(networks);
	if (n_networks == 0 || (n_networks == 1 && g_hash_table_contains(networks, "default")))
		return 0;
	return n_networks == 1 ? 1 : 2;
}

static gboolean tell(const Comparison *comparison, GError **error)
{
	const char *who[] = {"only the first", "only the second"};
	g_autoptr(GString) text = g_string_new(NULL);
	for (uint32_t side = 0; side < 2; side++) {
		if (comparison->n_found[side] == 0)
			continue;
		g_string_append_printf(text, "%s%s permits %s%s", text->len > 0 ? "; " : "", who[side],
				       comparison->found[side]->str,
				       comparison->n_found[side] > MAX_COUNTEREXAMPLES ? "; ..." : "");
	}
	if (text->len == 0)
		return TRUE;
	g_set_error_literal(error, AM_POLICY_ERROR, AM_POLICY_ERROR_PROOF, text->str);
	return FALSE;
}

gboolean am_policy_equal(const AmPolicy *a, const AmPolicy *b, GError **error)
{
	const AmPolicy *const both[] = {a, b};
	guint in_a = networks_of(a), in_b = networks_of(b);
	gboolean one_space = in_a + in_b <= 1;
	g_autoptr(AmCompiled) compiled = am_compiled_new(both, 2, one_space);
	Comparison comparison = {.compiled = compiled};
	g_autoptr(GArray) grants = g_array_new(FALSE, FALSE, sizeof(Grant));
	g_autofree uint32_t *marks = g_new0(uint32_t, 2 * (gsize)compiled->to.n_classes + 2);
	g_autoptr(GString) first = g_string_new(NULL);
	g_autoptr(GString) second = g_string_new(NULL);
	comparison.grants = grants;
	comparison.found[0] = first;
	comparison.found[1] = second;
	comparison.mark[0] = marks;
	comparison.mark[1] = marks + compiled->to.n_classes;
	for (uint32_t source = 0; source < compiled->from.n_classes; source++) {
		compare_source(&comparison, source);
		if (comparison.n_found[0] > MAX_COUNTEREXAMPLES && comparison.n_found[1] > MAX_COUNTEREXAMPLES)
			break;
	}
	return tell(&comparison, error);
}
