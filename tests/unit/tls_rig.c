/* SPDX-License-Identifier: ISC */
/* See tls_rig.h.  Fails by failing the test. */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "redis_rig.h"
#include "tls_rig.h"

static const char	 script[] =
    "exec >/dev/null 2>&1; set -e; cd $0\n"
    "key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'\n"
    "for n in ca other; do\n"
    "openssl req -x509 $key -keyout $n.key -out $n.pem -subj /CN=$n -days 2\n"
    "done\n"
    "i=0\n"
    "sign() {\n"
    "i=$((i + 1))\n"
    "openssl req $key -keyout $1.key -out $1.csr -subj /CN=$2\n"
    "echo $4 >$1.ext\n"
    "openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -days $3 \\\n"
    "    -set_serial $i -extfile $1.ext -out $1.pem\n"
    "chmod 600 $1.key\n"
    "}\n"
    "here=subjectAltName=DNS:localhost,IP:127.0.0.1\n"
    "sign good a 2 $here\n"
    "sign expired a -1 $here\n"
    "sign named a 2 subjectAltName=DNS:other.example.org\n"
    "sign common 127.0.0.1 2 subjectAltName=DNS:localhost\n"
    "sign client a 2 ''\n"
    "cp client.key open.key; chmod 644 open.key\n";

static int
shell(const char *text)
{
	int	 status;
	pid_t	 pid;

	if ((pid = fork()) == 0) {
		(void)execlp("sh", "sh", "-c", text, rig_dir, (char *)NULL);
		_exit(1);
	}
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

int
tls_make(void)
{
	return shell(script);
}

void
tls_remove(void)
{
	(void)shell("cd $0 && rm -f *.pem *.key *.csr *.ext");
}

const char *
tls_path(const char *name, const char *suffix)
{
	static char	 paths[4][80];
	static int	 i;

	i = (i + 1) % 4;
	(void)snprintf(paths[i], sizeof(paths[i]), "%s/%s%s", rig_dir, name,
	    suffix);
	return paths[i];
}

int
tls_listener(char port[8])
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(sin);
	int			 fd = socket(AF_INET, SOCK_STREAM, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	(void)snprintf(port, 8, "%d", ntohs(sin.sin_port));
	return fd;
}

void
tls_port(char port[8])
{
	(void)close(tls_listener(port));
}

size_t
tls_heard(int listener, char *data, size_t size)
{
	int	 fd = accept(listener, NULL, NULL);
	size_t	 len = 0;
	ssize_t	 n;

	while (len < size && (n = read(fd, data + len, size - len)) > 0)
		len += (size_t)n;
	(void)close(fd);
	return len;
}

static int
dial(const char *port)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	int			 fd = socket(AF_INET, SOCK_STREAM, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons((uint16_t)atoi(port));
	(void)connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	return fd;
}

/* Until one of them hangs up. */
static void
hand_on(struct pollfd p[2], size_t cut)
{
	char	 data[1024];
	ssize_t	 n;
	int	 i;

	while (poll(p, 2, -1) > 0)
		for (i = 0; i < 2; i++) {
			if (p[i].revents == 0)
				continue;
			if ((n = read(p[i].fd, data, cut)) <= 0 ||
			    write(p[!i].fd, data, (size_t)n) != n)
				return;
			/* So that they do not join again. */
			if (i == 1)
				(void)usleep(100);
		}
}

pid_t
tls_proxy(const char *to, size_t cut, char port[8])
{
	struct pollfd	 p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	int		 fd = tls_listener(port), c;
	pid_t		 pid;

	if ((pid = fork()) == 0) {
		(void)alarm(60);
		(void)signal(SIGCHLD, SIG_IGN);
		while ((c = accept(fd, NULL, NULL)) != -1) {
			if (fork() == 0) {
				(void)alarm(60);
				p[0].fd = c;
				p[1].fd = dial(to);
				hand_on(p, cut);
				_exit(0);
			}
			(void)close(c);
		}
		_exit(0);
	}
	(void)close(fd);
	return pid;
}

void
tls_reap(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}
