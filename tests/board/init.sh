#!/bin/busybox sh
# The virtual board's first process: mounts, modules, the checkout, then the hands (tests/board/guest.py).
/bin/busybox --install -s /usr/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts && mount -t devpts devpts /dev/pts
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
modprobe -a virtio_gpu i6300esb 9pnet_virtio 9p pwm-gpio virtual_sensors iio-trig-hrtimer iio-trig-sysfs
mount -t configfs config /sys/kernel/config
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=mmap,msize=262144 checkout /wattseal
mount -t 9p -o trans=virtio,version=9p2000.L,cache=mmap,msize=262144 bytecode /bytecode
echo 0 >/sys/class/vtconsole/vtcon1/bind 2>/dev/null
ip link set lo up
export PATH=/usr/sbin:/usr/bin HOME=/tmp PYTHONPYCACHEPREFIX=/bytecode PYTHONPATH=/wattseal
cd /wattseal
echo "init: $(cut -d' ' -f1 /proc/uptime) s since the kernel began"
python3 -m tests.board.guest
echo "init: the hands have ended"
poweroff -f
