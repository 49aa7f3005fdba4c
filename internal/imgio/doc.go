// Package imgio turns pictures from outside into pixels and digits: it names the format, bounds
// the work before it decodes, decodes PNG, JPEG, GIF and WebP, puts alpha over white, turns the
// picture upright, and reduces a picture of a digit to the 28×28 greys of MNIST.
//
// How greys become a net's input stands in nn.Preprocess; how a photo does, in nn.ImagePre, which
// Photo carries out.
package imgio
