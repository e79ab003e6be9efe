/* devices.c: what kind of machine an asset is, and that it says why. */
#include "config.h"

#include "map-fixture.h"
#include "unit.h"

static void serve(Net *net, const char *server, uint8_t protocol, uint16_t port, int n_clients, const char *l7)
{
	for (int n = 0; n < n_clients; n++) {
		char client[16];
		g_snprintf(client, sizeof client, "10.0.1.%d", n + 1);
		for (int hour = 8; hour < 12; hour++)
			net_add(net, (Talk){.client = client,
					    .server = server,
					    .ip_protocol = protocol,
					    .port = port,
					    .hour = hour,
					    .connections = 3,
					    .role = TRUE,
					    .packets = {9, 9},
					    .payload = {900, 900},
					    .l7 = l7});
	}
}

static void use(Net *net, const char *client, const char *server, uint8_t protocol, uint16_t port)
{
	for (int hour = 8; hour < 12; hour++)
		net_add(net, (Talk){.client = client,
				    .server = server,
				    .ip_protocol = protocol,
				    .port = port,
				    .hour = hour,
				    .connections = 3,
				    .role = TRUE,
				    .packets = {9, 9},
				    .payload = {900, 900}});
}

static void check(const AmMap *map, const char *who, AmAssetKind kind, const char *why)
{
	AmAddress wanted = address(who);
	uint32_t endpoint = am_map_find_endpoint(map, 0, &wanted);
	CU_ASSERT_NOT_EQUAL_FATAL(endpoint, AM_NO_INDEX);
	const AmAsset *asset =
		&g_array_index(map->assets, AmAsset, g_array_index(map->endpoints, AmEndpoint, endpoint).asset);
	CU_ASSERT_STRING_EQUAL(am_asset_kind_name(asset->kind), am_asset_kind_name(kind));
	CU_ASSERT_STRING_EQUAL(asset->kind_why, why);
}

static void test_kinds(void)
{
	Net net = net_new();
	serve(&net, "10.0.0.1", AM_PROTO_TCP, 9100, 1, "printing");
	serve(&net, "10.0.0.2", AM_PROTO_TCP, 9100, 3, "http"); /* a metrics exporter */
	serve(&net, "10.0.0.3", AM_PROTO_TCP, 502, 1, "modbus");
	serve(&net, "10.0.0.4", AM_PROTO_UDP, 161, 1, "snmp");
	use(&net, "10.0.0.4", "10.0.0.9", AM_PROTO_UDP, 514);
	serve(&net, "10.0.0.5", AM_PROTO_UDP, 161, 1, "snmp");
	serve(&net, "10.0.0.5", AM_PROTO_TCP, 5432, 4, "postgresql");
	use(&net, "10.0.0.6", "192.0.2.1", AM_PROTO_TCP, 443);
	use(&net, "10.0.0.6", "10.0.0.9", AM_PROTO_TCP, 389);
	use(&net, "10.0.0.7", "10.0.0.9", AM_PROTO_TCP, 8883);
	use(&net, "10.0.0.8", "10.0.0.9", AM_PROTO_TCP, 5000);
	for (int n = 20; n < 23; n++) {
		char agent[16];
		g_snprintf(agent, sizeof agent, "10.0.0.%d", n);
		use(&net, "10.0.0.10", agent, AM_PROTO_TCP, 10050);
	}
	use(&net, "10.0.0.11", "10.0.0.9", AM_PROTO_TCP, 5432);
	for (int n = 30; n < 33; n++) {
		char target[16];
		g_snprintf(target, sizeof target, "10.0.0.%d", n);
		use(&net, "10.0.0.12", target, AM_PROTO_TCP, 22);
	}
	use(&net, "10.0.0.13", "224.0.1.129", AM_PROTO_UDP, 319);
	g_autoptr(AmMap) map = net_map(&net);
	check(map, "10.0.0.11", AM_ASSET_SERVER,
	      "uses databases, caches or queues, and nothing that people's machines do");
	check(map, "10.0.0.12", AM_ASSET_WORKSTATION, "logs in to others, not around the clock, and offers nothing");
	check(map, "10.0.0.13", AM_ASSET_IOT,
	      "takes part in PTP, as instruments and controllers do, and nobody relies on it");
	check(map, "10.0.0.1", AM_ASSET_PRINTER, "serves tcp/9100");
	check(map, "10.0.0.2", AM_ASSET_SERVER, "serves tcp/9100");
	check(map, "10.0.0.3", AM_ASSET_IOT, "serves tcp/502");
	check(map, "10.0.0.4", AM_ASSET_NETWORK, "answers SNMP, and beyond management only reports");
	check(map, "10.0.0.5", AM_ASSET_SERVER, "serves tcp/5432");
	check(map, "10.0.0.6", AM_ASSET_WORKSTATION,
	      "uses the web and what people's machines use, and nobody relies on it");
	check(map, "10.0.0.7", AM_ASSET_IOT, "only reports telemetry");
	check(map, "10.0.0.8", AM_ASSET_UNKNOWN, "");
	check(map, "10.0.0.10", AM_ASSET_SERVER, "polls agents of others");
	check(map, "192.0.2.1", AM_ASSET_UNKNOWN, ""); /* what is outside is not ours to tell */
	net_clear(&net);
}

/* Ports that a scan knocked at tell nothing. */
static void test_scanned(void)
{
	Net net = net_new();
	for (int n = 1; n < 60; n++) {
		char target[16];
		g_snprintf(target, sizeof target, "10.0.0.%d", n);
		net_add(&net, (Talk){.client = "10.0.1.1",
				     .server = target,
				     .ip_protocol = AM_PROTO_TCP,
				     .port = 502,
				     .hour = 9,
				     .minute = n % 60,
				     .outcome = n == 1 ? AM_OUTCOME_ACCEPTED : AM_OUTCOME_SILENT});
	}
	g_autoptr(AmMap) map = net_map(&net);
	check(map, "10.0.0.1", AM_ASSET_UNKNOWN, "");
	net_clear(&net);
}

/* Who made it tells where nothing that it does tells more, and what it announces where nothing speaks against it. */
static void test_made(void)
{
	static const struct {
		const char *who, *mac, *offers;
	} rows[] = {
		{"10.0.0.1", "00:1b:0d:00:00:01", ""},          /* Cisco, serves names and time */
		{"10.0.0.2", "00:1b:0d:00:00:02", ""},          /* Cisco, serves a database */
		{"10.0.0.3", "00:50:56:00:00:03", ""},          /* VMware, does nothing telling */
		{"10.0.0.4", "52:54:00:00:00:04", "_ipp._tcp"}, /* of nobody, announces a printer */
		{"10.0.0.6", "52:54:00:00:00:06", "_ipp._tcp"}, /* so does one that people use */
		{"10.0.0.7", "00:40:8c:00:00:07", ""},          /* Axis */
	};
	Net net = net_new();
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	serve(&net, "10.0.0.1", AM_PROTO_UDP, 53, 4, "dns");
	serve(&net, "10.0.0.2", AM_PROTO_TCP, 5432, 4, "postgresql");
	use(&net, "10.0.0.3", "10.0.0.9", AM_PROTO_TCP, 5000);
	use(&net, "10.0.0.4", "10.0.0.9", AM_PROTO_TCP, 5000);
	use(&net, "10.0.0.6", "192.0.2.1", AM_PROTO_TCP, 443);
	use(&net, "10.0.0.6", "10.0.0.9", AM_PROTO_TCP, 389);
	use(&net, "10.0.0.7", "10.0.0.9", AM_PROTO_TCP, 5000);
	for (size_t n = 0; n < G_N_ELEMENTS(rows); n++) {
		AmObservation one = {.address = address(rows[n].who), .kind = AM_OBSERVED_MAC, .count = 1};
		one.first_ns = FIRST_DAY * DAY_NS;
		one.last_ns = one.first_ns + DAY_NS;
		g_strlcpy(one.value, rows[n].mac, sizeof one.value);
		g_array_append_val(told, one);
		one.kind = AM_OBSERVED_OFFERS;
		g_strlcpy(one.value, rows[n].offers, sizeof one.value);
		g_array_append_val(told, one);
	}
	g_array_sort(told, am_observation_compare);
	g_autoptr(AmMap) map = am_map_build(net.tallies, told, net.networks, NULL, NULL);
	check(map, "10.0.0.1", AM_ASSET_NETWORK, "made by Cisco Systems, and serves what runs a network");
	check(map, "10.0.0.2", AM_ASSET_SERVER, "serves tcp/5432");
	check(map, "10.0.0.3", AM_ASSET_SERVER, "a virtual machine, by its MAC");
	check(map, "10.0.0.4", AM_ASSET_PRINTER, "announces _ipp._tcp, and does nothing that speaks against it");
	check(map, "10.0.0.6", AM_ASSET_WORKSTATION,
	      "uses the web and what people's machines use, and nobody relies on it");
	check(map, "10.0.0.7", AM_ASSET_IOT, "made by AXIS COMMUNICATIONS, and nobody relies on it");
	net_clear(&net);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_kinds),
		UNIT_TEST(test_scanned),
		UNIT_TEST(test_made),
		{NULL, NULL},
	};
	return unit_run("devices", tests);
}
