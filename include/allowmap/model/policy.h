/* The policy document: groups, rules, default deny. `data/policy.schema.json` is the authority for its names. */
#pragma once

#include "address.h"
#include "middlebox.h"
#include "related.h"
#include "run.h"
#include "verdict.h"

#include <glib.h>

typedef enum { AM_GRANULARITY_GROUP, AM_GRANULARITY_EXACT } AmGranularity;
typedef enum { AM_DEFAULT_DENY, AM_DEFAULT_DENY_LOG, AM_DEFAULT_MONITOR } AmPolicyDefault;
typedef enum { AM_STATUS_PROPOSED, AM_STATUS_APPROVED, AM_STATUS_REJECTED, AM_STATUS_EXPIRED } AmRuleStatus;
typedef enum { AM_ORIGIN_OBSERVED, AM_ORIGIN_DECLARED, AM_ORIGIN_IMPORTED } AmRuleOrigin;

typedef struct {
	uint16_t low, high; /* inclusive, low <= high */
} AmPortRange;

typedef struct {
	uint8_t type;
	int16_t code; /* -1 = any */
} AmIcmpType;

/* One of: ports of TCP/UDP/SCTP; types of ICMP/ICMPv6; a bare protocol (both arrays empty). Arrays sorted, disjoint. */
typedef struct {
	uint8_t ip_protocol;
	GArray *ports; /* AmPortRange */
	GArray *types; /* AmIcmpType */
} AmService;

typedef struct {
	char *name;                       /* ^[a-z][a-z0-9]{0,11}(-[a-z0-9]{1,8}){0,2}$ */
	char *label;                      /* free text, never reaches generated rules; may be NULL */
	char *network;                    /* address space; NULL = the default one */
	GArray *members;                  /* AmPrefix, sorted, disjoint */
	char *owner, *application, *site; /* metadata, free text; may be NULL */
} AmPolicyGroup;

/* A rule's end: groups and prefixes, or everybody. */
typedef struct {
	gboolean any;
	GPtrArray *groups; /* char *, sorted */
	GArray *prefixes;  /* AmPrefix, sorted */
} AmPeer;

typedef struct {
	uint64_t connections, bytes;
	int64_t first_ns, last_ns;
	uint32_t days;
	AmDirection direction; /* the weakest among its edges */
	char l7[32];           /* the most frequent; empty = none */
	uint8_t l7_confidence; /* AmL7Confidence */
	uint8_t related;       /* AmRelatedKind: its ports were announced by connections of this kind */
	uint32_t edges;        /* essential edges behind it */
	uint8_t client; /* AmClientView: HIDDEN where a middlebox asks for others in any of them; else not told */
} AmRuleEvidence;

typedef struct {
	char id[15]; /* "r-" + 12 hex digits of the hash of its canonical bytes */
	AmPeer from, to;
	AmService service;
	AmRuleStatus status;
	AmRuleEvidence evidence;
	/* Permitted (client, server, protocol, port) that were never seen essential, between addresses that were seen, and with one
	 * that was not; each capped at 2^63 - 1. */
	uint64_t over_grant, over_grant_unseen;
	AmRuleOrigin origin;
	/* Of a sanctioned scanner or monitoring: nothing enforces it before somebody has approved it by itself. */
	gboolean explicit_approval;
	char *comment, *owner, *reason, *ticket; /* metadata, free text; may be NULL */
	int64_t expires_ns;                      /* 0 = never */
} AmRule;

/* Where default deny holds: connections from here to there. */
typedef struct {
	char *network;     /* address space; NULL = the default one */
	GArray *from, *to; /* AmPrefix, sorted, disjoint */
} AmScope;

typedef struct {
	char *tool_version;
	int64_t generated_ns;
	char map_revision[17];
	AmGranularity granularity;
	AmPolicyDefault default_action;
	GArray *inputs;    /* AmInput: what it was learned from; path, kind, sha256, first, last */
	GPtrArray *groups; /* AmPolicyGroup *, sorted by name */
	GPtrArray *rules;  /* AmRule *, sorted by id */
	/* AmScope *: the default is to deny only there, elsewhere to monitor; NULL = everywhere. */
	GPtrArray *visible;
	GPtrArray *missing_taps; /* char *: where a mirror would show what was not seen; free text */
	guint64 undecided;       /* edges left out because they are undecided */
	/* Of these, those that rules between groups permit all the same. Set by the proof; not part of the document. */
	guint64 undecided_permitted;
} AmPolicy;
