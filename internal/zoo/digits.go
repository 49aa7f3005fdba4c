package zoo

import "vizserver/internal/nn"

// lecunInput is the scaling of LeCun et al. 1998, §II.B: paper −0.1, ink 1.175, so
// that the mean of the inputs is about 0 and their variance about 1.
var lecunInput = nn.Preprocess{Width: 28, Height: 28, Pad: 2, Scale: 1.275, Offset: -0.1}

// digitNets are the nets that read a drawn digit; their weights are in the binary.
var digitNets = []Entry{
	{
		Name: "lenet5-modern", Title: "LeNet-5 modern", Year: 1998, Build: lenetModern,
		Paper: "LeCun et al. 1998, with ReLU, max pooling and softmax",
		Pre:   nn.Preprocess{Width: 28, Height: 28, Pad: 2, Scale: 1}, Head: nn.Head{Kind: "softmax"}, Task: Digits,
	},
	{
		Name: "lenet5-1998", Title: "LeNet-5 1998", Year: 1998, Build: lenet1998,
		Paper: "LeCun et al., Proc. IEEE 86(11), 1998",
		Pre:   lecunInput, Head: nn.Head{Kind: "rbf", LowerIsBetter: true}, Task: Digits,
	},
	{
		Name: "lenet5-harley", Title: "LeNet-5 Harley", Year: 2015, Build: lenetHarley,
		Paper: "Harley, ISVC 2015",
		Pre:   lecunInput, Head: nn.Head{Kind: "tanh"}, Task: Digits,
	},
	{
		Name: "mlp-harley", Title: "MLP Harley", Year: 2015, Build: mlpHarley,
		Paper: "Harley, ISVC 2015",
		Pre:   nn.Preprocess{Width: 28, Height: 28, Scale: 1.275, Offset: -0.1}, Head: nn.Head{Kind: "tanh"}, Task: Digits,
	},
}

// digitLabels are the answers of the digit nets.
var digitLabels = []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}
