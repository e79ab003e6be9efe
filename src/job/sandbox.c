/* The sandbox: why a parser of hostile bytes should have nothing to offer to whoever takes it over. It knows nothing of
 * packets; jobs say which files they need.
 *
 * Seccomp works by a list of what is forbidden, not of what is allowed: the C library, SQLite and nDPI use what they like,
 * in any version, and a capture that dies after an upgrade protects nobody. What is on the list answers EPERM. io_uring is
 * on it because it does what it is asked beside seccomp; clone3 answers ENOSYS, as its flags cannot be looked at, and the C
 * library then uses clone, which may make threads only.
 *
 * In a build with sanitizers nothing is closed: the leak check at the end looks into its own process.
 */
#include "config.h"

#include "allowmap/job.h"
#include "sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __has_feature
#define AM_HAS_FEATURE(feature) __has_feature(feature)
#else
#define AM_HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || AM_HAS_FEATURE(address_sanitizer)
#define AM_SANITIZED 1
#else
#define AM_SANITIZED 0
#endif

/* ---- Rules */

AmSandboxRules am_sandbox_rules_new(void)
{
	return (AmSandboxRules){.reads = g_ptr_array_new_with_free_func(g_free),
				.writes = g_ptr_array_new_with_free_func(g_free)};
}

void am_sandbox_rules_clear(AmSandboxRules *rules)
{
	g_clear_pointer(&rules->reads, g_ptr_array_unref);
	g_clear_pointer(&rules->writes, g_ptr_array_unref);
}

void am_sandbox_rules_write_beside(AmSandboxRules *rules, const char *path)
{
	g_ptr_array_add(rules->writes, g_path_get_dirname(path));
}

/* ---- Privileges */

static gboolean is_of_somebody_else(const char *path)
{
	struct stat about;
	g_autofree char *folder = g_path_get_dirname(path);
	return stat(folder, &about) == 0 && about.st_uid != geteuid();
}

static gboolean fail(GError **error, const char *what)
{
	g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_SANDBOX, "cannot give up privileges (%s): %s", what,
		    g_strerror(errno));
	return FALSE;
}

static gboolean change_user(const char *user, GError **error)
{
	struct passwd store, *entry = NULL;
	char strings[4096];
	(void)getpwnam_r(user, &store, strings, sizeof strings, &entry);
	if (entry == NULL) {
		g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_SANDBOX, "there is no user '%s'", user);
		return FALSE;
	}
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_change_id((int)entry->pw_uid, (int)entry->pw_gid, CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_BOUNDING) != 0) {
		g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_SANDBOX, "cannot become the user '%s'%s", user,
			    geteuid() != 0 ? ": that takes root" : "");
		return FALSE;
	}
	return TRUE;
}

gboolean am_sandbox_drop_privileges(const char *user, const char *writes, GError **error)
{
	if (user != NULL)
		return change_user(user, error);
	capng_clear(CAPNG_SELECT_BOTH);
	gboolean keeps_files = geteuid() == 0 && writes != NULL && is_of_somebody_else(writes);
	if (keeps_files)
		capng_update(CAPNG_ADD, (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED), CAP_DAC_OVERRIDE);
	/* The bounding set is for programs that are started later, and none can be; emptying it takes a right of its own. */
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return fail(error, "capabilities");
	return TRUE;
}

/* ---- Landlock, by bare system calls: the C library has none */

#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#define FILE_READS LANDLOCK_ACCESS_FS_READ_FILE
#define READS (FILE_READS | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITES                                                                                                         \
	(READS | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |        \
	 LANDLOCK_ACCESS_FS_TRUNCATE)
#define ALL ((1ULL << 15) - 1)

/* What is not there needs no rule: to open it fails in its own words. */
static gboolean allow_path(int rules, const char *path, uint64_t access)
{
	struct stat about;
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return TRUE;
	if (fstat(fd, &about) == 0 && !S_ISDIR(about.st_mode))
		access &= FILE_READS | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE;
	struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
	long status = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	gboolean is_ours = status == 0 || errno == EBADFD; /* a pipe has no place in a file system */
	close(fd);
	return is_ours;
}

/* FALSE: the kernel has it not, or it is switched off. */
static gboolean close_files(const AmSandboxRules *rules)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1)
		return FALSE;
	uint64_t known = version >= 3 ? ALL : version == 2 ? ALL >> 1 : ALL >> 2;
	struct landlock_ruleset_attr attributes = {.handled_access_fs = known};
	int fd = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
	if (fd < 0)
		return FALSE;
	gboolean ok = TRUE;
	for (guint n = 0; ok && n < rules->reads->len; n++)
		ok = allow_path(fd, rules->reads->pdata[n], READS & known);
	for (guint n = 0; ok && n < rules->writes->len; n++)
		ok = allow_path(fd, rules->writes->pdata[n], WRITES & known);
	ok = ok && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
	close(fd);
	return ok;
}

/* ---- Seccomp */

static const char *const forbidden[] = {
	/* another program, another process */
	"execve",
	"execveat",
	"fork",
	"vfork",
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"process_madvise",
	"kcmp",
	"pidfd_open",
	"pidfd_getfd",
	"pidfd_send_signal",
	"kill",
	"tkill",
	"rt_sigqueueinfo",
	"rt_tgsigqueueinfo",
	/* the network */
	"socket",
	"socketpair",
	"connect",
	"bind",
	"listen",
	"accept",
	"accept4",
	"sendto",
	"sendmsg",
	"sendmmsg",
	/* the kernel */
	"io_uring_setup",
	"io_uring_enter",
	"io_uring_register",
	"bpf",
	"perf_event_open",
	"userfaultfd",
	"keyctl",
	"add_key",
	"request_key",
	"init_module",
	"finit_module",
	"delete_module",
	"kexec_load",
	"kexec_file_load",
	"reboot",
	"swapon",
	"swapoff",
	"mount",
	"umount2",
	"pivot_root",
	"chroot",
	"move_mount",
	"open_tree",
	"fsopen",
	"fsmount",
	"fsconfig",
	"fspick",
	"mount_setattr",
	"unshare",
	"setns",
	"personality",
	"acct",
	"quotactl",
	"iopl",
	"ioperm",
	"syslog",
	"open_by_handle_at",
	"name_to_handle_at",
	"settimeofday",
	"clock_settime",
	"adjtimex",
	"clock_adjtime",
	"sethostname",
	"setdomainname",
	"vhangup",
	"mknod",
	"mknodat",
};

/* With the descriptor as this argument. */
static const struct {
	const char *name;
	unsigned int argument;
} writing[] = {
	{"write", 0},  {"writev", 0}, {"pwrite64", 0}, {"pwritev", 0}, {"pwritev2", 0}, {"sendfile", 0},
	{"splice", 2}, {"tee", 1},    {"vmsplice", 0}, {"dup", 0},     {"dup2", 0},     {"dup3", 0},
};

static gboolean forbid(scmp_filter_ctx filter, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);
	return number == __NR_SCMP_ERROR || seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0) == 0;
}

/* The lower 32 bits of an argument, as SCMP_CMP32 has it; whose macros leave a field out. */
static struct scmp_arg_cmp equals(unsigned argument, uint32_t value)
{
	return (struct scmp_arg_cmp){
		.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = UINT32_MAX, .datum_b = value};
}

static gboolean forbid_writing(scmp_filter_ctx filter, int fd)
{
	gboolean ok = TRUE;
	for (gsize n = 0; ok && n < G_N_ELEMENTS(writing); n++) {
		int number = seccomp_syscall_resolve_name(writing[n].name);
		ok = number == __NR_SCMP_ERROR || seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 1,
								   equals(writing[n].argument, (uint32_t)fd)) == 0;
	}
	static const uint32_t copies[] = {F_DUPFD, F_DUPFD_CLOEXEC};
	for (gsize n = 0; ok && n < G_N_ELEMENTS(copies); n++)
		ok = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), seccomp_syscall_resolve_name("fcntl"), 2,
				      equals(0, (uint32_t)fd), equals(1, copies[n])) == 0;
	return ok;
}

static gboolean fill_filter(scmp_filter_ctx filter, const AmSandboxRules *rules)
{
	gboolean ok = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0;
	for (gsize n = 0; ok && n < G_N_ELEMENTS(forbidden); n++)
		ok = forbid(filter, forbidden[n]);
	for (guint n = 0; ok && n < rules->n_no_writes; n++)
		ok = forbid_writing(filter, rules->no_writes[n]);
	int clone3 = seccomp_syscall_resolve_name("clone3");
	return ok && (clone3 == __NR_SCMP_ERROR || seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), clone3, 0) == 0) &&
	       seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), seccomp_syscall_resolve_name("clone"), 1,
				SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0)) == 0;
}

/* FALSE: the kernel has it not. */
static gboolean close_calls(const AmSandboxRules *rules)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	if (filter == NULL)
		return FALSE;
	gboolean ok = fill_filter(filter, rules) && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return ok;
}

gboolean am_sandbox_enter(const AmSandboxRules *rules, char **ret_missing, GError **error)
{
	*ret_missing = NULL;
	if (AM_SANITIZED) {
		*ret_missing = g_strdup("a build with sanitizers has no sandbox");
		return TRUE;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail(error, "no new ones");
	gboolean files = close_files(rules), calls = close_calls(rules);
	if (!files || !calls)
		*ret_missing = g_strdup_printf("this kernel does not have %s%s%s: less is fenced off while packets are "
					       "parsed",
					       !files ? "Landlock" : "", !files && !calls ? " and " : "",
					       !calls ? "seccomp filters" : "");
	return TRUE;
}
