/* Protocol roles: for every recogniser what a client sends, what a server sends, and near misses that prove nothing. Each
 * message is also cut at every length: a role may then be missing, but never be another one. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow-packets.h"
#include "roles.h"
#include "unit.h"

#define C AM_ROLE_CLIENT
#define CX (AM_ROLE_CLIENT | AM_ROLE_EXPECTS)
#define S AM_ROLE_SERVER
#define NONE AM_ROLE_NONE

typedef struct {
	const char *what;
	uint8_t ip_protocol;
	uint16_t from, to;
	unsigned role;
	const char *bytes; /* as C text with escapes, its size beside it */
	size_t size;
} Message;

#define B(text) text, sizeof(text) - 1
#define T AM_PROTO_TCP
#define U AM_PROTO_UDP

#define ZERO8 "\0\0\0\0\0\0\0\0"
#define ZERO16 ZERO8 ZERO8
#define ZERO32 ZERO16 ZERO16
#define ZERO64 ZERO32 ZERO32
#define DNS(flags, count) "\x12\x34" flags "\0" count "\0\0\0\0\0\0\1a\0\0\1\0\1"
#define BOOTP(op) op "\1\6\0" ZERO32 ZERO64 ZERO64 ZERO64 ZERO8 "\x63\x82\x53\x63\x35\1\1\xff"
#define NBNS_QUERY(flags) "\1\2" flags "\0\1\0\0\0\0\0\0 CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0\0!\0\1"
#define NTP(first) first "\1\2\3" ZERO32 "\0\0\0\0" ZERO8
#define SNMP(pdu) "\x30\x1a\2\1\1\4\6public" pdu "\x0d\2\1\1\2\1\0\2\1\0\x30\2\6\0"
#define SNMP3 "\x30\x20\2\1\3\x30\x0e\2\1\1\2\3\0\xff\xe3\4\1\4\2\1\3\4\2\x30\0\x30\7\4\0\4\0\2\1\0"
#define LDAP(operation) "\x30\x0c\2\1\1" operation "\7\2\1\3\4\0\x80\0"
#define SMB1(command, flags) "\0\0\0\x23\xffSMB" command "\0\0\0\0" flags "\0\0" ZERO16 ZERO8
#define SMB2(flags) "\0\0\0\x40\xfeSMB\x40\0\1\0\0\0\0\0\0\0\1\0" flags "\0\0\0" ZERO32 ZERO8
#define DCERPC(type) "\5\0" type "\3\x10\0\0\0\x48\0\0\0\1\0\0\0\xb8\x10\xb8\x10"
#define RPC_CALL(program) "\1\2\3\4\0\0\0\0\0\0\0\2" program "\0\0\0\3\0\0\0\0" ZERO16
#define RPC_REPLY "\1\2\3\4\0\0\0\1\0\0\0\0" ZERO16
#define TLS(type) "\x16\3\1\0\x2c" type "\0\0\x28\3\3" ZERO32 "\0\0\2\0\x2f\1\0"
#define MYSQL "\x4a\0\0\0\n8.0.36\0" ZERO64 "\0\0"
#define STUN(type) type "\0\0\x21\x12\xa4\x42" ZERO8 "\1\2\3\4"
#define RADIUS(code) code "\1\0\x14" ZERO16
#define QUIC(dcid, token) "\xc3\0\0\0\1" dcid "\0" token "\x41\x00" ZERO64
#define KERBEROS(tag) tag "\x0e\x30\x0c\xa1\3\2\1\5\xa2\3\2\1\x0a\0\0"
#define MONGO(answers, opcode) "\x15\0\0\0\1\0\0\0" answers opcode "\0\0\0\0\0"
#define DTLS(type) "\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x10" type "\0\0\4\0\0\0\0\0\0\0\4\1\2\3\4"
#define SSH(message) "\0\0\0\x0c\6" message "\0\0\0\4\1\2\3\4ab"
#define TPKT(type) "\3\0\0\x0b\6" type "\0\0\0\0\0"
#define CQL(first) first "\0\0\0\1\0\0\0\0"

static const Message messages[] = {
	{"TLS ClientHello", T, 50000, 443, C, B(TLS("\1"))},
	{"TLS ServerHello", T, 8443, 50000, S, B(TLS("\2"))},
	{"TLS certificate", T, 443, 50000, NONE, B(TLS("\x0b"))},
	{"HTTP request", T, 50000, 8080, C, B("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")},
	{"HTTP request, cut", T, 50000, 8080, C, B("POST /")},
	{"HTTP to a proxy", T, 50000, 3128, C, B("CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n")},
	{"HTTP/2 preface", T, 50000, 50051, C | AM_ROLE_HTTP2, B("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
	{"HTTP response", T, 80, 50000, S, B("HTTP/1.1 200 OK\r\n\r\n")},
	{"not HTTP", T, 50000, 80, NONE, B("GET a cat please")},
	{"not HTTP", T, 50000, 80, NONE, B("HTTP/1.1 is a protocol")},
	{"RTSP request", T, 50000, 554, C, B("DESCRIBE rtsp://cam/1 RTSP/1.0\r\n\r\n")},
	{"RTSP response", T, 554, 50000, S, B("RTSP/1.0 200 OK\r\n\r\n")},
	{"DNS query", U, 50000, 53, CX, B(DNS("\1\0", "\1\0\0"))},
	{"DNS response", U, 53, 50000, S, B(DNS("\x81\x80", "\1\0\1"))},
	{"DNS between servers, query", U, 53, 53, CX, B(DNS("\1\0", "\1\0\0"))},
	{"DNS between servers, response", U, 53, 53, S, B(DNS("\x81\x80", "\1\0\1"))},
	{"a response to port 53", U, 50000, 53, NONE, B(DNS("\x81\x80", "\1\0\1"))},
	{"DNS on an odd port", U, 50000, 54, NONE, B(DNS("\1\0", "\1\0\0"))},
	{"DNS over TCP, query", T, 50000, 53, C, B("\0\x17" DNS("\1\0", "\1\0\0"))},
	{"DNS over TCP, response", T, 53, 50000, S, B("\0\x17" DNS("\x81\x80", "\1\0\1"))},
	{"LLMNR query", U, 50000, 5355, CX, B(DNS("\0\0", "\1\0\0"))},
	{"LLMNR response", U, 5355, 50000, S, B(DNS("\x80\0", "\1\0\1"))},
	{"mDNS query", U, 50000, 5353, CX, B(DNS("\0\0", "\1\0\0"))},
	{"mDNS response", U, 5353, 50000, S, B(DNS("\x84\0", "\0\0\1"))},
	{"NBNS query", U, 137, 137, CX, B(NBNS_QUERY("\1\0"))},
	{"NBNS broadcast query", U, 137, 137, C, B(NBNS_QUERY("\1\x10"))},
	{"NBNS response", U, 137, 137, S, B("\1\2\x85\0\0\0\0\1\0\0\0\0 CKAAAA")},
	{"SSH key exchange", T, 50000, 22, C, B(SSH("\x1e"))},
	{"SSH key exchange reply", T, 22, 50000, S, B(SSH("\x1f"))},
	{"SSH group exchange request", T, 50000, 22, C, B(SSH("\x22"))},
	{"SSH group exchange reply", T, 22, 50000, S, B(SSH("\x21"))},
	{"SSH new keys", T, 50000, 22, NONE, B(SSH("\x15"))},
	{"SMTP greeting", T, 25, 50000, S, B("220 mx.example ESMTP Postfix\r\n")},
	{"SMTP greeting on an odd port", T, 9925, 50000, S, B("220 mx.example ESMTP\r\n")},
	{"text that begins with 220", T, 9925, 50000, NONE, B("220 apples and pears\r\n")},
	{"SMTP command", T, 50000, 25, C, B("EHLO client.example\r\n")},
	{"FTP greeting", T, 21, 50000, S, B("220 ready\r\n")},
	{"FTP login", T, 50000, 21, C, B("USER anonymous\r\n")},
	{"a line that begins with USER", T, 50000, 9021, NONE, B("USER manual\r\n")},
	{"IMAP greeting", T, 143, 50000, S, B("* OK [CAPABILITY IMAP4rev1] ready\r\n")},
	{"a list", T, 9143, 50000, NONE, B("* OKAY then\r\n")},
	{"POP3 greeting", T, 110, 50000, S, B("+OK ready <1@x>\r\n")},
	{"NNTP greeting", T, 119, 50000, S, B("200 news.example ready\r\n")},
	{"NTP client", U, 50000, 123, CX, B(NTP("\x23"))},
	{"NTP server", U, 123, 50000, S, B(NTP("\x24"))},
	{"NTP client, both on 123", U, 123, 123, CX, B(NTP("\x1b"))},
	{"NTP server, both on 123", U, 123, 123, S, B(NTP("\x1c"))},
	{"NTP peers", U, 123, 123, NONE, B(NTP("\x21"))},
	{"NTP broadcast", U, 123, 123, NONE, B(NTP("\x25"))},
	{"NTP control", U, 50000, 123, CX, B("\x16\2\0\1" ZERO8)},
	{"NTP control response", U, 123, 50000, S, B("\x16\x82\0\1" ZERO8)},
	{"SNMP get", U, 50000, 161, CX | AM_ROLE_COMMUNITY, B(SNMP("\xa0"))},
	{"SNMP response", U, 161, 50000, S | AM_ROLE_COMMUNITY, B(SNMP("\xa2"))},
	{"SNMP trap", U, 50000, 162, C | AM_ROLE_COMMUNITY, B(SNMP("\xa7"))},
	{"SNMP inform", U, 50000, 162, CX | AM_ROLE_COMMUNITY, B(SNMP("\xa6"))},
	{"SNMP get on an odd port", U, 50000, 10161, CX | AM_ROLE_COMMUNITY, B(SNMP("\xa0"))},
	{"SNMPv3 to the agent", U, 50000, 161, CX, B(SNMP3)},
	{"SNMPv3 from the agent", U, 161, 50000, S, B(SNMP3)},
	{"SNMPv3 on an odd port", U, 10161, 50000, NONE, B(SNMP3)},
	{"DHCP discover", U, 68, 67, C, B(BOOTP("\1"))},
	{"DHCP offer", U, 67, 68, S, B(BOOTP("\2"))},
	{"DHCP relayed", U, 67, 67, C, B(BOOTP("\1"))},
	{"DHCP relayed back", U, 67, 67, NONE, B(BOOTP("\2"))},
	{"DHCPv6 solicit", U, 546, 547, C, B("\1\1\2\3\0\1\0\4abcd")},
	{"DHCPv6 advertise", U, 547, 546, S, B("\2\1\2\3\0\1\0\4abcd")},
	{"DHCPv6 relay forward", U, 547, 547, C, B("\x0c\1" ZERO32 "\0\1")},
	{"DHCPv6 relay reply", U, 547, 547, S, B("\x0d\1" ZERO32 "\0\1")},
	{"RADIUS request", U, 50000, 1812, CX, B(RADIUS("\1"))},
	{"RADIUS accept", U, 1812, 50000, S, B(RADIUS("\2"))},
	{"RADIUS accounting", U, 50000, 1813, CX, B(RADIUS("\4"))},
	{"RADIUS accounting response", U, 1813, 50000, S, B(RADIUS("\5"))},
	{"RADIUS change of authorization", U, 50000, 3799, CX, B(RADIUS("\x2b"))},
	{"a RADIUS response to the server", U, 50000, 1812, NONE, B(RADIUS("\2"))},
	{"Kerberos AS-REQ", U, 50000, 88, CX, B(KERBEROS("\x6a"))},
	{"Kerberos AS-REP", U, 88, 50000, S, B(KERBEROS("\x6b"))},
	{"Kerberos error", U, 88, 50000, S, B(KERBEROS("\x7e"))},
	{"Kerberos TGS-REQ over TCP", T, 50000, 88, C, B("\0\0\0\x11" KERBEROS("\x6c"))},
	{"Kerberos TGS-REP over TCP", T, 88, 50000, S, B("\0\0\0\x11" KERBEROS("\x6d"))},
	{"LDAP bind", T, 50000, 389, C, B(LDAP("\x60"))},
	{"LDAP bind on an odd port", T, 50000, 10389, C, B(LDAP("\x60"))},
	{"LDAP bind response", T, 389, 50000, S, B(LDAP("\x61"))},
	{"LDAP search", T, 50000, 389, C, B(LDAP("\x63"))},
	{"LDAP result", T, 389, 50000, S, B(LDAP("\x65"))},
	{"LDAP over UDP", U, 50000, 389, CX, B(LDAP("\x63"))},
	{"LDAP over UDP, result", U, 389, 50000, S, B(LDAP("\x64"))},
	{"not LDAP", T, 50000, 389, NONE, B(LDAP("\x1f"))},
	{"MQTT publish, not LDAP", T, 50000, 1883, NONE, B("\x30\x0c\0\5topichello")},
	{"SMB1 request", T, 50000, 445, C, B(SMB1("\x72", "\x18"))},
	{"SMB1 response", T, 445, 50000, S, B(SMB1("\x72", "\x98"))},
	{"SMB1 lock released by the server", T, 445, 50000, NONE, B(SMB1("\x24", "\x18"))},
	{"SMB2 request", T, 50000, 10445, C, B(SMB2("\0"))},
	{"SMB2 response", T, 10445, 50000, S, B(SMB2("\1"))},
	{"NetBIOS session request", T, 50000, 139, C, B("\x81\0\0\x44 " ZERO64 "\0\0\0")},
	{"NetBIOS session accepted", T, 139, 50000, S, B("\x82\0\0\0")},
	{"DCE/RPC bind", T, 50000, 135, C, B(DCERPC("\x0b"))},
	{"DCE/RPC bind ack", T, 135, 50000, S, B(DCERPC("\x0c"))},
	{"DCE/RPC request", T, 50000, 49667, C, B(DCERPC("\0"))},
	{"DCE/RPC response", T, 49667, 50000, S, B(DCERPC("\2"))},
	{"DCE/RPC, no such type", T, 49667, 50000, NONE, B(DCERPC("\x63"))},
	{"ONC RPC call", U, 50000, 111, CX, B(RPC_CALL("\0\1\x86\xa0"))},
	{"ONC RPC reply", U, 111, 50000, S, B(RPC_REPLY)},
	{"ONC RPC call over TCP", T, 900, 2049, C, B("\x80\0\0\x28" RPC_CALL("\0\1\x86\xa3"))},
	{"ONC RPC reply over TCP", T, 2049, 900, S, B("\x80\0\0\x1c" RPC_REPLY)},
	{"NFSv4.1 callback", T, 2049, 900, NONE, B("\x80\0\0\x28" RPC_CALL("\x40\0\0\0"))},
	{"MySQL greeting", T, 33060, 50000, S, B(MYSQL)},
	{"PostgreSQL startup", T, 50000, 15432, C | AM_ROLE_POSTGRESQL, B("\0\0\0\x12\0\3\0\0user\0bob\0\0")},
	{"PostgreSQL SSL request", T, 50000, 5432, C, B("\0\0\0\x08\x04\xd2\x16\x2f")},
	{"PostgreSQL authentication", T, 5432, 50000, S | AM_ROLE_POSTGRESQL, B("R\0\0\0\x0c\0\0\0\5abcd")},
	{"Redis command", T, 50000, 6379, C | AM_ROLE_REDIS, B("*2\r\n$3\r\nGET\r\n$1\r\na\r\n")},
	{"Redis answer", T, 6379, 50000, S | AM_ROLE_REDIS, B("$1\r\na\r\n")},
	{"Redis array answer", T, 6379, 50000, S | AM_ROLE_REDIS, B("*2\r\n$3\r\nabc\r\n$1\r\na\r\n")},
	{"Redis login on an odd port", T, 50000, 16379, C | AM_ROLE_REDIS, B("*2\r\n$4\r\nAUTH\r\n$1\r\na\r\n")},
	{"an array on an odd port", T, 16379, 50000, NONE, B("*2\r\n$3\r\nabc\r\n$1\r\na\r\n")},
	{"MQTT connect", T, 50000, 11883, C, B("\x10\x0e\0\4MQTT\4\2\0\x3c\0\2id")},
	{"MQTT connack", T, 1883, 50000, S, B("\x20\2\0\0")},
	{"STUN request", U, 50000, 3478, CX, B(STUN("\0\1"))},
	{"STUN response", U, 3478, 50000, S, B(STUN("\1\1"))},
	{"ICE check between peers", U, 50000, 50001, NONE, B(STUN("\0\1"))},
	{"SIP register", U, 5060, 5060, CX, B("REGISTER sip:example.com SIP/2.0\r\n\r\n")},
	{"SIP response to a register", U, 5060, 5060, S, B("SIP/2.0 200 OK\r\nCSeq: 1 REGISTER\r\n\r\n")},
	{"SIP invite", U, 50000, 5060, CX, B("INVITE sip:a@example.com SIP/2.0\r\n\r\n")},
	{"SIP invite between equals", U, 5060, 5060, NONE, B("INVITE sip:a@example.com SIP/2.0\r\n\r\n")},
	{"SIP response", U, 5060, 50000, S, B("SIP/2.0 180 Ringing\r\n\r\n")},
	{"memcached get", T, 50000, 11211, C, B("get key\r\n")},
	{"memcached value", T, 11211, 50000, S, B("VALUE key 0 1\r\na\r\nEND\r\n")},
	{"memcached binary request", T, 50000, 11211, C, B("\x80\0\0\1\0\0\0\0" ZERO16)},
	{"memcached binary response", T, 11211, 50000, S, B("\x81\0\0\1\0\0\0\0" ZERO16)},
	{"TFTP read", U, 50000, 69, C, B("\0\1file\0octet\0")},
	{"TFTP data", U, 50000, 69, NONE, B("\0\3\0\1hello")},
	{"AMQP header", T, 50000, 15672, C, B("AMQP\0\0\t\1")},
	{"AMQP 1.0 header from the server", T, 5672, 50000, NONE, B("AMQP\0\1\0\0")},
	{"AMQP start", T, 5672, 50000, S, B("\1\0\0\0\0\1\0\0\x0a\0\x0a\0\t")},
	{"AMQP start-ok", T, 50000, 5672, C, B("\1\0\0\0\0\1\0\0\x0a\0\x0b\0\0")},
	{"syslog", U, 50000, 514, C, B("<13>hello world")},
	{"syslog by date on an odd port", U, 50000, 10514, C, B("<34>Oct 11 22:14:15 host su: failed")},
	{"syslog, RFC 5424, on an odd port", U, 50000, 10514, C, B("<165>1 2003-08-24T05:14:15Z host app - - -")},
	{"not syslog", U, 50000, 10514, NONE, B("<body>hello")},
	{"not syslog: priority", U, 50000, 514, NONE, B("<192>hello")},
	{"QUIC initial by its token", U, 50000, 8443, CX, B(QUIC("\x08" ZERO8, "\4abcd"))},
	{"QUIC initial to 443", U, 50000, 443, CX, B(QUIC("\x08" ZERO8, "\0"))},
	{"QUIC initial from 443", U, 443, 50000, S, B(QUIC("\x08" ZERO8, "\0"))},
	{"QUIC from 443, with what looks like a token", U, 443, 50000, S, B(QUIC("\x08" ZERO8, "\4abcd"))},
	{"QUIC initial of a server: empty id", U, 8443, 50000, S, B(QUIC("\0", "\0"))},
	{"QUIC initial, odd ports", U, 8443, 50000, NONE, B(QUIC("\x08" ZERO8, "\0"))},
	{"DTLS ClientHello", U, 50000, 443, CX, B(DTLS("\1"))},
	{"DTLS HelloVerifyRequest", U, 443, 50000, S, B(DTLS("\3"))},
	{"DTLS between peers", U, 50001, 50000, NONE, B(DTLS("\1"))},
	{"OpenVPN client reset", U, 50000, 1194, CX, B("\x38" ZERO16)},
	{"OpenVPN server reset", U, 1194, 50000, S, B("\x40" ZERO16)},
	{"CoAP get", U, 50000, 5683, CX, B("\x41\1\1\2\7\xb1x")},
	{"CoAP non-confirmable get", U, 50000, 5683, C, B("\x51\1\1\2\7\xb1x")},
	{"CoAP content", U, 5683, 50000, S, B("\x61\x45\1\2\7\xffok")},
	{"SSDP answer", U, 1900, 50000, S, B("HTTP/1.1 200 OK\r\n\r\n")},
	{"RDP connection request", T, 50000, 3389, C, B(TPKT("\xe0"))},
	{"RDP connection confirm", T, 3389, 50000, S, B(TPKT("\xd0"))},
	{"SQL Server prelogin", T, 50000, 1433, C, B("\x12\1\0\x10\0\0\1\0" ZERO8)},
	{"SQL Server response", T, 1433, 50000, S, B("\4\1\0\x10\0\0\1\0" ZERO8)},
	{"Oracle connect", T, 50000, 1521, C, B("\0\x0c\0\0\1\0\0\0abcd")},
	{"Oracle accept", T, 1521, 50000, S, B("\0\x0c\0\0\2\0\0\0abcd")},
	{"MongoDB message", T, 50000, 30000, C, B(MONGO("\0\0\0\0", "\xdd\7\0\0"))},
	{"MongoDB answer", T, 30000, 50000, S, B(MONGO("\1\0\0\0", "\xdd\7\0\0"))},
	{"CQL startup", T, 50000, 9042, C, B(CQL("\4"))},
	{"CQL ready", T, 9042, 50000, S, B(CQL("\x84"))},
	{"NATS info", T, 4222, 50000, S, B("INFO {\"server_id\":\"x\"}\r\n")},
	{"NATS connect", T, 50000, 4222, C, B("CONNECT {\"verbose\":false}\r\n")},
	{"Modbus reads registers", T, 50000, 502, C, B("\0\1\0\0\0\6\1\3\0\x10\0\2")},
	{"Modbus registers", T, 502, 50000, S, B("\0\1\0\0\0\7\1\3\4\0\1\0\2")},
	{"Modbus reads coils", T, 50000, 502, C, B("\0\1\0\0\0\6\1\1\0\x10\0\2")},
	{"Modbus, coils or who reads them", T, 502, 50000, NONE, B("\0\1\0\0\0\6\1\1\3\xff\xff\xff")},
	{"Modbus writes registers", T, 50000, 502, C, B("\0\1\0\0\0\x0b\1\x10\0\x10\0\2\4\0\1\0\2")},
	{"Modbus has written", T, 502, 50000, S, B("\0\1\0\0\0\6\1\x10\0\x10\0\2")},
	{"Modbus writes one, or has", T, 50000, 502, NONE, B("\0\1\0\0\0\6\1\6\0\x10\0\2")},
	{"Modbus exception", T, 502, 50000, S, B("\0\1\0\0\0\3\1\x83\2")},
	{"Modbus elsewhere", T, 50000, 5020, NONE, B("\0\1\0\0\0\6\1\3\0\x10\0\2")},
	{"EtherNet/IP registers", T, 50000, 44818, C, B("\x65\0\4\0" ZERO16 "\0\0\0\0\1\0\0\0")},
	{"EtherNet/IP session", T, 44818, 50000, S, B("\x65\0\4\0\1\2\3\4" ZERO16 "\1\0\0\0")},
	{"EtherNet/IP lists", T, 50000, 44818, C, B("\x63\0\0\0" ZERO16 "\0\0\0\0")},
	{"CIP request", T, 50000, 44818, C,
	 B("\x6f\0\x14\0\1\2\3\4" ZERO16 "\0\0\0\0\0\0\2\0\0\0\0\0\xb2\0\4\0\x0e\1\x20\1")},
	{"CIP response", T, 44818, 2430, S,
	 B("\x70\0\x1a\0\1\2\3\4" ZERO16 "\0\0\0\0\0\0\2\0\xa1\0\4\0\5\6\7\x08\xb1\0\6\0\1\0\x8e\0\0\0")},
	{"DNP3 master", T, 50000, 20000, C, B("\5\x64\5\xc4\1\0\2\0\xaa\xbb")},
	{"DNP3 outstation", T, 20000, 50000, S, B("\5\x64\5\x44\2\0\1\0\xaa\xbb")},
	{"IEC 104 start", T, 50000, 2404, C, B("\x68\4\7\0\0\0")},
	{"IEC 104 started", T, 2404, 50000, S, B("\x68\4\x0b\0\0\0")},
	{"IEC 104 test", T, 50000, 2404, NONE, B("\x68\4\x43\0\0\0")},
	{"IEC 104 interrogation", T, 50000, 2404, C, B("\x68\x0e\0\0\0\0\x64\1\6\0\1\0\0\0\0\x14")},
	{"IEC 104 measurement", T, 2404, 50000, S, B("\x68\x0e\0\0\0\0\1\1\3\0\1\0\0\0\0\1")},
	{"S7 job", T, 50000, 102, C, B("\3\0\0\x11\2\xf0\x80\x32\1\0\0\0\1\0\0\0\0")},
	{"S7 answer", T, 102, 50000, S, B("\3\0\0\x13\2\xf0\x80\x32\3\0\0\0\1\0\0\0\0\0\0")},
	{"S7 user data", T, 50000, 102, NONE, B("\3\0\0\x11\2\xf0\x80\x32\7\0\0\0\1\0\0\0\0")},
	{"BACnet reads", U, 47808, 47808, CX, B("\x81\x0a\0\x0a\1\4\0\5\1\x0c")},
	{"BACnet value", U, 47808, 47808, S, B("\x81\x0a\0\x09\1\0\x30\1\x0c")},
	{"BACnet value, routed", U, 47808, 47808, S, B("\x81\x0a\0\x14\1\x28\0\1\1\x05\0\2\2\6\7\xff\x30\1\x0c\0")},
	{"BACnet who is", U, 47808, 47808, NONE, B("\x81\x0b\0\x08\1\0\x10\x08")},
	{"BGP has none", T, 50000, 179, NONE,
	 B("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\x13\4")},
};

static unsigned role_of(const Message *message, const char *destination, size_t size)
{
	TestPacket t;
	/* Exactly `size` octets on the heap: a sanitizer sees what is read behind them. */
	g_autofree uint8_t *exact = g_malloc(MAX(size, 1));
	memcpy(exact, message->bytes, size);
	test_packet(&t, 1, message->ip_protocol, "10.0.0.1", message->from, destination, message->to, NULL, 0);
	t.packet.payload = exact;
	t.packet.payload_size = t.packet.payload_wire_size = (uint32_t)size;
	if (message->ip_protocol == AM_PROTO_UDP)
		return am_role_udp(&t.packet);
	return am_role_tcp(&t.packet, strncmp(message->what, "SSH ", 4) == 0);
}

static void test_messages(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
		unsigned role = role_of(&messages[i], "10.0.0.2", messages[i].size);
		if (role != messages[i].role)
			printf("%s: %u, not %u\n", messages[i].what, role, messages[i].role);
		CU_ASSERT_EQUAL(role, messages[i].role);
	}
}

static void test_cut_at_every_length(void)
{
	const unsigned sides = AM_ROLE_CLIENT | AM_ROLE_SERVER;
	for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
		unsigned whole = messages[i].role & sides;
		for (size_t size = 0; size < messages[i].size; size++) {
			unsigned role = role_of(&messages[i], "10.0.0.2", size) & sides;
			if (role != NONE && role != whole)
				printf("%s, %zu octets: %u\n", messages[i].what, size, role);
			CU_ASSERT(role == NONE || role == whole);
		}
	}
}

/* The same octets the other way round: where ports are part of the proof, the role must not stay. */
static void test_swapped_ports(void)
{
	static const char *const by_octets[] = {"TLS ",
						"HTTP",
						"RTSP",
						"SSH ",
						"SMB",
						"DCE/RPC",
						"ONC RPC call",
						"MySQL",
						"PostgreSQL s",
						"PostgreSQL S",
						"MQTT connect",
						"AMQP",
						"MongoDB",
						"LDAP",
						"SNMP ",
						"SIP r",
						"SIP response to",
						"QUIC initial by",
						"QUIC initial of",
						"NATS",
						"RDP",
						"SMTP",
						"IMAP",
						"syslog",
						"DHCPv6 adv",
						"NBNS",
						"Redis login",
						"ONC RPC call over",
						"DNS between",
						"NTP client, both",
						"NTP server, both",
						"DHCP relayed",
						"DHCPv6 relay",
						"BACnet"};
	for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
		gboolean is_by_octets = FALSE;
		for (size_t k = 0; k < G_N_ELEMENTS(by_octets); k++)
			is_by_octets |= strncmp(messages[i].what, by_octets[k], strlen(by_octets[k])) == 0;
		Message swapped = messages[i];
		swapped.from = messages[i].to;
		swapped.to = messages[i].from;
		unsigned role = role_of(&swapped, "10.0.0.2", swapped.size) & (AM_ROLE_CLIENT | AM_ROLE_SERVER);
		unsigned was = messages[i].role & (AM_ROLE_CLIENT | AM_ROLE_SERVER);
		if (!is_by_octets && was != NONE && role == was)
			printf("%s: stays %u with its ports swapped\n", messages[i].what, role);
		CU_ASSERT(is_by_octets || was == NONE || role != was);
	}
}

static void test_groups(void)
{
	const Message query = {"mDNS query", U, 5353, 5353, C, B(DNS("\0\0", "\1\0\0"))};
	const Message announcement = {"mDNS announcement", U, 5353, 5353, NONE, B(DNS("\x84\0", "\0\0\1"))};
	const Message search = {"SSDP search", U, 50000, 1900, C, B("M-SEARCH * HTTP/1.1\r\n\r\n")};
	CU_ASSERT_EQUAL(role_of(&query, "224.0.0.251", query.size), C);
	CU_ASSERT_EQUAL(role_of(&announcement, "224.0.0.251", announcement.size), NONE);
	CU_ASSERT_EQUAL(role_of(&search, "239.255.255.250", search.size), C);
}

/* SSH: banners say nothing, but that the key exchange after them may be read; KEXINIT is stepped over. */
static void test_ssh(void)
{
	const Message banner = {"banner", T, 50000, 22, AM_ROLE_SSH, B("SSH-2.0-OpenSSH_9.2\r\n")};
	const Message both = {"SSH KEXINIT and more", T, 50000, 22, C, B(SSH("\x14") SSH("\x1e"))};
	const Message unknown = {"not known to be ssh", T, 50000, 22, NONE, B(SSH("\x1e"))};
	CU_ASSERT_EQUAL(role_of(&banner, "10.0.0.2", banner.size), AM_ROLE_SSH);
	CU_ASSERT_EQUAL(role_of(&both, "10.0.0.2", both.size), C);
	CU_ASSERT_EQUAL(role_of(&unknown, "10.0.0.2", unknown.size), NONE);
}

/* Noise must not have a role: random octets between random high ports. */
static void test_noise(void)
{
	uint32_t state = 1, claims = 0;
	for (int n = 0; n < 200000; n++) {
		char noise[64];
		for (size_t i = 0; i < sizeof(noise); i++) {
			state = state * 1664525 + 1013904223;
			noise[i] = (char)(state >> 24);
		}
		Message message = {
			"noise", n % 2 ? T : U, (uint16_t)(20000 + n % 9000), (uint16_t)(30000 + n % 7777), NONE,
			noise,   sizeof(noise)};
		claims += (role_of(&message, "10.0.0.2", 64) & (AM_ROLE_CLIENT | AM_ROLE_SERVER)) != 0;
	}
	CU_ASSERT_EQUAL(claims, 0);
}

/* RFC 7617: the scheme and the header's name in any case; only in a request's header, at the beginning of a line. */
static void test_login(void)
{
	static const struct {
		const char *text;
		gboolean is_login;
	} cases[] = {
		{"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic dTpw\r\n\r\n", TRUE},
		{"POST /x HTTP/1.0\nauthorization: BASIC dTpw\n\n", TRUE},
		{"CONNECT a:443 HTTP/1.1\r\nProxy-Authorization: Basic dTpw\r\n\r\n", TRUE},
		{"GET / HTTP/1.1\r\nAuthorization: Negotiate YII\r\n\r\n", FALSE},
		{"GET / HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n", FALSE},
		{"GET / HTTP/1.1\r\nX-Authorization: Basic dTpw\r\n\r\n", FALSE},
		{"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\n\r\n", FALSE},
		{"HTTP/1.1 200 OK\r\nAuthorization: Basic dTpw\r\n\r\n", FALSE},
		{"Authorization: Basic dTpw\r\n", FALSE},
		{"GET", FALSE},
		{"", FALSE},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		size_t whole = strlen(cases[n].text);
		gboolean before = FALSE;
		for (size_t size = 0; size <= whole; size++) {
			TestPacket t;
			g_autofree uint8_t *exact = g_malloc(MAX(size, 1));
			memcpy(exact, cases[n].text, size);
			test_packet(&t, 1, AM_PROTO_TCP, "10.0.0.1", 40000, "10.0.0.2", 80, NULL, 0);
			t.packet.payload = exact;
			t.packet.payload_size = (uint32_t)size;
			gboolean is_login = am_role_is_login(&t.packet);
			CU_ASSERT_TRUE(is_login || !before); /* more octets take nothing back */
			before = is_login;
			t.packet.tuple.ip_protocol = AM_PROTO_UDP;
			CU_ASSERT_FALSE(am_role_is_login(&t.packet));
		}
		CU_ASSERT_EQUAL(before, cases[n].is_login);
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_messages),      UNIT_TEST(test_cut_at_every_length),
		UNIT_TEST(test_swapped_ports), UNIT_TEST(test_groups),
		UNIT_TEST(test_ssh),           UNIT_TEST(test_login),
		UNIT_TEST(test_noise),         CU_TEST_INFO_NULL,
	};
	return unit_run("roles", tests);
}
