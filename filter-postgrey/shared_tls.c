/* SPDX-License-Identifier: ISC */
/*
 * OpenSSL between two buffers.  All certificates are read at start: later the
 * sandbox allows no file.  Fails with OpenSSL's reason.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "compat.h"
#include "log.h"
#include "sandbox.h"
#include "shared_tls.h"
#include "textfile.h"

#define HOST		256
#define TAKE_MAX	65536
#define HASH		"0123456789abcdef"

struct shared_tls {
	SSL	*ssl;
	BIO	*in, *out;		/* ssl owns them */
	int	 over;
	char	 why[160];		/* empty: in order */
};

static SSL_CTX	*ctx;

static const char *
reason(void)
{
	const char	*text = ERR_reason_error_string(ERR_peek_last_error());

	return text != NULL ? text : "unknown error";
}

/* Nobody is there to be asked for one. */
static int
no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	return 0;
}

/* Is it there, and as secret as it should be? */
static int
file_check(const char *path, mode_t never)
{
	struct stat	 st;
	FILE		*fp;

	if ((fp = textfile_open(path, &st)) == NULL)
		return -1;
	(void)fclose(fp);
	if ((st.st_mode & never) == 0)
		return 0;
	log_warnx("%s: others may read or write it: chmod 640 or less", path);
	return -1;
}

/* How many of a directory as c_rehash(1) makes it. */
static size_t
load_directory(const char *path)
{
	struct dirent	*e;
	size_t		 n = 0;
	char		 file[PATH_MAX];
	DIR		*d;

	if ((d = opendir(path)) == NULL)
		return 0;
	while ((e = readdir(d)) != NULL) {
		if (strspn(e->d_name, HASH) != 8 || e->d_name[8] != '.')
			continue;
		(void)snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		n += SSL_CTX_load_verify_locations(ctx, file, NULL) == 1;
	}
	(void)closedir(d);
	return n;
}

/* Not OpenSSL's own way: that would read the directory when it has to know. */
static int
load_system(void)
{
	const char	*file = getenv(X509_get_default_cert_file_env());
	const char	*dir = getenv(X509_get_default_cert_dir_env());

	if (file == NULL)
		file = X509_get_default_cert_file();
	if (dir == NULL)
		dir = X509_get_default_cert_dir();
	if (SSL_CTX_load_verify_locations(ctx, file, NULL) == 1 ||
	    load_directory(dir) > 0)
		return 0;
	log_warnx("redis-ca-file: must be set: no CA is in %s nor in %s", file,
	    dir);
	return -1;
}

static int
load_ca(const char *path)
{
	if (path == NULL)
		return load_system();
	if (file_check(path, 0) == -1)
		return -1;
	if (SSL_CTX_load_verify_locations(ctx, path, NULL) == 1)
		return 0;
	log_warnx("%s: %s", path, reason());
	return -1;
}

static int
load_own(const char *cert, const char *key)
{
	if (cert == NULL && key == NULL)
		return 0;
	if (cert == NULL || key == NULL) {
		log_warnx("redis-cert-file and redis-key-file: only both");
		return -1;
	}
	if (file_check(cert, 0) == -1 ||
	    file_check(key, S_IWGRP | S_IRWXO) == -1)
		return -1;
	sandbox_hide();
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
		log_warnx("%s: %s", cert, reason());
	else if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		log_warnx("%s: %s", key, reason());
	else
		return 0;
	return -1;
}

int
tls_load(const char *ca, const char *cert, const char *key)
{
	SSL_CTX_free(ctx);
	ERR_clear_error();
	if ((ctx = SSL_CTX_new(TLS_client_method())) == NULL ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) {
		log_warnx("redis: no TLS: %s", reason());
		return -1;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	    SSL_MODE_RELEASE_BUFFERS);
	if (load_ca(ca) == -1 || load_own(cert, key) == -1)
		return -1;
	ERR_clear_error();
	return 0;
}

/* "name:port", "192.0.2.1:port", "[v6]:port" */
static void
host_of(const char *server, char host[HOST])
{
	char	*end;

	(void)strlcpy(host, server + (*server == '['), HOST);
	if ((end = strrchr(host, ':')) != NULL)
		*end = '\0';
	if ((end = strchr(host, ']')) != NULL)
		*end = '\0';
}

/* Returns 1, or 0: this can't be checked, so it must not be used. */
static int
expect_host(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM	*param = SSL_get0_param(ssl);

	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
		return 1;
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return *host != '\0' &&
	    X509_VERIFY_PARAM_set1_host(param, host, strlen(host)) == 1 &&
	    SSL_set_tlsext_host_name(ssl, host) == 1;
}

struct shared_tls *
tls_new(const char *server)
{
	struct shared_tls	*t;
	char			 host[HOST];

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	host_of(server, host);
	if ((t->ssl = SSL_new(ctx)) == NULL ||
	    (t->in = BIO_new(BIO_s_mem())) == NULL ||
	    (t->out = BIO_new(BIO_s_mem())) == NULL) {
		(void)BIO_free(t->in);
		SSL_free(t->ssl);
		free(t);
		return NULL;
	}
	SSL_set_bio(t->ssl, t->in, t->out);
	SSL_set_connect_state(t->ssl);
	if (!expect_host(t->ssl, host)) {
		tls_free(t);
		return NULL;
	}
	/* The first word is ours; it comes back for the server's. */
	(void)SSL_do_handshake(t->ssl);
	ERR_clear_error();
	return t;
}

void
tls_free(struct shared_tls *t)
{
	if (t == NULL)
		return;
	SSL_free(t->ssl);
	free(t);
}

int
tls_secure(const struct shared_tls *t)
{
	return !t->over && SSL_is_init_finished(t->ssl);
}

void
tls_put(struct shared_tls *t, const void *data, size_t len)
{
	if (len == 0 || (len <= INT_MAX &&
	    BIO_write(t->in, data, (int)len) == (int)len))
		return;
	t->over = 1;
	(void)strlcpy(t->why, "TLS: out of memory", sizeof(t->why));
}

/* What came of a call that returned no bytes. */
static ssize_t
judge(struct shared_tls *t, int r)
{
	long	 verdict = SSL_get_verify_result(t->ssl);

	switch (SSL_get_error(t->ssl, r)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		break;
	default:
		(void)snprintf(t->why, sizeof(t->why), "TLS: %s%s%s", reason(),
		    verdict != X509_V_OK ? ": " : "", verdict != X509_V_OK ?
		    X509_verify_cert_error_string(verdict) : "");
	}
	t->over = 1;
	ERR_clear_error();
	return -1;
}

ssize_t
tls_read(struct shared_tls *t, void *data, size_t len)
{
	int	 r;

	if (t->over)
		return -1;
	ERR_clear_error();
	r = SSL_read(t->ssl, data, len > TAKE_MAX ? TAKE_MAX : (int)len);
	return r > 0 ? r : judge(t, r);
}

ssize_t
tls_write(struct shared_tls *t, const void *data, size_t len)
{
	int	 r;

	if (t->over)
		return -1;
	ERR_clear_error();
	r = SSL_write(t->ssl, data, len > TAKE_MAX ? TAKE_MAX : (int)len);
	return r > 0 ? r : judge(t, r);
}

size_t
tls_out(const struct shared_tls *t, const void **data)
{
	char	*p;
	long	 n = BIO_get_mem_data(t->out, &p);

	*data = p;
	return n > 0 ? (size_t)n : 0;
}

void
tls_sent(struct shared_tls *t)
{
	(void)BIO_reset(t->out);
}

int
tls_over(const struct shared_tls *t)
{
	return t->over;
}

const char *
tls_why(const struct shared_tls *t)
{
	return t->why[0] != '\0' ? t->why : NULL;
}
