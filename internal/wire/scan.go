package wire

import (
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"vizserver/internal/fault"
)

// Limits bound what decoding a message may make. Zero allows none of a kind.
type Limits struct {
	// Depth is how deep messages may lie in each other; the outermost is 1.
	Depth int
	// Messages counts the messages of all types.
	Messages int
	// Values counts texts, byte strings and single numbers.
	Values int
	// Packed counts the numbers of variable length in packed lists, which grow up to eightfold.
	Packed int
	// Of bounds how often a field may stand in one message: "GraphProto.node". Others are only
	// bounded by the above.
	Of map[string]int
}

// Scan reads b as a message of type md without making anything of it. Fields that md does not
// have are skipped; they cost nothing if the decoder discards them too. The error is a
// *fault.Error: Unprocessable where b is damaged, TooLarge where a limit is passed.
func Scan(b []byte, md protoreflect.MessageDescriptor, l Limits) error {
	s := scanner{all: b, Limits: l}
	if p := md.ParentFile().Package(); p != "" {
		s.prefix = string(p) + "."
	}
	return s.message(b, md, 1)
}

type scanner struct {
	Limits
	all    []byte
	prefix string // the package and a point, in front of full names
}

// at is the byte of all at which part starts: parts are cut out of all by slicing, which keeps the
// end of the capacity.
func (s *scanner) at(part []byte) int { return cap(s.all) - cap(part) }

func (s *scanner) message(b []byte, md protoreflect.MessageDescriptor, depth int) error {
	if depth > s.Depth {
		return fault.New(fault.TooLarge, "messages lie more than %d deep in each other at byte %d", s.Depth, s.at(b))
	}
	if s.Messages--; s.Messages < 0 {
		return s.tooMany("parts", b)
	}
	var seen map[protowire.Number]int // of the fields with a bound; mostly there is none
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 || num > protowire.MaxValidNumber {
			return s.damaged(b)
		}
		value := b[n:]
		size := protowire.ConsumeFieldValue(num, typ, value)
		if size < 0 {
			return s.damaged(b)
		}
		b = value[size:]
		fd := md.Fields().ByNumber(num)
		if fd == nil {
			continue
		}
		if most, bounded := s.Of[s.name(fd)]; bounded {
			if seen == nil {
				seen = map[protowire.Number]int{}
			}
			if seen[num]++; seen[num] > most {
				return fault.New(fault.TooLarge, "%s stands more than %d times in one part of the file", s.name(fd), most)
			}
		}
		if err := s.field(value[:size], typ, fd, depth); err != nil {
			return err
		}
	}
	return nil
}

// field looks at one value of a known field.
func (s *scanner) field(value []byte, typ protowire.Type, fd protoreflect.FieldDescriptor, depth int) error {
	want := wireType(fd.Kind())
	packed := typ == protowire.BytesType && want != typ && fd.IsList()
	if typ != want && !packed {
		return fault.New(fault.Unprocessable, "byte %d: field %s has wire type %d, want %d", s.at(value), s.name(fd), typ, want)
	}
	if typ != protowire.BytesType {
		return s.count(value, 1)
	}
	content, _ := protowire.ConsumeBytes(value)
	switch {
	case fd.Kind() == protoreflect.MessageKind:
		return s.message(content, fd.Message(), depth+1)
	case packed:
		return s.list(content, want)
	}
	return s.count(value, 1)
}

func (s *scanner) count(at []byte, n int) error {
	if s.Values -= n; s.Values < 0 {
		return s.tooMany("values", at)
	}
	return nil
}

// list looks at the content of a packed list. Numbers of fixed size do not grow in decoding.
func (s *scanner) list(content []byte, typ protowire.Type) error {
	switch {
	case typ == protowire.Fixed32Type && len(content)%4 != 0, typ == protowire.Fixed64Type && len(content)%8 != 0:
		return fault.New(fault.Unprocessable, "byte %d: a list of numbers has %d bytes, which is not a whole number of them", s.at(content), len(content))
	case typ != protowire.VarintType:
		return nil
	}
	for _, c := range content {
		if c < 0x80 { // the last byte of a number
			s.Packed--
		}
	}
	if s.Packed < 0 {
		return s.tooMany("numbers in lists", content)
	}
	return nil
}

func (s *scanner) tooMany(what string, at []byte) error {
	return fault.New(fault.TooLarge, "the file has too many %s: the limit is passed at byte %d of %d", what, s.at(at), len(s.all))
}

// damaged says what is wrong with the field at the start of b: mostly, that the file ends in it.
func (s *scanner) damaged(b []byte) error {
	num, typ, n := protowire.ConsumeTag(b)
	if n >= 0 && typ == protowire.BytesType {
		if want, m := protowire.ConsumeVarint(b[n:]); m > 0 && want > uint64(len(b)-n-m) {
			return fault.New(fault.Unprocessable, "byte %d: field %d claims %d bytes and has %d", s.at(b), num, want, len(b)-n-m).
				WithHint("the file is damaged or was not copied whole")
		}
	}
	return fault.New(fault.Unprocessable, "byte %d of %d: no field of a protobuf message stands there", s.at(b), len(s.all)).
		WithHint("the file is damaged, was not copied whole, or has another format")
}

// name is the field's name with its message's: "GraphProto.node".
func (s *scanner) name(fd protoreflect.FieldDescriptor) string {
	return strings.TrimPrefix(string(fd.FullName()), s.prefix)
}

// wireType is how a single value of the kind is written.
func wireType(k protoreflect.Kind) protowire.Type {
	switch k {
	case protoreflect.FloatKind, protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind:
		return protowire.Fixed32Type
	case protoreflect.DoubleKind, protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		return protowire.Fixed64Type
	case protoreflect.MessageKind, protoreflect.StringKind, protoreflect.BytesKind:
		return protowire.BytesType
	case protoreflect.GroupKind:
		return protowire.StartGroupType
	default:
		return protowire.VarintType
	}
}
