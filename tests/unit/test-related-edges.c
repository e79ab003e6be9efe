/* What the map makes of edges whose port another edge announced. */
#include "config.h"

#include "map-fixture.h"
#include "unit.h"

#define TCP AM_PROTO_TCP
#define UDP AM_PROTO_UDP
#define CLIENT "10.0.1.1"
#define SERVER "10.0.2.1"
/* SERVER is the higher address of the two. */
#define FTP am_related(AM_RELATED_FTP, 1, TCP, 21)
#define TFTP am_related(AM_RELATED_TFTP, 1, UDP, 69)

static void add_related(Net *net, AmRelated related, Talk talk)
{
	guint n = net_add(net, talk);
	g_array_index(net->tallies, AmTally, n).related = related;
}

/* A download: payload comes from one side only. */
static void add_download(Net *net, const char *client, const char *server, uint16_t port, AmRelated related)
{
	add_related(net, related,
		    (Talk){.client = client,
			   .server = server,
			   .ip_protocol = TCP,
			   .port = port,
			   .day = 1,
			   .hour = 9,
			   .packets = {10, 20},
			   .payload = {0, 20000}});
}

static Net net_with_ftp(void)
{
	Net net = net_new();
	net_span(&net, 4);
	net_use(&net, CLIENT, SERVER, 21, 0, 4);
	return net;
}

static void test_passive_ftp(void)
{
	Net net = net_with_ftp();
	add_download(&net, CLIENT, SERVER, 50001, FTP);
	add_download(&net, CLIENT, SERVER, 50002, 0); /* nobody announced it: opened, and hardly a word */
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, CLIENT, SERVER, TCP, 21, ESSENTIAL);
	ASSERT_VERDICT(map, CLIENT, SERVER, TCP, 50001, ESSENTIAL);
	ASSERT_VERDICT(map, CLIENT, SERVER, TCP, 50002, BACKGROUND);
	const AmEdge *data = edge_of(map, CLIENT, SERVER, TCP, 50001);
	CU_ASSERT_PTR_EQUAL(&g_array_index(map->edges, AmEdge, data->control), edge_of(map, CLIENT, SERVER, TCP, 21));
	CU_ASSERT_EQUAL(data->related, FTP);
	CU_ASSERT(has_reason(data, AM_REASON_RELATED) && !has_reason(data, AM_REASON_SINGLE));
	CU_ASSERT_EQUAL(edge_of(map, CLIENT, SERVER, TCP, 21)->control, AM_NO_INDEX);
	CU_ASSERT(!has_reason(edge_of(map, CLIENT, SERVER, TCP, 21), AM_REASON_RELATED));
	g_autofree char *text = am_map_explain_edge(map, NULL, (uint32_t)(data - (const AmEdge *)map->edges->data));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nrelated to: ftp tcp/21, 10.0.1.1 > 10.0.2.1, essential\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nreason: related: "));
	net_clear(&net);
}

/* Active: the server opens it from port 20; who opens a connection is its client. */
static void test_active_ftp(void)
{
	Net net = net_with_ftp();
	add_download(&net, SERVER, CLIENT, 40001, FTP);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, SERVER, CLIENT, TCP, 40001, ESSENTIAL);
	net_clear(&net);
}

/* What its control edge is not, it does not become; and what failed, or is asked for by other doubts, stays. */
static void test_thin_control(void)
{
	Net net = net_new();
	net_span(&net, 4);
	net_add(&net, (Talk){.client = CLIENT, .server = SERVER, .ip_protocol = TCP, .port = 21, .payload = {9, 9}});
	add_download(&net, CLIENT, SERVER, 50001, FTP);
	net_use(&net, CLIENT, "10.0.2.2", 21, 0, 4);
	add_download(&net, CLIENT, "10.0.2.2", 3389, FTP);
	add_download(&net, CLIENT, "10.0.2.2", 5432, FTP);
	add_download(&net, CLIENT, "10.0.2.2", 2049, am_related(AM_RELATED_SUNRPC, 1, TCP, 21));
	add_related(&net, FTP,
		    (Talk){.client = CLIENT,
			   .server = "10.0.2.2",
			   .ip_protocol = TCP,
			   .port = 50001,
			   .outcome = AM_OUTCOME_REFUSED});
	add_download(&net, CLIENT, "10.0.2.3", 50001, FTP); /* its control edge was not seen */
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, CLIENT, SERVER, TCP, 21, UNDECIDED);
	ASSERT_VERDICT(map, CLIENT, SERVER, TCP, 50001, UNDECIDED);
	ASSERT_VERDICT(map, CLIENT, "10.0.2.2", TCP, 3389, UNDECIDED);
	ASSERT_VERDICT(map, CLIENT, "10.0.2.2", TCP, 5432, UNDECIDED);
	ASSERT_VERDICT(map, CLIENT, "10.0.2.2", TCP, 2049, ESSENTIAL);
	ASSERT_VERDICT(map, CLIENT, "10.0.2.2", TCP, 50001, BACKGROUND);
	ASSERT_VERDICT(map, CLIENT, "10.0.2.3", TCP, 50001, UNDECIDED);
	CU_ASSERT_EQUAL(edge_of(map, CLIENT, "10.0.2.3", TCP, 50001)->control, AM_NO_INDEX);
	net_clear(&net);
}

/* However often it is seen: what one side alone announced and used is not needed because of that. */
static void test_recurring_data(void)
{
	Net net = net_new();
	net_span(&net, 4);
	net_add(&net, (Talk){.client = CLIENT, .server = SERVER, .ip_protocol = TCP, .port = 21, .payload = {9, 9}});
	for (int day = 0; day < 4; day++)
		add_related(&net, FTP,
			    (Talk){.client = CLIENT,
				   .server = SERVER,
				   .ip_protocol = TCP,
				   .port = 50001,
				   .day = day,
				   .n_hours = 10,
				   .connections = 10,
				   .packets = {100, 100},
				   .payload = {0, 20000}});
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, CLIENT, SERVER, TCP, 50001, UNDECIDED);
	net_clear(&net);
}

/* An FTP server that is driven to scan its own client: every probe was announced, and some succeed. */
static void test_bounce(void)
{
	Net net = net_with_ftp();
	for (uint16_t port = 2000; port < 2100; port++)
		add_related(&net, FTP,
			    (Talk){.client = SERVER,
				   .server = CLIENT,
				   .ip_protocol = TCP,
				   .port = port,
				   .day = 1,
				   .hour = 9,
				   .minute = (port - 2000) / 2,
				   .outcome = AM_OUTCOME_REFUSED});
	add_download(&net, SERVER, CLIENT, 2200, FTP);
	add_download(&net, CLIENT, SERVER, 2201, FTP);
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, CLIENT, SERVER, TCP, 21, ESSENTIAL);
	ASSERT_VERDICT(map, SERVER, CLIENT, TCP, 2000, SUSPICIOUS);
	ASSERT_VERDICT(map, SERVER, CLIENT, TCP, 2200, SUSPICIOUS);
	ASSERT_VERDICT(map, CLIENT, SERVER, TCP, 2201, UNDECIDED);
	net_clear(&net);
}

/* What people say of the control edge holds for its data, unless they say otherwise of that. */
static void test_overrides(void)
{
	Net net = net_new();
	net_span(&net, 4);
	net_add(&net, (Talk){.client = CLIENT, .server = SERVER, .ip_protocol = TCP, .port = 21, .payload = {9, 9}});
	add_download(&net, CLIENT, SERVER, 50001, FTP);
	add_download(&net, CLIENT, SERVER, 50002, FTP);
	AmAddress client = address(CLIENT), server = address(SERVER);
	AmOverride overrides[2] = {
		{.client = am_prefix_host(&client), .server = am_prefix_host(&server), .ip_protocol = TCP, .port = 21},
		{.client = am_prefix_host(&client),
		 .server = am_prefix_host(&server),
		 .ip_protocol = TCP,
		 .port = 50002}};
	overrides[0].verdict = AM_VERDICT_ESSENTIAL;
	overrides[1].verdict = AM_VERDICT_UNDECIDED;
	AmDecisionSet decisions = {.overrides = g_array_new(FALSE, TRUE, sizeof(AmOverride))};
	g_array_append_vals(decisions.overrides, overrides, 2);
	g_autoptr(AmMap) map = am_map_build(net.tallies, NULL, net.networks, &decisions, NULL);
	ASSERT_VERDICT(map, CLIENT, SERVER, TCP, 50001, ESSENTIAL);
	ASSERT_VERDICT(map, CLIENT, SERVER, TCP, 50002, UNDECIDED);
	g_array_index(decisions.overrides, AmOverride, 0).verdict = AM_VERDICT_SUSPICIOUS;
	g_autoptr(AmMap) hostile = am_map_build(net.tallies, NULL, net.networks, &decisions, NULL);
	ASSERT_VERDICT(hostile, CLIENT, SERVER, TCP, 50001, SUSPICIOUS);
	g_array_unref(decisions.overrides);
	net_clear(&net);
}

static Talk datagrams(const char *client, uint16_t client_port, const char *server, uint16_t port)
{
	return (Talk){.client = client,
		      .server = server,
		      .ip_protocol = UDP,
		      .client_port = client_port,
		      .port = port,
		      .undirected = TRUE,
		      .day = 1,
		      .hour = 9,
		      .packets = {10, 10},
		      .payload = {5000, 40}};
}

/* The server begins a transfer, to the port that asked for it: that makes it the client. */
static void test_tftp(void)
{
	Net net = net_new();
	net_span(&net, 4);
	for (int day = 0; day < 4; day++)
		net_add(&net, (Talk){.client = CLIENT,
				     .server = SERVER,
				     .ip_protocol = UDP,
				     .port = 69,
				     .day = day,
				     .n_hours = 5,
				     .connections = 5,
				     .outcome = AM_OUTCOME_ONE_WAY,
				     .packets = {5, 0},
				     .payload = {100, 0},
				     .role = TRUE});
	add_related(&net, TFTP, datagrams(SERVER, 50000, CLIENT, 40000));
	add_related(&net, 0, datagrams(SERVER, 50001, CLIENT, 40001));
	/* Begun now by the one, now by the other: not told by the announcement. */
	Talk both = datagrams(SERVER, 50002, CLIENT, 40002);
	both.connections = 2;
	add_related(&net, TFTP, both);
	AmTally *tally = &g_array_index(net.tallies, AmTally, net.tallies->len - 1);
	tally->first[0] = tally->first[1] = 1;
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, CLIENT, SERVER, UDP, 69, ESSENTIAL);
	ASSERT_VERDICT(map, SERVER, CLIENT, UDP, 40000, ESSENTIAL);
	CU_ASSERT(!has_reason(edge_of(map, SERVER, CLIENT, UDP, 40000), AM_REASON_UNSURE_DIRECTION));
	ASSERT_VERDICT(map, SERVER, CLIENT, UDP, 40001, UNDECIDED);
	CU_ASSERT(has_reason(edge_of(map, SERVER, CLIENT, UDP, 40001), AM_REASON_UNSURE_DIRECTION));
	const AmEdge *unsure = edge_of(map, CLIENT, SERVER, UDP, 50002);
	unsure = unsure != NULL ? unsure : edge_of(map, SERVER, CLIENT, UDP, 40002);
	CU_ASSERT_EQUAL(unsure->verdict, AM_VERDICT_UNDECIDED);
	net_clear(&net);
}

/* Both ends speak SIP from its port: the one that was taken for the server may turn out to be the client. */
static void test_sip(void)
{
	Net net = net_new();
	net_span(&net, 4);
	for (int day = 0; day < 4; day++) {
		Talk talk = datagrams(SERVER, 5060, CLIENT, 5060);
		talk.day = day;
		talk.n_hours = 8;
		talk.connections = 20;
		net_add(&net, talk);
	}
	add_related(&net, am_related(AM_RELATED_SIP, 1, UDP, 5060), datagrams(CLIENT, 30000, SERVER, 49170));
	g_autoptr(AmMap) map = net_map(&net);
	const AmEdge *media = edge_of(map, CLIENT, SERVER, UDP, 49170);
	CU_ASSERT_PTR_NOT_NULL_FATAL(media);
	CU_ASSERT_NOT_EQUAL_FATAL(media->control, AM_NO_INDEX);
	const AmEdge *control = &g_array_index(map->edges, AmEdge, media->control);
	CU_ASSERT_EQUAL(control->port, 5060);
	CU_ASSERT_EQUAL(control->verdict, AM_VERDICT_ESSENTIAL);
	CU_ASSERT_EQUAL(media->verdict, AM_VERDICT_ESSENTIAL);
	net_clear(&net);
}

/* Ports of transfers tell no hosts apart. */
static void test_groups(void)
{
	Net net = net_with_ftp();
	net_use(&net, "10.0.1.2", SERVER, 21, 0, 4);
	net_use(&net, "10.0.1.3", SERVER, 21, 0, 4);
	for (uint16_t port = 50000; port < 50020; port++) {
		add_download(&net, CLIENT, SERVER, port, FTP);
		add_download(&net, "10.0.1.2", SERVER, port, FTP);
	}
	g_autoptr(AmMap) map = net_map(&net);
	ASSERT_VERDICT(map, CLIENT, SERVER, TCP, 50000, ESSENTIAL);
	CU_ASSERT_NOT_EQUAL(asset_of(map, CLIENT)->group, AM_NO_INDEX);
	CU_ASSERT_EQUAL(asset_of(map, CLIENT)->group, asset_of(map, "10.0.1.3")->group);
	net_clear(&net);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_passive_ftp),  UNIT_TEST(test_active_ftp),
		UNIT_TEST(test_thin_control), UNIT_TEST(test_recurring_data),
		UNIT_TEST(test_bounce),       UNIT_TEST(test_overrides),
		UNIT_TEST(test_tftp),         UNIT_TEST(test_sip),
		UNIT_TEST(test_groups),       {NULL, NULL},
	};
	return unit_run("related edges", tests);
}
