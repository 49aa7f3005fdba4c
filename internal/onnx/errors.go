package onnx

import "vizserver/internal/fault"

// damaged is the error for a file that breaks the format's own rules.
func damaged(format string, args ...any) *fault.Error {
	return fault.New(fault.Unprocessable, format, args...).
		WithHint("the file is damaged or was made by a faulty program; onnx.checker.check_model (Python) shows the place")
}

// tooLarge is the error for a limit that is passed; the text names the limit.
func tooLarge(format string, args ...any) *fault.Error {
	return fault.New(fault.TooLarge, format, args...).
		WithHint("the limits are far above the nets that are known; see whether the file is the one that you mean")
}

// unsupported is the error for what the format allows and this program does not read.
func unsupported(format string, args ...any) error {
	return fault.New(fault.Unsupported, format, args...).
		WithHint("nets that classify images, exported for inference, can be read; README lists the operators")
}
