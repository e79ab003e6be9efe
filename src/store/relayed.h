/* Which connections are one that a middlebox handed on. Private to store/. */
#pragma once

#include "allowmap/model/relayed.h"
#include "allowmap/store.h"

/* A TCP connection with words both ways. Index 0 is client→server. */
typedef struct {
	uint32_t network;
	AmAddress client, server;
	uint16_t client_port, server_port;
	int64_t first_ns, last_ns;
	uint64_t packets[2], payload[2];
} AmRelayable;

typedef struct AmRelayFinder AmRelayFinder;
AmRelayFinder *am_relay_finder_new(void);
void am_relay_finder_free(AmRelayFinder *finder);
/* In the order in which they began. */
void am_relay_finder_add(AmRelayFinder *finder, const AmRelayable *connection);
/* What was found so far and is no single coincidence, sorted by key: AmRelayed. g_array_unref() */
GArray *am_relay_finder_list(const AmRelayFinder *finder);
/* By kind, front, client, server. */
int am_relayed_compare(gconstpointer a, gconstpointer b);
