package modelfile_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/modelfile"
)

func TestReadLabels(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"lines":             {"cat\ndog\r\nfox\n\n", []string{"cat", "dog", "fox"}},
		"one":               {"cat", []string{"cat"}},
		"mark of UTF-8":     {"\ufeffcat\ndog", []string{"cat", "dog"}},
		"commas in names":   {"tench, Tinca tinca\ngoldfish, Carassius auratus", []string{"tench, Tinca tinca", "goldfish, Carassius auratus"}},
		"JSON array":        {` ["cat", "dog"] `, []string{"cat", "dog"}},
		"JSON object":       {`{"1": "dog", "0": "cat"}`, []string{"cat", "dog"}},
		"Keras":             {`{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}`, []string{"tench", "goldfish"}},
		"CSV with a head":   {"id,label,colour\n7,cat,red\n3,\"dog, old\",blue\n", []string{"cat", "dog, old"}},
		"CSV that counts":   {"0,cat,x\n1,dog,y\n", []string{"cat", "dog"}},
		"CSV from 1":        {"1,cat\n2,dog\n", []string{"cat", "dog"}},
		"Chinese":           {"猫\n狗", []string{"猫", "狗"}},
		"what is not shown": {"c\x00a\u202et\x1b\n<b>", []string{"cat", "<b>"}},
		"long":              {strings.Repeat("é", 300), []string{strings.Repeat("é", 200)}},
	} {
		got, err := modelfile.ReadLabels(strings.NewReader(c.in))
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

func TestReadLabelsRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   string
		kind fault.Kind
		part string
	}{
		"empty":           {" \n ", fault.Unprocessable, "there are none"},
		"a blank between": {"cat\n\ndog", fault.Unprocessable, "class 1 has no name"},
		"not text":        {"\xff\xfe", fault.Unprocessable, "UTF-8"},
		"numbers":         {"[1, 2]", fault.Unprocessable, "class 0 is not a text"},
		"broken JSON":     {`["cat"`, fault.Unprocessable, "unexpected end"},
		"a hole":          {`{"0": "cat", "2": "dog"}`, fault.Unprocessable, `key "2" among 2`},
		"same number":     {`{"0": "cat", "00": "dog"}`, fault.Unprocessable, "key"},
		"too long":        {strings.Repeat("x", 5<<20), fault.TooLarge, "4 MiB"},
		"too many":        {strings.Repeat("x\n", 100_001), fault.TooLarge, "100001 labels"},
		"null":            {`{"0": null}`, fault.Unprocessable, "class 0"},
	} {
		_, err := modelfile.ReadLabels(strings.NewReader(c.in))
		if err == nil || fault.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.part) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzReadLabels: names that can be shown, or an error that is not ours.
func FuzzReadLabels(f *testing.F) {
	for _, s := range []string{"cat\ndog", `["a","b"]`, `{"1":"b","0":["x","a"]}`, "id,label\n1,a", "0,a\n1,b", "\xff", "{", "\ufeff[]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		labels, err := modelfile.ReadLabels(bytes.NewReader(b))
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				t.Errorf("a bad file of labels is not our fault: %v", err)
			}
			return
		}
		for i, l := range labels {
			if l == "" || len([]rune(l)) > 200 || strings.ContainsAny(l, "\n\x00\u202e") {
				t.Errorf("class %d is %q", i, l)
			}
		}
		again, err := modelfile.ReadLabels(strings.NewReader(strings.Join(labels, "\n")))
		if err == nil && len(again) > len(labels) {
			t.Errorf("%d names became %d", len(labels), len(again))
		}
	})
}
