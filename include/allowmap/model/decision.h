/* Decisions: what people said. They name endpoints and ports, never a derived id, and survive every re-run. */
#pragma once

#include "address.h"
#include "declared.h"
#include "encapsulation.h"
#include "inventory.h"
#include "middlebox.h"
#include "verdict.h"

#include <glib.h>

/* A verdict set by hand on (client, server, protocol, port). A prefix may be wider than one host. Strings owned. With this in
 * place of a verdict it takes back what was said of the same flows before: as if nothing had been said. */
#define AM_OVERRIDE_WITHDRAWN AM_N_VERDICTS
typedef struct {
	char *network; /* name; NULL = any */
	AmPrefix client, server;
	int ip_protocol;   /* -1 = any */
	int port;          /* server port; ICMP: type << 8 | code; -1 = any */
	AmVerdict verdict; /* or AM_OVERRIDE_WITHDRAWN */
	char *who, *why;
	int64_t at_ns;
} AmOverride;

/* "This address serves this port": the user-hint step of the direction ladder. */
typedef struct {
	char *network;
	AmPrefix server;
	int ip_protocol, port;
} AmHint;

/* Which network is in an encapsulation. Of the rows of one (sensor, kind, id) the newest counts; a sensor's own go before any
 * sensor's, then a number's own before any number's. Strings owned. */
#define AM_NETWORK_RULE_ANY_ID (-1)
typedef struct {
	char *sensor; /* UUID; NULL = any */
	AmEncapsulation kind;
	int64_t id;
	char *network; /* name; NULL = taken back: as if nothing had been said */
	char *who, *why;
	int64_t at_ns;
} AmNetworkRule;

typedef struct {
	GArray *overrides; /* AmOverride, oldest first; the newest that matches wins */
	GArray *hints;     /* AmHint */
	GArray *networks;  /* AmNetworkRule, oldest first */
	/* Oldest first, also those that were taken back; NULL = none. */
	GPtrArray *declarations; /* AmDeclaration * */
	GPtrArray *group_edits;  /* AmGroupEdit * */
	GPtrArray *taps;         /* AmTaps * */
	GArray *imports;         /* AmImport, those in force, oldest first */
	GArray *labels;          /* AmLabel, import by import */
	GArray *leases;          /* AmLease, the same */
	GArray *middleboxes;     /* AmMiddleboxHint, oldest first; the newest of an address counts */
} AmDecisionSet;
