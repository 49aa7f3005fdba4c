// Command vizserver shows convolutional networks at work: it serves pages on
// which a person draws a digit and sees every unit answer, and does the same
// work on files from the command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"vizserver/internal/confine"
	"vizserver/internal/fault"
	"vizserver/internal/modelfile"
)

// cli is every command and flag. A flag beats the environment beats the default.
type cli struct {
	LogFormat string           `enum:"text,json" default:"text" env:"VIZ_LOG_FORMAT" help:"Form of the log on standard error: ${enum}."`
	LogLevel  slog.Level       `default:"info" env:"VIZ_LOG_LEVEL" help:"Least important line that is logged: debug, info, warn or error."`
	Version   kong.VersionFlag `short:"V" help:"Print the version and leave."`

	Serve    serveCmd    `cmd:"" default:"withargs" help:"Serve the pages (the default command)."`
	Models   modelsCmd   `cmd:"" help:"List the networks in this binary."`
	Show     showCmd     `cmd:"" help:"Print what a network is made of: blocks, shapes, parameters, cost."`
	Classify classifyCmd `cmd:"" help:"Say what is on pictures."`
	Trace    traceCmd    `cmd:"" help:"Write the activations of one run to a file."`
	Pull     pullCmd     `cmd:"" help:"Fetch official weights of networks of photos."`
	Import   importCmd   `cmd:"" help:"Register a model of your own from a file."`
	Export   exportCmd   `cmd:"" help:"Write a network as an ONNX file."`
	Train    trainEntry  `cmd:"" help:"Train a network on MNIST."`
	Bench    benchCmd    `cmd:"" help:"Measure how fast networks run here, alone or beside ONNX Runtime."`
	About    versionCmd  `cmd:"" name:"version" help:"Print the version, the commit and the Go release."`
}

// env is what a command works with.
type env struct {
	ctx    context.Context //nolint:containedctx // handed through kong, which has no other way
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	log    *slog.Logger
}

// trainEntry joins the trainer's command to the others.
type trainEntry struct {
	trainCmd `embed:""`
}

// Run implements the command.
func (c *trainEntry) Run(e *env) error { return c.run(e.ctx, e.stdout) }

const description = `Draw a digit and see every number that a network computes.

Start it and open the address that it prints; nothing else is needed. A flag beats
its variable in the environment, which beats the default.

Exit codes: 0 done, 1 our own fault, 2 wrong input, 3 above a limit, 4 not found,
5 not supported, 6 busy (a port in use), 80 wrong usage, 130 interrupted.`

func main() {
	confine.Main(modelfile.Jobs)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// exitInterrupted is a shell's code of a process that ended by SIGINT: 128 + 2.
const exitInterrupted = 130

// leave carries kong's exit code, after --help and --version, out of its depths.
type leave int

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case leave:
			code = int(cause)
		default:
			panic(cause)
		}
	}()
	var c cli
	parser, err := kong.New(&c, kong.Name("vizserver"), kong.Description(description),
		kong.Writers(stdout, stderr), kong.Exit(func(n int) { panic(leave(n)) }),
		kong.Vars{"version": versionLine()}, kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}))
	if err != nil {
		return report(stderr, err)
	}
	command, err := parser.Parse(args)
	if err != nil {
		return reportUsage(stderr, parser, args, err)
	}
	e := &env{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr, log: newLog(stderr, c.LogFormat, c.LogLevel)}
	err = command.Run(e)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		_, _ = fmt.Fprintln(stderr, "vizserver: interrupted")
		return exitInterrupted
	}
	return report(stderr, err)
}

// report says on one line what went wrong, on the next what to do, and returns
// the exit code of the kind.
func report(stderr io.Writer, err error) int {
	_, _ = fmt.Fprintf(stderr, "vizserver: %v\n", err)
	if hint := fault.Hint(err); hint != "" {
		_, _ = fmt.Fprintf(stderr, "  %s\n", hint)
	}
	return fault.KindOf(err).Exit()
}

// reportUsage does it for a command line that makes no sense.
func reportUsage(stderr io.Writer, parser *kong.Kong, args []string, err error) int {
	near, see := meant(parser, args), "vizserver"
	var wrong *kong.ParseError
	if errors.As(err, &wrong) && near == "" && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		see = usageOf(wrong.Context.Selected())
	}
	_, _ = fmt.Fprintf(stderr, "vizserver: %v%s\n  see: %s --help\n", err, near, see)
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	return fault.Invalid.Exit()
}

// usageOf names a command as it is typed; of one that its parent takes by default, the parent.
func usageOf(n *kong.Node) string {
	if n == nil {
		return "vizserver"
	}
	if n.Parent != nil && n.Parent.DefaultCmd == n {
		n = n.Parent
	}
	return n.FullPath()
}

// meant suggests a command where the first word is none: with a default
// command, kong takes the word for an argument and has no suggestion.
func meant(parser *kong.Kong, args []string) string {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return ""
	}
	var commands []string
	for _, node := range parser.Model.Children {
		if node.Name == args[0] {
			return ""
		}
		commands = append(commands, node.Name)
	}
	return fmt.Sprintf("; did you mean %q?", fault.Nearest(args[0], commands))
}

func newLog(w io.Writer, format string, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
