package modelfile

import (
	"context"
	"os"
	"path/filepath"

	"vizserver/internal/bundle"
	"vizserver/internal/caffe"
	"vizserver/internal/confine"
	"vizserver/internal/fault"
	"vizserver/internal/keras"
	"vizserver/internal/onnx"
	"vizserver/internal/pth"
	"vizserver/internal/weights"
)

// formats tells how each format becomes a model.
var formats = map[Format]struct {
	read func(context.Context, *reader, Options) (*File, error)
}{
	Safetensors: {readSafetensors},
	PyTorch:     {readPyTorch},
	ONNX:        {readONNX},
	Keras:       {readKeras},
	Caffe:       {readCaffe},
}

// Jobs are what the limited child process does; main hands them to confine.Main.
var Jobs = map[string]confine.Job{"pth": pth.Convert, "keras": keras.Convert}

func readSafetensors(_ context.Context, r *reader, o Options) (*File, error) {
	if !r.bundled {
		if err := warm(o); err != nil {
			return nil, err
		}
	}
	b, err := r.bytes()
	if err != nil {
		return nil, err
	}
	f, err := weights.Read(b)
	if err != nil {
		return nil, err
	}
	if bundle.Is(f) {
		m, _, err := bundle.Read(f)
		if err != nil {
			return nil, err
		}
		return &File{Model: m, Format: Bundle}, nil
	}
	return fit(f, o)
}

// converted reads the file in the child process, which hands back safetensors.
func (r *reader) converted(ctx context.Context, job string) (*weights.File, error) {
	b, err := confine.Run(ctx, job, r.File, confine.Options{})
	if err != nil {
		return nil, err
	}
	return weights.Read(b)
}

func readPyTorch(ctx context.Context, r *reader, o Options) (*File, error) {
	if err := warm(o); err != nil {
		return nil, err
	}
	f, err := r.converted(ctx, "pth")
	if err != nil {
		return nil, err
	}
	return fit(f, o)
}

func readONNX(_ context.Context, r *reader, o Options) (*File, error) {
	b, err := r.bytes()
	if err != nil {
		return nil, err
	}
	dir, err := os.OpenRoot(filepath.Dir(r.path)) // external data lies beside the model
	if err != nil {
		return nil, openError(r.path, err)
	}
	defer dir.Close()
	n, err := onnx.Read(b, onnx.Options{Dir: dir, Input: o.Input})
	if err != nil {
		return nil, err
	}
	return r.fromDraft(n)
}

func readKeras(ctx context.Context, r *reader, o Options) (*File, error) {
	f, err := r.converted(ctx, "keras")
	if err != nil {
		return nil, err
	}
	app, err := keras.FindApp(o.Net)
	if err != nil {
		return nil, err
	}
	n, err := keras.Read(f, keras.Options{Input: o.Input, App: app})
	if err != nil {
		return nil, err
	}
	return r.fromDraft(n)
}

func readCaffe(_ context.Context, r *reader, o Options) (*File, error) {
	b, err := r.bytes()
	if err != nil {
		return nil, err
	}
	var c caffe.Options
	if o.Input != nil {
		if len(o.Input) != len(c.Input) {
			return nil, fault.New(fault.Invalid, "the sizes of the input are N,C,H,W, not %v", o.Input)
		}
		copy(c.Input[:], o.Input)
	}
	n, err := caffe.Read(b, c)
	if err != nil {
		return nil, err
	}
	return r.fromDraft(n)
}
