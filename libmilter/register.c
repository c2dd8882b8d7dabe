/* SPDX-License-Identifier: ISC */
/*
 * What a milter says about itself before it runs.  A socket it asks for is
 * noted as a milter has to ask for one, and is nowhere: smtpd is there already.
 */

#include <stdlib.h>
#include <string.h>

#include "context.h"

struct smfiDesc	milter;

static int	registered, has_socket;

/* Of our own major and minor version, or of the times before there were any. */
static int
version_fits(int version)
{
	return (SM_LM_VRS_MAJOR(version) == SM_LM_VRS_MAJOR(SMFI_VERSION) &&
	    SM_LM_VRS_MINOR(version) == SM_LM_VRS_MINOR(SMFI_VERSION)) ||
	    (version >= 2 && version <= 4);
}

/* A milter of those times handed over what there was, and no more. */
static void
forget_newer(struct smfiDesc *desc)
{
	if (desc->xxfi_version < 5)
		desc->xxfi_negotiate = NULL;
	if (desc->xxfi_version < 4)
		desc->xxfi_data = NULL;
	if (desc->xxfi_version < 3)
		desc->xxfi_unknown = NULL;
}

int
smfi_register(struct smfiDesc desc)
{
	const char	*name;
	char		*copy;

	name = desc.xxfi_name != NULL ? desc.xxfi_name : "Unknown";
	if (!version_fits(desc.xxfi_version) || (copy = strdup(name)) == NULL)
		return MI_FAILURE;
	free(milter.xxfi_name);
	milter = desc;
	forget_newer(&milter);
	milter.xxfi_name = copy;
	registered = 1;
	return MI_SUCCESS;
}

int
smfi_setconn(char *where)
{
	if (where == NULL || *where == '\0')
		return MI_FAILURE;
	has_socket = 1;
	return MI_SUCCESS;
}

int
milter_complete(void)
{
	return registered && has_socket;
}

int
smfi_opensocket(bool remove)
{
	return milter_complete() ? MI_SUCCESS : MI_FAILURE;
}

int
smfi_setbacklog(int n)
{
	return n > 0 ? MI_SUCCESS : MI_FAILURE;
}

int
smfi_settimeout(int seconds)
{
	return MI_SUCCESS;
}

int
smfi_setdbg(int level)
{
	return MI_SUCCESS;
}

size_t
smfi_setmaxdatasize(size_t size)
{
	static size_t	 current = MILTER_MAX_DATA_SIZE;
	size_t		 old = current;

	current = size;
	return old;
}

int
smfi_version(unsigned int *major, unsigned int *minor, unsigned int *patch)
{
	if (major != NULL)
		*major = SM_LM_VRS_MAJOR(SMFI_VERSION);
	if (minor != NULL)
		*minor = SM_LM_VRS_MINOR(SMFI_VERSION);
	if (patch != NULL)
		*patch = SM_LM_VRS_PLVL(SMFI_VERSION);
	return MI_SUCCESS;
}
