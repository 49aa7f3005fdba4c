package cam

import (
	"context"

	"gonum.org/v1/gonum/mat"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// eigenMethods take the first principal component of the maps of a layer, seen as H·W points in K dimensions,
// centred. Its sign, which mathematics leaves free, is here that of the correlation with Σₖ of the maps.
var eigenMethods = []method{
	{
		info: Info{
			Name: "eigen", Title: "Eigen-CAM", Formula: "M = ReLU(X·v₁), X: the centred A as (H·W)×K, v₁: its first right singular vector",
			Paper: "Muhammad and Yeasin, IJCNN 2020 (arXiv:2008.00299)", Cost: "no pass, one eigenvector", Layered: true, Blind: true,
		},
		make: func(ctx context.Context, j *job) (*Map, error) {
			return j.layers(ctx, func(_ context.Context, _ *nn.Value, l *layered) ([]float64, error) {
				return firstComponent(l.shape, func(i int) float64 { return float64(l.a[i]) })
			}, false, true)
		},
	},
	{
		info: Info{
			Name: "eigengrad", Title: "Eigen-Grad-CAM", Formula: "as Eigen-CAM, of g ⊙ A",
			Paper: "pytorch-grad-cam, EigenGradCAM", Cost: oneBackward + ", one eigenvector", Needs: backwardNeeds, Layered: true,
		},
		make: func(ctx context.Context, j *job) (*Map, error) {
			return j.layers(ctx, func(_ context.Context, _ *nn.Value, l *layered) ([]float64, error) {
				return firstComponent(l.shape, func(i int) float64 { return float64(l.a[i]) * float64(l.g[i]) })
			}, true, true)
		},
	},
}

// maxEigen bounds the smaller side of the matrix: its eigenvectors take 10·n³ operations, here some 10 s.
const maxEigen = 2048

// firstComponent projects the places of K maps, given by index, on their first principal component. The
// eigenvector is that of the smaller of XᵀX and XXᵀ: the singular value decomposition of X itself takes
// K² · H·W operations where min² · max are enough.
func firstComponent(s nn.Shape, at func(i int) float64) ([]float64, error) {
	p := s.Plane()
	if n := min(p, s.C); n > maxEigen {
		return nil, fault.New(fault.TooLarge, "a layer of %d maps of %d×%d is too large for principal components, the limit is %d maps or places", s.C, s.H, s.W, maxEigen).
			WithHint("choose a later layer")
	}
	x := mat.NewDense(p, s.C, nil)
	sum := make([]float64, p)
	for k := range s.C {
		m := 0.0
		for i := range p {
			m += at(k*p + i)
		}
		m /= float64(p)
		for i := range p {
			v := at(k*p+i) - m
			x.Set(i, k, v)
			sum[i] += v
		}
	}
	out, ok := projection(x)
	if !ok {
		return nil, fault.New(fault.Unprocessable, "the principal components of this layer cannot be found").WithHint("choose another layer")
	}
	dot := 0.0
	for i, v := range out {
		dot += v * sum[i]
	}
	if dot < 0 {
		for i := range out {
			out[i] = -out[i]
		}
	}
	return out, nil
}

// projection returns X·v₁ = σ₁·u₁.
func projection(x *mat.Dense) ([]float64, bool) {
	p, k := x.Dims()
	var square mat.SymDense
	if p <= k {
		square.SymOuterK(1, x)
	} else {
		square.SymOuterK(1, x.T())
	}
	var e mat.EigenSym
	if !e.Factorize(&square, true) {
		return nil, false
	}
	var vectors mat.Dense
	e.VectorsTo(&vectors)
	n, _ := vectors.Dims() // eigenvalues ascend: the last is the first component
	v := mat.NewVecDense(n, mat.Col(nil, n-1, &vectors))
	var out mat.VecDense
	if p <= k { // v is u₁, and X·Xᵀ·u₁/σ₁ = σ₁·u₁
		var back mat.VecDense
		back.MulVec(x.T(), v)
		out.ScaleVec(mat.Norm(&back, 2), v)
	} else {
		out.MulVec(x, v)
	}
	return out.RawVector().Data, true
}
