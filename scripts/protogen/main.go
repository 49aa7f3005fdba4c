// Command protogen makes the Go code of one .proto file, without protoc: protocompile reads the
// file, and protoc-gen-go (a tool of go.mod) writes the code beside it.
//
//	//go:generate go run vizserver/scripts/protogen onnx.proto
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: protogen FILE.proto, in the file's folder")
		os.Exit(2)
	}
	if err := generate(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "protogen:", err)
		os.Exit(1)
	}
}

// generate compiles file and writes what the generator answers.
func generate(ctx context.Context, file string) error {
	c := protocompile.Compiler{
		Resolver:       &protocompile.SourceResolver{},
		SourceInfoMode: protocompile.SourceInfoStandard, // the comments become doc comments
	}
	files, err := c.Compile(ctx, file)
	if err != nil {
		return fmt.Errorf("compile: %w", err)
	}
	request, err := proto.Marshal(&pluginpb.CodeGeneratorRequest{
		FileToGenerate: []string{file},
		Parameter:      new("paths=source_relative"),
		ProtoFile:      []*descriptorpb.FileDescriptorProto{protoutil.ProtoFromFileDescriptor(files[0])},
	})
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	answer, err := plugin(ctx, request)
	if err != nil {
		return err
	}
	for _, f := range answer.GetFile() {
		if err := os.WriteFile(f.GetName(), []byte(f.GetContent()), 0o644); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	return nil
}

// plugin runs protoc-gen-go as protoc would: the request on its input, the answer on its output.
func plugin(ctx context.Context, request []byte) (*pluginpb.CodeGeneratorResponse, error) {
	cmd := exec.CommandContext(ctx, "go", "tool", "protoc-gen-go")
	var out, diag bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(request), &out, &diag
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("protoc-gen-go: %w: %s", err, strings.TrimSpace(diag.String()))
	}
	answer := &pluginpb.CodeGeneratorResponse{}
	if err := proto.Unmarshal(out.Bytes(), answer); err != nil {
		return nil, fmt.Errorf("decode the answer: %w", err)
	}
	if answer.Error != nil {
		return nil, fmt.Errorf("protoc-gen-go: %s", answer.GetError())
	}
	return answer, nil
}
