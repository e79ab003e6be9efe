/* policy/: from essential edges to rules, and the proof that they permit exactly what they should. Pure. */
#pragma once

#include "base.h"
#include "model/map.h"
#include "model/policy.h"
#include "model/visibility.h"

#define AM_POLICY_ERROR (am_policy_error_quark())
GQuark am_policy_error_quark(void);
typedef enum { AM_POLICY_ERROR_INVALID, AM_POLICY_ERROR_PROOF } AmPolicyError;

typedef struct {
	AmGranularity granularity;
	AmPolicyDefault default_action;
	int64_t now_ns;
	const char *tool_version;
	/* Of the same map. Default deny is proposed for pairs of subnets that were seen both ways or declared, without hosts of
	 * which one direction is missing; NULL = for all. */
	const AmVisibility *visibility;
} AmRecommendOptions;

/* Rules from the essential edges of `map`, and from the local ones that come again and that a host's own list must let through:
 * multicast and link-local addresses, but not DHCP, neighbour discovery and IGMP, which every such list permits. Undecided
 * edges get none. Equal rows and columns are contracted; prefixes are minimal and exact (none holds an address that is no
 * member); ports of the same pair of peers share a rule. */
AmPolicy *am_policy_recommend(const AmMap *map, const AmRecommendOptions *options);

/* Sorts and deduplicates everything inside, and sets each rule's id from the SHA-256 of its expanded meaning: the member
 * prefixes of its peers by network, and the service; not names, evidence or status. The same meaning, the same id. Of
 * rules that say the same one is kept, so that what is permitted does not change. */
void am_policy_canonicalise(AmPolicy *policy);

/* The same for a policy that was read from a document, whose ids are those that were written. Error
 * AM_POLICY_ERROR_INVALID when two rules say the same, or a rule that was decided (not proposed) does not say what its id
 * stands for: then it was changed after the decision. */
gboolean am_policy_settle(AmPolicy *policy, GError **error);

/* Rules whose time is over by `now_ns` permit nothing from now on: their status becomes expired, unless they are rejected. */
void am_policy_expire(AmPolicy *policy, int64_t now_ns);
/* Proposed rules that are to be approved one by one permit nothing from now on: they become rejected. How many these are. */
guint am_policy_withhold(AmPolicy *policy);

/* Proof against the map, both ways: every essential edge is permitted; every permitted (client, server, protocol, port)
 * that was never essential is counted in the over_grant of each rule that permits it, or in its over_grant_unseen
 * where one of the two addresses was never seen (both set here), over addresses of the same network and family. "any" is everybody in each network, also in those that the policy does not name. Counterexamples of
 * the first kind: error AM_POLICY_ERROR_PROOF with up to 10 of them in the message. */
gboolean am_policy_prove(AmPolicy *policy, const AmMap *map, GError **error);

/* Do two policies permit the same packets? Addresses and ports are split into atoms (Yang and Lam, ToN 2016) and compared
 * as sets; names, evidence, ids do not matter. Networks do, unless one of the two names none and the other just one (an
 * enforcement point knows no networks). Rules that are rejected or expired permit nothing. On a difference: error
 * AM_POLICY_ERROR_PROOF with counterexamples of both kinds. Used on what an export says when it is parsed back. */
gboolean am_policy_equal(const AmPolicy *a, const AmPolicy *b, GError **error);

/* Do two policies deny the same by default, once enforced? What no rule permits is denied where `visible` says, or everywhere,
 * or, with the default monitor, nowhere. As am_policy_equal(). */
gboolean am_policy_equal_default(const AmPolicy *a, const AmPolicy *b, GError **error);

/* The networks that the policy names, ascending: those of its groups, and "default" where rules hold addresses themselves, or
 * where there are neither. Borrowed const char *; g_ptr_array_unref(). */
GPtrArray *am_policy_networks(const AmPolicy *policy);

/* What the policy says in one network, for an enforcement point there: groups and addresses of other networks are taken out,
 * and rules that then have an end with nobody. Ids, status and evidence stay those of the whole rule, "any" stays any, so
 * that it permits there what the policy permits there. Canonical if the policy is. */
AmPolicy *am_policy_of_network(const AmPolicy *policy, const char *network);

/* Is this (client, server, protocol, port; ICMP: type << 8 | code) permitted, in any of the policy's networks? Sets
 * *ret_rule (borrowed) if not NULL. The policy must be canonical. O(rules), each O(log members). */
gboolean am_policy_permits(const AmPolicy *policy, const AmAddress *client, const AmAddress *server,
			   uint8_t ip_protocol, uint16_t port, const AmRule **ret_rule);
