/* What listeners were found to speak, so that not every connection to them is inspected. Private to flow/. */
#pragma once

#include "classify.h"

#include <allowmap/model/address.h>

typedef enum {
	AM_INSPECT_FULL,
	AM_INSPECT_BRIEF, /* until the first word: protocol and server name */
	AM_INSPECT_NONE,  /* as learned */
} AmInspection;

typedef struct {
	AmAddress server;
	uint8_t ip_protocol;
	uint16_t port;
	uint16_t network;
} AmListenerKey;

typedef struct AmSampler AmSampler;
AmSampler *am_sampler_new(uint64_t key0, uint64_t key1); /* of its hash */
void am_sampler_free(AmSampler *sampler);

/* How much a new connection to this listener is inspected. With AM_INSPECT_NONE, `ret_learned` is what it speaks. */
AmInspection am_sampler_ask(AmSampler *sampler, const AmListenerKey *key, AmDpiSlot *ret_learned);
/* What a full inspection of a connection with payload found. */
void am_sampler_tell(AmSampler *sampler, const AmListenerKey *key, const AmDpiSlot *found);
