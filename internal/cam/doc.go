// Package cam says where in a picture a net looked: maps of evidence for a class, or for one class
// against others, by the methods of the papers. A method takes a finished run and gives a map: signed,
// unscaled, in the grid of the features (or of the input) that it is made of. The package also boxes
// what a map marks, and measures how faithful a map is. It draws nothing, decodes no photos and
// knows no net by its name.
package cam
