/* The table of targets, and what holds for all of them: approval, fidelity, groups resolved to addresses. */
#include "config.h"

#include "private.h"

#include <string.h>

GQuark am_export_error_quark(void)
{
	return g_quark_from_static_string("am-export-error");
}

static const AmExportTarget *const targets[] = {&am_export_nftables, &am_export_csv};

const AmExportTarget *am_export_target(guint n)
{
	return n < G_N_ELEMENTS(targets) ? targets[n] : NULL;
}

const AmExportTarget *am_export_find(const char *name)
{
	for (guint n = 0; n < G_N_ELEMENTS(targets); n++) {
		if (strcmp(targets[n]->name, name) == 0)
			return targets[n];
	}
	return NULL;
}

static void fidelity_clear(gpointer data)
{
	g_clear_pointer(&((AmFidelity *)data)->reason, g_free);
}

static gboolean check_enforce(const AmPolicy *policy, const AmExportOptions *options, GError **error)
{
	guint unapproved = 0;
	for (guint n = 0; n < policy->rules->len; n++)
		unapproved += ((const AmRule *)policy->rules->pdata[n])->status == AM_STATUS_PROPOSED;
	if (!options->enforce)
		return TRUE;
	if (unapproved > 0 && !options->unapproved) {
		g_set_error(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_UNAPPROVED,
			    "%u of %u rules were approved by nobody; review them, or enforce them all the same with "
			    "--unapproved",
			    unapproved, policy->rules->len);
		return FALSE;
	}
	if (policy->default_action == AM_DEFAULT_MONITOR) {
		g_set_error(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_OPTION,
			    "the policy's default is monitor: it denies nothing, so there is nothing to --enforce");
		return FALSE;
	}
	if (policy->visible != NULL && policy->visible->len == 0) {
		g_set_error(
			error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_OPTION,
			"no pair of subnets was seen both ways, so the policy denies nothing by default and there is "
			"nothing to --enforce; 'allowmap status --visibility' names the taps that are missing");
		return FALSE;
	}
	return TRUE;
}

static gboolean check_widening(const GArray *fidelity, const AmExportOptions *options, GError **error)
{
	for (guint n = 0; !options->allow_widening && n < fidelity->len; n++) {
		const AmFidelity *rule = &g_array_index(fidelity, AmFidelity, n);
		if (rule->kind != AM_FIDELITY_WIDENED)
			continue;
		g_set_error(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_WIDENS,
			    "rule %s would permit more than the policy: %s; accept that with --allow-widening",
			    rule->rule_id, rule->reason);
		return FALSE;
	}
	return TRUE;
}

char *am_export_write(const AmExportTarget *target, const AmPolicy *policy, const AmExportOptions *options,
		      GArray **ret_fidelity, GError **error)
{
	if (!check_enforce(policy, options, error))
		return NULL;
	g_autoptr(GArray) fidelity = g_array_new(FALSE, TRUE, sizeof(AmFidelity));
	g_array_set_clear_func(fidelity, fidelity_clear);
	g_autofree char *text = target->write(policy, options, fidelity, error);
	if (text == NULL || !check_widening(fidelity, options, error))
		return NULL;
	if (ret_fidelity != NULL)
		*ret_fidelity = g_steal_pointer(&fidelity);
	return g_steal_pointer(&text);
}

static void flat_clear(gpointer data)
{
	AmFlatRule *flat = data;
	g_clear_pointer(&flat->from, g_array_unref);
	g_clear_pointer(&flat->to, g_array_unref);
}

typedef struct {
	GHashTable *groups;
	const char *network; /* of all addresses so far; NULL = there was none */
} Resolver;

/* The same address in two networks is two machines, and a target has no word for that. */
static gboolean is_same_network(Resolver *resolver, const char *network, GError **error)
{
	network = network != NULL ? network : "default";
	if (resolver->network == NULL)
		resolver->network = network;
	if (strcmp(resolver->network, network) == 0)
		return TRUE;
	g_set_error_literal(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_OPTION,
			    "it is in another network than the rules before it; an allow-list is for one network");
	return FALSE;
}

/* Groups and prefixes of one end as minimal prefixes; NULL without an error for everybody. */
static GArray *resolve(Resolver *resolver, const AmPeer *peer, GError **error)
{
	if (peer->any)
		return NULL;
	g_autoptr(GArray) prefixes = g_array_new(FALSE, TRUE, sizeof(AmPrefix));
	for (guint n = 0; n < peer->groups->len; n++) {
		const AmPolicyGroup *group = g_hash_table_lookup(resolver->groups, peer->groups->pdata[n]);
		if (group == NULL) {
			g_set_error(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_OPTION, "there is no group %s",
				    (const char *)peer->groups->pdata[n]);
			return NULL;
		}
		if (!is_same_network(resolver, group->network, error))
			return NULL;
		g_array_append_vals(prefixes, group->members->data, group->members->len);
	}
	if (peer->prefixes->len > 0 && !is_same_network(resolver, NULL, error))
		return NULL;
	if (peer->prefixes->len > 0)
		g_array_append_vals(prefixes, peer->prefixes->data, peer->prefixes->len);
	am_prefixes_minimise(prefixes);
	return g_steal_pointer(&prefixes);
}

/* Ids reach comments of generated rules: nothing but the form that ids have may pass. */
static gboolean is_rule_id(const char *id)
{
	return g_str_has_prefix(id, "r-") && strlen(id) == 14 && strspn(id + 2, "0123456789abcdef") == 12;
}

GArray *am_flatten(const AmPolicy *policy, GArray *fidelity, GError **error)
{
	g_autoptr(GHashTable) groups = g_hash_table_new(g_str_hash, g_str_equal);
	Resolver resolver = {.groups = groups};
	for (guint n = 0; n < policy->groups->len; n++)
		g_hash_table_insert(groups, ((AmPolicyGroup *)policy->groups->pdata[n])->name,
				    policy->groups->pdata[n]);
	g_autoptr(GArray) flats = g_array_new(FALSE, TRUE, sizeof(AmFlatRule));
	g_array_set_clear_func(flats, flat_clear);
	for (guint n = 0; n < policy->rules->len; n++) {
		const AmRule *rule = policy->rules->pdata[n];
		if (rule->status == AM_STATUS_REJECTED || rule->status == AM_STATUS_EXPIRED)
			continue;
		if (memchr(rule->id, '\0', sizeof rule->id) == NULL || !is_rule_id(rule->id)) {
			g_set_error(error, AM_EXPORT_ERROR, AM_EXPORT_ERROR_OPTION,
				    "rule %u of the policy has no valid id", n + 1);
			return NULL;
		}
		GError *failure = NULL;
		AmFlatRule flat = {.rule = rule, .from = resolve(&resolver, &rule->from, &failure)};
		if (failure == NULL)
			flat.to = resolve(&resolver, &rule->to, &failure);
		g_array_append_val(flats, flat);
		if (failure != NULL) {
			g_propagate_prefixed_error(error, failure, "rule %s: ", rule->id);
			return NULL;
		}
		AmFidelity exact = {.kind = AM_FIDELITY_EXACT};
		memcpy(exact.rule_id, rule->id, sizeof exact.rule_id);
		g_array_append_val(fidelity, exact);
	}
	return g_steal_pointer(&flats);
}
