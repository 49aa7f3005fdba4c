package modelfile

import (
	"errors"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// Kind is that of the cause. A size that an operator refuses is Invalid where a caller chose it;
// here the file did, and nothing that the caller gave is wrong.
func (e *problem) Kind() fault.Kind {
	if _, ok := errors.AsType[*nn.ShapeError](e.err); ok {
		return fault.Unprocessable
	}
	return fault.KindOf(e.err)
}

// UserHint is that of the cause, or what helps with most files of its kind.
func (e *problem) UserHint() string {
	if h := fault.Hint(e.err); h != "" {
		return h
	}
	switch e.Kind() {
	case fault.Unprocessable:
		return "the file is damaged, or was made by a faulty program: copy or download it again, or export the model again"
	case fault.TooLarge:
		return "this is far above the sizes of real nets: the file is damaged, or asks for more than this program runs"
	case fault.Unsupported:
		return "build the model of other layers, or export it as ONNX: torch.onnx.export(model, example, \"model.onnx\")"
	case fault.Invalid:
		return "the sizes and names that you give must agree with those of the file"
	default:
		return ""
	}
}
