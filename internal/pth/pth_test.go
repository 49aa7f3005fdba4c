package pth

import (
	"bytes"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"vizserver/internal/confine"
	"vizserver/internal/fault"
	"vizserver/internal/testutil"
	"vizserver/internal/weights"
)

func TestMain(m *testing.M) {
	confine.Main(map[string]confine.Job{"pth": Convert})
	goleak.VerifyTestMain(m)
}

// golden is a folder of what scripts/golden/pth.py has made.
func golden(tb testing.TB, folder string) string {
	tb.Helper()
	return filepath.Join(testutil.Root(tb), "testdata", "golden", "pth", folder)
}

// converted is what convert makes of a file.
func converted(b []byte) ([]byte, error) {
	var out bytes.Buffer
	err := convert(bytes.NewReader(b), int64(len(b)), &out)
	return out.Bytes(), err
}

// TestGood compares with the reference: torch wrote the checkpoint, and the reference
// implementation of safetensors wrote the same tensors.
func TestGood(t *testing.T) {
	t.Parallel()
	count, dir := 0, golden(t, "good")
	for path, b := range testutil.Files(t, dir+"/*.pth") {
		count++
		name := strings.TrimSuffix(filepath.Base(path), ".pth")
		t.Run(name, func(t *testing.T) {
			want, err := os.ReadFile(filepath.Join(dir, name+".safetensors"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := converted(b)
			if err != nil {
				t.Fatal(err, "; ", fault.Hint(err))
			}
			same(t, got, want)
		})
	}
	if count < 13 {
		t.Errorf("only %d checkpoints", count)
	}
}

// same compares two safetensors files, tensor by tensor: names, dtypes, shapes and every byte.
func same(t *testing.T, got, want []byte) {
	t.Helper()
	g, err := weights.Read(got)
	if err != nil {
		t.Fatal(err)
	}
	w, err := weights.Read(want)
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Tensors) != len(w.Tensors) {
		t.Errorf("%d tensors, want %d", len(g.Tensors), len(w.Tensors))
	}
	for _, want := range w.Tensors {
		got := g.Tensor(want.Name)
		switch {
		case got == nil:
			t.Errorf("no tensor %q", want.Name)
		case got.Dtype != want.Dtype || !slices.Equal(got.Shape, want.Shape):
			t.Errorf("%s is %s %v, want %s %v", want.Name, got.Dtype, got.Shape, want.Dtype, want.Shape)
		case !bytes.Equal(got.Data, want.Data):
			t.Errorf("%s: other numbers", want.Name)
		}
	}
}

func TestMetadataSaysWhereTheWeightsLay(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][2]string{
		"protocol2": {"", ""}, "data_parallel": {"", "module."}, "compiled": {"", "_orig_mod.module."},
		"training": {"model_state_dict", ""}, "nested": {"checkpoint.state_dict.model", ""}, "lightning": {"state_dict", "model."},
	} {
		b, err := os.ReadFile(filepath.Join(golden(t, "good"), name+".pth"))
		if err != nil {
			t.Fatal(err)
		}
		out, err := converted(b)
		if err != nil {
			t.Fatal(err)
		}
		f, err := weights.Read(out)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{f.Metadata["path"], f.Metadata["prefix"]}; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// badFiles says of each file of bad/ what its error must hold. All are Unprocessable.
var badFiles = map[string]string{
	// Row 37: code. Python names os.system by the module that it comes from.
	"os_system_2":          "asks to run code: `posix.system`; refused",
	"os_system_4":          "asks to run code: `posix.system`; refused",
	"os_system_text":       "asks to run code: `os.system`; refused",
	"eval_2":               "asks to run code: `__builtin__.eval`; refused",
	"eval_4":               "asks to run code: `builtins.eval`; refused",
	"exec":                 "asks to run code: `__builtin__.exec`; refused",
	"subprocess":           "asks to run code: `subprocess.Popen`; refused",
	"torch_load":           "asks to run code: `torch.serialization.load`; refused",
	"getattr_chain":        "asks to run code: `builtins.getattr`; refused",
	"dotted_getattr":       "asks to run code: `torch.os.path.sys`; refused",
	"allowed_names_joined": "asks to run code: `torch._utils._rebuild_tensor_v2`; refused",
	"split_stack_global":   "asks to run code: `posix.system`; refused",
	"stack_global_number":  "names something by what is no text",
	"inst":                 "asks to run code: `os.system`; refused",
	"obj":                  "asks to run code: `os.system`; refused",
	"obj_of_allowed":       "asks to run code: `OBJ of collections.OrderedDict`; refused",
	"newobj_of_allowed":    "asks to run code: `NEWOBJ of collections.OrderedDict`; refused",
	"newobj_ex":            "asks to run code: `NEWOBJ_EX of collections.OrderedDict`; refused",
	"newobj_ex_system":     "asks to run code: `os.system`; refused",
	"copyreg_extension_1":  "asks to run code: `copyreg extension 7`; refused",
	"copyreg_extension_2":  "asks to run code: `copyreg extension 7`; refused",
	"copyreg_extension_4":  "asks to run code: `copyreg extension 7`; refused",
	"reduce_dtype":         "asks to run code: `torch.float32`; refused",
	"reduce_storage_class": "asks to run code: `torch.FloatStorage`; refused",
	"reduce_nameless":      "calls what has no name",
	"build_setstate":       "sets attributes of what has none",
	"whole_module_2":       "is a whole Python object (`__main__.Net`)",
	"whole_module_4":       "is a whole Python object (`__main__.Net`)",
	"within_state_dict":    "asks to run code: `posix.system`; refused",

	// Row 38: lengths, memo, types.
	"length_2_62_binunicode8": "too early",
	"length_2_62_binbytes8":   "too early",
	"length_2_62_bytearray8":  "too early",
	"length_1_gib":            "1073741823 bytes too early",
	"length_2_gib":            "2147483646 bytes too early",
	"length_long4":            "2147483646 bytes too early",
	"memo_put_2_31":           "remembers a value as number 2147483648",
	"memo_get_2_31":           "asks for remembered value 2147483648 of 0",
	"setitem_on_tuple":        "sets items of what is no dict",
	"setitem_on_list":         "sets items of what is no dict",
	"setitems_odd":            "sets items of what is no dict",
	"append_on_dict":          "appends to what is no list",
	"append_on_tuple":         "appends to what is no list",
	"persid_number":           "something else than a storage",
	"persid_module":           "something else than a storage",
	"persid_class_dtype":      "something else than type, key and length",
	"persid_key_number":       "something else than type, key and length",
	"persid_count_text":       "something else than type, key and length",
	"persid_count_negative":   "something else than type, key and length",
	"no_protocol":             "not of protocol 2 to 5",
	"protocol_6":              "not of protocol 2 to 5",
	"empty_pickle":            "not of protocol 2 to 5",
	"protocol_twice":          "begins twice",
	"text_opcode":             "opcode 0x49 at byte 2",
	"next_buffer":             "opcode 0x97 at byte 2",
	"no_stop":                 "1 bytes too early",
	"after_stop":              "ends at byte 4 of 5",
	"two_values":              "leaves 2 values",
	"open_mark":               "leaves 1 values",
	"empty_stack":             "leaves 0 values",
	"tuple_below_mark":        "empty stack",
	"endless_name":            "has no end",
	"name_not_utf8":           "not UTF-8",
	"same_name_twice":         "tensor `w` stands twice",
	"a_list":                  "no dict of weights",
	"a_number":                "no dict of weights",
	"no_tensors":              "holds no weights",
	"several":                 "several sets of weights: encoder, decoder",
	"metadata_name":           `has the name "__metadata__"`,

	// Row 39: storages and views.
	"storage_larger":  `storage "0" says 5 elements of 4 bytes, and its member of the archive has 16 bytes`,
	"storage_smaller": `storage "0" says 3 elements of 4 bytes, and its member of the archive has 16 bytes`,
	"storage_double":  `storage "0" says 4 elements of 8 bytes, and its member of the archive has 16 bytes`,
	"storage_missing": `storage "1" is not in its archive`,
	"storage_untyped": "has no type",
	"offset_beyond":   "reaches beyond the 4 elements of storage",
	"offset_negative": "reaches beyond the 4 elements of storage",
	"offset_2_62":     "reaches beyond the 4 elements of storage",
	"stride_beyond":   "reaches beyond the 4 elements of storage",
	"stride_negative": "the strides [-2 1]",
	"stride_2_62":     "the strides [4611686018427387904 1]",
	"stride_short":    "has 2 sizes and 1 strides",
	"size_beyond":     "reaches beyond the 4 elements of storage",
	"size_negative":   "the sizes [2 -1]",
	"size_overflow":   "whose product overflows",
	"size_expands":    "tensor `w` of shape [2147483647 2] unfolds this checkpoint",
	"size_float":      "are no whole numbers",
	"rank_9":          "are no whole numbers",
	"big_endian":      `the byte order "big"`,
	"complex":         "holds complex numbers or 8-bit floats",
	"float8":          "holds complex numbers or 8-bit floats",
	"sparse":          "a sparse tensor",
	"meta":            "a tensor of the device \"meta\"",

	// Rows 40 and 42: formats and names.
	"legacy":          "the format of PyTorch before 1.6",
	"bare_pickle":     "a bare pickle",
	"legacy_tar":      "the tar format",
	"torchscript":     "a TorchScript archive",
	"persid_key_path": "storage \"../../version\" is not in its archive",
}

// hasHint are the words that some hints must have: row 40.
var hasHint = map[string]string{
	"legacy": "save again with torch.save(model.state_dict()", "legacy_tar": "save again with torch.save(model.state_dict()",
	"torchscript": "save again with torch.save(model.state_dict()", "whole_module_2": "save again with torch.save(model.state_dict()",
	"os_system_2": "Do not open it in Python", "several": `torch.save(checkpoint["encoder"]`,
}

const maxRefusal = 64 << 20 // bytes that a refusal may allocate in all: rows 38 and 41

// refuse converts a file that must be refused, and looks at kind, hint and memory.
func refuse(t *testing.T, b []byte) error {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	out, err := converted(b)
	runtime.ReadMemStats(&after)
	if err == nil || len(out) != 0 {
		t.Fatalf("%d bytes and the error %v", len(out), err)
	}
	if k := fault.KindOf(err); k != fault.Unprocessable {
		t.Errorf("kind %v of: %v", k, err)
	}
	if fault.Hint(err) == "" {
		t.Errorf("no hint with: %v", err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > maxRefusal {
		t.Errorf("%d bytes allocated for: %v", used, err)
	}
	return err
}

// TestBad is rows 37 to 40 of the list of bad inputs. It is not parallel, for it counts memory.
func TestBad(t *testing.T) {
	dir := golden(t, "bad")
	t.Chdir(t.TempDir()) // where the commands would leave their mark
	left := maps.Clone(badFiles)
	for path, b := range testutil.Files(t, dir+"/*.pth") {
		name := strings.TrimSuffix(filepath.Base(path), ".pth")
		if name == "slip" {
			continue // good in all but a name: TestNamesAreNoPaths
		}
		t.Run(name, func(t *testing.T) {
			text, known := badFiles[name]
			if !known {
				t.Fatal("no line in the table")
			}
			err := refuse(t, b)
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%q, want %q", err, text)
			}
			if hint := fault.Hint(err); !strings.Contains(hint, hasHint[name]) {
				t.Errorf("hint %q, want %q", hint, hasHint[name])
			}
		})
		delete(left, name)
	}
	for name := range left {
		t.Errorf("no file %s", name)
	}
	noCanary(t, ".")
}

// noCanary fails if a command of a checkpoint has run, or a member was unpacked.
func noCanary(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 0 {
		t.Errorf("%v in the working directory, %v", files, err)
	}
}

// TestNamesAreNoPaths is row 42: a member that would be unpacked beside the directory. Nothing is
// unpacked, so it does no harm.
func TestNamesAreNoPaths(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b", "c")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(golden(t, "bad"), "slip.pth"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if _, err := converted(b); err != nil {
		t.Errorf("a name without use: %v", err)
	}
	noCanary(t, dir)
	for _, up := range []string{"..", "../..", "../../.."} {
		if _, err := os.Stat(filepath.Join(dir, up, "VIZ_CANARY")); !os.IsNotExist(err) {
			t.Errorf("%s has a canary: %v", up, err)
		}
	}
}

// TestTruncated is row 39's neighbour: a file that ends early is never half read.
func TestTruncated(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(golden(t, "good"), "training.pth"))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(b); n += 1000 {
		text := refuse(t, b[:n]).Error()
		if n > 0 && !strings.Contains(text, "may be cut off") {
			t.Errorf("after %d bytes: %s", n, text)
		}
	}
	_ = refuse(t, b[:len(b)-1])
}

// TestChild reads through the child process, as the server does: good and bad.
func TestChild(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	run := func(folder, name string) ([]byte, error) {
		f, err := os.Open(filepath.Join(golden(t, folder), name+".pth"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		return confine.Run(t.Context(), "pth", f, confine.Options{})
	}
	got, err := run("good", "views")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(golden(t, "good"), "views.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, want)
	for _, name := range []string{"os_system_2", "legacy_tar", "length_2_62_binunicode8", "storage_larger", "torchscript"} {
		got, err := run("bad", name)
		if got != nil || fault.KindOf(err) != fault.Unprocessable || !strings.Contains(err.Error(), badFiles[name]) ||
			!strings.Contains(fault.Hint(err), hasHint[name]) {
			t.Errorf("%s: %v (%s)", name, err, fault.Hint(err))
		}
	}
	noCanary(t, os.Getenv("TMPDIR"))
}

func TestConvertReadsAFileFromItsStart(t *testing.T) {
	t.Parallel()
	f, err := os.Open(filepath.Join(golden(t, "good"), "dtypes.pth"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Seek(77, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if err := Convert(f, io.Discard); err != nil {
		t.Error(err)
	}
	_ = f.Close()
	if err := Convert(f, io.Discard); err == nil {
		t.Error("a closed file was read")
	}
}
