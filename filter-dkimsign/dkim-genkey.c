/* SPDX-License-Identifier: ISC */
/*
 * dkim-genkey(1): a private key, and the record that tells its public key.
 * Files are written under another name first, and linked to their own when
 * they are whole: none is half there, and none that was there is touched.
 *
 * Exits 1 after saying why; what it has written by then is removed.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "compat.h"
#include "log.h"
#include "privkey.h"
#include "record.h"

#define BITS		2048
#define BITS_LEAST	1024	/* RFC 8301, 3.2 */
#define BITS_MOST	16384

enum { LONG_TYPE = 256, LONG_HELP, LONG_SUBDOMAINS };

static const struct option	 longs[] = {
	{ "append-domain", no_argument, NULL, 'a' },
	{ "bits", required_argument, NULL, 'b' },
	{ "directory", required_argument, NULL, 'D' },
	{ "domain", required_argument, NULL, 'd' },
	{ "hash-algorithms", required_argument, NULL, 'h' },
	{ "help", no_argument, NULL, LONG_HELP },
	{ "nosubdomains", no_argument, NULL, 'S' },
	{ "note", required_argument, NULL, 'n' },
	{ "restrict", no_argument, NULL, 'r' },
	{ "selector", required_argument, NULL, 's' },
	{ "subdomains", no_argument, NULL, LONG_SUBDOMAINS },
	{ "testmode", no_argument, NULL, 't' },
	{ "type", required_argument, NULL, LONG_TYPE },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

static struct record		 record = {
	.hashes = "sha256",
};
static struct record_place	 place = {
	.selector = "default", .domain = "localhost",
};
static enum record_form		 form = RECORD_BIND;
static int			 bits = BITS;
static const char		*directory, *existing;

static void
usage(FILE *fp)
{
	(void)fputs("usage: dkim-genkey [-arStVv] [-b bits] [-D directory] "
	    "[-d domain] [-f form] [-h algorithms] [-k file] [-n note] "
	    "[-s selector] [--type type]\n", fp);
}

/* A domain name in part or whole; it becomes a file's name too. */
static const char *
name_take(int letter, const char *s)
{
	if (*s == '\0' || strlen(s) > 253 || *s == '.' || *s == '-' ||
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ._-")] != '\0' ||
	    strstr(s, "..") != NULL)
		fatalx("-%c: not a name: %s", letter, log_quote(s));
	return s;
}

static void
bits_take(const char *s)
{
	const char	*why;

	bits = (int)strtonum(s, BITS_LEAST, BITS_MOST, &why);
	if (why != NULL)
		fatalx("-b: %s, from %d to %d: %s", why, BITS_LEAST,
		    BITS_MOST, log_quote(s));
}

static void
form_take(const char *s)
{
	int	 i;

	for (i = 0; i < RECORD_FORM_MAX; i++)
		if (strcmp(s, record_forms[i]) == 0) {
			form = (enum record_form)i;
			return;
		}
	fatalx("-f: bind, oneline, nsd, tinydns or json: %s", log_quote(s));
}

/* Verifiers skip a signature whose hash is not in the list: ours is SHA-256. */
static void
hashes_take(const char *s)
{
	const char	*p = s;
	size_t		 n;
	int		 found = *s == '\0';

	if (strlen(s) >= sizeof(record.hashes) ||
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789:-")] != '\0')
		fatalx("-h: not a list with colons: %s", log_quote(s));
	for (; *p != '\0'; p += n + (p[n] == ':')) {
		n = strcspn(p, ":");
		found |= n == 6 && memcmp(p, "sha256", n) == 0;
	}
	if (!found)
		fatalx("-h: sha256 has to be in it: %s", log_quote(s));
	(void)strlcpy(record.hashes, s, sizeof(record.hashes));
}

static void
note_take(const char *s)
{
	if (strlcpy(record.note, s, sizeof(record.note)) >=
	    sizeof(record.note))
		fatalx("-n: longer than %zu bytes", sizeof(record.note) - 1);
}

static void
type_take(const char *s)
{
	if (strcmp(s, "ed25519") == 0)
		record.type = RECORD_ED25519;
	else if (strcmp(s, "rsa") != 0)
		fatalx("--type: rsa or ed25519: %s", log_quote(s));
}

/* The ones that take nothing.  Returns whether c is one. */
static int
switch_take(int c)
{
	if (c == 'a')
		place.absolute = 1;
	else if (c == 'r')
		record.email_only = 1;
	else if (c == 'S')
		record.strict = 1;
	else if (c == LONG_SUBDOMAINS)
		record.strict = 0;
	else if (c == 't')
		record.testing = 1;
	else if (c == 'v')
		log_verbose();
	else
		return 0;
	return 1;
}

static void
option_take(int c, const char *arg)
{
	if (c == 'b')
		bits_take(arg);
	else if (c == 'D')
		directory = arg;
	else if (c == 'd')
		place.domain = name_take(c, arg);
	else if (c == 'f')
		form_take(arg);
	else if (c == 'h')
		hashes_take(arg);
	else if (c == 'k')
		existing = arg;
	else if (c == 'n')
		note_take(arg);
	else if (c == 's')
		place.selector = name_take(c, arg);
	else if (c == LONG_TYPE)
		type_take(arg);
}

static void
options_take(int argc, char *argv[])
{
	int	 c;

	while ((c = getopt_long(argc, argv, "ab:D:d:f:h:k:n:rSs:tVv", longs,
	    NULL)) != -1) {
		if (c == '?') {
			usage(stderr);
			exit(1);
		}
		if (c == LONG_HELP || c == 'V') {
			if (c == 'V')
				(void)puts("dkim-genkey " PACKAGE_VERSION);
			else
				usage(stdout);
			exit(0);
		}
		if (!switch_take(c))
			option_take(c, optarg);
	}
	if (optind < argc) {
		usage(stderr);
		exit(1);
	}
}

/* PKCS#8 in PEM; the caller cleanses it. */
static char *
key_make(void)
{
	int		 rsa = record.type == RECORD_RSA;
	EVP_PKEY_CTX	*ctx;
	EVP_PKEY	*pkey = NULL;
	BIO		*bio = BIO_new(BIO_s_mem());
	char		*data, *text = NULL;
	long		 len;

	ctx = EVP_PKEY_CTX_new_id(rsa ? EVP_PKEY_RSA : EVP_PKEY_ED25519, NULL);
	if (ctx == NULL || bio == NULL || EVP_PKEY_keygen_init(ctx) <= 0 ||
	    (rsa && EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, bits) <= 0) ||
	    EVP_PKEY_keygen(ctx, &pkey) <= 0 ||
	    PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL,
	    NULL) != 1)
		fatalx("the key can't be made");
	len = BIO_get_mem_data(bio, &data);
	if (len <= 0 || (text = calloc(1, (size_t)len + 1)) == NULL)
		fatal("the key");
	memcpy(text, data, (size_t)len);
	OPENSSL_cleanse(data, (size_t)len);
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(ctx);
	return text;
}

/* What the record is to be, as text. */
static char *
record_text(const struct privkey *key)
{
	char	*p, *text;

	if (key == NULL)
		exit(1);
	record.type = privkey_type(key) == PRIVKEY_RSA ? RECORD_RSA :
	    RECORD_ED25519;
	if ((p = privkey_public(key)) == NULL)
		fatal("the public key");
	(void)strlcpy(record.p, p, sizeof(record.p));
	free(p);
	if ((text = record_print(&record, &place, form)) == NULL)
		fatal("the record");
	return text;
}

static int
bytes_write(int fd, const char *s)
{
	size_t	 len = strlen(s);
	ssize_t	 n;

	while (len > 0) {
		if ((n = write(fd, s, len)) == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		s += n;
		len -= (size_t)n;
	}
	return fsync(fd);
}

/* Returns 0, or -1 after saying why. */
static int
file_put(const char *name, const char *text)
{
	char	 temp[] = ".dkim-genkey.XXXXXX";
	int	 fd, error = 0;

	if ((fd = mkstemp(temp)) == -1) {
		log_warn("%s", name);
		return -1;
	}
	if (bytes_write(fd, text) == -1 || link(temp, name) == -1)
		error = errno;
	(void)close(fd);	/* fsync(2) said that all is there */
	(void)unlink(temp);
	if (error == 0)
		return 0;
	errno = error;
	log_warn("%s", name);
	return -1;
}

static void
refuse_existing(const char *name)
{
	struct stat	 st;

	if (lstat(name, &st) == 0)
		fatalx("%s: is there already, and stays as it is", name);
}

static void
files_make(void)
{
	struct privkey	*key;
	sigset_t	 all;
	char		 private[300], public[300], *pem, *text;

	(void)snprintf(private, sizeof(private), "%s.private", place.selector);
	(void)snprintf(public, sizeof(public), "%s.txt", place.selector);
	if (directory != NULL && chdir(directory) == -1)
		fatal("%s", directory);
	(void)umask(077);
	refuse_existing(private);
	refuse_existing(public);
	log_debug("making a private key");
	pem = key_make();
	key = privkey_parse(pem, private);
	text = record_text(key);
	privkey_drop(key);
	/* Not between one file and the other. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	if (file_put(private, pem) == -1)
		exit(1);
	if (file_put(public, text) == -1) {
		(void)unlink(private);
		exit(1);
	}
	log_debug("private key written to %s", private);
	log_debug("DNS TXT record written to %s", public);
	OPENSSL_cleanse(pem, strlen(pem));
	free(pem);
	free(text);
}

int
main(int argc, char *argv[])
{
	struct privkey	*key;
	char		*text;

	log_init("dkim-genkey");
	options_take(argc, argv);
	if (form == RECORD_TINYDNS)
		place.absolute = 1;
	if (existing == NULL) {
		files_make();
		return 0;
	}
	privkey_rules.safe = 0;		/* what is told is public */
	key = privkey_load(existing);
	text = record_text(key);
	if (fputs(text, stdout) == EOF || fflush(stdout) != 0)
		fatal("stdout");
	free(text);
	privkey_drop(key);
	return 0;
}
