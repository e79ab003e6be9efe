/* What nDPI is given, what it tells, and that it is bounded. */
#include "config.h"

#include "flow-feed.h"

static void test_dpi(void)
{
	const AmFlowOptions options = {.seed = 9, .dpi = TRUE};
	Flow flow = flow_new(&options);
	udp(&flow, 1, CLIENT, 4000, SERVER, 53, dns_query, sizeof(dns_query) - 1);
	udp(&flow, 1.1, SERVER, 53, CLIENT, 4000, dns_answer, sizeof(dns_answer) - 1);
	handshake(&flow, 2, 100, 900);
	tcp(&flow, 2.1, TRUE, ACK, 101, 901, "GET / HTTP/1.1\r\nHost: www.test\x01.example\r\nUser-Agent: x\r\n\r\n");
	tcp(&flow, 2.2, FALSE, ACK, 901, 160,
	    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok");
	TestPacket t;
	test_tcp(&t, 3, CLIENT, 40001, SERVER, 5432, SYN, 1, 0,
		 NULL); /* nothing said: a guess by port, and called that */
	feed(&flow, &t);
	test_packet(&t, 4, 47, CLIENT, 0, SERVER, 0, NULL, 0);
	feed(&flow, &t);
	const AmConnection *c = flush(&flow, 4);
	CU_ASSERT_STRING_EQUAL(c[0].l7, "dns");
	CU_ASSERT_EQUAL(c[0].l7_confidence, AM_L7_DPI);
	CU_ASSERT_EQUAL(c[0].name_kind, AM_NAME_DNS_QUERY);
	CU_ASSERT_STRING_EQUAL(c[0].server_name, "example.com");
	CU_ASSERT_STRING_EQUAL(c[1].l7, "http");
	CU_ASSERT_EQUAL(c[1].l7_confidence, AM_L7_DPI);
	CU_ASSERT_EQUAL(c[1].name_kind, AM_NAME_HTTP_HOST);
	CU_ASSERT_EQUAL(strncmp(c[1].server_name, "www.test", 8), 0);
	CU_ASSERT_PTR_NULL(strchr(c[1].server_name, 1));
	CU_ASSERT_STRING_EQUAL(c[2].l7, "postgresql");
	CU_ASSERT_EQUAL(c[2].l7_confidence, AM_L7_PORT);
	CU_ASSERT_EQUAL(c[2].outcome, AM_OUTCOME_SILENT);
	CU_ASSERT_STRING_EQUAL(c[3].l7, "gre");
	flow_end(&flow);
	CU_ASSERT_EQUAL(strncmp(am_flow_dpi_version(), "nDPI ", 5), 0);
	CU_ASSERT_PTR_NULL(am_flow_risk_name(0));
	CU_ASSERT_PTR_NOT_NULL(am_flow_risk_name(7));
	CU_ASSERT_PTR_NULL(am_flow_risk_name(63));
}

/* Of logins it is told that they can be read, in whichever request they come; with and without nDPI. */
static void test_readable_logins(void)
{
#define REQUEST "GET /a HTTP/1.1\r\nHost: www.example\r\nUser-Agent: x\r\n"
	static const uint8_t get[] = "\x30\x1a\2\1\1\4\6public\xa0\x0d\2\1\1\2\1\0\2\1\0\x30\2\6\0";
	const uint64_t login = UINT64_C(1) << AM_RISK_LOGIN, community = UINT64_C(1) << AM_RISK_COMMUNITY;
	const uint64_t any = login | UINT64_C(1) << AM_RISK_CREDENTIALS;
	for (int dpi = 0; dpi < 2; dpi++) {
		const AmFlowOptions options = {.seed = 9, .dpi = dpi ? AM_DPI_FULL : AM_DPI_OFF};
		for (int basic = 0; basic < 2; basic++) {
			Flow flow = flow_new(&options);
			const char *second = basic ? REQUEST "Authorization: Basic dTpw\r\n\r\n"
						   : REQUEST "Authorization: Negotiate YIIF\r\n\r\n";
			handshake(&flow, 2, 100, 900);
			tcp(&flow, 2.1, TRUE, ACK, 101, 901, second);
			tcp(&flow, 2.2, FALSE, ACK, 901, 300, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
			udp(&flow, 3, CLIENT, 4000, SERVER, 161, get, sizeof get - 1);
			const AmConnection *c = flush(&flow, 2);
			CU_ASSERT_EQUAL((c[0].risks & any) != 0, basic);
			CU_ASSERT_EQUAL((c[0].risks & login) != 0, basic);
			CU_ASSERT_EQUAL(c[0].risks & community, 0);
			CU_ASSERT_EQUAL(c[1].risks & community, community);
			flow_end(&flow);
		}
	}
#undef REQUEST
}

/* More connections than may keep nDPI state at a time, each still undecided: all get a verdict, none is lost. */
static void test_dpi_state_is_bounded(void)
{
	const AmFlowOptions options = {.seed = 9, .dpi = TRUE};
	Flow flow = flow_new(&options);
	for (int i = 0; i < 6000; i++)
		udp(&flow, 1 + i * .001, CLIENT, (uint16_t)(10000 + i), SERVER, 40404, "\xf3\x01\x99\x40?", 5);
	for (int i = 0; i < 6000; i++)
		udp(&flow, 8 + i * .001, SERVER, 40404, CLIENT, (uint16_t)(10000 + i), "\xf3\x01\x99\x40!", 5);
	const AmConnection *c = flush(&flow, 6000);
	for (int i = 0; i < 6000; i++)
		CU_ASSERT_EQUAL(c[i].total.packets[0] + c[i].total.packets[1], 2);
	flow_end(&flow);
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT_TEST(test_dpi),
		UNIT_TEST(test_readable_logins),
		UNIT_TEST(test_dpi_state_is_bounded),
		{NULL, NULL},
	};
	return unit_run("flow-dpi", tests);
}
