package zoo

import (
	"slices"
	"strings"
	"testing"

	"vizserver/models"
)

// TestImageNetLabels: 1,000 classes, each with its own synset in WordNet's order of the
// outputs, and names in both languages that tell it from all others.
func TestImageNetLabels(t *testing.T) {
	t.Parallel()
	classes, err := models.ImageNet()
	if err != nil || len(classes) != 1000 {
		t.Fatalf("%d classes, %v", len(classes), err)
	}
	synsets, english, chinese := map[string]bool{}, map[string]bool{}, map[string]bool{}
	labels, err := (&Entry{Task: ImageNet}).Labels()
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range classes {
		if len(c.Synset) != 9 || c.Synset[0] != 'n' || strings.TrimSpace(c.English) != c.English || strings.TrimSpace(c.Chinese) != c.Chinese ||
			c.English == "" || c.Chinese == "" {
			t.Errorf("%d: %+v", i, c)
		}
		synsets[c.Synset], english[strings.ToLower(labels[i])], chinese[c.Chinese] = true, true, true
	}
	if len(synsets) != 1000 || len(english) != 1000 || len(chinese) != 1000 {
		t.Errorf("%d synsets, %d English and %d Chinese names differ", len(synsets), len(english), len(chinese))
	}
	if !slices.IsSortedFunc(classes, func(a, b models.Class) int { return strings.Compare(a.Synset, b.Synset) }) {
		t.Error("the classes are not in the order of their synsets")
	}
	// The traps of nets.md, by the synsets of WordNet 3.0.
	for i, want := range map[int]models.Class{
		0:   {Synset: "n01440764", English: "tench", Chinese: "丁鲷"},
		134: {Synset: "n02012849", English: "crane bird", Chinese: "鹤"},
		517: {Synset: "n03126707", English: "crane", Chinese: "起重机"},
		638: {Synset: "n03710637", English: "maillot", Chinese: "连体紧身衣"},
		639: {Synset: "n03710721", English: "maillot tank suit", Chinese: "连体泳衣"},
		967: {Synset: "n07920052", English: "espresso", Chinese: "浓缩咖啡"},
		999: {Synset: "n15075141", English: "toilet tissue", Chinese: "卫生纸"},
	} {
		if classes[i] != want {
			t.Errorf("%d: %+v, want %+v", i, classes[i], want)
		}
	}
	if labels[264] != "Cardigan (n02113186)" || labels[474] != "cardigan (n02963159)" {
		t.Errorf("%q, %q", labels[264], labels[474])
	}
}
