/* SPDX-License-Identifier: ISC */
/*
 * Certificates, and what may stand between a client and its server, for tests.
 * All that is made lies in rig_dir, and ends with the test.
 */

#ifndef TLS_RIG_H
#define TLS_RIG_H

#include <sys/types.h>

#include <stddef.h>

/*
 * By openssl(1): 0, or -1.  CAs "ca" and "other"; by "ca", "good" for localhost
 * and 127.0.0.1, "expired" for the same, "named" for another name, "common"
 * without any but localhost in its CN, "client".
 */
int		 tls_make(void);
void		 tls_remove(void);
/* "DIR/good.pem": of the last four calls. */
const char	*tls_path(const char *name, const char *suffix);

/* A port that is free now. */
void		 tls_port(char port[8]);
/* Someone who takes connections to it. */
int		 tls_listener(char port[8]);
/* What the first of them said. */
size_t		 tls_heard(int listener, char *, size_t);
/* A process that hands on that many bytes at a time to port to. */
pid_t		 tls_proxy(const char *to, size_t cut, char port[8]);
void		 tls_reap(pid_t);

#endif /* TLS_RIG_H */
