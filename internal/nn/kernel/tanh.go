package kernel

// tanhLimit is where the rational function below reaches ±1 in float32.
const tanhLimit = 7.90531110763549805

// Tanh is the hyperbolic tangent to a few units in the last place: the odd rational
// function of degree 13/6 that Eigen and XNNPACK use (coefficients of Eigen's
// generic_fast_tanh_float). math.Tanh, in float64, took half of LeNet's forward pass.
func Tanh(x float32) float32 {
	x = min(max(x, -tanhLimit), tanhLimit)
	q := x * x
	p := float32(q*-2.76076847742355e-16) + 2.00018790482477e-13
	p = float32(q*p) - 8.60467152213735e-11
	p = float32(q*p) + 5.12229709037114e-08
	p = float32(q*p) + 1.48572235717979e-05
	p = float32(q*p) + 6.37261928875436e-04
	p = float32(q*p) + 4.89352455891786e-03
	d := float32(q*1.19825839466702e-06) + 1.18534705686654e-04
	d = float32(q*d) + 2.26843463243900e-03
	d = float32(q*d) + 4.89352518554385e-03
	return x * p / d
}
