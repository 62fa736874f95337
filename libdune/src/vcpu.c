// SPDX-License-Identifier: LGPL-2.1-only
/*
 * vcpu.c - a thread's vCPU, and the way in and out.
 *
 * One mapping holds all that the vCPU needs, each stack with a guard below it:
 *
 *	guard | host stack | guard | trap stack | struct dune_vcpu
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"
#include "syscall.h"

#define GUARD_SIZE	(64UL << 10)	/* any page size of Linux */
#define HOST_STACK_SIZE	(256UL << 10)	/* signal handlers run on it */
#define TRAP_STACK_SIZE	(64UL << 10)	/* trap.h promises it */
#define VCPU_SIZE	((sizeof(struct dune_vcpu) + 0xffff) & ~0xffffUL)

static __thread struct dune_vcpu *self;

/* All vCPUs of this process; in a forked child, those of its parent. */
static struct dune_vcpu *all;
static pthread_key_t at_thread_exit;
static int at_thread_exit_error;

struct dune_vcpu *dune_vcpu_self(void)
{
	struct dune_process *process = dune_process();

	return process && self && self->generation == process->generation ? self : NULL;
}

/*
 * The host loop and the signal handlers above it run on stacks of their own.
 * Whoever is there may not call dune_enter(): something has to return first.
 */
static bool on_host_stack(const struct dune_vcpu *vcpu)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);

	return (sp > vcpu->host_low && sp <= vcpu->host_high) ||
	       (sp > vcpu->alt_low && sp <= vcpu->alt_high);
}

/*
 * No instruction tells the two modes apart without a trap, but dune.ko does: see
 * @enter. The stack tells for a handler that comes just before the ioctl().
 */
bool dune_in_guest(void)
{
	struct dune_vcpu *vcpu = dune_vcpu_self();

	return vcpu && vcpu->inside && vcpu->enter.exccode == EXCCODE_IN_GUEST &&
	       !on_host_stack(vcpu);
}

/* Host loop, and dune_enter(). */
void dune_vcpu_note_altstack(struct dune_vcpu *vcpu)
{
	stack_t ss;

	if (dune_syscall2(__NR_sigaltstack, 0, (long)&ss) < 0 || ss.ss_flags & SS_DISABLE) {
		vcpu->alt_low = 0;
		vcpu->alt_high = 0;
		return;
	}
	vcpu->alt_low = (uintptr_t)ss.ss_sp;
	vcpu->alt_high = vcpu->alt_low + ss.ss_size;
}

/* Makes guest mode go on at @pc with a fresh guest TLB. */
void dune_vcpu_aim(struct dune_vcpu *vcpu, uint64_t pc)
{
	struct dune_regs *regs = &vcpu->enter.regs;

	vcpu->tables_seen = __atomic_load_n(&dune_process()->tables_changed, __ATOMIC_ACQUIRE);
	regs->gpr[26] = to_xkphys(vcpu);
	regs->gpr[27] = pc;
	regs->pc = to_xkphys(dune_vec_start);
}

/* Memory of vCPUs that did not survive fork(). Called with the lock held. */
static void free_stale(uint64_t generation)
{
	struct dune_vcpu **link = &all;

	while (*link) {
		struct dune_vcpu *vcpu = *link;

		if (vcpu->generation == generation || on_host_stack(vcpu)) {
			link = &vcpu->next;
			continue;
		}
		*link = vcpu->next;
		if (vcpu == self)
			self = NULL;
		munmap(vcpu->memory, vcpu->memory_size);
	}
}

static struct dune_vcpu *map_vcpu(void)
{
	const size_t size = 2 * GUARD_SIZE + HOST_STACK_SIZE + TRAP_STACK_SIZE + VCPU_SIZE;
	struct dune_vcpu *vcpu;
	char *memory = mmap(NULL, size, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *host = memory + GUARD_SIZE;
	char *trap = host + HOST_STACK_SIZE + GUARD_SIZE;

	if (memory == MAP_FAILED)
		return NULL;
	if (mprotect(host, HOST_STACK_SIZE, PROT_READ | PROT_WRITE) < 0 ||
	    mprotect(trap, TRAP_STACK_SIZE + VCPU_SIZE, PROT_READ | PROT_WRITE) < 0) {
		munmap(memory, size);
		return NULL;
	}
	vcpu = (struct dune_vcpu *)(trap + TRAP_STACK_SIZE);
	vcpu->memory = memory;
	vcpu->memory_size = size;
	vcpu->host_low = (uintptr_t)host;
	vcpu->host_high = (uintptr_t)host + HOST_STACK_SIZE;
	vcpu->trap_low = (uintptr_t)trap;
	vcpu->trap_high = (uintptr_t)trap + TRAP_STACK_SIZE;
	vcpu->dispatch = (uintptr_t)dune_trap_dispatch;
	return vcpu;
}

static int create_in_kernel(struct dune_process *process, struct dune_vcpu *vcpu)
{
	struct dune_vcpu_create create = {
		.size = sizeof(create),
		.ebase = (uintptr_t)dune_vectors,
	};

	if (ioctl(process->fd, DUNE_VCPU_CREATE, &create) < 0)
		return -errno;
	vcpu->enter.size = sizeof(vcpu->enter);
	vcpu->enter.handle = create.handle;
	vcpu->tid = gettid();
	vcpu->generation = process->generation;
	return 0;
}

/* Called with the lock held. */
static int create(struct dune_process *process)
{
	struct dune_vcpu *vcpu;
	uint64_t root;
	int err;

	free_stale(process->generation);
	root = dune_mmu_root(process);
	if (!root)
		return -ENOMEM;
	vcpu = map_vcpu();
	if (!vcpu)
		return -ENOMEM;
	vcpu->root = root;
	err = create_in_kernel(process, vcpu);
	if (!err)
		err = -pthread_setspecific(at_thread_exit, vcpu);
	if (err) {
		munmap(vcpu->memory, vcpu->memory_size);
		return err;
	}
	vcpu->next = all;
	all = vcpu;
	self = vcpu;
	return 0;
}

/* Destructor of at_thread_exit: the thread ends, perhaps in guest mode. */
static void destroy(void *arg)
{
	struct dune_vcpu *vcpu = arg;
	struct dune_process *process = dune_process();

	if (vcpu != dune_vcpu_self())
		return;		/* of the parent; the next create() frees it */
	dune_leave();
	dune_lock();
	ioctl(process->fd, DUNE_VCPU_DESTROY, &vcpu->enter.handle);
	for (struct dune_vcpu **link = &all; *link; link = &(*link)->next) {
		if (*link == vcpu) {
			*link = vcpu->next;
			break;
		}
	}
	dune_unlock();
	self = NULL;
	munmap(vcpu->memory, vcpu->memory_size);
}

static void make_key(void)
{
	at_thread_exit_error = -pthread_key_create(&at_thread_exit, destroy);
}

static int create_vcpu(struct dune_process *process)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int saved = errno;
	int err;

	pthread_once(&once, make_key);
	if (at_thread_exit_error)
		return at_thread_exit_error;
	dune_lock();
	err = create(process);
	dune_unlock();
	errno = saved;
	return err;
}

/*
 * Entering while inside. After siglongjmp() out of a signal handler the thread
 * is in host mode for good, and its vCPU in a state that nobody goes on from
 * (interrupts on, EXL set): it gets another one.
 */
static int enter_again(struct dune_process *process, struct dune_vcpu *vcpu)
{
	int saved = errno;
	int err;

	if (dune_in_guest())
		return -EALREADY;
	if (on_host_stack(vcpu) || vcpu->tid != gettid())
		return -EBUSY;
	ioctl(process->fd, DUNE_VCPU_DESTROY, &vcpu->enter.handle);
	err = create_in_kernel(process, vcpu);
	errno = saved;
	return err;
}

int dune_enter(void)
{
	struct dune_process *process = dune_process();
	struct dune_vcpu *vcpu = dune_vcpu_self();
	int err;

	if (!process)
		return -ENOTCONN;
	if (!vcpu) {
		err = create_vcpu(process);
		if (err)
			return err;
		vcpu = self;
	}
	if (vcpu->inside) {
		err = enter_again(process, vcpu);
		if (err)
			return err;
	}
	vcpu->inside = true;
	vcpu->entering = true;
	vcpu->enter.regs = (struct dune_regs){ 0 };
	dune_vcpu_note_altstack(vcpu);
	return dune_switch_enter(vcpu, &vcpu->enter.regs, (void *)vcpu->host_high,
				 dune_host_loop);
}

int dune_leave(void)
{
	if (!dune_in_guest())
		return -EINVAL;
	/*
	 * Host mode goes on behind the HYPCALL, with t9 used up (switch.S). The
	 * next dune_vec_start needs the guest's interrupts off.
	 */
	__asm__ volatile(".set push\n\t"
			 ".set mips64r5\n\t"
			 ".set virt\n\t"
			 "di\n\t"
			 "ehb\n\t"
			 "hypcall %0\n\t"
			 ".set pop"
			 : : "i"(DUNE_HC_LEAVE) : "$25", "memory");
	return 0;
}

int dune_stats(struct dune_stats *stats)
{
	struct dune_process *process = dune_process();
	struct dune_vcpu *vcpu = dune_vcpu_self();
	struct dune_vcpu_stats kernel = { .size = sizeof(kernel) };
	int saved = errno;
	int err = 0;

	if (!vcpu)
		return -ENOTCONN;
	kernel.handle = vcpu->enter.handle;
	if (ioctl(process->fd, DUNE_VCPU_STATS, &kernel) < 0)
		err = -errno;
	errno = saved;
	if (err)
		return err;
	for (int i = 0; i < DUNE_STAT_COUNT_; i++)
		stats->vcpu[i] = kernel.count[i];
	for (int i = 0; i < DUNE_EXC_COUNT_; i++)
		stats->traps[i] = vcpu->traps[i];
	return 0;
}
