# SPDX-License-Identifier: Apache-2.0
"""What becomes of a QEMU command line with the device idt-ntb-ivshmem."""
import json
import unittest

import context  # noqa: F401 # pylint: disable=unused-import
import seed_command_line as seed
from errors import UserError

DEVICE = ["-device", "idt-ntb-ivshmem,vectors=2,chardev=ivshmem,number=1"]
CHARDEV = ["-chardev", "socket,path=/tmp/ivshmem_socket,id=ivshmem"]
# As published (OSLL/ntb-cxl, wiki/idt_ntb_status.md).
PUBLISHED = ["-object", "rng-random,filename=/dev/urandom,id=rng0",
             "-device", "virtio-rng-pci,rng=rng0",
             "-drive", "file=first-rootfs.ext4,if=virtio,format=raw",
             "-cpu", "IvyBridge", "-machine", "q35", "-smp", "4", "-m", "256",
             *DEVICE, *CHARDEV, "-nographic", "-kernel", "bzImage", "-append", "root=/dev/vda rw"]


class Words(unittest.TestCase):
    """How QEMU spells options."""

    def test_a_doubled_comma_is_one_and_no_separator(self):
        self.assertEqual(["file=a,b", "c"], seed.split("file=a,,b,c"))
        self.assertEqual("file=a,,b,c", seed.join(["file=a,b", "c"]))

    def test_the_first_word_may_have_no_name_and_others_without_value_are_on(self):
        self.assertEqual({"driver": "x", "a": "1", "b": "on"}, seed.properties("x,a=1,b"))
        self.assertEqual({"size": "256"}, seed.properties("size=256", "size"))

    def test_json_is_understood(self):
        self.assertEqual({"driver": "x", "n": "4"}, seed.properties('{"driver": "x", "n": 4}'))
        self.assertEqual({}, seed.properties("{rubbish"))

    def test_two_hyphens_are_as_good_as_one(self):
        self.assertTrue(seed.has_device(["--device", "idt-ntb-ivshmem,number=0"]))
        self.assertFalse(seed.has_device(["-append", "idt-ntb-ivshmem", "-version"]))


class Device(unittest.TestCase):
    """The device and its chardev."""

    def refused(self, words, why):
        """The one line says why."""
        with self.assertRaises(UserError) as caught:
            seed.take_device(words)
        self.assertIn(why, str(caught.exception))

    def test_device_and_chardev_go_and_the_rest_stays(self):
        taken = seed.take_device(["-nographic", *CHARDEV, "-smp", "4", *DEVICE])
        self.assertEqual(["-nographic", "-smp", "4"], taken.words)
        self.assertEqual((1, "/tmp/ivshmem_socket"), (taken.number, taken.server))

    def test_another_chardev_stays(self):
        other = ["-chardev", "socket,path=/run/x,id=other"]
        self.assertEqual(other, seed.take_device([*other, *DEVICE, *CHARDEV]).words)

    def test_the_number_is_that_of_the_first_port_unless_given(self):
        taken = seed.take_device(["-device", "idt-ntb-ivshmem,chardev=ivshmem", *CHARDEV])
        self.assertEqual(0, taken.number)

    def test_what_cannot_be_is_told(self):
        self.refused(["-device", "idt-ntb-ivshmem"], "names no chardev")
        self.refused(DEVICE, "is not there")
        self.refused([*DEVICE, *DEVICE, *CHARDEV], "2 devices")
        self.refused([*DEVICE, *CHARDEV, *CHARDEV], "is not there")
        self.refused([*DEVICE, "-chardev", "pty,id=ivshmem"], "no UNIX socket")
        self.refused([*DEVICE, "-chardev", "socket,host=x,port=1,id=ivshmem"], "no UNIX socket")
        self.refused(["-device", "idt-ntb-ivshmem,chardev=ivshmem,speed=9", *CHARDEV], "speed")
        self.refused(["-device", "idt-ntb-ivshmem,chardev=ivshmem,number=x", *CHARDEV],
                     "number=x")


class Memory(unittest.TestCase):
    """The guest's RAM is shared."""

    def test_the_size_is_that_of_m(self):
        for words, size in ((["-m", "256"], "256M"), (["-m", "1G"], "1G"),
                            (["-m", "size=512,slots=2,maxmem=1G"], "512M"),
                            (["-m", "4G,slots=4"], "4G"), (["-m", "1", "-m", "2"], "2M"),
                            ([], "128M")):
            self.assertEqual(size, seed.ram_size(words), words)

    def test_a_shared_backend_becomes_the_memory(self):
        self.assertEqual(["-object", "memory-backend-memfd,id=ntb-ram,size=256M,share=on",
                          "-machine", "memory-backend=ntb-ram"], seed.shared_ram(["-m", "256"]))

    def test_a_backend_that_is_given_and_shared_stays(self):
        for machine in (["-machine", "q35,memory-backend=mem"], ["-M", "memory-backend=mem"],
                        ["-numa", "node,memdev=mem"]):
            for backend in ("memory-backend-file,id=mem,share=on", "memory-backend-memfd,id=mem",
                            '{"qom-type":"memory-backend-ram","id":"mem","share":true}'):
                self.assertEqual([], seed.shared_ram([*machine, "-object", backend]))

    def test_a_backend_that_is_not_shared_is_told(self):
        for backend in ("memory-backend-ram,id=mem", "memory-backend-memfd,id=mem,share=off",
                        "memory-backend-memfd,id=other"):
            with self.assertRaises(UserError):
                seed.shared_ram(["-machine", "memory-backend=mem", "-object", backend])
        with self.assertRaises(UserError) as caught:
            seed.shared_ram(["-mem-path", "/dev/hugepages"])
        self.assertIn("memory-backend-file,share=on", str(caught.exception))


class Rewritten(unittest.TestCase):
    """The whole command line."""

    def setUp(self):
        self.words = seed.for_stock_qemu(seed.take_device(PUBLISHED), "/run/x/port.sock")
        self.devices = [json.loads(value) for _, value in seed.options(self.words, "device")
                        if value.startswith("{")]

    def test_the_device_is_at_slot_4_of_the_root_bus(self):
        self.assertEqual({"driver": "vfio-user-pci", "addr": "4",
                          "socket": {"type": "unix", "path": "/run/x/port.sock"}},
                         self.devices[0])

    def test_virtio_drives_come_behind_it_so_that_the_slot_is_free(self):
        self.assertIn("file=first-rootfs.ext4,if=none,format=raw,id=ntb-drive0", self.words)
        self.assertEqual({"driver": "virtio-blk-pci", "drive": "ntb-drive0"}, self.devices[1])
        words, devices = seed.virtio_drives(["-drive", "file=a,,b,if=virtio,id=mine",
                                             "-drive", "file=c,if=ide"])
        self.assertEqual(["-drive", "file=a,,b,if=none,id=mine", "-drive", "file=c,if=ide"],
                         words)
        self.assertEqual([{"driver": "virtio-blk-pci", "drive": "mine"}], devices)

    def test_the_rest_is_as_it_was(self):
        self.assertEqual(PUBLISHED[:4], self.words[:4])
        for word in ("IvyBridge", "q35", "-nographic", "bzImage", "root=/dev/vda rw", "256"):
            self.assertIn(word, self.words)
        self.assertFalse([word for word in self.words if "ivshmem" in word])

    def test_another_slot_bus_or_name_can_be_given(self):
        device = ["-device", "idt-ntb-ivshmem,chardev=ivshmem,addr=3,bus=rp0,id=ntb"]
        words = seed.for_stock_qemu(seed.take_device([*device, *CHARDEV]), "s")
        made = json.loads(words[words.index("-device") + 1])
        self.assertEqual(("3", "rp0", "ntb"), (made["addr"], made["bus"], made["id"]))


if __name__ == "__main__":
    unittest.main()
