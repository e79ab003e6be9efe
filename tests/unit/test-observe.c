/* observe.c, observe-names.c: what packets tell of addresses, and what hostile ones must not. */
#include "config.h"

#include "flow-packets.h"
#include "observe.h"
#include "unit.h"

#include <stdio.h>

typedef struct {
	uint8_t octets[1024];
	size_t n;
} Message;

static void put(Message *m, const void *octets, size_t n)
{
	memcpy(m->octets + m->n, octets, n);
	m->n += n;
}

static void put_u16(Message *m, unsigned value)
{
	const uint8_t octets[2] = {(uint8_t)(value >> 8), (uint8_t)value};
	put(m, octets, 2);
}

/* "www.example.com" as labels; ends with a zero octet unless `pointer` is not 0: then with a pointer there. */
static void put_name(Message *m, const char *name, unsigned pointer)
{
	while (*name != '\0') {
		uint8_t size = (uint8_t)strcspn(name, ".");
		put(m, &size, 1);
		put(m, name, size);
		name += size + (name[size] == '.');
	}
	if (pointer != 0)
		put_u16(m, 0xc000 | pointer);
	else
		put(m, "", 1);
}

static void put_header(Message *m, unsigned flags, unsigned questions, unsigned answers, unsigned additional)
{
	put_u16(m, 0x1234);
	put_u16(m, flags);
	put_u16(m, questions);
	put_u16(m, answers);
	put_u16(m, 0);
	put_u16(m, additional);
}

static void put_record(Message *m, unsigned type, const void *data, size_t size)
{
	put_u16(m, type);
	put_u16(m, 1);
	put(m, "\0\0\0\x3c", 4);
	put_u16(m, (unsigned)size);
	put(m, data, size);
}

static AmConnectionBatch take(const Message *m, uint16_t port, size_t size)
{
	AmObserver *observer = am_observer_new(1, 2);
	AmConnectionBatch out = {0};
	TestPacket t;
	test_packet(&t, 5, AM_PROTO_UDP, "10.0.0.53", port, "10.0.0.9", port == 53 ? 40000 : port, m->octets, size);
	CU_ASSERT_TRUE(am_observe_is_telling(&t.packet, 1));
	am_observe_names(observer, &t.packet, t.packet.time_ns, &out);
	am_observer_give_out(observer, &out);
	am_observer_free(observer);
	return out;
}

static void check(const AmConnectionBatch *out, size_t at, const char *address, AmObservedKind kind, const char *value)
{
	CU_ASSERT_TRUE_FATAL(at < out->n_observations);
	const AmObservation *o = &out->observations[at];
	AmAddress wanted = test_address(address);
	CU_ASSERT_EQUAL(am_address_compare(&o->address, &wanted), 0);
	CU_ASSERT_EQUAL(o->kind, kind);
	CU_ASSERT_STRING_EQUAL(o->value, value);
	CU_ASSERT_EQUAL(o->count, 1);
	CU_ASSERT_EQUAL(o->first_ns, 5 * AM_NS_PER_S);
	CU_ASSERT_EQUAL(o->last_ns, 5 * AM_NS_PER_S);
}

/* An alias, then the addresses of what it leads to; names are compressed, and come out in lower case. */
static Message dns_answer(void)
{
	Message m = {.n = 0};
	const uint8_t ipv4[4] = {10, 1, 2, 3}, ipv6[16] = {0x20, 1, 0xd, 0xb8, [15] = 7};
	put_header(&m, 0x8180, 1, 3, 0);
	put_name(&m, "WWW.example.com", 0); /* at 12; "example.com" at 16 */
	put_u16(&m, 1);
	put_u16(&m, 1);
	put_name(&m, "", 12);
	put_record(&m, 5, "\x04web1\xc0\x10", 7); /* its data are at 45 */
	put_name(&m, "", 45);
	put_record(&m, 1, ipv4, 4);
	put_name(&m, "", 45);
	put_record(&m, 28, ipv6, 16);
	return m;
}

static void test_dns(void)
{
	Message m = dns_answer();
	AmConnectionBatch out = take(&m, 53, m.n);
	CU_ASSERT_EQUAL(out.n_observations, 4);
	check(&out, 0, "10.1.2.3", AM_OBSERVED_DNS, "web1.example.com");
	check(&out, 1, "10.1.2.3", AM_OBSERVED_ALIAS, "www.example.com");
	check(&out, 2, "2001:db8::7", AM_OBSERVED_DNS, "web1.example.com");
	check(&out, 3, "2001:db8::7", AM_OBSERVED_ALIAS, "www.example.com");
	am_connection_batch_clear(&out);
	/* The same as mDNS, and as what is no answer: a question, an error. */
	out = take(&m, 5353, m.n);
	CU_ASSERT_EQUAL(out.n_observations, 2);
	check(&out, 0, "10.1.2.3", AM_OBSERVED_MDNS, "web1.example.com");
	am_connection_batch_clear(&out);
	m.octets[3] = 0x83;
	out = take(&m, 53, m.n);
	CU_ASSERT_EQUAL(out.n_observations, 0);
	m.octets[2] = 1, m.octets[3] = 0;
	out = take(&m, 53, m.n);
	CU_ASSERT_EQUAL(out.n_observations, 0);
}

static void test_reverse(void)
{
	Message m = {.n = 0};
	put_header(&m, 0x8180, 0, 3, 0);
	put_name(&m, "3.2.1.10.in-addr.arpa", 0);
	put_record(&m, 12, "\x02pc\x03lan\0", 8);
	put_name(&m, "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", 0);
	put_record(&m, 12, "\x02pc\x03lan\0", 8);
	put_name(&m, "3.2.1.300.in-addr.arpa", 0);
	put_record(&m, 12, "\x02pc\x03lan\0", 8);
	AmConnectionBatch out = take(&m, 53, m.n);
	CU_ASSERT_EQUAL(out.n_observations, 2);
	check(&out, 0, "10.1.2.3", AM_OBSERVED_PTR, "pc.lan");
	check(&out, 1, "2001:db8::7", AM_OBSERVED_PTR, "pc.lan");
	am_connection_batch_clear(&out);
}

static void put_netbios(Message *m, const char *name, char suffix)
{
	uint8_t encoded[34] = {32};
	for (size_t n = 0; n < 16; n++) {
		uint8_t c = (uint8_t)(n == 15 ? suffix : n < strlen(name) ? name[n] : ' ');
		encoded[1 + 2 * n] = (uint8_t)('A' + (c >> 4));
		encoded[2 + 2 * n] = (uint8_t)('A' + (c & 15));
	}
	put(m, encoded, sizeof encoded);
}

static AmConnectionBatch register_netbios(char suffix, uint8_t node)
{
	Message m = {.n = 0};
	const uint8_t data[6] = {node, 0, 10, 1, 2, 3};
	put_header(&m, 0x2910, 1, 0, 1);
	put_netbios(&m, "FILES", suffix);
	put_u16(&m, 0x20);
	put_u16(&m, 1);
	put_name(&m, "", 12);
	put_record(&m, 0x20, data, 6);
	return take(&m, 137, m.n);
}

static void test_netbios(void)
{
	AmConnectionBatch out = register_netbios(0x20, 0x60);
	CU_ASSERT_EQUAL(out.n_observations, 1);
	check(&out, 0, "10.1.2.3", AM_OBSERVED_NBNS, "files");
	am_connection_batch_clear(&out);
	out = register_netbios(0x20, 0xe0); /* a group's */
	CU_ASSERT_EQUAL(out.n_observations, 0);
	out = register_netbios(0x1c, 0x60); /* a domain's controllers */
	CU_ASSERT_EQUAL(out.n_observations, 0);
}

static Message dhcp(uint8_t op, uint8_t type, const void *options, size_t size)
{
	Message m = {.n = 240};
	m.octets[0] = op;
	m.octets[1] = 1;
	m.octets[2] = 6;
	memcpy(m.octets + 16, op == 2 ? "\x0a\x01\x02\x03" : "\0\0\0\0", 4);
	memcpy(m.octets + 28, "\x3c\x52\x82\x0a\x0b\x0c", 6);
	memcpy(m.octets + 236, "\x63\x82\x53\x63\x35\x01", 4);
	const uint8_t kind[3] = {53, 1, type};
	put(&m, kind, 3);
	put(&m, options, size);
	put(&m, "\xff", 1);
	return m;
}

static void test_dhcp(void)
{
	Message m = dhcp(1, 3, "\x32\x04\x0a\x01\x02\x03\x0c\x03PC7", 11);
	AmConnectionBatch out = take(&m, 68, m.n);
	CU_ASSERT_EQUAL(out.n_observations, 1);
	check(&out, 0, "10.1.2.3", AM_OBSERVED_DHCP, "pc7");
	am_connection_batch_clear(&out);
	/* The full name, as labels, wins over the short one. */
	m = dhcp(2, 5, "\x51\x0c\x04\x00\x00\x03pc7\x03lan\0\x0c\x03PC7", 19);
	out = take(&m, 67, m.n);
	CU_ASSERT_EQUAL(out.n_observations, 2);
	check(&out, 0, "10.1.2.3", AM_OBSERVED_LEASE, "3c:52:82:0a:0b:0c");
	check(&out, 1, "10.1.2.3", AM_OBSERVED_DHCP, "pc7.lan");
	am_connection_batch_clear(&out);
	m = dhcp(2, 2, "\x0c\x03PC7", 5); /* an offer is no lease */
	out = take(&m, 67, m.n);
	CU_ASSERT_EQUAL(out.n_observations, 0);
}

/* Pointers that go round, names too long or with control characters, counts that lie, messages cut at every octet. */
static void test_hostile(void)
{
	Message m = {.n = 0};
	put_header(&m, 0x8180, 0, 2, 0);
	put_name(&m, "", 12); /* to itself */
	put_record(&m, 1, "\x0a\x01\x02\x03", 4);
	AmConnectionBatch out = take(&m, 53, m.n);
	CU_ASSERT_EQUAL(out.n_observations, 0);

	m.n = 0;
	put_header(&m, 0x8180, 0, 4, 0);
	put_name(&m, "a\x1b[2Jb.lan", 0);
	put_record(&m, 1, "\x0a\x01\x02\x03", 4);
	put_name(&m,
		 "0123456789012345678901234567890123456789.0123456789012345678901234567890123456789.012345678901234",
		 0);
	put_record(&m, 1, "\x0a\x01\x02\x03", 4);
	put_name(&m, "<b>&\"'", 0); /* printable: whoever prints it must escape it */
	put_record(&m, 1, "\x0a\x01\x02\x03", 4);
	put_name(&m, "any.lan", 0);
	put_record(&m, 1, "\xe0\x00\x00\x01", 4); /* a group has no name */
	out = take(&m, 53, m.n);
	CU_ASSERT_EQUAL(out.n_observations, 1);
	check(&out, 0, "10.1.2.3", AM_OBSERVED_DNS, "<b>&\"'");
	am_connection_batch_clear(&out);

	Message whole = dns_answer();
	Message lease = dhcp(2, 5, "\x51\x0c\x04\x00\x00\x03pc7\x03lan\0\x0c\x03PC7", 19);
	for (size_t size = 0; size < whole.n; size++) {
		out = take(&whole, 53, size);
		CU_ASSERT_TRUE(out.n_observations < 4);
		am_connection_batch_clear(&out);
	}
	for (size_t size = 0; size < 242; size++) {
		out = take(&lease, 67, size);
		CU_ASSERT_EQUAL(out.n_observations, 0);
		am_connection_batch_clear(&out);
	}
}

/* Each key once, with its times; no more than there is room for; nothing is lost when there is none. */
static void test_table(void)
{
	AmObserver *observer = am_observer_new(1, 2);
	AmConnectionBatch out = {0};
	AmAddress address = test_address("10.0.0.1");
	const uint32_t n_all = 3 * AM_OBSERVER_MAX;
	for (uint32_t n = 0; n < n_all; n++) {
		char name[16];
		snprintf(name, sizeof name, "h%u.", n / 2);
		am_observer_add(observer, 3, &address, AM_OBSERVED_DNS, name, n, &out);
	}
	CU_ASSERT_EQUAL(out.n_observations, AM_OBSERVER_MAX);
	am_observer_give_out(observer, &out);
	CU_ASSERT_EQUAL_FATAL(out.n_observations, n_all / 2);
	const AmObservation *last = &out.observations[out.n_observations - 1];
	CU_ASSERT_EQUAL(last->network, 3);
	CU_ASSERT_EQUAL(last->count, 2);
	CU_ASSERT_EQUAL(last->first_ns, n_all - 2);
	CU_ASSERT_EQUAL(last->last_ns, n_all - 1);
	am_connection_batch_clear(&out);

	/* A MAC in front of many addresses is a router's; groups and zeros are none. */
	const uint8_t router[6] = {2, 0, 0, 0, 0, 1}, group[6] = {1, 0, 0x5e, 0, 0, 1}, none[6] = {0};
	for (uint8_t n = 0; n < 200; n++) {
		address.bytes[3] = (uint8_t)(n + 1);
		am_observer_add_mac(observer, 0, &address, router, 1, 2, &out);
		am_observer_add_mac(observer, 0, &address, group, 1, 2, &out);
		am_observer_add_mac(observer, 0, &address, none, 1, 2, &out);
	}
	am_observer_give_out(observer, &out);
	CU_ASSERT_EQUAL(out.n_observations, AM_OBSERVER_CROWD);
	CU_ASSERT_STRING_EQUAL(out.observations[0].value, "02:00:00:00:00:01");
	CU_ASSERT_EQUAL(out.observations[0].kind, AM_OBSERVED_MAC);
	am_connection_batch_clear(&out);
	am_observer_free(observer);
}

static AmConnectionBatch take_virtual(const uint8_t *message, size_t size, uint8_t ip_protocol, uint8_t hops)
{
	AmObserver *observer = am_observer_new(1, 2);
	AmConnectionBatch out = {0};
	TestPacket t;
	test_packet(&t, 5, ip_protocol, "10.0.0.4", ip_protocol == AM_PROTO_UDP ? 1985 : 0, "224.0.0.18",
		    ip_protocol == AM_PROTO_UDP ? 1985 : 0, message, size);
	t.bytes[8] = hops;
	CU_ASSERT_TRUE(am_observe_is_telling(&t.packet, 1));
	am_observe_names(observer, &t.packet, t.packet.time_ns, &out);
	am_observer_give_out(observer, &out);
	am_observer_free(observer);
	return out;
}

static void check_virtual(const uint8_t *message, size_t size, uint8_t ip_protocol, const char *value)
{
	AmConnectionBatch out = take_virtual(message, size, ip_protocol, 255);
	CU_ASSERT_EQUAL(out.n_observations, 1);
	check(&out, 0, "10.0.0.100", AM_OBSERVED_VIRTUAL, value);
	am_connection_batch_clear(&out);
	for (size_t cut = 0; cut < size; cut++) {
		out = take_virtual(message, cut, ip_protocol, 255);
		CU_ASSERT_EQUAL(out.n_observations, 0);
		am_connection_batch_clear(&out);
	}
}

static void test_virtual(void)
{
	uint8_t vrrp3[12] = {0x31, 100, 200, 1, 0, 100, 0, 0, 10, 0, 0, 100};
	const uint8_t vrrp2[20] = {0x21, 100, 200, 1, 0, 1, 0, 0, 10, 0, 0, 100};
	const uint8_t hsrp1[20] = {0, 0, 16, 3, 10, 100, 7, 0, [16] = 10, 0, 0, 100};
	uint8_t hsrp2[42] = {1, 40, 2, 0, 6, 4, 1, 0, [26] = 10, 0, 0, 100};
	check_virtual(vrrp3, sizeof vrrp3, AM_OBSERVE_VRRP, "vrrp/100@10.0.0.4");
	check_virtual(vrrp2, sizeof vrrp2, AM_OBSERVE_VRRP, "vrrp/100@10.0.0.4");
	check_virtual(hsrp1, sizeof hsrp1, AM_PROTO_UDP, "hsrp/7@10.0.0.4");
	check_virtual(hsrp2, sizeof hsrp2, AM_PROTO_UDP, "hsrp/256@10.0.0.4");
	/* From elsewhere; who steps back; too many; its own address; who is on stand-by. */
	AmConnectionBatch out = take_virtual(vrrp3, sizeof vrrp3, AM_OBSERVE_VRRP, 254);
	CU_ASSERT_EQUAL(out.n_observations, 0);
	for (int n = 0; n < 4; n++) {
		uint8_t bad[12];
		memcpy(bad, vrrp3, sizeof bad);
		bad[n == 0 ? 2 : n == 1 ? 3 : n == 2 ? 11 : 0] = n == 0 ? 0 : n == 1 ? 255 : n == 2 ? 4 : 0x41;
		AmConnectionBatch none = take_virtual(bad, sizeof bad, AM_OBSERVE_VRRP, 255);
		CU_ASSERT_EQUAL(none.n_observations, 0);
		am_connection_batch_clear(&none);
	}
	hsrp2[4] = 5;
	AmConnectionBatch standby = take_virtual(hsrp2, sizeof hsrp2, AM_PROTO_UDP, 255);
	CU_ASSERT_EQUAL(standby.n_observations, 0);
	am_connection_batch_clear(&standby);
	am_connection_batch_clear(&out);
}

static void test_system(void)
{
	static const uint8_t options[] = {2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7};
	char system[AM_SYSTEM_SIZE];
	TestPacket t;
	test_packet(&t, 5, AM_PROTO_TCP, "10.0.0.4", 40000, "10.0.0.9", 443, options, sizeof options);
	t.bytes[8] = 61;
	t.bytes[32] = (20 + sizeof options) / 4 << 4;
	am_observe_system(&t.packet, system);
	CU_ASSERT_STRING_EQUAL(system, "64:mstnw");
	t.bytes[8] = 127;
	t.bytes[41] = 0; /* an option without a size ends it */
	am_observe_system(&t.packet, system);
	CU_ASSERT_STRING_EQUAL(system, "128:m");
	t.packet.ip_size = 45; /* cut */
	am_observe_system(&t.packet, system);
	CU_ASSERT_STRING_EQUAL(system, "");
	t.bytes[0] = 0x4f; /* a header that is longer than the packet */
	am_observe_system(&t.packet, system);
	CU_ASSERT_STRING_EQUAL(system, "");

	/* One system is nothing to tell; from the second on, all. */
	AmObserver *observer = am_observer_new(1, 2);
	AmConnectionBatch out = {0};
	AmAddress address = test_address("192.0.2.10");
	for (int n = 0; n < 5; n++)
		am_observer_add_system(observer, 0, &address, "64:mstnw", n, n, &out);
	am_observer_give_out(observer, &out);
	CU_ASSERT_EQUAL(out.n_observations, 0);
	am_observer_add_system(observer, 0, &address, "128:mnwnns", 7, 7, &out);
	am_observer_add_system(observer, 0, &address, "64:mstnw", 8, 8, &out);
	am_observer_give_out(observer, &out);
	CU_ASSERT_EQUAL_FATAL(out.n_observations, 2);
	CU_ASSERT_STRING_EQUAL(out.observations[0].value, "64:mstnw");
	CU_ASSERT_EQUAL(out.observations[0].kind, AM_OBSERVED_SYSTEM);
	CU_ASSERT_EQUAL(out.observations[0].count, 6);
	CU_ASSERT_EQUAL(out.observations[0].last_ns, 8);
	CU_ASSERT_STRING_EQUAL(out.observations[1].value, "128:mnwnns");
	am_connection_batch_clear(&out);
	am_observer_free(observer);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_dns),     UNIT_TEST(test_reverse), UNIT_TEST(test_netbios),
		UNIT_TEST(test_dhcp),    UNIT_TEST(test_hostile), UNIT_TEST(test_table),
		UNIT_TEST(test_virtual), UNIT_TEST(test_system),  {NULL, NULL},
	};
	return unit_run("observe", tests);
}
