/* Frames from interfaces, as they arrive. It only reads: nothing is ever written to a handle.
 *
 * Fed by libpcap, whose ring in shared memory hands over frames by the block: the kernel wakes us some ten times a second,
 * or when a block is full, so that an idle port costs nothing and a busy one no system call a packet.
 *
 * Why frames of several interfaces are put in order: a tap gives each direction of a line on an interface of its own, and
 * who answered whom is seen only in the order of both. Of each interface one frame is held ready; the earliest goes first,
 * when every interface has one, or when it is old enough for the others' blocks to have come. The rest waits in the rings.
 *
 * A link that goes down comes back by itself: the socket stays bound, whatever the interface is called by then. An interface
 * that is taken out of the system does not, and a new one of its name would need privileges that are gone by then: its
 * capture is over. Hence it is asked for by its number, which no other one gets.
 */
#include "config.h"

#include "allowmap/capture.h"

#include <errno.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#define DEFAULT_RING_MIB 32
#define DEFAULT_SNAPLEN 65535
#define BLOCK_MS 100                       /* the kernel hands over a block after that time, full or not */
#define HOLD_NS (2 * BLOCK_MS * 1000000LL) /* by then the other interfaces' blocks are there, too */
#define ERROR_PAUSE_MS 50                  /* a handle that fails must not be asked all the time */

typedef struct {
	pcap_t *pcap;
	int fd;
	int index; /* the kernel's number of the interface, which its name may move away from; 0: of no single one ("any") */
	int link_type;
	gboolean nanoseconds;
	gboolean has_frame; /* `header` and `bytes` are the next one, valid until pcap_next_ex() */
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int64_t time_ns;
	uint32_t last_drop, last_if_drop; /* libpcap's counters wrap */
	AmInterfaceState state;
} Handle;

struct AmLive {
	guint n;
	Handle handles[AM_MAX_INTERFACES];
};

/* ---- Opening */

static gboolean fail(const Handle *handle, GError **error)
{
	g_set_error(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_OPEN, "cannot capture on %s: %s", handle->state.name,
		    pcap_geterr(handle->pcap));
	return FALSE;
}

static gboolean activate(Handle *handle, GError **error)
{
	int status = pcap_activate(handle->pcap);
	if (status >= 0)
		return TRUE;
	const char *hint = "";
	if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED)
		hint = "; run it as root (--user gives the privileges up again), or: setcap "
		       "cap_net_raw,cap_net_admin+ep "
		       "allowmap";
	else if (status == PCAP_ERROR_NO_SUCH_DEVICE)
		hint = "; 'ip link' lists the interfaces";
	g_set_error(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_OPEN, "cannot capture on %s: %s%s", handle->state.name,
		    status == PCAP_ERROR ? pcap_geterr(handle->pcap) : pcap_statustostr(status), hint);
	return FALSE;
}

static gboolean set_filter(Handle *handle, const char *filter, GError **error)
{
	struct bpf_program program;
	if (pcap_compile(handle->pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		g_set_error(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_FILTER,
			    "the filter '%s' is not understood on %s: %s; see pcap-filter(7)", filter,
			    handle->state.name, pcap_geterr(handle->pcap));
		return FALSE;
	}
	gboolean ok = pcap_setfilter(handle->pcap, &program) == 0 || fail(handle, error);
	pcap_freecode(&program);
	return ok;
}

static gboolean open_handle(Handle *handle, const char *name, const AmLiveOptions *options, GError **error)
{
	char reason[PCAP_ERRBUF_SIZE] = "";
	if (strlen(name) >= sizeof handle->state.name || *name == '\0') {
		g_set_error(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_OPEN, "'%s' is not the name of an interface",
			    name);
		return FALSE;
	}
	g_strlcpy(handle->state.name, name, sizeof handle->state.name);
	handle->pcap = pcap_create(name, reason);
	if (handle->pcap == NULL) {
		g_set_error(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_OPEN, "cannot capture on %s: %s", name, reason);
		return FALSE;
	}
	guint ring_mib = options->ring_mib != 0 ? options->ring_mib : DEFAULT_RING_MIB;
	pcap_set_snaplen(handle->pcap, (int)(options->snaplen != 0 ? options->snaplen : DEFAULT_SNAPLEN));
	pcap_set_promisc(handle->pcap, options->promiscuous);
	pcap_set_timeout(handle->pcap, BLOCK_MS);
	pcap_set_buffer_size(handle->pcap, (int)ring_mib * 1024 * 1024);
	handle->nanoseconds = pcap_set_tstamp_precision(handle->pcap, PCAP_TSTAMP_PRECISION_NANO) == 0;
	if (!activate(handle, error))
		return FALSE;
	handle->nanoseconds = pcap_get_tstamp_precision(handle->pcap) == PCAP_TSTAMP_PRECISION_NANO;
	int link_type = pcap_datalink(handle->pcap);
	handle->link_type = link_type == DLT_RAW ? 101 : link_type; /* LINKTYPE_RAW; the others are the same */
	handle->fd = pcap_get_selectable_fd(handle->pcap);
	handle->index = (int)if_nametoindex(name);
	handle->state.up = TRUE;
	if (handle->fd < 0 || pcap_setnonblock(handle->pcap, 1, reason) != 0)
		return fail(handle, error);
	return options->filter == NULL || set_filter(handle, options->filter, error);
}

AmLive *am_live_open(const AmLiveOptions *options, GError **error)
{
	g_autoptr(AmLive) live = g_new0(AmLive, 1);
	for (const char *const *name = options->interfaces; *name != NULL; name++) {
		if (live->n == AM_MAX_INTERFACES) {
			g_set_error(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_OPEN,
				    "more than %d interfaces; run several captures, each with its own database",
				    AM_MAX_INTERFACES);
			return NULL;
		}
		if (!open_handle(&live->handles[live->n++], *name, options, error))
			return NULL;
	}
	return g_steal_pointer(&live);
}

void am_live_free(AmLive *live)
{
	if (live == NULL)
		return;
	for (guint n = 0; n < live->n; n++)
		g_clear_pointer(&live->handles[n].pcap, pcap_close);
	g_free(live);
}

guint am_live_descriptors(const AmLive *live, int ret_descriptors[AM_MAX_INTERFACES])
{
	for (guint n = 0; n < live->n; n++)
		ret_descriptors[n] = live->handles[n].fd;
	return live->n;
}

/* ---- Links and counters */

static void look_at_link(Handle *handle)
{
	struct ifreq request;
	memset(&request, 0, sizeof request);
	request.ifr_ifindex = handle->index;
	gboolean up = FALSE;
	if (handle->index == 0)
		up = TRUE;
	else if (ioctl(handle->fd, SIOCGIFNAME, &request) == 0 && ioctl(handle->fd, SIOCGIFFLAGS, &request) == 0)
		up = (request.ifr_flags & IFF_UP) != 0 && (request.ifr_flags & IFF_RUNNING) != 0;
	else if (errno == ENODEV)
		handle->state.gone = TRUE;
	handle->state.outages += handle->state.up && !up;
	handle->state.up = up;
}

void am_live_look(AmLive *live, AmLiveState *state)
{
	for (guint n = 0; n < live->n; n++) {
		Handle *handle = &live->handles[n];
		struct pcap_stat stat;
		look_at_link(handle);
		if (pcap_stats(handle->pcap, &stat) == 0) {
			handle->state.dropped_kernel += (uint32_t)stat.ps_drop - handle->last_drop;
			handle->state.dropped_interface += (uint32_t)stat.ps_ifdrop - handle->last_if_drop;
			handle->last_drop = stat.ps_drop;
			handle->last_if_drop = stat.ps_ifdrop;
		}
		state->interfaces[n] = handle->state;
	}
	state->n_interfaces = live->n;
}

/* ---- Reading */

/* FALSE: it failed, and should be left alone for a moment. */
static gboolean fetch(Handle *handle)
{
	if (handle->has_frame || handle->state.gone)
		return TRUE;
	int got = pcap_next_ex(handle->pcap, &handle->header, &handle->bytes);
	if (got == 1) {
		handle->has_frame = TRUE;
		int64_t fraction = handle->header->ts.tv_usec;
		handle->time_ns = (int64_t)handle->header->ts.tv_sec * AM_NS_PER_S +
				  (handle->nanoseconds ? fraction : fraction * 1000);
		return TRUE;
	}
	if (got < 0)
		look_at_link(handle);
	return got >= 0;
}

static int64_t wall_clock_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * AM_NS_PER_S + now.tv_nsec;
}

/* The frame to give out, if there is one. Its time may be ahead of a clock that was put back: then it goes, too. */
static Handle *choose(AmLive *live, gboolean *ret_failed)
{
	Handle *first = NULL;
	gboolean all_have_one = TRUE;
	for (guint n = 0; n < live->n; n++) {
		Handle *handle = &live->handles[n];
		*ret_failed = !fetch(handle) || *ret_failed;
		if (!handle->has_frame)
			all_have_one = all_have_one && !handle->state.up;
		else if (first == NULL || handle->time_ns < first->time_ns)
			first = handle;
	}
	if (first == NULL || all_have_one)
		return first;
	int64_t age_ns = wall_clock_ns() - first->time_ns;
	return age_ns < 0 || age_ns >= HOLD_NS ? first : NULL;
}

static gboolean is_anything_left(const AmLive *live)
{
	for (guint n = 0; n < live->n; n++) {
		if (!live->handles[n].state.gone)
			return TRUE;
	}
	return FALSE;
}

/* Waits for a block of an interface whose frame is not there yet. */
static void wait_for_blocks(const AmLive *live, int timeout_ms, gboolean failed)
{
	struct pollfd polls[AM_MAX_INTERFACES];
	nfds_t n_polls = 0;
	gboolean holds = FALSE;
	for (guint n = 0; n < live->n; n++) {
		const Handle *handle = &live->handles[n];
		holds = holds || handle->has_frame;
		if (!handle->has_frame && !handle->state.gone && !failed)
			polls[n_polls++] = (struct pollfd){.fd = handle->fd, .events = POLLIN};
	}
	if (failed || holds)
		timeout_ms = MIN(timeout_ms, ERROR_PAUSE_MS);
	if (poll(polls, n_polls, timeout_ms) <= 0)
		return;
	/* A link that is down reports an error again and again. */
	for (nfds_t n = 0; n < n_polls; n++)
		failed = failed || (polls[n].revents & (POLLERR | POLLNVAL)) != 0;
	if (failed)
		(void)poll(NULL, 0, MIN(timeout_ms, ERROR_PAUSE_MS));
}

static void give_out(Handle *handle, AmFrame *ret_frame)
{
	handle->has_frame = FALSE;
	handle->state.packets++;
	ret_frame->time_ns = handle->time_ns;
	ret_frame->bytes = handle->bytes;
	ret_frame->size = MIN(handle->header->caplen, AM_FRAME_MAX);
	ret_frame->wire_size = MAX(handle->header->len, ret_frame->size);
	ret_frame->link_type = (uint32_t)handle->link_type;
}

int am_live_next(AmLive *live, int timeout_ms, AmFrame *ret_frame, GError **error)
{
	for (gboolean waited = FALSE;; waited = TRUE) {
		gboolean failed = FALSE;
		Handle *handle = choose(live, &failed);
		if (handle != NULL) {
			give_out(handle, ret_frame);
			return 1;
		}
		if (!is_anything_left(live)) {
			g_set_error_literal(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_GONE,
					    "no interface is left to capture on; start it again when there is one");
			return -1;
		}
		if (waited)
			return 0;
		wait_for_blocks(live, timeout_ms, failed);
	}
}
