// SPDX-License-Identifier: GPL-2.0
/* Life cycle of vCPUs (vcpu.h). */

#include <linux/slab.h>

#include "vcpu.h"

static struct kmem_cache *vcpu_cache;
static atomic64_t last_serial;

static void vcpu_free(struct kref *ref)
{
	kmem_cache_free(vcpu_cache, container_of(ref, struct dune_vcpu, ref));
}

struct dune_vcpu *dune_vcpu_get(struct dune_file *file, u32 handle)
{
	struct dune_vcpu *vcpu;

	xa_lock(&file->vcpus);
	vcpu = xa_load(&file->vcpus, handle);
	if (vcpu)
		kref_get(&vcpu->ref);
	xa_unlock(&file->vcpus);
	return vcpu;
}

void dune_vcpu_put(struct dune_vcpu *vcpu)
{
	kref_put(&vcpu->ref, vcpu_free);
}

int dune_vcpu_create(struct dune_file *file, unsigned long ebase, u32 *handle)
{
	struct dune_space *space = file->space;
	struct dune_vcpu *vcpu;
	int ret;

	if (atomic_inc_return(&space->vcpus) > DUNE_VCPUS_MAX) {
		ret = -ENOSPC;
		goto out_count;
	}
	vcpu = kmem_cache_zalloc(vcpu_cache, GFP_KERNEL_ACCOUNT);
	if (!vcpu) {
		ret = -ENOMEM;
		goto out_count;
	}
	kref_init(&vcpu->ref);
	vcpu->space = space;
	vcpu->serial = atomic64_inc_return(&last_serial);
	dune_gc0_init(&vcpu->gc0, ebase);

	/* From here on it can be found. */
	ret = xa_alloc(&file->vcpus, handle, vcpu, XA_LIMIT(1, INT_MAX),
		       GFP_KERNEL_ACCOUNT);
	if (!ret)
		return 0;

	dune_vcpu_put(vcpu);
	if (ret == -EBUSY)
		ret = -ENOSPC;
out_count:
	atomic_dec(&space->vcpus);
	return ret;
}

int dune_vcpu_destroy(struct dune_file *file, u32 handle)
{
	struct dune_vcpu *vcpu = xa_erase(&file->vcpus, handle);

	if (!vcpu)
		return -ENOENT;
	atomic_dec(&file->space->vcpus);
	dune_vcpu_put(vcpu);
	return 0;
}

void dune_vcpu_destroy_all(struct dune_file *file)
{
	struct dune_vcpu *vcpu;
	unsigned long handle;

	xa_for_each(&file->vcpus, handle, vcpu)
		dune_vcpu_destroy(file, handle);
	xa_destroy(&file->vcpus);
}

int dune_vcpu_cache_init(void)
{
	/* The linear map, which slab memory is in, is what entry.S needs. */
	vcpu_cache = KMEM_CACHE(dune_vcpu, SLAB_ACCOUNT);
	return vcpu_cache ? 0 : -ENOMEM;
}

void dune_vcpu_cache_exit(void)
{
	kmem_cache_destroy(vcpu_cache);
}
