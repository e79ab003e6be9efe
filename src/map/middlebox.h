/* What the files about middleboxes share. Private to map/. */
#pragma once

#include "work.h"

/* What is known of addresses of interest while middleboxes are found. */
typedef struct {
	AmMapWork *work;
	AmTable *places; /* endpoint (uint64_t) → index into the map's middleboxes, which are not sorted yet */
	AmTable *asks;   /* (endpoint, TCP, port) as am_socket_key, of what is asked on in a middlebox's own name */
} AmMiddleboxWork;

/* The endpoint's entry, made when there is none. Lent until the next call. */
AmMiddlebox *am_middlebox_add(AmMiddleboxWork *found, uint32_t endpoint);
/* Adds to what is told in words, with "; " between. */
void am_middlebox_tell(AmMiddlebox *box, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* middlebox-legs.c: sets the map's legs; needs its relays. */
void am_middlebox_find_legs(AmMap *map);
/* Adds to what `explain flow` tells. */
void am_middlebox_explain(GString *text, const AmMap *map, uint32_t edge);
/* middlebox-relays.c: what was handed on. */
void am_middlebox_find_relays(AmMiddleboxWork *found);
