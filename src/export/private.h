/* What the exporters share. Private to export/. */
#pragma once

#include "allowmap/export.h"

extern const AmExportTarget am_export_csv, am_export_nftables;

/* A rule as a target writes it: its ends as minimal prefixes, IPv4 before IPv6. */
typedef struct {
	const AmRule *rule;
	GArray *from, *to; /* AmPrefix; NULL = everybody */
} AmFlatRule;

/* The rules that permit something, in the policy's order, with their groups resolved. Adds one fidelity to each: exact.
 * GArray of AmFlatRule, freed with g_array_unref(). A rule that names a missing group, whose id is none, or that brings in
 * addresses of a second network: error. */
GArray *am_flatten(const AmPolicy *policy, GArray *fidelity, GError **error);

/* ---- nftables */

/* A named set of addresses of one family, shared by all rules that need just these. */
typedef struct {
	char name[48]; /* "g_web_1_v4" for the group web-1; "p_" and a hash for all others; "" = everybody */
	uint8_t family;
	const AmPrefix *prefixes; /* borrowed */
	guint n;                  /* 0: nobody, or everybody */
} AmNftSet;

enum { AM_NFT_V4, AM_NFT_V6, AM_NFT_N_FAMILIES };

/* A rule in nftables' terms: one line a family, if it has something to say in it. */
typedef struct {
	const AmRule *rule;
	AmNftSet from[AM_NFT_N_FAMILIES], to[AM_NFT_N_FAMILIES];
	gboolean has[AM_NFT_N_FAMILIES];
} AmNftRule;

typedef struct {
	GArray *rules; /* AmNftRule, in the policy's order */
	GArray *scopes; /* AmNftRule without a rule: where what no rule permits is dropped; NULL = everywhere, or nowhere */
	GArray *sets; /* AmNftSet that rules and scopes need, each once, by name */
	guint n_proposed;
	const AmExportOptions *options;
} AmNftTable;

char *am_nftables_text(const AmNftTable *table);
char *am_nftables_json(const AmNftTable *table);
