/* SPDX-License-Identifier: ISC */
/*
 * Macros' values, by name.  What smtpd does not tell has no value: nothing is
 * made up, as milters decide by these.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "client.h"
#include "macro_value.h"

const char	*macro_daemon, *macro_host;

static void
slice(struct macro_value *v, const char *s, size_t len)
{
	v->data = s;
	v->len = len;
}

static void
string(struct macro_value *v, const char *s)
{
	if (s != NULL)
		slice(v, s, strlen(s));
}

static void	print(struct macro_value *, const char *, ...)
		    __attribute__((__format__ (__printf__, 2, 3)));

static void
print(struct macro_value *v, const char *format, ...)
{
	va_list	 ap;

	va_start(ap, format);
	(void)vsnprintf(v->buf, sizeof(v->buf), format, ap);
	va_end(ap);
	string(v, v->buf);
}

/* RFC 5321, 4.1.3: "IPv6:" says what it is. */
static void
address(struct macro_value *v, const struct addr *a)
{
	char	 text[ADDR_STRLEN];

	print(v, "%s%s", a->family == AF_INET6 ? "IPv6:" : "",
	    addr_print(a, text));
}

/* smtpd's own enqueuer comes from the machine itself. */
static void
client_addr(struct macro_value *v, const struct client *c)
{
	if (c->s->local)
		string(v, "127.0.0.1");
	else if (c->s->src.family != AF_UNSPEC)
		address(v, &c->s->src);
}

static void
client_connections(struct macro_value *v, const struct client *c)
{
	if (c->connections > 0)
		print(v, "%u", c->connections);
}

static void
client_port(struct macro_value *v, const struct client *c)
{
	print(v, "%u", (unsigned int)c->s->src.port);
}

static void
client_name(struct macro_value *v, const struct client *c)
{
	if (c->s->local)
		string(v, "localhost");
	else
		string(v, c->s->fcrdns == FCRDNS_PASS && c->s->rdns != NULL ?
		    c->s->rdns : "unknown");
}

static void
client_ptr(struct macro_value *v, const struct client *c)
{
	if (c->s->local)
		string(v, "localhost");
	else
		string(v, c->s->rdns != NULL ? c->s->rdns : "unknown");
}

static void
client_resolve(struct macro_value *v, const struct client *c)
{
	if (c->s->local || (c->s->rdns != NULL && c->s->fcrdns == FCRDNS_PASS))
		string(v, "OK");
	else
		string(v, c->s->rdns != NULL ? "FORGED" : "FAIL");
}

/* "name [address] (may be forged)" */
static void
client_origin(struct macro_value *v, const struct client *c)
{
	struct macro_value	 a = { .data = NULL };
	const struct session	*s = c->s;
	const char		*name = s->local ? "localhost" : s->rdns;

	client_addr(&a, c);
	print(v, "%s%s[%s]%s", name != NULL ? name : "",
	    name != NULL ? " " : "", a.data != NULL ? a.data : "unknown",
	    s->local || name == NULL || s->fcrdns == FCRDNS_PASS ? "" :
	    " (may be forged)");
}

/* The listener's address, which may be that of all interfaces. */
static void
daemon_addr(struct macro_value *v, const struct client *c)
{
	if (c->s->dst.family != AF_UNSPEC)
		address(v, &c->s->dst);
}

static void
if_addr(struct macro_value *v, const struct client *c)
{
	static const uint8_t	 any[16];

	if (memcmp(c->s->dst.ip, any, sizeof(any)) != 0)
		daemon_addr(v, c);
}

static void
daemon_port(struct macro_value *v, const struct client *c)
{
	if (c->s->dst.port != 0)
		print(v, "%u", (unsigned int)c->s->dst.port);
}

/* smtpd's own name, until the listener has said its. */
static void
host(struct macro_value *v, const struct client *c)
{
	const char	*name = macro_host;

	if (name == NULL)
		name = c->greeting != NULL ? c->greeting : filter_admd();
	if (*name != '\0')
		string(v, name);
}

static void
daemon_name(struct macro_value *v, const struct client *c)
{
	if (macro_daemon != NULL)
		string(v, macro_daemon);
	else
		host(v, c);
}

static void
version(struct macro_value *v, const struct client *c)
{
	int	 n = filter_smtpd_version();

	if (n > 0)
		print(v, "%d.%d.%d", n / 10000, n / 100 % 100, n % 100);
}

static void
product(struct macro_value *v, const struct client *c)
{
	struct macro_value	 n = { .data = NULL };

	version(&n, c);
	print(v, "OpenSMTPD%s%s", n.data != NULL ? " " : "",
	    n.data != NULL ? n.data : "");
}

/* RFC 3848, 1 */
static void
protocol(struct macro_value *v, const struct client *c)
{
	if (c->esmtp)
		print(v, "ESMTP%s%s", c->s->tls != NULL ? "S" : "",
		    c->s->user != NULL ? "A" : "");
	else
		string(v, "SMTP");
}

/* RFC 5322, 3.3, whatever language the process speaks. */
static void
date(struct macro_value *v, const struct client *c)
{
	static const char	 days[][4] = { "Sun", "Mon", "Tue", "Wed",
				    "Thu", "Fri", "Sat" };
	static const char	 months[][4] = { "Jan", "Feb", "Mar", "Apr",
				    "May", "Jun", "Jul", "Aug", "Sep", "Oct",
				    "Nov", "Dec" };
	time_t			 t = c->s->time / 1000000;
	struct tm		 tm;

	if (t > 0 && gmtime_r(&t, &tm) != NULL)
		print(v, "%s, %d %s %d %02d:%02d:%02d +0000",
		    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
		    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
helo(struct macro_value *v, const struct client *c)
{
	string(v, c->s->helo);
}

/* The message's once it has one: at MAIL only the session has. */
static void
id(struct macro_value *v, const struct client *c)
{
	if (c->s->tx != NULL)
		print(v, "%08" PRIx32, c->s->tx->id);
	else
		print(v, "%016" PRIx64, c->s->id);
}

/* "version:cipher:bits" */
static void
tls_part(struct macro_value *v, const struct client *c, int n)
{
	const char	*p = c->s->tls;
	size_t		 len;

	if (p == NULL)
		return;
	for (len = strcspn(p, ":"); n > 0 && p[len] == ':'; n--) {
		p += len + 1;
		len = strcspn(p, ":");
	}
	if (n == 0 && len > 0)
		slice(v, p, len);
}

static void
tls_version(struct macro_value *v, const struct client *c)
{
	tls_part(v, c, 0);
}

static void
tls_cipher(struct macro_value *v, const struct client *c)
{
	tls_part(v, c, 1);
}

static void
tls_bits(struct macro_value *v, const struct client *c)
{
	tls_part(v, c, 2);
}

static void
auth_type(struct macro_value *v, const struct client *c)
{
	if (c->s->user != NULL)
		string(v, c->mechanism);
}

static void
auth_authen(struct macro_value *v, const struct client *c)
{
	string(v, c->s->user);
}

static void
auth_ssf(struct macro_value *v, const struct client *c)
{
	if (c->s->user != NULL)
		string(v, "0");
}

/* RFC 4954, 5: AUTH= of MAIL, from those who may say so. */
static void
auth_author(struct macro_value *v, const struct client *c)
{
	const char	*p = c->mail_args;
	size_t		 n;

	if (c->s->user == NULL || p == NULL)
		return;
	for (p += strspn(p, " \t"); *p != '\0'; p += n + strspn(p + n, " \t")) {
		n = strcspn(p, " \t");
		if (n <= 5 || strncasecmp(p, "AUTH=", 5) != 0)
			continue;
		if (strncmp(p + 5, "<>", 2) != 0)
			slice(v, p + 5, n - 5);
		return;
	}
}

/* "<joe@example.org>" without its brackets. */
static void
bare(struct macro_value *v, const char *addr)
{
	size_t	 n;

	if (addr != NULL && (n = strlen(addr)) >= 2)
		slice(v, addr + 1, n - 2);
}

/* Its domain: what follows the last '@', as the first may be quoted. */
static void
domain(struct macro_value *v, const char *addr)
{
	struct macro_value	 a = { .data = NULL };
	const char		*at;

	bare(&a, addr);
	if (a.data == NULL)
		return;
	at = strrchr(addr, '@');
	if (at == NULL)
		at = a.data + a.len - 1;
	slice(v, at + 1, (size_t)(a.data + a.len - at - 1));
}

static void
mail_addr(struct macro_value *v, const struct client *c)
{
	bare(v, c->mail);
}

static void
mail_host(struct macro_value *v, const struct client *c)
{
	domain(v, c->mail);
}

static void
mail_mailer(struct macro_value *v, const struct client *c)
{
	if (c->mail != NULL)
		string(v, "smtp");
}

static void
rcpt_addr(struct macro_value *v, const struct client *c)
{
	bare(v, c->rcpt);
}

static void
rcpt_host(struct macro_value *v, const struct client *c)
{
	domain(v, c->rcpt);
}

static void
rcpt_mailer(struct macro_value *v, const struct client *c)
{
	if (c->rcpt != NULL)
		string(v, "smtp");
}

static void
msg_id(struct macro_value *v, const struct client *c)
{
	string(v, c->message_id);
}

static const struct {
	const char	*name;
	void		(*value)(struct macro_value *, const struct client *);
} macros[] = {
	{ "Z", version }, { "_", client_origin }, { "b", date },
	{ "i", id }, { "j", host }, { "r", protocol }, { "s", helo },
	{ "v", product },
	{ "auth_authen", auth_authen }, { "auth_author", auth_author },
	{ "auth_ssf", auth_ssf }, { "auth_type", auth_type },
	{ "cipher", tls_cipher }, { "cipher_bits", tls_bits },
	{ "client_addr", client_addr },
	{ "client_connections", client_connections },
	{ "client_name", client_name }, { "client_port", client_port },
	{ "client_ptr", client_ptr }, { "client_resolve", client_resolve },
	{ "daemon_addr", daemon_addr }, { "daemon_name", daemon_name },
	{ "daemon_port", daemon_port }, { "if_addr", if_addr },
	{ "if_name", host }, { "mail_addr", mail_addr },
	{ "mail_host", mail_host }, { "mail_mailer", mail_mailer },
	{ "msg_id", msg_id }, { "rcpt_addr", rcpt_addr },
	{ "rcpt_host", rcpt_host }, { "rcpt_mailer", rcpt_mailer },
	{ "tls_version", tls_version },
};

void
macro_value(struct macro_value *v, const struct client *c, const char *name,
    size_t len)
{
	size_t	 i;

	v->data = NULL;
	for (i = 0; i < sizeof(macros) / sizeof(macros[0]); i++)
		if (strlen(macros[i].name) == len &&
		    memcmp(macros[i].name, name, len) == 0) {
			macros[i].value(v, c);
			return;
		}
}
