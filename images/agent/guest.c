// SPDX-License-Identifier: GPL-2.0
/* The Linux the agent serves, see guest.h. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define PORTS "/sys/class/virtio-ports"

static void complain(const char *what)
{
	fprintf(stderr, "agent: %s: %s\n", what, strerror(errno));
}

static void mount_one(const char *type, const char *where, const char *options)
{
	if (mkdir(where, 0755) && errno != EEXIST)
		complain(where);
	if (mount(type, where, type, MS_NOSUID, options) && errno != EBUSY)
		complain(where);
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (ioctl(fd, SIOCGIFFLAGS, &ifr) == 0) {
		ifr.ifr_flags |= IFF_UP;
		if (ioctl(fd, SIOCSIFFLAGS, &ifr))
			complain("lo");
	}
	close(fd);
}

void guest_prepare(void)
{
	mount_one("proc", "/proc", NULL);
	mount_one("sysfs", "/sys", NULL);
	mount_one("debugfs", "/sys/kernel/debug", "mode=0700");
	mount_one("devtmpfs", "/dev", "mode=0755");
	mount_one("devpts", "/dev/pts", "mode=0620,ptmxmode=0666");
	mount_one("tmpfs", "/dev/shm", "mode=1777");
	mount_one("tmpfs", "/tmp", "mode=1777");
	loopback_up();
}

/* True when virtio port @name is the agent's. */
static bool port_is_ours(const char *name)
{
	char path[sizeof(PORTS) + NAME_MAX + sizeof("/name")], text[64] = "";
	FILE *file;
	bool ours;

	snprintf(path, sizeof(path), PORTS "/%s/name", name);
	file = fopen(path, "re");
	if (!file)
		return false;
	ours = fgets(text, sizeof(text), file) && !strcmp(text, DUNE_AGENT_PORT "\n");
	fclose(file);
	return ours;
}

static int try_open_port(void)
{
	DIR *dir = opendir(PORTS);
	struct dirent *entry;
	int fd = -1;

	if (!dir)
		return -1;
	while (fd < 0 && (entry = readdir(dir))) {
		char path[sizeof("/dev/") + NAME_MAX];

		if (!port_is_ours(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			complain(path);
	}
	closedir(dir);
	return fd;
}

int guest_open_port(void)
{
	const struct timespec interval = { .tv_nsec = 50000000 };
	int fd;

	/* Say it once, after a second: the device may still be on its way. */
	for (int tries = 0; (fd = try_open_port()) < 0; tries++) {
		if (tries == 20)
			fprintf(stderr, "agent: no virtio port named " DUNE_AGENT_PORT "\n");
		nanosleep(&interval, NULL);
	}
	return fd;
}

static void answer(struct link *link, uint32_t id, int err, const char *what)
{
	if (err)
		link_error(link, id, err, what);
	else
		link_send(link, DUNE_AGENT_DONE, id, NULL, 0);
}

void guest_load(struct link *link, const struct frame *frame)
{
	const char *path = (const char *)frame->payload;
	const char *zero = memchr(path, 0, frame->length);
	const char *end = path + frame->length;
	int fd, err = 0;

	/* Two strings, each with its zero byte, and nothing else. */
	if (!zero || zero + 1 == end || memchr(zero + 1, 0, end - zero - 1) != end - 1) {
		answer(link, frame->id, EINVAL, "LOAD");
		return;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, zero + 1, 0))
		err = errno;
	answer(link, frame->id, err, path);
	if (fd >= 0)
		close(fd);
}

void guest_unload(struct link *link, const struct frame *frame)
{
	char name[64];

	if (frame->length == 0 || frame->length >= sizeof(name) ||
	    memchr(frame->payload, 0, frame->length)) {
		answer(link, frame->id, EINVAL, "UNLOAD");
		return;
	}
	memcpy(name, frame->payload, frame->length);
	name[frame->length] = 0;
	answer(link, frame->id, syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0, name);
}

void guest_shutdown(struct link *link, const struct frame *frame)
{
	static const int commands[] = {
		[DUNE_AGENT_POWEROFF] = RB_POWER_OFF,
		[DUNE_AGENT_RESTART] = RB_AUTOBOOT,
		[DUNE_AGENT_HALT] = RB_HALT_SYSTEM,
	};
	uint32_t how = ~0u;

	if (frame->length == sizeof(how))
		memcpy(&how, frame->payload, sizeof(how));
	if (how >= sizeof(commands) / sizeof(commands[0])) {
		answer(link, frame->id, EINVAL, "SHUTDOWN");
		return;
	}
	answer(link, frame->id, 0, NULL);
	link_flush(link);
	sync();
	reboot(commands[how]);
	answer(link, frame->id, errno, "reboot");
}
