/* Port numbers with a meaning of their own (IANA service names; Microsoft's for the Windows ones). Feeds verdicts and the
 * names of groups. It holds conventions only: what a network does with a port is for the map to find out.
 */
#include "config.h"

#include "ports.h"

#include "allowmap/model/packet.h"

#include <string.h>

static gboolean in_list(const uint16_t *ports, size_t n_ports, uint16_t port)
{
	for (size_t n = 0; n < n_ports; n++) {
		if (ports[n] == port)
			return TRUE;
	}
	return FALSE;
}

gboolean am_port_is_admin(uint8_t ip_protocol, uint16_t port)
{
	/* ssh, telnet, msrpc, netbios-ssn, smb, rexec, rlogin, rsh, rdp, vnc, winrm, radmin, docker, ipmi */
	static const uint16_t tcp[] = {22,   23,   135,  139,  445,  512,  513,  514,
				       3389, 5900, 5901, 5985, 5986, 4899, 2375, 2376};
	static const uint16_t udp[] = {3389, 623};
	return (ip_protocol == AM_PROTO_TCP && in_list(tcp, G_N_ELEMENTS(tcp), port)) ||
	       (ip_protocol == AM_PROTO_UDP && in_list(udp, G_N_ELEMENTS(udp), port));
}

gboolean am_port_is_discovery(uint8_t ip_protocol, uint16_t port)
{
	/* NetBIOS name and datagram, SSDP, WS-Discovery, mDNS, LLMNR, Dropbox LAN sync, Steam, Spotify Connect */
	static const uint16_t udp[] = {137, 138, 1900, 3702, 5353, 5355, 17500, 27036, 57621};
	return ip_protocol == AM_PROTO_UDP && in_list(udp, G_N_ELEMENTS(udp), port);
}

gboolean am_port_is_relayed(uint8_t ip_protocol, uint16_t port)
{
	return port == AM_PORT_DNS || (ip_protocol == AM_PROTO_UDP && port == 123) ||
	       (ip_protocol == AM_PROTO_TCP && port == 25);
}

typedef struct {
	uint16_t port;
	const char *name;
} PortName;

static const PortName port_names[] = {
	{20, "ftp"},         {21, "ftp"},       {22, "ssh"},        {23, "telnet"},       {25, "smtp"},
	{49, "tacacs"},      {53, "dns"},       {67, "dhcp"},       {69, "tftp"},         {80, "web"},
	{88, "kerberos"},    {102, "s7"},       {104, "dicom"},     {110, "pop"},         {111, "rpc"},
	{123, "ntp"},        {135, "msrpc"},    {137, "netbios"},   {139, "smb"},         {143, "imap"},
	{161, "snmp"},       {162, "snmptrap"}, {179, "bgp"},       {389, "ldap"},        {443, "web"},
	{445, "smb"},        {465, "smtp"},     {502, "modbus"},    {514, "syslog"},      {515, "print"},
	{554, "rtsp"},       {587, "smtp"},     {631, "print"},     {636, "ldap"},        {853, "dns"},
	{873, "rsync"},      {993, "imap"},     {995, "pop"},       {1433, "mssql"},      {1521, "oracle"},
	{1812, "radius"},    {1813, "radius"},  {1883, "mqtt"},     {2049, "nfs"},        {2055, "netflow"},
	{2181, "zookeeper"}, {2379, "etcd"},    {2575, "hl7"},      {3128, "proxy"},      {3268, "ldap"},
	{3306, "mysql"},     {3389, "rdp"},     {4222, "nats"},     {4739, "ipfix"},      {4840, "opcua"},
	{5060, "sip"},       {5061, "sip"},     {5432, "postgres"}, {5671, "amqp"},       {5672, "amqp"},
	{5900, "vnc"},       {5985, "winrm"},   {5986, "winrm"},    {6343, "sflow"},      {6379, "redis"},
	{6514, "syslog"},    {8080, "web"},     {8125, "statsd"},   {8443, "web"},        {8883, "mqtt"},
	{9042, "cassandra"}, {9092, "kafka"},   {9100, "print"},    {9200, "search"},     {9300, "search"},
	{10050, "zabbix"},   {10051, "zabbix"}, {11112, "dicom"},   {11211, "memcached"}, {12201, "gelf"},
	{20000, "dnp3"},     {27017, "mongo"},  {44818, "enip"},    {47808, "bacnet"},
};

gboolean am_port_is_service(uint8_t ip_protocol, uint16_t port)
{
	/* Without a name of their own for groups: isakmp, ipmi, ldp, dhcp-failover, kerberos-adm, iscsi, vmware, ftps, telnets,
	 * ircs, socks, openvpn, radius of old, l2tp, pptp, gtp, http, iscsi, stun, teredo, ipsec, vxlan, ayiya, xmpp, capwap,
	 * geneve, irc, bittorrent, http again */
	static const uint16_t others[] = {500,  623,  646,  647,  749,  860,  902,  989,  990,  992,  994,  1080, 1194,
					  1645, 1646, 1701, 1723, 2123, 2152, 3000, 3260, 3478, 3544, 4500, 4789, 5072,
					  5222, 5246, 5247, 6081, 6667, 6881, 8000, 8008, 8081, 8088, 8888};
	return am_port_group_name(ip_protocol, port) != NULL || am_port_is_discovery(ip_protocol, port) ||
	       am_port_is_admin(ip_protocol, port) || in_list(others, G_N_ELEMENTS(others), port) ||
	       (ip_protocol == AM_PROTO_TCP && port == 9100);
}

const char *am_port_group_name(uint8_t ip_protocol, uint16_t port)
{
	if (ip_protocol != AM_PROTO_TCP && ip_protocol != AM_PROTO_UDP && ip_protocol != AM_PROTO_SCTP)
		return NULL;
	if (ip_protocol == AM_PROTO_TCP && port == 9100)
		return NULL; /* raw printing and Prometheus exporters share it: the application tells, not the port */
	for (size_t n = 0; n < G_N_ELEMENTS(port_names); n++) {
		if (port_names[n].port == port)
			return port_names[n].name;
	}
	return NULL;
}

static const struct {
	const char *l7, *name;
} l7_names[] = {
	{"http", "web"},
	{"tls", "web"},
	{"http2", "web"},
	{"quic", "web"},
	{"grpc", "grpc"},
	{"dns", "dns"},
	{"ntp", "ntp"},
	{"ssh", "ssh"},
	{"smb", "smb"},
	{"ldap", "ldap"},
	{"kerberos", "kerberos"},
	{"postgresql", "postgres"},
	{"postgres", "postgres"},
	{"mysql", "mysql"},
	{"redis", "redis"},
	{"mongodb", "mongo"},
	{"memcached", "memcached"},
	{"amqp", "amqp"},
	{"rabbitmq", "amqp"},
	{"mqtt", "mqtt"},
	{"nats", "nats"},
	{"syslog", "syslog"},
	{"snmp", "snmp"},
	{"radius", "radius"},
	{"smtp", "smtp"},
	{"imap", "imap"},
	{"pop3", "pop"},
	{"ftp", "ftp"},
	{"rdp", "rdp"},
	{"vnc", "vnc"},
	{"nfs", "nfs"},
	{"rsync", "rsync"},
	{"modbus", "modbus"},
	{"sip", "sip"},
	{"mssql", "mssql"},
	{"oracle", "oracle"},
	{"cassandra", "cassandra"},
	{"kafka", "kafka"},
	{"telnet", "telnet"},
	{"elasticsearch", "search"},
	{"zabbix", "zabbix"},
	{"s7comm", "s7"},
	{"dnp3", "dnp3"},
};

const char *am_l7_group_name(const char *l7)
{
	size_t length = strcspn(l7, ".");
	for (size_t n = 0; n < G_N_ELEMENTS(l7_names); n++) {
		if (strlen(l7_names[n].l7) == length && strncmp(l7_names[n].l7, l7, length) == 0)
			return l7_names[n].name;
	}
	return NULL;
}
