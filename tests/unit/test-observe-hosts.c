/* observe-hosts.c, observe-der.c, observe-link.c: names in greetings, NTLM, syslog, Kerberos, SNMP, certificates, LLDP, CDP; ARP;
 * and each message cut at every octet. */
#include "config.h"

#include "flow-packets.h"
#include "observe.h"
#include "unit.h"

#define CLIENT "10.0.0.9"
#define SERVER "10.0.0.53"

/* From the server's port to the client, or, with `asks`, from the client to it. */
static AmConnectionBatch take(uint8_t ip_protocol, uint16_t port, gboolean asks, const void *message, size_t size)
{
	AmObserver *observer = am_observer_new(1, 2);
	AmConnectionBatch out = {0};
	TestPacket t;
	test_packet(&t, 5, ip_protocol, asks ? CLIENT : SERVER, asks ? 40000 : port, asks ? SERVER : CLIENT,
		    asks ? port : 40000, message, size);
	if (am_observe_is_telling(&t.packet, 1))
		am_observe_names(observer, &t.packet, t.packet.time_ns, &out);
	am_observer_give_out(observer, &out);
	am_observer_free(observer);
	return out;
}

static void check_one(const AmConnectionBatch *out, size_t at, const char *who, AmObservedKind kind, const char *value)
{
	AmAddress wanted = test_address(who);
	CU_ASSERT_TRUE_FATAL(at < out->n_observations);
	const AmObservation *o = &out->observations[at];
	CU_ASSERT_EQUAL(am_address_compare(&o->address, &wanted), 0);
	CU_ASSERT_EQUAL(o->kind, kind);
	CU_ASSERT_STRING_EQUAL(o->value, value);
	CU_ASSERT_EQUAL(o->first_ns, 5 * AM_NS_PER_S);
}

/* It tells this and nothing else, or nothing when `value` is NULL; cut short it tells nothing else either. */
static void expect(uint8_t ip_protocol, uint16_t port, gboolean asks, const void *message, size_t size, const char *who,
		   AmObservedKind kind, const char *value)
{
	AmConnectionBatch out = take(ip_protocol, port, asks, message, size);
	CU_ASSERT_EQUAL(out.n_observations, value != NULL ? 1 : 0);
	if (value != NULL)
		check_one(&out, 0, who, kind, value);
	am_connection_batch_clear(&out);
	for (size_t cut = 1; cut < size; cut++) {
		out = take(ip_protocol, port, asks, message, cut);
		CU_ASSERT_TRUE(out.n_observations <= 1);
		if (out.n_observations == 1)
			CU_ASSERT_TRUE(value != NULL && g_str_has_prefix(value, out.observations[0].value));
		am_connection_batch_clear(&out);
	}
}

static void test_greetings(void)
{
	static const char ftp[] = "220 files.example.com FTP ready\r\n", none[] = "220 ready\r\n",
			  ehlo[] = "EHLO Mail.example.com\r\n";
	expect(AM_PROTO_TCP, 21, FALSE, ftp, sizeof ftp - 1, SERVER, AM_OBSERVED_SMTP, "files.example.com");
	expect(AM_PROTO_TCP, 21, FALSE, none, sizeof none - 1, NULL, 0, NULL);
	expect(AM_PROTO_TCP, 25, TRUE, ehlo, sizeof ehlo - 1, CLIENT, AM_OBSERVED_SMTP, "mail.example.com");
}

static void test_syslog(void)
{
	static const struct {
		const char *message, *name;
	} rows[] = {
		{"<13>1 2026-03-01T06:25:43.1Z web1.example.com app - - - ok", "web1.example.com"},
		{"<13>1 2026-03-01T06:25:43.1Z - app - - - ok", NULL},
		{"<13>1 2026-03-01T06:25:43.1Z 10.0.0.1 app - - - ok", NULL}, /* an address is no name */
		{"<30>Mar  1 06:25:43 web1 cron: ok", "web1"},
		{"<30>Mar 11 06:25:43 sshd[99]: ok", NULL}, /* no host, but a tag */
		{"<30>Mar 11 06:25:43 sshd: ok", NULL},
		{"<30>hello you there 1 2", NULL},
		{"57 <30>Mar  1 06:25:43 web1 cron: counted octets", "web1"},
		{"Mar  1 06:25:43 web1 cron: ok", NULL},
		{"<300000>Mar  1 06:25:43 web1 cron: ok", NULL},
		{"<30>Mar  1 06:25:43 we\x1b[1m cron: ok", NULL},
	};
	for (size_t n = 0; n < G_N_ELEMENTS(rows); n++) {
		size_t size = strlen(rows[n].message);
		expect(AM_PROTO_UDP, 514, TRUE, rows[n].message, size, CLIENT, AM_OBSERVED_SYSLOG, rows[n].name);
		expect(AM_PROTO_TCP, 601, TRUE, rows[n].message, size, CLIENT, AM_OBSERVED_SYSLOG, rows[n].name);
	}
}

static void test_ntlm(void)
{
	/* MS-NLMP 2.2.1.3, in some frame: the workstation is 6 octets at 64. */
	uint8_t answer[4 + 70] = "\xfeSMBNTLMSSP\0\3";
	uint8_t *message = answer + 4;
	memcpy(message + 44, "\6\0\6\0\x40\0\0\0", 8);
	message[60] = 1;
	memcpy(message + 64, "P\0C\0007\0", 6);
	expect(AM_PROTO_TCP, 445, TRUE, answer, sizeof answer, CLIENT, AM_OBSERVED_WORKSTATION, "pc7");
	message[60] = 0; /* not UTF-16: with zeros it is no name */
	expect(AM_PROTO_TCP, 445, TRUE, answer, sizeof answer, NULL, 0, NULL);
	memcpy(message + 44, "\4\0\4\0\x40\0\0\0", 8);
	memcpy(message + 64, "PC-8", 4);
	expect(AM_PROTO_TCP, 445, TRUE, answer, sizeof answer, CLIENT, AM_OBSERVED_WORKSTATION, "pc-8");
	memcpy(message + 44, "\4\0\4\0\xff\xff\xff\xff", 8);
	expect(AM_PROTO_TCP, 445, TRUE, answer, sizeof answer, NULL, 0, NULL);

	uint8_t challenge[48 + 20] = "NTLMSSP\0\2";
	memcpy(challenge + 40, "\x14\0\x14\0\x30\0\0\0", 8);
	memcpy(challenge + 48, "\1\0\2\0X\0\3\0\6\0f\0s\0001\0\0\0\0\0", 20);
	expect(AM_PROTO_TCP, 445, FALSE, challenge, sizeof challenge, SERVER, AM_OBSERVED_NTLM, "fs1");
}

/* ---- ASN.1, built from the inside out */

typedef struct {
	uint8_t octets[1024];
	size_t n;
} Der;

static Der der(uint8_t tag, const void *inside, size_t n)
{
	Der whole = {.n = n};
	whole.octets[0] = tag;
	size_t head = n < 0x80 ? 2 : 4;
	whole.octets[1] = n < 0x80 ? (uint8_t)n : 0x82;
	if (head == 4)
		test_be16(whole.octets + 2, n);
	memcpy(whole.octets + head, inside, n);
	whole.n = head + n;
	return whole;
}

static Der wrap(uint8_t tag, const Der *inside)
{
	return der(tag, inside->octets, inside->n);
}

static void add(Der *to, const Der *one)
{
	memcpy(to->octets + to->n, one->octets, one->n);
	to->n += one->n;
}

static void add_new(Der *to, uint8_t tag, const void *inside, size_t n)
{
	Der one = der(tag, inside, n);
	add(to, &one);
}

/* PrincipalName of one or two texts. */
static Der principal(const char *first, const char *second)
{
	Der names = {.n = 0}, both = {.n = 0};
	add_new(&names, 0x1b, first, strlen(first));
	if (second != NULL)
		add_new(&names, 0x1b, second, strlen(second));
	Der list = wrap(0x30, &names), type = der(0x02, "\1", 1);
	Der zero = wrap(0xa0, &type), one = wrap(0xa1, &list);
	add(&both, &zero);
	add(&both, &one);
	return wrap(0x30, &both);
}

static Der kdc_reply(const char *name)
{
	Der body = {.n = 0}, number = der(0x02, "\5", 1), realm = der(0x1b, "EXAMPLE.COM", 11),
	    who = principal(name, NULL);
	Der parts[] = {wrap(0xa0, &number), wrap(0xa1, &number), wrap(0xa3, &realm), wrap(0xa4, &who)};
	for (size_t n = 0; n < G_N_ELEMENTS(parts); n++)
		add(&body, &parts[n]);
	Der sequence = wrap(0x30, &body);
	return wrap(0x6b, &sequence);
}

static void test_kerberos(void)
{
	Der machine = kdc_reply("PC7$"), person = kdc_reply("alice");
	expect(AM_PROTO_UDP, 88, FALSE, machine.octets, machine.n, CLIENT, AM_OBSERVED_KERBEROS, "pc7");
	expect(AM_PROTO_UDP, 88, FALSE, person.octets, person.n, NULL, 0, NULL);
	Der framed = {.n = 4};
	test_be16(framed.octets + 2, machine.n);
	add(&framed, &machine);
	expect(AM_PROTO_TCP, 88, FALSE, framed.octets, framed.n, CLIENT, AM_OBSERVED_KERBEROS, "pc7");

	/* A ticket shown to a file server. */
	Der number = der(0x02, "\5", 1), realm = der(0x1b, "EXAMPLE.COM", 11),
	    service = principal("cifs", "fs1.example.com");
	Der inside = {.n = 0}, request = {.n = 0}, options = der(0x03, "\0\0\0\0\0", 5);
	Der in_ticket[] = {wrap(0xa0, &number), wrap(0xa1, &realm), wrap(0xa2, &service)};
	for (size_t n = 0; n < G_N_ELEMENTS(in_ticket); n++)
		add(&inside, &in_ticket[n]);
	Der sequence = wrap(0x30, &inside), ticket = wrap(0x61, &sequence);
	Der in_request[] = {wrap(0xa0, &number), wrap(0xa1, &number), wrap(0xa2, &options), wrap(0xa3, &ticket)};
	for (size_t n = 0; n < G_N_ELEMENTS(in_request); n++)
		add(&request, &in_request[n]);
	sequence = wrap(0x30, &request);
	Der application = wrap(0x6e, &sequence), frame = {.n = 0};
	add_new(&frame, 0x06, "\x2a\x86\x48\x86\xf7\x12\1\2\2", 9);
	memcpy(frame.octets + frame.n, "\1\0", 2);
	frame.n += 2;
	add(&frame, &application);
	expect(AM_PROTO_TCP, 445, TRUE, frame.octets, frame.n, SERVER, AM_OBSERVED_KERBEROS, "fs1.example.com");
}

static void test_snmp(void)
{
	Der binding = {.n = 0}, message = {.n = 0}, response = {.n = 0};
	add_new(&binding, 0x06, "\x2b\6\1\2\1\1\5\0", 8);
	add_new(&binding, 0x04, "Switch-1", 8);
	Der one = wrap(0x30, &binding), list = wrap(0x30, &one);
	add_new(&response, 0x02, "\1\2", 2);
	add_new(&response, 0x02, "\0", 1);
	add_new(&response, 0x02, "\0", 1);
	add(&response, &list);
	Der pdu = wrap(0xa2, &response);
	add_new(&message, 0x02, "\1", 1);
	add_new(&message, 0x04, "public", 6);
	add(&message, &pdu);
	Der whole = wrap(0x30, &message);
	expect(AM_PROTO_UDP, 161, FALSE, whole.octets, whole.n, SERVER, AM_OBSERVED_SNMP, "switch-1");
}

/* A server's certificate, as far as it is read, in one record behind a ServerHello of 100 octets in another. */
static Der server_flight(const char *common, const char *const *names)
{
	Der body = {.n = 0}, pair = {.n = 0}, extensions = {.n = 0}, list = {.n = 0};
	add_new(&pair, 0x06, "\x55\4\3", 3);
	add_new(&pair, 0x0c, common, strlen(common));
	Der sequence = wrap(0x30, &pair), set = wrap(0x31, &sequence), number = der(0x02, "\2", 1);
	Der version = wrap(0xa0, &number), subject = wrap(0x30, &set), empty = der(0x30, "", 0);
	const Der *parts[] = {&version, &number, &empty, &empty, &empty, &subject, &empty};
	for (size_t n = 0; n < G_N_ELEMENTS(parts); n++)
		add(&body, parts[n]);
	for (; *names != NULL; names++)
		add_new(&list, 0x82, *names, strlen(*names));
	if (list.n > 0) {
		Der alternatives = wrap(0x30, &list), extension = {.n = 0};
		add_new(&extension, 0x06, "\x55\x1d\x11", 3);
		add_new(&extension, 0x04, alternatives.octets, alternatives.n);
		Der one = wrap(0x30, &extension), all = wrap(0x30, &one);
		extensions = wrap(0xa3, &all);
		add(&body, &extensions);
	}
	Der tbs = wrap(0x30, &body), certificate = wrap(0x30, &tbs);
	Der flight = {.octets = {22, 3, 3, 0, 104, 2, 0, 0, 100}, .n = 5 + 104};
	uint8_t head[5 + 4 + 3 + 3] = {22, 3, 3, [5] = 11};
	test_be16(head + 3, certificate.n + 10);
	test_be16(head + 7, certificate.n + 6);
	test_be16(head + 10, certificate.n + 3);
	test_be16(head + 13, certificate.n);
	memcpy(flight.octets + flight.n, head, sizeof head);
	flight.n += sizeof head;
	add(&flight, &certificate);
	memset(flight.octets + flight.n, 0, 120); /* what comes behind it */
	flight.n += 120;
	return flight;
}

static void test_certificate(void)
{
	static const char *const none[] = {NULL}, *const some[] = {"www.example.com", "*.example.com", NULL};
	Der flight = server_flight("Portal.example.com", none);
	expect(AM_PROTO_TCP, 8443, FALSE, flight.octets, flight.n, SERVER, AM_OBSERVED_CERTIFICATE,
	       "portal.example.com");
	flight = server_flight("Example Appliance", none); /* words are no host's name */
	expect(AM_PROTO_TCP, 8443, FALSE, flight.octets, flight.n, NULL, 0, NULL);
	flight = server_flight("Portal.example.com", some);
	AmConnectionBatch out = take(AM_PROTO_TCP, 8443, FALSE, flight.octets, flight.n);
	CU_ASSERT_EQUAL(out.n_observations, 2);
	check_one(&out, 0, SERVER, AM_OBSERVED_CERTIFICATE, "www.example.com");
	check_one(&out, 1, SERVER, AM_OBSERVED_CERTIFICATE, "*.example.com");
	am_connection_batch_clear(&out);
}

static void test_ssdp(void)
{
	static const char notify[] =
		"NOTIFY * HTTP/1.1\r\nNT: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n",
			  search[] = "M-SEARCH * HTTP/1.1\r\nST: urn:schemas-upnp-org:device:Printer:1\r\n\r\n";
	AmConnectionBatch out = take(AM_PROTO_UDP, 1900, TRUE, notify, sizeof notify - 1);
	CU_ASSERT_EQUAL(out.n_observations, 1);
	check_one(&out, 0, CLIENT, AM_OBSERVED_OFFERS, "upnp:internetgatewaydevice");
	am_connection_batch_clear(&out);
	out = take(AM_PROTO_UDP, 1900, TRUE, search, sizeof search - 1); /* who looks for one is none */
	CU_ASSERT_EQUAL(out.n_observations, 0);
}

/* ---- Frames */

static AmConnectionBatch take_frame(uint16_t type, const void *octets, size_t size, int times)
{
	AmLinkObserver *link = am_link_observer_new(1);
	AmConnectionBatch out = {0};
	uint8_t copy[512];
	memcpy(copy, octets, size);
	AmPacket packet = {.time_ns = 5 * AM_NS_PER_S,
			   .ether_type = type,
			   .payload = copy,
			   .payload_size = (uint32_t)size,
			   .source_mac = {0x00, 0x1b, 0x0d, 1, 2, 3}};
	for (int n = 0; n < times; n++) {
		if (times > 1)
			test_be16(copy + 26, (size_t)n); /* ARP: another target */
		am_link_observer_frame(link, &packet, &out);
	}
	am_link_observer_give_out(link, &out);
	am_link_observer_free(link);
	return out;
}

static void test_arp(void)
{
	static const uint8_t request[28] = {0,  1, 8, 0, 6, 4, 0, 1, 0x00, 0x1b, 0x0d, 1, 2, 3,
					    10, 0, 0, 7, 0, 0, 0, 0, 0,    0,    10,   0, 0, 8};
	AmConnectionBatch out = take_frame(0x0806, request, sizeof request, 1);
	CU_ASSERT_EQUAL(out.n_observations, 2);
	check_one(&out, 0, "10.0.0.7", AM_OBSERVED_ARP, "00:1b:0d:01:02:03");
	check_one(&out, 1, "10.0.0.8", AM_OBSERVED_ASKED, "arp");
	am_connection_batch_clear(&out);
	for (size_t cut = 0; cut < sizeof request; cut++) {
		out = take_frame(0x0806, request, cut, 1);
		CU_ASSERT_EQUAL(out.n_observations, 0);
	}
	out = take_frame(0x0806, request, sizeof request, 5000); /* a scan */
	CU_ASSERT_EQUAL(out.n_observations, AM_OBSERVER_CROWD);
	am_connection_batch_clear(&out);
	uint8_t proxy[28];
	memcpy(proxy, request, sizeof proxy);
	proxy[7] = 2, proxy[13] = 9; /* an answer whose sender is not the frame's */
	out = take_frame(0x0806, proxy, sizeof proxy, 1);
	CU_ASSERT_EQUAL(out.n_observations, 0);
}

static void test_neighbours(void)
{
	static const char lldp[] = "\x02\x07\x04\x00\x1b\x0d\x01\x02\x03\x0a\x04SW-1\x0e\x04\x00\x14\x00\x14"
				   "\x10\x0c\x05\x01\x0a\x01\x02\x03\x02\x00\x00\x00\x01\x00\x00";
	AmConnectionBatch out = take_frame(0x88cc, lldp, sizeof lldp - 1, 1);
	CU_ASSERT_EQUAL(out.n_observations, 2);
	check_one(&out, 0, "10.1.2.3", AM_OBSERVED_LLDP, "sw-1");
	check_one(&out, 1, "10.1.2.3", AM_OBSERVED_CAPABLE, "bridge,router");
	am_connection_batch_clear(&out);
	out = take_frame(0x88cc, lldp, 15, 1); /* without an address: its MAC stands for it */
	CU_ASSERT_EQUAL_FATAL(out.n_observations, 1);
	CU_ASSERT_TRUE(am_observed_is_of_mac(&out.observations[0].address));
	CU_ASSERT_EQUAL(memcmp(out.observations[0].address.bytes, "\x00\x1b\x0d\x01\x02\x03", 6), 0);
	CU_ASSERT_STRING_EQUAL(out.observations[0].value, "sw-1");
	am_connection_batch_clear(&out);
	static const char cdp[] =
		"\x02\xb4\x00\x00\x00\x01\x00\x10SW-2(F1234X)\x00\x02\x00\x11\x00\x00\x00\x01\x01\x01\xcc"
		"\x00\x04\x0a\x01\x02\x04\x00\x04\x00\x08\x00\x00\x00\x29";
	out = take_frame(AM_ETHER_TYPE_CDP, cdp, sizeof cdp - 1, 1);
	CU_ASSERT_EQUAL(out.n_observations, 2);
	check_one(&out, 0, "10.1.2.4", AM_OBSERVED_CDP, "sw-2");
	check_one(&out, 1, "10.1.2.4", AM_OBSERVED_CAPABLE, "router,bridge");
	am_connection_batch_clear(&out);
	for (size_t cut = 0; cut < sizeof lldp - 1; cut++) {
		out = take_frame(0x88cc, lldp, cut, 1);
		CU_ASSERT_TRUE(out.n_observations <= 2);
		am_connection_batch_clear(&out);
	}
	for (size_t cut = 0; cut < sizeof cdp - 1; cut++) {
		out = take_frame(AM_ETHER_TYPE_CDP, cdp, cut, 1);
		CU_ASSERT_TRUE(out.n_observations <= 2);
		am_connection_batch_clear(&out);
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_greetings),  UNIT_TEST(test_syslog),
		UNIT_TEST(test_ntlm),       UNIT_TEST(test_kerberos),
		UNIT_TEST(test_snmp),       UNIT_TEST(test_certificate),
		UNIT_TEST(test_ssdp),       UNIT_TEST(test_arp),
		UNIT_TEST(test_neighbours), {NULL, NULL},
	};
	return unit_run("observe-hosts", tests);
}
