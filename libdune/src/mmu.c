// SPDX-License-Identifier: LGPL-2.1-only
/*
 * mmu.c - the page table that vectors.S walks.
 *
 * Four levels of 512 entries of 8 bytes: bits 47:39, 38:30, 29:21 and 20:12 of
 * the address. Entries of the first three hold the XKPHYS address of the next
 * table; zero means that the 2 MiB around the address are the identity. Entries
 * of the last are EntryLo values, and a table of the last level is made with all
 * of them set, so that the refill needs no test.
 *
 * Tables are only ever added, and an entry is one aligned store: the refill of
 * any thread sees the old or the new state. They are process memory like any
 * other and never freed, but a forked child makes new ones in the same place.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

#define PAGE_SHIFT	12
#define LEVELS		4
#define ENTRIES		512
#define LEAF_SHIFT	21		/* what a table of the last level covers */
#define CHUNK_TABLES	16		/* tables are mapped so many at a time */
#define FLUSH_PAGES	64		/* from here on, drop the whole guest TLB */

/* EntryLo of MIPS64 Release 2 and later, PageGrain.{RIE,XIE,ELPA} set. */
#define PTE_V		(UINT64_C(1) << 1)
#define PTE_D		(UINT64_C(1) << 2)
#define PTE_CACHED	(UINT64_C(3) << 3)
#define PTE_PFN_SHIFT	6
#define PTE_XI		(UINT64_C(1) << 62)
#define PTE_RI		(UINT64_C(1) << 63)

/* Chunks survive a fork; the tables in them do not (process.c). */
static struct chunk {
	struct chunk *next;
	uint64_t *tables;
	unsigned int used;
} *chunks;
static uint64_t chunks_generation;

static struct chunk *add_chunk(void)
{
	const size_t size = (CHUNK_TABLES + 1) * DUNE_PAGE_SIZE;
	struct chunk *chunk = mmap(NULL, size, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (chunk == MAP_FAILED)
		return NULL;
	chunk->tables = (uint64_t *)((char *)chunk + DUNE_PAGE_SIZE);
	chunk->next = chunks;
	chunks = chunk;
	return chunk;
}

static uint64_t *new_table(uint64_t generation)
{
	struct chunk *chunk;
	uint64_t *table;

	if (chunks_generation != generation) {
		for (chunk = chunks; chunk; chunk = chunk->next)
			chunk->used = 0;
		chunks_generation = generation;
	}
	for (chunk = chunks; chunk && chunk->used == CHUNK_TABLES; chunk = chunk->next)
		;
	if (!chunk)
		chunk = add_chunk();
	if (!chunk)
		return NULL;
	table = chunk->tables + (size_t)ENTRIES * chunk->used++;
	memset(table, 0, DUNE_PAGE_SIZE);
	return table;
}

static uint64_t make_pte(uint64_t target, int prot)
{
	uint64_t pte = target >> PAGE_SHIFT << PTE_PFN_SHIFT | PTE_CACHED;

	if (prot & (PROT_READ | PROT_WRITE | PROT_EXEC))
		pte |= PTE_V;
	if (prot & PROT_WRITE)
		pte |= PTE_D;
	if (!(prot & PROT_READ))
		pte |= PTE_RI;
	if (!(prot & PROT_EXEC))
		pte |= PTE_XI;
	return pte;
}

static uint64_t pte_target(uint64_t pte)
{
	return (pte & ~(PTE_RI | PTE_XI)) >> PTE_PFN_SHIFT << PAGE_SHIFT;
}

static int pte_prot(uint64_t pte)
{
	if (!(pte & PTE_V))
		return PROT_NONE;
	return (pte & PTE_RI ? 0 : PROT_READ) | (pte & PTE_D ? PROT_WRITE : 0) |
	       (pte & PTE_XI ? 0 : PROT_EXEC);
}

static unsigned int table_index(uint64_t addr, int level)
{
	return addr >> (PAGE_SHIFT + 9 * (LEVELS - 1 - level)) & (ENTRIES - 1);
}

static void fill_identity(uint64_t *leaf, uint64_t addr)
{
	uint64_t base = addr >> LEAF_SHIFT << LEAF_SHIFT;

	for (uint64_t i = 0; i < ENTRIES; i++)
		leaf[i] = make_pte(base + i * DUNE_PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);
}

/* The entry for @addr, or NULL if it is not in a table of its own. */
static uint64_t *find_pte(const struct dune_process *process, uint64_t addr)
{
	uint64_t *table = process->root;

	for (int level = 0; table && level < LEVELS - 1; level++) {
		uint64_t entry = __atomic_load_n(&table[table_index(addr, level)],
						 __ATOMIC_ACQUIRE);

		table = entry ? from_xkphys(entry) : NULL;
	}
	return table ? &table[table_index(addr, LEVELS - 1)] : NULL;
}

/* The same, made if need be. NULL: no memory. */
static uint64_t *make_path(struct dune_process *process, uint64_t addr)
{
	uint64_t *table = process->root;

	for (int level = 0; level < LEVELS - 1; level++) {
		uint64_t *entry = &table[table_index(addr, level)];

		if (!*entry) {
			uint64_t *next = new_table(process->generation);

			if (!next)
				return NULL;
			if (level == LEVELS - 2)
				fill_identity(next, addr);
			__atomic_store_n(entry, to_xkphys(next), __ATOMIC_RELEASE);
		}
		table = from_xkphys(*entry);
	}
	return &table[table_index(addr, LEVELS - 1)];
}

uint64_t dune_mmu_root(struct dune_process *process)
{
	if (!process->root)
		process->root = new_table(process->generation);
	return process->root ? to_xkphys(process->root) : 0;
}

static void call_vector(const char *function, uint64_t argument)
{
	((void (*)(uint64_t))(uintptr_t)to_xkphys(function))(argument);
}

/*
 * After a change: drops what the calling thread's guest TLB holds of the range.
 * Other threads find out from the count (host.c, catch_up()).
 */
static void invalidate(struct dune_process *process, uint64_t addr, uint64_t len)
{
	struct dune_vcpu *vcpu = dune_vcpu_self();
	uint64_t changed = __atomic_add_fetch(&process->tables_changed, 1, __ATOMIC_SEQ_CST);

	if (!dune_in_guest())
		return;
	if (len >= FLUSH_PAGES * DUNE_PAGE_SIZE) {
		call_vector(dune_vec_tlb_flush, 0);
	} else {
		for (uint64_t page = addr; page < addr + len; page += DUNE_PAGE_SIZE)
			call_vector(dune_vec_tlb_invalidate, page);
	}
	if (vcpu->tables_seen == changed - 1)
		vcpu->tables_seen = changed;
}

static bool in_range(const struct dune_process *process, uint64_t addr, uint64_t len)
{
	uint64_t limit = UINT64_C(1) << process->info.address_bits;

	return !((addr | len) & (DUNE_PAGE_SIZE - 1)) && len <= limit && addr <= limit - len;
}

/*
 * Sets the entries of [addr, addr + len): leading to @target, or if that is
 * NULL to where they lead already. All memory is there before the first store.
 */
static int set_range(void *addr, size_t len, const uint64_t *target, int prot)
{
	struct dune_process *process = dune_process();
	uint64_t start = (uintptr_t)addr;
	int err = 0;

	if (!process)
		return -ENOTCONN;
	if (!in_range(process, start, len) || prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC) ||
	    (target && !in_range(process, *target, len)))
		return -EINVAL;
	dune_lock();
	if (!dune_mmu_root(process))
		err = -ENOMEM;
	for (uint64_t i = 0; !err && i < len; i += DUNE_PAGE_SIZE)
		if (!make_path(process, start + i))
			err = -ENOMEM;
	if (!err) {
		for (uint64_t i = 0; i < len; i += DUNE_PAGE_SIZE) {
			uint64_t *pte = find_pte(process, start + i);
			uint64_t to = target ? *target + i : pte_target(*pte);

			__atomic_store_n(pte, make_pte(to, prot), __ATOMIC_RELEASE);
		}
		invalidate(process, start, len);
	}
	dune_unlock();
	return err;
}

int dune_mprotect(void *addr, size_t len, int prot)
{
	return set_range(addr, len, NULL, prot);
}

int dune_remap(void *addr, size_t len, void *target, int prot)
{
	uint64_t to = (uintptr_t)target;

	return set_range(addr, len, &to, prot);
}

int dune_identity(void *addr, size_t len)
{
	uint64_t to = (uintptr_t)addr;

	return set_range(addr, len, &to, PROT_READ | PROT_WRITE | PROT_EXEC);
}

int dune_translate(const void *addr, void **target)
{
	struct dune_process *process = dune_process();
	uint64_t address = (uintptr_t)addr;
	uint64_t to = address;
	int prot = PROT_READ | PROT_WRITE | PROT_EXEC;
	uint64_t *pte;

	if (!process)
		return -ENOTCONN;
	if (!in_range(process, address & ~(uint64_t)(DUNE_PAGE_SIZE - 1), DUNE_PAGE_SIZE))
		return -EINVAL;
	pte = find_pte(process, address);
	if (pte) {
		uint64_t value = __atomic_load_n(pte, __ATOMIC_RELAXED);

		prot = pte_prot(value);
		to = pte_target(value) | (address & (DUNE_PAGE_SIZE - 1));
	}
	if (target)
		*target = (void *)(uintptr_t)to;
	return prot;
}

bool dune_tlb_probe(const void *addr)
{
	if (!dune_in_guest())
		return false;
	return ((uint64_t (*)(uint64_t))(uintptr_t)to_xkphys(dune_vec_tlb_probe))((uintptr_t)addr);
}
