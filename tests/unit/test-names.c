/* names.c, makers.c, neighbours.c, vendors.c: who made a machine, what it goes by when others tell, and who was only seen in ARP. */
#include "config.h"

#include "map-fixture.h"
#include "unit.h"

#include <string.h>

#define AT(day, hour) ((FIRST_DAY + (int64_t)(day)) * DAY_NS + (int64_t)(hour)*HOUR_NS)

static void tell_at(GArray *told, AmAddress who, AmObservedKind kind, const char *value, int64_t count)
{
	AmObservation observation = {.address = who,
				     .kind = (uint8_t)kind,
				     .first_ns = AT(0, 8),
				     .last_ns = AT(0, 9),
				     .count = (uint64_t)count};
	g_strlcpy(observation.value, value, sizeof observation.value);
	g_array_append_val(told, observation);
}

static void tell(GArray *told, const char *who, AmObservedKind kind, const char *value)
{
	tell_at(told, address(who), kind, value, 1);
}

static void talk(Net *net, const char *who, uint16_t port)
{
	net_add(net, (Talk){.client = who,
			    .server = "10.0.0.1",
			    .ip_protocol = AM_PROTO_TCP,
			    .port = port,
			    .hour = 8,
			    .packets = {5, 5},
			    .payload = {500, 500}});
}

static AmMap *build(Net *net, GArray *told)
{
	g_array_sort(told, am_observation_compare);
	return am_map_build(net->tallies, told, net->networks, NULL, NULL);
}

static const AmAsset *machine_of(const AmMap *map, const char *who)
{
	AmAddress wanted = address(who);
	uint32_t endpoint = am_map_find_endpoint(map, 0, &wanted);
	CU_ASSERT_NOT_EQUAL_FATAL(endpoint, AM_NO_INDEX);
	return &g_array_index(map->assets, AmAsset, g_array_index(map->endpoints, AmEndpoint, endpoint).asset);
}

static const AmAssetName *name_of(const AmMap *map, const char *who, uint32_t n)
{
	static const AmAssetName none;
	const AmAsset *asset = machine_of(map, who);
	return n < asset->n_names ? &g_array_index(map->names, AmAssetName, asset->first_name + n) : &none;
}

/* An interface's IPv6 address that nobody names goes by the names of its IPv4 addresses, which are machines of their own. */
static void test_siblings(void)
{
	Net net = net_new();
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	talk(&net, "10.0.0.20", 443);
	talk(&net, "2001:db8::20", 443);
	talk(&net, "2001:db8::21", 443);
	tell(told, "10.0.0.20", AM_OBSERVED_MAC, "3c:52:82:00:00:07");
	tell(told, "2001:db8::20", AM_OBSERVED_MAC, "3c:52:82:00:00:07");
	tell(told, "2001:db8::21", AM_OBSERVED_MAC, "3c:52:82:00:00:08");
	tell(told, "10.0.0.20", AM_OBSERVED_DNS, "web1.lan");
	tell(told, "2001:db8::20", AM_OBSERVED_MDNS, "image.local"); /* keeps them apart */
	tell(told, "2001:db8::20", AM_OBSERVED_SYSLOG, "image");
	g_autoptr(AmMap) map = build(&net, told);
	CU_ASSERT_PTR_NOT_EQUAL(machine_of(map, "10.0.0.20"), machine_of(map, "2001:db8::20"));
	CU_ASSERT_STRING_EQUAL(name_of(map, "2001:db8::20", 0)->value, "image.local"); /* it has one */
	CU_ASSERT_EQUAL(machine_of(map, "2001:db8::20")->n_names, 2);

	g_autoptr(GArray) again = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	talk(&net, "10.0.0.22", 443);
	tell_at(again, address("10.0.0.20"), AM_OBSERVED_MAC, "3c:52:82:00:00:07", 1);
	tell_at(again, address("2001:db8::20"), AM_OBSERVED_MAC, "3c:52:82:00:00:07", 1);
	AmObservation later = {.address = address("10.0.0.22"),
			       .kind = AM_OBSERVED_MAC,
			       .count = 1,
			       .first_ns = AT(0, 12),
			       .last_ns = AT(0, 13)};
	g_strlcpy(later.value, "3c:52:82:00:00:07", sizeof later.value);
	g_array_append_val(again, later);
	later.kind = AM_OBSERVED_DNS;
	g_strlcpy(later.value, "web2.lan", sizeof later.value);
	g_array_append_val(again, later);
	tell(again, "10.0.0.20", AM_OBSERVED_DNS, "web1.lan");
	g_autoptr(AmMap) both = build(&net, again);
	CU_ASSERT_EQUAL(machine_of(both, "2001:db8::20")->n_names, 2);
	CU_ASSERT_EQUAL(name_of(both, "2001:db8::20", 0)->kind, AM_OBSERVED_SIBLING);
	CU_ASSERT_EQUAL(name_of(both, "2001:db8::20", 1)->kind, AM_OBSERVED_SIBLING);
	CU_ASSERT_EQUAL(machine_of(both, "2001:db8::21")->n_names, 0);
	CU_ASSERT_EQUAL(machine_of(both, "10.0.0.20")->n_names, 1);
	net_clear(&net);
}

/* A wildcard is a service's; who tells of three hosts in syslog is a relay; "localhost" is nobody. */
static void test_of_others(void)
{
	Net net = net_new();
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	talk(&net, "10.0.0.20", 443);
	talk(&net, "10.0.0.21", 443);
	tell(told, "10.0.0.20", AM_OBSERVED_CERTIFICATE, "*.example.com");
	tell(told, "10.0.0.20", AM_OBSERVED_SYSLOG, "localhost");
	tell(told, "10.0.0.20", AM_OBSERVED_SYSLOG, "localhost.localdomain");
	tell(told, "10.0.0.21", AM_OBSERVED_SYSLOG, "a");
	tell(told, "10.0.0.21", AM_OBSERVED_SYSLOG, "b");
	tell(told, "10.0.0.21", AM_OBSERVED_SYSLOG, "c");
	tell(told, "10.0.0.21", AM_OBSERVED_WORKSTATION, "relay");
	g_autoptr(AmMap) map = build(&net, told);
	CU_ASSERT_EQUAL(machine_of(map, "10.0.0.20")->n_names, 1);
	CU_ASSERT_TRUE(name_of(map, "10.0.0.20", 0)->shared);
	CU_ASSERT_EQUAL(machine_of(map, "10.0.0.21")->n_names, 4);
	CU_ASSERT_STRING_EQUAL(name_of(map, "10.0.0.21", 0)->value, "relay");
	CU_ASSERT_FALSE(name_of(map, "10.0.0.21", 0)->shared);
	CU_ASSERT_TRUE(name_of(map, "10.0.0.21", 1)->shared);
	net_clear(&net);
}

/* LLDP without an address tells of the machine with that MAC. */
static void test_by_mac(void)
{
	Net net = net_new();
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	talk(&net, "10.0.0.20", 443);
	tell(told, "10.0.0.20", AM_OBSERVED_MAC, "00:50:56:00:00:07");
	AmAddress mac = {.bytes = {0x00, 0x50, 0x56, 0, 0, 7}};
	tell_at(told, mac, AM_OBSERVED_LLDP, "sw-1", 1);
	tell_at(told, mac, AM_OBSERVED_CAPABLE, "bridge,router", 1);
	mac.bytes[5] = 8;
	tell_at(told, mac, AM_OBSERVED_LLDP, "sw-2", 1);
	g_autoptr(AmMap) map = build(&net, told);
	CU_ASSERT_EQUAL(machine_of(map, "10.0.0.20")->n_names, 1);
	CU_ASSERT_STRING_EQUAL(name_of(map, "10.0.0.20", 0)->value, "sw-1");
	CU_ASSERT_STRING_EQUAL(machine_of(map, "10.0.0.20")->vendor, "VMware");
	CU_ASSERT_EQUAL(machine_of(map, "10.0.0.20")->kind, AM_ASSET_NETWORK);
	net_clear(&net);
}

static void test_vendors(void)
{
	static const struct {
		uint8_t mac[6];
		const char *vendor;
	} rows[] = {
		{{0x00, 0x50, 0x56, 1, 2, 3}, "VMware"},
		{{0x00, 0x00, 0x0c, 1, 2, 3}, "Cisco Systems"},
		{{0x00, 0x00, 0x5e, 0x00, 0x01, 1}, NULL},              /* VRRP */
		{{0x02, 0x50, 0x56, 1, 2, 3}, NULL},                    /* locally administered */
		{{0x01, 0x50, 0x56, 1, 2, 3}, NULL},                    /* a group */
		{{0x70, 0xb3, 0xd5, 0x7e, 0x61, 1}, "11811347 CANADA"}, /* MA-S: 36 bits */
		{{0x70, 0xb3, 0xd5, 0xff, 0xf1, 1}, NULL},              /* of the block that they are cut from */
	};
	g_autoptr(AmVendors) vendors = am_vendors_new();
	for (size_t n = 0; n < G_N_ELEMENTS(rows); n++) {
		const char *vendor = am_vendors_find(vendors, rows[n].mac);
		if (rows[n].vendor == NULL)
			CU_ASSERT_PTR_NULL(vendor);
		if (rows[n].vendor != NULL) {
			CU_ASSERT_PTR_NOT_NULL_FATAL(vendor);
			CU_ASSERT_STRING_EQUAL(vendor, rows[n].vendor);
		}
	}
}

static void test_neighbours(void)
{
	Net net = net_new();
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(AmObservation));
	talk(&net, "10.0.0.20", 443);
	tell(told, "10.0.0.20", AM_OBSERVED_ARP, "3c:52:82:00:00:07");
	tell(told, "10.0.0.30", AM_OBSERVED_ARP, "3c:52:82:00:00:08");
	tell(told, "10.0.0.30", AM_OBSERVED_ARP, "3c:52:82:00:00:09");
	tell(told, "10.0.0.40", AM_OBSERVED_ASKED, "arp");
	g_autoptr(AmMap) map = build(&net, told);
	CU_ASSERT_EQUAL_FATAL(map->neighbours->len, 1);
	AmAddress wanted = address("10.0.0.30");
	CU_ASSERT_EQUAL(am_address_compare(&g_array_index(map->neighbours, AmNeighbour, 0).address, &wanted), 0);
	CU_ASSERT_EQUAL(map->n_asked, 1);
	/* ARP tells no machine's MAC to the map: it is too easily forged. */
	CU_ASSERT_FALSE(machine_of(map, "10.0.0.20")->has_mac);
	net_clear(&net);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_siblings), UNIT_TEST(test_of_others),  UNIT_TEST(test_by_mac),
		UNIT_TEST(test_vendors),  UNIT_TEST(test_neighbours), {NULL, NULL},
	};
	return unit_run("names", tests);
}
