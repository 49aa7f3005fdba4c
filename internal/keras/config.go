package keras

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"vizserver/internal/fault"
)

// Limits on a config.
const (
	maxLayers = 20_000 // calls of layers, those inside of nested models counted each time
	maxDepth  = 16     // models inside of models
	maxAttr   = 1 << 24
)

// object is a JSON object whose members are not parsed yet.
type object map[string]jsontext.Value

// layer is one layer of a config, or a model that is used as one.
type layer struct {
	class, name string
	module      string // of Keras, where the class is from; Keras 2 does not say it
	custom      string // the name under which a class that is not Keras's own was registered
	config      object
	calls       []call
	model       *model // set where the layer is a model
	where       place
	shared      int64 // what Keras 3 gives all mentions of one object, where there are several; else 0
}

// model is a Sequential or a Functional model.
type model struct {
	name            string
	layers          []layer
	inputs, outputs []ref
	sequential      bool
}

// rawLayer is a layer as JSON has it, in all versions of Keras.
type rawLayer struct {
	Module         string         `json:"module"`
	ClassName      string         `json:"class_name"`
	Config         jsontext.Value `json:"config"`
	RegisteredName string         `json:"registered_name"`
	Name           string         `json:"name"`
	InboundNodes   jsontext.Value `json:"inbound_nodes"`
	Shared         int64          `json:"shared_object_id"`
}

// parser reads a config, and counts what it has read.
type parser struct{ layers int }

// parseConfig reads the config of a whole model.
func parseConfig(text string) (*layer, error) {
	var raw rawLayer
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, badJSON(err)
	}
	p := &parser{}
	root, err := p.layer(&raw, 0)
	if err != nil {
		return nil, err
	}
	if root.model == nil {
		return nil, broken("the config is that of a %s and not of a model; only Sequential and Functional models are read", show(raw.ClassName)).
			WithHint("a subclassed model has no plan in its file: export it as ONNX, or rebuild it with the functional API")
	}
	return root, nil
}

// badJSON says where the config is no JSON.
func badJSON(err error) error {
	text := "the config of the model is not the JSON that Keras writes"
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		text += fmt.Sprintf(": fault at byte %d", e.ByteOffset)
	} else if e, ok := errors.AsType[*json.SemanticError](err); ok {
		text += fmt.Sprintf(": %s at %s", e.JSONKind, show(string(e.JSONPointer)))
	}
	return broken("%s", text).WithCause(err)
}

// layer reads one layer and, where it is a model, what is inside.
func (p *parser) layer(raw *rawLayer, depth int) (*layer, error) {
	if p.layers++; p.layers > maxLayers {
		return nil, fault.New(fault.TooLarge, "the model has more than %d layers", maxLayers)
	}
	l := &layer{class: raw.ClassName, module: raw.Module, name: raw.Name, custom: custom(raw), shared: raw.Shared}
	switch raw.ClassName {
	case "Sequential", "Functional", "Model":
		if depth == maxDepth {
			return nil, fault.New(fault.TooLarge, "models stand inside of models more than %d deep", maxDepth)
		}
		m, err := p.model(raw, depth)
		if err != nil {
			return nil, err
		}
		l.model = m
		if l.name == "" {
			l.name = m.name
		}
	default:
		if len(raw.Config) > 0 && raw.Config.Kind() == '{' {
			if err := json.Unmarshal(raw.Config, &l.config); err != nil {
				return nil, badJSON(err)
			}
		}
		if l.name == "" {
			l.name = l.str("name", "")
		}
	}
	calls, err := parseCalls(raw.InboundNodes)
	if err != nil {
		return nil, fmt.Errorf("layer %s: %w", show(l.name), err)
	}
	l.calls = calls
	return l, nil
}

// custom returns the name of a class that is not one of Keras's own; else "". Keras 3 writes a
// module and, of what a user made, a registered name; Keras 2 often neither.
func custom(raw *rawLayer) string {
	own := raw.Module == "keras" || raw.Module == "builtins" ||
		hasPrefix(raw.Module, "keras.", "tf_keras.", "tensorflow.keras.", "tensorflow.python.keras.")
	switch {
	case hasPrefix(raw.RegisteredName, "Custom>") || raw.RegisteredName != "" && !own:
		return raw.RegisteredName
	case raw.Module != "" && !own:
		return raw.Module + "." + raw.ClassName
	case hasPrefix(raw.ClassName, "Custom>"):
		return raw.ClassName
	}
	return ""
}

// model reads the layers of a model. Keras before 2.2.3 wrote those of a Sequential as a bare list.
func (p *parser) model(raw *rawLayer, depth int) (*model, error) {
	var c struct {
		Name    string         `json:"name"`
		Layers  []rawLayer     `json:"layers"`
		Inputs  jsontext.Value `json:"input_layers"`
		Outputs jsontext.Value `json:"output_layers"`
		Shape   jsontext.Value `json:"build_input_shape"`
	}
	var err error
	if raw.Config.Kind() == '[' {
		err = json.Unmarshal(raw.Config, &c.Layers)
	} else {
		err = json.Unmarshal(raw.Config, &c)
	}
	if err != nil {
		return nil, badJSON(err)
	}
	m := &model{name: c.Name, sequential: raw.ClassName == "Sequential"}
	for i := range c.Layers {
		l, err := p.layer(&c.Layers[i], depth+1)
		if err != nil {
			return nil, err
		}
		m.layers = append(m.layers, *l)
	}
	if m.sequential {
		return m, m.chain(c.Shape)
	}
	if m.inputs, err = parseRefs(c.Inputs); err != nil {
		return nil, err
	}
	m.outputs, err = parseRefs(c.Outputs)
	return m, err
}

// chain gives the layers of a Sequential model their calls, and an input where none is written.
func (m *model) chain(shape jsontext.Value) error {
	if len(m.layers) == 0 {
		return broken("the Sequential model %s has no layers", show(m.name))
	}
	if m.layers[0].class != "InputLayer" {
		first := layer{class: "InputLayer", name: m.layers[0].name + "_input", config: object{}}
		for _, s := range []jsontext.Value{m.layers[0].config["batch_input_shape"], m.layers[0].config["batch_shape"], shape} {
			if len(s) > 0 && s.Kind() == '[' {
				first.config["batch_shape"] = s
				break
			}
		}
		m.layers = append([]layer{first}, m.layers...)
	}
	for i := range m.layers {
		l := &m.layers[i]
		if l.name == "" {
			l.name = fmt.Sprintf("%s_%d", l.class, i)
		}
		l.calls = nil
		if i > 0 {
			l.calls = []call{{refs: []ref{{layer: m.layers[i-1].name}}}}
		}
	}
	m.inputs = []ref{{layer: m.layers[0].name}}
	m.outputs = []ref{{layer: m.layers[len(m.layers)-1].name}}
	return nil
}

// asInput says whether the model starts with an InputLayer of its own: Keras 2 then counts the
// call that made it.
func (m *model) asInput() bool {
	return !m.sequential || m.layers[0].class == "InputLayer"
}
