package bundle

import (
	"errors"
	"math"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// Key is the name in __metadata__ under which the model lies.
const Key = "vizserver"

// version of the JSON that this package writes. It is raised when an older reader would
// misread a file.
const version = 1

// Info is what a bundle says of its origin. Either may be empty.
type Info struct {
	Source  string // where the weights come from
	Licence string
}

// header is the JSON.
type header struct {
	Version int            `json:"version"`
	Name    string         `json:"name"`
	Title   string         `json:"title,omitzero"`
	Graph   graph          `json:"graph"`
	Labels  []string       `json:"labels,omitzero"`
	Photo   *nn.ImagePre   `json:"photo,omitzero"` // preprocessing of photos
	Greys   *nn.Preprocess `json:"greys,omitzero"` // preprocessing of greys
	Head    nn.Head        `json:"head,omitzero"`
	Source  string         `json:"source,omitzero"`
	Licence string         `json:"licence,omitzero"`
}

type graph struct {
	Name   string  `json:"name"`
	Input  input   `json:"input"`
	Nodes  []node  `json:"nodes"`
	Blocks []block `json:"blocks,omitzero"`
	Layers []int   `json:"layers,omitzero"`
}

type input struct {
	Name  string `json:"name"`
	Shape [4]int `json:"shape"` // N×C×H×W
}

type node struct {
	Name   string         `json:"name"`
	Op     string         `json:"op"`
	Attrs  jsontext.Value `json:"attrs,omitzero"`
	Inputs []string       `json:"inputs,omitzero"`
	Block  int            `json:"block,omitzero"`
}

type block struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Parent int    `json:"parent,omitzero"`
}

// types are the operators by the names of their types.
var types = func() map[string]reflect.Type {
	m := map[string]reflect.Type{}
	for _, o := range op.Table {
		t := reflect.TypeOf(o)
		m[t.Name()] = t
	}
	return m
}()

// Numbers that JSON does not have are written as these texts.
var beyond = map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}

func writeFloat[F float32 | float64](e *jsontext.Encoder, f F) error {
	switch v := float64(f); {
	case math.IsNaN(v):
		return e.WriteToken(jsontext.String("NaN"))
	case math.IsInf(v, 0):
		return e.WriteToken(jsontext.String(map[bool]string{false: "Infinity", true: "-Infinity"}[v < 0]))
	}
	return errors.ErrUnsupported // the usual way
}

func readFloat[F float32 | float64](d *jsontext.Decoder, f *F) error {
	if d.PeekKind() != '"' {
		return errors.ErrUnsupported // the usual way
	}
	t, err := d.ReadToken()
	if err != nil {
		return err
	}
	v, ok := beyond[t.String()]
	if !ok {
		return errors.New("a number is a text")
	}
	*f = F(v)
	return nil
}

var encoding = json.JoinOptions(
	json.Deterministic(true),
	json.WithMarshalers(json.JoinMarshalers(
		json.MarshalToFunc(writeFloat[float64]), json.MarshalToFunc(writeFloat[float32]))),
)

var decoding = json.JoinOptions(
	json.RejectUnknownMembers(true),
	json.WithUnmarshalers(json.JoinUnmarshalers(
		json.UnmarshalFromFunc(readFloat[float64]), json.UnmarshalFromFunc(readFloat[float32]))),
)

// attrs writes the attributes of an operator that are not zero; nil where there are none.
func attrs(o nn.Op) (jsontext.Value, error) {
	b, err := json.Marshal(o, encoding, json.OmitZeroStructFields(true))
	if string(b) == "{}" {
		b = nil
	}
	return b, err
}

// operator makes the operator of a type with these attributes.
func operator(t reflect.Type, attrs jsontext.Value) (nn.Op, error) {
	o := reflect.New(t)
	if len(attrs) > 0 {
		if err := json.Unmarshal(attrs, o.Interface(), decoding); err != nil {
			return nil, err
		}
	}
	return o.Elem().Interface().(nn.Op), nil //nolint:forcetypeassert // op.Table holds values of these types as nn.Op
}
