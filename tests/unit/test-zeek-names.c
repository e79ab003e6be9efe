/* Zeek's logs beside conn.log: what they tell of which address. */
#include "config.h"

#include "allowmap/import.h"

#include "logs.h"
#include "unit.h"

#include <string.h>

#define HEADER(path) "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t" path "\n"
#define ID "ts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\t"
#define DNS_HEADER                                                                                                     \
	HEADER("dns")                                                                                                  \
	"#fields\t" ID "proto\ttrans_id\trtt\tquery\tqclass\tqclass_name\tqtype\tqtype_name\trcode\trcode_name\tAA\t"  \
	"TC\tRD\tRA\tZ\tanswers\tTTLs\trejected\n"

/* "kind address value;" of all that a log tells, and how many lines were used and not. */
static char *told_by(const char *text, uint64_t used, uint64_t skipped)
{
	AmInputKind kind = AM_INPUT_PCAP;
	const char *what;
	CU_ASSERT_TRUE_FATAL(am_log_recognise((const uint8_t *)text, strlen(text), &kind, &what));
	CU_ASSERT_EQUAL_FATAL(kind, AM_INPUT_ZEEK_NAMES);
	g_clear_pointer(&log_observed, g_array_unref);
	Result result = read_log(text, strlen(text), kind, SIZE_MAX);
	CU_ASSERT_TRUE(result.ok);
	CU_ASSERT_EQUAL(result.all->len, 0);
	CU_ASSERT_EQUAL(result.counts.skipped[AM_LOG_USED], used);
	CU_ASSERT_EQUAL(result.skipped, skipped);
	clear(&result);
	GString *told = g_string_new(NULL);
	for (guint n = 0; log_observed != NULL && n < log_observed->len; n++) {
		const AmObservation *o = &g_array_index(log_observed, AmObservation, n);
		CU_ASSERT_EQUAL(o->network, 3);
		CU_ASSERT_EQUAL(o->count, 1);
		CU_ASSERT_EQUAL(o->first_ns, INT64_C(1772409601500000000));
		CU_ASSERT_EQUAL(o->last_ns, o->first_ns);
		g_string_append_printf(told, "%s %s %s;", am_observed_name((AmObservedKind)o->kind),
				       log_address(&o->address), o->value);
	}
	g_clear_pointer(&log_observed, g_array_unref);
	return g_string_free(told, FALSE);
}

#define DNS(server_port, query, type, answers)                                                                         \
	"1772409601.500000\tC1\t10.0.0.9\t40000\t10.0.0.2\t" server_port "\tudp\t7\t0.001\t" query "\t1\tC_INTERNET"   \
	"\t1\t" type "\t0\tNOERROR\tF\tF\tT\tT\t0\t" answers "\t60.0\tF\n"

static void test_dns(void)
{
	g_autofree char *told = told_by(DNS_HEADER DNS("53", "Web1.lab.test", "A", "10.0.0.7,10.0.0.8")
						DNS("53", "www.lab.test", "AAAA", "web2.lab.test,fd00::7")
							DNS("53", "7.0.0.10.in-addr.arpa", "PTR", "web1.lab.test")
								DNS("53", "nobody.lab.test", "A", "-")
									DNS("5353", "printer.local", "A", "10.0.0.66"),
					3, 2);
	CU_ASSERT_STRING_EQUAL(told,
			       "dns 10.0.0.7 web1.lab.test;dns 10.0.0.8 web1.lab.test;"
			       "dns fd00::7 web2.lab.test;alias fd00::7 www.lab.test;ptr 10.0.0.7 web1.lab.test;");
}

static void test_dns_json(void)
{
	g_autofree char *told = told_by(
		"{\"_path\":\"dns\",\"ts\":1772409601.5,\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.9\",\"id.orig_p\":40000,"
		"\"id.resp_h\":\"10.0.0.2\",\"id.resp_p\":53,\"proto\":\"udp\",\"query\":\"www.lab.test\","
		"\"qtype_name\":\"A\",\"answers\":[\"web1.lab.test\",\"10.0.0.7\"],\"TTLs\":[60.0,60.0]}\n",
		1, 0);
	CU_ASSERT_STRING_EQUAL(told, "dns 10.0.0.7 web1.lab.test;alias 10.0.0.7 www.lab.test;");
}

static void test_dhcp(void)
{
	g_autofree char *told = told_by(
		HEADER("dhcp") "#fields\tts\tuids\tclient_addr\tserver_addr\tmac\thost_name\tclient_fqdn\tdomain\t"
			       "requested_addr\tassigned_addr\tlease_time\tclient_message\tserver_message\tmsg_types\t"
			       "duration\n"
			       "1772409601.500000\tC1\t-\t10.0.0.1\t3c:52:82:00:00:07\tDesk-7\t-\t-\t-\t10.0.0."
			       "77\t3600.0\t-\t-\t"
			       "DISCOVER,OFFER,REQUEST,ACK\t0.01\n"
			       "1772409601.500000\tC2\t-\t-\t3c:52:82:00:00:08\t-\t-\t-\t-\t-\t-\t-\t-\tDISCOVER\t0."
			       "01\n",
		1, 1);
	CU_ASSERT_STRING_EQUAL(told, "lease 10.0.0.77 3c:52:82:00:00:07;dhcp 10.0.0.77 desk-7;");
}

static void test_servers(void)
{
	g_autofree char *tls = told_by(
		HEADER("ssl") "#fields\t" ID "version\tcipher\tcurve\tserver_name\tresumed\n"
			      "1772409601.500000\tC1\t10.0.0.9\t40000\t10.0.0.2\t443\tTLSv13\tTLS_AES\t-\tshop.lab."
			      "test\tF\n"
			      "1772409601.500000\tC1\t10.0.0.9\t40000\t10.0.0.2\t443\tTLSv13\tTLS_AES\t-\t-\tF\n",
		1, 1);
	CU_ASSERT_STRING_EQUAL(tls, "host 10.0.0.2 shop.lab.test;");
	g_autofree char *ntlm = told_by(
		HEADER("ntlm") "#fields\t" ID "username\thostname\tdomainname\tserver_nb_computer_name\t"
			       "server_dns_computer_name\tserver_tree_name\tsuccess\n"
			       "1772409601.500000\tC1\t10.0.0.9\t40000\t10.0.0.2\t445\tann\tDESK-9\tLAB\tFILES\t"
			       "files.lab.test\t-\tT\n"
			       "1772409601.500000\tC1\t10.0.0.9\t40000\t10.0.0.3\t445\tann\tDESK-9\tLAB\tFILES3\t"
			       "-\t-\tT\n",
		2, 0);
	CU_ASSERT_STRING_EQUAL(ntlm, "ntlm 10.0.0.2 files.lab.test;ntlm 10.0.0.3 files3;");
}

/* The account of a machine tells whose address it is; that of a user does not. */
static void test_kerberos(void)
{
	g_autofree char *told =
		told_by(HEADER("kerberos") "#fields\t" ID "request_type\tclient\tservice\tsuccess\n"
					   "1772409601.500000\tC1\t10.0.0.9\t40000\t10.0.0.2\t88\tTGS\tDESK-9$/LAB.TEST"
					   "\tcifs/files.lab.test\tT\n"
					   "1772409601.500000\tC1\t10.0.0.8\t40000\t10.0.0.2\t88\tAS\tann/LAB.TEST"
					   "\tkrbtgt/LAB.TEST\tT\n",
			1, 1);
	CU_ASSERT_STRING_EQUAL(told, "kerberos 10.0.0.9 desk-9;");
}

/* What is no name is not kept; nothing else stops. */
static void test_hostile(void)
{
	g_autofree char *told = told_by(
		DNS_HEADER DNS("53", "a b.lab.test", "A", "10.0.0.7") DNS("53", "ok.lab.test", "A", "10.0.0.8,,x")
			DNS("53", "7.0.0.999.in-addr.arpa", "PTR", "web1.lab.test") "short\tline\n",
		2, 2);
	CU_ASSERT_STRING_EQUAL(told, "dns 10.0.0.8 ok.lab.test;");
}

static void test_not_recognised(void)
{
	static const char *const others[] = {
		HEADER("weird") "#fields\t" ID "name\taddl\n",
		HEADER("conn") "#fields\t" ID "proto\tconn_state\tquery\tqtype_name\n",
		"{\"query\":\"x\",\"qtype_name\":\"A\"}\n",
	};
	for (guint n = 0; n < G_N_ELEMENTS(others); n++) {
		AmInputKind kind = AM_INPUT_PCAP;
		const char *what;
		gboolean known = am_log_recognise((const uint8_t *)others[n], strlen(others[n]), &kind, &what);
		CU_ASSERT_FALSE(known && kind == AM_INPUT_ZEEK_NAMES);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT_TEST(test_dns),
		UNIT_TEST(test_dns_json),
		UNIT_TEST(test_dhcp),
		UNIT_TEST(test_servers),
		UNIT_TEST(test_kerberos),
		UNIT_TEST(test_hostile),
		UNIT_TEST(test_not_recognised),
		{NULL, NULL},
	};
	return unit_run("zeek-names", tests);
}
