package train

import (
	"math"

	"vizserver/internal/nn"
)

// loss computes the mean loss over a batch and its gradient by the net's value.
// y holds n×10 values, grad is as long; scale is one over the whole batch's size.
type loss func(y []float32, labels []byte, grad []float32, scale float64) float64

const classes = 10

// losses by name, with the value of the graph that each reads.
var losses = map[string]struct {
	f     loss
	value func(g *nn.Graph) *nn.Value
}{
	"cross-entropy": {crossEntropy, logits},
	"mse":           {meanSquares, (*nn.Graph).OutputValue},
	"map":           {maximumAPosteriori, (*nn.Graph).OutputValue},
}

// logits returns what the softmax reads.
func logits(g *nn.Graph) *nn.Value {
	v := g.OutputValue()
	if v.Node.Op.Kind() == "Softmax" {
		return v.Node.Inputs[0]
	}
	return v
}

// crossEntropy is −log softmax(y)[label].
func crossEntropy(y []float32, labels []byte, grad []float32, scale float64) float64 {
	var total float64
	for n, label := range labels {
		row, g := y[n*classes:(n+1)*classes], grad[n*classes:(n+1)*classes]
		m := math.Inf(-1)
		for _, v := range row {
			m = math.Max(m, float64(v))
		}
		var sum float64
		for _, v := range row {
			sum += math.Exp(float64(v) - m)
		}
		total += m + math.Log(sum) - float64(row[label])
		for c, v := range row {
			p := math.Exp(float64(v)-m) / sum
			if c == int(label) {
				p--
			}
			g[c] = float32(p * scale)
		}
	}
	return total * scale
}

// meanSquares is ½ Σ (y − t)² with t = +1 for the label and −1 for all others: the
// targets at which the scaled tanh is ±1 and its curvature largest (LeCun et al. 1998,
// Appendix A).
func meanSquares(y []float32, labels []byte, grad []float32, scale float64) float64 {
	var total float64
	for n, label := range labels {
		for c := range classes {
			t := -1.0
			if c == int(label) {
				t = 1
			}
			d := float64(y[n*classes+c]) - t
			total += d * d / 2
			grad[n*classes+c] = float32(d * scale)
		}
	}
	return total * scale
}

// mapRubbish is the constant j of the criterion below. The paper gives no number;
// it caps how far the penalties of wrong classes that are already large are pushed up.
const mapRubbish = 16.0

// maximumAPosteriori is the paper's discriminative criterion, LeCun et al. 1998, eq. 9:
//
//	E = y_label + log(e⁻ʲ + Σᵢ e^(−yᵢ))
//
// It pulls the right code near and pushes the others away, up to j.
func maximumAPosteriori(y []float32, labels []byte, grad []float32, scale float64) float64 {
	var total float64
	for n, label := range labels {
		row, g := y[n*classes:(n+1)*classes], grad[n*classes:(n+1)*classes]
		m := mapRubbish // the smallest penalty, so that the largest exponential is 1
		for _, v := range row {
			m = math.Min(m, float64(v))
		}
		sum := math.Exp(m - mapRubbish)
		for _, v := range row {
			sum += math.Exp(m - float64(v))
		}
		total += float64(row[label]) - m + math.Log(sum)
		for c, v := range row {
			d := -math.Exp(m-float64(v)) / sum
			if c == int(label) {
				d++
			}
			g[c] = float32(d * scale)
		}
	}
	return total * scale
}
