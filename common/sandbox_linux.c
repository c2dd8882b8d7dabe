/* SPDX-License-Identifier: ISC */
/*
 * The sandbox on Linux: seccomp(2) says which system calls there are, and
 * Landlock which files.  Both only ever get tighter, and children inherit
 * them: what a worker needs must be in the guard's promises too.
 *
 * All is denied with an error, nothing kills.  clone3(2) does not exist, since
 * a filter can't look into its arguments; the libc then uses clone(2).
 * Returns -1: the kernel lacks a part.  A word that is not in the tables
 * allows nothing.
 */

#include "compat.h"		/* first: it asks for GNU names */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "sandbox.h"

#define ANY_INT		0xffffffffU	/* all bits of an int argument */
#define TMPFILE_BIT	(O_TMPFILE & ~O_DIRECTORY)
#define SOCK_DIAG	4		/* NETLINK_SOCK_DIAG */
#define SET_VMA		0x53564d41	/* prctl(2): malloc names its memory */

/* The kernel's interface since 5.13; headers are often older than kernels. */
#define LL_CREATE	444
#define LL_ADD_RULE	445
#define LL_RESTRICT	446
#define LL_VERSION	1
#define LL_PATH_BENEATH	1
#define LL_TSYNC	(1 << 3)	/* ABI 8: all threads at once */
#define LL_WRITE_FILE	(UINT64_C(1) << 1)
#define LL_READ_FILE	(UINT64_C(1) << 2)
#define LL_READ_DIR	(UINT64_C(1) << 3)
#define LL_REMOVE_FILE	(UINT64_C(1) << 5)
#define LL_MAKE_REG	(UINT64_C(1) << 8)
#define LL_TRUNCATE	(UINT64_C(1) << 14)
#define LL_OF_FILES	(LL_WRITE_FILE | LL_READ_FILE | LL_TRUNCATE)

struct ll_ruleset {
	uint64_t	 handled_fs;
};

struct ll_beneath {
	uint64_t	 allowed;
	int32_t		 fd;
} __attribute__((__packed__));

struct path {
	struct path	*next;
	uint64_t	 access;
	char		 name[];
};

static struct path	*paths;

/* Allowed whatever their arguments are. */
static const struct promise {
	const char	*word, *calls;
} promises[] = {
	{ "stdio",
	    "read readv pread64 preadv write writev pwrite64 pwritev "
	    "close close_range dup dup2 dup3 lseek _llseek fcntl fcntl64 "
	    "fstat fstat64 ftruncate ftruncate64 fsync fdatasync fallocate "
	    "fadvise64 fadvise64_64 sync_file_range flock sendfile "
	    "pipe pipe2 send sendto sendmsg sendmmsg recv recvfrom recvmsg "
	    "recvmmsg recvmmsg_time64 shutdown getsockopt setsockopt "
	    "getsockname getpeername "
	    "poll ppoll ppoll_time64 select _newselect pselect6 "
	    "pselect6_time64 epoll_create epoll_create1 epoll_ctl "
	    "epoll_ctl_old epoll_wait epoll_pwait epoll_pwait2 eventfd "
	    "eventfd2 timerfd_create timerfd_settime timerfd_settime64 "
	    "timerfd_gettime timerfd_gettime64 signalfd signalfd4 "
	    "brk munmap mremap madvise msync mlock munlock "
	    "futex futex_time64 futex_waitv membarrier rseq "
	    "set_robust_list get_robust_list set_tid_address "
	    "clock_gettime clock_gettime64 clock_getres clock_getres_time64 "
	    "clock_nanosleep clock_nanosleep_time64 nanosleep gettimeofday "
	    "time times alarm setitimer getitimer pause restart_syscall "
	    "rt_sigaction rt_sigprocmask rt_sigpending rt_sigsuspend "
	    "rt_sigtimedwait rt_sigtimedwait_time64 rt_sigreturn sigreturn "
	    "sigaction sigprocmask sigaltstack "
	    "getrandom uname sysinfo getpid getppid gettid getuid getuid32 "
	    "geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid "
	    "getresgid getgroups getpgid getpgrp getsid getrlimit "
	    "ugetrlimit getrusage getcpu sched_yield sched_getaffinity "
	    "umask exit exit_group" },
	{ "rpath",
	    "stat stat64 lstat lstat64 newfstatat fstatat64 statx access "
	    "faccessat faccessat2 readlink readlinkat getdents getdents64 "
	    "statfs statfs64 fstatfs fstatfs64 getcwd chdir fchdir" },
	{ "wpath",
	    "truncate truncate64 utimensat utimensat_time64 futimesat" },
	{ "cpath",
	    "open openat unlink unlinkat rename renameat renameat2 mkdir "
	    "mkdirat rmdir fchmod fchown fchown32" },
	{ "tmppath", "open openat unlink unlinkat" },
	{ "inet", "connect accept accept4" },
	{ "unix", "connect accept accept4" },
	{ "dns", "connect stat newfstatat statx" },
	{ "route", "bind" },
	{ "proc",
	    "fork vfork clone kill tkill tgkill wait4 waitpid waitid "
	    "setpgid setsid prctl seccomp landlock_create_ruleset "
	    "landlock_add_rule landlock_restrict_self" },
};

/* Allowed if the argument, under the mask, has the value. */
static const struct argument {
	const char	*word, *call;
	unsigned int	 arg;
	uint64_t	 mask, value;
} arguments[] = {
	{ "stdio", "mmap", 2, PROT_EXEC, 0 },
	{ "stdio", "mmap2", 2, PROT_EXEC, 0 },
	{ "stdio", "mprotect", 2, PROT_EXEC, 0 },
	/* fstat(2), as libcs make it. */
	{ "stdio", "newfstatat", 3, AT_EMPTY_PATH, AT_EMPTY_PATH },
	{ "stdio", "fstatat64", 3, AT_EMPTY_PATH, AT_EMPTY_PATH },
	{ "stdio", "statx", 2, AT_EMPTY_PATH, AT_EMPTY_PATH },
	{ "stdio", "socketpair", 0, ANY_INT, AF_UNIX },
	{ "stdio", "ioctl", 1, ANY_INT, FIONREAD },
	{ "stdio", "ioctl", 1, ANY_INT, FIONBIO },
	{ "stdio", "ioctl", 1, ANY_INT, FIOCLEX },
	{ "stdio", "ioctl", 1, ANY_INT, TCGETS },	/* isatty(3) */
	{ "stdio", "prlimit64", 2, UINT64_MAX, 0 },	/* sysconf(3) */
	{ "stdio", "prctl", 0, ANY_INT, PR_SET_NAME },
	{ "stdio", "prctl", 0, ANY_INT, SET_VMA },
	{ "rpath", "open", 1, O_ACCMODE | O_CREAT | O_TRUNC | TMPFILE_BIT, 0 },
	{ "rpath", "openat", 2, O_ACCMODE | O_CREAT | O_TRUNC | TMPFILE_BIT,
	    0 },
	{ "dns", "open", 1, O_ACCMODE | O_CREAT | O_TRUNC | TMPFILE_BIT, 0 },
	{ "dns", "openat", 2, O_ACCMODE | O_CREAT | O_TRUNC | TMPFILE_BIT, 0 },
	{ "wpath", "open", 1, O_CREAT | TMPFILE_BIT, 0 },
	{ "wpath", "openat", 2, O_CREAT | TMPFILE_BIT, 0 },
	{ "inet", "socket", 0, ANY_INT, AF_INET },
	{ "inet", "socket", 0, ANY_INT, AF_INET6 },
	{ "dns", "socket", 0, ANY_INT, AF_INET },
	{ "dns", "socket", 0, ANY_INT, AF_INET6 },
	{ "unix", "socket", 0, ANY_INT, AF_UNIX },
	{ "thread", "clone", 0, CLONE_THREAD, CLONE_THREAD },
};

static int
rule_add(scmp_filter_ctx ctx, const char *name, size_t len,
    unsigned int n, const struct scmp_arg_cmp *cmp)
{
	char	 call[32];
	int	 nr, r;

	(void)snprintf(call, sizeof(call), "%.*s", (int)len, name);
	/* One that this libseccomp does not know can't be allowed. */
	if ((nr = seccomp_syscall_resolve_name(call)) == __NR_SCMP_ERROR)
		return 0;
	r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr, n, cmp);
	return r == -EEXIST ? 0 : r;
}

static int
calls_add(scmp_filter_ctx ctx, const char *calls)
{
	size_t	 n;
	int	 r;

	for (;; calls += n) {
		calls += strspn(calls, " ");
		if ((n = strcspn(calls, " ")) == 0)
			return 0;
		if ((r = rule_add(ctx, calls, n, 0, NULL)) != 0)
			return r;
	}
}

/* Rules that need more than a table. */
static int
special_add(scmp_filter_ctx ctx, const char *words)
{
	static const char *const	 signals[] = {
		"kill", "tkill", "tgkill"
	};
	static const int		 netlink[] = {
		NETLINK_ROUTE, SOCK_DIAG
	};
	struct scmp_arg_cmp		 cmp[2];
	size_t				 i;
	int				 nr, r;

	/* sandbox_hide(), but not the way back. */
	cmp[0] = SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, ANY_INT, PR_SET_DUMPABLE);
	cmp[1] = SCMP_CMP64(1, SCMP_CMP_EQ, 0, 0);
	r = rule_add(ctx, "prctl", 5, 2, cmp);
	/* raise(3), abort(3): signals to oneself. */
	cmp[0] = SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, ANY_INT,
	    (uint64_t)getpid());
	for (i = 0; i < 3 && r == 0; i++)
		r = rule_add(ctx, signals[i], strlen(signals[i]), 1, cmp);
	cmp[0] = SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, ANY_INT, AF_NETLINK);
	for (i = 0; i < 2 && r == 0 && sandbox_promised(words, "route"); i++) {
		cmp[1] = SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, ANY_INT,
		    (uint64_t)netlink[i]);
		r = rule_add(ctx, "socket", 6, 2, cmp);
	}
	nr = seccomp_syscall_resolve_name("clone3");
	if (r == 0 && nr != __NR_SCMP_ERROR)
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), nr, 0);
	return r;
}

static int
rules_add(scmp_filter_ctx ctx, const char *words)
{
	const struct promise	*p;
	const struct argument	*a;
	struct scmp_arg_cmp	 cmp;
	size_t			 i;
	int			 r;

	for (i = 0; i < sizeof(promises) / sizeof(promises[0]); i++) {
		p = &promises[i];
		if (sandbox_promised(words, p->word) &&
		    (r = calls_add(ctx, p->calls)) != 0)
			return r;
	}
	for (i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
		a = &arguments[i];
		cmp = SCMP_CMP64(a->arg, SCMP_CMP_MASKED_EQ, a->mask,
		    a->value);
		if (sandbox_promised(words, a->word) &&
		    (r = rule_add(ctx, a->call, strlen(a->call), 1,
		    &cmp)) != 0)
			return r;
	}
	return special_add(ctx, words);
}

static int
calls_enter(const char *words)
{
	scmp_filter_ctx	 ctx;
	int		 r = -ENOMEM;

	if ((ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM))) == NULL)
		goto done;
	/* Calls of another ABI (x32, i386) would be killed. */
	if ((r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_ERRNO(EPERM))) != 0)
		goto done;
	if ((r = rules_add(ctx, words)) != 0)
		goto done;
	/* For threads that run already; a kernel before 3.17 can't. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	r = seccomp_load(ctx);
done:
	if (ctx != NULL)
		seccomp_release(ctx);
	if (r == 0)
		return 0;
	log_warnx("sandbox: system calls are not restricted: %s",
	    strerror(r < 0 ? -r : r));
	return -1;
}

static void
path_add(const char *name, uint64_t access)
{
	struct path	*p;
	size_t		 len = strlen(name) + 1;

	for (p = paths; p != NULL; p = p->next)
		if (strcmp(p->name, name) == 0) {
			p->access |= access;
			return;
		}
	if ((p = malloc(sizeof(*p) + len)) == NULL)
		fatal("sandbox");
	memcpy(p->name, name, len);
	p->access = access;
	p->next = paths;
	paths = p;
}

/* The directory that name is in. */
static void
path_add_parent(const char *name, uint64_t access)
{
	char	 dir[PATH_MAX];

	if (strlcpy(dir, name, sizeof(dir)) < sizeof(dir))
		path_add(dirname(dir), access);
}

void
sandbox_path(const char *path, const char *perm)
{
	struct stat	 st;
	uint64_t	 access = 0;
	char		*real;

	if (strchr(perm, 'r') != NULL)
		access |= LL_READ_FILE | LL_READ_DIR;
	if (strchr(perm, 'w') != NULL)
		access |= LL_WRITE_FILE | LL_TRUNCATE;
	if (strchr(perm, 'c') != NULL)
		access |= LL_MAKE_REG | LL_REMOVE_FILE;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		path_add(path, access);
		return;
	}
	path_add_parent(path, access);
	/* Where a symbolic link leads to is another place. */
	if ((real = realpath(path, NULL)) != NULL) {
		path_add_parent(real, access);
		free(real);
	}
}

/* Landlock lets connect(2) be: seccomp says who may. */
void
sandbox_socket(const char *path)
{
}

static int
beneath_add(int ruleset, const char *name, uint64_t access)
{
	struct ll_beneath	 rule = { .allowed = access };
	struct stat		 st;
	int			 r = -1;

	if ((rule.fd = open(name, O_PATH | O_CLOEXEC)) == -1)
		return -1;
	if (fstat(rule.fd, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			rule.allowed &= LL_OF_FILES;
		r = (int)syscall(LL_ADD_RULE, ruleset, LL_PATH_BENEATH, &rule,
		    0);
	}
	(void)close(rule.fd);
	return r;
}

/* What libcs open by themselves.  These may be missing. */
static void
system_add(int ruleset, const char *words, uint64_t handled)
{
	static const char *const	 resolver[] = {
		"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",
		"/etc/host.conf", "/etc/gai.conf", "/etc/services",
		"/etc/protocols", "/run/systemd/resolve"
	};
	size_t				 i;

	(void)beneath_add(ruleset, "/etc/localtime", LL_READ_FILE & handled);
	if (!sandbox_promised(words, "dns"))
		return;
	for (i = 0; i < sizeof(resolver) / sizeof(resolver[0]); i++)
		(void)beneath_add(ruleset, resolver[i], LL_READ_FILE);
}

static void
paths_add(int ruleset, const char *words, uint64_t handled)
{
	const char	*tmp;
	struct path	*p;

	system_add(ruleset, words, handled);
	if (sandbox_promised(words, "tmppath")) {
		if ((tmp = getenv("TMPDIR")) == NULL || *tmp == '\0')
			tmp = "/tmp";
		path_add(tmp, LL_READ_FILE | LL_READ_DIR | LL_WRITE_FILE |
		    LL_TRUNCATE | LL_MAKE_REG | LL_REMOVE_FILE);
	}
	for (p = paths; p != NULL; p = p->next)
		if (beneath_add(ruleset, p->name, p->access & handled) == -1)
			log_warn("sandbox: %s", p->name);
}

/* All rights of files and directories that this kernel knows. */
static uint64_t
rights_known(long abi)
{
	static const int	 bits[] = { 0, 13, 14, 15, 15, 16 };

	if (abi > 5)
		abi = 5;
	return (UINT64_C(1) << bits[abi]) - 1;
}

static int
files_enter(const char *words)
{
	struct ll_ruleset	 attr;
	long			 abi;
	int			 fd, r;

	if ((abi = syscall(LL_CREATE, NULL, 0, LL_VERSION)) < 1) {
		log_info("sandbox: files are not restricted: no Landlock in "
		    "this kernel");
		return -1;
	}
	attr.handled_fs = rights_known(abi);
	if ((fd = (int)syscall(LL_CREATE, &attr, sizeof(attr), 0)) == -1)
		goto fail;
	paths_add(fd, words, attr.handled_fs);
	r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (r == 0)
		r = (int)syscall(LL_RESTRICT, fd, abi >= 8 ? LL_TSYNC : 0);
	(void)close(fd);
	if (r == 0)
		return 0;
fail:
	log_warn("sandbox: files are not restricted");
	return -1;
}

int
sandbox_untraceable(void)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int
sandbox_enter(const char *words)
{
	int	 files = files_enter(words), calls = calls_enter(words);

	return files == -1 || calls == -1 ? -1 : 0;
}
