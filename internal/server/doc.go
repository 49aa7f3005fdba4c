// Package server answers HTTP: it holds the table of routes, the pages' view
// models, the guards in front of them (host, origin, token, limits), and turns
// errors into answers. It joins the packages below it and computes nothing.
package server
