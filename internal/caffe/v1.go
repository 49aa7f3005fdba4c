package caffe

import "vizserver/internal/caffe/caffepb"

// v1Types are the numbers of V1LayerParameter.LayerType with the names that the layers have
// had since.
var v1Types = map[int32]string{
	1: "Accuracy", 2: "BNLL", 3: "Concat", 4: "Convolution", 5: "Data", 6: "Dropout", 7: "EuclideanLoss",
	8: "Flatten", 9: "HDF5Data", 10: "HDF5Output", 11: "Im2col", 12: "ImageData", 13: "InfogainLoss",
	14: "InnerProduct", 15: "LRN", 16: "MultinomialLogisticLoss", 17: "Pooling", 18: "ReLU", 19: "Sigmoid",
	20: "Softmax", 21: "SoftmaxWithLoss", 22: "Split", 23: "TanH", 24: "WindowData", 25: "Eltwise", 26: "Power",
	27: "SigmoidCrossEntropyLoss", 28: "HingeLoss", 29: "MemoryData", 30: "ArgMax", 31: "Threshold",
	32: "DummyData", 33: "Slice", 34: "MVN", 35: "AbsVal", 36: "Silence", 37: "ContrastiveLoss", 38: "Exp",
	39: "Deconvolution",
}

// upgrade writes a layer of the older form in the newer one, as Caffe's UpgradeV1LayerParameter
// does. Blobs and settings are shared, not copied. The type of an unknown number is "".
func upgrade(v *caffepb.V1LayerParameter) *caffepb.LayerParameter {
	name, kind := v.GetName(), v1Types[v.GetType()]
	return &caffepb.LayerParameter{
		Name: &name, Type: &kind, Bottom: v.Bottom, Top: v.Top, Blobs: v.Blobs,
		Include: v.Include, Exclude: v.Exclude, TransformParam: v.TransformParam,
		ConcatParam: v.ConcatParam, ConvolutionParam: v.ConvolutionParam, DataParam: v.DataParam,
		DummyDataParam: v.DummyDataParam, EltwiseParam: v.EltwiseParam, ExpParam: v.ExpParam,
		ImageDataParam: v.ImageDataParam, InnerProductParam: v.InnerProductParam, LrnParam: v.LrnParam,
		MemoryDataParam: v.MemoryDataParam, PoolingParam: v.PoolingParam, PowerParam: v.PowerParam,
		ReluParam: v.ReluParam, SoftmaxParam: v.SoftmaxParam, SliceParam: v.SliceParam,
	}
}
