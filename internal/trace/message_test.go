package trace

import (
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"vizserver/internal/fault"
)

var goodMessages = map[string]message{
	`{"type":"hello","version":1,"model":"lenet5-1998"}`:                       hello{Type: "hello", Version: 1, Model: "lenet5-1998"},
	`{"lang":"zh","model":"","version":1,"type":"hello"}`:                      hello{Type: "hello", Version: 1, Lang: "zh"},
	`{"type":"model","model":"mlp-harley"}`:                                    selectModel{Type: "model", Model: "mlp-harley"},
	`{"type":"sub","layers":null}`:                                             subscribe{Type: "sub"},
	`{"type":"sub","layers":[3,1],"level":2}`:                                  subscribe{Type: "sub", Layers: &[]int{3, 1}, Level: 2},
	`{"type":"ack","run":4294967295}`:                                          ack{Type: "ack", Run: 4294967295},
	`{"type":"edit","edits":[]}`:                                               setEdits{Type: "edit", Edits: []edit{}},
	`{"type":"edit","edits":[{"layer":1,"channel":2,"scale":0.5}]}`:            setEdits{Type: "edit", Edits: []edit{{1, 2, 0.5}}},
	`{"type":"unit","id":9,"layer":3,"channel":5,"y":7,"x":2}`:                 askUnit{Type: "unit", ID: 9, Layer: 3, Channel: 5, Y: 7, X: 2},
	`{"type":"unit","id":9,"layer":-1,"channel":5,"y":7,"x":2,"run":11}`:       askUnit{Type: "unit", ID: 9, Layer: -1, Channel: 5, Y: 7, X: 2, Run: 11},
	`{"type":"expand","id":1,"layer":2,"channel":3,"y":4,"x":5,"h":6,"w":7}`:   askExpand{"expand", 1, 2, 3, 4, 5, 6, 7},
	"\n{ \"type\" : \"ack\" , \"run\" : 1 }\n":                                 ack{Type: "ack", Run: 1},
	`{"type":"expand","id":1,"layer":2,"channel":3,"y":-4,"x":5,"h":0,"w":-7}`: askExpand{"expand", 1, 2, 3, -4, 5, 0, -7},
}

var badMessages = map[string]struct{ in, code string }{
	"empty":             {"", "message_json"},
	"not JSON":          {"hello", "message_json"},
	"cut":               {`{"type":"ack","run":1`, "message_json"},
	"array":             {`[1]`, "message_value"},
	"null":              {`null`, "message_type"},
	"trailing":          {`{"type":"ack","run":1}{}`, "message_json"},
	"bad UTF-8":         {"{\"type\":\"\xff\"}", "message_json"},
	"no type":           {`{"run":1}`, "message_type"},
	"type a number":     {`{"type":1}`, "message_type"},
	"unknown type":      {`{"type":"exec"}`, "message_type"},
	"duplicate":         {`{"type":"ack","run":1,"run":2}`, "message_member"},
	"nested duplicate":  {`{"type":"edit","edits":[{"layer":1,"layer":2,"channel":0,"scale":0}]}`, "message_member"},
	"other case":        {`{"type":"ack","Run":1}`, "message_member"},
	"unknown member":    {`{"type":"ack","run":1,"x":2}`, "message_member"},
	"missing member":    {`{"type":"unit","id":9,"layer":3,"channel":5,"y":7}`, "message_member"},
	"negative run":      {`{"type":"ack","run":-1}`, "message_value"},
	"fraction":          {`{"type":"ack","run":1.5}`, "message_value"},
	"huge number":       {`{"type":"ack","run":1e400}`, "message_value"},
	"run too large":     {`{"type":"ack","run":4294967296}`, "message_value"},
	"string for number": {`{"type":"ack","run":"1"}`, "message_value"},
	"huge scale":        {`{"type":"edit","edits":[{"layer":1,"channel":0,"scale":1e39}]}`, "message_value"},
	"no edits":          {`{"type":"edit","edits":null}`, "message_value"},
	"wrong version":     {`{"type":"hello","version":2,"model":"x"}`, "version"},
	"negative level":    {`{"type":"sub","layers":[],"level":-1}`, "message_value"},
	"long name":         {`{"type":"model","model":"` + strings.Repeat("x", 65) + `"}`, "message_value"},
	"long language":     {`{"type":"hello","version":1,"model":"x","lang":"` + strings.Repeat("z", 17) + `"}`, "message_value"},
	"long":              {`{"type":"ack","run":1` + strings.Repeat(" ", 40000) + `}`, "message_size"},
	"deep":              {`{"type":` + strings.Repeat("[", 20000), "message_json"},
}

func TestDecodeMessage(t *testing.T) {
	for in, want := range goodMessages {
		got, err := decodeMessage([]byte(in), limits.TextBytes)
		if err != nil {
			t.Errorf("%s: %v", in, err)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", in, got, want)
		}
	}
}

func TestDecodeMessageRefuses(t *testing.T) {
	for name, c := range badMessages {
		t.Run(name, func(t *testing.T) {
			_, err := decodeMessage([]byte(c.in), limits.TextBytes)
			wantCode(t, err, c.code)
			for _, word := range []string{"Go ", "int", "struct", "trace.", "json:"} {
				if strings.Contains(err.Error(), word) {
					t.Errorf("the text shows our insides: %v", err)
				}
			}
		})
	}
}

func FuzzDecodeMessage(f *testing.F) {
	for in := range goodMessages {
		f.Add([]byte(in))
	}
	for _, c := range badMessages {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeMessage(b, limits.TextBytes)
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				t.Errorf("a bad message is not our fault: %v", err)
			}
			return
		}
		again, err := json.Marshal(m)
		if err != nil {
			t.Fatalf("%+v cannot be written: %v", m, err)
		}
		got, err := decodeMessage(again, 2*limits.TextBytes)
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%s became %+v (%v), not %+v", again, got, err, m)
		}
	})
}

func BenchmarkDecodeAck(b *testing.B) {
	in := []byte(`{"type":"ack","run":123456}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeMessage(in, limits.TextBytes); err != nil {
			b.Fatal(err)
		}
	}
}
