package modelfile

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"vizserver/internal/fault"
)

// Bounds of a file of labels: ImageNet-21k has 21,843 classes.
const (
	maxLabelBytes = 4 << 20
	maxLabels     = 100_000
	maxLabel      = 200 // letters; a longer one is cut
)

// ReadLabels reads the names of classes in the order of the outputs. It takes
//
//	text    one name a line; a blank line at the end does not count
//	JSON    ["cat", "dog"]; or {"0": "cat", "1": "dog"}, all numbers from 0 on; or Keras'
//	        {"0": ["n02123045", "tabby"]}, where the last one is the name
//	CSV     with a head that names a column label, name, class or class_name: that one;
//	        without, where the first column counts from 0 or from 1: the second
//
// Lines with commas that are neither are text: "tench, Tinca tinca" is one name.
// Names are cut at 200 letters, and signs that do not print are left out. The error is of kind
// fault.TooLarge or fault.Unprocessable and names the line or the class.
func ReadLabels(r io.Reader) ([]string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxLabelBytes+1))
	if err != nil {
		return nil, fault.New(fault.Unprocessable, "the labels cannot be read").WithCause(err)
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	switch {
	case len(b) > maxLabelBytes:
		return nil, fault.New(fault.TooLarge, "the labels have more than the limit of %d MiB", maxLabelBytes>>20)
	case !utf8.Valid(b):
		return nil, badLabels("they are not UTF-8")
	}
	var labels []string
	text := bytes.TrimSpace(b)
	switch {
	case len(text) == 0:
		return nil, badLabels("there are none")
	case text[0] == '[' || text[0] == '{':
		labels, err = jsonLabels(text)
	default:
		labels = lineLabels(string(text))
	}
	if err != nil {
		return nil, err
	}
	if len(labels) > maxLabels {
		return nil, fault.New(fault.TooLarge, "there are %d labels, at most %d are read", len(labels), maxLabels)
	}
	for i, l := range labels {
		if labels[i] = printable(l); labels[i] == "" {
			return nil, badLabels("class %d has no name", i)
		}
	}
	return labels, nil
}

func badLabels(format string, args ...any) *fault.Error {
	return fault.New(fault.Unprocessable, "the labels cannot be used: "+format, args...).
		WithHint("write one name a line, in the order of the classes")
}

// printable leaves out what a screen must not be given, and cuts.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > maxLabel {
		s = string(r[:maxLabel])
	}
	return strings.TrimSpace(s)
}

// jsonLabels reads an array, or an object by its numbers.
func jsonLabels(b []byte) ([]string, error) {
	var list []json.RawMessage
	if b[0] == '{' {
		var m map[string]json.RawMessage
		if err := json.Unmarshal(b, &m); err != nil {
			return nil, badLabels("%v", err)
		}
		list = make([]json.RawMessage, len(m))
		for key, v := range m {
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(m) || list[i] != nil {
				return nil, badLabels("the object has the key %.40q among %d", key, len(m))
			}
			list[i] = v
		}
	} else if err := json.Unmarshal(b, &list); err != nil {
		return nil, badLabels("%v", err)
	}
	labels := make([]string, len(list))
	for i, v := range list {
		var one string
		var several []string
		switch {
		case json.Unmarshal(v, &one) == nil:
			labels[i] = one
		case json.Unmarshal(v, &several) == nil && len(several) > 0:
			labels[i] = several[len(several)-1]
		default:
			return nil, badLabels("class %d is not a text", i)
		}
	}
	return labels, nil
}

// lineLabels reads a table, or lines.
func lineLabels(text string) []string {
	rows, err := csvRows(text)
	if err == nil && len(rows) > 1 && len(rows[0]) > 1 {
		if labels := csvLabels(rows); labels != nil {
			return labels
		}
	}
	return strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
}

// csvRows reads a table whose rows are all as long.
func csvRows(text string) ([][]string, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.TrimLeadingSpace = true
	var rows [][]string
	for len(rows) <= maxLabels {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return nil, fmt.Errorf("more than %d rows", maxLabels)
}

// csvLabels finds the column of the names; nil where nothing says which it is.
func csvLabels(rows [][]string) []string {
	column := -1
	for i, word := range rows[0] {
		switch strings.ToLower(strings.TrimSpace(word)) {
		case "label", "name", "class", "class_name":
			column = i
		}
	}
	if column >= 0 {
		rows = rows[1:]
	} else if column = 1; !counts(rows) {
		return nil
	}
	labels := make([]string, len(rows))
	for i, row := range rows {
		labels[i] = row[column]
	}
	return labels
}

// counts says whether the first column is 0, 1, 2, … or 1, 2, 3, ….
func counts(rows [][]string) bool {
	first, err := strconv.Atoi(strings.TrimSpace(rows[0][0]))
	if err != nil || first != 0 && first != 1 {
		return false
	}
	for i, row := range rows {
		if n, err := strconv.Atoi(strings.TrimSpace(row[0])); err != nil || n != first+i {
			return false
		}
	}
	return true
}
