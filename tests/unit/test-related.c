/* Announcements of dynamic ports: what each message announces, whole and cut at every length; and what the connections that
 * follow are related to. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow-shard.h"
#include "related.h"

#define CLIENT "10.0.0.1"
#define SERVER "10.0.0.2"
#define OTHER "10.0.0.3"
#define T AM_PROTO_TCP
#define U AM_PROTO_UDP
#define B(text) text, sizeof(text) - 1

/* ---- Messages */

typedef struct {
	const char *what;
	AmRelatedKind kind;
	enum { FROM_CLIENT, FROM_SERVER, FROM_CLIENT6 } from;
	const char *bytes;
	size_t size;
	const char *announced; /* as text */
} Message;

#define FTP_SERVER AM_RELATED_FTP, FROM_SERVER
#define FTP_CLIENT AM_RELATED_FTP, FROM_CLIENT
#define FTP_CLIENT6 AM_RELATED_FTP, FROM_CLIENT6
#define SDP(body) "INVITE sip:b@10.0.0.2 SIP/2.0\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n" body
#define PDU(type) "\5\0" type "\3\x10\0\0\0\xac\0\0\0\1\0\0\0\x80\0\0\0\0\0\0\0"
#define TOWER(port, address) "\1\0\x0b\2\0\0\0\1\0\x07\2\0" port "\1\0\x09\4\0" address

static const Message messages[] = {
	{"227", FTP_SERVER, B("227 Entering Passive Mode (10,0,0,2,19,137)\r\n"), "tcp/5001 "},
	{"227 without brackets", FTP_SERVER, B("227 Passive 10,0,0,2,19,137\r\n"), "tcp/5001 "},
	{"227 behind another line", FTP_SERVER, B("200 ok\r\n227 x (10,0,0,2,19,137).\r\n"), "tcp/5001 "},
	{"227 of a third host", FTP_SERVER, B("227 Entering Passive Mode (10,0,0,3,19,137)\r\n"), ""},
	{"227 with too much", FTP_SERVER, B("227 Entering Passive Mode (10,0,0,2,19,256)\r\n"), ""},
	{"227 with too many digits", FTP_SERVER, B("227 (10,0,0,2,19,0000137)\r\n"), ""},
	{"227 with too little", FTP_SERVER, B("227 Entering Passive Mode (10,0,0,2,19)\r\n"), ""},
	{"227 from the client", FTP_CLIENT, B("227 Entering Passive Mode (10,0,0,1,19,137)\r\n"), ""},
	{"229", FTP_SERVER, B("229 Entering Extended Passive Mode (|||6446|)\r\n"), "tcp/6446 "},
	{"229 with another bar", FTP_SERVER, B("229 x (!!!6446!)\r\n"), "tcp/6446 "},
	{"229 with a number too large", FTP_SERVER, B("229 x (|||65536|)\r\n"), ""},
	{"229 with a digit as bar", FTP_SERVER, B("229 x (111644611)\r\n"), ""},
	{"PORT", FTP_CLIENT, B("PORT 10,0,0,1,19,137\r\n"), "tcp/5001 "},
	{"PORT in small letters", FTP_CLIENT, B("port 10,0,0,1,19,137\n"), "tcp/5001 "},
	{"PORT to a third host", FTP_CLIENT, B("PORT 10,0,0,3,19,137\r\n"), ""},
	{"PORT from the server", FTP_SERVER, B("PORT 10,0,0,2,19,137\r\n"), ""},
	{"PORT over IPv6", FTP_CLIENT6, B("PORT 32,1,13,184,19,137\r\n"), ""},
	{"EPRT", FTP_CLIENT, B("EPRT |1|10.0.0.1|6275|\r\n"), "tcp/6275 "},
	{"EPRT over IPv6", FTP_CLIENT6, B("EPRT |2|2001:db8::1|6275|\r\n"), "tcp/6275 "},
	{"EPRT to a third host", FTP_CLIENT, B("EPRT |1|10.0.0.3|6275|\r\n"), ""},
	{"EPRT of another family", FTP_CLIENT, B("EPRT |2|10.0.0.1|6275|\r\n"), ""},
	{"a file of that name", FTP_CLIENT, B("RETR PORT 10,0,0,1,19,137\r\n"), ""},
	{"TFTP read", AM_RELATED_TFTP, FROM_CLIENT, B("\0\1a\0octet\0"), "udp/40000 "},
	{"TFTP write with options", AM_RELATED_TFTP, FROM_CLIENT, B("\0\2a\0NetASCII\0blksize\0001428\0"),
	 "udp/40000 "},
	{"TFTP with an unknown mode", AM_RELATED_TFTP, FROM_CLIENT, B("\0\1a\0binary\0"), ""},
	{"TFTP data", AM_RELATED_TFTP, FROM_CLIENT, B("\0\3\0\1octet\0octet\0"), ""},
	{"SDP", AM_RELATED_SIP, FROM_CLIENT, B(SDP("c=IN IP4 10.0.0.1\r\nm=audio 49170 RTP/AVP 0\r\n")),
	 "udp/49170 udp/49171 "},
	{"SDP with RTCP elsewhere", AM_RELATED_SIP, FROM_CLIENT,
	 B(SDP("c=IN IP4 10.0.0.1\r\nm=audio 49170 RTP/AVP 0\r\na=rtcp:53020\r\n")), "udp/49170 udp/53020 "},
	{"SDP with RTCP on a third host", AM_RELATED_SIP, FROM_CLIENT,
	 B(SDP("c=IN IP4 10.0.0.1\r\nm=audio 49170 RTP/AVP 0\r\na=rtcp:53020 IN IP4 10.0.0.3\r\n")), "udp/49170 "},
	{"SDP with two media", AM_RELATED_SIP, FROM_SERVER,
	 B(SDP("c=IN IP4 10.0.0.3\r\nm=audio 7000 RTP/AVP 0\r\nm=video 8000/2 RTP/SAVPF 96\r\nc=IN IP4 10.0.0.2\r\n")),
	 "udp/8000 udp/8001 "},
	{"SDP of a fax", AM_RELATED_SIP, FROM_CLIENT, B(SDP("c=IN IP4 10.0.0.1\r\nm=image 7000 udptl t38\r\n")),
	 "udp/7000 "},
	{"SDP over TCP", AM_RELATED_SIP, FROM_CLIENT, B(SDP("c=IN IP4 10.0.0.1\r\nm=message 7000 TCP/MSRP *\r\n")), ""},
	{"SDP that refuses", AM_RELATED_SIP, FROM_CLIENT, B(SDP("c=IN IP4 10.0.0.1\r\nm=audio 0 RTP/AVP 0\r\n")), ""},
	{"SDP of a third host", AM_RELATED_SIP, FROM_CLIENT, B(SDP("c=IN IP4 10.0.0.3\r\nm=audio 7000 RTP/AVP 0\r\n")),
	 ""},
	{"not SIP", AM_RELATED_SIP, FROM_CLIENT, B("x\r\n\r\nv=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 7000 RTP/AVP 0\r\n"),
	 ""},
	{"endpoint mapper", AM_RELATED_MSRPC, FROM_SERVER, B(PDU("\2") TOWER("\xc2\x03", "\x0a\0\0\2") "\0\0\0\0"),
	 "tcp/49667 "},
	{"endpoint mapper, no address", AM_RELATED_MSRPC, FROM_SERVER, B(PDU("\2") "xyz" TOWER("\xc2\x03", "\0\0\0\0")),
	 "tcp/49667 "},
	{"endpoint mapper, two towers", AM_RELATED_MSRPC, FROM_SERVER,
	 B(PDU("\2") TOWER("\xc2\x03", "\0\0\0\0") TOWER("\xc2\x04", "\x0a\0\0\2")), "tcp/49667 tcp/49668 "},
	{"endpoint mapper, third host", AM_RELATED_MSRPC, FROM_SERVER, B(PDU("\2") TOWER("\xc2\x03", "\x0a\0\0\3")),
	 ""},
	{"a request to it", AM_RELATED_MSRPC, FROM_SERVER, B(PDU("\0") TOWER("\xc2\x03", "\0\0\0\0")), ""},
};

static void read_message(const Message *message, size_t size, AmAnnounced *announced)
{
	TestPacket t;
	static const char *const senders[] = {CLIENT, SERVER, "2001:db8::1"}, *const peers[] = {SERVER, CLIENT,
												"2001:db8::2"};
	gboolean from_server = message->from == FROM_SERVER;
	/* On the heap and of just this size, so that a sanitizer sees every octet too far. */
	g_autofree char *bytes = size > 0 ? g_memdup2(message->bytes, size) : NULL;
	test_packet(&t, 1, U, senders[message->from], from_server ? 21 : 40000, peers[message->from], 40000, NULL, 0);
	t.packet.payload = (const uint8_t *)bytes;
	t.packet.payload_size = (uint32_t)size;
	*announced = (AmAnnounced){0};
	if (size == 0)
		return;
	if (message->kind == AM_RELATED_FTP)
		am_announced_ftp(&t.packet, from_server, announced);
	else if (message->kind == AM_RELATED_TFTP)
		am_announced_tftp(&t.packet, announced);
	else if (message->kind == AM_RELATED_SIP)
		am_announced_sip(&t.packet, announced);
	else
		am_announced_msrpc(&t.packet, announced);
}

static char *text_of(const AmAnnounced *announced)
{
	GString *text = g_string_new(NULL);
	for (guint n = 0; n < announced->n; n++)
		g_string_append_printf(text, "%s/%u ", announced->at[n].ip_protocol == T ? "tcp" : "udp",
				       announced->at[n].port);
	return g_string_free(text, FALSE);
}

static void test_messages(void)
{
	for (size_t n = 0; n < G_N_ELEMENTS(messages); n++) {
		const Message *message = &messages[n];
		AmAnnounced announced;
		read_message(message, message->size, &announced);
		g_autofree char *text = text_of(&announced);
		if (strcmp(text, message->announced) != 0)
			printf("%s: %s instead of %s\n", message->what, text, message->announced);
		CU_ASSERT_STRING_EQUAL(text, message->announced);
	}
}

/* A message that is cut announces less, or the default port of RTCP, but no other one. */
static void test_cut_messages(void)
{
	for (size_t n = 0; n < G_N_ELEMENTS(messages); n++) {
		for (size_t size = 0; size < messages[n].size; size++) {
			AmAnnounced announced;
			read_message(&messages[n], size, &announced);
			for (guint a = 0; a < announced.n; a++) {
				g_autofree char *port = g_strdup_printf("/%u ", announced.at[a].port);
				CU_ASSERT(strstr(messages[n].announced, port) != NULL || announced.at[a].port == 49171);
			}
		}
	}
}

static void test_many_in_one(void)
{
	g_autoptr(GString) text = g_string_new(NULL);
	for (guint n = 0; n < 40; n++)
		g_string_append_printf(text, "227 (10,0,0,2,19,%u)\r\n", n);
	const Message message = {"many", FTP_SERVER, text->str, text->len, ""};
	AmAnnounced announced;
	read_message(&message, text->len, &announced);
	CU_ASSERT_EQUAL(announced.n, AM_MAX_ANNOUNCED);
}

/* ---- Connections */

static void feed(Flow *flow, TestPacket *t)
{
	t->packet.network = flow->network;
	am_flow_shard_packet(flow->shard, &t->packet, ++flow->ordinal, &flow->out);
}

static void udp(Flow *flow, double seconds, const char *source, uint16_t source_port, const char *destination,
		uint16_t destination_port, const void *payload, size_t size)
{
	TestPacket t;
	test_packet(&t, seconds, U, source, source_port, destination, destination_port, payload, size);
	feed(flow, &t);
}

static void tcp(Flow *flow, double seconds, const char *source, uint16_t source_port, const char *destination,
		uint16_t destination_port, uint8_t flags, const void *payload, size_t size)
{
	TestPacket t;
	test_packet(&t, seconds, T, source, source_port, destination, destination_port, payload, size);
	t.packet.tcp_flags = flags;
	t.packet.tcp_sequence = (uint32_t)flow->ordinal * 100;
	t.bytes[33] = flags;
	feed(flow, &t);
}

#define SAYS AM_TCP_ACK
#define OPENS AM_TCP_SYN

/* What the connection with this port is related to, once all have ended. */
static AmRelated related_of(Flow *flow, uint16_t port)
{
	if (flow->out.n == 0)
		am_flow_shard_flush(flow->shard, &flow->out);
	for (size_t n = 0; n < flow->out.n; n++) {
		if (flow->out.records[n].port_lo == port || flow->out.records[n].port_hi == port)
			return flow->out.records[n].related;
	}
	CU_FAIL("no such connection");
	return 0;
}

static void test_ftp(void)
{
	Flow flow = flow_new();
	const AmRelated ftp = am_related(AM_RELATED_FTP, 1, T, 21);
	tcp(&flow, 1, SERVER, 21, CLIENT, 40000, SAYS, B("227 x (10,0,0,2,19,137)\r\n"));
	tcp(&flow, 2, CLIENT, 40001, SERVER, 5001, OPENS, NULL, 0);
	tcp(&flow, 3, CLIENT, 40000, SERVER, 21, SAYS, B("PORT 10,0,0,1,19,138\r\n"));
	tcp(&flow, 4, SERVER, 20, CLIENT, 5002, OPENS, NULL, 0);
	tcp(&flow, 5, SERVER, 21, CLIENT, 40000, SAYS, B("229 x (|||5003|)\r\n"));
	tcp(&flow, 6, SERVER, 5003, CLIENT, 40003, AM_TCP_SYN | AM_TCP_ACK, NULL, 0); /* its SYN was missed */
	tcp(&flow, 7, CLIENT, 40004, SERVER, 5004, OPENS, NULL, 0);                   /* nobody announced it */
	tcp(&flow, 8, SERVER, 5001, CLIENT, 40005, OPENS, NULL, 0); /* from there, where it was announced to */
	CU_ASSERT_EQUAL(related_of(&flow, 40001), ftp);
	CU_ASSERT_EQUAL(related_of(&flow, 5002), ftp);
	CU_ASSERT_EQUAL(related_of(&flow, 5003), ftp);
	CU_ASSERT_EQUAL(related_of(&flow, 40004), 0);
	CU_ASSERT_EQUAL(related_of(&flow, 40005), 0);
	CU_ASSERT_EQUAL(related_of(&flow, 40000), 0);
	CU_ASSERT_EQUAL(am_related_kind(ftp), AM_RELATED_FTP);
	CU_ASSERT_EQUAL(am_related_server(ftp), 1);
	CU_ASSERT_EQUAL(am_related_protocol(ftp), T);
	CU_ASSERT_EQUAL(am_related_port(ftp), 21);
	flow_end(&flow);
}

/* A bounce: the third host is not related, whichever way, and neither is a well-known port. */
static void test_ftp_bounce(void)
{
	Flow flow = flow_new();
	tcp(&flow, 1, CLIENT, 40000, SERVER, 21, SAYS, B("PORT 10,0,0,3,19,137\r\nPORT 10,0,0,1,0,22\r\n"));
	tcp(&flow, 2, SERVER, 20, OTHER, 5001, OPENS, NULL, 0);
	tcp(&flow, 3, SERVER, 20, CLIENT, 22, OPENS, NULL, 0);
	tcp(&flow, 4, SERVER, 30000, CLIENT, 5001, OPENS, NULL, 0);
	CU_ASSERT_EQUAL(related_of(&flow, 5001), 0);
	CU_ASSERT_EQUAL(related_of(&flow, 22), 0);
	CU_ASSERT_EQUAL(related_of(&flow, 30000), 0);
	flow_end(&flow);
}

static void test_expiry_and_networks(void)
{
	Flow flow = flow_new();
	tcp(&flow, 1000, SERVER, 21, CLIENT, 40000, SAYS, B("227 x (10,0,0,2,19,137)\r\n"));
	flow.network = 1;
	tcp(&flow, 1001, CLIENT, 40001, SERVER, 5001, OPENS, NULL, 0);
	flow.network = 0;
	tcp(&flow, 1299, CLIENT, 40002, SERVER, 5001, OPENS, NULL, 0);
	tcp(&flow, 1300, CLIENT, 40003, SERVER, 5001, OPENS, NULL, 0);
	CU_ASSERT_EQUAL(related_of(&flow, 40001), 0);
	CU_ASSERT_NOT_EQUAL(related_of(&flow, 40002), 0);
	CU_ASSERT_EQUAL(related_of(&flow, 40003), 0);
	flow_end(&flow);
	/* Another input begins: what the first announced is forgotten, though its time may come again. */
	flow = flow_new();
	tcp(&flow, 1000, SERVER, 21, CLIENT, 40000, SAYS, B("227 x (10,0,0,2,19,137)\r\n"));
	am_flow_shard_flush(flow.shard, &flow.out);
	flow.out.n = 0;
	tcp(&flow, 1001, CLIENT, 40001, SERVER, 5001, OPENS, NULL, 0);
	CU_ASSERT_EQUAL(related_of(&flow, 40001), 0);
	flow_end(&flow);
}

static void test_tftp(void)
{
	Flow flow = flow_new();
	const AmRelated tftp = am_related(AM_RELATED_TFTP, 1, U, 69);
	udp(&flow, 1, CLIENT, 40000, SERVER, 69, B("\0\1a\0octet\0"));
	udp(&flow, 1.1, SERVER, 50000, CLIENT, 40000, B("\0\3\0\1text"));
	udp(&flow, 1.2, CLIENT, 40000, SERVER, 50000, B("\0\4\0\1"));
	udp(&flow, 1.3, CLIENT, 40000, SERVER, 53, B("\1\2\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"));
	udp(&flow, 1.4, OTHER, 50001, CLIENT, 40000, B("\0\3\0\1text"));
	CU_ASSERT_EQUAL(related_of(&flow, 50000), tftp);
	CU_ASSERT_EQUAL(related_of(&flow, 53), 0);
	CU_ASSERT_EQUAL(related_of(&flow, 50001), 0);
	CU_ASSERT_EQUAL(related_of(&flow, 69), 0);
	flow_end(&flow);
}

static void test_sip(void)
{
	Flow flow = flow_new();
	udp(&flow, 1, CLIENT, 5060, SERVER, 5060, B(SDP("c=IN IP4 10.0.0.1\r\nm=audio 49170 RTP/AVP 0\r\n")));
	udp(&flow, 2, SERVER, 30000, CLIENT, 49170, B("\x80\0\0\1"));
	udp(&flow, 3, CLIENT, 49171, SERVER, 30001, B("\x80\xc8\0\1"));
	udp(&flow, 4, OTHER, 30002, CLIENT, 49170, B("\x80\0\0\1"));
	CU_ASSERT_EQUAL(am_related_kind(related_of(&flow, 30000)), AM_RELATED_SIP);
	CU_ASSERT_EQUAL(am_related_kind(related_of(&flow, 30001)), AM_RELATED_SIP);
	CU_ASSERT_EQUAL(related_of(&flow, 30002), 0);
	flow_end(&flow);
}

static void test_msrpc(void)
{
	Flow flow = flow_new();
	const AmRelated msrpc = am_related(AM_RELATED_MSRPC, 1, T, 135);
	tcp(&flow, 1, SERVER, 135, CLIENT, 40000, SAYS, B(PDU("\2") TOWER("\xc2\x03", "\x0a\0\0\2")));
	tcp(&flow, 2, CLIENT, 40001, SERVER, 49667, OPENS, NULL, 0);
	tcp(&flow, 3, CLIENT, 40002, SERVER, 49667, OPENS, NULL, 0);
	tcp(&flow, 4, CLIENT, 40003, SERVER, 49668, OPENS, NULL, 0);
	CU_ASSERT_EQUAL(related_of(&flow, 40001), msrpc);
	CU_ASSERT_EQUAL(related_of(&flow, 40002), msrpc);
	CU_ASSERT_EQUAL(related_of(&flow, 40003), 0);
	flow_end(&flow);
}

#define CALL(xid, version, procedure, args)                                                                            \
	xid "\0\0\0\0\0\0\0\2\0\1\x86\xa0\0\0\0" version "\0\0\0" procedure ZERO16 "\0\1\x86\xa3\0\0\0\3" args
#define REPLY(xid, result) xid "\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" result
#define ZERO16 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static void test_sunrpc(void)
{
	Flow flow = flow_new();
	const AmRelated sunrpc = am_related(AM_RELATED_SUNRPC, 1, U, 111);
	udp(&flow, 1, SERVER, 111, CLIENT, 700, B(REPLY("aaaa", "\0\0\x0b\xb9"))); /* to no call */
	udp(&flow, 1, CLIENT, 700, SERVER, 111, B(CALL("bbbb", "\2", "\3", "\0\0\0\6\0\0\0\0")));
	udp(&flow, 1, SERVER, 111, CLIENT, 700, B(REPLY("cccc", "\0\0\x0b\xba"))); /* to another */
	udp(&flow, 1, SERVER, 111, CLIENT, 700, B(REPLY("bbbb", "\0\0\x0b\xbb")));
	udp(&flow, 1, SERVER, 111, CLIENT, 700, B(REPLY("bbbb", "\0\0\x0b\xbc"))); /* once more */
	udp(&flow, 1, CLIENT, 700, SERVER, 111, B(CALL("dddd", "\4", "\3", "\0\0\0\3udp\0\0\0\0\0\0\0\0\0")));
	udp(&flow, 1, SERVER, 111, CLIENT, 700,
	    B(REPLY("dddd", "\0\0\0\x0d"
			    "10.0.0.2.8.01\0\0\0")));
	udp(&flow, 1, CLIENT, 700, SERVER, 111, B(CALL("eeee", "\4", "\3", "\0\0\0\3tcp\0\0\0\0\0\0\0\0\0")));
	udp(&flow, 1, SERVER, 111, CLIENT, 700,
	    B(REPLY("eeee", "\0\0\0\x0d"
			    "10.0.0.3.8.02\0\0\0")));
	for (uint16_t n = 1; n <= 4; n++)
		tcp(&flow, 2, CLIENT, (uint16_t)(40000 + n), SERVER, (uint16_t)(3000 + n), OPENS, NULL, 0);
	udp(&flow, 2, CLIENT, 40005, SERVER, 2049, B("call"));
	tcp(&flow, 2, CLIENT, 40006, SERVER, 2050, OPENS, NULL, 0);
	CU_ASSERT_EQUAL(related_of(&flow, 3001), 0);
	CU_ASSERT_EQUAL(related_of(&flow, 3002), 0);
	CU_ASSERT_EQUAL(related_of(&flow, 3003), sunrpc);
	CU_ASSERT_EQUAL(related_of(&flow, 3004), 0);
	CU_ASSERT_EQUAL(related_of(&flow, 2049), sunrpc);
	CU_ASSERT_EQUAL(related_of(&flow, 2050), 0);
	flow_end(&flow);
}

/* Over TCP a message has a record mark; any octet may be the last one captured. */
static void test_sunrpc_over_tcp(void)
{
	static const char call[] = "\x80\0\0\x38" CALL("bbbb", "\2", "\3", "\0\0\0\6\0\0\0\0");
	static const char reply[] = "\x80\0\0\x1c" REPLY("bbbb", "\0\0\x0b\xbb");
	for (size_t cut = 0; cut < sizeof call + sizeof reply - 2; cut++) {
		size_t call_size = MIN(cut + 1, sizeof call - 1);
		size_t reply_size = cut + 1 >= sizeof call ? cut + 2 - sizeof call : 0;
		Flow flow = flow_new();
		tcp(&flow, 1, CLIENT, 700, SERVER, 111, SAYS, call, call_size);
		tcp(&flow, 1, SERVER, 111, CLIENT, 700, SAYS, reply, reply_size);
		tcp(&flow, 2, CLIENT, 40003, SERVER, 3003, OPENS, NULL, 0);
		CU_ASSERT_EQUAL(related_of(&flow, 3003) != 0, reply_size == sizeof reply - 1);
		flow_end(&flow);
	}
}

/* More announcements than there is room for: the newest ones hold, and nothing breaks. */
static void test_flood(void)
{
	Flow flow = flow_new();
	for (guint n = 0; n < 20000; n++) {
		g_autofree char *text =
			g_strdup_printf("227 (10,0,0,2,%u,%u)\r\n", (n + 1024) >> 8 & 0xff, (n + 1024) & 0xff);
		tcp(&flow, 1 + n * .001, SERVER, 21, CLIENT, 40000, SAYS, text, strlen(text));
	}
	tcp(&flow, 30, CLIENT, 40001, SERVER, 19999 + 1024, OPENS, NULL, 0);
	tcp(&flow, 30, CLIENT, 40002, SERVER, 1024, OPENS, NULL, 0);
	CU_ASSERT_EQUAL(am_related_kind(related_of(&flow, 40001)), AM_RELATED_FTP);
	CU_ASSERT_EQUAL(related_of(&flow, 40002), 0);
	flow_end(&flow);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_messages),
		UNIT_TEST(test_cut_messages),
		UNIT_TEST(test_many_in_one),
		UNIT_TEST(test_ftp),
		UNIT_TEST(test_ftp_bounce),
		UNIT_TEST(test_expiry_and_networks),
		UNIT_TEST(test_tftp),
		UNIT_TEST(test_sip),
		UNIT_TEST(test_msrpc),
		UNIT_TEST(test_sunrpc),
		UNIT_TEST(test_sunrpc_over_tcp),
		UNIT_TEST(test_flood),
		{NULL, NULL},
	};
	return unit_run("related", tests);
}
