/* Inventories: every format, what each of its fields becomes, which group counts, what is refused and why, hostile values. The
 * leases and ansible.json are what the real servers and ansible-inventory wrote. */
#include "config.h"

#include "inventory.h"

static void test_csv(void)
{
	static const char *const fields[] = {"cost centre=cost-centre", NULL};
	g_autoptr(AmInventory) inventory = inventory_fixture("hosts.csv", fields);
	CU_ASSERT_EQUAL(inventory->kind, AM_INVENTORY_CSV);
	ASSERT_INVENTORY(inventory, "192.168.10.50/32(3c:52:82:5c:00:00) name=pc1.acm.corp\n"
				    "192.168.10.50/32(3c:52:82:5c:00:00) owner=alice\n"
				    "192.168.10.50/32(3c:52:82:5c:00:00) application=office\n"
				    "192.168.10.50/32(3c:52:82:5c:00:00) environment=prod\n"
				    "192.168.10.50/32(3c:52:82:5c:00:00) criticality=low\n"
				    "192.168.10.50/32(3c:52:82:5c:00:00) role=desktops\n"
				    "192.168.10.50/32(3c:52:82:5c:00:00) cost-centre=4711\n"
				    "3c:52:82:5c:00:00 name=pc1.acm.corp\n"
				    "3c:52:82:5c:00:00 owner=alice\n"
				    "3c:52:82:5c:00:00 application=office\n"
				    "3c:52:82:5c:00:00 environment=prod\n"
				    "3c:52:82:5c:00:00 criticality=low\n"
				    "3c:52:82:5c:00:00 role=desktops\n"
				    "3c:52:82:5c:00:00 cost-centre=4711\n"
				    "192.168.10.51/32 name=pc2\n"
				    "192.168.10.51/32 owner=bob\n"
				    "192.168.10.51/32 application=office\n"
				    "192.168.10.51/32 environment=prod\n"
				    "192.168.10.51/32 criticality=low\n"
				    "192.168.10.51/32 role=desktops\n"
				    "192.168.10.51/32 cost-centre=4711\n"
				    "2001:db8:10::34/128 name=pc2\n"
				    "2001:db8:10::34/128 owner=bob\n"
				    "2001:db8:10::34/128 application=office\n"
				    "2001:db8:10::34/128 environment=prod\n"
				    "2001:db8:10::34/128 criticality=low\n"
				    "2001:db8:10::34/128 role=desktops\n"
				    "2001:db8:10::34/128 cost-centre=4711\n"
				    "192.168.20.30/32 name=web; \"main\"\n"
				    "192.168.20.30/32 owner=carol\n"
				    "192.168.20.30/32 application=shop\n"
				    "192.168.20.30/32 environment=prod\n"
				    "192.168.20.30/32 criticality=high\n"
				    "192.168.20.30/32 role=Web_Server\n"
				    "192.168.20.30/32 cost-centre=1\n"
				    "52:54:00:00:00:07 name=db1\n"
				    "52:54:00:00:00:07 owner=carol\n"
				    "52:54:00:00:00:07 application=shop\n"
				    "only-a-name name=only-a-name\n"
				    "only-a-name owner=carol\n"
				    "only-a-name application=shop\n");
	CU_ASSERT_EQUAL(inventory->skipped[AM_INVENTORY_USED], 6);
	CU_ASSERT_EQUAL(inventory->skipped[AM_INVENTORY_SKIP_ADDRESS], 1);
	CU_ASSERT_EQUAL(inventory->skipped[AM_INVENTORY_SKIP_NO_KEY], 1);
	CU_ASSERT_EQUAL(inventory->skipped[AM_INVENTORY_SKIP_SYNTAX], 1);
	CU_ASSERT_EQUAL(inventory->skipped[AM_INVENTORY_SKIP_NOTHING], 1);
	CU_ASSERT_EQUAL(inventory->contradictions, 1);
	CU_ASSERT_EQUAL_FATAL(inventory->unused->len, 1);
	CU_ASSERT_STRING_EQUAL(inventory->unused->pdata[0], "Serial");
}

/* Commas, tabs, CR LF, a byte order mark, subnets, quotes over lines, quotes that never end. */
static void test_csv_dialects(void)
{
	g_autoptr(AmInventory) commas =
		inventory_read("\xef\xbb\xbf"
			       "cidr,owner,description\r\n10.1.0.0/16,net-team,\"two\nlines\"\r\n10.2.0.1/24,x,\r\n"
			       "224.0.0.1,x,\r\n127.0.0.1,x,\r\n\r\n10.3.0.0/16,\"open\n",
			       -1, NULL);
	ASSERT_INVENTORY(commas, "10.1.0.0/16 owner=net-team\n10.2.0.1/32 owner=x\n");
	CU_ASSERT_EQUAL(commas->skipped[AM_INVENTORY_SKIP_ADDRESS], 2);
	CU_ASSERT_EQUAL(commas->skipped[AM_INVENTORY_SKIP_SYNTAX], 1);
	g_autoptr(AmInventory) tabs = inventory_read("ip\tmac\tgroups\n10.0.0.1\t0011.2233.4455\tweb, prod | "
						     "linux\n10.0.0.2\t01:00:5e:00:00:01\tlinux\n\t\t\n"
						     "\t00:00:00:00:00:00\tx\n",
						     -1, NULL);
	ASSERT_INVENTORY(tabs, "10.0.0.1/32(00:11:22:33:44:55) environment=prod\n"
			       "10.0.0.1/32(00:11:22:33:44:55) groups=web, linux\n"
			       "10.0.0.1/32(00:11:22:33:44:55) group=web\n"
			       "00:11:22:33:44:55 environment=prod\n"
			       "00:11:22:33:44:55 groups=web, linux\n"
			       "00:11:22:33:44:55 group=web\n"
			       "10.0.0.2/32 group=linux\n");
	CU_ASSERT_EQUAL(tabs->skipped[AM_INVENTORY_SKIP_MAC], 1);
	g_autoptr(AmInventory) network =
		inventory_read("subnet,name,owner\n10.1.0.0/16,Berlin,net\n", AM_INVENTORY_CSV, NULL);
	ASSERT_INVENTORY(network, "10.1.0.0/16 subnet=Berlin\n10.1.0.0/16 owner=net\n");
}

/* What would act on a terminal, run in a spreadsheet or be too long is made safe or cut. */
static void test_hostile_values(void)
{
	g_autofree char *longest = g_strnfill(5000, 'x');
	g_autofree char *text = g_strdup_printf("ip,owner,role\n10.0.0.1,\"a\x1b[31m\nb\xff\",%s\n", longest);
	g_autoptr(AmInventory) inventory = inventory_read(text, -1, NULL);
	CU_ASSERT_EQUAL_FATAL(inventory->labels->len, 2);
	CU_ASSERT_STRING_EQUAL(g_array_index(inventory->labels, AmLabel, 0).value, "a?[31m?b?");
	CU_ASSERT_EQUAL(strlen(g_array_index(inventory->labels, AmLabel, 1).value), 128);
}

static void test_ansible(void)
{
	g_autoptr(AmInventory) inventory = inventory_fixture("ansible.json", NULL);
	CU_ASSERT_EQUAL(inventory->kind, AM_INVENTORY_ANSIBLE);
	ASSERT_INVENTORY(inventory, "dns.acm.corp name=dns.acm.corp\n"
				    "dns.acm.corp environment=prod\n"
				    "dns.acm.corp group=pcs\n"
				    "192.168.10.53/32 name=pc4\n"
				    "192.168.10.53/32 environment=prod\n"
				    "192.168.10.53/32 groups=pcs, vip\n"
				    "192.168.10.53/32 group=vip\n"
				    "192.168.10.54/32 name=pc5\n"
				    "192.168.10.54/32 application=hr\n"
				    "192.168.10.54/32 environment=prod\n"
				    "192.168.10.54/32 group=pcs\n"
				    "192.168.20.11/32 name=web1\n"
				    "192.168.20.11/32 owner=dave\n"
				    "192.168.20.11/32 environment=prod\n"
				    "192.168.20.11/32 group=web\n");
	/* Groups that are above each other end nowhere. */
	g_autoptr(AmInventory) circle = inventory_read(
		"{\"_meta\":{\"hostvars\":{\"10.0.0.7\":{\"team\":\"a\",\"ansible_host\":\"name.example\"}}},"
		"\"a\":{\"children\":[\"b\"],\"hosts\":[\"10.0.0.7\",7]},\"b\":{\"children\":[\"a\"]}}",
		-1, NULL);
	ASSERT_INVENTORY(circle, "10.0.0.7/32 name=10.0.0.7\n10.0.0.7/32 owner=a\n10.0.0.7/32 group=a\n");
}

static void test_kubernetes(void)
{
	g_autoptr(AmInventory) inventory = inventory_fixture("kubernetes.json", NULL);
	CU_ASSERT_EQUAL(inventory->kind, AM_INVENTORY_KUBERNETES);
	ASSERT_INVENTORY(inventory, "10.244.1.10/32 name=frontend-5d9c7bd5f8-x2x7q from 2026-03-01T08:00:00Z\n"
				    "10.244.1.10/32 owner=blue from 2026-03-01T08:00:00Z\n"
				    "10.244.1.10/32 application=webshop from 2026-03-01T08:00:00Z\n"
				    "10.244.1.10/32 namespace=shop from 2026-03-01T08:00:00Z\n"
				    "10.244.1.10/32 group=shop/frontend from 2026-03-01T08:00:00Z\n"
				    "fd00:10:244:1::a/128 name=frontend-5d9c7bd5f8-x2x7q from 2026-03-01T08:00:00Z\n"
				    "fd00:10:244:1::a/128 owner=blue from 2026-03-01T08:00:00Z\n"
				    "fd00:10:244:1::a/128 application=webshop from 2026-03-01T08:00:00Z\n"
				    "fd00:10:244:1::a/128 namespace=shop from 2026-03-01T08:00:00Z\n"
				    "fd00:10:244:1::a/128 group=shop/frontend from 2026-03-01T08:00:00Z\n"
				    "10.244.2.10/32 name=frontend-5d9c7bd5f8-zzzzz from 2026-03-01T08:00:00Z\n"
				    "10.244.2.10/32 application=webshop from 2026-03-01T08:00:00Z\n"
				    "10.244.2.10/32 namespace=shop from 2026-03-01T08:00:00Z\n"
				    "10.244.2.10/32 group=shop/frontend from 2026-03-01T08:00:00Z\n"
				    "10.244.1.11/32 name=db-0\n"
				    "10.244.1.11/32 application=shop\n"
				    "10.244.1.11/32 namespace=shop\n"
				    "10.244.1.11/32 group=shop/db\n"
				    "10.244.1.12/32 name=backup-28391220-abcde\n"
				    "10.244.1.12/32 application=shop\n"
				    "10.244.1.12/32 namespace=shop\n"
				    "10.244.1.12/32 group=shop/backup\n"
				    "10.0.0.11/32 name=node-1\n"
				    "10.0.0.11/32 group=node/control-plane\n"
				    "10.96.12.7/32 service=shop/frontend\n"
				    "10.96.12.7/32 application=shop\n"
				    "10.96.12.7/32 namespace=shop\n"
				    "192.0.2.80/32 service=shop/frontend\n"
				    "192.0.2.80/32 application=shop\n"
				    "192.0.2.80/32 namespace=shop\n"
				    "10.0.5.5/32 service=shop/legacy\n");
	CU_ASSERT_EQUAL(inventory->skipped[AM_INVENTORY_SKIP_ENDED], 1);
	CU_ASSERT_EQUAL(inventory->skipped[AM_INVENTORY_SKIP_SHARED], 1);
	CU_ASSERT_EQUAL(inventory->skipped[AM_INVENTORY_SKIP_NO_KEY], 2); /* a pod, and a service without an address */
	CU_ASSERT_EQUAL(inventory->skipped[AM_INVENTORY_SKIP_OTHER], 1);
	/* Within a list of one kind, items have none of their own. */
	g_autoptr(AmInventory) pods = inventory_read("{\"apiVersion\":\"v1\",\"kind\":\"PodList\",\"items\":[{"
						     "\"metadata\":{\"name\":\"kube-apiserver-n1\",\"namespace\":"
						     "\"kube-system\",\"labels\":{\"component\":\"kube-apiserver\"},"
						     "\"ownerReferences\":[{\"kind\":\"Node\",\"name\":"
						     "\"n1\"}]},\"status\":{\"podIP\":\"10.0.0.2\"}}]}",
						     -1, NULL);
	ASSERT_INVENTORY(pods, "10.0.0.2/32 name=kube-apiserver-n1\n10.0.0.2/32 application=kube-system\n"
			       "10.0.0.2/32 namespace=kube-system\n10.0.0.2/32 group=kube-system/kube-apiserver\n");
}

/* What the options say goes before what is known. */
static void test_mapped(void)
{
	static const char *const fields[] = {"app.kubernetes.io/component=role", "tier=group", "owner=cost-centre",
					     NULL};
	g_autoptr(AmInventory) pod =
		inventory_read("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"labels\":{\"app.kubernetes.io/"
			       "component\":\"cache\","
			       "\"owner\":\"7\",\"name\":\"x\"}},\"status\":{\"podIP\":\"10.0.0.2\"}}",
			       -1, fields);
	ASSERT_INVENTORY(pod, "10.0.0.2/32 role=cache\n10.0.0.2/32 cost-centre=7\n");
	g_autoptr(AmInventory) host = inventory_read(
		"{\"_meta\":{\"hostvars\":{\"10.0.0.7\":{\"tier\":\"front\",\"owner\":8,\"mac_address\":\"no\"}}}}", -1,
		fields);
	ASSERT_INVENTORY(host, "10.0.0.7/32 name=10.0.0.7\n10.0.0.7/32 cost-centre=8\n10.0.0.7/32 group=front\n");
}

static void test_netbox(void)
{
	g_autoptr(AmInventory) devices = inventory_fixture("netbox-devices.json", NULL);
	CU_ASSERT_EQUAL(devices->kind, AM_INVENTORY_NETBOX);
	ASSERT_INVENTORY(devices, "10.1.2.3/32 name=web01\n"
				  "10.1.2.3/32 application=shop\n"
				  "10.1.2.3/32 criticality=high\n"
				  "10.1.2.3/32 owner=Retail\n"
				  "10.1.2.3/32 site=Berlin\n"
				  "10.1.2.3/32 environment=prod\n"
				  "10.1.2.3/32 tags=prod, pci\n"
				  "10.1.2.3/32 role=Web server\n"
				  "2001:db8::3/128 name=web01\n"
				  "2001:db8::3/128 application=shop\n"
				  "2001:db8::3/128 criticality=high\n"
				  "2001:db8::3/128 owner=Retail\n"
				  "2001:db8::3/128 site=Berlin\n"
				  "2001:db8::3/128 environment=prod\n"
				  "2001:db8::3/128 tags=prod, pci\n"
				  "2001:db8::3/128 role=Web server\n"
				  "sw-7 name=sw-7\n"
				  "sw-7 role=Access switch\n");
	CU_ASSERT_EQUAL(devices->skipped[AM_INVENTORY_SKIP_NO_KEY], 1);
	g_autoptr(AmInventory) addresses = inventory_fixture("netbox-addresses.json", NULL);
	ASSERT_INVENTORY(addresses, "10.1.2.3/32 name=web01\n"
				    "10.1.2.3/32 owner=Retail\n"
				    "10.1.2.4/32 name=db.example.com\n"
				    "10.1.2.4/32 tags=pci\n"
				    "10.1.0.0/16 subnet=Berlin\n"
				    "10.1.0.0/16 owner=Retail\n");
	CU_ASSERT_EQUAL(addresses->skipped[AM_INVENTORY_SKIP_ENDED], 1);
	CU_ASSERT_EQUAL(addresses->skipped[AM_INVENTORY_SKIP_ADDRESS], 1);
	CU_ASSERT_EQUAL(addresses->skipped[AM_INVENTORY_SKIP_SYNTAX], 1);
}

static void test_dnsmasq(void)
{
	g_autoptr(AmInventory) inventory = inventory_fixture("dnsmasq.leases", NULL);
	CU_ASSERT_EQUAL(inventory->kind, AM_INVENTORY_DNSMASQ);
	/* They end after the file was written: it is of then. */
	ASSERT_INVENTORY(inventory, "10.77.0.85 52:54:00:aa:00:01 pc-one 1772409600-1772409600\n"
				    "10.77.0.86 52:54:00:aa:00:02 pc 1772409600-1772409600\n");
	g_autoptr(AmInventory) other = inventory_read("1000 52:54:00:aa:00:01 10.0.0.1 * *\n"
						      "0 52:54:00:aa:00:02 10.0.0.2 bad/name 01:52\n"
						      "duid 00:01:00:01:2c:6e\n"
						      "1000 7341 fd00::7 host 00:03:00:01\n"
						      "1000 52:54:00:aa:00:03 10.0.0 * *\n"
						      "\n"
						      "1000 52:54:00:aa:00:03 224.0.0.1 * *\n",
						      -1, NULL);
	ASSERT_INVENTORY(other, "10.0.0.1 52:54:00:aa:00:01 - 1000-1000\n"
				"10.0.0.2 52:54:00:aa:00:02 - 1772409600-1772409600\n");
	CU_ASSERT_EQUAL(other->skipped[AM_INVENTORY_SKIP_MAC], 1);
	CU_ASSERT_EQUAL(other->skipped[AM_INVENTORY_SKIP_SYNTAX], 1);
	CU_ASSERT_EQUAL(other->skipped[AM_INVENTORY_SKIP_ADDRESS], 1);
}

static void test_kea(void)
{
	g_autoptr(AmInventory) inventory = inventory_fixture("kea-leases4.csv", NULL);
	CU_ASSERT_EQUAL(inventory->kind, AM_INVENTORY_KEA);
	ASSERT_INVENTORY(inventory, "10.77.0.150 52:54:00:aa:00:01 pc-one 1796075618-1796075620\n"
				    "10.77.0.151 52:54:00:aa:00:02 pc 1796075618-1796075618\n"
				    "10.77.0.153 52:54:00:aa:00:03 - 1796075618-1796075618\n");
	CU_ASSERT_EQUAL(inventory->skipped[AM_INVENTORY_USED], 4);
	CU_ASSERT_EQUAL(inventory->skipped[AM_INVENTORY_SKIP_ENDED], 1); /* declined */
	CU_ASSERT_EQUAL(inventory->skipped[AM_INVENTORY_SKIP_TIME], 1);
	g_autoptr(AmInventory) v6 =
		inventory_read("address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,"
			       "fqdn_fwd,fqdn_rev,"
			       "hostname,hwaddr,state,user_context,hwtype,hwaddr_source\n"
			       "2001:db8::10,00:03,600,1600,1,500,0,7,128,0,0,pc7,52:54:00:aa:00:07,0,,1,2\n"
			       "2001:db8:5::,00:03,600,1600,1,500,2,7,56,0,0,,52:54:00:aa:00:07,0,,1,2\n",
			       -1, NULL);
	ASSERT_INVENTORY(v6, "2001:db8::10 52:54:00:aa:00:07 pc7 1000-1000\n");
	CU_ASSERT_EQUAL(v6->skipped[AM_INVENTORY_SKIP_OTHER], 1);
}

static void test_isc_dhcp(void)
{
	g_autoptr(AmInventory) inventory = inventory_fixture("dhcpd.leases", NULL);
	CU_ASSERT_EQUAL(inventory->kind, AM_INVENTORY_ISC_DHCP);
	ASSERT_INVENTORY(inventory, "10.77.0.100 52:54:00:aa:00:01 pc-one 1796075612-1796075612\n"
				    "10.77.0.101 52:54:00:aa:00:02 pc 1796075613-1796075613\n");
	g_autoptr(AmInventory) other = inventory_read(
		"# comment; { \"\nfailover peer \"a\" state { my state normal at 4 2026/03/05 08:00:00; }\n"
		"lease 10.0.0.1 { starts epoch 1000; # Thu\n ends never; cltt epoch 1500; hardware ethernet "
		"52:54:00:aa:00:01;\n"
		"  on commit { set x = \"}\"; } client-hostname \"A\\\"b\"; }\n"
		"lease 10.0.0.1 { starts epoch 2000; hardware ethernet 52:54:00:aa:00:01; client-hostname \"later\"; "
		"}\n"
		"lease 10.0.0.2 { starts epoch 2000; binding state abandoned; }\n"
		"lease 10.0.0.3 { starts epoch 2000; }\n"
		"lease 10.0.0.4 { hardware ethernet 52:54:00:aa:00:04; }\n"
		"lease 10.0.0.400 { }\n"
		"ia-na \"x\" { cltt 4 2026/03/05 08:00:00; iaaddr fd00::1 { } }\n"
		"lease 10.0.0.5 { starts epoch 2000;",
		-1, NULL);
	ASSERT_INVENTORY(other, "10.0.0.1 52:54:00:aa:00:01 later 1000-2000\n");
	CU_ASSERT_EQUAL(other->skipped[AM_INVENTORY_USED], 2);
	CU_ASSERT_EQUAL(other->skipped[AM_INVENTORY_SKIP_ENDED], 1);
	CU_ASSERT_EQUAL(other->skipped[AM_INVENTORY_SKIP_MAC], 1);
	CU_ASSERT_EQUAL(other->skipped[AM_INVENTORY_SKIP_TIME], 1);
	CU_ASSERT_EQUAL(other->skipped[AM_INVENTORY_SKIP_ADDRESS], 1);
	CU_ASSERT_EQUAL(other->skipped[AM_INVENTORY_SKIP_OTHER], 1);
	CU_ASSERT_EQUAL(other->skipped[AM_INVENTORY_SKIP_SYNTAX], 1);
}

static void test_refused(void)
{
	static const struct {
		const char *text;
		int kind;
		const char *says;
	} cases[] = {
		{"", -1, "no inventory"},
		{"just text\n", -1, "first line must name"},
		{"a,b\n1,2\n", -1, "first line must name"},
		{"a,b\n1,2\n", AM_INVENTORY_CSV, "--map"},
		{"{\"a\":", -1, "looks like JSON, but line 1"},
		{"{\"a\":1,\"a\":2}", -1, "duplicate"},
		{"{\"a\":1}", -1, "neither ansible-inventory"},
		{"{\"a\":1}", AM_INVENTORY_KUBERNETES, "kubectl"},
		{"{\"a\":1}", AM_INVENTORY_NETBOX, "NetBox"},
		{"[]", AM_INVENTORY_ANSIBLE, "ansible-inventory"},
		{"{\"a\":1}", AM_INVENTORY_CSV, "not what --type says"},
		{"ip\n10.0.0.1\n", AM_INVENTORY_NETBOX, "not what --type says"},
		{"ip\n10.0.0.1\n", AM_INVENTORY_KEA, "Kea"},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		const AmInventoryOptions options = {.kind = cases[n].kind};
		g_autoptr(GError) error = NULL;
		CU_ASSERT_PTR_NULL(am_import_inventory(cases[n].text, strlen(cases[n].text), &options, &error));
		CU_ASSERT_TRUE(g_error_matches(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID));
		CU_ASSERT_PTR_NOT_NULL(strstr(error->message, cases[n].says));
	}
	static const char *const good[] = {"A=b=owner", "x=cost-centre", NULL};
	CU_ASSERT_TRUE(am_inventory_check_fields(good, NULL));
	static const char *const bad[][2] = {{"x", NULL}, {"=x", NULL}, {"x=", NULL}, {"x=Big", NULL}, {"x=-y", NULL}};
	for (guint n = 0; n < G_N_ELEMENTS(bad); n++)
		CU_ASSERT_FALSE(am_inventory_check_fields(bad[n], NULL));
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_csv),     UNIT_TEST(test_csv_dialects), UNIT_TEST(test_hostile_values),
		UNIT_TEST(test_ansible), UNIT_TEST(test_kubernetes),   UNIT_TEST(test_netbox),
		UNIT_TEST(test_dnsmasq), UNIT_TEST(test_kea),          UNIT_TEST(test_isc_dhcp),
		UNIT_TEST(test_refused), UNIT_TEST(test_mapped),       {NULL, NULL},
	};
	return unit_run("inventory", tests);
}
