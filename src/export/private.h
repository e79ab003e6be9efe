/* What the exporters share. Private to export/. */
#pragma once

#include "allowmap/export.h"

extern const AmExportTarget am_export_csv, am_export_nftables;

/* A rule as a target writes it: its ends as minimal prefixes, IPv4 before IPv6. */
typedef struct {
	const AmRule *rule;
	GArray *from, *to; /* AmPrefix; NULL = everybody */
} AmFlatRule;

/* The rules that permit something, in the policy's order, with their groups resolved. Adds one fidelity a rule: exact, or
 * widened when the policy's groups lie in several networks, which a target that knows one address space cannot say.
 * GArray of AmFlatRule, freed with g_array_unref(). A rule that names a missing group: error. */
GArray *am_flatten(const AmPolicy *policy, GArray *fidelity, GError **error);

/* The nftables forms. `rules`: AmFlatRule. */
char *am_nftables_text(const GArray *rules, const AmExportOptions *options, const AmPolicy *policy);
char *am_nftables_json(const GArray *rules, const AmExportOptions *options);

/* A named set of addresses of one family, shared by all rules that need just these. */
typedef struct {
	char name[32]; /* a4_... or a6_... and 12 hex digits of the hash of what it holds */
	uint8_t family;
	const AmPrefix *prefixes; /* borrowed */
	guint n;
} AmNftSet;

/* The part of `prefixes` that is of `family`; n 0 = none. */
AmNftSet am_nft_set(const GArray *prefixes, uint8_t family);
/* Every set that the rules need, once, by name. GArray of AmNftSet. */
GArray *am_nft_sets(const GArray *rules);
/* Whether the rule has anything to say in this family. */
gboolean am_nft_has_family(const AmFlatRule *rule, uint8_t family);
