/* A shard that is fed packet by packet, for the tests of flow/. */
#pragma once

#include <allowmap/flow.h>

#include <stdio.h>
#include <string.h>

#include "flow-packets.h"
#include "unit.h"

#define CLIENT "10.0.0.1"
#define SERVER "10.0.0.2"
#define SYN AM_TCP_SYN
#define ACK AM_TCP_ACK
#define FIN AM_TCP_FIN
#define RST AM_TCP_RST

typedef struct {
	AmFlowShard *shard;
	AmConnectionBatch out;
	uint64_t ordinal;
} Flow;

static inline Flow flow_new(const AmFlowOptions *options)
{
	GError *error = NULL;
	Flow flow = {.shard = am_flow_shard_new(options, &error)};
	CU_ASSERT_PTR_NOT_NULL_FATAL(flow.shard);
	CU_ASSERT_PTR_NULL(error);
	return flow;
}

static inline Flow flow_default(void)
{
	const AmFlowOptions options = {.seed = 7};
	return flow_new(&options);
}

static inline void flow_end(Flow *flow)
{
	am_flow_shard_free(flow->shard);
	am_connection_batch_clear(&flow->out);
}

static inline void feed(Flow *flow, const TestPacket *t)
{
	am_flow_shard_packet(flow->shard, &t->packet, ++flow->ordinal, &flow->out);
}

/* From the client (10.0.0.1:40000 → 10.0.0.2:80) when `up`, else back. The client is lo. */
static inline void tcp(Flow *flow, double seconds, gboolean up, uint8_t flags, uint32_t sequence, uint32_t ack,
		       const char *payload)
{
	TestPacket t;
	if (up)
		test_tcp(&t, seconds, CLIENT, 40000, SERVER, 80, flags, sequence, ack, payload);
	else
		test_tcp(&t, seconds, SERVER, 80, CLIENT, 40000, flags, sequence, ack, payload);
	feed(flow, &t);
}

static inline void udp(Flow *flow, double seconds, const char *source, uint16_t source_port, const char *destination,
		       uint16_t destination_port, const void *payload, size_t size)
{
	TestPacket t;
	test_packet(&t, seconds, AM_PROTO_UDP, source, source_port, destination, destination_port, payload, size);
	feed(flow, &t);
}

/* Ends all, and checks how many records there are. */
static const AmConnection *flush(Flow *flow, size_t n)
{
	am_flow_shard_flush(flow->shard, &flow->out);
	CU_ASSERT_EQUAL_FATAL(flow->out.n, n);
	return flow->out.records;
}

static inline void handshake(Flow *flow, double seconds, uint32_t client, uint32_t server)
{
	tcp(flow, seconds, TRUE, SYN, client, 0, NULL);
	tcp(flow, seconds + .01, FALSE, SYN | ACK, server, client + 1, NULL);
	tcp(flow, seconds + .02, TRUE, ACK, client + 1, server + 1, NULL);
}

static const uint8_t dns_query[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07"
				   "example\x03"
				   "com\x00\x00\x01\x00\x01";

static const uint8_t dns_answer[] =
	"\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x07"
	"example\x03"
	"com\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x5d\xb8\xd8\x22";
