package bench

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/onnx"
)

//go:embed ort.py
var ortScript []byte

// ortPackage is what pip installs.
const ortPackage = "onnxruntime==1.32.0"

// Runtime is ONNX Runtime in an environment of Python that is made for it.
type Runtime struct {
	python string
	dir    string // of model files
}

// NewRuntime makes the environment in dir, unless it is there: python3 -m venv and pip install, some
// 100 MB, from PyPI. It can be deleted at any time. A python that has onnxruntime already is taken
// as it is. log is told what takes time. Close deletes the models' files. Errors: Unsupported where
// there is no Python, NotFound where the package cannot be had.
func NewRuntime(ctx context.Context, dir, python string, log func(string)) (*Runtime, error) {
	if python == "" {
		var err error
		if python, err = makeEnvironment(ctx, filepath.Join(dir, strings.ReplaceAll(ortPackage, "==", "-")), log); err != nil {
			return nil, err
		}
	}
	files, err := os.MkdirTemp("", "vizserver-bench-")
	if err != nil {
		return nil, err
	}
	r := &Runtime{python: python, dir: files}
	if err := os.WriteFile(filepath.Join(files, "ort.py"), ortScript, 0o600); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Close deletes the models' files.
func (r *Runtime) Close() { _ = os.RemoveAll(r.dir) }

func makeEnvironment(ctx context.Context, dir string, log func(string)) (string, error) {
	python := filepath.Join(dir, "bin", "python")
	if runtime.GOOS == "windows" {
		python = filepath.Join(dir, "Scripts", "python.exe")
	}
	if exec.CommandContext(ctx, python, "-c", "import onnxruntime").Run() == nil {
		return python, nil
	}
	log("making an environment with " + ortPackage + " in " + dir)
	const hint = "install Python 3 with venv, or name a python that has onnxruntime with --python"
	if out, err := exec.CommandContext(ctx, "python3", "-m", "venv", dir).CombinedOutput(); err != nil {
		return "", fault.New(fault.Unsupported, "python3 -m venv does not work here: %s", last(out)).WithCause(err).WithHint(hint)
	}
	if out, err := exec.CommandContext(ctx, python, "-m", "pip", "install", "--quiet", ortPackage).CombinedOutput(); err != nil {
		return "", fault.New(fault.NotFound, "pip cannot install %s: %s", ortPackage, last(out)).WithCause(err).WithHint(hint)
	}
	return python, nil
}

// last returns the last line that says something.
func last(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// child is a process that runs one model.
type child struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	shout *strings.Builder // what it says on standard error
	file  string           // of the model
}

// start writes the model and starts a process with it.
func (r *Runtime) start(ctx context.Context, m *nn.Model, threads int, all bool) (*child, error) {
	file := filepath.Join(r.dir, "model.onnx")
	if err := writeModel(file, m, onnx.WriteOptions{Batch: 1, Outputs: answers(m.Graph), AllOutputs: all}); err != nil {
		return nil, err
	}
	c := &child{file: file, cmd: exec.CommandContext(ctx, r.python, filepath.Join(r.dir, "ort.py"), file, strconv.Itoa(threads)), shout: &strings.Builder{}}
	c.cmd.Stderr = c.shout
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fault.New(fault.Unsupported, "%s does not start", r.python).WithCause(err)
	}
	c.in, c.out = in, bufio.NewReaderSize(out, 1<<16)
	if line, err := c.out.ReadString('\n'); err != nil || !strings.HasPrefix(line, "ready ") {
		c.close()
		return nil, fault.New(fault.Unsupported, "ONNX Runtime does not take %s: %s", m.Name, last([]byte(c.shout.String()))).WithCause(err)
	}
	return c, nil
}

func writeModel(file string, m *nn.Model, o onnx.WriteOptions) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := onnx.Write(f, m, o); err != nil {
		_ = f.Close() // the first error matters
		return err
	}
	return f.Close()
}

// close ends the process and waits for it.
func (c *child) close() {
	_ = c.in.Close()
	_ = c.cmd.Wait() // it ends when its input does; what it did is told already
}

// ask sends a line and returns the words of the answer.
func (c *child) ask(line string) ([]string, error) {
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		return nil, c.lost(err)
	}
	answer, err := c.out.ReadString('\n')
	if err != nil {
		return nil, c.lost(err)
	}
	return strings.Fields(answer), nil
}

func (c *child) lost(err error) error {
	return fmt.Errorf("ask ONNX Runtime: %w: %s", err, last([]byte(c.shout.String())))
}

// turn runs the net once for the caches and then so many times.
func (c *child) turn(repeat int, s *samples) error {
	words, err := c.ask("run " + strconv.Itoa(repeat))
	if err != nil {
		return err
	}
	for _, w := range words {
		var wall, cpu float64
		if _, err := fmt.Sscanf(w, "%g,%g", &wall, &cpu); err != nil {
			return c.lost(err)
		}
		s.add(wall, cpu)
	}
	return nil
}

// peak returns the largest memory that the process had, in bytes; 0 where the system does not say.
func (c *child) peak() (int64, error) {
	words, err := c.ask("peak")
	if err != nil || len(words) != 1 {
		return 0, c.lost(err)
	}
	return strconv.ParseInt(words[0], 10, 64)
}

// compare notes how far the outputs of both engines differ, at most.
func (r *Result) compare(ours *engine, theirs *child) error {
	file := theirs.file + ".out"
	names, err := theirs.ask("save " + file)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	worst := 0.0
	for _, name := range names {
		x, err := ours.value(name)
		if err != nil {
			return err
		}
		if x == nil || len(b) < 4*len(x) {
			return fmt.Errorf("ONNX Runtime has no value %s of %d numbers", name, len(x))
		}
		if d := differ(x, b); !(d <= worst) {
			worst = d // NaN too
		}
		b = b[4*len(x):]
	}
	r.Diff = &worst
	return nil
}

// differ returns the largest difference over the largest number of theirs, which stand as bytes.
func differ(ours []float32, theirs []byte) float64 {
	diff, top := 0.0, math.SmallestNonzeroFloat64
	for i, x := range ours {
		v := float64(math.Float32frombits(binary.LittleEndian.Uint32(theirs[4*i:])))
		top = max(top, math.Abs(v))
		if d := math.Abs(v - float64(x)); !(d <= diff) {
			diff = d
		}
	}
	return diff / top
}
