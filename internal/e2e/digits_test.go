package e2e

import "math"

// strokes of the ten digits on the pad, 0…280, as a person writes them.
var digits = [10][][]point{
	0: {arc(140, 140, 55, 85, -90, 270)},
	1: {{{140, 55}, {140, 225}}},
	2: {append(arc(140, 100, 52, 48, -170, 40), point{88, 220}, point{200, 220})},
	3: {append(arc(132, 98, 50, 42, -150, 90), arc(132, 182, 58, 44, -90, 150)...)},
	4: {{{120, 55}, {85, 150}, {200, 150}}, {{170, 60}, {165, 230}}},
	5: {append([]point{{195, 60}, {105, 60}, {98, 130}}, arc(135, 170, 60, 52, -125, 140)...)},
	6: {append([]point{{175, 50}, {125, 90}, {95, 150}}, arc(140, 175, 47, 47, -180, 200)...)},
	7: {{{80, 65}, {200, 65}, {125, 230}}},
	8: {append(arc(140, 98, 42, 42, 90, -270), arc(140, 185, 50, 45, -90, 270)...)},
	9: {append(arc(138, 105, 45, 45, 0, -360), point{183, 105}, point{180, 160}, point{165, 230})},
}

// arc gives points of an ellipse from one angle to another, in degrees, 0 to the
// right and 90 down.
func arc(cx, cy, rx, ry, from, to float64) []point {
	const n = 16
	var way []point
	for i := range n + 1 {
		a := (from + (to-from)*float64(i)/n) * math.Pi / 180
		way = append(way, point{cx + rx*math.Cos(a), cy + ry*math.Sin(a)})
	}
	return way
}
