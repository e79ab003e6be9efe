/* frames: puts frames on one end of a veth pair that a test made in its own network namespace, and nowhere else: the
 * interface's name must begin with "amtest", which no real one has.
 *
 *   frames IFACE replay FILE PPS          every frame of a capture, at most PPS a second
 *   frames IFACE connect PPS SECONDS      one short TCP connection after the other, of 8 frames each; each has its own client
 *                                         (10.a.b.c for number abc), and its number and the time of its last frame (ns) are
 *                                         printed. Beside them one connection that lasts: 172.16.0.1:50000, a frame every
 *                                         10 connections.
 */
#include "config.h"

#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SYN 0x02
#define ACK 0x10
#define PSH 0x08
#define FIN 0x01

typedef struct {
	pcap_t *out;
	int64_t began_ns, gap_ns, n;
} Sender;

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void send_frame(Sender *sender, const void *bytes, size_t size)
{
	int64_t wait_ns = sender->began_ns + sender->n++ * sender->gap_ns - clock_ns(CLOCK_MONOTONIC);
	if (wait_ns > 0)
		nanosleep(&(struct timespec){.tv_sec = wait_ns / 1000000000, .tv_nsec = wait_ns % 1000000000}, NULL);
	/* A link that is down takes none: that is the test's doing. */
	(void)pcap_inject(sender->out, bytes, size);
}

static int replay(Sender *sender, const char *path)
{
	char reason[PCAP_ERRBUF_SIZE];
	pcap_t *in = pcap_open_offline(path, reason);
	if (in == NULL) {
		fprintf(stderr, "%s\n", reason);
		return 1;
	}
	struct pcap_pkthdr *header;
	const u_char *bytes;
	while (pcap_next_ex(in, &header, &bytes) == 1)
		send_frame(sender, bytes, header->caplen);
	pcap_close(in);
	return 0;
}

/* ---- Connections */

typedef struct {
	uint32_t client, server;
	uint16_t client_port, server_port;
	uint32_t sequence[2]; /* of client, server */
} Talk;

static void be16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void be32(uint8_t *at, uint32_t value)
{
	be16(at, value >> 16);
	be16(at + 2, value & 0xffff);
}

static void segment(Sender *sender, Talk *talk, int from_server, uint8_t flags, const char *payload)
{
	static const uint8_t ethernet[14] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};
	uint8_t frame[256] = {0}, *ip = frame + 14, *tcp = ip + 20;
	size_t size = strlen(payload);
	memcpy(frame, ethernet, sizeof ethernet);
	ip[0] = 0x45;
	be16(ip + 2, (uint32_t)(40 + size));
	ip[8] = 64;
	ip[9] = 6;
	be32(ip + 12, from_server ? talk->server : talk->client);
	be32(ip + 16, from_server ? talk->client : talk->server);
	be16(tcp, from_server ? talk->server_port : talk->client_port);
	be16(tcp + 2, from_server ? talk->client_port : talk->server_port);
	be32(tcp + 4, talk->sequence[from_server]);
	be32(tcp + 8, (flags & ACK) != 0 ? talk->sequence[!from_server] : 0);
	tcp[12] = 0x50;
	tcp[13] = flags;
	be16(tcp + 14, 65535);
	memcpy(tcp + 20, payload, size);
	talk->sequence[from_server] += (uint32_t)size + ((flags & (SYN | FIN)) != 0);
	send_frame(sender, frame, 54 + size);
}

static void open_talk(Sender *sender, Talk *talk)
{
	segment(sender, talk, 0, SYN, "");
	segment(sender, talk, 1, SYN | ACK, "");
	segment(sender, talk, 0, ACK, "");
}

static int connect_all(Sender *sender, double seconds)
{
	Talk lasting = {0xac100001, 0xc0a84d0a, 50000, 5432, {1, 1}};
	int64_t end_ns = clock_ns(CLOCK_MONOTONIC) + (int64_t)(seconds * 1e9);
	open_talk(sender, &lasting);
	for (uint32_t n = 0; clock_ns(CLOCK_MONOTONIC) < end_ns && n < 0xffffff; n++) {
		Talk talk = {0x0a000000 | n, 0xc0a84d0a, 40000, 8080, {1000, 2000}};
		open_talk(sender, &talk);
		segment(sender, &talk, 0, PSH | ACK, "question");
		segment(sender, &talk, 1, PSH | ACK, "answer");
		segment(sender, &talk, 0, FIN | ACK, "");
		segment(sender, &talk, 1, FIN | ACK, "");
		segment(sender, &talk, 0, ACK, "");
		printf("%u %lld\n", n, (long long)clock_ns(CLOCK_REALTIME));
		fflush(stdout);
		if (n % 10 == 9)
			segment(sender, &lasting, 0, PSH | ACK, "still there");
	}
	return 0;
}

int main(int argc, char **argv)
{
	char reason[PCAP_ERRBUF_SIZE];
	if (argc != 5 || strncmp(argv[1], "amtest", 6) != 0) {
		fprintf(stderr, "usage: frames amtestN replay FILE PPS | frames amtestN connect PPS SECONDS\n");
		return 2;
	}
	int replays = strcmp(argv[2], "replay") == 0;
	Sender sender = {.out = pcap_open_live(argv[1], 65535, 0, 100, reason)};
	if (sender.out == NULL) {
		fprintf(stderr, "%s\n", reason);
		return 1;
	}
	double pps = atof(argv[replays ? 4 : 3]);
	sender.gap_ns = pps > 0 ? (int64_t)(1e9 / pps) : 0;
	sender.began_ns = clock_ns(CLOCK_MONOTONIC);
	int status = replays ? replay(&sender, argv[3]) : connect_all(&sender, atof(argv[4]));
	pcap_close(sender.out);
	return status;
}
