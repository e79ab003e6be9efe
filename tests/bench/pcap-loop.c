/* A bare libpcap loop: reads every packet of a capture and does nothing with it. The floor under every reader. */
#include "config.h"

#include <pcap.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = argc == 2 ? pcap_open_offline(argv[1], error) : NULL;
	if (pcap == NULL) {
		fprintf(stderr, "usage: pcap-loop CAPTURE%s%s\n", argc == 2 ? ": " : "", argc == 2 ? error : "");
		return 2;
	}
	struct pcap_pkthdr *header;
	const u_char *bytes;
	unsigned long packets = 0, octets = 0;
	while (pcap_next_ex(pcap, &header, &bytes) == 1) {
		packets++;
		octets += header->caplen;
	}
	pcap_close(pcap);
	printf("%lu packets, %lu octets\n", packets, octets);
	return 0;
}
