package models

import (
	"bytes"
	"strings"
	"testing"

	"vizserver/internal/fault"
)

// TestManifest: every entry's file is there with its hash, and so is its card, which names
// the hash too; nothing else is embedded.
func TestManifest(t *testing.T) {
	t.Parallel()
	list, err := Manifest()
	if err != nil || len(list) < 5 {
		t.Fatalf("%d entries, %v", len(list), err)
	}
	known := map[string]bool{"manifest.json": true, "imagenet-labels.json": true}
	for _, i := range list {
		if _, err := File(i.Name); err != nil {
			t.Errorf("%s: %v", i.Name, err)
		}
		card, err := files.ReadFile(i.Card)
		if err != nil || !bytes.Contains(card, []byte(i.SHA256)) {
			t.Errorf("%s: the card does not name the hash; %v", i.Name, err)
		}
		for what, text := range map[string]string{
			"source": i.Source, "licence": i.Licence, "training data": i.TrainingData,
			"preprocessing": i.Preprocessing, "labels": i.Labels, "command": i.Command,
		} {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s has no %s", i.Name, what)
			}
		}
		known[i.File], known[i.Card] = true, true
	}
	all, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if !known[f.Name()] {
			t.Errorf("%s is in the binary and in no entry of the manifest", f.Name())
		}
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	if _, err := File("vgg16"); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}
