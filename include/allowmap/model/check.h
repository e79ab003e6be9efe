/* What a port, or a capture, shows: whether it is fit to learn from. */
#pragma once

#include "encapsulation.h"
#include "packet.h"

#include <glib.h>

enum { AM_CHECK_TCP, AM_CHECK_UDP, AM_CHECK_OTHER, AM_N_CHECK_KINDS };

typedef struct {
	uint16_t vlan, inner_vlan; /* 0 = untagged */
	uint64_t packets;
} AmCheckVlan;

typedef struct {
	AmPrefix prefix;  /* /24, /64 */
	uint64_t packets; /* from it or to it */
} AmCheckSubnet;

typedef struct {
	gboolean is_live;
	int64_t first_ns, last_ns; /* of the frames */
	uint64_t frames, bytes;    /* octets on the wire */
	uint64_t packets;          /* that could be decoded */
	uint64_t skipped[AM_N_SKIP_REASONS];
	uint64_t cut_frames; /* captured in part */
	uint64_t unicast;    /* packets to one machine, by MAC (where there is one), else by address */
	GArray *vlans;       /* AmCheckVlan, most packets first */
	GArray *subnets;     /* AmCheckSubnet, most packets first; unicast addresses only */
	uint64_t tunnels[AM_N_ENCAPSULATIONS]; /* packets by what they travel in, VLANs aside */
	uint64_t fragments;                    /* later ones */
	/* Unicast conversations; those of which both directions were seen. */
	uint64_t conversations[AM_N_CHECK_KINDS], two_way[AM_N_CHECK_KINDS];
	uint64_t not_followed; /* packets of conversations past what is kept in memory */
	uint64_t duplicates;   /* packets with payload that came twice within a moment, TTL and VLAN aside */
	/* TCP payload that was seen, and that was acknowledged by its receiver, yet never seen. */
	uint64_t tcp_seen, tcp_unseen;
	uint64_t dropped_kernel, dropped_interface; /* live */
	uint64_t steps_back;                        /* frames more than a second earlier than the one before them */
	int64_t clock_off_ns; /* live: most that a frame's time was away from this machine's clock */
	GPtrArray *advice;    /* char *: what to ask for, in plain words */
} AmPortCheck;
