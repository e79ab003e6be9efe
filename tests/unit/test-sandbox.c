/* The sandbox: each thing that it forbids is tried inside, by a process of its own, and must be refused; what is needed must
 * go on. Exits with 77 where the kernel (or a build with sanitizers) has no sandbox. */
#include "config.h"

#include "sandbox.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
	char *inside, *outside; /* folders */
	char *input;            /* a file in `outside` that may be read */
	int packets;            /* a descriptor that must not be written to */
	int datagrams;          /* a socket that was made before */
} World;

/* What a try gives: 0 = it was refused, as it should be. */
typedef int (*Try)(const World *world);

static int refused(long result)
{
	return result < 0 && (errno == EPERM || errno == EACCES || errno == ENOSYS) ? 0 : 1;
}

static int try_exec(const World *world)
{
	(void)world;
	return refused(execl("/bin/true", "true", NULL));
}

static int try_fork(const World *world)
{
	(void)world;
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return refused(pid);
}

static int try_bare_fork(const World *world)
{
	(void)world;
	long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		_exit(0);
	return refused(pid);
}

static int try_ptrace(const World *world)
{
	(void)world;
	return refused(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)) + refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int try_read_process(const World *world)
{
	char byte;
	struct iovec mine = {&byte, 1}, theirs = {(void *)world, 1};
	return refused(process_vm_readv(getppid(), &mine, 1, &theirs, 1, 0));
}

static int try_kill(const World *world)
{
	(void)world;
	return refused(kill(getppid(), 0));
}

static int try_socket(const World *world)
{
	(void)world;
	int pair[2];
	return refused(socket(AF_INET, SOCK_STREAM, 0)) + refused(socket(AF_UNIX, SOCK_DGRAM, 0)) +
	       refused(socket(AF_PACKET, SOCK_RAW, 0)) + refused(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}

static struct sockaddr_in here(void)
{
	struct sockaddr_in address;
	memset(&address, 0, sizeof address);
	address.sin_family = AF_INET;
	address.sin_port = htons(9);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

static int try_connect(const World *world)
{
	struct sockaddr_in address = here();
	return refused(connect(world->datagrams, (const struct sockaddr *)&address, sizeof address)) +
	       refused(bind(world->datagrams, (const struct sockaddr *)&address, sizeof address));
}

static int try_send(const World *world)
{
	struct sockaddr_in address = here();
	struct iovec iov = {(void *)"x", 1};
	struct msghdr message = {.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &iov, .msg_iovlen = 1};
	return refused(sendto(world->datagrams, "x", 1, 0, (const struct sockaddr *)&address, sizeof address)) +
	       refused(sendmsg(world->datagrams, &message, 0)) + refused(send(world->packets, "x", 1, 0));
}

static int try_write_packet(const World *world)
{
	struct iovec iov = {(void *)"x", 1};
	return refused(write(world->packets, "x", 1)) + refused(writev(world->packets, &iov, 1)) +
	       refused(dup(world->packets)) + refused(dup2(world->packets, 77)) +
	       refused(fcntl(world->packets, F_DUPFD, 50)) + refused(fcntl(world->packets, F_DUPFD_CLOEXEC, 50));
}

static int try_shadow(const World *world)
{
	(void)world;
	return refused(open("/etc/shadow", O_RDONLY)) + refused(open("/etc/passwd", O_RDONLY)) +
	       refused(open("/etc/passwd", O_WRONLY));
}

static int try_outside(const World *world)
{
	g_autofree char *new_file = g_build_filename(world->outside, "new", NULL);
	g_autofree char *old_file = g_build_filename(world->outside, "other", NULL);
	g_autofree char *moved = g_build_filename(world->inside, "moved", NULL);
	return refused(open(new_file, O_CREAT | O_WRONLY, 0600)) + refused(open(old_file, O_RDONLY)) +
	       refused(open(world->input, O_WRONLY)) + refused(unlink(world->input)) + (rename(old_file, moved) == 0) +
	       (link(old_file, moved) == 0);
}

static int try_kernel(const World *world)
{
	(void)world;
	return refused(syscall(SYS_io_uring_setup, 1, NULL)) + refused(syscall(SYS_bpf, 0, NULL, 0)) +
	       refused(syscall(SYS_unshare, 0x10000000)) + refused(syscall(SYS_userfaultfd, 0)) +
	       refused(syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0)) + refused(chroot("/"));
}

/* ---- What must go on */

static gpointer write_inside(gpointer data)
{
	const World *world = data;
	g_autofree char *path = g_build_filename(world->inside, "made", NULL);
	g_autofree char *to = g_build_filename(world->inside, "renamed", NULL), *text = NULL;
	int fd = open(path, O_CREAT | O_RDWR | O_EXCL, 0600);
	gboolean ok = fd >= 0 && write(fd, "abc", 3) == 3 && ftruncate(fd, 1) == 0 && close(fd) == 0 &&
		      rename(path, to) == 0 && g_file_get_contents(to, &text, NULL, NULL) && unlink(to) == 0;
	return GINT_TO_POINTER(ok ? 0 : 1);
}

/* 0 = all of it works, also in a thread. */
static int try_needed(const World *world)
{
	g_autofree char *text = NULL;
	GThread *thread = g_thread_new("inside", write_inside, (gpointer)world);
	int failed = GPOINTER_TO_INT(g_thread_join(thread));
	failed += !g_file_get_contents(world->input, &text, NULL, NULL);
	failed += fprintf(stderr, "%s", "") < 0;
	return failed;
}

/* ---- Trying */

static gboolean enter(const World *world)
{
	g_auto(AmSandboxRules) rules = am_sandbox_rules_new();
	g_ptr_array_add(rules.writes, g_strdup(world->inside));
	g_ptr_array_add(rules.reads, g_strdup(world->input));
	rules.no_writes = &world->packets;
	rules.n_no_writes = 1;
	g_autofree char *missing = NULL;
	return am_sandbox_enter(&rules, &missing, NULL) && missing == NULL;
}

typedef struct {
	const World *world;
	Try function;
	GMutex mutex;
	GCond cond;
	gboolean entered;
} Early;

/* A thread that was there before. */
static gpointer early_main(gpointer data)
{
	Early *early = data;
	g_mutex_lock(&early->mutex);
	while (!early->entered)
		g_cond_wait(&early->cond, &early->mutex);
	g_mutex_unlock(&early->mutex);
	return GINT_TO_POINTER(early->function(early->world));
}

static int try_early(const World *world, Try function)
{
	Early early = {.world = world, .function = function};
	g_mutex_init(&early.mutex);
	g_cond_init(&early.cond);
	GThread *thread = g_thread_new("early", early_main, &early);
	gboolean entered = enter(world);
	g_mutex_lock(&early.mutex);
	early.entered = TRUE;
	g_cond_signal(&early.cond);
	g_mutex_unlock(&early.mutex);
	int failed = GPOINTER_TO_INT(g_thread_join(thread));
	return entered ? failed : 100;
}

/* The number of things that were not refused; 100 = no sandbox; -1 = it ended otherwise. */
static int tried(const World *world, Try function, gboolean in_early_thread)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		alarm(20);
		_exit(in_early_thread ? try_early(world, function) : enter(world) ? function(world) : 100);
	}
	int status;
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static World world_new(void)
{
	World world = {.inside = g_dir_make_tmp("sandbox-XXXXXX", NULL),
		       .outside = g_dir_make_tmp("sandbox-XXXXXX", NULL)};
	g_autofree char *other = g_build_filename(world.outside, "other", NULL);
	world.input = g_build_filename(world.outside, "input", NULL);
	if (!g_file_set_contents(world.input, "in", -1, NULL) || !g_file_set_contents(other, "x", -1, NULL))
		g_error("no folder to try things in");
	/* A packet socket takes a right that tests seldom have; to the filter it is a number like any other. */
	world.packets = socket(AF_PACKET, SOCK_RAW, 0);
	if (world.packets < 0)
		world.packets = socket(AF_INET, SOCK_DGRAM, 0);
	world.datagrams = socket(AF_INET, SOCK_DGRAM, 0);
	return world;
}

static void world_clear(World *world)
{
	g_autofree char *other = g_build_filename(world->outside, "other", NULL);
	g_unlink(other);
	g_unlink(world->input);
	g_rmdir(world->outside);
	g_rmdir(world->inside);
	close(world->packets);
	close(world->datagrams);
	g_free(world->inside);
	g_free(world->outside);
	g_free(world->input);
}

static const struct {
	const char *what;
	Try function;
	gboolean is_file; /* a thread that was there before keeps what Landlock takes */
} tries[] = {
	{"needed", try_needed, FALSE},
	{"exec", try_exec, FALSE},
	{"fork", try_fork, FALSE},
	{"bare fork", try_bare_fork, FALSE},
	{"ptrace", try_ptrace, FALSE},
	{"read a process", try_read_process, FALSE},
	{"kill", try_kill, FALSE},
	{"socket", try_socket, FALSE},
	{"connect", try_connect, FALSE},
	{"send", try_send, FALSE},
	{"write a packet", try_write_packet, FALSE},
	{"/etc/shadow", try_shadow, TRUE},
	{"outside", try_outside, TRUE},
	{"kernel", try_kernel, FALSE},
};

static void test_refused(void)
{
	World world = world_new();
	for (size_t n = 0; n < G_N_ELEMENTS(tries); n++) {
		int failed = tried(&world, tries[n].function, FALSE);
		CU_ASSERT_EQUAL(failed, 0);
		if (failed != 0)
			printf("[%s: %d]", tries[n].what, failed);
	}
	world_clear(&world);
}

static void test_refused_in_older_threads(void)
{
	World world = world_new();
	for (size_t n = 0; n < G_N_ELEMENTS(tries); n++) {
		int failed = tries[n].is_file ? 0 : tried(&world, tries[n].function, TRUE);
		CU_ASSERT_EQUAL(failed, 0);
		if (failed != 0)
			printf("[%s: %d]", tries[n].what, failed);
	}
	world_clear(&world);
}

/* The tries themselves are no good when they fail anyhow. */
static int try_free(const World *world)
{
	int failed = try_socket(world) == 0;
	failed += try_fork(world) == 0;
	failed += try_connect(world) == 0;
	failed += try_send(world) == 0;
	failed += try_write_packet(world) == 0;
	failed += try_outside(world) == 0;
	return failed;
}

static void test_not_refused_outside(void)
{
	World world = world_new();
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		_exit(try_free(&world));
	int status = -1;
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	g_autofree char *made = g_build_filename(world.outside, "new", NULL);
	g_autofree char *moved = g_build_filename(world.inside, "moved", NULL);
	g_unlink(made);
	g_unlink(moved);
	world_clear(&world);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_not_refused_outside),
		UNIT_TEST(test_refused),
		UNIT_TEST(test_refused_in_older_threads),
		{NULL, NULL},
	};
	World world = world_new();
	int probe = tried(&world, try_needed, FALSE);
	world_clear(&world);
	if (probe == 100) {
		puts("no sandbox in this kernel or build: skipped");
		return 77;
	}
	return unit_run("sandbox", tests);
}
