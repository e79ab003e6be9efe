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
	g_autoptr(AmMap) map = net_map(&net);
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

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_kinds),
		UNIT_TEST(test_scanned),
		{NULL, NULL},
	};
	return unit_run("devices", tests);
}
