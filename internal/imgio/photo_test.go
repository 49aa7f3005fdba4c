package imgio

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"image"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/testutil"
)

// liteLike is the preprocessing of EfficientNet-Lite0 in package zoo, which package imgio does not import.
var liteLike = nn.ImagePre{
	Size: 224, CropShare: 0.875, Resample: "bilinear-raw", Range: 255,
	Mean: [3]float32{127, 127, 127}, Std: [3]float32{128, 128, 128},
}

// photoCase is one picture with what the reference makes of it.
type photoCase struct {
	File     string             `json:"file"`
	Resize   int                `json:"resize"`
	Size     int                `json:"size"`
	Resample string             `json:"resample"`
	Mean     [3]float32         `json:"mean"`
	Std      [3]float32         `json:"std"`
	SHA256   string             `json:"sha256"`
	Probes   map[string]float32 `json:"probes"`
}

func photoCases(t *testing.T, name string, n int) []photoCase {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testutil.Root(t), "testdata/golden/photos", name))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []photoCase `json:"cases"`
	}
	if err := json.Unmarshal(b, &golden); err != nil || len(golden.Cases) != n {
		t.Fatalf("%d cases: %v", len(golden.Cases), err)
	}
	return golden.Cases
}

// check compares every bit of the input.
func (c *photoCase) check(t *testing.T, pre nn.ImagePre) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testutil.Root(t), "testdata/golden/photos", c.File))
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 3*pre.Size*pre.Size)
	if _, err := New(Limits{}).Photo(t.Context(), bytes.NewReader(b), got, pre); err != nil {
		t.Fatal(err)
	}
	for at, want := range c.Probes {
		i, err := strconv.Atoi(at)
		if err != nil || got[i] != want {
			t.Errorf("%s, %s to %d: value %s is %v, want %v (%v)", c.File, pre.Resample, pre.Resize, at, got[i], want, err)
		}
	}
	if sum := sha256.Sum256(littleEndian(got)); hex.EncodeToString(sum[:]) != c.SHA256 {
		t.Errorf("%s, %s to %d: some bit differs", c.File, pre.Resample, pre.Resize)
	}
}

// pillowLike is the same by Pillow's bicubic resize.
var pillowLike = nn.ImagePre{Size: 224, Resize: 256, Resample: "bicubic", Range: 255, Mean: liteLike.Mean, Std: liteLike.Std}

// TestPhotoIsTensorFlows compares every bit of the input with TensorFlow's own resize
// (scripts/golden/lite0_tf.py), on real photos as PNG: one is magnified, two shrink.
func TestPhotoIsTensorFlows(t *testing.T) {
	t.Parallel()
	for _, c := range photoCases(t, "resize.json", 3) {
		c.check(t, liteLike)
	}
}

// TestPhotoIsPillows compares every bit with torchvision's presets and timm's
// (scripts/golden/photo_torchvision.py).
func TestPhotoIsPillows(t *testing.T) {
	t.Parallel()
	for _, c := range photoCases(t, "torchvision.json", 15) {
		c.check(t, nn.ImagePre{Size: c.Size, Resize: c.Resize, Resample: c.Resample, Range: 1, Mean: c.Mean, Std: c.Std})
	}
}

func littleEndian(values []float32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// The middle of a picture, by hand from the formulas of preprocessing.py.
func TestMiddle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		w, h  int
		share float64
		want  image.Rectangle
	}{
		{400, 300, 0.875, image.Rect(69, 19, 331, 281)}, // 262.5 → 262; (400−262+1)/2 = 69, (300−262+1)/2 = 19
		{225, 225, 0.875, image.Rect(15, 15, 211, 211)}, // 196.875 → 196; (225−196+1)/2 = 15
		{7, 90, 1, image.Rect(0, 42, 7, 49)},
		{1, 1, 0.875, image.Rect(0, 0, 1, 1)},
	} {
		if got := middle(image.Rect(0, 0, c.w, c.h), c.share); got != c.want {
			t.Errorf("%d×%d: %v, want %v", c.w, c.h, got, c.want)
		}
	}
}

// Strange sizes give finite values, and channels keep their order.
func TestPhotoOfStrangeSizes(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{1, 1}, {1, 900}, {900, 1}, {2, 3}, {223, 225}} {
		m := image.NewNRGBA(image.Rectangle{Max: size})
		for i := range m.Pix {
			m.Pix[i] = [4]byte{255, 127, 63, 255}[i%4]
		}
		for bgr, want := range map[bool][3]float32{false: {1, 0, -0.5}, true: {-0.5, 0, 1}} {
			opencvLike := nn.ImagePre{Size: 224, Resize: 256, Squash: true, Resample: "bilinear-raw", Range: 255, Mean: liteLike.Mean, Std: liteLike.Std}
			for _, pre := range []nn.ImagePre{liteLike, pillowLike, opencvLike} {
				pre.BGR = bgr
				got := make([]float32, 3*224*224)
				if err := Photo(got, m, pre); err != nil {
					t.Fatal(err)
				}
				for i, v := range got {
					if v != want[i/(224*224)] {
						t.Fatalf("%v, %s: value %d is %v, want %v", size, pre.Resample, i, v, want[i/(224*224)])
					}
				}
			}
		}
	}
}

// caffeLike is the preprocessing of Caffe's reference nets in package zoo.
func caffeLike(size int) nn.ImagePre {
	return nn.ImagePre{
		Size: size, Resize: 256, Squash: true, Resample: "bilinear-raw", Range: 255, BGR: true,
		Mean: [3]float32{104.00698793, 116.66876762, 122.67891434}, Std: [3]float32{1, 1, 1},
	}
}

// TestPhotoIsOpenCVs compares every bit with cv2.resize and Caffe's crop
// (scripts/golden/caffe_resize.py), on photos and on pictures of a formula that hit every
// case: halving, magnifying, one pixel, long and thin, no resize at all.
func TestPhotoIsOpenCVs(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(testutil.Root(t), "testdata/golden/photos/opencv.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			photoCase
			W, H int
		}
	}
	if err := json.Unmarshal(b, &golden); err != nil || len(golden.Cases) != 29 {
		t.Fatalf("%d cases: %v", len(golden.Cases), err)
	}
	for _, c := range golden.Cases {
		pre := caffeLike(c.Size)
		if c.Resize > 0 {
			pre.Resize = c.Resize
		}
		if c.File != "" {
			c.check(t, pre)
			continue
		}
		got := make([]float32, 3*c.Size*c.Size)
		if err := Photo(got, formula(c.W, c.H), pre); err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(littleEndian(got)); hex.EncodeToString(sum[:]) != c.SHA256 {
			t.Errorf("%d×%d to %d, %d of it: some bit differs", c.W, c.H, pre.Resize, c.Size)
		}
	}
}

// formula is a picture without smooth parts; the script has the same one.
func formula(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			for c := range 3 {
				m.Pix[m.PixOffset(x, y)+c] = byte(x*x*7 + y*13 + x*y*3 + c*50)
			}
			m.Pix[m.PixOffset(x, y)+3] = 255
		}
	}
	return m
}

func TestPhotoRefusesAnotherResize(t *testing.T) {
	t.Parallel()
	for _, pre := range []nn.ImagePre{
		{Size: 224, Resize: 256, Resample: "bilinear-raw", Range: 255},
		{Size: 224, Resize: 200, Squash: true, Resample: "bilinear-raw", Range: 255},
		{Size: 224, Resize: 256, Squash: true, Resample: "lanczos", Range: 255},
	} {
		err := Photo(make([]float32, 3*224*224), image.NewNRGBA(image.Rect(0, 0, 5, 3)), pre)
		if fault.KindOf(err) != fault.Unsupported {
			t.Error(err)
		}
	}
}
