"""Writes testdata/golden/pth: PyTorch checkpoints, good and bad, for internal/pth.

    python scripts/golden/pth.py        (from the root of the repository; requirements.txt)

good/<name>.pth is written by torch.save, good/<name>.safetensors by the reference implementation from
the same tensors: both readers must give the same. bad/<name>.pth asks to run code, or is a pickle that no
honest program writes; the commands in them would make a file VIZ_CANARY in the working directory, which
the Go test looks for. Archives that are damaged as archives are made by the Go test itself.
"""

import io
import os
import pickle
import struct
import tarfile
import zipfile

import torch
from safetensors.torch import save_file
from torch import nn

OUT = "testdata/golden/pth"
COMMAND = "touch VIZ_CANARY"


def write(path, data):
    path = f"{OUT}/{path}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def saved(thing, **kwargs):
    """The bytes of torch.save."""
    b = io.BytesIO()
    torch.save(thing, b, **kwargs)
    return b.getvalue()


def good(name, thing, tensors, **kwargs):
    write(f"good/{name}.pth", saved(thing, **kwargs))
    path = f"{OUT}/good/{name}.safetensors"
    save_file({k: v.detach().contiguous().clone() for k, v in tensors.items()}, path)
    os.chmod(path, 0o644)


class Net(nn.Module):
    """A small net whose state has a number of batches, and Chinese in a name."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 5, (3, 2))
        self.norm = nn.BatchNorm2d(5)
        self.add_module("全连接", nn.Linear(7, 2))


def numbers(dtype, *shape):
    n = torch.Size(shape).numel()
    if dtype is torch.bool:
        return (torch.arange(n) % 3 == 0).reshape(shape)
    if dtype.is_floating_point:
        return (torch.randn(n) * 3).to(dtype).reshape(shape)
    return (torch.arange(n) * 37 % 101).to(dtype).reshape(shape)


def goods():
    torch.manual_seed(4)
    net = Net()
    state = net.state_dict()
    for protocol in (2, 3, 4, 5):
        good(f"protocol{protocol}", state, state, pickle_protocol=protocol)

    dtypes = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
              torch.uint64, torch.uint32, torch.uint16, torch.uint8, torch.bool]  # fmt: skip
    all_dtypes = {str(d).removeprefix("torch."): numbers(d, 2, 3, 5) for d in dtypes}
    good("dtypes", all_dtypes, all_dtypes)

    base = numbers(torch.float32, 4, 6, 5)
    views = {
        "whole": base,
        "transposed": base.permute(2, 0, 1),
        "part": base[1:3, 2:],
        "every_second": base[::2, 1::3, ::2],
        "row": base[3, 5],
        "expanded": base[0, 0, :1].expand(3, 4),
        "scalar": base[2, 3, 4],
        "empty": base[:0],
        "offset_empty": base[4:, :, 2:],
        "ones": base[:, :1, :1].reshape(4, 1, 1),
        "channels_last": numbers(torch.float32, 2, 3, 5, 7).to(memory_format=torch.channels_last),
        "half": numbers(torch.float16, 5, 7).t()[1:],
    }
    good("views", views, views)

    tied = nn.Linear(3, 3, bias=False)
    shared = {"encoder": tied.weight, "decoder": tied.weight, "bias": nn.Parameter(torch.randn(3))}
    good("parameters", shared, shared)

    good("data_parallel", nn.DataParallel(net).state_dict(), state)
    compiled = {"_orig_mod.module." + k: v for k, v in state.items()}
    good("compiled", compiled, state)

    optimizer = torch.optim.Adam(net.parameters())
    for p in net.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    state = {k: v.clone() for k, v in net.state_dict().items()}
    training = {
        "epoch": 3, "arch": "net", "loss": 0.25, "best": torch.tensor(61.5), "done": True, "none": None, "big": 2**80, "minus": -(2**40),
        "model_state_dict": net.state_dict(), "optimizer_state_dict": optimizer.state_dict(),
        "device": torch.device("cpu"), "seen": {1, 2}, "raw": b"bytes", "size": torch.Size([1, 2]), "dtype": torch.float16,
        "list": [(1, 2), [3.5]], "complex": 1 + 2j, "layout": torch.strided,
    }  # fmt: skip
    good("training", training, state)
    good("training5", training, state, pickle_protocol=5)
    good("nested", {"checkpoint": {"state_dict": {"model": net.state_dict()}}}, state)
    good("lightning", {"state_dict": {"model." + k: v for k, v in state.items()}, "callbacks": {}}, state)


# ---------------------------------------------------------------------------------------------- bad ones


def archive(data_pkl, storages=(("0", bytes(16)),), more=(), order=b"little"):
    """A checkpoint of this pickle, with one storage of 16 zero bytes."""
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w") as z:
        for name, data in [("data.pkl", data_pkl), ("byteorder", order), *((f"data/{k}", v) for k, v in storages), ("version", b"3\n"), *more]:
            z.writestr(zipfile.ZipInfo("archive/" + name), data)
    return b.getvalue()


def bad(name, data_pkl, **kwargs):
    write(f"bad/{name}.pth", archive(data_pkl, **kwargs))


class Runs:
    """An object whose pickle calls something."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def attacks():
    import builtins
    import subprocess

    for protocol in (2, 4):
        bad(f"os_system_{protocol}", pickle.dumps({"weight": Runs(os.system, COMMAND)}, protocol))
        bad(f"eval_{protocol}", pickle.dumps(Runs(builtins.eval, f"__import__('os').system('{COMMAND}')"), protocol))
    bad("os_system_text", b"\x80\x02cos\nsystem\n(X\x10\x00\x00\x00" + COMMAND.encode() + b"tR.")
    bad("exec", pickle.dumps(Runs(exec, f"import os; os.system('{COMMAND}')"), 2))
    bad("subprocess", pickle.dumps(Runs(subprocess.Popen, COMMAND.split()), 4))
    bad("torch_load", pickle.dumps(Runs(torch.load, io.BytesIO), 2))
    bad("getattr_chain", pickle.dumps(Runs(getattr, Runs(__import__, "os"), "system"), 4))
    bad("dotted_getattr", b"\x80\x04\x8c\x05torch\x8c\x0bos.path.sys\x93.")  # STACK_GLOBAL walks over dots
    bad("allowed_names_joined", b"\x80\x04\x8c\x05torch\x8c\x19_utils._rebuild_tensor_v2\x93.")
    # the names come from the memo, and in two parts that only the stack joins
    bad("split_stack_global", b"\x80\x04\x8c\x06system\x94\x8c\x05posix\x940h\x01h\x00\x93\x8c\x10" + COMMAND.encode() + b"\x85R.")
    bad("stack_global_number", b"\x80\x04K\x01\x8c\x06system\x93.")
    bad("inst", b"\x80\x02(X\x10\x00\x00\x00" + COMMAND.encode() + b"ios\nsystem\n.")
    bad("obj", b"\x80\x02(cos\nsystem\nX\x10\x00\x00\x00" + COMMAND.encode() + b"o.")
    bad("obj_of_allowed", b"\x80\x02(ccollections\nOrderedDict\no.")
    bad("newobj_of_allowed", b"\x80\x02ccollections\nOrderedDict\n)\x81.")
    bad("newobj_ex", b"\x80\x04ccollections\nOrderedDict\n)}\x92.")
    bad("newobj_ex_system", b"\x80\x04\x8c\x02os\x8c\x06system\x93)}\x92.")
    for size, op in ((1, 0x82), (2, 0x83), (4, 0x84)):
        bad(f"copyreg_extension_{size}", b"\x80\x02" + bytes([op]) + (7).to_bytes(size, "little") + b".")
    bad("reduce_dtype", b"\x80\x02ctorch\nfloat32\n)R.")
    bad("reduce_storage_class", b"\x80\x02ctorch\nFloatStorage\n(X\x01\x00\x00\x00atR.")
    bad("reduce_nameless", b"\x80\x02K\x01)R.")
    bad("build_setstate", b"\x80\x02K\x01}b.")
    write("bad/whole_module_2.pth", saved(Net()))
    write("bad/whole_module_4.pth", saved(Net(), pickle_protocol=4))
    write("bad/within_state_dict.pth", saved({"state_dict": Net().state_dict(), "hook": Runs(os.system, COMMAND)}))


def rebuild(storage=b"X\x07\x00\x00\x00storage", kind=b"ctorch\nFloatStorage\n", key=b"X\x01\x00\x00\x000", count=b"K\x04",
            offset=b"K\x00", size=b"K\x02K\x02\x86", stride=b"K\x02K\x01\x86"):  # fmt: skip
    """A state dict with the tensor "w", a view into storage 0 (four floats): what is wrong is an argument."""
    tensor = b"ctorch._utils\n_rebuild_tensor_v2\n((" + storage + kind + key + b"X\x03\x00\x00\x00cpu" + count + b"tQ"
    return b"\x80\x02}X\x01\x00\x00\x00w" + tensor + offset + size + stride + b"\x89ccollections\nOrderedDict\n)RtRs."


def limits():
    length62 = struct.pack("<Q", 2**62)
    for name, op in (("binunicode8", 0x8D), ("binbytes8", 0x8E), ("bytearray8", 0x96)):
        bad(f"length_2_62_{name}", b"\x80\x05" + bytes([op]) + length62 + b".")
    bad("length_1_gib", b"\x80\x02X\x00\x00\x00\x40.")
    bad("length_2_gib", b"\x80\x02T\xff\xff\xff\x7f.")
    bad("length_long4", b"\x80\x02\x8b\xff\xff\xff\x7f.")
    bad("memo_put_2_31", b"\x80\x02}r\x00\x00\x00\x80.")
    bad("memo_get_2_31", b"\x80\x02j\x00\x00\x00\x80.")
    bad("setitem_on_tuple", b"\x80\x02)K\x01K\x02s.")
    bad("setitem_on_list", b"\x80\x02]K\x01K\x02s.")
    bad("setitems_odd", b"\x80\x02}(K\x01u.")
    bad("append_on_dict", b"\x80\x02}K\x01a.")
    bad("append_on_tuple", b"\x80\x02)(K\x01e.")
    bad("persid_number", b"\x80\x02K\x05Q.")
    bad("persid_module", rebuild(storage=b"X\x06\x00\x00\x00module"))
    bad("persid_class_dtype", rebuild(kind=b"ctorch\nfloat32\n"))
    bad("persid_key_number", rebuild(key=b"K\x00"))
    bad("persid_count_text", rebuild(count=b"X\x01\x00\x00\x004"))
    bad("persid_count_negative", rebuild(count=b"J\xff\xff\xff\xff"))
    bad("persid_key_path", rebuild(key=b"X\x0d\x00\x00\x00../../version"))
    bad("storage_larger", rebuild(count=b"K\x05"))
    bad("storage_smaller", rebuild(count=b"K\x03"))
    bad("storage_double", rebuild(kind=b"ctorch\nDoubleStorage\n"))
    bad("storage_missing", rebuild(key=b"X\x01\x00\x00\x001"))
    bad("storage_untyped", rebuild(kind=b"ctorch.storage\nUntypedStorage\n", count=b"K\x10"))
    bad("offset_beyond", rebuild(offset=b"K\x01"))
    bad("offset_negative", rebuild(offset=b"J\xff\xff\xff\xff"))
    bad("offset_2_62", rebuild(offset=b"\x8a\x08" + length62))
    bad("stride_beyond", rebuild(stride=b"K\x03K\x01\x86"))
    bad("stride_negative", rebuild(stride=b"J\xfe\xff\xff\xffK\x01\x86"))
    bad("stride_2_62", rebuild(stride=b"\x8a\x08" + length62 + b"K\x01\x86"))
    bad("stride_short", rebuild(stride=b"K\x01\x85"))
    bad("size_beyond", rebuild(size=b"K\x02K\x03\x86"))
    bad("size_negative", rebuild(size=b"K\x02J\xff\xff\xff\xff\x86"))
    huge = b"\x8a\x04\xff\xff\xff\x7f"  # 2³¹−1
    bad("size_overflow", rebuild(size=b"(" + huge * 4 + b"t", stride=b"(" + b"K\x00" * 4 + b"t"))
    bad("size_expands", rebuild(size=huge + b"K\x02\x86", stride=b"K\x00K\x01\x86"))
    bad("size_float", rebuild(size=b"G@\x00\x00\x00\x00\x00\x00\x00K\x02\x86"))
    bad("rank_9", rebuild(size=b"(" + b"K\x01" * 9 + b"t", stride=b"(" + b"K\x01" * 9 + b"t"))
    bad("complex", rebuild(kind=b"ctorch\nComplexFloatStorage\n", count=b"K\x02", size=b"K\x02\x85", stride=b"K\x01\x85"))
    bad("same_name_twice", b"\x80\x02}(X\x01\x00\x00\x00w" + rebuild()[9:-2] + b"X\x01\x00\x00\x00w" + rebuild()[9:-2] + b"u.")
    bad("no_protocol", b"}.")
    bad("protocol_6", b"\x80\x06}.")
    bad("protocol_twice", b"\x80\x02\x80\x02}.")
    bad("text_opcode", b"\x80\x02I1\n.")
    bad("next_buffer", b"\x80\x05\x97.")
    bad("no_stop", b"\x80\x02}")
    bad("after_stop", b"\x80\x02}.}")
    bad("two_values", b"\x80\x02}}.")
    bad("open_mark", b"\x80\x02(}.")
    bad("empty_stack", b"\x80\x02.")
    bad("tuple_below_mark", b"\x80\x02K\x01(\x85.")
    bad("endless_name", b"\x80\x02c" + b"a" * 2000)
    bad("name_not_utf8", b"\x80\x02X\x02\x00\x00\x00\xff\xfe.")
    bad("a_list", b"\x80\x02].")
    bad("a_number", b"\x80\x02K\x01.")
    bad("no_tensors", b"\x80\x02}X\x01\x00\x00\x00aK\x01s.")
    bad("empty_pickle", b"")

    lin = nn.Linear(2, 2).state_dict()
    write("bad/several.pth", saved({"encoder": lin, "decoder": lin}))
    write("bad/metadata_name.pth", saved({"__metadata__": torch.zeros(1)}))
    write("bad/float8.pth", saved({"w": torch.zeros(2, dtype=torch.float8_e4m3fn)}))
    write("bad/sparse.pth", saved({"w": torch.eye(2).to_sparse()}))
    write("bad/meta.pth", saved({"w": torch.empty(2, device="meta")}))


def without_debug(archive):
    """The same archive less what names this run of the script."""
    b = io.BytesIO()
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(b, "w") as new:
        for info in old.infolist():
            if ".debug_pkl" not in info.filename and "serialization_id" not in info.filename:
                new.writestr(zipfile.ZipInfo(info.filename), old.read(info))
    return b.getvalue()


def formats():
    state = nn.Linear(2, 1).state_dict()
    legacy = saved(state, _use_new_zipfile_serialization=False)
    write("bad/legacy.pth", legacy[: legacy.index(b"FloatStorage")])  # an address in memory follows
    write("bad/bare_pickle.pth", pickle.dumps({"a": 1}, 4))
    b = io.BytesIO()
    with tarfile.open(fileobj=b, mode="w") as t:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            t.addfile(tarfile.TarInfo(name))
    write("bad/legacy_tar.pth", b.getvalue()[:2048])
    b = io.BytesIO()
    torch.jit.save(torch.jit.script(nn.Linear(2, 1)), b)
    write("bad/torchscript.pth", without_debug(b))
    bad("big_endian", rebuild(), order=b"big")
    bad("slip", rebuild(), more=[("../../../VIZ_CANARY", b"x")])


if __name__ == "__main__":
    goods()
    attacks()
    limits()
    formats()
