/* nfdump's JSON and CSV: every field, who began, both directions in a record, what is refused, what is skipped and why, hostile
 * lines. */
#include "config.h"

#include "logs.h"

#define KIND AM_INPUT_NFDUMP
#define RECORD(first, last, proto, flags, sport, dport, family, src, dst, packets, bytes)                              \
	"{\n\t\"type\" : \"FLOW\",\n\t\"sampled\" : 0,\n\t\"first\" : \"2026-03-02T00:00:" first "\",\n\t\"last\" : "  \
	"\"2026-03-02T00:00:" last "\",\n\t\"received\" : \"2026-03-02T00:01:00.000\",\n\t\"in_packets\" : " packets   \
	",\n\t\"in_bytes\" : " bytes ",\n\t\"proto\" : " proto ",\n\t\"tcp_flags\" : \"" flags                         \
	"\",\n\t\"src_port\" : " sport ",\n\t\"dst_port\" : " dport ",\n\t\"src" family "_addr\" : \"" src             \
	"\",\n\t\"dst" family "_addr\" : \"" dst "\",\n\t\"label\" : \"<none>\"\n}"
#define THERE RECORD("00.500", "09.000", "6", "...AP.SF", "40000", "443", "4", "10.0.0.9", "10.0.0.2", "7", "480")
#define BACK RECORD("00.501", "09.001", "6", "...AP.SF", "443", "40000", "4", "10.0.0.2", "10.0.0.9", "6", "2300")

static void check_tcp(const AmConnection *c)
{
	CU_ASSERT_STRING_EQUAL(log_address(&c->lo), "10.0.0.2");
	CU_ASSERT_EQUAL(c->port_lo, 443);
	CU_ASSERT_EQUAL(c->port_hi, 40000);
	CU_ASSERT_EQUAL(c->total.packets[0], 6);
	CU_ASSERT_EQUAL(c->total.packets[1], 7);
	CU_ASSERT_EQUAL(c->total.bytes[0], 2300);
	CU_ASSERT_EQUAL(c->total.bytes[1], 480);
	CU_ASSERT_EQUAL(c->total.payload[0], 2300 - 6 * 52 - 8);
	CU_ASSERT_EQUAL(c->total.payload[1], 480 - 7 * 52 - 8);
	CU_ASSERT_EQUAL(c->evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_SYN_HI | AM_EVIDENCE_SYNACK_LO |
					     AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_FIN_LO | AM_EVIDENCE_FIN_HI |
					     AM_EVIDENCE_FIRST_HI);
	CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_EQUAL(c->tcp_flags[0], 0x1b);
}

static void test_json(void)
{
	AmConnection c = read_one_of("[\n" THERE ",\n" BACK "]\n", KIND);
	check_tcp(&c);
	CU_ASSERT_EQUAL(c.first_ns, LOG_SNAPSHOT_NS + AM_NS_PER_S / 2);
	CU_ASSERT_EQUAL(c.last_ns, LOG_SNAPSHOT_NS + INT64_C(9001000000));
	/* The later half came first in the log. */
	AmConnection turned = read_one_of("[\n" BACK ",\n" THERE "]\n", KIND);
	check_tcp(&turned);
	AmConnection in_a_line = read_one_of("{\"type\":\"FLOW\",\"first\":\"2026-03-02T00:00:01\",\"last\":\"2026-03-"
					     "02T00:00:02\",\"in_packets\":1,"
					     "\"in_bytes\":148,\"proto\":17,\"src_port\":5,\"dst_port\":514,\"src6_"
					     "addr\":\"2001:db8::1\",\"dst6_addr\":"
					     "\"2001:db8::2\"},\n",
					     KIND);
	CU_ASSERT_EQUAL(in_a_line.outcome, AM_OUTCOME_ONE_WAY);
	CU_ASSERT_EQUAL(in_a_line.total.payload[0], 100);
	CU_ASSERT_EQUAL(in_a_line.evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_FIRST_LO);
	/* At the same moment: nobody is said to have begun. */
	AmConnection tie = read_one_of("[\n" THERE ",\n" RECORD("00.500", "09.001", "6", "...AP.SF", "443", "40000",
								"4", "10.0.0.2", "10.0.0.9", "6", "2300") "]\n",
				       KIND);
	CU_ASSERT_EQUAL(tie.evidence & (AM_EVIDENCE_FIRST_LO | AM_EVIDENCE_FIRST_HI | AM_EVIDENCE_SYN_HI), 0);
	CU_ASSERT_EQUAL(tie.outcome, AM_OUTCOME_ACCEPTED);
	AmConnection echo = read_one_of(
		"{\n\"type\" : \"FLOW\",\n\"first\" : \"2026-03-02T00:00:01\",\n\"last\" : \"2026-03-02T00:00:02\",\n"
		"\"in_packets\" : 1,\n\"in_bytes\" : 84,\n\"proto\" : 1,\n\"icmp_type\" : 8,\n\"icmp_code\" : "
		"0,\n\"src4_addr\" : "
		"\"10.0.0.1\",\n\"dst4_addr\" : \"10.0.0.2\"\n}\n",
		KIND);
	CU_ASSERT_EQUAL(echo.port_lo, 8 << 8);
	CU_ASSERT_EQUAL(echo.outcome, AM_OUTCOME_SILENT);
	CU_ASSERT_NOT_EQUAL(echo.evidence & AM_EVIDENCE_CLIENT_LO, 0);
}

#define HEADER "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,ra,tr\n"
#define ROW(first, src, dst, sport, dport, proto, flags, counts)                                                       \
	"2026-03-02 00:00:" first ",2026-03-02 00:00:09,8.500," src "," dst "," sport "," dport "," proto "," flags    \
	",0,0," counts ",0.0.0.0,2026-03-02 00:01:00.000\n"

static void test_csv(void)
{
	AmConnection c = read_one_of(
		HEADER ROW("00", "10.0.0.9", "10.0.0.2", "40000", "443", "TCP", "...AP.SF", "7,480,0,0")
			ROW("01", "10.0.0.2", "10.0.0.9", "443", "40000", "TCP", "...AP.SF",
			    "6,2300,0,0") "Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n2,2,2,0,0,0\n",
		KIND);
	check_tcp(&c);
	CU_ASSERT_EQUAL(c.first_ns, LOG_SNAPSHOT_NS);
	/* Both directions in one record: whose the flags are is not known. */
	AmConnection both = read_one_of(
		HEADER ROW("00", "10.0.0.9", "10.0.0.2", "40000", "443", "TCP", "...AP.SF", "7,480,6,2300"), KIND);
	CU_ASSERT_EQUAL(both.total.packets[0], 6);
	CU_ASSERT_EQUAL(both.total.packets[1], 7);
	CU_ASSERT_EQUAL(both.outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_EQUAL(both.evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_MIDSTREAM);
	AmConnection echo =
		read_one_of(HEADER ROW("00", "10.0.0.1", "10.0.0.2", "0", "2048", "ICMP", "........", "1,84,0,0")
				    ROW("00", "10.0.0.2", "10.0.0.1", "0", "0.0", "ICMP", "........", "1,84,0,0"),
			    KIND);
	CU_ASSERT_EQUAL(echo.port_lo, 8 << 8);
	CU_ASSERT_EQUAL(echo.outcome, AM_OUTCOME_ACCEPTED);
	AmConnection syn =
		read_one_of(HEADER ROW("00", "10.0.0.1", "10.0.0.2", "7", "22", "TCP", "......S.", "3,180,0,0"), KIND);
	CU_ASSERT_EQUAL(syn.outcome, AM_OUTCOME_SILENT);
	CU_ASSERT_EQUAL(syn.evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_FIRST_LO | AM_EVIDENCE_SYN_LO);
	Result none =
		read_log(HEADER "No matching flows\nSummary\n", strlen(HEADER "No matching flows\nSummary\n"), KIND, 5);
	CU_ASSERT_TRUE(none.ok);
	CU_ASSERT_EQUAL(none.lines, 0);
	clear(&none);
}

static void test_skipped(void)
{
	static const struct {
		const char *text;
		AmLogSkip reason;
	} cases[] = {
		{HEADER "1,2,3\n", AM_LOG_SKIP_SYNTAX},
		{HEADER ROW("xx", "10.0.0.1", "10.0.0.2", "7", "22", "UDP", "........", "1,60,0,0"), AM_LOG_SKIP_TIME},
		{HEADER ROW("10", "10.0.0.1", "10.0.0.2", "7", "22", "UDP", "........", "1,60,0,0"), AM_LOG_SKIP_TIME},
		{HEADER ROW("00", "10.0.0.1", "::1", "7", "22", "UDP", "........", "1,60,0,0"), AM_LOG_SKIP_ADDRESS},
		{HEADER ROW("00", "10.0.0.1", "10.0.0.\x80", "7", "22", "UDP", "........", "1,60,0,0"),
		 AM_LOG_SKIP_ADDRESS},
		{HEADER ROW("00", "10.0.0.1", "10.0.0.2", "7", "22", "XXX", "........", "1,60,0,0"),
		 AM_LOG_SKIP_SERVICE},
		{HEADER ROW("00", "10.0.0.1", "10.0.0.2", "7", "70000", "UDP", "........", "1,60,0,0"),
		 AM_LOG_SKIP_SERVICE},
		{HEADER ROW("00", "10.0.0.1", "10.0.0.2", "7", "8.300", "ICMP", "........", "1,60,0,0"),
		 AM_LOG_SKIP_SERVICE},
		{HEADER ROW("00", "10.0.0.1", "10.0.0.2", "7", "22", "UDP", "........", "1.2 M,60,0,0"),
		 AM_LOG_SKIP_COUNT},
		{HEADER ROW("00", "10.0.0.1", "10.0.0.2", "7", "22", "TCP", "0x02", "1,60,0,0"), AM_LOG_SKIP_STATE},
		{"{\n\"type\" : \"EVENT\"\n}\n", AM_LOG_SKIP_OTHER},
		{"{\n\"type\" : \"FLOW\",\n\"type\" : \"FLOW\"\n}\n", AM_LOG_SKIP_SYNTAX},
		{"{\n\"type\" : [\n}\n", AM_LOG_SKIP_SYNTAX},
		{"{\"type\":\"FLOW\"", AM_LOG_SKIP_SYNTAX},
		{"}\n", AM_LOG_SKIP_SYNTAX},
		{"\"type\" : \"FLOW\"\n", AM_LOG_SKIP_SYNTAX},
		/* Received long before it was. */
		{HEADER "2026-03-09 00:00:00,2026-03-09 "
			"00:00:09,8.500,10.0.0.1,10.0.0.2,7,22,UDP,........,0,0,1,60,0,0,0.0.0.0,"
			"2026-03-02 00:01:00.000\n",
		 AM_LOG_SKIP_TIME},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++)
		check_skipped(cases[n].text, KIND, cases[n].reason);
}

static void test_refused(void)
{
	static const char text[] = "ts,te,td,sa,da\n";
	Result result = read_log(text, strlen(text), KIND, SIZE_MAX);
	CU_ASSERT_FALSE(result.ok);
	CU_ASSERT_TRUE(g_error_matches(result.error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID));
	clear(&result);
}

static void test_hostile(void)
{
	static const char text[] =
		"[\n{\n\"first\" : \"\0\"\n}\n\0\n{{{}}}\n{\n\"last\" : \"" /* longer than any value */
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\n}\n";
	Result result = read_log(text, sizeof text - 1, KIND, 3);
	CU_ASSERT_TRUE(result.ok);
	CU_ASSERT_EQUAL(result.counts.skipped[AM_LOG_USED], 0);
	CU_ASSERT(result.lines >= 3);
	clear(&result);
	check_pieces("[\n" BACK ",\n" THERE "]\n", KIND);
}

static void test_recognised(void)
{
	static const struct {
		const char *text;
		gboolean is_ours;
	} cases[] = {
		{"[\n" THERE, TRUE},
		{HEADER, TRUE},
		{"{\"type\":\"FLOW\",\"first\":\"x\",\"in_packets\":1}", TRUE},
		{"ts,te,td,x\n", FALSE},
		{"[\n{\n\t\"type\" : \"cat\"\n}]\n", FALSE},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		AmInputKind kind = AM_INPUT_PCAP;
		const char *what;
		gboolean found = am_log_recognise((const uint8_t *)cases[n].text, strlen(cases[n].text), &kind, &what);
		CU_ASSERT_EQUAL(found && kind == KIND, cases[n].is_ours);
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_json),    UNIT_TEST(test_csv),        UNIT_TEST(test_skipped), UNIT_TEST(test_refused),
		UNIT_TEST(test_hostile), UNIT_TEST(test_recognised), CU_TEST_INFO_NULL,
	};
	return unit_run("nfdump", tests);
}
