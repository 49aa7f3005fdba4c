package weights

import (
	"fmt"

	"vizserver/internal/fault"
)

// Rule is one thing that a safetensors file must fulfil.
type Rule uint8

// The rules, in the order in which they are looked at.
const (
	RuleFileSize   Rule = iota // 8 bytes at least
	RuleHeaderSize             // N within our limit
	RuleHeaderFits             // 8+N within the file
	RuleUTF8                   // header is UTF-8
	RuleBrace                  // header starts with '{', and only spaces follow its '}'
	RuleJSON                   // header is JSON of the expected form
	RuleUniqueKeys             // no name twice
	RuleMetadata               // __metadata__ maps strings to strings
	RuleDtype                  // dtype is known
	RuleShape                  // shape × size of dtype does not overflow
	RuleLength                 // data_offsets differ by shape × size of dtype
	RuleNoHole                 // tensors follow one another: no overlap, no hole
	RuleNoTrailer              // the last tensor ends the file
	RuleLimits                 // our own: number of tensors, rank, length of names
)

// rules holds the sentence of each rule. Two further properties are no rules but permissions, and
// tests hold them: tensors of rank 0 or without elements are legal, and so are NaN and ±Inf.
var rules = [...]string{
	RuleFileSize:   "a safetensors file has at least 8 bytes",
	RuleHeaderSize: "the header is at most 16 MiB",
	RuleHeaderFits: "the header lies within the file",
	RuleUTF8:       "the header is UTF-8",
	RuleBrace:      "the header starts with '{' and ends with '}' and spaces",
	RuleJSON:       "the header is a JSON object of tensors, each with dtype, shape and data_offsets",
	RuleUniqueKeys: "no name stands twice",
	RuleMetadata:   "__metadata__ holds strings only",
	RuleDtype:      "the dtype is a known one",
	RuleShape:      "the shape is a list of whole numbers whose product fits 64 bits",
	RuleLength:     "data_offsets span as many bytes as the shape needs",
	RuleNoHole:     "the tensors follow one another without overlap or hole",
	RuleNoTrailer:  "the last tensor ends where the file ends",
	RuleLimits:     "at most 65,536 tensors, 8 dimensions, names of 512 bytes",
}

// String is the rule as a sentence.
func (r Rule) String() string { return rules[r] }

// FormatError says which rule a file breaks, and where.
type FormatError struct {
	Rule   Rule
	Tensor string // name of the tensor, or empty for the file as a whole
	Detail string // what was seen
}

// Error names the tensor, what was seen, and the rule.
func (e *FormatError) Error() string {
	where := "safetensors"
	if e.Tensor != "" {
		where = fmt.Sprintf("safetensors: tensor %.80q", e.Tensor)
	}
	return fmt.Sprintf("%s: %s (rule: %s)", where, e.Detail, e.Rule)
}

// Kind says that the file is damaged, or larger than we read.
func (e *FormatError) Kind() fault.Kind {
	if e.Rule == RuleHeaderSize || e.Rule == RuleLimits {
		return fault.TooLarge
	}
	return fault.Unprocessable
}

// UserHint says what to do about a file that breaks a rule.
func (e *FormatError) UserHint() string {
	if e.Kind() == fault.TooLarge {
		return "the file is no model, or is damaged: the largest nets have about a thousand tensors"
	}
	return "copy or download the file again and compare its size with the source's; or save the weights again with the safetensors library"
}

func broken(r Rule, tensor, format string, args ...any) error {
	return &FormatError{Rule: r, Tensor: tensor, Detail: fmt.Sprintf(format, args...)}
}
