/* Real connections for the enforcement tests, inside network namespaces that the calling script made.
 *
 *   probe serve      listens on each TCP, UDP and SCTP port that is named on standard input, at every address, until killed;
 *                    says "ready" when it does
 *   probe ask        tries each line of standard input, all at once, and prints it again with "pass" or "stop"
 *
 * A line: PROTOCOL FROM TO PORT EXPECTED, with PROTOCOL one of tcp, udp, sctp, icmp, icmpv6 (echo; the port is ignored) and
 * EXPECTED one of pass, stop; what follows is ignored. What should pass is waited for longer, since a machine may be busy. Both
 * use addresses that no interface has (IP_TRANSPARENT), so that any policy can be probed. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define STOP_MS 2000
#define PASS_MS 8000 /* two more SYN */
#define MAX_LINES 1000
#define MAX_SOCKETS 4000

typedef struct {
	char protocol[8], from[48], to[48], expected[8];
	int port;
	pid_t pid;
} Probe;

typedef union {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
} Address;

static socklen_t address_size(const Address *address)
{
	return address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;
}

static int parse_address(const char *text, int port, Address *ret_address)
{
	memset(ret_address, 0, sizeof *ret_address);
	if (inet_pton(AF_INET, text, &ret_address->v4.sin_addr) == 1) {
		ret_address->v4.sin_family = AF_INET;
		ret_address->v4.sin_port = htons((uint16_t)port);
		return 1;
	}
	ret_address->v6.sin6_family = AF_INET6;
	ret_address->v6.sin6_port = htons((uint16_t)port);
	return inet_pton(AF_INET6, text, &ret_address->v6.sin6_addr) == 1;
}

static int open_socket(int family, const char *protocol)
{
	int is_udp = strcmp(protocol, "udp") == 0, is_sctp = strcmp(protocol, "sctp") == 0, on = 1;
	int is_raw = strncmp(protocol, "icmp", 4) == 0;
	int fd = is_raw ? socket(family, SOCK_RAW, family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6)
			: socket(family, is_udp ? SOCK_DGRAM : SOCK_STREAM, is_sctp ? IPPROTO_SCTP : 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (family == AF_INET ? setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof on)
			      : setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &on, sizeof on)) {
		close(fd);
		return -1;
	}
	return fd;
}

static size_t read_probes(Probe *probes)
{
	char line[256];
	size_t n = 0;
	while (n < MAX_LINES && fgets(line, sizeof line, stdin) != NULL) {
		Probe *probe = &probes[n];
		memset(probe, 0, sizeof *probe);
		if (sscanf(line, "%7s %47s %47s %d %7s", probe->protocol, probe->from, probe->to, &probe->port,
			   probe->expected) >= 4)
			n++;
	}
	return n;
}

static uint16_t checksum(const void *data, size_t size)
{
	uint32_t sum = 0;
	const uint8_t *bytes = data;
	for (size_t n = 0; n + 1 < size; n += 2)
		sum += (uint32_t)bytes[n] << 8 | bytes[n + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t) ~(sum + (sum >> 16)));
}

/* ---- The server */

enum { STREAM, DATAGRAM, ECHO };

typedef struct {
	struct pollfd polls[MAX_SOCKETS];
	char kind[MAX_SOCKETS];
	nfds_t n;
} Server;

static int listen_on(Server *server, int family, const char *protocol, int port)
{
	Address address;
	int on = 1, is_udp = strcmp(protocol, "udp") == 0;
	int fd = open_socket(family, protocol);
	parse_address(family == AF_INET ? "0.0.0.0" : "::", port, &address);
	if (fd < 0 || server->n == MAX_SOCKETS - 1)
		return 0;
	if (is_udp && family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
	else if (is_udp)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
	if (bind(fd, &address.any, address_size(&address)) != 0 || (!is_udp && listen(fd, 256) != 0)) {
		int in_use = errno == EADDRINUSE;
		close(fd);
		return in_use; /* the same port was named before */
	}
	server->kind[server->n] = is_udp ? DATAGRAM : STREAM;
	server->polls[server->n++] = (struct pollfd){.fd = fd, .events = POLLIN};
	return 1;
}

/* Sends the datagram back from the address that it was sent to. */
static void answer_datagram(int fd)
{
	char data[64], control[256];
	Address from;
	struct iovec vector = {data, sizeof data};
	struct msghdr message = {.msg_name = &from,
				 .msg_namelen = sizeof from,
				 .msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof control};
	ssize_t size = recvmsg(fd, &message, 0);
	if (size < 0)
		return;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo *info = (struct in_pktinfo *)(void *)CMSG_DATA(c);
			info->ipi_spec_dst = info->ipi_addr;
			info->ipi_ifindex = 0;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			((struct in6_pktinfo *)(void *)CMSG_DATA(c))->ipi6_ifindex = 0;
		}
	}
	vector.iov_len = (size_t)size;
	(void)!sendmsg(fd, &message, 0);
}

/* The kernel answers an IPv4 echo request only from an address that an interface has (and ICMPv6 from any). */
static void answer_echo(int fd)
{
	uint8_t packet[256], control[64] = {0};
	ssize_t size = read(fd, packet, sizeof packet);
	size_t header = (size_t)(packet[0] & 15) * 4;
	if (size < (ssize_t)(header + 8) || packet[header] != ICMP_ECHO)
		return;
	Address to;
	memset(&to, 0, sizeof to);
	to.v4.sin_family = AF_INET;
	memcpy(&to.v4.sin_addr, packet + 12, 4);
	uint8_t *answer = packet + header;
	size_t answer_size = (size_t)size - header;
	answer[0] = ICMP_ECHOREPLY;
	memset(answer + 2, 0, 2);
	uint16_t sum = checksum(answer, answer_size);
	memcpy(answer + 2, &sum, sizeof sum);
	struct iovec vector = {answer, answer_size};
	struct msghdr message = {.msg_name = &to,
				 .msg_namelen = sizeof to.v4,
				 .msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = CMSG_SPACE(sizeof(struct in_pktinfo))};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
	memcpy(&((struct in_pktinfo *)(void *)CMSG_DATA(c))->ipi_spec_dst, packet + 16, 4);
	(void)!sendmsg(fd, &message, 0);
}

static void answer(int fd, int kind)
{
	if (kind == ECHO) {
		answer_echo(fd);
	} else if (kind == DATAGRAM) {
		answer_datagram(fd);
	} else {
		int peer = accept(fd, NULL, NULL);
		if (peer < 0)
			return;
		(void)!write(peer, "hello", 5);
		close(peer);
	}
}

static int serve(void)
{
	static Probe probes[MAX_LINES];
	static Server server;
	size_t n_probes = read_probes(probes);
	for (size_t n = 0; n < n_probes; n++) {
		if (strncmp(probes[n].protocol, "icmp", 4) == 0)
			continue;
		int family = strchr(probes[n].to, ':') != NULL ? AF_INET6 : AF_INET;
		if (!listen_on(&server, family, probes[n].protocol, probes[n].port)) {
			fprintf(stderr, "cannot listen on %s port %d: %s\n", probes[n].protocol, probes[n].port,
				strerror(errno));
			return 1;
		}
	}
	int echo = open_socket(AF_INET, "icmp");
	if (echo < 0)
		return 1;
	server.kind[server.n] = ECHO;
	server.polls[server.n++] = (struct pollfd){.fd = echo, .events = POLLIN};
	puts("ready");
	fflush(stdout);
	for (;;) {
		if (poll(server.polls, server.n, -1) < 0)
			return 1;
		for (nfds_t n = 0; n < server.n; n++) {
			if ((server.polls[n].revents & POLLIN) != 0)
				answer(server.polls[n].fd, server.kind[n]);
		}
	}
}

/* ---- The client: TRUE (1) when an answer came back */

static int wait_ms;

static int wait_for(int fd, short events)
{
	struct pollfd poll_one = {.fd = fd, .events = events};
	return poll(&poll_one, 1, wait_ms) == 1;
}

static int try_stream(int fd, const Address *to)
{
	char byte;
	struct timeval limit = {wait_ms / 1000, wait_ms % 1000 * 1000};
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit); /* bounds connect() too */
	if (connect(fd, &to->any, address_size(to)) != 0)
		return 0;
	return wait_for(fd, POLLIN) && read(fd, &byte, 1) == 1;
}

static int try_datagram(int fd, const Address *to)
{
	char data[8];
	if (connect(fd, &to->any, address_size(to)) != 0 || write(fd, "hello", 5) != 5)
		return 0;
	return wait_for(fd, POLLIN) && read(fd, data, sizeof data) == 5;
}

/* An echo request, and its answer among all that a raw socket sees. */
static int try_echo(int fd, const Address *to)
{
	int is_v4 = to->any.sa_family == AF_INET;
	uint16_t id = (uint16_t)getpid();
	uint8_t request[16] = {(uint8_t)(is_v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST)}, answer[256];
	memcpy(request + 4, &id, sizeof id);
	if (is_v4) {
		uint16_t sum = checksum(request, sizeof request);
		memcpy(request + 2, &sum, sizeof sum);
	}
	Address where = *to;
	if (is_v4)
		where.v4.sin_port = 0;
	else
		where.v6.sin6_port = 0;
	if (sendto(fd, request, sizeof request, 0, &where.any, address_size(&where)) != (ssize_t)sizeof request)
		return 0;
	while (wait_for(fd, POLLIN)) {
		ssize_t size = read(fd, answer, sizeof answer);
		size_t at = is_v4 ? (size_t)(answer[0] & 15) * 4 : 0;
		if (size < (ssize_t)(at + 8))
			continue;
		if (answer[at] == (is_v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) && memcmp(answer + at + 4, &id, 2) == 0)
			return 1;
	}
	return 0;
}

static int try_probe(const Probe *probe)
{
	Address from, to;
	wait_ms = strcmp(probe->expected, "pass") == 0 ? PASS_MS : STOP_MS;
	if (!parse_address(probe->from, 0, &from) || !parse_address(probe->to, probe->port, &to))
		return 2;
	int fd = open_socket(to.any.sa_family, probe->protocol);
	if (fd < 0 || bind(fd, &from.any, address_size(&from)) != 0) {
		fprintf(stderr, "%s from %s: %s\n", probe->protocol, probe->from, strerror(errno));
		return 2;
	}
	if (strncmp(probe->protocol, "icmp", 4) == 0)
		return try_echo(fd, &to) ? 0 : 1;
	return (strcmp(probe->protocol, "udp") == 0 ? try_datagram(fd, &to) : try_stream(fd, &to)) ? 0 : 1;
}

static int ask(void)
{
	static Probe probes[MAX_LINES];
	size_t n_probes = read_probes(probes);
	int result = 0;
	for (size_t n = 0; n < n_probes; n++) {
		probes[n].pid = fork();
		if (probes[n].pid == 0) {
			alarm(20);
			_exit(try_probe(&probes[n]));
		}
	}
	for (size_t n = 0; n < n_probes; n++) {
		int status = 0;
		if (probes[n].pid < 0 || waitpid(probes[n].pid, &status, 0) < 0 || !WIFEXITED(status) ||
		    WEXITSTATUS(status) > 1)
			result = 1;
		printf("%s %s %s %d %s\n", probes[n].protocol, probes[n].from, probes[n].to, probes[n].port,
		       status == 0 ? "pass" : "stop");
	}
	return result;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "serve") == 0)
		return serve();
	if (argc == 2 && strcmp(argv[1], "ask") == 0)
		return ask();
	fprintf(stderr, "usage: probe serve|ask < LINES\n");
	return 2;
}
