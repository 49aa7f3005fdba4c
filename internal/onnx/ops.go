package onnx

// importFunc turns one node into draft nodes and defines its outputs.
type importFunc func(im *importer, n *node, in []operand) error

// importers lists the operators of a run by their ONNX names. Operators on constants alone
// are folded before (see fold).
var importers = map[string]importFunc{
	// convolutions and fully connected layers
	"Conv": importConv, "ConvTranspose": importConvTranspose, "Gemm": importGemm, "MatMul": importMatMul,

	// pooling
	"MaxPool": importMaxPool, "AveragePool": importAvgPool, "LpPool": importLpPool,
	"GlobalAveragePool": importGlobalPool, "GlobalMaxPool": importGlobalPool, "GlobalLpPool": importGlobalPool,

	// normalisation
	"BatchNormalization": importBatchNorm, "InstanceNormalization": importInstanceNorm, "GroupNormalization": importGroupNorm,
	"LayerNormalization": importLayerNorm, "LRN": importLRN, "LpNormalization": importLpNorm,
	"MeanVarianceNormalization": importMeanVariance,

	// functions of one value
	"Relu": importFunction, "LeakyRelu": importFunction, "Elu": importFunction, "Selu": importFunction, "Celu": importFunction,
	"ThresholdedRelu": importFunction, "Sigmoid": importFunction, "HardSigmoid": importFunction, "HardSwish": importFunction,
	"Tanh": importFunction, "Gelu": importFunction, "Shrink": importFunction, "Swish": importFunction,
	"Erf": importUnary, "Exp": importUnary, "Log": importUnary, "Sqrt": importUnary, "Abs": importUnary, "Neg": importUnary,
	"Reciprocal": importUnary, "Floor": importUnary, "Ceil": importUnary, "Round": importUnary, "Sign": importUnary,
	"Softplus": importUnary, "Softsign": importUnary, "Mish": importUnary, "Sin": importUnary, "Cos": importUnary,
	"Tan": importUnary, "Asin": importUnary, "Acos": importUnary, "Atan": importUnary, "Sinh": importUnary,
	"Cosh": importUnary, "Asinh": importUnary, "Acosh": importUnary, "Atanh": importUnary,
	"Clip": importClip, "PRelu": importPRelu, "Softmax": importSoftmax, "LogSoftmax": importSoftmax,

	// of several values
	"Add": importBinary, "Sub": importBinary, "Mul": importBinary, "Div": importBinary, "Pow": importBinary,
	"Min": importVariadic, "Max": importVariadic, "Sum": importVariadic, "Mean": importVariadic,
	"Concat": importConcat,

	// reductions
	"ReduceMean": importReduce, "ReduceSum": importReduce, "ReduceMax": importReduce, "ReduceMin": importReduce,
	"ReduceProd": importReduce, "ReduceL1": importReduce, "ReduceL2": importReduce, "ReduceSumSquare": importReduce,
	"ReduceLogSum": importReduce, "ReduceLogSumExp": importReduce,

	// shapes
	"Reshape": importReshape, "Flatten": importFlatten, "Squeeze": importSqueeze, "Unsqueeze": importUnsqueeze,
	"Transpose": importTranspose, "Expand": importExpand, "Tile": importTile, "Slice": importSlice, "Split": importSplit,
	"Gather": importGather, "Pad": importPad, "DepthToSpace": importDepthToSpace, "SpaceToDepth": importSpaceToDepth,
	"Resize": importResize, "Upsample": importUpsample, "Shape": importShape, "Size": importSize,

	// nothing at inference
	"Identity": importIdentity, "Dropout": importDropout, "Cast": importCast, "CastLike": importCast,
}
