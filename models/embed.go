// Package models holds the weights in the binary, those that this project trained and one
// published net for photos, with a model card for each, the manifest that says where every
// file comes from, and the names of ImageNet's classes.
package models

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"

	"vizserver/internal/fault"
)

//go:embed *.safetensors *.md manifest.json imagenet-labels.json
var files embed.FS

// Info is one entry of the manifest.
type Info struct {
	Name          string  `json:"name"`
	File          string  `json:"file"`
	SHA256        string  `json:"sha256"`
	Card          string  `json:"card"`
	Source        string  `json:"source"`
	Licence       string  `json:"licence"`
	TrainingData  string  `json:"training_data"`
	Preprocessing string  `json:"preprocessing"`
	Labels        string  `json:"labels"`
	Command       string  `json:"command"`
	Seed          uint64  `json:"seed"`
	TestAccuracy  float64 `json:"test_accuracy"` // share of the 10,000 test digits, 0…1
	Confusion     [][]int `json:"confusion"`     // [true class][answer]
}

// Class is one class of ImageNet.
type Class struct {
	Synset  string `json:"synset"` // its WordNet id, which is unique
	English string `json:"en"`
	Chinese string `json:"zh"`
}

var imageNet = sync.OnceValues(func() ([]Class, error) {
	b, err := files.ReadFile("imagenet-labels.json")
	if err != nil {
		return nil, err
	}
	var list []Class
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("read models/imagenet-labels.json: %w", err)
	}
	return list, nil
})

// ImageNet returns the 1,000 classes in the order of the nets' outputs. The list is shared
// and must not be changed.
func ImageNet() ([]Class, error) { return imageNet() }

// MissingError says that the binary has no weights for a net.
type MissingError struct{ Name string }

func (e *MissingError) Error() string { return fmt.Sprintf("no weights for %q in this binary", e.Name) }

// Kind says that the thing does not exist.
func (e *MissingError) Kind() fault.Kind { return fault.NotFound }

var manifest = sync.OnceValues(func() ([]Info, error) {
	b, err := files.ReadFile("manifest.json")
	if err != nil {
		return nil, err
	}
	var list []Info
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("read models/manifest.json: %w", err)
	}
	return list, nil
})

// Manifest returns what is known of every file of weights.
func Manifest() ([]Info, error) { return manifest() }

// Find returns the manifest's entry of a net.
func Find(name string) (Info, error) {
	list, err := manifest()
	if err != nil {
		return Info{}, err
	}
	for _, i := range list {
		if i.Name == name {
			return i, nil
		}
	}
	return Info{}, &MissingError{Name: name}
}

// File returns the safetensors file of a net, after comparing it with the manifest's hash.
func File(name string) ([]byte, error) {
	info, err := Find(name)
	if err != nil {
		return nil, err
	}
	b, err := files.ReadFile(info.File)
	if err != nil {
		return nil, &MissingError{Name: name}
	}
	if h := sha256.Sum256(b); hex.EncodeToString(h[:]) != info.SHA256 {
		return nil, fmt.Errorf("models/%s is not the file that the manifest names", info.File)
	}
	return b, nil
}
