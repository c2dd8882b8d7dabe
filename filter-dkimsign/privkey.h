/* SPDX-License-Identifier: ISC */
/*
 * Private keys: RSA (RFC 6376, 3.3; RFC 8301) and Ed25519 (RFC 8463).  Read
 * once, shared by count: a table holds its keys, and so does each signature on
 * its way, so that a reload never takes a key from under one.
 *
 * A key that is not good enough is refused when it is read, with the reason;
 * no key's bytes ever get into a log.
 */

#ifndef PRIVKEY_H
#define PRIVKEY_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

struct privkey;
struct stat;

enum privkey_type { PRIVKEY_RSA, PRIVKEY_ED25519 };
enum privkey_hash { PRIVKEY_SHA256, PRIVKEY_SHA1 };	/* DomainKeys only */

/* What a file that is not safe means; as key "safe-keys" sets it, no or yes. */
enum privkey_safe {
	PRIVKEY_SAFE_DEFAULT = -1,	/* nobody said anything: yes */
	PRIVKEY_SAFE_NO,		/* nothing: nobody looks */
	PRIVKEY_SAFE_YES,		/* the key is refused */
	PRIVKEY_SAFE_WARN		/* the log says so */
};

/* Keys "safe-keys" and "minbits": what is asked of all of them. */
struct privkey_rules {
	int	safe;		/* nobody else may read or replace the file */
	int	min_bits;	/* RSA; below 2048 is warned about */
};
extern struct privkey_rules	privkey_rules;

/*
 * From a PEM file (PKCS#1, PKCS#8; not encrypted), which is named to the
 * sandbox.  The same file is read once: later calls give the same key.
 * NULL after logging why: with safe-keys the very part of the path and its
 * mode: "/etc/mail: writable by group (mode 0775)".
 */
struct privkey	*privkey_load(const char *path);
/*
 * From text, as a KeyTable may have it: PEM, or base64 of DER.  Before the
 * first one of a file: is that as safe as a key's?  st is of it as it was
 * opened.  Returns 0, or -1 after logging why not.
 */
int		 privkey_table(const char *path, const struct stat *st);
struct privkey	*privkey_parse(const char *text, const char *what);

struct privkey	*privkey_hold(struct privkey *);
/* NULL is allowed. */
void		 privkey_drop(struct privkey *);

/*
 * Forget which files were read, so that privkey_load() looks at them anew, and
 * reads those that are others by now; keys that are held live on.  What changed
 * on disk since they were read?
 */
void		 privkey_forget(void);
int		 privkey_changed(void);		/* 1 or 0 */

enum privkey_type	 privkey_type(const struct privkey *);
int			 privkey_bits(const struct privkey *);
/* Path, or what privkey_parse() was told; for logs. */
const char		*privkey_name(const struct privkey *);

#define PRIVKEY_SIG_MAX	2048		/* RSA of 16384 bits */

/*
 * Sign a hash: PKCS#1 v1.5 (RFC 8017, 8.2) or PureEdDSA over the hash itself
 * (RFC 8463, 3).  Returns the signature's length, or -1 (out of memory).
 * Any thread, any number at once.
 */
ssize_t		 privkey_sign(struct privkey *, enum privkey_hash,
		    const uint8_t *hash, size_t,
		    uint8_t sig[PRIVKEY_SIG_MAX]);

/*
 * p= of its public key: base64 of SubjectPublicKeyInfo, for Ed25519 of the
 * raw 32 bytes (RFC 8463, 4.2).  Malloced; NULL: out of memory.
 */
char		*privkey_public(const struct privkey *);

#endif /* PRIVKEY_H */
