package weights_test

import (
	"bytes"
	"fmt"

	"vizserver/internal/weights"
)

func Example() {
	kernel := weights.NewFloat32("c1.weight", []int{1, 1, 2, 3}, []float32{1, 0, -1, 2, 0, -2})
	bias := weights.NewFloat32("c1.bias", []int{1}, []float32{0.5})
	var file bytes.Buffer
	if err := weights.Write(&file, []weights.Tensor{kernel, bias}, map[string]string{"model": "edge"}); err != nil {
		fmt.Println(err)
		return
	}
	f, err := weights.Read(file.Bytes())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range f.Tensors {
		fmt.Println(t.Name, t.Dtype, t.Shape, t.Float32())
	}
	fmt.Println(f.Metadata["model"])

	_, err = weights.Read(file.Bytes()[:100])
	fmt.Println(err)
	// Output:
	// c1.bias F32 [1] [0.5]
	// c1.weight F32 [1 1 2 3] [1 0 -1 2 0 -2]
	// edge
	// safetensors: it claims a header of 160 bytes and has 92 (rule: the header lies within the file)
}
