package wire_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"vizserver/internal/fault"
	"vizserver/internal/wire"
)

// The messages of descriptor.proto serve as an example: they nest (DescriptorProto.nested_type),
// and SourceCodeInfo.Location.path is a packed list.
var (
	nesting = (&descriptorpb.DescriptorProto{}).ProtoReflect().Descriptor()
	packing = (&descriptorpb.SourceCodeInfo_Location{}).ProtoReflect().Descriptor()
	option  = (&descriptorpb.UninterpretedOption{}).ProtoReflect().Descriptor()

	enough = wire.Limits{Depth: 10, Messages: 100, Values: 100, Packed: 100}
)

func nested(depth int) []byte {
	m := &descriptorpb.DescriptorProto{Name: new("innermost")}
	for range depth - 1 {
		m = &descriptorpb.DescriptorProto{NestedType: []*descriptorpb.DescriptorProto{m}}
	}
	b, _ := proto.Marshal(m)
	return b
}

func TestScan(t *testing.T) {
	t.Parallel()
	numbers, _ := proto.Marshal(&descriptorpb.SourceCodeInfo_Location{Path: []int32{1, 300, 70000}})
	double, _ := proto.Marshal(&descriptorpb.UninterpretedOption{DoubleValue: new(math.Pi), PositiveIntValue: new(uint64(7))})
	twice := nested(1)
	twice = append(twice, twice...)
	unknown := protowire.AppendBytes(protowire.AppendTag(nil, 1000, protowire.BytesType), nested(5))
	limited := func(change func(*wire.Limits)) wire.Limits {
		l := enough
		change(&l)
		return l
	}
	for _, tc := range []struct {
		name string
		in   []byte
		md   protoreflect.MessageDescriptor
		l    wire.Limits
		kind fault.Kind // Internal: no error
		text string
	}{
		{name: "empty", md: nesting, l: enough},
		{name: "nested", in: nested(10), md: nesting, l: enough},
		{name: "too deep", in: nested(11), md: nesting, l: enough, kind: fault.TooLarge, text: "10 deep"},
		{name: "packed list", in: numbers, md: packing, l: limited(func(l *wire.Limits) { l.Packed = 3 })},
		{name: "long list", in: numbers, md: packing, l: limited(func(l *wire.Limits) { l.Packed = 2 }), kind: fault.TooLarge, text: "numbers in lists"},
		{name: "fixed and varint", in: double, md: option, l: enough},
		{name: "too many values", in: double, md: option, l: limited(func(l *wire.Limits) { l.Values = 1 }), kind: fault.TooLarge, text: "values"},
		{name: "too many messages", in: nested(4), md: nesting, l: limited(func(l *wire.Limits) { l.Messages = 3 }), kind: fault.TooLarge, text: "parts"},
		{name: "too often", in: twice, md: nesting, l: limited(func(l *wire.Limits) { l.Of = map[string]int{"DescriptorProto.name": 1} }), kind: fault.TooLarge, text: "DescriptorProto.name"},
		{name: "unknown field", in: unknown, md: nesting, l: limited(func(l *wire.Limits) { l.Values, l.Messages = 0, 1 })},
		{name: "cut", in: nested(3)[:12], md: nesting, l: enough, kind: fault.Unprocessable, text: "byte 0: field 3 claims 13 bytes and has 10"},
		{name: "wire type", in: protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 5), md: nesting, l: enough, kind: fault.Unprocessable, text: "byte 1: field DescriptorProto.name has wire type 0, want 2"},
		{name: "end of group", in: []byte{0x0c}, md: nesting, l: enough, kind: fault.Unprocessable},
		{name: "field 0", in: []byte{0x02, 0x00}, md: nesting, l: enough, kind: fault.Unprocessable},
	} {
		err := wire.Scan(tc.in, tc.md, tc.l)
		if (err == nil) != (tc.kind == fault.Internal) || err != nil && fault.KindOf(err) != tc.kind {
			t.Errorf("%s: %v, want kind %v", tc.name, err, tc.kind)
			continue
		}
		if f, ok := errors.AsType[*fault.Error](err); ok && !strings.Contains(f.Text, tc.text) {
			t.Errorf("%s: %q does not say %q", tc.name, f.Text, tc.text)
		}
	}
}

// FuzzScan: what passes is decoded without an error, within the limits.
func FuzzScan(f *testing.F) {
	f.Add(nested(3))
	f.Fuzz(func(t *testing.T, b []byte) {
		err := wire.Scan(b, nesting, enough)
		switch {
		case err != nil && fault.KindOf(err) == fault.Internal:
			t.Errorf("bad bytes are not our fault: %v", err)
		case err == nil:
			m := &descriptorpb.DescriptorProto{}
			if err := (proto.UnmarshalOptions{AllowPartial: true}).Unmarshal(b, m); err != nil {
				t.Errorf("the scan passed, and decoding says: %v", err)
			}
		}
	})
}
