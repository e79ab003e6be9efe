/* Measures of an edge that speak for others, or against them. Private to the room. */
#pragma once

#include "ports.h"
#include "work.h"

#include <string.h>

/* Answer payload per connection. */
static inline double am_edge_served(const AmEdge *edge)
{
	return (double)edge->counts.payload[1] / (double)MAX(edge->connections, 1);
}

/* About as much as `amount`, or more. */
static inline gboolean am_edge_is_served(const AmEdge *edge, double amount)
{
	return am_edge_served(edge) >= AM_CONFORM_SHARE * amount;
}

/* What both sides said per connection. */
static inline double am_edge_exchanged(const AmEdge *edge)
{
	return am_edge_served(edge) + (double)edge->counts.payload[0] / (double)MAX(edge->connections, 1);
}

/* On another day, and not because a connection or a visit went over midnight. */
static inline gboolean am_edge_comes_again(const AmEdge *edge)
{
	return edge->days >= 2 && edge->connections >= 2 && edge->last_ns - edge->first_ns >= AM_RETURN_NS;
}

/* Adds the hours in which an edge was active, counted from the epoch, as pointers. */
static inline void am_edge_add_hours(const AmMapWork *work, const AmEdgeNotes *notes, GHashTable *hours)
{
	for (uint32_t a = notes->first_arc; a < notes->first_arc + notes->n_arcs; a++) {
		const AmTally *tally = am_work_tally(work, g_array_index(work->arcs, AmArc, a).tally);
		for (int hour = 0; hour < 24; hour++) {
			if ((tally->hours >> hour & 1) != 0)
				g_hash_table_add(hours, GINT_TO_POINTER(tally->key.day * 24 + hour));
		}
	}
}

/* A login by its port, or on whichever port by what is spoken. */
static inline gboolean am_edge_speaks_login(const AmEdge *edge)
{
	static const char *const words[] = {"ssh", "rdp", "vnc", "telnet"};
	gboolean known = edge->n_l7 > 0 && edge->l7[0].confidence == AM_L7_DPI;
	const char *word = known ? am_l7_group_name(edge->l7[0].name) : NULL;
	for (size_t n = 0; word != NULL && n < G_N_ELEMENTS(words); n++) {
		if (strcmp(word, words[n]) == 0)
			return TRUE;
	}
	return am_port_is_admin(edge->ip_protocol, edge->port);
}
