/* SPDX-License-Identifier: ISC */
/*
 * See shared_script.h.  It says what grey.c says, in Lua 5.1; the tests run one
 * table of cases over both.  Times fit a double: 2^53 ms are 285,000 years.
 *
 * What lies under a key that is no hash fails in the server, with WRONGTYPE; a
 * field that is no number, or none that a time or count can be ("nan"), is as
 * if it were not there.
 */

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "shared_script.h"

#define COMMON								\
"local function clock()\n"						\
"  local now = tonumber(ARGV[1])\n"					\
"  if now then return now end\n"					\
"  local t = redis.call('TIME')\n"					\
"  return t[1] * 1000 + math.floor(t[2] / 1000)\n"			\
"end\n"									\
"local now = clock()\n"							\
"local function load(key, names)\n"					\
"  local row = {}\n"							\
"  local v = redis.call('HMGET', key, unpack(names))\n"			\
"  for i, name in ipairs(names) do\n"					\
"    local n = tonumber(v[i] or 0) or 0\n"				\
"    row[name] = n >= 0 and n < 2^53 and n or 0\n"			\
"  end\n"								\
"  return row\n"							\
"end\n"									\
"local function save(key, names, row, till)\n"				\
"  if till <= now then\n"						\
"    redis.call('DEL', key)\n"						\
"    return\n"								\
"  end\n"								\
"  local args = {}\n"							\
"  for _, name in ipairs(names) do\n"					\
"    args[#args + 1] = name\n"						\
"    args[#args + 1] = string.format('%.0f', row[name])\n"		\
"  end\n"								\
"  redis.call('HSET', key, unpack(args))\n"				\
"  redis.call('PEXPIRE', key, string.format('%.0f', till - now))\n"	\
"end\n"									\
"local TUPLE = {'first', 'last', 'blocked', 'passed'}\n"		\
"local CLIENT = {'first', 'last', 'passed', 'counted',\n"		\
"  'white_until', 'trap_until'}\n"					\
"local function tuple_end(t, retry_window, max_age)\n"			\
"  if t.passed > 0 then return t.last + max_age + 1 end\n"		\
"  return t.first + retry_window + 1\n"					\
"end\n"									\
"local function client_end(c, max_age)\n"				\
"  local till = math.max(c.white_until, c.trap_until)\n"		\
"  if c.last == 0 or (c.trap_until > 0 and c.passed == 0 and\n"		\
"    c.white_until == 0) then return till end\n"			\
"  return math.max(till, c.last + max_age + 1)\n"			\
"end\n"

static const char	 decide[] = COMMON
"local delay, retry_window, max_age = tonumber(ARGV[2]),\n"
"  tonumber(ARGV[3]), tonumber(ARGV[4])\n"
"local awl_count, awl_gap, pass_client, bait = tonumber(ARGV[5]),\n"
"  tonumber(ARGV[6]), ARGV[7] == '1', ARGV[8] == '1'\n"
"local NEW, EARLY, TRAPPED, FOUND, AWL, WHITE, PARTNER =\n"
"  0, 1, 2, 3, 4, 5, 6\n"
"local c = load(KEYS[2], CLIENT)\n"
"local function is_older(at, span)\n"
"  return at - now > 60000 or now - at > span\n"
"end\n"
"local function save_client()\n"
"  save(KEYS[2], CLIENT, c, client_end(c, max_age))\n"
"end\n"
"local function client_seen()\n"
"  if c.first == 0 then c.first = now end\n"
"  c.last = now\n"
"end\n"
"local function is_partner()\n"
"  for i = 3, 4 do\n"
"    local till = tonumber(redis.call('HGET', KEYS[i], 'until') or 0)\n"
"    if (till or 0) > now then return true end\n"
"  end\n"
"  return false\n"
"end\n"
"if now < c.trap_until then\n"
"  return {TRAPPED, c.trap_until - now, 0}\n"
"end\n"
"local reason\n"
"if now < c.white_until then\n"
"  reason = WHITE\n"
"  c.white_until = math.max(c.white_until, now + max_age)\n"
"elseif awl_count > 0 and c.passed >= awl_count and\n"
"  not is_older(c.counted, max_age) then\n"
"  reason = AWL\n"
"  c.counted = now\n"
"elseif is_partner() then\n"
"  reason = PARTNER\n"
"end\n"
"if reason then\n"
"  client_seen()\n"
"  save_client()\n"
"  return {reason, 0, 0}\n"
"end\n"
"if bait then return {NEW, delay, 0} end\n"
"local t = load(KEYS[1], TUPLE)\n"
"local function save_tuple()\n"
"  save(KEYS[1], TUPLE, t, tuple_end(t, retry_window, max_age))\n"
"end\n"
"if t.first == 0 or (t.passed > 0 and is_older(t.last, max_age)) or\n"
"  (t.passed == 0 and is_older(t.first, retry_window)) then\n"
"  t = {first = now, last = now, blocked = 1, passed = 0}\n"
"  if delay > 0 then\n"
"    save_tuple()\n"
"    return {NEW, delay, 0}\n"
"  end\n"
"end\n"
"if t.passed == 0 and now - t.first < delay then\n"
"  t.last = now\n"
"  t.blocked = t.blocked + 1\n"
"  save_tuple()\n"
"  return {EARLY, delay - (now - t.first), 0}\n"
"end\n"
"local delayed = 0\n"
"client_seen()\n"
"t.passed = t.passed + 1\n"
"if t.passed == 1 then\n"
"  delayed = now - t.first\n"
"  if is_older(c.counted, max_age) then c.passed = 0 end\n"
"  if c.passed == 0 or is_older(c.counted, awl_gap - 1) then\n"
"    c.passed = c.passed + 1\n"
"    c.counted = now\n"
"  end\n"
"  if pass_client then c.white_until = now + max_age end\n"
"end\n"
"t.last = now\n"
"save_tuple()\n"
"save_client()\n"
"return {FOUND, 0, delayed}\n";

static const char	 put[] = COMMON
"local retry_window, max_age = tonumber(ARGV[2]), tonumber(ARGV[3])\n"
"local kind, whole = ARGV[4], ARGV[5] == '1'\n"
"local names = ({t = TUPLE, c = CLIENT, p = {'until'}})[kind]\n"
"local row = load(KEYS[1], names)\n"
"for i = 6, #ARGV, 2 do\n"
"  local name, value = ARGV[i], tonumber(ARGV[i + 1]) or 0\n"
"  if whole or row[name] == 0 then\n"
"    row[name] = value\n"
"  elseif name ~= 'first' then\n"
"    row[name] = math.max(row[name], value)\n"
"  elseif value ~= 0 then\n"
"    row[name] = math.min(row[name], value)\n"
"  end\n"
"end\n"
"local till = row['until']\n"
"if kind == 't' then till = tuple_end(row, retry_window, max_age) end\n"
"if kind == 'c' then till = client_end(row, max_age) end\n"
"save(KEYS[1], names, row, till)\n"
"return 0\n";

static struct script	 scripts[SCRIPT_MAX] = {
	[SCRIPT_DECIDE] = { decide, sizeof(decide) - 1, "" },
	[SCRIPT_PUT] = { put, sizeof(put) - 1, "" },
};

int
script_init(void)
{
	unsigned char	 md[EVP_MAX_MD_SIZE];
	unsigned int	 len, i, j;

	for (i = 0; i < SCRIPT_MAX; i++) {
		if (EVP_Digest(scripts[i].text, scripts[i].len, md, &len,
		    EVP_sha1(), NULL) != 1 || len != 20)
			return -1;
		for (j = 0; j < len; j++)
			(void)snprintf(scripts[i].sha1 + 2 * j, 3, "%02x",
			    md[j]);
	}
	return 0;
}

const struct script *
script_get(enum shared_script which)
{
	return &scripts[which];
}
