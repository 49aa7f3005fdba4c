package archtest

// allowed is the picture of ARCHITECTURE.md as a table: for each package of the
// module, the packages of the module that its non-test files may import. Arrows
// point down the list. Adding a package or an arrow is a design decision: say
// why in the commit.
var allowed = map[string][]string{
	"cmd/vizserver": {
		"internal/bench", "internal/bundle", "internal/confine", "internal/fault", "internal/imgio", "internal/mnist", "internal/modelfile",
		"internal/nn", "internal/nn/fast", "internal/nn/kernel", "internal/onnx", "internal/pull", "internal/server",
		"internal/train", "internal/weights", "internal/zoo", "models",
	},

	"internal/server": {
		"internal/fault", "internal/i18n", "internal/imgio", "internal/mnist", "internal/nn",
		"internal/trace", "internal/zoo", "models", "web", "web/templates",
	},
	"web":           {},
	"web/templates": {"internal/i18n"},

	// Siblings: server joins them; none imports another.
	"internal/trace":    {"internal/fault", "internal/nn", "internal/nn/kernel"}, // kernel: activations become bytes as fast as they are made
	"internal/cam":      {"internal/fault", "internal/nn", "internal/nn/op"},     // op: heads and rules are told by their operators
	"internal/zoo":      {"internal/fault", "internal/nn", "internal/nn/op", "internal/weights", "internal/zoo/seed", "models"},
	"internal/zoo/seed": {}, // numbers from names, also for the tests of internal/onnx
	"internal/train":    {"internal/fault", "internal/mnist", "internal/nn", "internal/nn/fast", "internal/nn/op", "internal/weights", "internal/zoo", "models"},

	// Nets from files: a reader for each format makes a draft; modelfile joins the readers.
	"internal/modelfile": {
		"internal/bundle", "internal/caffe", "internal/confine", "internal/draft", "internal/fault", "internal/keras", "internal/nn", "internal/nn/op",
		"internal/onnx", "internal/pth",
		"internal/weights", "internal/zoo",
	},
	"internal/onnx":          {"internal/draft", "internal/fault", "internal/nn", "internal/nn/op", "internal/onnx/onnxpb", "internal/weights", "internal/wire"},
	"internal/onnx/onnxpb":   {}, // generated from its .proto
	"internal/draft":         {"internal/fault", "internal/nn", "internal/nn/op"},
	"internal/bundle":        {"internal/draft", "internal/fault", "internal/nn", "internal/nn/op", "internal/weights"}, // draft checks graphs from files
	"internal/caffe":         {"internal/caffe/caffepb", "internal/draft", "internal/fault", "internal/nn", "internal/nn/op", "internal/wire"},
	"internal/caffe/caffepb": {}, // generated from its .proto
	"internal/keras":         {"internal/draft", "internal/fault", "internal/hdf5", "internal/nn", "internal/nn/op", "internal/weights"},
	"internal/hdf5":          {"internal/fault"}, // only in the child process: its library dies of bad files

	// Measures the engine, alone and beside ONNX Runtime, for which it writes the nets as ONNX.
	"internal/bench": {"internal/fault", "internal/nn", "internal/nn/fast", "internal/nn/kernel", "internal/onnx"},

	// Official weights: where they are, and how they get here. nn.ImagePre says how each wants its photos.
	"internal/pull": {"internal/fault", "internal/nn"},

	"internal/weights": {"internal/fault"},
	"internal/wire":    {"internal/fault"},                     // protobuf messages before they are decoded
	"internal/pth":     {"internal/fault", "internal/weights"}, // a checkpoint becomes a safetensors file
	"internal/confine": {"internal/fault"},                     // the child process that reads dangerous formats; main and modelfile use it
	"internal/imgio":   {"internal/fault", "internal/nn"},      // nn.ImagePre says how a net wants its photos
	"internal/mnist":   {"internal/fault"},
	"models":           {"internal/fault"},

	// The engine: a library that knows nothing of HTTP, logs, files or pages.
	"internal/nn/fast":       {"internal/nn", "internal/nn/kernel", "internal/nn/op"}, // a compiler; nn knows it as an interface
	"internal/nn/op":         {"internal/nn", "internal/nn/kernel"},
	"internal/nn":            {"internal/fault"},
	"internal/nn/kernel":     {},
	"internal/nn/kernel/gen": {}, // writes the assembly

	// Leaves, for any package.
	"internal/fault": {},
	"internal/i18n":  {},

	// Only for tests, and for the programs under scripts.
	"internal/archtest":  {},
	"internal/testutil":  {},
	"internal/nn/optest": {"internal/nn", "internal/nn/op", "internal/testutil", "internal/weights"},
	"internal/e2e":       {"internal/server", "internal/testutil"},
	"internal/stress":    {"internal/server", "internal/trace", "internal/zoo", "internal/mnist", "internal/nn"},
}

// testOnly are packages that no non-test file of the product imports.
var testOnly = []string{
	"internal/archtest", "internal/testutil", "internal/nn/optest", "internal/e2e", "internal/stress",
}

// foreign lists, for the packages that stand apart from the world, what they
// may import from outside the module: a prefix of the import path each. A
// package that is not named may import anything that go.mod has.
var foreign = map[string][]string{
	"internal/nn": {
		"cmp", "context", "errors", "fmt", "iter", "maps", "math", "math/bits", "runtime", "slices", "sort", "strconv",
		"strings", "sync", "time", "unsafe", // time: how long a worker spins
	},
	"internal/nn/op": {"cmp", "errors", "fmt", "iter", "maps", "math", "slices", "strings", "sync"},
	"internal/nn/kernel": {
		"math", "slices", "time" /* PeakGFLOPS */, "unsafe", "golang.org/x/sys/cpu",
	},
	"internal/fault": {"context", "errors", "fmt", "net/http", "strings"},
}

// tables are files of data, which may be longer than a reader's page.
var tables = map[string]bool{}
