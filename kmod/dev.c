// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/dune: the calls of uapi/dune.h. Everything that user space passes is
 * checked here.
 *
 * A call is known by its number and direction; the size in the ioctl command is
 * that of the caller's struct, which may be of another version, and the
 * struct's own size field decides (copy_struct_from_user()). There is no
 * compat_ioctl, so o32 and n32 callers get ENOTTY.
 */

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <asm/mipsregs.h>

#include "dev.h"
#include "run.h"
#include "vcpu.h"

/* An ioctl command without the size of its argument. */
#define CALL(cmd)	((cmd) & ~(_IOC_SIZEMASK << _IOC_SIZESHIFT))

/* Guest exception vectors: what EBase cannot hold. */
#define EBASE_ALIGN	0x1000UL

/*
 * Copies in a versioned struct of @known bytes, the size of version 1 at least.
 * Returns 0, -EFAULT, -EINVAL (too short), -E2BIG (a tail that is not zero).
 */
static int get_struct(void *dst, size_t known, const void __user *arg)
{
	u32 size;

	if (get_user(size, (const u32 __user *)arg))
		return -EFAULT;
	if (size < known)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	return copy_struct_from_user(dst, known, arg, size);
}

static int put_struct(void __user *arg, const void *src, size_t size)
{
	return copy_to_user(arg, src, size) ? -EFAULT : 0;
}

static int dev_get_info(void __user *arg)
{
	struct dune_info info;
	int ret = get_struct(&info, sizeof(info), arg);

	if (ret)
		return ret;
	info.abi_version = DUNE_ABI_VERSION;
	info.page_size = PAGE_SIZE;
	info.address_bits = ilog2(TASK_SIZE64);
	info.guest_tlb_entries = dune_gc0_tlb_entries();
	info.guest_kscratch = boot_cpu_data.guest.kscratch_mask;
	return put_struct(arg, &info, sizeof(info));
}

static int dev_vcpu_create(struct dune_file *file, void __user *arg)
{
	struct dune_vcpu_create create;
	int ret = get_struct(&create, sizeof(create), arg);

	if (ret)
		return ret;
	if (create.flags || create.pad ||
	    !IS_ALIGNED(create.ebase, EBASE_ALIGN) ||
	    create.ebase >= TASK_SIZE64)
		return -EINVAL;
	if (!dune_space_is_current(file->space))
		return -EXDEV;
	ret = dune_vcpu_create(file, create.ebase, &create.handle);
	if (ret)
		return ret;
	ret = put_struct(arg, &create, sizeof(create));
	if (ret)
		dune_vcpu_destroy(file, create.handle);
	return ret;
}

static int dev_vcpu_destroy(struct dune_file *file, void __user *arg)
{
	u32 handle;

	if (get_user(handle, (u32 __user *)arg))
		return -EFAULT;
	if (!dune_space_is_current(file->space))
		return -EXDEV;
	return dune_vcpu_destroy(file, handle);
}

static int dev_enter(struct dune_file *file, void __user *arg)
{
	struct dune_vcpu *vcpu;
	struct dune_enter io;
	int ret = get_struct(&io, sizeof(io), arg);

	if (ret)
		return ret;
	if (io.flags)
		return -EINVAL;
	if (!dune_space_is_current(file->space))
		return -EXDEV;
	vcpu = dune_vcpu_get(file, io.handle);
	if (!vcpu)
		return -ENOENT;
	if (atomic_xchg(&vcpu->busy, 1)) {
		ret = -EBUSY;
		goto out_put;
	}
	dune_vcpu_run(vcpu, &io);
	ret = put_struct(arg, &io, sizeof(io));
	atomic_set_release(&vcpu->busy, 0);
out_put:
	dune_vcpu_put(vcpu);
	return ret;
}

static int dev_vcpu_stats(struct dune_file *file, void __user *arg)
{
	struct dune_vcpu_stats stats;
	struct dune_vcpu *vcpu;
	int ret = get_struct(&stats, sizeof(stats), arg);

	if (ret)
		return ret;
	if (!dune_space_is_current(file->space))
		return -EXDEV;
	vcpu = dune_vcpu_get(file, stats.handle);
	if (!vcpu)
		return -ENOENT;
	BUILD_BUG_ON(sizeof(stats.count) != sizeof(vcpu->stats));
	memcpy(stats.count, vcpu->stats, sizeof(stats.count));
	dune_vcpu_put(vcpu);
	return put_struct(arg, &stats, sizeof(stats));
}

static long dev_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct dune_file *file = filp->private_data;
	void __user *uarg = (void __user *)arg;

	switch (CALL(cmd)) {
	case CALL(DUNE_GET_INFO):
		return dev_get_info(uarg);
	case CALL(DUNE_VCPU_CREATE):
		return dev_vcpu_create(file, uarg);
	case CALL(DUNE_VCPU_DESTROY):
		return dev_vcpu_destroy(file, uarg);
	case CALL(DUNE_ENTER):
		return dev_enter(file, uarg);
	case CALL(DUNE_VCPU_STATS):
		return dev_vcpu_stats(file, uarg);
	default:
		return -ENOTTY;
	}
}

static int dev_open(struct inode *inode, struct file *filp)
{
	struct dune_file *file;
	struct dune_space *space;

	if (!current->mm)		/* a kernel thread */
		return -EXDEV;
	file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);
	if (!file)
		return -ENOMEM;
	space = dune_space_get();
	if (IS_ERR(space)) {
		kfree(file);
		return PTR_ERR(space);
	}
	file->space = space;
	xa_init_flags(&file->vcpus, XA_FLAGS_ALLOC | XA_FLAGS_ACCOUNT);
	filp->private_data = file;
	return 0;
}

static int dev_release(struct inode *inode, struct file *filp)
{
	struct dune_file *file = filp->private_data;

	dune_vcpu_destroy_all(file);
	dune_space_put(file->space);
	kfree(file);
	return 0;
}

static const struct file_operations dev_fops = {
	.owner		= THIS_MODULE,
	.open		= dev_open,
	.release	= dev_release,
	.unlocked_ioctl	= dev_ioctl,
	.llseek		= noop_llseek,
};

static struct miscdevice dev_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "dune",
	.fops	= &dev_fops,
	.mode	= 0666,
};

int dune_dev_init(void)
{
	return misc_register(&dev_misc);
}

void dune_dev_exit(void)
{
	misc_deregister(&dev_misc);
}
