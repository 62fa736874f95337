/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the controller and the agent in the guest say to each other.
 *
 * A virtio-serial port named DUNE_AGENT_PORT carries frames in both directions:
 * a header, then `length` bytes of payload. Integers are little endian. `id`
 * names an operation and is chosen by the controller; 0 is the connection itself.
 *
 * The controller speaks first, with HELLO, and the agent answers HELLO; a HELLO
 * ends whatever an earlier connection left running. After that operations run
 * side by side, each opened by one frame (RUN, PUT, GET, LOAD, UNLOAD) and ended
 * by one of EXIT, DONE or ERROR.
 *
 * The decoder in controller/dunectl/machine/protocol.py is checked against this
 * file by tests/unit/machine/test_protocol.py.
 */
#ifndef DUNE_AGENT_PROTOCOL_H
#define DUNE_AGENT_PROTOCOL_H

#include <stdint.h>

#define DUNE_AGENT_PORT			"org.dune.agent"
#define DUNE_AGENT_MAGIC		0xa9e7
#define DUNE_AGENT_VERSION		1
/* Longest payload of a frame, bytes. */
#define DUNE_AGENT_MAX_PAYLOAD		65536
/* Most STDIN bytes of one command that are not yet acknowledged by WINDOW. */
#define DUNE_AGENT_STDIN_WINDOW		65536
/* Most operations at once; one more is refused with EAGAIN. */
#define DUNE_AGENT_MAX_OPERATIONS	64

/* Frame types and their payload. Paths and names are not zero-terminated unless said. */
enum dune_agent_frame {
	/* both directions */
	DUNE_AGENT_HELLO	= 1,	/* struct dune_agent_hello */
	DUNE_AGENT_DATA		= 2,	/* bytes of a file; to the agent, empty ends it */
	/* controller to agent */
	DUNE_AGENT_RUN		= 16,	/* struct dune_agent_run, strings */
	DUNE_AGENT_STDIN	= 17,	/* bytes; empty closes it */
	DUNE_AGENT_SIGNAL	= 18,	/* u32 signal, to the process group */
	DUNE_AGENT_PUT		= 19,	/* u32 mode, path; DATA follows */
	DUNE_AGENT_GET		= 20,	/* path */
	DUNE_AGENT_LOAD		= 21,	/* path of a module, parameters; each with a zero byte */
	DUNE_AGENT_UNLOAD	= 22,	/* name of a module */
	DUNE_AGENT_SHUTDOWN	= 23,	/* u32 enum dune_agent_shutdown */
	/* agent to controller */
	DUNE_AGENT_STARTED	= 32,	/* u32 process id */
	DUNE_AGENT_STDOUT	= 33,	/* bytes */
	DUNE_AGENT_STDERR	= 34,	/* bytes */
	DUNE_AGENT_WINDOW	= 35,	/* u32 bytes of STDIN consumed */
	DUNE_AGENT_EXIT		= 36,	/* struct dune_agent_exit */
	DUNE_AGENT_DONE		= 37,	/* nothing */
	DUNE_AGENT_ERROR	= 38,	/* u32 errno, text */
};

enum dune_agent_shutdown {
	DUNE_AGENT_POWEROFF	= 0,
	DUNE_AGENT_RESTART	= 1,
	DUNE_AGENT_HALT		= 2,
};

struct dune_agent_header {
	uint16_t magic;
	uint16_t type;
	uint32_t id;
	uint32_t length;
};

/*
 * struct dune_agent_hello - who is there.
 * @version: DUNE_AGENT_VERSION; another one is answered with ERROR EPROTO.
 * @pid: process id of the agent (1 when it is init); 0 from the controller.
 * @uptime_ns: guest's CLOCK_MONOTONIC; 0 from the controller.
 */
struct dune_agent_hello {
	uint32_t version;
	uint32_t pid;
	uint64_t uptime_ns;
};

/* struct dune_agent_run.flags: standard input comes in STDIN frames (else it is empty). */
#define DUNE_AGENT_RUN_STDIN		1

/*
 * struct dune_agent_run - start a program.
 * @flags: DUNE_AGENT_RUN_*; an unknown one is refused with EINVAL.
 * @uid, @gid: identity; supplementary groups are dropped.
 * @timeout_ms: SIGKILL to the process group after this time; 0: never.
 * @argc, @envc: number of strings.
 *
 * Followed by the working directory, @argc arguments and @envc `NAME=value`, each
 * ending with a zero byte. The program is looked up in the PATH given here. It
 * leads its own session; processes it leaves behind live on without its output.
 */
struct dune_agent_run {
	uint32_t flags;
	uint32_t uid;
	uint32_t gid;
	uint32_t timeout_ms;
	uint32_t argc;
	uint32_t envc;
};

/*
 * struct dune_agent_exit - how a program ended.
 * @status: exit status when @signal is 0.
 * @signal: the signal that ended it, or 0.
 * @timed_out: 1 when @timeout_ms passed.
 * @pad: 0.
 * @elapsed_ns: guest time from start to end.
 * @user_us, @system_us: CPU time.
 */
struct dune_agent_exit {
	uint32_t status;
	uint32_t signal;
	uint32_t timed_out;
	uint32_t pad;
	uint64_t elapsed_ns;
	uint64_t user_us;
	uint64_t system_us;
};

#endif
