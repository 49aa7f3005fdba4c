package pth

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"vizserver/internal/fault"
)

const (
	hintSave    = `in PyTorch, save the weights alone: torch.save(model.state_dict(), "model.pth")`
	hintAgain   = `in PyTorch, load it and save again with torch.save(model.state_dict(), "model.pth")`
	hintDamaged = "copy or download the file again, and compare its size and checksum with those of its source"
)

// damaged is a file that breaks a rule of its format.
func damaged(format string, args ...any) *fault.Error {
	return fault.New(fault.Unprocessable, "this checkpoint is damaged: "+format, args...).WithHint("%s", hintDamaged)
}

// refused is a file that is whole, but not what we read.
func refused(format string, args ...any) *fault.Error {
	return fault.New(fault.Unprocessable, format, args...).WithHint("%s", hintSave)
}

// runsCode is a file whose reading, in Python, would run code of its choice.
func runsCode(name string) *fault.Error {
	return fault.New(fault.Unprocessable, "this checkpoint asks to run code: `%s`; refused", show(name)).
		WithHint("Do not open it in Python either, unless you trust who made it. If you do: load it there, and save the weights alone with torch.save(model.state_dict(), \"model.pth\").")
}

// show is a name from a file, fit for a message: cut at 120 runes, without what a terminal obeys.
func show(name string) string {
	if utf8.RuneCountInString(name) > 120 {
		name = string([]rune(name)[:119]) + "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, name)
}
