/* What both readers of our nftables exports make of sets and rules. Private to import/. */
#pragma once

#include "allowmap/import.h"

typedef struct {
	AmPolicy *policy;
	GHashTable *sets; /* AmPolicyGroup, borrowed, by its name: sets become groups */
	char why[64];     /* begins with ": " where more than a place can be said of what is wrong */
} AmNftReader;

void am_nft_reader_init(AmNftReader *reader);
void am_nft_reader_clear(AmNftReader *reader);

/* A rule as it is read. Strings are borrowed. */
typedef struct {
	uint8_t family;        /* 4, 6 */
	const char *from, *to; /* set names; NULL = everybody of the family */
	uint8_t ip_protocol;
	GArray *ports; /* AmPortRange, or NULL */
	gboolean has_type;
	AmIcmpType type;
	const char *id;
} AmNftParsedRule;

/* What happens to what no rule permits: it passes, it is dropped, or it is dropped in scopes and passes elsewhere. */
enum { AM_NFT_LOG, AM_NFT_DENY, AM_NFT_DENY_SCOPES };

/* Where it is dropped: from one set to another. Strings are owned. */
typedef struct {
	uint8_t family; /* 4, 6 */
	char *from, *to;
} AmNftParsedScope;

void am_nft_parsed_scope_free(AmNftParsedScope *scope);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmNftParsedScope, am_nft_parsed_scope_free)
GPtrArray *am_nft_scopes_new(void); /* of AmNftParsedScope *; frees them with it */

/* The default of the policy, when all is read. FALSE when a scope's set is missing or of the other family. */
gboolean am_nft_finish(AmNftReader *reader, int enforce, const GPtrArray *scopes);

/* The set of this name and family (4, 6), to be filled by am_nft_add_prefix(); NULL when the name is none or taken. */
AmPolicyGroup *am_nft_add_set(AmNftReader *reader, const char *name, size_t size, uint8_t family);
/* "10.0.0.1", or with a length that is shorter than an address. Elements must be ascending and disjoint, as the kernel wants
 * them; FALSE when not. */
gboolean am_nft_add_prefix(AmPolicyGroup *set, uint8_t family, const char *text, size_t size);
/* FALSE, and says why, when they end before they begin, or are not after those that are there. */
gboolean am_nft_add_ports(AmNftReader *reader, GArray *ports, guint low, guint high);
/* FALSE when a set is missing or of the other family, the protocol has no ports, or the id is none. */
gboolean am_nft_add_rule(AmNftReader *reader, const AmNftParsedRule *rule);
