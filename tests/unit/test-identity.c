/* identity.c, names.c: which endpoints are one machine, and what it is called. */
#include "config.h"

#include "map-fixture.h"
#include "unit.h"

#define AT(day, hour) ((FIRST_DAY + (int64_t)(day)) * DAY_NS + (int64_t)(hour)*HOUR_NS)

static void talks(Net *net, const char *client, int day)
{
	net_add(net, (Talk){.client = client,
			    .server = strchr(client, ':') != NULL ? "fd00::1:53" : "10.0.9.53",
			    .ip_protocol = AM_PROTO_TCP,
			    .port = 443,
			    .day = day,
			    .hour = 9,
			    .l7 = "tls"});
}

static void tell(GArray *observations, const char *who, AmObservedKind kind, const char *value, int64_t first_ns,
		 int64_t last_ns)
{
	AmObservation o = {
		.address = address(who), .kind = (uint8_t)kind, .first_ns = first_ns, .last_ns = last_ns, .count = 1};
	g_strlcpy(o.value, value, sizeof o.value);
	g_array_append_val(observations, o);
}

static AmMap *build(const Net *net, GArray *observations)
{
	g_array_sort(observations, am_observation_compare);
	return am_map_build(net->tallies, observations, net->networks, NULL, NULL);
}

static const AmAsset *machine_of(const AmMap *map, const char *who)
{
	AmAddress wanted = address(who);
	uint32_t endpoint = am_map_find_endpoint(map, 0, &wanted);
	CU_ASSERT_NOT_EQUAL_FATAL(endpoint, AM_NO_INDEX);
	return &g_array_index(map->assets, AmAsset, g_array_index(map->endpoints, AmEndpoint, endpoint).asset);
}

static const char *name_of(const AmMap *map, const char *who)
{
	const AmAsset *asset = machine_of(map, who);
	return asset->n_names == 0 ? "" : g_array_index(map->names, AmAssetName, asset->first_name).value;
}

/* Leases of three days, an IPv6 address beside them, and a link-local one: one machine. */
static void test_leases(void)
{
	Net net = net_new();
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	const char *mac = "3c:52:82:00:00:07";
	talks(&net, "10.0.0.20", 0);
	talks(&net, "10.0.0.21", 1);
	talks(&net, "10.0.3.22", 2);
	talks(&net, "fd00::7", 1);
	talks(&net, "fe80::7", 1);
	talks(&net, "10.0.0.30", 1);
	tell(told, "10.0.0.20", AM_OBSERVED_LEASE, mac, AT(0, 8), AT(0, 9));
	tell(told, "10.0.0.20", AM_OBSERVED_MAC, mac, AT(0, 8), AT(0, 20));
	tell(told, "10.0.0.21", AM_OBSERVED_LEASE, mac, AT(1, 8), AT(1, 20));
	tell(told, "10.0.3.22", AM_OBSERVED_LEASE, mac, AT(2, 8), AT(2, 20));
	tell(told, "fd00::7", AM_OBSERVED_MAC, mac, AT(0, 8), AT(2, 20));
	tell(told, "fe80::7", AM_OBSERVED_MAC, mac, AT(0, 8), AT(2, 20));
	tell(told, "10.0.0.30", AM_OBSERVED_MAC, "3c:52:82:00:00:08", AT(1, 8), AT(1, 20));
	g_autoptr(AmMap) map = build(&net, told);
	const AmAsset *asset = machine_of(map, "10.0.0.20");
	CU_ASSERT_EQUAL(asset->n_endpoints, 5);
	CU_ASSERT_PTR_EQUAL(machine_of(map, "10.0.0.21"), asset);
	CU_ASSERT_PTR_EQUAL(machine_of(map, "10.0.3.22"), asset);
	CU_ASSERT_PTR_EQUAL(machine_of(map, "fd00::7"), asset);
	CU_ASSERT_PTR_EQUAL(machine_of(map, "fe80::7"), asset);
	CU_ASSERT_TRUE(asset->has_mac);
	CU_ASSERT_EQUAL(asset->mac[5], 7);
	CU_ASSERT_EQUAL(asset->first_ns / DAY_NS, FIRST_DAY);
	CU_ASSERT_EQUAL(asset->last_ns / DAY_NS, FIRST_DAY + 2);
	uint32_t n = 0, before = 0;
	for (uint32_t e = asset->first_endpoint; e != AM_NO_INDEX;
	     e = g_array_index(map->endpoints, AmEndpoint, e).next) {
		CU_ASSERT_TRUE(n == 0 || e > before);
		before = e;
		n++;
	}
	CU_ASSERT_EQUAL(n, 5);
	CU_ASSERT_EQUAL(machine_of(map, "10.0.0.30")->n_endpoints, 1);
	net_clear(&net);
}

/* A MAC with two IPv4 addresses at once may be in front of two machines, and so may one with IPv6 addresses of many links;
 * VRRP's is nobody's. */
static void test_routers(void)
{
	Net net = net_new();
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	static const struct {
		const char *host, *mac;
	} seen[] = {
		{"10.0.0.20", "02:00:00:00:00:01"},      {"10.0.0.21", "02:00:00:00:00:01"},
		{"10.0.1.22", "00:00:5e:00:01:07"},      {"fd00::22", "00:00:5e:00:01:07"},
		{"10.0.2.23", "02:00:00:00:00:02"},      {"fd00:0:0:1::23", "02:00:00:00:00:02"},
		{"fd00:0:0:2::23", "02:00:00:00:00:02"}, {"fd00:0:0:3::23", "02:00:00:00:00:02"},
	};
	for (guint n = 0; n < G_N_ELEMENTS(seen); n++) {
		talks(&net, seen[n].host, 0);
		tell(told, seen[n].host, AM_OBSERVED_MAC, seen[n].mac, AT(0, 8), AT(0, 20));
	}
	g_autoptr(AmMap) map = build(&net, told);
	for (guint n = 0; n < G_N_ELEMENTS(seen); n++) {
		CU_ASSERT_EQUAL(machine_of(map, seen[n].host)->n_endpoints, 1);
		CU_ASSERT_FALSE(machine_of(map, seen[n].host)->has_mac);
	}
	net_clear(&net);
}

/* An address that went from one machine to another belongs to whom it was leased longer, and so does its name. */
static void test_passed_on(void)
{
	Net net = net_new();
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	talks(&net, "10.0.0.20", 0);
	talks(&net, "10.0.0.21", 2);
	tell(told, "10.0.0.20", AM_OBSERVED_LEASE, "02:00:00:00:00:01", AT(0, 8), AT(0, 18));
	tell(told, "10.0.0.20", AM_OBSERVED_DHCP, "early", AT(0, 8), AT(0, 8));
	tell(told, "10.0.0.20", AM_OBSERVED_LEASE, "02:00:00:00:00:02", AT(1, 8), AT(2, 8));
	tell(told, "10.0.0.20", AM_OBSERVED_DHCP, "late", AT(1, 8), AT(1, 8));
	tell(told, "10.0.0.21", AM_OBSERVED_LEASE, "02:00:00:00:00:01", AT(2, 8), AT(2, 9));
	g_autoptr(AmMap) map = build(&net, told);
	CU_ASSERT_EQUAL(machine_of(map, "10.0.0.20")->mac[5], 2);
	CU_ASSERT_EQUAL(machine_of(map, "10.0.0.20")->n_endpoints, 1);
	CU_ASSERT_STRING_EQUAL(name_of(map, "10.0.0.20"), "late");
	CU_ASSERT_EQUAL(machine_of(map, "10.0.0.20")->n_names, 1);
	net_clear(&net);
}

/* Names join nothing, however well they fit: whoever can send an answer could join a victim. */
static void test_names_join_nothing(void)
{
	Net net = net_new();
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	talks(&net, "10.0.0.20", 0);
	talks(&net, "fd00::20", 0);
	tell(told, "10.0.0.20", AM_OBSERVED_DNS, "db.lan", AT(0, 8), AT(0, 8));
	tell(told, "fd00::20", AM_OBSERVED_DNS, "db.lan", AT(0, 9), AT(0, 9));
	g_autoptr(AmMap) map = build(&net, told);
	CU_ASSERT_EQUAL(machine_of(map, "10.0.0.20")->n_endpoints, 1);
	CU_ASSERT_EQUAL(machine_of(map, "fd00::20")->n_endpoints, 1);
	net_clear(&net);
}

/* A public IPv6 address of an inside machine is inside; the lone one next to it is not. */
static void test_public_address(void)
{
	Net net = net_new();
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	talks(&net, "10.0.0.20", 0);
	talks(&net, "2001:db8::20", 0);
	talks(&net, "2001:db8::21", 0);
	tell(told, "10.0.0.20", AM_OBSERVED_MAC, "3c:52:82:00:00:07", AT(0, 8), AT(0, 9));
	tell(told, "2001:db8::20", AM_OBSERVED_MAC, "3c:52:82:00:00:07", AT(0, 8), AT(0, 9));
	g_autoptr(AmMap) map = build(&net, told);
	CU_ASSERT_PTR_EQUAL(machine_of(map, "10.0.0.20"), machine_of(map, "2001:db8::20"));
	CU_ASSERT_TRUE(machine_of(map, "2001:db8::20")->inside);
	CU_ASSERT_FALSE(machine_of(map, "2001:db8::21")->inside);
	net_clear(&net);
}

/* The name that two kinds of evidence agree on wins over one that was told more often; all stay to be seen. */
static void test_names(void)
{
	Net net = net_new();
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	talks(&net, "10.0.0.20", 0);
	tell(told, "10.0.0.20", AM_OBSERVED_DNS, "intranet.lan", AT(0, 8), AT(0, 8));
	g_array_index(told, AmObservation, 0).count = 1000;
	tell(told, "10.0.0.20", AM_OBSERVED_DNS, "pc7.lan", AT(0, 8), AT(0, 8));
	tell(told, "10.0.0.20", AM_OBSERVED_DHCP, "pc7", AT(0, 8), AT(0, 8));
	net_add(&net, (Talk){.client = "10.0.0.20",
			     .server = "192.0.2.9",
			     .ip_protocol = AM_PROTO_TCP,
			     .port = 443,
			     .hour = 9,
			     .l7 = "tls",
			     .server_name = "API.example.com"});
	net_add(&net, (Talk){.client = "10.0.0.20",
			     .server = "192.0.2.53",
			     .ip_protocol = AM_PROTO_UDP,
			     .port = 53,
			     .hour = 9,
			     .l7 = "dns",
			     .server_name = "other.example.com"});
	g_autoptr(AmMap) map = build(&net, told);
	CU_ASSERT_STRING_EQUAL(name_of(map, "10.0.0.20"), "pc7.lan");
	const AmAsset *asset = machine_of(map, "10.0.0.20");
	CU_ASSERT_EQUAL_FATAL(asset->n_names, 3);
	CU_ASSERT_STRING_EQUAL(g_array_index(map->names, AmAssetName, asset->first_name + 1).value, "pc7");
	CU_ASSERT_STRING_EQUAL(g_array_index(map->names, AmAssetName, asset->first_name + 2).value, "intranet.lan");
	CU_ASSERT_STRING_EQUAL(name_of(map, "192.0.2.9"), "api.example.com");
	CU_ASSERT_STRING_EQUAL(name_of(map, "192.0.2.53"), "");
	/* Nothing of it changes who talks to whom; the revision tells that it is another map. */
	g_autoptr(AmMap) without = am_map_build(net.tallies, NULL, net.networks, NULL, NULL);
	CU_ASSERT_EQUAL(without->edges->len, map->edges->len);
	CU_ASSERT_STRING_NOT_EQUAL(without->revision, map->revision);
	net_clear(&net);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_leases),
		UNIT_TEST(test_routers),
		UNIT_TEST(test_passed_on),
		UNIT_TEST(test_names_join_nothing),
		UNIT_TEST(test_public_address),
		UNIT_TEST(test_names),
		{NULL, NULL},
	};
	return unit_run("identity", tests);
}
