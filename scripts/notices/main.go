// Command notices writes THIRD_PARTY_NOTICES.md to standard output: what is
// shipped inside the program and was made by others, with licence and copyright.
// The Go modules are those that ./cmd/vizserver links on Linux, macOS or Windows;
// fonts, data and weights stand in intro.md beside this file.
//
//	go run ./scripts/notices > THIRD_PARTY_NOTICES.md
package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

//go:embed intro.md
var intro string

type module struct {
	Path, Version, Dir string
	Main               bool
}

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	modules, err := linked(ctx)
	if err != nil {
		return err
	}
	var table, texts strings.Builder
	for _, m := range modules {
		name, text, err := licence(m.Dir)
		if err != nil {
			return fmt.Errorf("%s: %w", m.Path, err)
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", m.Path, m.Version, name)
		fmt.Fprintf(&texts, "\n### %s\n\n```text\n%s\n```\n", m.Path, text)
	}
	_, err = fmt.Fprintf(out, "%s\n## Go modules\n\n| Module | Version | Licence |\n| --- | --- | --- |\n%s\n## Texts of the licences of the Go modules\n%s",
		intro, table.String(), texts.String())
	return err
}

// linked lists the modules of the program's packages, on every system it is built for.
func linked(ctx context.Context) ([]module, error) {
	var all []module
	for _, system := range []string{"linux", "darwin", "windows"} {
		cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-json=Module", "./cmd/vizserver")
		cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		b, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("go list for %s: %w", system, err)
		}
		dec := json.NewDecoder(bytes.NewReader(b))
		for {
			var p struct{ Module *module }
			if err := dec.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, err
			}
			if p.Module != nil && !p.Module.Main {
				all = append(all, *p.Module)
			}
		}
	}
	slices.SortFunc(all, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return slices.CompactFunc(all, func(a, b module) bool { return a.Path == b.Path }), nil
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice)([.-].*)?$`)

// licence reads the licence files of a module; the longest names the licence.
func licence(dir string) (name, text string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", "", err
	}
	var parts []string
	for _, e := range entries {
		if e.IsDir() || !licenceFile.MatchString(e.Name()) {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", "", err
		}
		parts = append(parts, strings.TrimSpace(strings.ReplaceAll(string(b), "\r\n", "\n")))
	}
	if len(parts) == 0 {
		return "", "", errors.New("no licence file")
	}
	text = strings.Join(parts, "\n\n")
	name = kind(text)
	if name == "Apache-2.0" { // its text stands once, in LICENSE
		text = short(parts)
	}
	return name, text, nil
}

// kind names a licence by its words.
func kind(text string) string {
	flat := strings.Join(strings.Fields(text), " ")
	switch {
	case strings.Contains(flat, "Apache License Version 2.0") || strings.Contains(flat, "Apache License, Version 2.0"):
		return "Apache-2.0"
	case strings.Contains(flat, "Permission is hereby granted, free of charge"):
		return "MIT"
	case strings.Contains(flat, "Redistribution and use in source and binary forms"):
		if strings.Contains(flat, "Neither the name") || strings.Contains(flat, "may be used to endorse") {
			return "BSD-3-Clause"
		}
		return "BSD-2-Clause"
	case strings.Contains(flat, "This is free and unencumbered software"):
		return "Unlicense"
	}
	return "see the text below"
}

// short leaves of an Apache licence what is not its common text: notices, and
// other licences beside it.
func short(parts []string) string {
	var rest []string
	for _, p := range parts {
		if i := strings.Index(p, "END OF TERMS AND CONDITIONS"); strings.Contains(p, "Apache License") && i >= 0 {
			p = "Apache License, Version 2.0: the text stands in LICENSE.\n" + strings.TrimSpace(after(p[i:]))
		}
		rest = append(rest, strings.TrimSpace(p))
	}
	return strings.Join(rest, "\n\n")
}

// after drops the appendix on how to apply the licence, which every copy has.
func after(tail string) string {
	tail = strings.TrimPrefix(tail, "END OF TERMS AND CONDITIONS")
	if i := strings.Index(tail, "limitations under the License."); i >= 0 {
		return tail[i+len("limitations under the License."):]
	}
	return tail
}
