package trace

import (
	"bytes"
	"errors"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Messages from a viewer are JSON objects with a "type". Decoding is strict: a duplicate,
// unknown, missing or mistyped member is an error. What a message means for the net at
// hand (does it have such a layer?) is checked by the session.
type (
	// hello is the first message: who the viewer is and what it wants to see.
	hello struct {
		Type    string `json:"type"`
		Version int    `json:"version"`
		Model   string `json:"model"`
		Lang    string `json:"lang,omitzero"`
	}
	// selectModel changes the net and keeps the drawing.
	selectModel struct {
		Type  string `json:"type"`
		Model string `json:"model"`
	}
	// subscribe says which layers are in view; null means all.
	subscribe struct {
		Type   string `json:"type"`
		Layers *[]int `json:"layers"`
		Level  int    `json:"level"`
	}
	// ack says that the viewer has drawn a run: it gives back one credit.
	ack struct {
		Type string `json:"type"`
		Run  uint32 `json:"run"`
	}
	// setEdits replaces the list of edits.
	setEdits struct {
		Type  string `json:"type"`
		Edits []edit `json:"edits"`
	}
	edit struct {
		Layer   int     `json:"layer"`
		Channel int     `json:"channel"`
		Scale   float32 `json:"scale"`
	}
	// askUnit asks for the arithmetic of one unit of the last finished run. Run is what
	// the viewer looks at; the reply says which run it is about.
	askUnit struct {
		Type    string `json:"type"`
		ID      uint32 `json:"id"`
		Layer   int    `json:"layer"`
		Channel int    `json:"channel"`
		Y       int    `json:"y"`
		X       int    `json:"x"`
		Run     uint32 `json:"run,omitzero"`
	}
	// askExpand asks for the exact values of a patch of one feature map.
	askExpand struct {
		Type    string `json:"type"`
		ID      uint32 `json:"id"`
		Layer   int    `json:"layer"`
		Channel int    `json:"channel"`
		Y       int    `json:"y"`
		X       int    `json:"x"`
		H       int    `json:"h"`
		W       int    `json:"w"`
	}
)

// message is one of the types above.
type message interface{ validate() error }

// messageTypes is the table of what a viewer may say.
var messageTypes = map[string]struct {
	required []string
	decode   func([]byte) (message, error)
}{
	"hello":  {[]string{"version", "model"}, decodeAs[hello]},
	"model":  {[]string{"model"}, decodeAs[selectModel]},
	"sub":    {[]string{"layers"}, decodeAs[subscribe]},
	"ack":    {[]string{"run"}, decodeAs[ack]},
	"edit":   {[]string{"edits"}, decodeAs[setEdits]},
	"unit":   {[]string{"id", "layer", "channel", "y", "x"}, decodeAs[askUnit]},
	"expand": {[]string{"id", "layer", "channel", "y", "x", "h", "w"}, decodeAs[askExpand]},
}

// decodeMessage reads one JSON message of at most maxBytes. Errors are *[Error] and never
// of kind Internal.
func decodeMessage(b []byte, maxBytes int) (message, error) {
	if len(b) > maxBytes {
		return nil, tooLarge("message_size", "the message has %d bytes; the limit is %d", len(b), maxBytes)
	}
	var members map[string]jsontext.Value
	if err := json.Unmarshal(b, &members); err != nil {
		return nil, explainJSON(err)
	}
	var kind string
	if err := json.Unmarshal(members["type"], &kind); err != nil || kind == "" {
		return nil, badMessage("message_type", `the message has no "type"`)
	}
	t, ok := messageTypes[kind]
	if !ok {
		return nil, wrongVersion("message_type", "unknown type of message %q", cut(kind, maxModelName))
	}
	for _, name := range t.required {
		if _, ok := members[name]; !ok {
			return nil, badMessage("message_member", "the %q message lacks %q", kind, name)
		}
	}
	return t.decode(b)
}

func decodeAs[T message](b []byte) (message, error) {
	var m T
	if err := json.Unmarshal(b, &m, json.RejectUnknownMembers(true)); err != nil {
		return nil, explainJSON(err)
	}
	if err := m.validate(); err != nil {
		return nil, err
	}
	return m, nil
}

// explainJSON puts an error of the JSON package into words for a viewer, without Go types.
func explainJSON(err error) error {
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return badMessage("message_member", "a member stands twice at %q", cut(string(syntax.JSONPointer), maxModelName))
		}
		return badMessage("message_json", "the message is not valid JSON at byte %d", syntax.ByteOffset)
	}
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		where := cut(string(semantic.JSONPointer), maxModelName)
		if errors.Is(err, json.ErrUnknownName) {
			return badMessage("message_member", "unknown member %q", where)
		}
		return badMessage("message_value", "the value at %q has the wrong type or range", where)
	}
	return badMessage("message_json", "the message is not valid JSON")
}

// cut shortens a viewer's string to n bytes, at the border of a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return string(bytes.ToValidUTF8([]byte(s[:n]), nil)) + "…"
}

func (m hello) validate() error {
	if m.Version != FrameVersion {
		return wrongVersion("version", "the page speaks version %d, this server version %d", m.Version, FrameVersion)
	}
	if len(m.Lang) > maxLang {
		return tooLarge("message_value", "the language tag has %d bytes; the limit is %d", len(m.Lang), maxLang)
	}
	return checkModelName(m.Model)
}

func (m selectModel) validate() error { return checkModelName(m.Model) }

func checkModelName(name string) error {
	if len(name) > maxModelName {
		return tooLarge("message_value", "the model's name has %d bytes; the limit is %d", len(name), maxModelName)
	}
	return nil
}

func (m subscribe) validate() error {
	if m.Level < 0 || m.Level > maxLevel {
		return badMessage("message_value", "level %d is not between 0 and %d", m.Level, maxLevel)
	}
	return nil
}

func (ack) validate() error { return nil }

func (m setEdits) validate() error {
	if m.Edits == nil {
		return badMessage("message_value", `"edits" is null; send [] to clear them`)
	}
	if i := slices.IndexFunc(m.Edits, func(e edit) bool { return !finite(e.Scale) }); i >= 0 {
		return badMessage("message_value", "the scale of edit %d is not a finite number", i)
	}
	return nil
}

func (askUnit) validate() error { return nil }

func (askExpand) validate() error { return nil }
