/* listeners.c, listed.c, flags.c: when listeners open and close, who tells of them, and what is to be said against them. */
#include "config.h"

#include "unit.h"

#include "map-fixture.h"

#define SERVER "10.0.2.9"

static const AmListener *listener_of(const AmMap *map, const char *server, uint16_t port)
{
	AmAddress wanted = address(server);
	uint32_t endpoint = am_map_find_endpoint(map, 0, &wanted);
	for (guint n = 0; n < map->listeners->len; n++) {
		const AmListener *listener = &g_array_index(map->listeners, AmListener, n);
		if (listener->endpoint == endpoint && listener->port == port)
			return listener;
	}
	return NULL;
}

static int64_t time_at(int day, int hour)
{
	return (int64_t)(FIRST_DAY + day) * DAY_NS + hour * HOUR_NS;
}

static void refuse(Net *net, int day, int hour)
{
	net_add(net, (Talk){.client = "10.0.1.7",
			    .server = SERVER,
			    .ip_protocol = AM_PROTO_TCP,
			    .port = 443,
			    .day = day,
			    .hour = hour,
			    .outcome = AM_OUTCOME_REFUSED});
}

static void test_closed(void)
{
	Net net = net_new();
	net_span(&net, 8);
	net_use(&net, "10.0.1.5", SERVER, 443, 1, 3); /* days 1 to 3, 8 to 18 */
	refuse(&net, 3, 20);                          /* the same day: too busy, perhaps */
	g_autoptr(AmMap) open = net_map(&net);
	const AmListener *listener = listener_of(open, SERVER, 443);
	CU_ASSERT_PTR_NOT_NULL_FATAL(listener);
	CU_ASSERT_EQUAL(listener->opened_ns, time_at(1, 8));
	CU_ASSERT_EQUAL(listener->closed_ns, 0);
	CU_ASSERT_EQUAL(listener->direction, AM_DIRECTION_HANDSHAKE);
	refuse(&net, 6, 2);
	refuse(&net, 5, 4);
	g_autoptr(AmMap) closed = net_map(&net);
	listener = listener_of(closed, SERVER, 443);
	CU_ASSERT_PTR_NOT_NULL_FATAL(listener);
	CU_ASSERT_EQUAL(listener->closed_ns, time_at(5, 4));
	net_use(&net, "10.0.1.5", SERVER, 443, 7, 1);
	g_autoptr(AmMap) again = net_map(&net);
	listener = listener_of(again, SERVER, 443);
	CU_ASSERT_PTR_NOT_NULL_FATAL(listener);
	CU_ASSERT_EQUAL(listener->closed_ns, 0);
	CU_ASSERT_EQUAL(listener->sources, 1u << AM_LISTENER_SEEN);
	net_clear(&net);
}

/* ---- Lists */

static AmListedListener listed_of(const char *host, uint16_t port, AmListenerSource source, int64_t last_ns,
				  const char *program)
{
	AmListedListener listed = {.address = address(host),
				   .ip_protocol = AM_PROTO_TCP,
				   .source = (uint8_t)source,
				   .port = port,
				   .first_ns = last_ns,
				   .last_ns = last_ns};
	g_strlcpy(listed.program, program, sizeof listed.program);
	return listed;
}

static AmMap *map_with(const Net *net, const AmListedListener *listed, guint n)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(AmListedListener));
	g_array_append_vals(all, listed, n);
	const AmMapOptions options = {.listed = all};
	return am_map_build(net->tallies, NULL, net->networks, NULL, &options);
}

static void test_listed(void)
{
	Net net = net_new();
	net_use(&net, "10.0.1.5", SERVER, 443, 0, 3);
	const AmListedListener listed[] = {
		listed_of("10.9.9.9", 23, AM_LISTENER_SCAN, time_at(1, 2), "telnetd"),
		listed_of("10.9.9.9", 23, AM_LISTENER_HOST, time_at(2, 2), ""),
		listed_of(SERVER, 443, AM_LISTENER_SCAN, time_at(1, 0), "Apache"),
		listed_of(SERVER, 443, AM_LISTENER_HOST, time_at(1, 0), "nginx"),
		listed_of("10.0.1.5", 22, AM_LISTENER_HOST, time_at(1, 0), "sshd"),
	};
	g_autoptr(AmMap) alone = net_map(&net);
	g_autoptr(AmMap) map = map_with(&net, listed, G_N_ELEMENTS(listed));
	CU_ASSERT_EQUAL(map->edges->len, alone->edges->len);
	CU_ASSERT_EQUAL(map->assets->len, alone->assets->len);
	CU_ASSERT_EQUAL(map->listeners->len, alone->listeners->len);
	CU_ASSERT_STRING_NOT_EQUAL(map->revision, alone->revision);
	const AmListener *web = listener_of(map, SERVER, 443);
	CU_ASSERT_PTR_NOT_NULL_FATAL(web);
	CU_ASSERT_EQUAL(web->needed, 1);
	CU_ASSERT_FALSE(web->idle);
	CU_ASSERT_STRING_EQUAL(web->program, "nginx"); /* the host knows best */
	CU_ASSERT_EQUAL(web->sources, 1u << AM_LISTENER_SEEN | 1u << AM_LISTENER_HOST | 1u << AM_LISTENER_SCAN);
	CU_ASSERT_EQUAL_FATAL(map->unused->len, 2);
	const AmUnusedListener *ssh = &g_array_index(map->unused, AmUnusedListener, 0), *telnet = ssh + 1;
	CU_ASSERT_NOT_EQUAL(ssh->endpoint, AM_NO_INDEX); /* a host that was seen, a service that was not */
	CU_ASSERT_EQUAL(telnet->endpoint, AM_NO_INDEX);
	CU_ASSERT_EQUAL(telnet->sources, 1u << AM_LISTENER_HOST | 1u << AM_LISTENER_SCAN);
	CU_ASSERT_STRING_EQUAL(telnet->listed.program, "telnetd");
	CU_ASSERT_EQUAL(telnet->listed.first_ns, time_at(1, 2));
	CU_ASSERT_EQUAL(telnet->listed.last_ns, time_at(2, 2));
	CU_ASSERT_EQUAL(telnet->flags, 1u << AM_FLAG_PLAINTEXT_ADMIN);
	net_clear(&net);
}

/* A list later than the last packets says that it has closed; one that is later than a refusal, that it has not. */
static void test_listed_closed(void)
{
	Net net = net_new();
	net_use(&net, "10.0.1.5", SERVER, 443, 0, 3);
	AmListedListener listed = listed_of(SERVER, 443, AM_LISTENER_HOST, time_at(1, 0), "nginx");
	listed.closed_ns = time_at(4, 0);
	g_autoptr(AmMap) closed = map_with(&net, &listed, 1);
	CU_ASSERT_EQUAL(listener_of(closed, SERVER, 443)->closed_ns, time_at(4, 0));
	listed.closed_ns = time_at(1, 12); /* it answered later */
	g_autoptr(AmMap) open = map_with(&net, &listed, 1);
	CU_ASSERT_EQUAL(listener_of(open, SERVER, 443)->closed_ns, 0);
	refuse(&net, 4, 0);
	listed = listed_of(SERVER, 443, AM_LISTENER_HOST, time_at(5, 0), "nginx");
	g_autoptr(AmMap) again = map_with(&net, &listed, 1);
	CU_ASSERT_EQUAL(listener_of(again, SERVER, 443)->closed_ns, 0);
	net_clear(&net);
}

/* ---- Flags */

static uint32_t flags_of(uint16_t port, const char *l7, AmL7Confidence confidence, uint64_t risks)
{
	Net net = net_new();
	for (int day = 0; day < 3; day++) {
		guint n = net_add(&net, (Talk){.client = "10.0.1.5",
					       .server = SERVER,
					       .ip_protocol = AM_PROTO_TCP,
					       .port = port,
					       .day = day,
					       .hour = 8,
					       .n_hours = 8,
					       .connections = 8,
					       .payload = {900, 900},
					       .l7 = l7});
		AmTally *tally = &g_array_index(net.tallies, AmTally, n);
		tally->l7[0].confidence = (uint8_t)confidence;
		tally->risks = risks;
	}
	g_autoptr(AmMap) map = net_map(&net);
	const AmListener *listener = listener_of(map, SERVER, port);
	CU_ASSERT_PTR_NOT_NULL_FATAL(listener);
	uint32_t flags = listener->flags;
	net_clear(&net);
	return flags;
}

#define FLAG(name) (1u << AM_FLAG_##name)

static void test_protocols(void)
{
	static const struct {
		uint16_t port;
		const char *l7;
		AmL7Confidence confidence;
		uint32_t flags;
	} cases[] = {
		{443, "tls.google", AM_L7_DPI, 0},
		{443, "ssh", AM_L7_DPI, FLAG(UNEXPECTED_L7) | FLAG(UNUSUAL_PORT)},
		{443, "ssh", AM_L7_PORT, 0},     /* a guess by the port is none */
		{443, "telegram", AM_L7_DPI, 0}, /* it has no port of its own */
		{443, "tlsx", AM_L7_DPI, 0},
		{22, "http", AM_L7_DPI, FLAG(UNEXPECTED_L7)},
		{8080, "tls", AM_L7_DPI, 0},
		{2222, "ssh", AM_L7_DPI, FLAG(UNUSUAL_PORT)},
		{5901, "vnc", AM_L7_DPI, FLAG(PLAINTEXT_ADMIN)},
		{23, "telnet", AM_L7_DPI, FLAG(PLAINTEXT_ADMIN)},
		{23, NULL, AM_L7_NONE, FLAG(PLAINTEXT_ADMIN)},
		{23, "tls", AM_L7_DPI, FLAG(UNEXPECTED_L7)},
		{513, NULL, AM_L7_NONE, FLAG(PLAINTEXT_ADMIN)},
		{5985, "http", AM_L7_DPI, FLAG(PLAINTEXT_ADMIN)},
		{80, "http", AM_L7_DPI, 0}, /* of no device */
		{21, "ftp", AM_L7_DPI, FLAG(CLEARTEXT_LOGIN)},
		{143, "imaps", AM_L7_DPI, 0},
		{445, "netbios.smb1", AM_L7_DPI, FLAG(OLD_SMB)},
		{445, "netbios.smb", AM_L7_DPI, 0},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		uint32_t flags = flags_of(cases[n].port, cases[n].l7, cases[n].confidence, 0);
		if (flags != cases[n].flags)
			printf("\n  %u %s: %x\n", cases[n].port, cases[n].l7, flags);
		CU_ASSERT_EQUAL(flags, cases[n].flags);
	}
}

static void test_risks(void)
{
#define RISK(name) (UINT64_C(1) << AM_RISK_##name)
	CU_ASSERT_EQUAL(flags_of(443, "tls", AM_L7_DPI, RISK(TLS_VERSION)), FLAG(WEAK_TLS));
	CU_ASSERT_EQUAL(flags_of(443, "tls", AM_L7_DPI, RISK(TLS_CIPHER)), FLAG(WEAK_TLS));
	CU_ASSERT_EQUAL(flags_of(443, "tls", AM_L7_DPI, RISK(SELF_SIGNED) | RISK(EXPIRED) | RISK(MISMATCH)),
			FLAG(SELF_SIGNED) | FLAG(EXPIRED) | FLAG(MISMATCH));
	CU_ASSERT_EQUAL(flags_of(22, "ssh", AM_L7_DPI, RISK(SSH_SERVER)), FLAG(WEAK_SSH));
	CU_ASSERT_EQUAL(flags_of(80, "http", AM_L7_DPI, RISK(LOGIN)), FLAG(CLEARTEXT_LOGIN));
	CU_ASSERT_EQUAL(flags_of(25, "smtp", AM_L7_DPI, RISK(CREDENTIALS)), FLAG(CLEARTEXT_LOGIN));
	CU_ASSERT_EQUAL(flags_of(161, "snmp", AM_L7_DPI, RISK(COMMUNITY)), FLAG(COMMUNITY));
	CU_ASSERT_EQUAL(
		flags_of(443, "tls", AM_L7_DPI,
			 ~(RISK(SELF_SIGNED) | RISK(TLS_VERSION) | RISK(TLS_CIPHER) | RISK(EXPIRED) | RISK(MISMATCH) |
			   RISK(SSH_SERVER) | RISK(SMB1) | RISK(CREDENTIALS) | RISK(LOGIN) | RISK(COMMUNITY))),
		0); /* nDPI's others say nothing of the listener */
#undef RISK
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_closed),    UNIT_TEST(test_listed), UNIT_TEST(test_listed_closed),
		UNIT_TEST(test_protocols), UNIT_TEST(test_risks),  {NULL, NULL},
	};
	return unit_run("listeners", tests);
}
